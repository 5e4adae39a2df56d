//! Embeddings: an answer's bytes are written straight into memory, and its rows are copied out once.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::at;
use super::call::CallHandle;
use super::step::{failing, told};
use crate::call::account::Told;
use crate::policy::ledger::Kind;
use crate::trap::{self, Place};

use crate::wire::embedding::{self, Usage, rerank};
use crate::wire::usage::Beside;

/// The body of an answer, which is written part by part as it arrives.
#[wasm_bindgen]
#[derive(Default)]
pub struct Body {
    bytes: Vec<u8>,
}

#[wasm_bindgen]
impl Body {
    /// An empty body.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Body::default()
    }

    /// Makes room for the next part and returns its address.
    pub fn grow(&mut self, length: usize) -> *mut u8 {
        let at = self.bytes.len();
        // Zeros from the allocator are faster than resize(), which writes one byte after the other here.
        self.bytes.append(&mut vec![0; length]);
        self.bytes
            .get_mut(at..)
            .map_or(std::ptr::null_mut(), <[u8]>::as_mut_ptr)
    }
}

/// The rows of one batch.
#[derive(Serialize)]
struct Rows<'a> {
    /// The address of all rows, one after the other, and the number of floats.
    values: (usize, usize),
    /// The length of a row.
    dimensions: usize,
    /// The model as the answer names it.
    model: Option<&'a str>,
}

/// The scores of one batch.
#[derive(Serialize)]
struct Scored {
    scores: Vec<f64>,
    /// The model as the answer names it.
    model: Option<String>,
}

#[wasm_bindgen]
impl CallHandle {
    /// A record of the rows in a batch's answer, or of the failure; `counted` is the token count in a header of the response.
    pub fn rows(
        &self,
        index: usize,
        body: Body,
        counted: Option<f64>,
        wall: f64,
        steady: f64,
    ) -> *const u8 {
        trap::here(Place::Rows);
        let call = self.inner();
        let bytes = body.bytes.as_slice();
        let inputs = call.batch(index).len();
        let book = |usage: Option<&Usage>, beside: Beside| {
            let told_usage = usage.map(|usage| (usage.prompt_tokens, usage.total_tokens));
            let usage = told_usage.or(counted.map(|tokens| (tokens, tokens)));
            let counts = Told {
                prompt: usage.map(|usage| usage.0),
                completion: Some(0.0),
                total: usage.map(|usage| usage.1),
                said: 0,
            };
            call.told_beside(beside);
            if !call.took(index, counts, None, at(wall, steady)) {
                call.took(index, counts, Some(0), at(wall, steady));
            }
        };
        if call.kind == Some(Kind::Rerank) {
            return match rerank::decode(bytes, inputs) {
                Ok(found) => {
                    book(found.usage.as_ref(), found.beside);
                    let (scores, model) = (found.values, found.model);
                    told(call, Scored { scores, model })
                }
                Err(error) => failing(call, &call.misread(error, bytes)),
            };
        }
        let found = match embedding::decode(bytes, inputs) {
            Ok(found) => found,
            Err(error) => return failing(call, &call.misread(error, bytes)),
        };
        book(found.usage.as_ref(), found.beside);
        // The record contains the address of the values, so they must stay in place until they have been read.
        let values = self.keep_rows(found.values);
        told(
            call,
            Rows {
                values,
                dimensions: found.dimensions,
                model: found.model.as_deref(),
            },
        )
    }
}

/// Base64 of floats as they lie in memory: little-endian f32.
#[wasm_bindgen(js_name = base64Floats)]
pub fn base64_floats(values: &[f32]) -> String {
    embedding::base64::encode_floats(values)
}
