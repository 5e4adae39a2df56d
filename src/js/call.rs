//! A call in the hands of its driver. Every method that gives a pointer gives a record, which plain.js reads at once.

use std::cell::Cell;

use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::at;
use super::convert::Returned;
use super::decoder::DecoderHandle;
use super::plain;
use super::protocol;
use super::step::{self, cancelled, failing, no_key, told};
use crate::call::account::Told;
use crate::call::head::Head;
use crate::call::settlement::End;
use crate::call::{Call, Event, Lost};
use crate::json;
use crate::policy::clock::Now;
use crate::policy::ledger::{Outcome, Settlement};
use crate::policy::token;
use crate::trap::{self, Place};
use crate::unit::{Millis, SteadyTime};
use crate::wire::usage::Beside;
use crate::wire::whole;

/// A call's handle.
#[wasm_bindgen]
pub struct CallHandle {
    call: Call,
    /// The rows of the batch that was read last, until they have been copied out.
    rows: Cell<Vec<f32>>,
}

impl CallHandle {
    /// Hands a call over.
    pub fn of(call: Call) -> Self {
        CallHandle {
            call,
            rows: Cell::default(),
        }
    }

    /// The call itself.
    pub fn inner(&self) -> &Call {
        &self.call
    }

    /// Keeps rows until the next ones come or the call is closed; gives their place and how many floats they are.
    pub fn keep_rows(&self, rows: Vec<f32>) -> (usize, usize) {
        let place = (rows.as_ptr().addr(), rows.len());
        self.rows.set(rows);
        place
    }

    fn handle(&self, index: usize, event: Event<'_>, now: Now, random: f64) -> *const u8 {
        let step = self.call.handle(index, event, now, random);
        step::record(&self.call, &step)
    }
}

/// What is known of a call from the beginning.
#[derive(Serialize)]
struct Facts<'a> {
    stream: bool,
    /// Whether the caller asked for the stream's usage itself.
    asks_usage: bool,
    /// Between bytes of a whole body, and until a stream's first event.
    idle: Millis,
    /// Between bytes behind that event.
    idle_after: Millis,
    /// For everything.
    total: Option<Millis>,
    /// Between words that it is under way.
    renew: Option<Millis>,
    /// Of a stream.
    max_event_bytes: usize,
    /// Of any answer.
    max_answer_bytes: usize,
    /// Whether it answers with a text completion.
    is_text: bool,
    /// Whether live prices are wanted that are not there.
    prices: bool,
    plan: Option<PlanData<'a>>,
}

/// What an embeddings call is made of.
#[derive(Serialize)]
struct PlanData<'a> {
    /// Index of each one's first input, and how many it holds.
    batches: Vec<(usize, usize)>,
    /// Requests at once.
    concurrency: usize,
    /// Whether the call is let through as a whole first.
    split: bool,
    /// "floats", "numbers" or "base64".
    format: &'static str,
    /// How many documents of a reranking are wanted.
    most: Option<f64>,
    /// The one that was asked for.
    model: &'a str,
}

/// The end of a stream's account.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Streamed<'a> {
    finish_reason: Option<&'a str>,
    /// The completion, where it is small and may be asked for.
    json: Option<String>,
}

/// Bytes of a completion that leaves the module with its account, as text; a larger one is copied as bytes, and read when it is asked for.
const SMALL: usize = 16 << 10;

/// A settlement, or none while prices are on their way.
#[derive(Serialize)]
struct Closed {
    settlement: Option<Settlement>,
}

#[wasm_bindgen]
impl CallHandle {
    /// What is known of it from the beginning. A call with one request begins at once if it may: then its first step comes along.
    pub fn start(&self, may_begin: bool, wall: f64, steady: f64, random: f64) -> *const u8 {
        let call = &self.call;
        let mut batches = Vec::new();
        if let Some(plan) = &call.plan {
            for batch in &plan.batches {
                batches.push((batch.start, batch.len()));
            }
        }
        let plan = call.plan.as_ref().map(|plan| PlanData {
            batches,
            concurrency: call.shared.config.batching.concurrency,
            split: call.is_split(),
            format: plan.format.name(),
            most: plan.most,
            model: &call.model,
        });
        let facts = Facts {
            stream: call.stream,
            asks_usage: call.asks_usage,
            idle: call.options.timeouts.idle_before(),
            idle_after: call.options.timeouts.idle(),
            total: call.options.timeouts.total,
            renew: call.kind.and(call.shared.renew_after()),
            max_event_bytes: call.shared.config.max_event_bytes,
            max_answer_bytes: call.shared.config.max_answer_bytes,
            is_text: call.is_text(),
            prices: call.wants_catalogue(),
            plan,
        };
        if !may_begin || call.plan.is_some() {
            return told(call, facts);
        }
        let step = call.handle(0, Event::Begin, at(wall, steady), random);
        step::with_first(call, facts, &step)
    }

    /// An event that is a number at most, by the numbers of protocol.rs.
    pub fn event(
        &self,
        index: usize,
        kind: u8,
        number: f64,
        wall: f64,
        steady: f64,
        random: f64,
    ) -> *const u8 {
        let event = match kind {
            protocol::BEGIN => Event::Begin,
            protocol::PRICES => Event::Prices,
            protocol::NO_KEY => Event::NoKey(no_key(number)),
            protocol::STORE_FAILED => Event::StoreFailed,
            protocol::WOKEN => Event::Woken,
            protocol::TIMED_OUT => Event::Lost(Lost::TimedOut),
            protocol::UNDER_WAY => Event::UnderWay,
            protocol::UNREAD => Event::Unread,
            _ => Event::Cancelled(cancelled(number)),
        };
        self.handle(index, event, at(wall, steady), random)
    }

    /// An event with a text, by the numbers of protocol.rs; `number` is a head's status.
    #[allow(clippy::too_many_arguments)] // one crossing for all of it
    pub fn event_with(
        &self,
        index: usize,
        kind: u8,
        number: f64,
        text: &str,
        wall: f64,
        steady: f64,
        random: f64,
    ) -> *const u8 {
        let event = match kind {
            // A line for each header that matters.
            protocol::HEAD => Event::Head(Head::new(number as u16, text)),
            // The names and codes of what was thrown, a line each.
            protocol::LOST => Event::Lost(Lost::Connection(text)),
            protocol::KEY => Event::Key(text),
            protocol::RESERVED => Event::Reserved(Ok(text.to_string())),
            protocol::REFUSED => Event::Reserved(Err(step::refusal(text))),
            _ => Event::ErrorBody(text.as_bytes()),
        };
        self.handle(index, event, at(wall, steady), random)
    }

    /// Request `index` has ended, of which its server told these counts, with an answer of so many characters. Without `text`, which
    /// it delivered behind `before` tokens, they are booked if they can be right: gives whether they were. With it the larger of them and of estimates is.
    #[allow(clippy::too_many_arguments)] // one crossing for all of it
    pub fn took(
        &self,
        index: usize,
        prompt: Option<f64>,
        completion: Option<f64>,
        total: Option<f64>,
        said: usize,
        text: Option<String>,
        before: f64,
        beside: Option<String>,
        wall: f64,
        steady: f64,
    ) -> *const u8 {
        let usage = beside.and_then(|text| json::parse(text.as_bytes()).ok());
        if let Some(usage) = usage {
            self.call.told_beside(Beside::of(&usage));
        }
        let counts = Told {
            prompt,
            completion,
            total,
            said,
        };
        let delivered = text.map(|text| token::estimate_text(&text).saturating_add(before as u64));
        let took = self.call.took(index, counts, delivered, at(wall, steady));
        told(&self.call, took)
    }

    /// The call's request has ended as a stream, `whole` or not, with what its decoder has read; `asked`: somebody may ask for the
    /// completion.
    pub fn streamed(
        &self,
        decoder: &mut DecoderHandle,
        whole: bool,
        asked: bool,
        wall: f64,
        steady: f64,
    ) -> *const u8 {
        trap::here(Place::Fold);
        decoder.settle();
        let completion = decoder.completion();
        let finish_reason = self.call.streamed(completion, whole, at(wall, steady));
        told(
            &self.call,
            Streamed {
                finish_reason: finish_reason.as_deref(),
                json: asked.then(|| decoder.small_json(SMALL)).flatten(),
            },
        )
    }

    /// Ends the call: its settlement, or none while prices are on their way, after which to ask again.
    pub fn close(
        &self,
        outcome: u8,
        finish_reason: Option<String>,
        first_token_at: Option<f64>,
        wall: f64,
        steady: f64,
    ) -> *const u8 {
        let outcome = match outcome {
            protocol::OK => Outcome::Ok,
            protocol::ABORTED => Outcome::Aborted,
            protocol::TRUNCATED => Outcome::Truncated,
            _ => Outcome::Error,
        };
        let end = End {
            outcome,
            finish_reason,
            first_token_at: first_token_at.map(SteadyTime),
        };
        self.rows.take();
        let settlement = self.call.close(&end, at(wall, steady));
        told(&self.call, Closed { settlement })
    }

    /// The failure of a call that ended early; `waited` is how long an idle timeout was, in ms.
    pub fn cancelled(&self, cause: f64, waited: f64) -> *const u8 {
        failing(
            &self.call,
            &self.call.cancelled(cancelled(cause), Millis(waited)),
        )
    }

    /// The failure of an answer whose body broke off, of a stream or not: why it can't be read, and the names of what was thrown.
    pub fn broken_off(&self, stream: bool, unreadable: Option<String>, names: &str) -> *const u8 {
        let unreadable = unreadable.as_deref();
        failing(
            &self.call,
            &match stream {
                true => self.call.stream_lost(unreadable, names),
                false => self.call.body_lost(unreadable, names),
            },
        )
    }

    /// The failure of a whole answer that is not what was asked for, of one that may say that it failed, or of one that may hold no answer, by the
    /// numbers of protocol.rs: null if it doesn't.
    pub fn wrong_answer(&self, bytes: &[u8], doubt: u8) -> *const u8 {
        let failure = match doubt {
            protocol::MAY_HAVE_FAILED => self.call.failed_answer(bytes),
            protocol::MAY_HOLD_NONE if self.call.is_text() && whole::has_text(bytes) => None,
            protocol::MAY_HOLD_NONE if whole::has_message(bytes) => None,
            _ => Some(self.call.unexpected(bytes)),
        };
        match failure {
            Some(failure) => failing(&self.call, &failure),
            None => told(&self.call, ()),
        }
    }

    /// The JSON of a whole answer in which values have other types than are due, with those that are.
    pub fn folded(&self, bytes: &[u8]) -> *const u8 {
        told(&self.call, whole::folded(bytes, self.call.is_text()))
    }

    /// The failure of a fault that the decoder found.
    pub fn stream_fault(&self, decoder: &DecoderHandle) -> *const u8 {
        match decoder.fault() {
            Some(fault) => failing(&self.call, &self.call.stream_fault(fault)),
            None => failing(&self.call, &self.call.stream_lost(None, "")),
        }
    }

    /// The models of a catalogue's body, or the one model that was asked for; or what is wrong with the body.
    pub fn models(&self, bytes: &[u8], wall: f64, steady: f64) -> *const u8 {
        match self.call.models(bytes, at(wall, steady)) {
            Ok(models) => told(&self.call, models),
            Err(error) => failing(&self.call, &self.call.misread(error, &[])),
        }
    }

    /// Usage so far, as an embeddings answer tells it.
    pub fn usage(&self) -> Returned<JsValue> {
        Ok(plain::to_js(&self.call.embedding_usage()))
    }
}
