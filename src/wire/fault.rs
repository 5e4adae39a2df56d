//! A success status with a body that is no answer: the words in which it says so, and the error of it.

use super::failure::{LONGEST_BODY, describe, inner, message_of, small};
use crate::error::{Class, Error};
use crate::json::{self, Value};

/// Why an answer ended badly.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What happened.
    pub error: Error,
    /// The frame or body it was told by, where there was one.
    pub body: Option<Vec<u8>>,
}

/// Keys at the top of a frame or a whole answer whose value may say that it failed; in a choice, the first may.
pub const WORDS: [&[u8]; 4] = [b"error", b"errors", b"error_code", b"base_resp"];

/// Whether the value of one of [`WORDS`] says so.
pub fn says_so(word: &[u8], value: &[u8]) -> bool {
    match word {
        // Some servers write `error: null`, false or "" into every frame.
        b"error" => !matches!(value, b"null" | b"false" | b"\"\""),
        _ => {
            let Some(value) = small(value) else {
                return word != b"base_resp";
            };
            let value = json::parse(value).unwrap_or(Value::Null);
            match word {
                b"errors" => holds_any(&value),
                b"error_code" => is_code(Some(&value)),
                _ => is_code(value.get("status_code")),
            }
        }
    }
}

fn holds_any(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        _ => false,
    }
}

/// Whether a code is one of a failure: any but 0.
fn is_code(code: Option<&Value>) -> bool {
    match code {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Number(code)) => *code != 0.0,
        Some(Value::String(code)) => !code.bytes().all(|digit| matches!(digit, b'0' | b' ')),
        Some(_) => true,
    }
}

impl Fault {
    /// What a frame or body says about itself, in its own words where it has some.
    pub fn told(class: Class, body: &[u8], otherwise: &str) -> Self {
        let value = small(body).and_then(|body| json::parse(body).ok());
        let said = value.as_ref().and_then(message_of);
        let mut error = Error::new(class, said.unwrap_or_else(|| otherwise.to_string()));
        if let Some(value) = &value {
            describe(&mut error, value);
            error.status = status_in(inner(value).unwrap_or(value));
        }
        let more = body.len().min(LONGEST_BODY + 1);
        let body = body.get(..more).map(<[u8]>::to_vec);
        Fault { error, body }
    }

    /// A body in place of a stream; `otherwise` is what it says where it is no JSON with words.
    pub fn not_asked_for(body: &[u8], otherwise: &str) -> Self {
        let mut fault = Fault::told(Class::Api, body, otherwise);
        let message = ["the body is not what was asked for: ", &fault.error.message].concat();
        fault.error.message = message;
        fault.error.status = None;
        fault
    }

    /// What nothing but itself tells of.
    pub fn new(class: Class, message: &str) -> Self {
        let error = Error::new(class, message);
        Fault { error, body: None }
    }
}

/// An error's own status, among the names that servers give it.
fn status_in(error: &Value) -> Option<u16> {
    let status = ["http_status_code", "status_code", "status", "code"]
        .iter()
        .find_map(|name| error.get(name)?.as_f64())
        .filter(|status| (400.0..600.0).contains(status));
    status.map(|status| status as u16)
}
