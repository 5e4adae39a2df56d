//! JSON as the core sees it: one strict scanner over bytes, and a small value tree.
//!
//! Requests and whole answers are parsed and written by the JavaScript engine; this scanner reads error bodies,
//! stream payloads and options, and copies what it doesn't need to understand.

/// One JSON value as plain data; also how JavaScript options reach the core.
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
