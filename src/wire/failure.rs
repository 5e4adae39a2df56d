//! A response that is not an answer: its status, headers and body become one typed error with advice.
//!
//! The message is found in every known form of body: a string, an array of strings or an object under `error`; `message` or `msg`;
//! `detail` as a string or FastAPI's list; Cloudflare's `errors`; MiniMax's `base_resp`; the `title` of problem+json; plain text;
//! HTML; or nothing.

mod hint;

pub use hint::usable_instead;

use crate::error::{self, CUT, Class, Error};
use crate::json::{self, Value};
use crate::text::{digits, find};
use crate::unit::Millis;

/// A response's status and body, and the facts about its request that the message needs.
///
/// ```
/// use hfetch::error::Class;
/// use hfetch::wire::failure::{Response, from_response};
///
/// let error = from_response(Response {
///     status: 503,
///     body: br#"{"error":"Model org/model is currently loading","estimated_time":20.0}"#,
///     has_key: true,
///     of_hugging_face: true,
///     usable_model: "org/other",
/// });
/// // The body says more than the status: the model will be there in 20 s.
/// assert_eq!(error.class, Class::ModelLoading);
/// assert!(error.estimated_time.is_some());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// HTTP status.
    pub status: u16,
    /// The body, as far as it was read.
    pub body: &'a [u8],
    /// Whether the request carried a key.
    pub has_key: bool,
    /// Whether the server is Hugging Face's own.
    pub of_hugging_face: bool,
    /// A model that answers chat requests at the router today, for the hint.
    pub usable_model: &'a str,
}

/// How many bytes of a body are searched for a message and repeated in an error.
pub const LONGEST_BODY: usize = 1 << 20;

/// The longest server message that is repeated as a whole: a stack trace or a page is no message.
const MESSAGE_LIMIT: usize = 600;

/// The typed error for a response with an error status.
pub fn from_response(response: Response<'_>) -> Error {
    let (value, said) = read(response.status, response.body);
    let said = said.unwrap_or_default();
    let class = class_of(response.status, value.as_ref(), &said);
    let mut error = Error::new(class, String::new());
    error.status = Some(response.status);
    if let Some(value) = &value {
        describe(&mut error, value);
    }
    error.is_retryable = error::passes(response.status);
    if class == Class::ModelLoading {
        error.estimated_time = value.as_ref().and_then(estimated_ms);
    }
    error.hint = hint::hint(&error, &said, response);
    error.message = compose(&error, &said);
    error
}

/// A body, unless it is too large to be parsed: its tree would take many times as much memory.
pub fn small(body: &[u8]) -> Option<&[u8]> {
    (body.len() <= LONGEST_BODY).then_some(body)
}

/// The beginning of a body, as much of it as is examined.
pub fn head(body: &[u8]) -> &[u8] {
    body.get(..LONGEST_BODY).unwrap_or(body)
}

/// A body as JSON, if it is JSON, and its message.
fn read(status: u16, body: &[u8]) -> (Option<Value>, Option<String>) {
    let value = small(body).and_then(|body| json::parse(body).ok());
    let said = match &value {
        Some(value) => message_of(value),
        None => text_message(status, head(body)),
    };
    (value, said)
}

/// The typed error for a success status whose body is no completion.
pub fn unexpected(status: u16, body: &[u8]) -> Error {
    let (value, said) = read(status, body);
    let said = said.unwrap_or_else(|| {
        if body.is_empty() {
            "the body is empty"
        } else {
            "it holds no choices with a message, or in a text completion with a text"
        }
        .to_string()
    });
    let mut error = Error::new(
        Class::Api,
        [
            "The response has status ",
            &digits(status.into()),
            ", but it is no completion: ",
            &said,
        ]
        .concat(),
    );
    error.status = Some(status);
    if let Some(value) = &value {
        describe(&mut error, value);
    }
    error
}

/// Sets code, type and param, wherever the body has them.
pub fn describe(error: &mut Error, body: &Value) {
    let inner = inner(body);
    let field = |name: &str| {
        let value = inner.and_then(|inner| inner.get(name));
        value.or_else(|| body.get(name)).and_then(text_of)
    };
    let of_base = || text_of(body.get("base_resp")?.get("status_code")?);
    error.code = field("code")
        .or_else(|| field("error_code"))
        .or_else(of_base);
    error.kind = field("type").or_else(|| field("error_type"));
    error.param = field("param");
}

/// The object with the error in a body: the body's own, the first of several, or that of a choice.
pub fn inner(body: &Value) -> Option<&Value> {
    let first = |key| body.get(key)?.as_array()?.first();
    let own = body.get("error").or_else(|| first("errors"));
    let found = own.filter(|value| value.as_object().is_some());
    found.or_else(|| choices(body).iter().find_map(|choice| choice.get("error")))
}

fn choices(body: &Value) -> &[Value] {
    match body.get("choices") {
        Some(Value::Array(choices)) => choices,
        Some(choice) => std::slice::from_ref(choice),
        None => &[],
    }
}

/// The members of a body that may hold the message, the likeliest first.
const PLACES: [&str; 9] = [
    "error",
    "detail",
    "error_message",
    "error_msg",
    "message",
    "msg",
    "errors",
    "base_resp",
    "title",
];

/// The members of an error object that may hold the message.
const INSIDE: [&str; 9] = [
    "message",
    "msg",
    "status_msg",
    "error_message",
    "error_msg",
    "detail",
    "error",
    "errors",
    "title",
];

/// Adds an unusual success status, such as 204 (no content), to the message about its answer.
pub fn name_status(error: &mut Error, status: u16) {
    let number = digits(status.into());
    if matches!(status, 201..=299) && find(&error.message, &number).is_none() {
        error.message = [&error.message, " (The response has status ", &number, ".)"].concat();
    }
}

/// The message of a parsed error body.
pub fn message_of(body: &Value) -> Option<String> {
    match body {
        Value::String(text) => Some(shorten(text)),
        Value::Array(items) => join(items),
        Value::Object(_) => {
            let mut places = PLACES.iter().filter_map(|key| body.get(key));
            let choices = || {
                choices(body)
                    .iter()
                    .filter_map(|choice| choice.get("error"))
            };
            // FastChat's message is where its text would be.
            let text = || body.get("error_code").and(body.get("text"));
            places
                .find_map(message_of_field)
                .or_else(|| choices().find_map(message_of_field))
                .or_else(|| text().and_then(message_of_field))
        }
        _ => None,
    }
}

fn message_of_field(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim_ascii().is_empty() => Some(shorten(text)),
        Value::Array(items) => join(items),
        Value::Object(_) => INSIDE
            .iter()
            .find_map(|key| value.get(key).and_then(message_of_field)),
        _ => None,
    }
}

/// Joins the items of a list. FastAPI's `{loc, msg}` becomes "body.messages: field required"; other lists are joined unchanged.
fn join(items: &[Value]) -> Option<String> {
    let mut said = None;
    for item in items {
        let Some(mut message) = message_of_field(item) else {
            continue;
        };
        let mut place = None;
        if let Some(Value::Array(steps)) = item.get("loc") {
            for step in steps.iter().filter_map(text_of) {
                append(&mut place, ".", step);
            }
        }
        if place.is_some() {
            append(&mut place, ": ", message);
            message = place.unwrap_or_default();
        }
        append(&mut said, "; ", message);
    }
    said.as_deref().map(shorten)
}

/// Appends to a text if there is one.
fn append(text: &mut Option<String>, between: &str, more: String) {
    match text {
        Some(text) => text.extend([between, &more]),
        None => *text = Some(more),
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number)
            if number.is_finite() && number.fract() == 0.0 && number.abs() < 1e15 =>
        {
            Some((*number as i64).to_string())
        }
        _ => None,
    }
}

const PAGE: &str = "an HTML page";

/// The beginning of a body that isn't JSON; for an HTML page only its title or first heading.
pub fn text_message(status: u16, body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_ascii();
    if text.is_empty() {
        return None;
    }
    if !text.starts_with("<") {
        return Some(shorten(text));
    }
    let status = digits(status.into());
    let title = ["title", "h1"].iter().find_map(|tag| element(text, tag));
    let title = title.map(|title| without_status(title, &status));
    Some(match title.filter(|title| !title.is_empty()) {
        Some(title) => [PAGE, " titled \"", &shorten(title), "\""].concat(),
        None => PAGE.to_string(),
    })
}

fn element<'a>(html: &'a str, tag: &str) -> Option<&'a str> {
    let lower = html.to_ascii_lowercase();
    let open = find(&lower, &["<", tag].concat())?;
    let start = open + lower.get(open..)?.bytes().position(|byte| byte == b'>')? + 1;
    let end = start + find(lower.get(start..)?, &["</", tag].concat())?;
    html.get(start..end)
        .map(str::trim_ascii)
        .filter(|text| !text.is_empty() && !text.bytes().any(|byte| byte == b'<'))
}

/// A text as one line for a log or a terminal: an escape sequence would be obeyed there, and a line break would begin a line that
/// seems to come from another source.
fn shorten(text: &str) -> String {
    let mut line = String::new();
    for (count, c) in text.trim_ascii().chars().enumerate() {
        if count == MESSAGE_LIMIT {
            return [line.trim_ascii_end(), CUT].concat();
        }
        line.push(if c.is_control() { ' ' } else { c });
    }
    line
}

fn class_of(status: u16, body: Option<&Value>, said: &str) -> Class {
    match status {
        400 => Class::BadRequest,
        401 => Class::Authentication,
        402 => Class::PaymentRequired,
        403 => Class::PermissionDenied,
        404 | 410 => Class::NotFound,
        409 => Class::Conflict,
        413 | 422 => Class::UnprocessableEntity,
        429 => Class::RateLimit,
        503 if body.and_then(estimated_ms).is_some()
            || begins_word(said, &["loading", "starting"]) =>
        {
            Class::ModelLoading
        }
        500..=599 => Class::InternalServer,
        _ => Class::Api,
    }
}

/// `estimated_time` in ms; the server sends seconds.
fn estimated_ms(body: &Value) -> Option<Millis> {
    let place = body.get("estimated_time");
    let place = place.or_else(|| body.get("error")?.get("estimated_time"));
    let seconds = place.and_then(Value::as_f64)?;
    (seconds.is_finite() && seconds >= 0.0).then_some(Millis(seconds * 1000.0))
}

/// Whether the text contains one of the words as a whole word: "loading" is also a part of "overloading" and "downloading".
fn begins_word(said: &str, words: &[&str]) -> bool {
    let said = said.to_ascii_lowercase();
    let mut parts = said.as_bytes().split(|b| !b.is_ascii_alphanumeric());
    parts.any(|part| words.iter().any(|word| word.as_bytes() == part))
}

/// A server's message without the status at its beginning, as in "HTTP 429: slow down": the error's message begins with the status
/// anyway.
fn without_status<'a>(said: &'a str, status: &str) -> &'a str {
    const BEFORE: [&str; 8] = ["http", "1", "0", "2", "error", "status", "code", "response"];
    let bytes = said.as_bytes();
    let end_of = |start: usize, inside: fn(u8) -> bool| {
        let rest = bytes.get(start..).unwrap_or_default();
        start + rest.iter().take_while(|byte| inside(**byte)).count()
    };
    // Letters of other alphabets have no ASCII bytes; they belong to a word.
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
    let is_mark = |byte: u8| matches!(byte, b' ' | b':' | b',' | b'.' | b';' | b'-' | b')' | b']');
    let mut at = 0;
    loop {
        let start = end_of(at, |byte| byte.is_ascii() && !byte.is_ascii_alphanumeric());
        at = end_of(start, is_word);
        let word = said.get(start..at).unwrap_or_default();
        if word == status {
            return said.get(end_of(at, is_mark)..).unwrap_or_default();
        }
        if !BEFORE.iter().any(|known| word.eq_ignore_ascii_case(known)) {
            return said;
        }
    }
}

fn compose(error: &Error, said: &str) -> String {
    let mut message = error
        .status
        .map(|status| digits(status.into()))
        .unwrap_or_default();
    let said = without_status(said, &message);
    message.push(' ');
    if said.is_empty() {
        message.push_str(match error.status {
            Some(300..=399) => "The server redirects to where this request is not sent",
            _ => "status code with no message",
        });
    } else {
        message.push_str(said);
    }
    message
}
