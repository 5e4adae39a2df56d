//! Extra headers. They are checked here, because the error of `fetch` would quote the value.

use crate::field::{Fields, wrong_type};
use crate::json::Value;
use crate::text::{find, split_once};

/// Headers in order. Each name occurs once, regardless of its case.
pub type Headers = Vec<(String, String)>;

/// Headers that the request or the platform sets itself.
const OWN: [&str; 5] = [
    "content-type",
    "content-length",
    "host",
    "connection",
    "transfer-encoding",
];

/// Reads the option `headers`; its values replace those in `headers` with the same name.
pub fn read(given: &Fields<'_>, headers: &mut Headers) {
    for (name, value) in given.entries() {
        let Value::String(value) = value else {
            given.fail(wrong_type(&given.path(name), "a string", value));
            continue;
        };
        if let Some(problem) = name_problem(name).or_else(|| value_problem(value)) {
            given.refuse(name, problem);
        }
        let known = |(other, _): &(String, String)| other.eq_ignore_ascii_case(name);
        if let Some(at) = headers.iter().position(known) {
            headers.remove(at);
        }
        headers.push((name.to_string(), value.clone()));
    }
}

/// Why a header can't have this value, if so: fetch accepts Latin-1 without NUL and line breaks.
pub fn value_problem(value: &str) -> Option<&'static str> {
    let sendable = |c: char| u32::from(c) < 0x100 && (!c.is_control() || c == '\t');
    let all = value.chars().all(sendable);
    (!all).then_some("must not hold line breaks, control characters or characters outside Latin-1")
}

/// The values of headers whose names suggest a secret; also the part after a scheme such as `Basic`.
pub fn secrets(headers: &Headers) -> impl Iterator<Item = &str> {
    const NAMED: [&str; 6] = ["key", "token", "secret", "auth", "cookie", "password"];
    let mut found = Vec::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        if NAMED.iter().any(|part| find(&name, part).is_some()) {
            found.push(value.as_str());
            if let Some((_, rest)) = split_once(value, b' ') {
                found.push(rest);
            }
        }
    }
    found.into_iter()
}

/// Why a header can't be set, if so.
fn name_problem(name: &str) -> Option<&'static str> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(token) {
        return Some("is not a header name");
    }
    let is = |other: &&str| name.eq_ignore_ascii_case(other);
    if is(&"authorization") {
        // The package would neither rotate a key in a header nor remove it from errors.
        return Some("is made from apiKey; give the key there");
    }
    OWN.iter().any(is).then_some("is set by the request itself")
}
