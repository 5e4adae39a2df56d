//! Text completions: what is sent for a prompt, where it is sent, and what its chunks accumulate to.

use hfetch::wire::model;
use hfetch::wire::request::{Caps, ChatRequest, Defaults, Prompt, completion, route};
use hfetch::wire::stream::{ChatDecoder, Mode};
use hfetch::wire::whole::{folded, has_message, has_text};
use proptest::prelude::*;
use serde_json::{Value, json};

const DEFAULTS: Defaults<'_> = Defaults {
    id: "huggingface",
    model: Some("org/name"),
    needs_usage: false,
    max_tokens: None,
    renames: false,
    caps: Caps::NONE,
};

fn read(body: &Value, defaults: Defaults<'_>) -> Result<ChatRequest, String> {
    let (mut texts, text) = (Vec::new(), body.to_string());
    let mut hear = |piece: Prompt<'_>| {
        if let Prompt::Text(words) = piece {
            texts.push(words.to_string());
        }
    };
    completion(&text, false, defaults, &mut hear)
        .map_err(|error| error.path.clone().unwrap_or_default())
}

#[test]
fn each_prompt_has_its_own_answers_and_token_ids_are_counted() {
    let table = [
        (json!({"prompt": "a"}), 1.0, 0),
        (json!({"prompt": ["a", "b"]}), 2.0, 0),
        (json!({"prompt": ["a", "b"], "n": 3}), 6.0, 0),
        (json!({"prompt": ["a", "b"], "n": 2, "best_of": 4}), 8.0, 0),
        (json!({"prompt": [1, 2, 3]}), 1.0, 3),
        (json!({"prompt": [[1, 2], [3]]}), 2.0, 3),
        (json!({"prompt": ""}), 1.0, 0),
    ];
    for (body, choices, ids) in table {
        let request = read(&body, DEFAULTS).unwrap();
        assert_eq!(
            (request.choices, request.token_ids),
            (choices, ids),
            "{body}"
        );
    }
    let capped = |count| Defaults {
        caps: Caps {
            count: Some(count),
            ..Caps::NONE
        },
        ..DEFAULTS
    };
    let body = json!({"prompt": ["a", "b"], "n": 2});
    assert_eq!(read(&body, capped(3.0)), Err("prompt".to_string()));
    assert!(read(&body, capped(4.0)).is_ok());
}

#[test]
fn a_body_is_written_for_every_server() {
    let body = json!({"prompt": "a", "stop": "b", "stream": true, "max_new_tokens": 7});
    let request = read(&body, DEFAULTS).unwrap();
    let sent: Value = serde_json::from_str(&request.body).unwrap();
    let expected = json!({
        "model": "org/name", "prompt": "a", "stop": ["b"], "stream": true, "max_new_tokens": 7,
        "stream_options": {"include_usage": true},
    });
    assert_eq!(sent, expected);
    assert_eq!(request.max_tokens, Some(7.0));
    let spending = Defaults {
        max_tokens: Some("100"),
        renames: true,
        ..DEFAULTS
    };
    let sent: Value =
        serde_json::from_str(&read(&json!({"prompt": "a"}), spending).unwrap().body).unwrap();
    assert_eq!(sent["max_tokens"], 100);
}

#[test]
fn at_the_router_a_provider_answers() {
    let origin = Some("https://router.huggingface.co");
    let base = "https://router.huggingface.co/v1";
    assert_eq!(
        route::way(base, origin, "org/name:deepinfra").unwrap(),
        (
            "https://router.huggingface.co/deepinfra/v1/openai/completions".to_string(),
            "org/name"
        )
    );
    for model in [
        "org/name",
        "org/name:fastest",
        "org/name:groq",
        "name:together",
        "org/name:",
    ] {
        let error = route::way(base, origin, model).unwrap_err();
        assert_eq!(error.path.as_deref(), Some("model"), "{model}");
        assert!(error.hint.contains("baseURL"), "{}", error.hint);
    }
    assert_eq!(
        route::way("http://a/v1", None, "m").unwrap(),
        ("http://a/v1/completions".to_string(), "m")
    );
    assert!(model::only_completes("microsoft/phi-2:together"));
    assert!(!model::only_completes("microsoft/Phi-3-mini-4k-instruct"));
}

fn chunk(index: u64, text: &str, reason: Value) -> Value {
    json!({"id": "c", "object": "text_completion", "created": 1, "model": "m",
        "choices": [{"index": index, "text": text, "logprobs": null, "finish_reason": reason}]})
}

fn stream(chunks: &[Value]) -> Vec<u8> {
    let frames = chunks.iter().map(|chunk| format!("data: {chunk}\n\n"));
    frames.collect::<String>().into_bytes()
}

fn fold(bytes: &[u8], cuts: &[usize], is_text: bool) -> (Value, String, bool) {
    let decoder = ChatDecoder::new(1 << 20);
    let mut decoder = if is_text { decoder.of_text() } else { decoder };
    let (mut from, mut text) = (0, Vec::new());
    for cut in cuts.iter().copied().chain([bytes.len()]) {
        let cut = cut.clamp(from, bytes.len());
        decoder.push(&bytes[from..cut], Mode::Text);
        text.extend_from_slice(decoder.batch().text());
        from = cut;
    }
    decoder.end(Mode::Text);
    text.extend_from_slice(decoder.batch().text());
    let completion = serde_json::from_slice(&decoder.completion().to_json()).unwrap();
    (
        completion,
        String::from_utf8(text).unwrap(),
        decoder.fault().is_none(),
    )
}

#[test]
fn what_tgi_calls_its_own_end_is_stop_in_a_text_completion_alone() {
    for (said, folded) in [
        ("eos_token", "stop"),
        ("stop_sequence", "stop"),
        ("length", "length"),
        ("stop", "stop"),
    ] {
        let bytes = stream(&[
            chunk(0, "a", json!("")),
            chunk(0, "b", json!("")),
            chunk(0, "", json!(said)),
        ]);
        let (text, _, whole) = fold(&bytes, &[], true);
        assert_eq!(
            (&text["choices"][0]["finish_reason"], whole),
            (&json!(folded), true)
        );
        let (chat, _, _) = fold(&bytes, &[], false);
        assert_eq!(chat["choices"][0]["finish_reason"], said);
        assert_eq!(chat["choices"][0]["message"]["content"], "ab");
    }
}

#[test]
fn a_text_that_is_null_says_nothing_and_another_type_is_no_answer() {
    let with = |text: Value, reason: Value| json!({"choices": [{"index": 0, "text": text, "finish_reason": reason}]});
    for texts in [["", "ab"], ["a", "b"], ["ab", ""]] {
        let [one, other] = texts.map(|text| with(json!(text), json!(null)));
        let (null, end) = (
            with(json!(null), json!(null)),
            with(json!(null), json!("stop")),
        );
        let bytes = stream(&[null.clone(), one, null, other, end]);
        let (completion, text, whole) = fold(&bytes, &[], true);
        assert_eq!((text.as_str(), whole), ("ab", true));
        assert_eq!(completion["choices"][0]["text"], "ab");
    }
    for odd in [json!(7), json!(true), json!(["a"]), json!({"a": "b"})] {
        let bytes = stream(&[with(json!("a"), json!(null)), with(odd, json!("stop"))]);
        let (completion, _, whole) = fold(&bytes, &[], true);
        assert_eq!(
            (&completion["choices"][0]["text"], whole),
            (&json!("a"), false)
        );
    }
}

#[test]
fn a_text_beside_a_message_or_a_delta_is_no_second_answer() {
    let delta = json!({"choices": [{"index": 0, "text": "a", "delta": {"content": "a"}, "finish_reason": "stop"}]});
    assert_eq!(fold(&stream(&[delta]), &[], false).1, "a");
    let message = json!({"choices": [{"index": 0, "text": "a", "message": {"content": "b"}, "finish_reason": "stop"}]});
    let whole: Value =
        serde_json::from_str(&folded(message.to_string().as_bytes(), false)).unwrap();
    assert_eq!(whole["choices"][0]["message"]["content"], "b");
    assert_eq!(whole["choices"][0]["text"], "a");
}

#[test]
fn a_whole_text_is_an_answer_to_a_prompt_alone() {
    let body = br#"{"choices":[{"text":"a"}]}"#;
    assert!(has_text(body) && !has_message(body));
    assert!(!has_text(br#"{"choices":[{"text":1}]}"#));
    assert!(!has_text(br#"{"choices":[{"index":0}]}"#));
}

proptest! {
    /// However texts of several prompts alternate, and however the network splits them, each is put together at its index.
    #[test]
    fn any_texts_come_back_whole(
        pieces in prop::collection::vec((0u64..3, "\\PC{0,6}"), 1..40),
        cuts in prop::collection::vec(0usize..6000, 0..12),
    ) {
        let mut texts: std::collections::BTreeMap<u64, String> = Default::default();
        let mut chunks = Vec::new();
        for (index, text) in &pieces {
            texts.entry(*index).or_default().push_str(text);
            chunks.push(chunk(*index, text, Value::Null));
        }
        for index in texts.keys() {
            chunks.push(chunk(*index, "", json!("stop")));
        }
        let mut cuts = cuts;
        cuts.sort_unstable();
        let (completion, text, whole) = fold(&stream(&chunks), &cuts, true);
        prop_assert!(whole);
        prop_assert_eq!(text, texts.get(&0).cloned().unwrap_or_default());
        let expected: Vec<Value> = texts.iter().map(|(index, text)| {
            json!({"index": index, "text": text, "logprobs": null, "finish_reason": "stop"})
        }).collect();
        prop_assert_eq!(&completion["choices"], &Value::Array(expected));
        prop_assert_eq!(&completion["object"], "text_completion");
    }
}
