//! Chunks whose members come in another order each time, as written by languages whose maps have no order: each is built from a
//! template as if it were alone, and the completion equals that of the same chunks in one order.

use proptest::prelude::*;

use super::template::{body, check};
use crate::reader::{filled, parse, read};
use hfetch::wire::stream::Mode;

/// The members of the nth chunk. Two keys begin with the same letters, and for one member only the last chunk counts.
fn members(n: usize) -> Vec<String> {
    vec![
        r#""id":"chat-1""#.to_string(),
        format!(r#""created":{n}"#),
        r#""created_at":"12""#.to_string(),
        r#""model":"m""#.to_string(),
        format!(r#""choices":[{{"index":0,"delta":{{"content":"w{n}"}},"finish_reason":null}}]"#),
        format!(r#""usage":{{"prompt_tokens":3,"completion_tokens":{n}}}"#),
        format!(r#""note":"at {n}""#),
    ]
}

/// The numbers up to `length`, in an order that depends on `seed`.
fn shuffled(length: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    let mut state = seed;
    for at in (1..length).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        order.swap(at, (state >> 33) as usize % (at + 1));
    }
    order
}

fn payload(members: &[String], order: &[usize]) -> String {
    let members: Vec<&str> = order.iter().map(|at| members[*at].as_str()).collect();
    format!("{{{}}}", members.join(","))
}

fn in_any_order(count: usize, seed: u64) -> Vec<String> {
    let chunk = |n: usize| payload(&members(n), &shuffled(7, seed ^ (n as u64 * 77)));
    (0..count).map(chunk).collect()
}

#[test]
fn they_come_by_a_template() {
    for seed in 0..50 {
        let payloads = in_any_order(12, seed);
        for end in ["\n\n", "\r\n\r\n"] {
            check(&payloads, end, &[3, 50, 51, 200]);
            let filled = filled(&body(&payloads, end));
            assert!(filled >= 9, "{filled} of 12 with seed {seed}");
        }
    }
}

#[test]
fn the_fold_is_that_of_one_order() {
    let fold = |payloads: &[String]| {
        let body = body(payloads, "\n\n");
        for size in [body.len(), 1, 7, 300] {
            let (seen, _) = read(body.chunks(size), Mode::Fold);
            assert!(seen.fault.is_none());
            let (again, _) = read(body.chunks(size), Mode::Text);
            assert_eq!(again.folded, seen.folded);
        }
        read([body.as_slice()], Mode::Chunks).0.folded
    };
    for seed in 0..50 {
        let one: Vec<String> = (0..12)
            .map(|n| payload(&members(n), &(0..7).collect::<Vec<_>>()))
            .collect();
        assert_eq!(fold(&in_any_order(12, seed)), fold(&one));
    }
}

#[test]
fn what_only_looks_like_them_is_read_by_itself() {
    let strange = [
        // A repeated key, one too few, one too many, another one, and one that JavaScript puts first.
        r#"{"created":1,"created":2,"id":"chat-1","created_at":"12","model":"m","note":"n","choices":[]}"#,
        r#"{"created":1,"id":"chat-1","model":"m"}"#,
        r#"{"note":"n","created":1,"id":"chat-1","created_at":"12","model":"m","choices":[],"usage":null,"more":1}"#,
        r#"{"node":"n","created":1,"id":"chat-1","created_at":"12","model":"m","choices":[],"usage":null}"#,
        r#"{"note":"n","created":1,"id":"chat-1","7":"12","model":"m","choices":[],"usage":null}"#,
        r#"{"note":"n", "created":1,"id":"chat-1","created_at":"12","model":"m","choices":[],"usage":null}"#,
    ];
    for strange in strange {
        let mut payloads = in_any_order(8, 5);
        payloads.push(strange.to_string());
        payloads.extend(in_any_order(4, 6));
        check(&payloads, "\n\n", &[3, 50, 51, 200]);
    }
    let number: Vec<String> = (0..12)
        .map(|n| {
            let members = [
                r#""10":1"#,
                r#""9":2"#,
                r#""a":3"#,
                r#""choices":[{"delta":{"content":"x"}}]"#,
            ];
            payload(&members.map(str::to_string), &shuffled(4, n))
        })
        .collect();
    check(&number, "\n\n", &[3, 50]);
}

#[test]
fn of_usage_in_two_places_the_last_of_an_event_counts() {
    let chunk = |n: usize| {
        let members = [
            r#""choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]"#.to_string(),
            format!(r#""usage":{{"prompt_tokens":1,"completion_tokens":{n}}}"#),
            format!(
                r#""x_groq":{{"usage":{{"prompt_tokens":1,"completion_tokens":{}}}}}"#,
                n + 100
            ),
        ];
        payload(&members, &[n % 3, (n + 1) % 3, (n + 2) % 3])
    };
    let completion = |payloads: &[String]| {
        let body = body(payloads, "\n\n");
        let (_, decoder) = read([body.as_slice()], Mode::Chunks);
        decoder.completion().usage().unwrap().completion
    };
    for count in 1..14 {
        let payloads: Vec<String> = (0..count).map(chunk).collect();
        let last = count - 1;
        // In every third event, `usage` comes behind `x_groq`.
        let expected = if last % 3 == 2 { last } else { last + 100 };
        assert_eq!(
            completion(&payloads),
            Some(expected as f64),
            "{count} events"
        );
    }
}

#[test]
fn large_ones_are_not_written_anew() {
    let text = "x".repeat(8 << 10);
    let payloads: Vec<String> = (0..12)
        .map(|n| {
            let mut members = members(n);
            members.push(format!(r#""status":"{text}""#));
            payload(&members, &shuffled(8, n as u64))
        })
        .collect();
    check(&payloads, "\n\n", &[3, 50, 9000]);
    assert_eq!(filled(&body(&payloads, "\n\n")), 0);
}

#[test]
fn an_error_among_them_is_one() {
    let mut payloads = in_any_order(8, 1);
    let failed =
        payload(&members(9), &shuffled(7, 3)).replacen('{', r#"{"error":{"message":"boom"},"#, 1);
    payloads.push(failed);
    let (seen, _) = read([body(&payloads, "\n\n").as_slice()], Mode::Chunks);
    assert_eq!(
        (seen.items.len(), seen.fault.unwrap().1.as_str()),
        (8, "boom")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn each_is_what_a_parser_makes_of_it(
        seed: u64,
        values in prop::collection::vec(
            prop::collection::vec(prop::sample::select(vec!["1", "-2.5", "null", "true", r#""a""#, r#""\u00e9\n""#, "[1,2]", "[null,\"b\"]", "{\"k\":1}", "[]"]), 4),
            1..14,
        ),
        cuts in prop::collection::vec(0usize..4000, 0..4),
    ) {
        let payloads: Vec<String> = values.iter().enumerate().map(|(n, values)| {
            let mut members: Vec<String> = values.iter().enumerate().map(|(key, value)| format!(r#""key_{key}":{value}"#)).collect();
            members.push(format!(r#""choices":[{{"index":0,"delta":{{"content":"{n}"}}}}]"#));
            payload(&members, &shuffled(5, seed ^ n as u64))
        }).collect();
        check(&payloads, "\n\n", &cuts);
        for payload in &payloads {
            prop_assert!(parse(payload.as_bytes()).is_object());
        }
    }
}
