//! Random streams compared with the plain implementation, parsed one by one and by templates, in every chunking.

use super::{completion, oracle, reader};
use hfetch::wire::stream::Mode;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(vec!["", "a", "ha", " \"x\"\\\n", "é😀"]).prop_map(String::from),
        1 => any::<String>(),
    ]
}

/// Any value, including objects with keys that are text inside a delta.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0u32..3).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let key = select(vec![
            "a", "b", "text", "summary", "data", "content", "type", "name",
        ]);
        let object = prop::collection::vec((key, inner.clone()), 0..4);
        prop_oneof![
            object.clone().prop_map(object_of),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((object, 0u32..3), 1..3).prop_map(|items| {
                let item = |(members, index)| {
                    let mut item = object_of(members);
                    item["index"] = json!(index);
                    item
                };
                items.into_iter().map(item).collect()
            }),
        ]
    })
}

fn object_of(members: Vec<(&'static str, Value)>) -> Value {
    let members = members.into_iter();
    Value::Object(
        members
            .map(|(key, value)| (key.to_string(), value))
            .collect(),
    )
}

fn entry() -> impl Strategy<Value = Value> {
    (
        select(vec![None, Some(0u32), Some(0), Some(1), Some(7)]),
        select(vec![
            json!(null),
            json!(""),
            json!("a"),
            json!("b"),
            json!(3),
        ]),
        select(vec![
            json!(null),
            json!(""),
            json!("f"),
            json!("fg"),
            json!("g"),
        ]),
        select(vec![
            json!(null),
            json!(""),
            json!("{"),
            json!("}"),
            json!("{}"),
            json!("1"),
            json!("\"{"),
            json!({"x": "y"}),
            json!([]),
        ]),
        prop::option::of(value()),
    )
        .prop_map(|(index, id, name, arguments, extra)| {
            let mut entry = json!({"function": {"name": name, "arguments": arguments}});
            if let Some(index) = index {
                entry["index"] = json!(index);
            }
            if !id.is_null() {
                entry["id"] = id;
            }
            if let Some(extra) = extra {
                entry["extra"] = extra.clone();
                entry["function"]["more"] = extra;
            }
            entry
        })
}

fn part() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(|text| json!({"type": "text", "text": text})),
        text().prop_map(
            |text| json!({"type": "thinking", "thinking": [{"type": "text", "text": text}]})
        ),
        Just(json!({"type": "image_url", "image_url": {"url": "u"}})),
        value().prop_map(|value| json!({"thinking": [value, {"text": "a"}]})),
        text().prop_map(|text| json!({"type": "text", "text": text, "index": 2})),
        text().prop_map(Value::from),
        Just(Value::Null),
    ]
}

fn member() -> impl Strategy<Value = (&'static str, Value)> {
    let parts = || prop::collection::vec(part(), 0..3).prop_map(Value::from);
    let thought = select(vec![
        "reasoning",
        "reasoning_content",
        "reasoning_text",
        "refusal",
    ]);
    prop_oneof![
        4 => text().prop_map(|text| ("content", json!(text))),
        1 => parts().prop_map(|parts| ("content", parts)),
        1 => select(vec![json!("assistant"), json!(null), json!("")]).prop_map(|role| ("role", role)),
        2 => (thought, prop::option::of(text())).prop_map(|(name, text)| (name, json!(text))),
        2 => (select(vec!["x", "y", "audio", "reasoning_details"]), value()),
        1 => (select(vec!["f", "fg", "g", ""]), text()).prop_map(|(name, text)| ("function_call", json!({"name": name, "arguments": text}))),
        2 => prop::collection::vec(entry(), 0..3).prop_map(|calls| ("tool_calls", json!(calls))),
        1 => entry().prop_map(|call| ("tool_calls", call)),
    ]
}

fn choice() -> impl Strategy<Value = Value> {
    let delta = || prop::collection::vec(member(), 0..3).prop_map(object_of);
    let tokens = prop::collection::vec(select(vec!["a", "ha"]), 0..3);
    (
        select(vec![0u32, 0, 0, 1, 2]),
        delta(),
        prop::option::weighted(0.2, delta()),
        0u8..10,
        prop::option::of(tokens),
        select(vec![json!(null), json!(""), json!("stop"), json!("length")]),
        prop::option::weighted(0.3, value()),
    )
        .prop_map(|(index, delta, message, form, tokens, finish, extra)| {
            let mut choice = json!({"index": index});
            if let Some(tokens) = tokens {
                choice["logprobs"] = json!({"content": tokens, "refusal": null});
            }
            if let Some(message) = message {
                choice["message"] = message;
                choice["text"] = json!("no part of it");
            }
            match form {
                0 => {}
                1 => choice["delta"] = Value::Null,
                2 => choice["delta"] = json!([]),
                _ => choice["delta"] = delta,
            }
            choice["finish_reason"] = finish;
            if let Some(extra) = extra {
                choice["stop_reason"] = extra;
            }
            choice
        })
}

fn chunk() -> impl Strategy<Value = Value> {
    (
        prop::collection::vec(choice(), 0..3),
        any::<bool>(),
        select(vec![json!("c"), json!(""), json!(null)]),
        prop::option::of(0u32..3),
        prop::option::weighted(0.3, value()),
    )
        .prop_map(|(mut choices, alone, id, tokens, extra)| {
            let mut chunk = json!({"id": id, "object": "chat.completion.chunk", "model": "m"});
            chunk["choices"] = match choices.pop() {
                Some(choice) if alone && choices.is_empty() => choice,
                last => choices.into_iter().chain(last).collect(),
            };
            if let Some(tokens) = tokens {
                chunk["usage"] = json!({"completion_tokens": tokens});
            }
            if let Some(extra) = extra {
                chunk["citations"] = extra;
            }
            chunk
        })
}

/// A value of another kind in each turn.
fn any_kind(turn: usize) -> Value {
    let kinds = [
        json!(true),
        json!(null),
        json!(turn),
        json!(format!("ha{turn}")),
        json!([turn, null, [true]]),
        json!({"text": "é", "data": turn}),
        json!([{"index": 0, "text": "a"}]),
        json!([]),
    ];
    pick(turn, &kinds)
}

fn pick(turn: usize, values: &[Value]) -> Value {
    values[turn % values.len()].clone()
}

/// The same chunk again and again with other strings and numbers, as in real streams, so that a template learns it.
fn varied(chunk: &Value, turn: usize) -> Value {
    match chunk {
        Value::String(text) if text.contains("ha") => json!(format!("{text}{turn}")),
        Value::Bool(_) => any_kind(turn),
        Value::Number(number) if turn % 3 == 2 && *number == 2.into() => json!(turn),
        Value::Array(list) => list.iter().map(|value| varied(value, turn)).collect(),
        Value::Object(members) => {
            let members = members.iter();
            Value::Object(
                members
                    .map(|(key, value)| (key.clone(), varied(value, turn)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_stream_comes_to_what_the_plain_fold_says(
        chunks in prop::collection::vec(chunk(), 0..6),
        turns in 1usize..7,
        cuts in prop::collection::vec(any::<usize>(), 0..6),
    ) {
        let repeat = |chunk: &Value| (0..turns).map(|turn| varied(chunk, turn)).collect::<Vec<_>>();
        let chunks: Vec<Value> = chunks.iter().flat_map(repeat).collect();
        let parse = |value: Value| reader::parse(value.to_string().as_bytes());
        let expected = parse(oracle::fold(&chunks));
        prop_assert_eq!(reader::parse(&completion(&chunks).to_json()), expected.clone());
        let body: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (body.len() + 1)).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        for mode in [Mode::Fold, Mode::Text] {
            let pieces = cuts.windows(2).map(|pair| &body.as_bytes()[pair[0]..pair[1]]);
            let (seen, _) = reader::read(pieces, mode);
            prop_assert_eq!(seen.folded, expected.clone());
        }
    }
}

type Shape = fn(usize) -> Value;

/// Shapes of chunks, given by the n-th chunk of a run.
fn shapes() -> Vec<(&'static str, Shape)> {
    vec![
        (
            "usage, and more of the chunk",
            |n| json!({"choices": [{"index": 0, "delta": {"content": "a"}}], "usage": {"prompt_tokens": 1, "completion_tokens": n}, "took": n, "by": format!("host{n}"), "all": {"of": n}}),
        ),
        (
            "more of the choice",
            |n| json!({"choices": [{"index": 0, "delta": {"content": "b"}, "seed": n, "stop": format!("s{n}")}]}),
        ),
        (
            "more of the delta",
            |n| json!({"choices": [{"index": 0, "delta": {"content": "c", "token_id": n, "mood": format!("m{n}")}}]}),
        ),
        (
            "texts of the delta",
            |n| json!({"choices": [{"index": 0, "delta": {"arguments": "same", "content": format!("{n}")}}]}),
        ),
        (
            "lists",
            |n| json!({"choices": [{"index": 0, "delta": {"content": "d", "list": [n]}}], "flags": [n, 1]}),
        ),
        (
            "more of a call",
            |n| json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "summary": "same", "score": n, "function": {"arguments": "x", "data": format!("{n}"), "took": n}}]}}]}),
        ),
        (
            "values of any kind, of the chunk",
            |n| json!({"choices": [{"index": 0, "delta": {"content": "g"}}], "any": any_kind(n), "inner": {"a": any_kind(n + 1), "b": [any_kind(n), any_kind(n + 3)]}}),
        ),
        (
            "values of any kind, in usage",
            |n| json!({"choices": [{"index": 0, "delta": {"content": "h"}}], "usage": {"prompt_tokens": 1, "completion_tokens": n, "details": any_kind(n)}}),
        ),
        (
            "counts that come and go",
            |n| json!({"choices": [{"index": 0, "delta": {"content": "h"}}], "usage": {"completion_tokens": if n % 2 == 0 { json!(n) } else { Value::Null }}}),
        ),
        (
            "values of any kind, of the choice and the delta",
            |n| json!({"choices": [{"index": 0, "delta": {"content": "i", "any": any_kind(n), "of": {"any": any_kind(n)}}, "any": any_kind(n + 2), "in": [{"any": any_kind(n)}]}]}),
        ),
        (
            "values of any kind, of a call",
            |n| json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "of": {"any": any_kind(n)}, "function": {"name": "f", "arguments": "x", "of": {"any": any_kind(n + 1)}}}]}}]}),
        ),
        ("a call whose name comes again, and its end", |n| {
            let (name, arguments) = match n % 9 {
                0 => ("get", "{"),
                1 => ("f", "}"),
                _ => ("f", "{}"),
            };
            json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"type": "v", "a": 1, "b": n, "function": {"name": name, "arguments": arguments, "c": 1, "d": n}}]}}]})
        }),
        (
            "pieces of a name that are alike",
            |n| json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"name": "ha", "arguments": format!("{n}")}}]}}]}),
        ),
        (
            "a call's name between others",
            |n| json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": if n % 9 < 6 { "a" } else { "b" }, "function": {"name": if n % 9 == 0 { "g" } else { "h" }, "arguments": "1", "took": n}}]}}]}),
        ),
        (
            "an id and a model that say nothing",
            |n| json!({"id": if n % 9 < 3 { json!(0) } else { json!("") }, "created": if n % 9 < 3 { json!("") } else { json!(0) }, "model": "", "choices": [{"index": 0, "delta": {"content": format!("l{n}")}}]}),
        ),
        (
            "tokens of any kind",
            |n| json!({"choices": [{"index": 0, "delta": {"content": "j"}, "logprobs": {"content": [{"token": "t", "top": any_kind(n)}], "refusal": if n % 2 == 0 { json!([n]) } else { Value::Null }}}]}),
        ),
        (
            "usage where it is looked for",
            |n| json!({"choices": [], "x_groq": {"id": any_kind(n), "usage": if n % 4 == 3 { json!({"completion_tokens": n}) } else { Value::Null }}}),
        ),
        (
            "a thought that was none",
            |n| json!({"choices": [{"index": 0, "delta": {"content": "k", "reasoning": pick(n, &[json!(null), json!([n]), json!({"n": null}), json!("thought")])}}]}),
        ),
        (
            "calls that were none",
            |n| json!({"choices": [{"index": 0, "delta": {"tool_calls": pick(n, &[json!([]), json!(null), json!([{"index": 0, "function": {"arguments": "y"}}])])}}]}),
        ),
        (
            "two choices",
            |n| json!({"choices": [{"index": 0, "delta": {"content": "e", "k": n}}, {"index": 1, "delta": {"content": "f", "k": n}}]}),
        ),
    ]
}

#[test]
fn a_run_of_alike_events_says_what_each_of_them_does_wherever_it_ends() {
    for (name, shape) in shapes() {
        for (other_name, other) in shapes() {
            let numbers = 0..17;
            let chunks: Vec<Value> = numbers
                .map(|n| if n % 9 < 6 { shape(n) } else { other(n) })
                .collect();
            let body: String = chunks.iter().map(|c| format!("data: {c}\n\n")).collect();
            let expected = super::folded(&chunks);
            assert_eq!(expected, oracle::fold(&chunks), "{name}, {other_name}");
            let event = body.len() / chunks.len();
            for size in [body.len(), event, event / 2, 3 * event + 1, 1] {
                let (seen, _) = reader::read(body.as_bytes().chunks(size), Mode::Fold);
                assert_eq!(seen.folded, expected, "{name}, {other_name}, by {size}");
            }
        }
    }
}
