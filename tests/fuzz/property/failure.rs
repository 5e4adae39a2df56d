//! Bodies of failed responses and catalogues: an error whatever they hold, its words bounded, and a key in none of them.

use hfetch::error::{Error, redact, redact_cut};
use hfetch::json::{self, Value};
use hfetch::wire::failure::{Response, from_response, unexpected};
use hfetch::wire::model;
use hfetch::wire::stream::{ChatDecoder, Mode};

const SECRET: &str = "hf_secret_of_the_fuzzer";

/// The first byte picks the status.
pub fn hold(data: &[u8]) {
    let (head, body) = super::head(data);
    let status = [400, 401, 404, 422, 429, 503, 599];
    let status = status[*head.first().unwrap_or(&0) as usize % status.len()];
    let mut decoder = ChatDecoder::new(1 << 20);
    decoder.push(body, Mode::Fold);
    decoder.end(Mode::Fold);
    let fault = decoder.fault().map(|fault| fault.error.clone());
    let refused = from_response(Response {
        status,
        body,
        has_key: true,
        usable_model: "org/model",
    });
    assert_eq!(refused.status, Some(status));
    assert!(refused.message.chars().count() < 1_200);
    for error in [refused, unexpected(body)].into_iter().chain(fault) {
        tells_no_key(&error, body);
    }
    if let Ok(models) = model::parse(body) {
        let prices = models
            .iter()
            .filter_map(|entry| model::price(&models, &entry.id, None));
        for (input, output, _) in prices {
            assert!(input >= 0.0 && output >= 0.0 && input.is_finite() && output.is_finite());
        }
    }
}

/// Where the beginning of the key stands in a body only as a part of the key, it stands in no message.
fn tells_no_key(error: &Error, body: &[u8]) {
    let mut texts = vec![String::from_utf8_lossy(body).into_owned()];
    if let Ok(value) = json::parse(body) {
        strings(&value, &mut texts);
    }
    let start = &SECRET[..8];
    let only_whole = |text: &String| text.matches(start).count() == text.matches(SECRET).count();
    if !texts.iter().all(only_whole) {
        return;
    }
    let secrets = [SECRET.to_string()];
    let clean = redact_cut(redact(&error.message, &secrets), &secrets);
    assert!(!clean.contains(start), "{clean}");
}

fn strings(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, texts)),
        Value::Object(entries) => entries.iter().for_each(|(_, value)| strings(value, texts)),
        _ => {}
    }
}
