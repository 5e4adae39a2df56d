//! A call in the hands of the JavaScript side.

use std::rc::Rc;

use js_sys::{Array, Promise};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::convert::{Returned, get};
use super::decoder::DecoderHandle;
use super::error::to_js;
use super::in_flight::InFlight;
use super::plain::to_js as to_plain;
use super::policy::parts;
use super::trap::{self, Place};
use super::{attempt, catalogue, now, task};
use crate::policy::cost::Pricing;
use crate::policy::ledger::Outcome;
use crate::policy::token;

/// What is known of a call from the beginning; times in ms.
#[derive(Serialize)]
struct Facts<'a> {
    stream: bool,
    /// Whether the caller asked for the stream's usage itself.
    asks_usage: bool,
    /// Between body bytes.
    idle: f64,
    /// For everything.
    total: Option<f64>,
    /// Of a stream.
    max_event_bytes: usize,
    plan: Option<PlanData<'a>>,
}

/// What an embeddings call is made of.
#[derive(Serialize)]
struct PlanData<'a> {
    /// Index of each one's first input, and how many it holds.
    batches: Vec<(usize, usize)>,
    /// Requests at once.
    concurrency: usize,
    /// "floats", "numbers" or "base64".
    format: &'static str,
    /// The one that was asked for.
    model: &'a str,
}

/// A call's handle.
#[wasm_bindgen]
pub struct Call(Rc<InFlight>);

impl Call {
    /// Hands a call over that is neither limited nor settled.
    pub fn unsettled(call: InFlight) -> Self {
        Call(Rc::new(call))
    }

    /// Hands a call over, and where to put what a store still has to do; refuses it when there is a budget and no price.
    pub fn open(mut call: InFlight, hooks: &JsValue, storing: Array) -> Result<Self, JsValue> {
        trap::here(Place::Open);
        let shared = call.shared.clone();
        let live = matches!(shared.config.pricing, Some(Pricing::Live));
        call.parts = parts(get(hooks, "parts").as_string())?;
        if call.has_budget() && !live && call.rates(None).is_none() {
            return Err(to_js(call.unpriced()));
        }
        call.storing = storing;
        let prices = catalogue::start(&shared);
        call.prices.get(|pending| *pending = prices);
        shared.in_flight.set(shared.in_flight.get() + 1);
        Ok(Call(Rc::new(call)))
    }

    /// The call itself.
    pub fn inner(&self) -> &InFlight {
        &self.0
    }
}

#[wasm_bindgen]
impl Call {
    /// What is known of it from the beginning.
    pub fn facts(&self) -> Returned<JsValue> {
        let call = &self.0;
        Ok(to_plain(&Facts {
            stream: call.stream,
            asks_usage: call.asks_usage,
            idle: call.options.timeouts.idle,
            total: call.options.timeouts.total,
            max_event_bytes: call.shared.config.max_event_bytes,
            plan: call.embeddings.as_ref().map(|plan| PlanData {
                batches: plan
                    .batches
                    .iter()
                    .map(|batch| (batch.start, batch.len()))
                    .collect(),
                concurrency: call.shared.config.batching.concurrency,
                format: plan.format.name(),
                model: &call.model,
            }),
        }))
    }

    /// What is left of the limits of a call that brought some: a list, where the store tells.
    #[wasm_bindgen(getter)]
    pub fn quotas(&self) -> Returned<JsValue> {
        Ok(self.0.quotas.get(|quotas| quotas.clone()))
    }

    /// The request id of the last response.
    #[wasm_bindgen(getter)]
    pub fn request_id(&self) -> Option<String> {
        self.0.progress.get(|progress| progress.request_id.clone())
    }

    /// Response headers without keys, where they can be looked through.
    pub fn clean_headers(&self, headers: &JsValue) -> Returned<JsValue> {
        Ok(self.0.clean_headers(headers))
    }

    /// Lets all requests of a call through before the first is sent, where none of them may wait for the limits.
    pub fn admit(&self) -> Returned<Promise> {
        let call = self.0.clone();
        Ok(task::run(async move {
            attempt::admit_all(&call).await.map(|()| JsValue::UNDEFINED)
        }))
    }

    /// Sends request `index` until it is answered or given up; resolves with what fetch.js's send() gave.
    pub fn send(&self, index: usize) -> Returned<Promise> {
        let call = self.0.clone();
        Ok(task::run(async move {
            attempt::send(&call, index).await.map(JsValue::from)
        }))
    }

    /// The first token is here.
    pub fn first_token(&self) {
        let now = now();
        self.0.progress.get(|progress| {
            progress.first_token_at.get_or_insert(now);
        });
    }

    /// Request `index` has ended with the usage its server reported.
    pub fn reported(
        &self,
        index: usize,
        prompt: Option<f64>,
        completion: Option<f64>,
        total: Option<f64>,
    ) {
        // `as` saturates and takes NaN for 0.
        let [prompt, completion, total] =
            [prompt, completion, total].map(|count| count.map(|count| count as u64));
        let prompt =
            prompt.unwrap_or_else(|| total.unwrap_or(0).saturating_sub(completion.unwrap_or(0)));
        let completion = completion.unwrap_or_else(|| total.unwrap_or(0).saturating_sub(prompt));
        self.0.account(index, prompt, completion, total, false);
    }

    /// Request `index` has ended without reported usage after it delivered `text`.
    pub fn delivered(&self, index: usize, text: &str) {
        let prompt = self.0.prompt_tokens(index);
        self.0
            .account(index, prompt, token::estimate_text(text), None, true);
    }

    /// Request 0 has ended as a stream, with what its decoder has read.
    pub fn streamed(&self, decoder: &DecoderHandle) {
        let completion = decoder.completion();
        match completion.usage() {
            Some(usage) => self.reported(
                0,
                Some(usage.prompt),
                Some(usage.completion),
                Some(usage.total),
            ),
            None => self.delivered(0, &completion.delivered()),
        }
    }

    /// Ends the call: its settlement, or a promise of the prices that it waits for, after which to ask again.
    pub fn close(&self, outcome: &str, finish_reason: Option<String>) -> Returned<JsValue> {
        let outcome = match outcome {
            "ok" => Outcome::Ok,
            "aborted" => Outcome::Aborted,
            "truncated" => Outcome::Truncated,
            _ => Outcome::Error,
        };
        Ok(self.0.close(outcome, finish_reason))
    }

    /// The typed error of a call that its cancel object ended.
    pub fn cancelled_error(&self, partial: JsValue) -> Returned<JsValue> {
        Ok(self.0.cancelled_error(partial))
    }

    /// The typed error of an answer whose body broke off.
    pub fn body_lost(&self, thrown: JsValue) -> Returned<JsValue> {
        Ok(self.0.body_lost(thrown))
    }

    /// The typed error of a stream whose connection was lost.
    pub fn stream_lost(&self, thrown: JsValue, partial: JsValue) -> Returned<JsValue> {
        Ok(self.0.stream_lost(thrown, partial))
    }

    /// The typed error of a fault the decoder found.
    pub fn stream_fault(&self, decoder: &DecoderHandle, partial: JsValue) -> Returned<JsValue> {
        Ok(decoder.fault().map_or(JsValue::UNDEFINED, |fault| {
            self.0.stream_fault(fault, partial)
        }))
    }

    /// The typed error of a 200 whose body is not what was asked for.
    pub fn unexpected(&self, bytes: &[u8]) -> Returned<JsValue> {
        Ok(self.0.unexpected(bytes))
    }

    /// The models of a catalogue's body, or the one model that was asked for.
    pub fn catalogue(&self, bytes: &[u8]) -> Result<JsValue, JsValue> {
        catalogue::read(&self.0.shared, &self.0.model, bytes).map_err(|error| {
            let fields = self.0.stream_fields(JsValue::NULL);
            self.0.quoting(error, &fields)
        })
    }
}
