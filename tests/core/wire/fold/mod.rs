//! The result of `final()`: the rules one by one, recordings and random streams against a plain implementation, and its cost.

mod call;
mod cost;
mod oracle;
mod recording;
mod rule;
mod stream;

use hfetch::wire::chunk::read;
use hfetch::wire::completion::Completion;
use serde_json::{Value, json};

use crate::reader;

/// Accumulates chunks as they are read without a template.
fn completion(chunks: &[Value]) -> Completion {
    let mut completion = Completion::default();
    for chunk in chunks {
        let (payload, mut fields) = (chunk.to_string(), Vec::new());
        read(payload.as_bytes(), &mut fields).unwrap_or_else(|error| panic!("{error:?} {payload}"));
        completion.apply(payload.as_bytes(), &fields);
    }
    completion
}

fn folded(chunks: &[Value]) -> Value {
    reader::parse(&completion(chunks).to_json())
}

fn of_deltas(deltas: &[Value]) -> Vec<Value> {
    let chunk = |delta: &Value| json!({"choices": [{"index": 0, "delta": delta}]});
    deltas.iter().map(chunk).collect()
}

/// The message that deltas accumulate to; the plain implementation must agree.
fn message(deltas: &[Value]) -> Value {
    let chunks = of_deltas(deltas);
    let mut whole = folded(&chunks);
    assert_eq!(whole, oracle::fold(&chunks));
    whole["choices"][0]["message"].take()
}

/// Why a chunk can't be read.
fn refused(chunk: &Value) -> Option<&'static str> {
    let read = read(chunk.to_string().as_bytes(), &mut Vec::new());
    read.err().map(|error| error.problem)
}
