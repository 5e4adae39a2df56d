//! Chunks built from templates equal those that a parser returns: for changed envelopes, odd values, odd keys, and in every
//! chunking.

use crate::reader::{filled, joined, parse, read};
use hfetch::error::Class;
use hfetch::wire::stream::{ChatDecoder, Mode};
use proptest::prelude::*;
use serde_json::Value;
use std::time::Duration;

use crate::processor::processor_time;

pub(super) fn body(payloads: &[String], end: &str) -> Vec<u8> {
    let events = payloads
        .iter()
        .map(|payload| ["data: ", payload, end].concat());
    events
        .chain([["data: [DONE]", end].concat()])
        .collect::<String>()
        .into_bytes()
}

/// Reads a stream whole and in pieces and compares it with its payloads parsed one by one.
pub(super) fn check(payloads: &[String], end: &str, cuts: &[usize]) {
    let body = body(payloads, end);
    let expected: Vec<Value> = payloads
        .iter()
        .map(|payload| parse(payload.as_bytes()))
        .collect();
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (body.len() + 1)).collect();
    cuts.extend([0, body.len()]);
    cuts.sort_unstable();
    let (whole, _) = read([body.as_slice()], Mode::Chunks);
    let chosen = |chunk: &Value| {
        chunk["choices"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
    };
    assert_eq!(whole.fault.is_none(), expected.iter().any(chosen));
    // Compared as text as well, since the order of keys counts.
    let written = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>();
    assert_eq!(written(&whole.items), written(&expected));
    let (cut, _) = read(
        cuts.windows(2).map(|pair| &body[pair[0]..pair[1]]),
        Mode::Chunks,
    );
    assert_eq!(cut, whole);
    let (single, _) = read(body.chunks(1), Mode::Fold);
    assert_eq!(single.folded, whole.folded);
    let text = |(seen, _)| joined(seen).items;
    assert_eq!(
        text(read([body.as_slice()], Mode::Text)),
        text(read(body.chunks(5), Mode::Text))
    );
}

fn stream(payload: impl Fn(usize) -> String) -> Vec<String> {
    (0..12).map(payload).collect()
}

#[test]
fn what_is_alike_comes_by_a_template() {
    let wanted: &[(&str, &dyn Fn(usize) -> String)] = &[
        ("one slot", &|n| {
            format!(r#"{{"id":"a","choices":[{{"index":0,"delta":{{"content":"word{n}"}}}}]}}"#)
        }),
        ("nothing changes", &|_| {
            r#"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#.to_string()
        }),
        ("three slots, two of them the same", &|n| {
            format!(
                r#"{{"choices":[{{"text":"w{n}","delta":{{"token_id":{n},"content":"w{n}"}}}}]}}"#
            )
        }),
        ("usage in every chunk", &|n| {
            format!(
                r#"{{"choices":[{{"delta":{{"content":"w{n}"}}}}],"usage":{{"prompt_tokens":1,"completion_tokens":{n}}}}}"#
            )
        }),
        ("escapes and pairs", &|n| {
            format!(r#"{{"choices":[{{"delta":{{"content":"\n\"{n}\u00e9\ud83d\ude00\\"}}}}]}}"#)
        }),
        ("lone halves", &|n| {
            format!(r#"{{"choices":[{{"delta":{{"content":"{n}\ud83d"}}}}]}}"#)
        }),
        ("world", &|n| {
            format!(r#"{{"choices":[{{"delta":{{"content":"{n}日本語😀é"}}}}]}}"#)
        }),
        ("whitespace", &|n| {
            format!("{{ \"choices\" : [ {{ \"delta\" : {{\t\"content\" : \"{n}\" }} }} ] }}  ")
        }),
        ("several choices", &|n| {
            format!(
                r#"{{"choices":[{{"index":0,"delta":{{"content":"a{n}"}}}},{{"index":1,"delta":{{"content":"b{n}"}}}}]}}"#
            )
        }),
        ("choices in turn", &|n| {
            format!(
                r#"{{"choices":[{{"index":{},"delta":{{"content":"a{n}"}}}}]}}"#,
                n % 3
            )
        }),
        ("arrays of numbers", &|n| {
            format!(
                r#"{{"choices":[{{"delta":{{"content":"a"}},"logprobs":{{"content":[{{"token":"t{n}","logprob":-{n}.25,"bytes":{:?}}}]}}}}]}}"#,
                vec![n; n % 4 + 1]
            )
        }),
        ("escaped keys", &|n| {
            format!(r#"{{"a\n\u00e9\"":"{n}","choices":[]}}"#)
        }),
        ("tool arguments", &|n| {
            format!(
                r#"{{"choices":[{{"delta":{{"tool_calls":[{{"index":0,"function":{{"arguments":"{{\"a\":{n}"}}}}]}}}}]}}"#
            )
        }),
        ("two shapes in turn", &|n| match n % 2 {
            0 => format!(r#"{{"choices":[{{"delta":{{"content":"{n}"}}}}]}}"#),
            _ => format!(r#"{{"choices":[],"usage":{{"completion_tokens":{n}}}}}"#),
        }),
        ("true, false and null in turn", &|n| {
            let literal = |shift: usize| ["true", "false", "null"][(n >> shift) % 3];
            format!(
                r#"{{"choices":[{{"delta":{{"content":"{n}"}}}}],"flags":[{},{},{}],"one":{}}}"#,
                literal(0),
                literal(1),
                literal(2),
                literal(0)
            )
        }),
        ("lists of other lengths", &|n| {
            format!(
                r#"{{"choices":[{{"delta":{{"content":"{n}"}}}}],"list":{:?},"of":[{}]}}"#,
                vec!["é"; n % 5],
                vec![r#"{"a":"\ud83d"}"#; n % 4].join(" , ")
            )
        }),
        ("objects of other keys", &|n| {
            format!(
                r#"{{"choices":[{{"delta":{{"content":"{n}"}},"native":{{"a":{{"k{n}":"{n}"}}}}}}]}}"#
            )
        }),
        ("values of other kinds", &|n| {
            let value = ["1", r#""a""#, "[1,2]", "{}", "null", "[null]", "-0.5e1"][n % 7];
            format!(
                r#"{{"v":{value},"w":[[{value}]],"choices":[{{"delta":{{"content":"{n}"}}}}]}}"#
            )
        }),
        ("keys that an object must not set", &|n| {
            format!(
                r#"{{"choices":[{{"delta":{{"content":"{n}"}}}}],"v":[{}]}}"#,
                [r#"{"b":"\u005f"}"#, r#"{"a":1,"a":2}"#, "0"][n % 3]
            )
        }),
        ("a slot more from the fourth on", &|n| {
            format!(
                r#"{{"created":{},"choices":[{{"delta":{{"content":"{n}"}}}}]}}"#,
                n / 4
            )
        }),
    ];
    for (name, payload) in wanted {
        let payloads = stream(payload);
        for end in ["\n\n", "\r\n\r\n"] {
            check(&payloads, end, &[3, 50, 51, 200]);
            assert!(
                filled(&body(&payloads, end)) >= 6,
                "{name}: {}",
                filled(&body(&payloads, end))
            );
        }
        check(&payloads, "\r\r", &[3, 50, 51, 200]);
    }
}

#[test]
fn numbers_are_those_of_a_parser() {
    let odd = [
        "0",
        "-0",
        "-0.0",
        "1e400",
        "-1e400",
        "9007199254740993",
        "3859899181302555600",
        "0.1",
        "1E5",
        "1e-7",
        "5e-324",
        "1741627526",
        "-2.0078125",
        "0.30000000000000004",
        "123456789012345678901234567890",
        "1.0",
        "10",
        "00.5e1".trim_start_matches('0'),
    ];
    let odd: Vec<&str> = odd
        .into_iter()
        .filter(|text| !text.starts_with('.'))
        .collect();
    let payloads: Vec<String> = odd
        .iter()
        .map(|number| format!(r#"{{"choices":[],"a":{number},"b":[{number},{number}],"c":[]}}"#))
        .collect();
    check(&payloads, "\n\n", &[10, 100]);
    assert!(filled(&body(&payloads, "\n\n")) > 8);
}

#[test]
fn keys_unfit_for_a_template_are_left_to_the_parser() {
    for keys in [
        r#""a":1,"a""#,
        r#""__proto__""#,
        r#""\u005f_proto__""#,
        r#""b":{"x":1,"\u0078":2},"a""#,
    ] {
        let payloads = stream(|n| format!(r#"{{"choices":[],{keys}:"{n}"}}"#));
        check(&payloads, "\n\n", &[40]);
        assert_eq!(filled(&body(&payloads, "\n\n")), 0, "{keys}");
    }
}

#[test]
fn an_error_is_seen_behind_any_template() {
    let chunk = |object: &str, n: usize| {
        format!("data: {{\"object\":\"{object}\",\"message\":\"m{n}\",\"choices\":[]}}\n\n")
    };
    let body = [
        chunk("a", 1),
        chunk("b", 2),
        chunk("c", 3),
        chunk("c", 4),
        chunk("error", 5),
    ]
    .concat();
    let (seen, _) = read([body.as_bytes()], Mode::Chunks);
    assert_eq!(seen.items.len(), 4);
    assert_eq!(seen.fault.unwrap().1, "m5");
    let chunk = |error: &str, n: usize| {
        format!(
            "data: {{\"error\":{error},\"choices\":[{{\"delta\":{{\"content\":\"{n}\"}}}}]}}\n\n"
        )
    };
    let body = [
        chunk("\"\"", 1),
        chunk("\"\"", 2),
        chunk("\"\"", 3),
        chunk("\"boom\"", 4),
    ]
    .concat();
    let (seen, _) = read([body.as_bytes()], Mode::Chunks);
    assert_eq!(
        (seen.items.len(), seen.fault.unwrap().1.as_str()),
        (3, "boom")
    );
}

#[test]
fn what_only_looks_like_the_template_is_not_taken() {
    let good: String = (0..4)
        .map(|n| {
            format!("data: {{\"a\":1{n},\"choices\":[{{\"delta\":{{\"content\":\"{n}\"}}}}]}}\n\n")
        })
        .collect();
    for bad in [
        r#"{"a":01,"choices":[{"delta":{"content":"x"}}]}"#,
        r#"{"a":1.,"choices":[{"delta":{"content":"x"}}]}"#,
        r#"{"a":-,"choices":[{"delta":{"content":"x"}}]}"#,
        r#"{"a":1,"choices":[{"delta":{"content":"x\q"}}]}"#,
        "{\"a\":1,\"choices\":[{\"delta\":{\"content\":\"x\ty\"}}]}",
        r#"{"a":1,"choices":[{"delta":{"content":"x\u12"}}]}"#,
        r#"{"a":1,"choices":[{"delta":{"content":"x"}}]}}"#,
        r#"{"a":"1","choices":[{"delta":{"content":"x"}}]"#,
    ] {
        let body = [&good, "data: ", bad, "\n\n"].concat();
        let (seen, _) = read([body.as_bytes()], Mode::Chunks);
        assert_eq!(seen.items.len(), 4, "{bad}");
        assert!(seen.fault.unwrap().1.contains("not a chunk"), "{bad}");
    }
    let broken = [
        good.as_bytes(),
        b"data: {\"a\":1,\"choices\":[{\"delta\":{\"content\":\"\xe2\x82\"}}]}\n\n",
    ]
    .concat();
    let (seen, _) = read([broken.as_slice()], Mode::Text);
    assert!(seen.items[0].as_str().unwrap().ends_with('\u{fffd}'));
}

#[test]
fn numbers_in_slots_are_as_strict_as_a_parser() {
    let chunk = |number: &str, list: &str| {
        format!(r#"{{"n":{number},"l":{list},"choices":[{{"delta":{{"content":"x"}}}}]}}"#)
    };
    let good = || (0..4).map(|n| chunk(&format!("-{n}.5"), &format!("[{n},1{n}]")));
    for number in [
        "-01", "00", "1.5.", ".5", "1.", "1.e3", "1e", "+1", "-", "1-2", "1 2", "-.5", "",
    ] {
        let payloads: Vec<String> = good().chain([chunk(number, "[1]")]).collect();
        let (seen, _) = read([body(&payloads, "\n\n").as_slice()], Mode::Chunks);
        assert!(seen.items.len() == 4 && seen.fault.is_some(), "{number}");
    }
    for list in [
        "[01]", "[1,]", "[,1]", "[1 2]", "[1,2", "[", "[1,,2]", "[-]", "[1.]", "[1]]", "1]",
        "[1,02]",
    ] {
        let payloads: Vec<String> = good().chain([chunk("1", list)]).collect();
        let (seen, _) = read([body(&payloads, "\n\n").as_slice()], Mode::Chunks);
        assert!(seen.items.len() == 4 && seen.fault.is_some(), "{list}");
    }
    let lists = [
        "[0]",
        "[ 1 , 2 ]",
        "[1e3,-0]",
        "[429496728,429496729,4294967295,4294967296]",
        "[1,2.5]",
        "[]",
        "[[1]]",
        "[9007199254740993]",
    ];
    let sound: Vec<String> = good()
        .chain(lists.map(|list| chunk("-0.25e1", list)))
        .chain(lists.map(|list| chunk("0", list)))
        .collect();
    check(&sound, "\n\n", &[20, 100]);
}

#[test]
fn a_value_of_any_kind_is_as_strict_as_a_parser() {
    let chunk =
        |value: &str| format!(r#"{{"v":{value},"choices":[{{"delta":{{"content":"x"}}}}]}}"#);
    let good = || ["true", "null", "[1]", "{}"].map(chunk);
    let deep = ["[".repeat(520), "]".repeat(520)].concat();
    for bad in [
        "",
        " ",
        "tru",
        "nul",
        "[1",
        "[1,]",
        "{\"a\"}",
        "{\"a\":1,}",
        "01",
        "\"a",
        "\"\\q\"",
        "\"\t\"",
        "1]",
        "1 2",
        "undefined",
        "'a'",
        &deep,
    ] {
        let payloads: Vec<String> = good().into_iter().chain([chunk(bad)]).collect();
        let (seen, _) = read([body(&payloads, "\n\n").as_slice()], Mode::Chunks);
        assert!(seen.items.len() == 4 && seen.fault.is_some(), "{bad}");
    }
    let deep = ["[".repeat(100), "]".repeat(100)].concat();
    let sound = [
        " 1",
        "1 ",
        "[ ]",
        "\"\\u00e9\"",
        deep.as_str(),
        "{\"a\" : [ ] }",
        "false",
    ];
    let payloads: Vec<String> = good().into_iter().chain(sound.map(chunk)).collect();
    check(&payloads, "\n\n", &[20, 100]);
    let broken = [
        body(&good(), "\n\n")
            .strip_suffix(b"data: [DONE]\n\n")
            .unwrap(),
        b"data: {\"v\":[\"\xe2\x82\"],\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n",
    ]
    .concat();
    let (seen, _) = read([broken.as_slice()], Mode::Chunks);
    assert_eq!(seen.items[4]["v"][0], "\u{fffd}");
}

#[test]
fn a_value_is_as_deep_as_it_is_from_the_beginning_of_its_event() {
    let chunk = |value: &str| {
        let (open, close) = ("[".repeat(485), "]".repeat(485));
        format!(r#"{{"v":{open}{value}{close},"choices":[{{"delta":{{"content":"x"}}}}]}}"#)
    };
    let nested = |depth: usize| chunk(&["[".repeat(depth), "]".repeat(depth)].concat());
    for (depth, is_deep) in [(26, false), (27, true)] {
        let mut decoder = ChatDecoder::new(1 << 20);
        for value in ["true", "null", "0", "true"].map(chunk) {
            decoder.push(format!("data: {value}\n\n").as_bytes(), Mode::Chunks);
        }
        decoder.push(
            format!("data: {}\n\n", nested(depth)).as_bytes(),
            Mode::Chunks,
        );
        assert_eq!(decoder.fault().is_some(), is_deep, "{depth}");
    }
}

#[test]
fn an_index_in_quotes_is_digits_in_each_event() {
    let choice =
        |index: &str| format!(r#"{{"choices":[{{"index":"{index}","delta":{{"content":"x"}}}}]}}"#);
    let call = |index: &str| {
        format!(
            r#"{{"choices":[{{"delta":{{"tool_calls":[{{"index":"{index}","function":{{"arguments":"x"}}}}]}}}}]}}"#
        )
    };
    let shapes: [&dyn Fn(&str) -> String; 2] = [&choice, &call];
    for shape in shapes {
        let good = || ["0", "1", "0", "2", "1"].map(shape);
        check(&good(), "\n\n", &[20, 100]);
        for bad in ["x", "-1", "1.5", r"\u0030", " 1"] {
            let payloads: Vec<String> = good().into_iter().chain([shape(bad)]).collect();
            let (seen, _) = read([body(&payloads, "\n\n").as_slice()], Mode::Chunks);
            assert!(seen.items.len() == 5 && seen.fault.is_some(), "{bad}");
        }
    }
}

#[test]
fn long_texts_come_as_texts() {
    let long = [
        "word ".repeat(4_000),
        r#"{\"a\":\n1}"#.repeat(2_000),
        "é日本😀 ".repeat(2_000),
        r"\u00e9\ud83d\ude00x".repeat(2_000),
        "a".repeat(20_000) + r"\ud83d",
    ];
    for (name, text) in long.iter().enumerate() {
        let other = long.last().unwrap();
        let payloads = [
            format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}"#),
            format!(
                r#"{{"choices":[{{"delta":{{"reasoning":"{text}","content":"{other}","tool_calls":[{{"index":0,"function":{{"arguments":"{text}"}}}}]}}}}],"a":"{text}"}}"#
            ),
            format!(
                r#"{{ "choices" : [ {{"message":{{"role":"assistant","content":"{text}"}}}} ]}}"#
            ),
        ];
        check(&payloads, "\n\n", &[3, 9_000, 70_000]);
        assert_eq!(filled(&body(&payloads, "\n\n")), 3, "{name}");
    }
    let twice = format!(
        r#"{{"choices":[{{"delta":{{"content":"{0}","content":"{0}","reasoning":"a"}}}}]}}"#,
        long[0]
    );
    let proto = format!(
        r#"{{"__proto__":1,"choices":[{{"delta":{{"content":"{}"}}}}]}}"#,
        long[0]
    );
    let payloads = [twice, proto];
    check(&payloads, "\n\n", &[9_000]);
    assert_eq!(filled(&body(&payloads, "\n\n")), 0);
}

#[test]
fn a_template_hides_no_other_field_of_an_event() {
    let line =
        |n: usize| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{n}\"}}}}]}}\n");
    let mut body: String = (0..4).map(|n| line(n) + "\n").collect();
    body += &["event: error\n", &line(4), "\n"].concat();
    let (seen, _) = read([body.as_bytes()], Mode::Chunks);
    assert_eq!(seen.items.len(), 4);
    assert!(seen.fault.is_some());
    let body: String = (0..8)
        .map(|n| format!("id: {n}\n{}\n", line(n)))
        .chain((0..4).map(|n| format!("{}data: \n\n", line(n))))
        .collect();
    let (seen, _) = read(body.as_bytes().chunks(7), Mode::Chunks);
    assert_eq!(seen.items.len(), 12);
}

#[test]
fn streams_that_never_repeat_are_soon_left_alone() {
    let payloads: Vec<String> = (0..64u32)
        .map(|n| format!(r#"{{"k{n}":1,"choices":[]}}"#))
        .collect();
    check(&payloads, "\n\n", &[77]);
    assert_eq!(filled(&body(&payloads, "\n\n")), 0);
}

/// A JSON value with strings and numbers to change, as text.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_string()),
        Just("true".to_string()),
        Just("S".to_string()),
        Just("S".to_string()),
        Just("N".to_string()),
        Just("N".to_string()),
        Just("[N,N]".to_string()),
        Just("{}".to_string()),
        Just("[]".to_string()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(("[a-cSN_0-9é\"\\\\]{0,3}", inner), 0..4).prop_map(|entries| {
                let entries: Vec<String> = entries
                    .into_iter()
                    .map(|(key, value)| {
                        format!(
                            "{}:{value}",
                            serde_json::to_string(&key.replace(['S', 'N'], "z")).unwrap()
                        )
                    })
                    .collect();
                format!("{{{}}}", entries.join(","))
            }),
        ]
    })
}

#[test]
fn logprobs_that_are_bare_numbers_are_folded_like_any() {
    let lists = ["[1,2]", "[3,4]", "[5,6,7]", "[8]", "[ -0.5 ]"];
    let payload = |n: usize| {
        let list = lists[n % lists.len()];
        format!(
            r#"{{"choices":[{{"index":0,"delta":{{"content":"a"}},"logprobs":{{"content":{list}}}}}]}}"#
        )
    };
    let payloads: Vec<String> = (0..lists.len()).map(payload).collect();
    check(&payloads, "\n\n", &[]);
    let (seen, _) = read([body(&payloads, "\n\n").as_slice()], Mode::Fold);
    assert_eq!(
        seen.folded["choices"][0]["logprobs"]["content"].to_string(),
        "[1,2,3,4,5,6,7,8,-0.5]"
    );
}

#[test]
fn a_new_shape_takes_the_place_of_one_that_is_not_in_use() {
    let event = |shape: usize, n: usize| format!("data: {{\"s{shape}\":\"{n}\"}}\n\n");
    // Six shapes fill the room: for each, two chunks to learn it and two that match.
    let taught = (0..6).flat_map(|shape| (0..4).map(move |n| event(shape, n)));
    // The first shape is in use when a seventh comes.
    let in_use = [event(0, 4), event(6, 0), event(6, 1), event(0, 5)];
    let body: String = taught.chain(in_use).collect();
    assert_eq!(filled(body.as_bytes()), 6 * 2 + 2);
}

#[test]
fn an_object_of_many_keys_is_not_studied_for_long() {
    // Comparing each key with all before it would take several seconds without a bound.
    let keys: Vec<String> = (0..7_000).map(|n| format!("\"{n:x}\":1")).collect();
    let event = ["data: {", &keys.join(","), "}\n\n"].concat();
    let started = processor_time();
    let (seen, _) = read(std::iter::repeat_n(event.as_bytes(), 3), Mode::Fold);
    assert_eq!(
        seen.fault.map(|fault| fault.0),
        Some(Class::StreamTruncated)
    );
    assert!(processor_time() - started < Duration::from_secs(1));
}

proptest! {
    #[test]
    fn any_envelope_with_any_values(
        envelopes in prop::collection::vec(value(), 1..4),
        values in prop::collection::vec((prop_oneof![any::<String>(), "[a-z ]{0,9}", Just("\u{feff}".to_string())], any::<bool>(), prop_oneof![any::<f64>().prop_map(|n| if n.is_finite() { n } else { 0.5 }), (0u32..1000).prop_map(f64::from)]), 1..24),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..32),
        cuts in prop::collection::vec(any::<usize>(), 0..6),
        crlf in any::<bool>(),
    ) {
        let mut next = values.iter().cycle();
        let payloads: Vec<String> = order.iter().map(|index| {
            let envelope = index.get(&envelopes);
            let filled: String = envelope.chars().map(|c| match c {
                'S' => {
                    let (text, raw, _) = next.next().unwrap();
                    let written = serde_json::to_string(text).unwrap();
                    if *raw { written } else { format!("\"{}\"", text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<String>()) }
                }
                'N' => serde_json::to_string(&next.next().unwrap().2).unwrap(),
                c => c.to_string(),
            }).collect();
            format!(r#"{{"choices":[{{"delta":{{"content":"x"}}}}],"v":{filled}}}"#)
        }).collect();
        check(&payloads, if crlf { "\r\n\r\n" } else { "\n\n" }, &cuts);
    }
}
