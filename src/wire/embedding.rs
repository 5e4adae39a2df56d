//! An embeddings answer in any documented shape, from its bytes to rows of one length.
//!
//! | shape | from |
//! |---|---|
//! | `[d]` | feature extraction of a single string |
//! | `[n][d]` | feature extraction, text-embeddings-inference |
//! | `[n][tokens][d]` | models without pooling: the mean over the tokens is taken |
//! | `{data: [{index, embedding: [d] or base64}], usage, model}` | OpenAI-compatible routes |

pub mod base64;
mod body;
mod list;
pub mod request;
pub mod rerank;
mod rows;

pub use request::{Batch, EmbeddingRequest, Format};

use crate::error::{Class, Error};
use crate::json;
use crate::wire::failure::message_of;
use crate::wire::usage::Beside;
use list::usage_of;
use rows::Rows;

/// The rows of one answer, in the order of the inputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embeddings {
    /// Row after row.
    pub values: Vec<f32>,
    /// The length of a row.
    pub dimensions: usize,
    /// What the answer says of its model.
    pub model: Option<String>,
    /// Tokens as reported.
    pub usage: Option<Usage>,
    /// What its usage tells beside.
    pub beside: Beside,
}

/// Reported tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// Of the inputs.
    pub prompt_tokens: f64,
    /// In all.
    pub total_tokens: f64,
}

/// Why an answer is not what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    /// Not the JSON it should be; nothing where a scanner knows why.
    Malformed(&'static str),
    /// JSON, but no embeddings.
    Unknown,
    /// A row that can't be one.
    Row(usize, &'static str),
    /// Another number of rows than of inputs.
    Count(usize),
}

impl From<json::Stop> for Problem {
    fn from(_: json::Stop) -> Self {
        Problem::Malformed("")
    }
}

/// Reads the answer to a request of so many inputs.
pub fn decode(body: &[u8], inputs: usize) -> Result<Embeddings, Error> {
    let body = json::without_mark(body);
    let found = match body.trim_ascii_start().first() {
        Some(b'[') => Rows::whole(body, inputs),
        Some(b'{') => list::read(body, inputs),
        _ => Err(Problem::Unknown),
    };
    let checked = found.and_then(|embeddings| {
        let rows = embeddings.values.len().checked_div(embeddings.dimensions);
        match rows {
            Some(rows) if rows == inputs => Ok(embeddings),
            Some(rows) => Err(Problem::Count(rows)),
            None => Err(Problem::Count(0)),
        }
    });
    checked.map_err(|problem| explain(problem, body, inputs))
}

fn explain(problem: Problem, body: &[u8], inputs: usize) -> Error {
    let reason = match problem {
        Problem::Malformed(what) => ["it is not JSON: ", what].concat(),
        Problem::Row(row, what) => ["embedding ", &row.to_string(), " ", what].concat(),
        Problem::Count(rows) => {
            let (rows, inputs) = (rows.to_string(), inputs.to_string());
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
