//! The time to read a stream grows linearly with its bytes, whatever it contains, and so does the memory.

use super::of_deltas;
use hfetch::wire::stream::{ChatDecoder, Mode};
use serde_json::{Value, json};
use std::time::Duration;

use crate::processor::processor_time;

type Piece = dyn Fn(usize) -> Value;

/// Streams, given by the content of their n-th delta.
fn streams() -> Vec<(&'static str, Box<Piece>)> {
    let call = |index: Option<usize>, id: String, name: &str, arguments: &str| {
        let mut call = json!({"id": id, "function": {"name": name, "arguments": arguments}});
        if let Some(index) = index {
            call["index"] = json!(index);
        }
        json!({"tool_calls": [call]})
    };
    vec![
        ("text", Box::new(|_| json!({"content": "word "}))),
        (
            "a key of its own in each delta",
            Box::new(|n| json!({format!("key{n}"): 1})),
        ),
        (
            "a key of its own in one object",
            Box::new(|n| json!({"x": {format!("key{n}"): {"text": "a"}}})),
        ),
        ("a list that grows by one", Box::new(|n| json!({"x": [n]}))),
        (
            "the same list again",
            Box::new(|_| json!({"x": ["https://example.org", {"a": [1, 2, 3]}]})),
        ),
        (
            "two lists by turns",
            Box::new(|n| json!({"x": [n % 2, 1, 2, 3]})),
        ),
        (
            "an item of its own by index",
            Box::new(|n| json!({"x": [{"index": n, "text": "a"}]})),
        ),
        (
            "one item by index",
            Box::new(|_| json!({"x": [{"index": 0, "text": "a"}]})),
        ),
        (
            "parts that are joined",
            Box::new(|_| json!({"content": [{"type": "text", "text": "a"}]})),
        ),
        (
            "parts that are not",
            Box::new(|_| json!({"content": [{"type": "image", "a": 1}]})),
        ),
        (
            "parts and strings by turns",
            Box::new(
                |n| json!({"content": if n % 2 == 0 { json!("a") } else { json!([{"type": "thinking", "thinking": "b"}]) }}),
            ),
        ),
        (
            "one call's arguments, each with a new id",
            Box::new(move |n| {
                call(
                    Some(0),
                    format!("i{n}"),
                    "f",
                    if n == 0 { "{" } else { "\"" },
                )
            }),
        ),
        (
            "a call of its own each, one index",
            Box::new(move |n| call(Some(0), format!("i{n}"), "f", "{}")),
        ),
        (
            "a call of its own each, no index",
            Box::new(move |n| call(None, format!("i{n}"), "f", "{}")),
        ),
        (
            "an object that says more and more",
            Box::new(|n| json!({"x": {"a": n, "b": {"c": [n], "d": null}}})),
        ),
        (
            "reasoning under three names",
            Box::new(
                |_| json!({"reasoning": "a", "reasoning_content": "a", "reasoning_text": "a"}),
            ),
        ),
    ]
}

fn body(piece: &Piece, count: usize) -> String {
    let chunks = of_deltas(&(0..count).map(piece).collect::<Vec<_>>());
    chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\n\n"))
        .collect()
}

/// The shortest of three times for reading a body so many times and writing its completion, and the completion's length.
fn cost(body: &str, times: usize) -> (Duration, usize) {
    let read = || {
        let mut decoder = ChatDecoder::new(64 << 20);
        for piece in body.as_bytes().chunks(16384) {
            decoder.push(piece, Mode::Fold);
        }
        decoder.end(Mode::Fold);
        decoder.completion().to_json().len()
    };
    let run = || {
        let started = processor_time();
        let length = (0..times).map(|_| read()).max();
        let took = processor_time().saturating_sub(started);
        (took, length.unwrap_or_default())
    };
    (0..3).map(|_| run()).min().unwrap()
}

#[test]
fn time_and_what_is_kept_grow_with_the_bytes() {
    const LESS: usize = 2_000;
    const FACTOR: usize = 8;
    for (name, piece) in streams() {
        let (less, more) = (body(&piece, LESS), body(&piece, LESS * FACTOR));
        // As many bytes are read both times: the system measures a thread's time in steps that are longer than one short body
        // takes.
        let (short, _) = cost(&less, FACTOR);
        let (long, kept) = cost(&more, 1);
        // Quadratic time would be 8 times as much. Other work on the machine must not make the test fail.
        let bound = short * 4 + Duration::from_millis(20);
        assert!(long < bound, "{name}: {short:?}, then {long:?}");
        assert!(kept <= more.len(), "{name}: {kept} of {}", more.len());
    }
}

#[test]
fn one_chunk_of_many_keys_and_items() {
    let keys: Vec<String> = (0..100_000).map(|n| format!("\"k{n}\":{n}")).collect();
    let twice: Vec<String> = (0..100_000)
        .map(|_| "\"k\":{\"text\":\"a\"}".to_string())
        .collect();
    let items: Vec<String> = (0..100_000)
        .rev()
        .map(|n| format!("{{\"index\":{n}}}"))
        .collect();
    for inside in [
        format!("{{{}}}", keys.join(",")),
        format!("{{\"x\":{{{}}}}}", keys.join(",")),
        format!("{{{}}}", twice.join(",")),
        format!("{{\"x\":[{}]}}", items.join(",")),
        format!("{{\"tool_calls\":[{}]}}", items.join(",")),
        format!("{{\"content\":[{}]}}", items.join(",")),
    ] {
        let event = format!("data: {{\"choices\":[{{\"delta\":{inside}}}]}}\n\n");
        let (spent, _) = cost(&event.repeat(2), 1);
        assert!(
            spent < Duration::from_secs(3),
            "{} bytes in {spent:?}",
            event.len()
        );
    }
}

/// The hash of the table of keys, so that keys with equal hashes can be made.
fn place(key: &str) -> u32 {
    let hash = key.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash ^ hash >> 15) & 0xfff
}

#[test]
fn of_keys_that_were_made_to_meet_none_is_lost() {
    let meeting = (0..u32::MAX)
        .map(|n| format!("k{n}"))
        .filter(|key| place(key) == 7);
    let names: Vec<String> = meeting.take(300).collect();
    let keys = |turn: usize| {
        let members = names.iter().enumerate();
        let members = members.map(|(n, key)| (key.clone(), json!(n + turn)));
        json!({"x": members.collect::<serde_json::Map<_, _>>()})
    };
    let whole = super::message(&[keys(0), keys(1), keys(2)]);
    assert_eq!(whole["x"], keys(2)["x"]);
}
