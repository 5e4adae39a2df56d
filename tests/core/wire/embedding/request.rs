//! The URL of a request, its bodies, and how its inputs are split.

use super::{DEFAULTS, ROUTER};
use hfetch::error::{Class, Error};
use hfetch::wire::embedding::request::{Bounds, Endpoint, Input, PAYLOAD_LIMIT, read};
use hfetch::wire::embedding::{EmbeddingRequest, Format};
use proptest::prelude::*;
use serde_json::{Value, json};

const OTHER: Endpoint<'_> = Endpoint {
    base_url: "http://localhost:8080/v1",
    is_router: false,
    address: None,
};
const ALL: Bounds = Bounds {
    inputs: 1_000_000,
    bytes: 1_000_000_000,
};

fn on(endpoint: Endpoint<'_>, body: &str) -> Result<EmbeddingRequest, Error> {
    read(body, DEFAULTS, endpoint)
}

fn only_body(request: &EmbeddingRequest) -> String {
    let batches = request.batches(ALL);
    assert_eq!(batches.len(), 1);
    request.body(batches[0].clone())
}

#[track_caller]
fn assert_goes(endpoint: Endpoint<'_>, body: &str, url: &str, sent: &str) {
    let request = on(endpoint, body).unwrap_or_else(|error| panic!("{body}: {error}"));
    assert_eq!(request.url, url, "{body}");
    assert_eq!(only_body(&request), sent, "{body}");
}

#[track_caller]
fn assert_refused(endpoint: Endpoint<'_>, body: &str, path: &str, words: &str) {
    let error = on(endpoint, body).expect_err(body);
    assert_eq!(
        (error.class, error.path.as_deref()),
        (Class::Config, Some(path)),
        "{error}"
    );
    assert!(error.message.contains(words), "{error} says {words:?}");
}

#[test]
fn the_router_has_a_pipeline_and_three_providers() {
    let pipeline =
        "https://router.huggingface.co/hf-inference/models/BAAI/bge-m3/pipeline/feature-extraction";
    assert_goes(
        ROUTER,
        r#"{"model":"BAAI/bge-m3","input":"a"}"#,
        pipeline,
        r#"{"inputs":"a"}"#,
    );
    assert_goes(
        ROUTER,
        r#"{"model":"BAAI/bge-m3:hf-inference","input":["a","b"]}"#,
        pipeline,
        r#"{"inputs":["a","b"]}"#,
    );
    assert_goes(
        ROUTER,
        r#"{"model":"huggingface:BAAI/bge-m3","input":["a"]}"#,
        pipeline,
        r#"{"inputs":["a"]}"#,
    );
    assert_goes(
        ROUTER,
        r#"{"input":"a"}"#,
        "https://router.huggingface.co/hf-inference/models/org/default/pipeline/feature-extraction",
        r#"{"inputs":"a"}"#,
    );
    for (provider, route) in [
        ("deepinfra", "deepinfra/v1/openai/embeddings"),
        ("together", "together/v1/embeddings"),
        ("scaleway", "scaleway/v1/embeddings"),
    ] {
        assert_goes(
            ROUTER,
            &format!(r#"{{"input":["a"],"model":"BAAI/bge-m3:{provider}","user":"u"}}"#),
            &format!("https://router.huggingface.co/{route}"),
            r#"{"model":"BAAI/bge-m3","input":["a"],"user":"u"}"#,
        );
    }
}

#[test]
fn any_other_base_url_is_taken_at_its_word() {
    let url = "http://localhost:8080/v1/embeddings";
    assert_goes(
        OTHER,
        r#"{"input":"a","model":"m"}"#,
        url,
        r#"{"model":"m","input":"a"}"#,
    );
    assert_goes(
        OTHER,
        r#"{"input":"a","model":"org/m:together"}"#,
        url,
        r#"{"model":"org/m:together","input":"a"}"#,
    );
    let inside = Endpoint {
        base_url: "https://router.huggingface.co/together/v1",
        is_router: true,
        address: None,
    };
    assert_goes(
        inside,
        r#"{"input":"a","model":"m"}"#,
        "https://router.huggingface.co/together/v1/embeddings",
        r#"{"model":"m","input":"a"}"#,
    );
}

#[test]
fn other_parameters_are_sent_as_they_are() {
    let body = r#"{"normalize":true,"input":"a\u00e9\n","prompt_name":null,"model":"m","truncate":{"x":[1.50]},"dimensions":128,"encoding_format":"float","user":"u"}"#;
    assert_goes(
        OTHER,
        body,
        "http://localhost:8080/v1/embeddings",
        r#"{"model":"m","input":"a\u00e9\n","normalize":true,"prompt_name":null,"truncate":{"x":[1.50]},"dimensions":128,"encoding_format":"float","user":"u"}"#,
    );
    let request = on(ROUTER, body).unwrap();
    assert_eq!(
        only_body(&request),
        r#"{"inputs":"a\u00e9\n","normalize":true,"prompt_name":null,"truncate":{"x":[1.50]},"dimensions":128}"#
    );
}

#[test]
fn what_the_caller_wants_back() {
    for (given, format) in [
        ("", Format::Floats),
        (r#","encoding_format":"float""#, Format::Numbers),
        (r#","encoding_format":"base64""#, Format::Base64),
    ] {
        assert_eq!(
            on(OTHER, &format!(r#"{{"input":"a"{given}}}"#))
                .unwrap()
                .format,
            format
        );
    }
    assert_refused(
        OTHER,
        r#"{"input":"a","encoding_format":"int8"}"#,
        "encoding_format",
        "\"float\" or \"base64\"",
    );
    assert_refused(
        OTHER,
        r#"{"input":"a","encoding_format":null}"#,
        "encoding_format",
        "\"float\" or \"base64\"",
    );
}

#[test]
fn bad_bodies_are_refused() {
    for (body, path, words) in [
        ("[]", "body", "object"),
        ("{", "body", ""),
        ("{}", "input", "missing"),
        (r#"{"inputs":"a"}"#, "inputs", "did you mean input?"),
        (r#"{"input":null}"#, "input", "must be a string"),
        (r#"{"input":5}"#, "input", "must be a string"),
        (r#"{"input":{}}"#, "input", "must be a string"),
        (r#"{"input":[]}"#, "input", "empty"),
        (r#"{"input":[null]}"#, "input", "must be a string"),
        (r#"{"input":["a",null]}"#, "input[1]", "another type"),
        (r#"{"input":["a",1]}"#, "input[1]", "another type"),
        (r#"{"input":[[]]}"#, "input[0]", "empty"),
        (r#"{"input":[1,-2]}"#, "input[1]", "token id"),
        (r#"{"input":[1,2.5]}"#, "input[1]", "token id"),
        (r#"{"input":[[1],[2,"a"]]}"#, "input[1][1]", "token id"),
        (r#"{"input":"a","model":5}"#, "model", "must be a string"),
        (r#"{"input":"a","model":""}"#, "model", "model id"),
    ] {
        assert_refused(OTHER, body, path, words);
    }
}

#[test]
fn token_ids_go_where_they_are_understood() {
    let url = "http://localhost:8080/v1/embeddings";
    assert_goes(
        OTHER,
        r#"{"model":"m","input":[1,2]}"#,
        url,
        r#"{"model":"m","input":[1,2]}"#,
    );
    assert_goes(
        OTHER,
        r#"{"model":"m","input":[[1,2],[3]]}"#,
        url,
        r#"{"model":"m","input":[[1,2],[3]]}"#,
    );
    assert_eq!(on(OTHER, r#"{"input":[1,2]}"#).unwrap().input_count(), 1);
    assert_eq!(
        on(OTHER, r#"{"input":[[1,2],[3]]}"#).unwrap().input_count(),
        2
    );
    assert!(on(ROUTER, r#"{"model":"a/b:together","input":[1,2]}"#).is_ok());
    assert_refused(
        ROUTER,
        r#"{"model":"a/b","input":[1,2]}"#,
        "input",
        "no token ids",
    );
    assert_refused(
        ROUTER,
        r#"{"model":"a/b","input":[[1,2]]}"#,
        "input",
        "no token ids",
    );
}

#[test]
fn a_model_that_the_router_cannot_place_is_refused() {
    for suffix in ["groq", "fastest", "cheapest", "", "Together", "together:x"] {
        assert_refused(
            ROUTER,
            &format!(r#"{{"input":"a","model":"a/b:{suffix}"}}"#),
            "model",
            "deepinfra, together and scaleway",
        );
    }
    for name in [
        "../b",
        "a/..",
        "a/b/c",
        "a//b",
        "a/",
        "/a",
        "a?b",
        "a#b",
        "a%2fb",
        "a/b\\u00e9",
        ".",
    ] {
        assert_refused(
            ROUTER,
            &format!(r#"{{"input":"a","model":"{name}"}}"#),
            "model",
            "model id",
        );
    }
    // The name of such a model isn't part of a URL.
    assert!(on(OTHER, r#"{"input":"a","model":"../b"}"#).is_ok());
    assert!(on(ROUTER, r#"{"input":"a","model":"bert-base_v1.5"}"#).is_ok());
}

#[test]
fn batches_are_bounded_by_count_and_bytes() {
    let inputs: Vec<String> = (0..70).map(|n| format!("text {n}")).collect();
    let request = on(OTHER, &json!({"model": "m", "input": inputs}).to_string()).unwrap();
    let by_count = Bounds {
        inputs: 32,
        bytes: PAYLOAD_LIMIT,
    };
    assert_eq!(request.batches(by_count), [0..32, 32..64, 64..70]);
    assert_eq!(
        request.body(64..66),
        r#"{"model":"m","input":["text 64","text 65"]}"#
    );

    let long: Vec<String> = [10, 10, 500, 10, 10]
        .iter()
        .map(|length| "x".repeat(*length))
        .collect();
    let request = on(OTHER, &json!({"model": "m", "input": long}).to_string()).unwrap();
    let by_bytes = Bounds {
        inputs: 32,
        bytes: 100,
    };
    // The long input exceeds the bound by itself; the server may accept it all the same.
    assert_eq!(request.batches(by_bytes), [0..2, 2..3, 3..5]);
    assert!(request.body(0..2).len() <= 100);
}

#[test]
fn inputs_are_told_for_an_estimate() {
    let mut heard = Vec::new();
    let request = on(OTHER, r#"{"input":["a\n","\ud83d\ude00"]}"#).unwrap();
    request.each(0..2, &mut |input| heard.push(format!("{input:?}")));
    assert_eq!(heard, [r#"Text("a\n")"#, r#"Text("😀")"#]);
    let mut ids = 0;
    let mut count = |input: Input<'_>| match input {
        Input::TokenIds(more) => ids += more,
        Input::Text(text) => panic!("{text} is no token id"),
    };
    on(OTHER, r#"{"input":[[1,2,3],[4]]}"#)
        .unwrap()
        .each(0..2, &mut count);
    on(OTHER, r#"{"input":[5,6]}"#)
        .unwrap()
        .each(0..1, &mut count);
    assert_eq!(ids, 6);
}

proptest! {
    #[test]
    fn every_input_is_sent_once_in_order(texts in prop::collection::vec("\\PC{0,30}", 1..60), inputs in 1..20usize, bytes in 40..400usize) {
        let body = json!({"model": "m", "input": texts, "x": 1}).to_string();
        let request = on(OTHER, &body).unwrap();
        let batches = request.batches(Bounds { inputs, bytes });
        let mut sent: Vec<Value> = Vec::new();
        for batch in batches {
            prop_assert!(!batch.is_empty() && batch.len() <= inputs);
            let body = request.body(batch.clone());
            prop_assert!(body.len() <= bytes || batch.len() == 1);
            let tree: Value = serde_json::from_str(&body).unwrap();
            sent.extend(tree["input"].as_array().unwrap().iter().cloned());
            prop_assert_eq!(&tree["x"], &json!(1));
        }
        prop_assert_eq!(sent, texts.into_iter().map(Value::String).collect::<Vec<_>>());
    }
}

#[test]
fn a_misspelt_parameter_is_doubted_and_sent() {
    for (written, meant) in [
        ("dimensons", "dimensions"),
        ("encodingFormat", "encoding_format"),
    ] {
        let request = on(OTHER, &format!(r#"{{"input":"a","{written}":1}}"#)).unwrap();
        assert_eq!(request.doubts.len(), 1, "{written}");
        assert!(request.doubts[0].ends_with(&format!("did you mean {meant}?")));
        assert!(only_body(&request).contains(written));
    }
    for name in [
        "truncate",
        "normalize",
        "prompt_name",
        "user",
        "dimension",
        "input_type",
    ] {
        let request = on(OTHER, &format!(r#"{{"input":"a","{name}":1}}"#)).unwrap();
        assert!(request.doubts.is_empty(), "{:?}", request.doubts);
    }
}

#[test]
fn a_body_written_for_the_wire_goes_out_as_it_came() {
    let text = r#"{ "input": ["a", "b"],  "model":"m", "user" : null }"#;
    let read_at = |endpoint: Endpoint<'_>, text: &str| {
        let request = on(endpoint, text).unwrap();
        (request.url.clone(), request.body(0..request.input_count()))
    };
    let there = Endpoint {
        address: Some("http://localhost:8080/v1/embeddings?v=1"),
        ..OTHER
    };
    let (url, body) = read_at(there, text);
    assert_eq!(
        (url.as_str(), body.as_str()),
        ("http://localhost:8080/v1/embeddings?v=1", text)
    );
    // The router doesn't have this path, and the provider's own path needs another body.
    let routed = Endpoint {
        address: Some("https://router.huggingface.co/v1/embeddings"),
        ..ROUTER
    };
    let (url, body) = read_at(routed, text);
    assert!(
        url.ends_with("/hf-inference/models/m/pipeline/feature-extraction"),
        "{url}"
    );
    assert_eq!(body, r#"{"inputs":["a","b"]}"#);
}
