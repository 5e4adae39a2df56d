//! Embeddings calls: one request per batch, and answers as floats with a single copy out.

use std::rc::Rc;

use js_sys::{Array, Float32Array, Uint8Array};
use wasm_bindgen::prelude::*;

use super::call::Call;
use super::cancel::Cancel;
use super::convert::Returned;
use super::error::{Fields, to_js};
use super::in_flight::{InFlight, Plan};
use super::outgoing::Wire;
use super::plain;
use super::shared::Shared;
use super::trap::{self, Place};
use crate::config::RequestOptions;
use crate::policy::ledger::Kind;
use crate::policy::reservation::Ask;
use crate::policy::token::Estimator;
use crate::wire::embedding::request::{Bounds, Endpoint, Input, PAYLOAD_LIMIT};
use crate::wire::embedding::{self, Batch, EmbeddingRequest};
use crate::wire::request::Defaults;

/// An embeddings call from the caller's body.
pub fn open(
    shared: &Rc<Shared>,
    body: &str,
    options: RequestOptions,
    hooks: &JsValue,
    cancel: &Cancel,
    storing: Array,
) -> Result<Call, JsValue> {
    let config = &shared.config;
    let defaults = Defaults {
        id: &config.id,
        model: config.model.as_deref(),
        needs_usage: false,
        max_tokens: None,
    };
    let endpoint = Endpoint {
        base_url: &config.base_url.url,
        is_router: config.base_url.is_router,
    };
    let request = embedding::request::read(body, defaults, endpoint).map_err(to_js)?;
    let batches = request.batches(Bounds {
        inputs: config.batching.size,
        bytes: PAYLOAD_LIMIT,
    });
    let wires = batches
        .iter()
        .map(|batch| wire(&request, batch.clone()))
        .collect();
    let mut inner = InFlight::new(
        shared,
        cancel,
        Some(Kind::Embeddings),
        request.model.clone(),
        options,
        wires,
    );
    let provider = request.provider.clone();
    inner.progress.get(|progress| progress.provider = provider);
    inner.embeddings = Some(Plan {
        batches,
        format: request.format,
    });
    Call::open(inner, hooks, storing)
}

fn wire(request: &EmbeddingRequest, batch: Batch) -> Wire {
    let mut estimator = Estimator::default();
    let mut ids = 0u64;
    request.each(batch.clone(), &mut |input| match input {
        Input::Text(text) => estimator.add_text(text),
        Input::TokenIds(count) => ids = ids.saturating_add(count as u64),
    });
    let ask = Ask {
        prompt_tokens: estimator.tokens().saturating_add(ids),
        max_tokens: Some(0.0),
        choices: 0.0,
    };
    Wire::post(request.url.clone(), request.body(batch), ask)
}

/// The body of an answer on its way into memory, part by part as it arrives.
#[wasm_bindgen]
#[derive(Default)]
pub struct Body {
    bytes: Vec<u8>,
}

#[wasm_bindgen]
impl Body {
    /// Nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Body::default()
    }

    /// The next part.
    pub fn push(&mut self, part: &Uint8Array) {
        let mut part = part.to_vec();
        if self.bytes.is_empty() {
            self.bytes = part;
        } else {
            self.bytes.append(&mut part);
        }
    }
}

/// The rows of one batch.
#[wasm_bindgen]
pub struct Rows {
    inner: embedding::Embeddings,
}

#[wasm_bindgen]
impl Rows {
    /// All rows, one after the other.
    pub fn values(&self) -> Returned<Float32Array> {
        Ok(Float32Array::from(self.inner.values.as_slice()))
    }

    /// The length of a row.
    #[wasm_bindgen(getter)]
    pub fn dimensions(&self) -> usize {
        self.inner.dimensions
    }

    /// The model as the answer names it.
    #[wasm_bindgen(getter)]
    pub fn model(&self) -> Option<String> {
        self.inner.model.clone()
    }
}

#[wasm_bindgen]
impl Call {
    /// The rows in a batch's answer; `counted` is what its server counted in a header.
    pub fn rows(&self, index: usize, body: Body, counted: Option<f64>) -> Result<Rows, JsValue> {
        trap::here(Place::Rows);
        let bytes = body.bytes.as_slice();
        let call = self.inner();
        let inputs = call.batch(index).len();
        let inner = match embedding::decode(bytes, inputs) {
            Ok(inner) => inner,
            Err(mut error) => {
                error.status = Some(call.progress.get(|progress| progress.status));
                let fields: Fields = call.fields();
                call.set_body(&fields, &String::from_utf8_lossy(bytes));
                return Err(call.quoting(error, &fields));
            }
        };
        let usage = inner.usage.as_ref();
        match usage
            .map(|usage| (usage.prompt_tokens, usage.total_tokens))
            .or(counted.map(|tokens| (tokens, tokens)))
        {
            Some((prompt, total)) => self.reported(index, Some(prompt), Some(0.0), Some(total)),
            None => self.delivered(index, ""),
        }
        Ok(Rows { inner })
    }

    /// Tokens so far, as an embeddings answer tells them.
    pub fn usage(&self) -> Returned<JsValue> {
        Ok(plain::to_js(&self.inner().embedding_usage()))
    }
}

/// Base64 of floats as they lie in memory: little-endian f32.
#[wasm_bindgen(js_name = base64Floats)]
pub fn base64_floats(values: &[f32]) -> String {
    embedding::base64::encode_floats(values)
}
