//! Extra headers: checked before fetch, whose own error would quote the value.

use super::field::{Fields, wrong_type};
use crate::error::{Error, find};
use crate::json::Value;

/// Headers in order; a name stands once, whatever its case.
pub type Headers = Vec<(String, String)>;

/// What the request or the platform sets.
const OWN: [&str; 5] = [
    "content-type",
    "content-length",
    "host",
    "connection",
    "transfer-encoding",
];

/// Reads what options give as `headers` over those there already.
pub fn read(given: &Fields<'_>, headers: &mut Headers) -> Result<(), Error> {
    for (name, value) in given.entries() {
        let path = given.path(name);
        let Value::String(value) = value else {
            return Err(wrong_type(&path, "a string", value));
        };
        if let Some(problem) = name_problem(name) {
            return Err(Error::config(path, problem));
        }
        check_value(value, &path)?;
        let known = |(other, _): &(String, String)| other.eq_ignore_ascii_case(name);
        if let Some(at) = headers.iter().position(known) {
            headers.remove(at);
        }
        headers.push((name.to_string(), value.clone()));
    }
    Ok(())
}

/// Checks what may stand in a header: fetch takes Latin-1 without NUL and line breaks.
pub fn check_value(value: &str, path: &str) -> Result<(), Error> {
    let sendable = |c: char| u32::from(c) < 0x100 && (!c.is_control() || c == '\t');
    if value.chars().all(sendable) {
        return Ok(());
    }
    Err(Error::config(
        path,
        "must not hold line breaks, control characters or characters outside Latin-1",
    ))
}

/// Values that are secrets by the names of their headers, and what stands in them behind a scheme such as `Basic`.
pub fn secrets(headers: &Headers) -> impl Iterator<Item = &str> {
    const NAMED: [&str; 6] = ["key", "token", "secret", "auth", "cookie", "password"];
    let mut found = Vec::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        if NAMED.iter().any(|part| find(&name, part).is_some()) {
            found.push(value.as_str());
            found.extend(value.split_once(' ').map(|(_, rest)| rest));
        }
    }
    found.into_iter()
}

/// Why a header may not be given, if so.
fn name_problem(name: &str) -> Option<&'static str> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(token) {
        return Some("is not a header name");
    }
    let is = |other: &&str| name.eq_ignore_ascii_case(other);
    if is(&"authorization") {
        // A key in a header would be neither rotated nor cut out of errors.
        return Some("is made from apiKey; give the key there");
    }
    OWN.iter().any(is).then_some("is set by the request itself")
}
