//! The memory of a decoder for a stream whose completion nobody asks for: a bounded amount, however long the stream is and whatever
//! it contains. The booked amounts are the same.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use crate::reader::{count, read};
use hfetch::call::delivered::{counter, tokens_of};
use hfetch::error::Class;
use hfetch::wire::completion::Completion;
use hfetch::wire::stream::{ChatDecoder, Mode};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Counts the memory that each thread holds; each test has its own thread.
struct Held;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn add(bytes: isize) {
    HELD.with(|held| held.set(held.get() + bytes));
}

#[allow(unsafe_code)]
// SAFETY: all memory comes from the system's own allocator; the counter allocates nothing.
unsafe impl GlobalAlloc for Held {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        add(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size as isize - layout.size() as isize);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Held = Held;

fn held() -> isize {
    HELD.with(Cell::get)
}

type Stream = (&'static str, Box<dyn Fn(usize) -> Value>);

fn choice(index: usize, delta: Value) -> Value {
    json!({"id": "c", "model": "m", "choices": [{"index": index, "delta": delta}]})
}

/// The worst that a caller may ask for, and the worst that a server may answer.
fn streams() -> Vec<Stream> {
    let top: Vec<Value> = (0..20)
        .map(|n| json!({"token": format!("word{n}"), "logprob": -0.123456 - n as f64, "bytes": [119, 111]}))
        .collect();
    vec![
        (
            "text",
            Box::new(|n| choice(0, json!({"content": format!("word{n} ")}))),
        ),
        (
            "thoughts under three names",
            Box::new(|_| {
                choice(
                    0,
                    json!({"reasoning": "a b", "reasoning_content": "a b", "reasoning_text": "a b"}),
                )
            }),
        ),
        (
            "tokens of four choices with twenty others each",
            Box::new(move |n| {
                json!({"choices": [{"index": n % 4, "delta": {"content": "word "}, "logprobs": {"content": [
                {"token": format!("w{n}"), "logprob": -0.5, "bytes": [1], "top_logprobs": top}]}}]})
            }),
        ),
        (
            "ever more choices",
            Box::new(|n| choice(n, json!({"content": "a"}))),
        ),
        (
            "ever more calls",
            Box::new(|n| {
                choice(
                    0,
                    json!({"tool_calls": [{"index": n, "id": format!("call{n}"), "function": {"name": "f", "arguments": "{\"a\":1}"}}]}),
                )
            }),
        ),
        (
            "one call without end",
            Box::new(|n| {
                choice(
                    n % 8,
                    json!({"tool_calls": [{"index": 0, "id": "x", "function": {"name": "f", "arguments": format!("{n},")}}]}),
                )
            }),
        ),
        (
            "a name without end",
            Box::new(|n| {
                choice(
                    0,
                    json!({"tool_calls": [{"index": 0, "function": {"name": format!("name{n}")}}]}),
                )
            }),
        ),
        (
            "ever more keys",
            Box::new(
                |n| json!({format!("k{n}"): n, "choices": [{"index": 0, format!("c{n}"): n, "delta": {format!("d{n}"): [n], "content": "a"}}]}),
            ),
        ),
        (
            "ever more long members",
            Box::new(|n| {
                let long = "y".repeat(300);
                let call = json!({"index": 0, "id": "x", format!("t{n}"): long, "function": {"name": "f", "arguments": "1", format!("f{n}"): long}});
                json!({format!("k{n}"): long, "choices": [{"index": 0, format!("c{n}"): long, "delta": {"content": "a", format!("d{n}"): long, "tool_calls": [call]}}]})
            }),
        ),
        (
            "one object of ever more members",
            Box::new(
                |n| json!({"x": {format!("k{n}"): "y".repeat(300)}, "choices": [{"index": 0, "delta": {"content": "a"}}]}),
            ),
        ),
        (
            "lists of parts",
            Box::new(|n| {
                choice(
                    0,
                    json!({"content": [{"type": "text", "text": "a "}, {"type": format!("t{n}"), "data": "x"}]}),
                )
            }),
        ),
        (
            "usage with every chunk, and much in it",
            Box::new(
                |n| json!({"choices": [{"index": 0, "delta": {"content": "a"}}], "usage": {"completion_tokens": n, "x": "y".repeat(10_000)}}),
            ),
        ),
        (
            "long reasons",
            Box::new(
                |n| json!({"choices": [{"index": n % 3, "delta": {"content": "a"}, "finish_reason": "r".repeat(5_000)}]}),
            ),
        ),
    ]
}

fn event(chunk: &Value, n: usize) -> String {
    format!("id: {}{n}\ndata: {chunk}\n\n", "i".repeat(n % 2_000))
}

/// The bytes that a decoder holds after so many events, in network chunks of 4 KiB.
fn kept(stream: &dyn Fn(usize) -> Value, events: usize) -> isize {
    let before = held();
    let mut decoder = ChatDecoder::counting(16 << 20, counter);
    let mut waiting = Vec::new();
    for n in 0..events {
        waiting.extend_from_slice(event(&stream(n), n).as_bytes());
        if waiting.len() > 4096 {
            decoder.push(&waiting, Mode::Fold);
            waiting.clear();
        }
    }
    decoder.push(&waiting, Mode::Fold);
    drop(waiting);
    assert!(decoder.fault().is_none() && decoder.completion().delivered_any());
    held() - before
}

#[test]
fn what_is_kept_of_a_stream_has_an_end() {
    for (name, stream) in streams() {
        let (short, long) = (kept(&stream, 500), kept(&stream, 4_000));
        // Each of 128 choices has its own counter.
        assert!(long < 200 << 10, "{name}: {long} bytes");
        assert!(
            long < short + (8 << 10),
            "{name}: {short}, then {long} bytes"
        );
    }
}

#[test]
fn a_large_event_is_not_remembered() {
    let before = held();
    let mut decoder = ChatDecoder::counting(16 << 20, counter);
    let large = "x".repeat(2 << 20);
    let chunk = choice(
        0,
        json!({"content": large, "tool_calls": [{"index": 0, "id": large, "function": {"name": large}}]}),
    );
    let lines = format!("id: {large}\ndata: {chunk}\ndata:\n\n");
    for piece in lines.as_bytes().chunks(1 << 16) {
        decoder.push(piece, Mode::Fold);
    }
    drop((large, chunk, lines));
    assert!(decoder.fault().is_none() && decoder.completion().delivered_any());
    let kept = held() - before;
    assert!(kept < 200 << 10, "{kept} bytes");
}

#[test]
fn an_answer_beyond_its_bound_is_refused_whatever_it_is_made_of() {
    for (name, stream) in streams() {
        // In these streams each value replaces the one before, so the answer doesn't grow.
        if matches!(
            name,
            "usage with every chunk, and much in it" | "long reasons" | "a name without end"
        ) {
            continue;
        }
        let before = held();
        let mut decoder = ChatDecoder::bounded(1 << 20, 100_000);
        let mut n = 0;
        while decoder.fault().is_none() {
            decoder.push(event(&stream(n), n).as_bytes(), Mode::Fold);
            n += 1;
            assert!(n < 110_000, "{name} has no end");
        }
        let fault = decoder.fault().unwrap();
        assert_eq!(fault.error.class, Class::Stream, "{name}");
        assert_eq!(
            fault.error.message, "the answer is larger than maxAnswerBytes",
            "{name}"
        );
        // Short pieces take more memory than their bytes.
        let kept = held() - before;
        assert!(kept < 6 << 20, "{name}: {kept} bytes");
    }
}

#[test]
fn an_answer_within_its_bound_is_whole() {
    let events: String = (0..1_000)
        .map(|_| {
            event(
                &choice(0, json!({"role": "assistant", "content": "word "})),
                0,
            )
        })
        .collect();
    let mut decoder = ChatDecoder::bounded(1 << 20, 20_000);
    decoder.push(events.as_bytes(), Mode::Fold);
    decoder.push(b"data: [DONE]\n\n", Mode::Fold);
    assert_eq!(decoder.fault(), None);
    assert_eq!(decoder.completion().content().len(), 5_000);
}

/// The tokens of a completion that was kept, and of one that was only counted.
fn tokens(body: &str, size: usize) -> (u64, u64) {
    let (_, decoder) = read(body.as_bytes().chunks(size), Mode::Fold);
    let counted = count(body.as_bytes().chunks(size));
    (
        tokens_of(decoder.completion()),
        tokens_of(counted.completion()),
    )
}

#[test]
fn a_model_that_writes_under_names_of_its_own_has_written() {
    let count = |deltas: &[Value]| {
        let events = deltas
            .iter()
            .map(|delta| event(&choice(0, delta.clone()), 0));
        tokens(&events.collect::<String>(), 40)
    };
    let text = "the quick brown fox jumps over the lazy dog";
    let many = |delta: Value| count(&vec![delta; 9]);
    for delta in [
        json!({"thinking": text}),
        json!({"reasoning_details": [{"type": "reasoning.text", "text": text}]}),
        json!({"content": "", "thoughts": {"of": text}}),
    ] {
        let (kept, counted) = many(delta.clone());
        assert_eq!(kept, counted, "{delta}");
        assert!((80..400).contains(&kept), "{delta}: {kept}");
    }
    // Next to an answer, unknown members don't count; and empty ones never do.
    assert_eq!(
        many(json!({"content": text, "note": text})),
        many(json!({"content": text}))
    );
    assert_eq!(
        many(json!({"role": "assistant", "content": "", "audio": null, "note": "", "list": []})),
        (0, 0)
    );
}

#[test]
fn what_is_counted_is_what_would_have_been_kept() {
    let call = |piece: &str| json!({"tool_calls": [{"index": 0, "id": "x", "function": {"name": "look_up", "arguments": piece}}]});
    let deltas: [Vec<Value>; 5] = [
        [
            "The ",
            "river",
            " Rh",
            "ine, 1",
            "230",
            " km — ",
            "\u{1f30a}",
            "\n\n    long",
            ".",
        ]
        .map(|text| json!({"content": text}))
        .to_vec(),
        ["Let me ", "think"]
            .map(|text| json!({"reasoning": text, "reasoning_content": text}))
            .to_vec(),
        ["{\"pla", "ce\": \"Ba", "sel\"}"].map(call).to_vec(),
        ["No", "pe"].map(|text| json!({"refusal": text})).to_vec(),
        ["One ", "two"]
            .map(|text| json!({"content": [{"type": "text", "text": text}]}))
            .to_vec(),
    ];
    for deltas in deltas {
        let body: String = deltas
            .iter()
            .map(|delta| format!("data: {}\n\n", choice(0, delta.clone())))
            .collect();
        for size in [1, 7, 100, 100_000] {
            let (kept, counted) = tokens(&body, size);
            assert!(
                kept > 0 && kept == counted,
                "{kept} kept, {counted} counted in pieces of {size}: {body}"
            );
        }
    }
}

#[test]
fn choices_beyond_the_last_are_counted_with_it() {
    let body: String = (0..300)
        .map(|n| event(&choice(n, json!({"content": "word"})), 0))
        .collect();
    let counted = count([body.as_bytes()]);
    assert_eq!(counted.completion().choices_seen(), 128);
    assert!(counted.completion().counted().unwrap() >= 128);
    assert_eq!(Completion::default().counted(), None);
}

proptest! {
    #[test]
    fn text_is_counted_alike_however_it_is_cut(pieces in prop::collection::vec(".{0,6}", 1..20), size in 1usize..200) {
        let body: String = pieces.iter().map(|text| event(&choice(0, json!({"content": text})), 0)).collect();
        let (kept, counted) = tokens(&body, size);
        prop_assert_eq!(kept, counted);
    }
}

#[test]
fn a_long_reason_is_none_where_texts_are_only_counted() {
    for (length, kept) in [(256, true), (257, false), (5_000, false)] {
        let reason = "r".repeat(length);
        let last =
            json!({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": reason}]});
        let body = event(&last, 0);
        let (seen, whole) = read([body.as_bytes()], Mode::Fold);
        let counting = count([body.as_bytes()]);
        assert_eq!(seen.fault, None);
        assert_eq!(whole.completion().finish_reason(), Some(reason.clone()));
        let counted = counting.completion();
        assert_eq!(counted.finish_reason(), kept.then_some(reason));
        assert!(counted.all_finished());
    }
}

#[test]
fn counts_that_are_no_numbers_are_the_same_where_texts_are_only_counted() {
    let usage = json!({"completion_tokens": "many", "prompt_tokens": [1]});
    let body = event(
        &json!({"choices": [{"index": 0, "delta": {"content": "a"}}], "usage": usage}),
        0,
    );
    let (_, whole) = read([body.as_bytes()], Mode::Fold);
    let told = whole.completion().usage().unwrap();
    assert!(told.completion.unwrap().is_nan() && told.prompt.unwrap().is_nan());
}
