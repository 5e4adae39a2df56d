//! A call as its driver sees it. Every method that returns a pointer points to a record, which plain.js reads at once.

use std::cell::Cell;

use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::at;
use super::convert::Returned;
use super::decoder::DecoderHandle;
use super::plain::{self, Record};
use super::protocol;
use super::step::{self, cancelled, failing, no_key, told};
use crate::call::account::Told;
use crate::call::head::Head;
use crate::call::open::Plan;
use crate::call::settlement::End;
use crate::call::{Call, Event, Lost, Models};
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
    /// The rows of the last batch, until JavaScript has copied them.
    rows: Cell<Vec<f32>>,
}

impl CallHandle {
    /// The handle of a call.
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

    /// Keeps rows until the next ones come or the call is closed; returns their address and the number of floats.
    pub fn keep_rows(&self, rows: Vec<f32>) -> (usize, usize) {
        let place = (rows.as_ptr().addr(), rows.len());
        self.rows.set(rows);
        place
    }

    /// Adds what is known of the call from the beginning.
    fn add_facts(&self, record: &mut Record) {
        let call = &self.call;
        let (config, timeouts) = (&call.shared.config, &call.options.timeouts);
        record.flag("stream", call.stream);
        // Whether the caller's body asks for the stream's usage.
        record.flag("asks_usage", call.asks_usage);
        // The idle timeout within a whole body and before a stream's first event, and the one after that event.
        record.add("idle", &timeouts.idle_before());
        record.add("idle_after", &timeouts.idle());
        record.add("total", &timeouts.total);
        // The time between two renewals of the reservations.
        record.add("renew", &call.kind.and(call.shared.renew_after()));
        record.add("max_event_bytes", &config.max_event_bytes);
        record.add("max_answer_bytes", &config.max_answer_bytes);
        record.flag("is_text", call.is_text());
        // Whether live prices are needed and missing.
        record.flag("prices", call.wants_catalogue());
        match &call.plan {
            Some(plan) => record.object("plan", |record| self.add_plan(record, plan)),
            None => record.add("plan", &()),
        }
    }

    /// Adds the batches and the format of a call that embeds or reranks.
    fn add_plan(&self, record: &mut Record, plan: &Plan) {
        let call = &self.call;
        // For each batch: the index of its first input, and the number of inputs.
        let mut batches = Vec::new();
        for batch in &plan.batches {
            batches.push((batch.start, batch.len()));
        }
        record.add("batches", &batches);
        let concurrency = call.shared.config.batching.concurrency;
        record.add("concurrency", &concurrency);
        record.flag("split", call.is_split());
        record.text("format", Some(plan.format.name()));
        // How many documents of a reranking the caller wants.
        record.add("most", &plan.most);
        record.text("model", Some(&call.model));
    }

    fn handle(&self, index: usize, event: Event<'_>, now: Now, random: f64) -> *const u8 {
        let step = self.call.handle(index, event, now, random);
        let mut record = Record::new();
        step::add(&mut record, "said", &self.call, &step);
        step::end(record, &self.call)
    }
}

/// The end of a stream, after its usage was booked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Streamed<'a> {
    finish_reason: Option<&'a str>,
    /// The completion's JSON, if it is small and may be asked for.
    json: Option<String>,
}

/// Up to this size in bytes, a completion leaves the module together with its account, as text. A larger one is copied as bytes and
/// parsed when it is asked for.
const SMALL: usize = 16 << 10;

/// A settlement, or `None` while prices are still being fetched.
#[derive(Serialize)]
struct Closed<'a> {
    settlement: Option<&'a Settlement>,
}

#[wasm_bindgen]
impl CallHandle {
    /// The facts about the call. If a call with one request may begin at once, its first step comes with them.
    pub fn start(&self, may_begin: bool, wall: f64, steady: f64, random: f64) -> *const u8 {
        let call = &self.call;
        let begins = may_begin && call.plan.is_none();
        let mut record = Record::new();
        record.object("said", |record| self.add_facts(record));
        if begins {
            let step = call.handle(0, Event::Begin, at(wall, steady), random);
            step::add(&mut record, "step", call, &step);
        }
        step::end(record, call)
    }

    /// Takes an event without data or with a number, by the numbers in protocol.rs.
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

    /// Takes an event with a text, by the numbers in protocol.rs; `number` is the status of a response's head.
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
            // One line for each header in `head_names`.
            protocol::HEAD => Event::Head(Head::new(number as u16, text)),
            // The names and codes of what was thrown, one per line.
            protocol::LOST => Event::Lost(Lost::Connection(text)),
            protocol::KEY => Event::Key(text),
            protocol::RESERVED => Event::Reserved(Ok(text.to_string())),
            protocol::REFUSED => Event::Reserved(Err(step::refusal(text))),
            _ => Event::ErrorBody(text.as_bytes()),
        };
        self.handle(index, event, at(wall, steady), random)
    }

    /// Books request `index` with the counts that its server reported, for an answer of so many characters. Without `text` the
    /// counts are booked if they can be right, and the result says whether they were. With `text`, delivered after `before` tokens,
    /// the larger of counts and estimates is booked.
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

    /// Books a call whose request has ended as a stream; `whole`: it reached its end; `asked`: the caller may still ask for the
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

    /// Ends the call and returns its settlement. While prices are still being fetched it returns none, and has to be called again.
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
        let settlement = settlement.as_deref();
        told(&self.call, Closed { settlement })
    }

    /// The failure of a cancelled call; `waited` is the idle timeout's length in ms.
    pub fn cancelled(&self, cause: f64, waited: f64) -> *const u8 {
        failing(
            &self.call,
            &self.call.cancelled(cancelled(cause), Millis(waited)),
        )
    }

    /// The failure of an answer whose body broke off: why it can't be read, and the names of what was thrown.
    pub fn broken_off(&self, stream: bool, unreadable: Option<String>, names: &str) -> *const u8 {
        let unreadable = unreadable.as_deref();
        let failure = match stream {
            true => self.call.stream_lost(unreadable, names),
            false => self.call.body_lost(unreadable, names),
        };
        failing(&self.call, &failure)
    }

    /// The failure of a whole answer: it isn't the expected object, it may report a failure, or it may hold no answer, by the
    /// numbers in protocol.rs. Null if there is no such failure.
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

    /// The JSON of a whole answer in which values have the wrong type, after they were repaired.
    pub fn folded(&self, bytes: &[u8]) -> *const u8 {
        told(&self.call, whole::folded(bytes, self.call.is_text()))
    }

    /// The failure for a fault that the decoder found.
    pub fn stream_fault(&self, decoder: &DecoderHandle) -> *const u8 {
        match decoder.fault() {
            Some(fault) => failing(&self.call, &self.call.stream_fault(fault)),
            None => failing(&self.call, &self.call.stream_lost(None, "")),
        }
    }

    /// The models of a catalogue's body, or the one model that the caller asked for; or the failure if the body can't be read.
    pub fn models(&self, bytes: &[u8], wall: f64, steady: f64) -> *const u8 {
        match self.call.models(bytes, at(wall, steady)) {
            Ok(Models::One(model)) => told(&self.call, model),
            Ok(Models::All(models)) => told(&self.call, &*models),
            Err(error) => failing(&self.call, &self.call.misread(error, &[])),
        }
    }

    /// The usage so far, as an embeddings answer reports it.
    pub fn usage(&self) -> Returned<JsValue> {
        Ok(plain::to_js(&self.call.embedding_usage()))
    }
}
