//! Bodies that users give are refused, or sent as JSON with the same meaning.

use hfetch::wire::embedding::request::{self as embedding, Bounds, Endpoint};
use hfetch::wire::request::{Caps, Defaults, chat, without};

use super::shallow;
use crate::reader::parse;

const DEFAULTS: Defaults<'_> = Defaults {
    id: "huggingface",
    model: Some("default/model"),
    needs_usage: true,
    max_tokens: None,
    renames: true,
    caps: Caps::NONE,
};

pub fn hold(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if !shallow(data) {
        return;
    }
    if let Ok(request) = chat(text, DEFAULTS, &mut |_| {}) {
        // Each of these panics if the text isn't JSON.
        let (given, written) = (parse(data), parse(request.body.as_bytes()));
        let (given, written) = (given.as_object().unwrap(), written.as_object().unwrap());
        assert_eq!(written.keys().next().map(String::as_str), Some("model"));
        for (key, value) in given {
            if !["model", "stop", "stream_options"].contains(&key.as_str()) {
                assert_eq!(written.get(key), Some(value), "{key}");
            }
        }
        if request.stream {
            assert_eq!(written["stream_options"]["include_usage"], true);
        }
        let mut kept = written.clone();
        let had = kept.shift_remove("stream_options").is_some();
        assert_eq!(request.stream_options.is_some(), had);
        if let Some(member) = request.stream_options {
            let rest = without(&request.body, &member);
            assert_eq!(parse(rest.as_bytes()).as_object(), Some(&kept));
        }
    }
    // As with a budget, which also refuses an answer without an end.
    let bounded = Defaults {
        max_tokens: Some("100"),
        caps: Caps {
            is_spending: true,
            ..Caps::NONE
        },
        ..DEFAULTS
    };
    if let Ok(request) = chat(text, bounded, &mut |_| {}) {
        let written = parse(request.body.as_bytes());
        // Every request has a bound, and the reservation covers the largest that is sent.
        let sent = |name: &str| written.get(name).and_then(|value| value.as_f64());
        let [tokens, completion] = ["max_tokens", "max_completion_tokens"].map(sent);
        assert!(tokens.is_some());
        let largest = tokens.unwrap_or(0.0).max(completion.unwrap_or(0.0));
        assert!(request.max_tokens.unwrap_or(0.0) >= largest * (1.0 - 1e-9));
    }
    for is_router in [true, false] {
        let endpoint = Endpoint {
            base_url: "http://127.0.0.1/v1",
            is_router,
            address: None,
        };
        if let Ok(request) = embedding::read(text, DEFAULTS, endpoint) {
            batches(&request);
        }
    }
}

fn batches(request: &embedding::EmbeddingRequest) {
    let url = request
        .url
        .strip_prefix("http://127.0.0.1/")
        .expect("the same origin");
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url:?}");
    assert!(
        !url.contains("/../") && !url.contains(['?', '#', '\\']),
        "{url:?}"
    );
    let bounds = Bounds {
        inputs: 2,
        bytes: 64,
    };
    let mut next = 0;
    for batch in request.batches(bounds) {
        assert_eq!(batch.start, next);
        next += batch.len();
        parse(request.body(batch).as_bytes());
    }
    assert_eq!(next, request.input_count());
}
