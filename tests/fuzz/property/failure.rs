//! Bodies of failed responses and catalogues always become an error, whatever they contain, with a message of bounded length and
//! without a key.

use hfetch::error::{Error, redact};
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
        of_hugging_face: head.len() % 2 == 0,
        usable_model: "org/model",
    });
    assert_eq!(refused.status, Some(status));
    assert!(refused.message.chars().count() < 1_200);
    for error in [refused, unexpected(200, body)].into_iter().chain(fault) {
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

/// If the beginning of the key occurs in a body only as a part of the key, however it is read, no message contains it.
fn tells_no_key(error: &Error, body: &[u8]) {
    let text = String::from_utf8_lossy(body);
    let start = &SECRET[..8];
    let only_whole = |text: &str| text.matches(start).count() == text.matches(SECRET).count();
    if !only_whole(&text) || !only_whole(&unescaped(&text)) {
        return;
    }
    let secrets = [SECRET.to_string()];
    for text in [&error.message, &error.hint] {
        let clean = redact(text, &secrets);
        assert!(!clean.contains(start), "{clean}");
    }
}

/// A text as if all of it were in a JSON string, whatever it is a part of.
fn unescaped(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut parts = text.split('\\');
    clean.extend(parts.next());
    while let Some(part) = parts.next() {
        let code = part.strip_prefix('u').and_then(|rest| rest.get(..4));
        match code.and_then(|code| u32::from_str_radix(code, 16).ok()) {
            Some(code) => {
                clean.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                clean.push_str(&part[5..]);
            }
            // A backslash after a backslash is a literal one and escapes nothing.
            None if part.is_empty() => {
                clean.push('\\');
                clean.extend(parts.next());
            }
            None => clean.push_str(part),
        }
    }
    clean
}
