//! Accumulated chunks, compared with the same done on serde_json's values.

use hfetch::wire::chunk::{Field, read};
use hfetch::wire::completion::{Completion, ReportedUsage};
use proptest::prelude::*;
use serde_json::{Value, json};

fn fold(payloads: &[String]) -> Completion {
    let mut completion = Completion::default();
    for payload in payloads {
        let mut fields: Vec<Field> = Vec::new();
        read(payload.as_bytes(), &mut fields).unwrap();
        completion.apply(payload.as_bytes(), &fields);
    }
    completion
}

fn folded(chunks: &[Value]) -> Value {
    let payloads: Vec<String> = chunks.iter().map(Value::to_string).collect();
    serde_json::from_slice(&fold(&payloads).to_json()).unwrap()
}

fn message(deltas: &[Value]) -> Value {
    let chunks: Vec<Value> = deltas
        .iter()
        .map(|delta| json!({"choices":[{"index":0,"delta":delta}]}))
        .collect();
    folded(&chunks)["choices"][0]["message"].take()
}

fn delivered(completion: &Completion) -> String {
    let mut text = String::new();
    completion.delivered(&mut |piece| text.push_str(piece));
    text
}

#[test]
fn the_whole_of_a_small_stream() {
    let chunk = |choice: Value, usage: Value| json!({"id":"c","object":"chat.completion.chunk","created":5,"model":"m","system_fingerprint":"fp","choices":[choice],"usage":usage});
    let chunks = [
        chunk(
            json!({"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}),
            Value::Null,
        ),
        chunk(
            json!({"index":0,"delta":{"content":"Hel"},"logprobs":{"content":[{"token":"Hel"}]},"finish_reason":null}),
            json!({"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}),
        ),
        chunk(
            json!({"index":0,"delta":{"content":"lo"},"logprobs":{"content":[{"token":"lo"}]},"finish_reason":null}),
            json!({"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}),
        ),
        chunk(
            json!({"index":0,"delta":{},"finish_reason":"stop"}),
            Value::Null,
        ),
    ];
    let expected = json!({
        "id":"c","object":"chat.completion","created":5,"model":"m",
        "choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},
            "logprobs":{"content":[{"token":"Hel"},{"token":"lo"}]},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3},"system_fingerprint":"fp",
    });
    assert_eq!(folded(&chunks), expected);
}

#[test]
fn nothing_yet_is_still_a_completion() {
    let expected = json!({"id":"","object":"chat.completion","created":0,"model":"","choices":[]});
    assert_eq!(folded(&[]), expected);
}

#[test]
fn choices_come_apart_by_their_index() {
    let choice =
        |index: u32, text: &str| json!({"choices":[{"delta":{"content":text},"index":index}]});
    let whole = folded(&[
        choice(1, "b"),
        choice(0, "a"),
        choice(1, "B"),
        choice(0, "A"),
    ]);
    assert_eq!(whole["choices"][0]["message"]["content"], "aA");
    assert_eq!(whole["choices"][1]["message"]["content"], "bB");
    assert_eq!(whole["choices"][1]["finish_reason"], Value::Null);
}

#[test]
fn reasoning_stays_under_the_name_it_came_by() {
    for name in ["reasoning", "reasoning_content", "reasoning_text"] {
        let whole = message(&[
            json!({name:"a","content":null}),
            json!({name:"b"}),
            json!({"content":"c"}),
        ]);
        assert_eq!(whole, json!({"role":"assistant","content":"c",name:"ab"}));
    }
}

#[test]
fn tool_calls_by_index_however_it_is_written() {
    let call = |id: &str, name: &str, arguments: &str| json!({"id":id,"type":"function","function":{"name":name,"arguments":arguments}});
    let table: &[(&str, Vec<Value>, Value)] = &[
        (
            "by index, from one, empty and null never overwrite",
            vec![
                json!([{"index":1,"id":"a","type":"function","function":{"name":"f","arguments":""}}]),
                json!([{"index":1,"id":null,"function":{"name":null,"arguments":"{\"x\""}}]),
                json!([{"index":1,"id":"","function":{"name":"","arguments":":1}"}}]),
                json!([{"index":2,"id":"b","function":{"name":"g","arguments":"{}"}}]),
            ],
            json!([call("a", "f", "{\"x\":1}"), call("b", "g", "{}")]),
        ),
        (
            "interleaved",
            vec![
                json!([{"index":0,"id":"a","function":{"name":"f","arguments":"1"}},{"index":1,"id":"b","function":{"name":"g","arguments":"3"}}]),
                json!([{"index":0,"function":{"arguments":"2"}},{"index":1,"function":{"arguments":"4"}}]),
            ],
            json!([call("a", "f", "12"), call("b", "g", "34")]),
        ),
        (
            "no index: no id or the same id is the same call, another id another call",
            vec![
                json!([{"id":"a","function":{"name":"f","arguments":"1"}}]),
                json!([{"function":{"arguments":"2"}}]),
                json!([{"id":"a","function":{"arguments":"3"}}]),
                json!([{"id":"b","function":{"name":"g","arguments":"4"}}]),
                json!([{"function":{"arguments":"5"}}]),
            ],
            json!([call("a", "f", "123"), call("b", "g", "45")]),
        ),
        (
            "whole calls in one delta",
            vec![
                json!([{"id":"a","function":{"name":"f","arguments":"1"}},{"id":"b","function":{"name":"g","arguments":"2"}}]),
            ],
            json!([call("a", "f", "1"), call("b", "g", "2")]),
        ),
        (
            "no name, no arguments, no id",
            vec![json!([{"index":0,"function":null}])],
            json!([call("", "", "")]),
        ),
    ];
    for (rule, deltas, expected) in table {
        let deltas: Vec<Value> = deltas
            .iter()
            .map(|calls| json!({"tool_calls":calls}))
            .collect();
        assert_eq!(&message(&deltas)["tool_calls"], expected, "{rule}");
    }
}

#[test]
fn halves_of_a_surrogate_pair_in_two_deltas_meet() {
    let delta = |raw: &str| format!(r#"{{"choices":[{{"delta":{{"content":"{raw}"}}}}]}}"#);
    let payloads = [delta(r"\ud83d"), delta(r"\ude00 \u00e9"), delta("é")];
    let text = fold(&payloads).to_json();
    let whole: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(whole["choices"][0]["message"]["content"], "😀 éé");
}

#[test]
fn usage_is_the_last_one_and_read_leniently() {
    let usage = |usage: Value| fold(&[json!({"usage":usage}).to_string()]).usage();
    let reported = |prompt, completion, total| {
        Some(ReportedUsage {
            prompt,
            completion,
            total,
        })
    };
    assert_eq!(
        usage(json!({"prompt_tokens":3,"completion_tokens":4,"total_tokens":9})),
        reported(Some(3.0), Some(4.0), Some(9.0))
    );
    assert_eq!(
        usage(json!({"prompt_tokens":3.0,"completion_tokens":"4"})),
        reported(Some(3.0), Some(4.0), None)
    );
    assert_eq!(
        usage(json!({"prompt_tokens":3,"completion_tokens":null})),
        reported(Some(3.0), None, None)
    );
    assert_eq!(
        usage(json!({"prompt_tokens":-3,"completion_tokens":2})),
        reported(Some(-3.0), Some(2.0), None)
    );
    for none in [json!("many"), json!({}), json!(true), json!("-1")] {
        let told = usage(json!({"prompt_tokens":none,"completion_tokens":2})).unwrap();
        assert!(told.prompt.unwrap().is_nan(), "{none}");
    }
    assert_eq!(usage(json!({"tokens_per_sec":1.5})), None);
    let groq =
        json!({"x_groq":{"id":"x","usage":{"prompt_tokens":1,"completion_tokens":2}}}).to_string();
    assert_eq!(
        fold(&[groq, json!({"usage":null}).to_string()]).usage(),
        reported(Some(1.0), Some(2.0), None)
    );
}

#[test]
fn usage_without_counts_replaces_none_with_counts() {
    let of = |usages: &[Value]| {
        let chunks: Vec<String> = usages
            .iter()
            .map(|usage| json!({"choices":[],"usage":usage}).to_string())
            .collect();
        fold(&chunks)
            .usage()
            .map(|usage| (usage.prompt, usage.completion, usage.total))
    };
    let counted = json!({"prompt_tokens":10,"completion_tokens":20,"total_tokens":30});
    let without = [
        json!({}),
        json!({"prompt_tokens":null,"completion_tokens":null}),
        json!({"queue_time":0.1}),
    ];
    for later in without {
        assert_eq!(
            of(&[counted.clone(), later]),
            Some((Some(10.0), Some(20.0), Some(30.0)))
        );
    }
    assert_eq!(
        of(&[json!({"prompt_tokens":10,"total_tokens":30})]),
        Some((Some(10.0), None, Some(30.0)))
    );
    assert_eq!(
        of(&[json!({"completion_tokens":5})]),
        Some((None, Some(5.0), None))
    );
    assert_eq!(of(&[json!({})]), None);
}

#[test]
fn an_empty_finish_reason_is_no_end() {
    let chunk = |reason: &str| {
        json!({"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":reason}]}).to_string()
    };
    assert!(!fold(&[chunk("")]).has_finish());
    let ended = fold(&[chunk("stop"), chunk("")]);
    assert_eq!(ended.finish_reason().as_deref(), Some("stop"));
}

#[test]
fn what_was_delivered() {
    let mut completion = fold(&[
        json!({"choices":[{"delta":{"role":"assistant","content":"","reasoning":""}}]}).to_string(),
    ]);
    assert!(!completion.delivered_any());
    let payload = json!({"choices":[{"delta":{"content":"a\n","reasoning":"why","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},"finish_reason":"length"}],"model":"m"}).to_string();
    let mut fields = Vec::new();
    read(payload.as_bytes(), &mut fields).unwrap();
    completion.apply(payload.as_bytes(), &fields);
    assert!(completion.delivered_any() && completion.has_finish());
    assert_eq!(delivered(&completion), "whya\nf{}");
    assert_eq!(completion.finish_reason().as_deref(), Some("length"));
}

#[test]
fn indexes_without_end_stay_bounded() {
    let payloads: Vec<String> = (0..6000).map(|index| json!({"choices":[{"index":index,"delta":{"tool_calls":[{"index":index * 7,"function":{"name":"f"}}]}}]}).to_string()).collect();
    let whole: Value = serde_json::from_slice(&fold(&payloads).to_json()).unwrap();
    assert_eq!(whole["choices"].as_array().unwrap().len(), 4096);
    let odd = fold(&[r#"{"choices":[{"index":-1,"delta":{"content":"a"}},{"index":1e99,"delta":{"content":"b"}},{"index":99999999999999999999,"delta":{}}]}"#.to_string()]);
    assert_eq!(delivered(&odd), "ab");
}

proptest! {
    #[test]
    fn texts_add_up(pieces in prop::collection::vec((any::<String>(), any::<bool>()), 1..12)) {
        let deltas: Vec<Value> = pieces.iter().map(|(text, think)| if *think { json!({"reasoning":text}) } else { json!({"content":text}) }).collect();
        let sum = |think| pieces.iter().filter(|piece| piece.1 == think).map(|piece| piece.0.as_str()).collect::<String>();
        let whole = message(&deltas);
        prop_assert_eq!(whole["content"].as_str().unwrap_or_default(), sum(false));
        prop_assert_eq!(whole["reasoning"].as_str().unwrap_or_default(), sum(true));
    }
}

#[test]
fn a_call_goes_on_after_another_choice_has_spoken() {
    let tool = |call: Value| json!({"index":0,"delta":{"tool_calls":[call]}});
    let chunks = [
        tool(json!({"index":0,"id":"a","function":{"name":"f","arguments":"1"}})),
        tool(json!({"index":1,"id":"b","function":{"name":"g","arguments":"2"}})),
        json!({"index":1,"delta":{"content":"other"}}),
        // Without index and id, an entry belongs to the last call of this choice.
        tool(json!({"function":{"arguments":"3"}})),
    ];
    let chunks = chunks.map(|choice| json!({"choices":[choice]}));
    let calls = folded(&chunks)["choices"][0]["message"]["tool_calls"].take();
    let arguments = [0, 1].map(|call| calls[call]["function"]["arguments"].clone());
    assert_eq!(arguments, ["1", "23"]);
}

#[test]
fn a_call_without_an_index_is_found_again_by_its_id() {
    let call = |id: &str, text: &str| json!({"tool_calls":[{"id":id,"function":{"name":"f","arguments":text}}]});
    let calls = message(&[call("a", "1"), call("b", "2"), call("a", "3")])["tool_calls"].take();
    let said: Vec<_> = calls
        .as_array()
        .unwrap()
        .iter()
        .map(|call| (&call["id"], &call["function"]["arguments"]))
        .collect();
    assert_eq!(
        said,
        [(&json!("a"), &json!("13")), (&json!("b"), &json!("2"))]
    );
}

#[test]
fn what_the_end_of_a_stream_is_decided_by() {
    let choices = |choices: &[Value]| json!({"choices":choices}).to_string();
    let going = |index: u32| json!({"index":index,"delta":{"content":"x"},"finish_reason":null,"error":null});
    let ended = |index: u32, reason: &str| json!({"index":index,"delta":{},"finish_reason":reason,"error":""});
    let at = |payloads: &[String]| {
        let completion = fold(payloads);
        let failed = completion.failed_choice().map(<[u8]>::to_vec);
        (completion.choices_seen(), completion.all_finished(), failed)
    };
    assert_eq!(at(&[]), (0, false, None));
    assert_eq!(at(&[choices(&[])]), (0, false, None));
    assert_eq!(at(&[choices(&[going(0)])]), (1, false, None));
    let one = [choices(&[going(0), going(1)]), choices(&[ended(1, "stop")])];
    assert_eq!(at(&one), (2, false, None));
    let both = [&one[..], &[choices(&[ended(0, "length")])]].concat();
    assert_eq!(at(&both), (2, true, None));
    let failed = [&one[..], &[choices(&[ended(0, "error")])]].concat();
    assert_eq!(at(&failed), (2, true, Some(Vec::new())));
    let error = json!({"index":1,"delta":{},"error":{"code":502},"finish_reason":"error"});
    let said = [&one[..], &[choices(&[error])]].concat();
    assert_eq!(at(&said).2, Some(br#"{"code":502}"#.to_vec()));
}
