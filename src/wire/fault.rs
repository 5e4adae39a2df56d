//! A success status whose body is no answer: how the body says so, and the error for it.

use super::failure::{LONGEST_BODY, describe, inner, message_of, small};
use crate::error::{Class, Error};
use crate::json::{self, Value};

/// Why an answer ended badly.
///
/// ```
/// use hfetch::error::Class;
/// use hfetch::wire::fault::Fault;
///
/// // The server has begun to stream, so its status was 200. The error's own code is in the event.
/// let event = br#"{"error": {"message": "out of memory", "code": "cuda"}}"#;
/// let fault = Fault::told(Class::Stream, event, "the stream contains an error");
/// assert_eq!(fault.error.message, "out of memory");
/// assert_eq!(fault.error.code.as_deref(), Some("cuda"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The error that the caller gets.
    pub error: Error,
    /// The event or body that reported it, if there was one.
    pub body: Option<Vec<u8>>,
}

/// Members at the top of an event or a whole answer whose value may report a failure; in a choice only the first may.
pub const WORDS: [&[u8]; 4] = [b"error", b"errors", b"error_code", b"base_resp"];

/// Whether the value of one of [`WORDS`] reports a failure.
pub fn says_so(word: &[u8], value: &[u8]) -> bool {
    if word == b"error" {
        // Some servers write `error: null`, false or "" into every event.
        return ![&b"null"[..], b"false", b"\"\""].contains(&value);
    }
    let Some(value) = small(value) else {
        return word != b"base_resp";
    };
    let value = json::parse(value).unwrap_or(Value::Null);
    if word == b"errors" {
        holds_any(&value)
    } else if word == b"error_code" {
        is_code(Some(&value))
    } else {
        is_code(value.get("status_code"))
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

/// Whether a code means a failure: any code except 0.
fn is_code(code: Option<&Value>) -> bool {
    match code {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Number(code)) => *code != 0.0,
        Some(Value::String(code)) => !code.bytes().all(|digit| matches!(digit, b'0' | b' ')),
        Some(_) => true,
    }
}

impl Fault {
    /// The fault that an event or body reports, in its own words if it has any.
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

    /// The fault for a body in place of a stream; `otherwise` is the message if the body isn't JSON with a message.
    pub fn not_asked_for(body: &[u8], otherwise: &str) -> Self {
        let mut fault = Fault::told(Class::Api, body, otherwise);
        let message = ["the body is not what was asked for: ", &fault.error.message].concat();
        fault.error.message = message;
        fault.error.status = None;
        fault
    }

    /// A fault that no event or body reports.
    pub fn new(class: Class, message: &str) -> Self {
        let error = Error::new(class, message);
        Fault { error, body: None }
    }
}

/// The status inside an error, under any name that servers use for it.
fn status_in(error: &Value) -> Option<u16> {
    let status = ["http_status_code", "status_code", "status", "code"]
        .iter()
        .find_map(|name| error.get(name)?.as_f64())
        .filter(|status| (400.0..600.0).contains(status));
    status.map(|status| status as u16)
}
