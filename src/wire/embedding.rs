//! An embeddings answer in any documented form: its bytes become rows of equal length.
//!
//! | form | from |
//! |---|---|
//! | `[d]` | feature extraction of a single string |
//! | `[n][d]` | feature extraction, text-embeddings-inference |
//! | `[n][tokens][d]` | models without pooling: the mean over the tokens is taken |
//! | `{data: [{index, embedding: [d] or base64}], usage, model}` | OpenAI-compatible APIs |

pub mod base64;
mod body;
mod list;
pub mod request;
pub mod rerank;
mod rows;

pub use request::{Batch, EmbeddingRequest, Format};

use crate::error::{Class, Error};
use crate::json;
use crate::text::digits;
use crate::wire::failure::message_of;
use crate::wire::usage::Beside;
use list::usage_of;
use rows::Rows;

/// The rows of one answer, in the order of the inputs.
///
/// ```
/// use hfetch::wire::embedding::decode;
///
/// let answer = br#"{"data": [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [1, 2]}]}"#;
/// let embeddings = decode(answer, 2).unwrap();
/// assert_eq!((embeddings.dimensions, embeddings.values), (2, vec![1.0, 2.0, 3.0, 4.0]));
/// // Without pooling the server sends one row per token, and their mean is taken.
/// let tokens = decode(b"[[[1, 2], [3, 4]]]", 1).unwrap();
/// assert_eq!(tokens.values, [2.0, 3.0]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embeddings {
    /// All rows, one after the other.
    pub values: Vec<f32>,
    /// The length of a row.
    pub dimensions: usize,
    /// The model that the answer names.
    pub model: Option<String>,
    /// Tokens as the server reported them.
    pub usage: Option<Usage>,
    /// The usage's report besides its counts.
    pub beside: Beside,
}

/// Reported tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// Tokens of the inputs.
    pub prompt_tokens: f64,
    /// The total.
    pub total_tokens: f64,
}

/// Why an answer isn't what was requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    /// Invalid JSON; the text is empty if a scanner knows why.
    Malformed(&'static str),
    /// JSON without embeddings.
    Unknown,
    /// A row that is impossible.
    Row(usize, &'static str),
    /// A number of rows that differs from the number of inputs.
    Count(usize),
}

impl From<json::Stop> for Problem {
    fn from(_: json::Stop) -> Self {
        Problem::Malformed("")
    }
}

/// Reads the answer to a request with so many inputs.
pub fn decode(body: &[u8], inputs: usize) -> Result<Embeddings, Error> {
    let body = json::without_mark(body);
    let mut found = Embeddings::default();
    let read = match body.trim_ascii_start().first() {
        Some(b'[') => Rows::whole(body, inputs, &mut found),
        Some(b'{') => list::read(body, inputs, &mut found),
        _ => Err(Problem::Unknown),
    };
    let rows = found.values.len().checked_div(found.dimensions);
    match (read, rows.unwrap_or(0)) {
        (Ok(()), rows) if rows == inputs => Ok(found),
        (Ok(()), rows) => Err(explain(Problem::Count(rows), body, inputs)),
        (Err(problem), _) => Err(explain(problem, body, inputs)),
    }
}

fn explain(problem: Problem, body: &[u8], inputs: usize) -> Error {
    let reason = match problem {
        Problem::Malformed(what) => ["it is not JSON: ", what].concat(),
        Problem::Row(row, what) => ["embedding ", &digits(row), " ", what].concat(),
        Problem::Count(rows) => {
            let (rows, inputs) = (digits(rows), digits(inputs));
            ["it holds ", &rows, " embeddings for ", &inputs, " inputs"].concat()
        }
        Problem::Unknown => unknown(body),
    };
    let message = ["The answer is not the embeddings asked for: ", &reason].concat();
    Error::new(Class::Api, message)
}

fn unknown(body: &[u8]) -> String {
    let text = body.trim_ascii();
    match text.first() {
        None => return "it is empty".to_string(),
        Some(b'<') => return "it is an HTML page".to_string(),
        _ => {}
    }
    match json::parse(text) {
        Ok(value) => match message_of(&value) {
            Some(said) => ["the server says: ", &said].concat(),
            None => "it has none of the known shapes".to_string(),
        },
        Err(malformed) => ["it is not JSON: ", malformed.problem].concat(),
    }
}
