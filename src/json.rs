//! JSON in the core: a strict scanner over bytes, and a small value tree.
//!
//! The JavaScript engine parses and writes requests and whole answers. The scanner reads error bodies, events of
//! streams and options, and copies values that the core doesn't need to understand.

pub mod block;
mod literal;
mod number;
mod scanner;
mod skip;
mod text;
mod wide;
mod write;

pub(crate) use literal::{first_word, literal, literals};
pub use number::{exact_number, number};
pub use scanner::{Kind, MAX_DEPTH, Malformed, RawString, Scanner, Stop};
pub(crate) use skip::value_end;
pub use text::{
    Closing, Unescaped, closing_quote, closing_quote_at_once, hex, inside, open_half, unescape,
    unescape_into, unescape_to,
};
pub use wide::unescape_wide;
pub use write::{put, quoted, write_string, write_whole};

/// One JSON value as plain data. The options from JavaScript reach the core in this form as well.
///
/// ```
/// use hfetch::json::parse;
///
/// let value = parse(br#"{"error": {"message": "slow down"}, "code": 1, "code": 2}"#).unwrap();
/// assert_eq!(value.get("error").and_then(|error| error.get("message")?.as_str()), Some("slow down"));
/// // Of a repeated key the last value counts, as in JavaScript.
/// assert_eq!(value.get("code").and_then(|code| code.as_f64()), Some(2.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string; a lone surrogate became U+FFFD.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object, keys in order of appearance.
    Object(Vec<(String, Value)>),
    /// A JavaScript value that is no data: "function", "symbol", "bigint".
    Other(&'static str),
}

impl Value {
    /// The value of a key; of a repeated key the last, as `JSON.parse` has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let entries = self.as_object()?;
        entries.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The entries of an object, in order of appearance.
    pub fn as_object(&self) -> Option<&[(String, Value)]> {
        match self {
            Value::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

/// Parses one JSON text.
pub fn parse(bytes: &[u8]) -> Result<Value, Malformed> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(Malformed {
            problem: "not UTF-8",
        });
    }
    let mut scanner = Scanner::new(bytes);
    let value = scanner.value();
    let end = value.and_then(|value| scanner.end().map(|()| value));
    end.map_err(|Stop| scanner.malformed())
}

/// A body without the byte order mark that some servers put before JSON, and that fetch's own `json()` ignores.
pub fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}
