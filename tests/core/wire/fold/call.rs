//! The tool call to which a piece belongs.

use super::message;
use serde_json::{Value, json};

/// The ids, names and arguments of the calls that lists of entries accumulate to.
fn calls(lists: &[Value]) -> Vec<[String; 3]> {
    let deltas: Vec<Value> = lists
        .iter()
        .map(|calls| json!({"tool_calls": calls}))
        .collect();
    let calls = message(&deltas)["tool_calls"].take();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let three = |call: &Value| {
        [
            text(&call["id"]),
            text(&call["function"]["name"]),
            text(&call["function"]["arguments"]),
        ]
    };
    calls.as_array().unwrap().iter().map(three).collect()
}

/// An entry of a list with those of index, id, name and arguments that are given.
fn entry(index: Option<u32>, id: Option<&str>, name: Option<&str>, arguments: &str) -> Value {
    let mut function = json!({"arguments": arguments});
    if let Some(name) = name {
        function["name"] = json!(name);
    }
    let mut entry = json!({"type": "function", "function": function});
    if let Some(index) = index {
        entry["index"] = json!(index);
    }
    if let Some(id) = id {
        entry["id"] = json!(id);
    }
    entry
}

type Case<'c> = (&'c str, Vec<Value>, &'c [[&'c str; 3]]);

#[test]
fn calls_are_told_apart() {
    let zero = Some(0);
    let (a, b) = (
        entry(zero, Some("a"), Some("f"), "{}"),
        entry(zero, Some("b"), Some("g"), "[]"),
    );
    let bare = |name| entry(None, Some(""), Some(name), "{}");
    let table: &[Case] = &[
        (
            "one index for all, in deltas of their own",
            vec![json!([a]), json!([b])],
            &[["a", "f", "{}"], ["b", "g", "[]"]],
        ),
        (
            "in one delta",
            vec![json!([a, b])],
            &[["a", "f", "{}"], ["b", "g", "[]"]],
        ),
        (
            "the same function twice, its arguments whole",
            vec![
                json!([a]),
                json!([entry(zero, Some("b"), Some("f"), "{\"x\"")]),
                json!([entry(zero, None, None, ":1}")]),
            ],
            &[["a", "f", "{}"], ["b", "f", "{\"x\":1}"]],
        ),
        (
            "its arguments not whole: a new id for each piece",
            vec![
                json!([entry(zero, Some("a"), Some("f"), "{")]),
                json!([entry(zero, Some("b"), Some("f"), "}")]),
            ],
            &[["a", "f", "{}"]],
        ),
        (
            "a new id and no name",
            vec![
                json!([entry(zero, Some("1"), Some("f"), "")]),
                json!([entry(zero, Some("2"), Some(""), "{")]),
                json!([entry(zero, Some("3"), Some(""), "}")]),
            ],
            &[["1", "f", "{}"]],
        ),
        (
            "a new id before there is a name",
            vec![
                json!([entry(zero, Some("1"), Some(""), "")]),
                json!([entry(zero, Some("2"), Some("f"), "{}")]),
            ],
            &[["1", "f", "{}"]],
        ),
        (
            "an earlier one's id",
            vec![
                json!([entry(zero, Some("a"), Some("f"), "{")]),
                json!([entry(zero, Some("b"), Some("g"), "{")]),
                json!([entry(zero, Some("a"), None, "}")]),
                json!([entry(zero, None, None, "}")]),
            ],
            &[["a", "f", "{}"], ["b", "g", "{}"]],
        ),
        (
            "behind another index",
            vec![json!([a, entry(Some(1), Some("c"), Some("h"), "{}"), b])],
            &[["a", "f", "{}"], ["b", "g", "[]"], ["c", "h", "{}"]],
        ),
        (
            "braces in a text are none",
            vec![
                json!([entry(zero, Some("a"), Some("f"), "{\"x\":\"}\\\"")]),
                json!([entry(zero, Some("b"), Some("f"), "}\"}")]),
            ],
            &[["a", "f", "{\"x\":\"}\\\"}\"}"]],
        ),
        (
            "no index: by position",
            vec![json!([bare("f"), bare("g")])],
            &[["", "f", "{}"], ["", "g", "{}"]],
        ),
        (
            "by position in the next delta",
            vec![
                json!([
                    entry(None, None, Some("f"), "{"),
                    entry(None, None, Some("g"), "{")
                ]),
                json!([entry(None, None, None, "1}"), entry(None, None, None, "2}")]),
            ],
            &[["", "f", "{1}"], ["", "g", "{2}"]],
        ),
        (
            "whole calls in deltas of their own, no id",
            vec![json!([bare("f")]), json!([bare("g")])],
            &[["", "f", "{}"], ["", "g", "{}"]],
        ),
        (
            "ids and no index, in one delta",
            vec![json!([
                entry(None, Some("a"), Some("f"), "1"),
                entry(None, Some("b"), Some("f"), "2")
            ])],
            &[["a", "f", "1"], ["b", "f", "2"]],
        ),
        (
            "an index from one",
            vec![
                json!([entry(Some(1), Some("a"), Some("f"), "{")]),
                json!([entry(Some(1), None, None, "}")]),
                json!([entry(Some(2), Some("b"), Some("g"), "{}")]),
            ],
            &[["a", "f", "{}"], ["b", "g", "{}"]],
        ),
        (
            "one object where a list is due",
            vec![
                entry(zero, Some(""), Some("f"), ""),
                json!({"index":0,"id":"","function":{"name":null,"arguments":"{}"}}),
            ],
            &[["", "f", "{}"]],
        ),
    ];
    for (rule, lists, expected) in table {
        assert_eq!(calls(lists), *expected, "{rule}");
    }
}

#[test]
fn a_name_in_pieces_and_a_name_repeated() {
    type Piece<'p> = (&'p str, Option<&'p str>);
    let table: [(&str, &[Piece], &str); 7] = [
        (
            "in pieces",
            &[("get_", Some("n")), ("weather", None)],
            "get_weather",
        ),
        (
            "in pieces that say their id",
            &[("get_", Some("n")), ("weather", Some("n"))],
            "get_weather",
        ),
        (
            "repeated",
            &[("get_weather", Some("n")), ("get_weather", Some("n"))],
            "get_weather",
        ),
        (
            "growing",
            &[("get", None), ("get_", None), ("get_weather", None)],
            "get_weather",
        ),
        (
            "in pieces, then whole",
            &[
                ("get_", Some("n")),
                ("weather", None),
                ("get_weather", None),
            ],
            "get_weather",
        ),
        (
            "empty ones",
            &[("", Some("n")), ("f", None), ("", None)],
            "f",
        ),
        (
            "three pieces",
            &[("a", Some("n")), ("b", None), ("c", None)],
            "abc",
        ),
    ];
    for (rule, pieces, expected) in table {
        for index in [Some(0), None] {
            let entries: Vec<Value> = pieces
                .iter()
                .map(|(name, id)| json!([entry(index, *id, Some(name), "")]))
                .collect();
            assert_eq!(
                calls(&entries),
                [[if pieces[0].1.is_some() { "n" } else { "" }, expected, ""]],
                "{rule}"
            );
        }
        let deltas: Vec<Value> = pieces
            .iter()
            .map(|(name, _)| json!({"function_call":{"name":name,"arguments":"x"}}))
            .collect();
        assert_eq!(
            message(&deltas)["function_call"],
            json!({"name":expected,"arguments":"x".repeat(pieces.len())}),
            "{rule}"
        );
    }
}

#[test]
fn arguments_that_are_an_object_are_its_text() {
    let call = |arguments: Value| json!([{"index":0,"id":"o","function":{"name":"f","arguments":arguments}}]);
    let object = json!({"command":"ls \"a\\b\"\n","n":[1, {}]});
    assert_eq!(
        calls(&[call(object.clone())]),
        [["o", "f", &object.to_string()]]
    );
    assert_eq!(calls(&[call(json!([]))]), [["o", "f", "{}"]]);
    let whole = message(&[json!({"function_call":{"name":"f","arguments":object}})]);
    assert_eq!(whole["function_call"]["arguments"], object.to_string());
}

#[test]
fn what_else_a_call_has_is_carried() {
    let whole = message(&[
        json!({"tool_calls":[{"index":0,"id":7,"function":{"name":"f","arguments":"{","strict":true},"extra_content":{"google":{"thought_signature":"SIG=="}}}]}),
        json!({"tool_calls":[{"index":0,"function":{"arguments":"}","description":null},"extra_content":{"google":{"text":"a"}}}]}),
        json!({"tool_calls":[{"index":1,"id":"c","type":"custom","custom":{"name":"sh","input":"ls"}}]}),
    ]);
    let expected = json!([
        {"id":7,"type":"function","function":{"name":"f","arguments":"{}","strict":true,"description":null},"extra_content":{"google":{"thought_signature":"SIG==","text":"a"}}},
        {"id":"c","type":"custom","custom":{"name":"sh","input":"ls"}},
    ]);
    assert_eq!(whole["tool_calls"], expected);
}
