//! One call, from its checked arguments to its settlement: no clock, no network, no JavaScript.
//!
//! A [`Call`] decides; its driver obeys. The driver does what a [`Step`] says (ask for a key, ask a store, sleep, send,
//! read), and hands back what came of it as an [`Event`], with the time and a random number. The methods are of four kinds:
//!
//! - **Beginning**: [`Call::chat`], [`Call::completion`], [`Call::embeddings`], [`Call::catalogue`] check a caller's body and make the call.
//!   A call has one request, or one for each batch of embedding inputs; each request is driven by itself. Where none of
//!   several requests may wait for the limits ([`Call::is_split`]), the call as a whole is driven first, under the index
//!   behind its last request: it is let through with all of them, or nothing is sent.
//! - **Events**: [`Call::handle`] takes one event for one request and gives the next step. Exactly one event answers a
//!   step: the one that the step's documentation names, or [`Event::Cancelled`] instead of it. [`Event::Cancelled`] may
//!   come at any time before [`Step::Deliver`] or [`Step::Fail`], which are the last steps of a request; the answer of a
//!   store that was asked before it is handed in all the same when it comes. An event that fits no state changes nothing.
//! - **Accounting**: [`Call::took`] says what a delivered answer took, by its server's count or by what came of it.
//! - **Settlement**: [`Call::close`] ends the call, whatever state its requests are in, with its one settlement.
//!   Nothing stays reserved after it.
//!
//! After each of these the driver takes the [`Effect`]s: what a given store is to be told, and whose sleep ends.
//!
//! Time is given as a reading of two clocks ([`Now`]): the wall's, for months and budgets, and one that can't be set, by
//! which waits, windows and durations are measured. A number alone is the wall clock.
//!
//! ```
//! use hfetch::call::shared::{Host, Shared};
//! use hfetch::call::{Call, Event, Step, account::Told, head::Head, open::Given, settlement::End};
//! use hfetch::config::{Config, KeySource};
//! use hfetch::json;
//! use hfetch::policy::ledger::Outcome;
//! use std::rc::Rc;
//!
//! fn one_call() -> Option<()> {
//!     let options = json::parse(br#"{"apiKey": "hf_example", "model": "org/name"}"#).ok()?;
//!     let config = Config::from_options(&options, &KeySource::None).ok()?;
//!     let shared = Rc::new(Shared::new(config, Host { wakes_across_requests: true, has_store: false, counts_places_of_keys: false }));
//!     let given = Given { options: shared.default_options(), parts: vec![], metered: false, max_tokens: None, max_choices: None, address: None };
//!
//!     let body = r#"{"messages": [{"role": "user", "content": "Hello"}]}"#;
//!     let call = Call::chat(&shared, body, given, 0.0).ok()?;
//!     let Step::Send { index, key } = call.handle(0, Event::Begin, 0.0, 0.5) else { return None };
//!     assert_eq!((index, key.as_deref()), (0, Some("hf_example")));
//!     assert!(matches!(call.handle(0, Event::Head(Head::new(200, "id-1")), 90.0, 0.5), Step::Deliver));
//!     let told = Told { prompt: Some(5.0), completion: Some(7.0), ..Told::default() };
//!     assert!(call.took(0, told, None, 200.0));
//!
//!     let end = End { outcome: Outcome::Ok, finish_reason: Some("stop".into()), first_token_at: None };
//!     let settlement = call.close(&end, 200.0)?;
//!     assert_eq!(settlement.usage.total_tokens, 12.0);
//!     assert_eq!(settlement.request_id.as_deref(), Some("id-1"));
//!     Some(())
//! }
//! assert!(one_call().is_some());
//! ```

pub mod account;
mod admission;
mod attempt;
mod charge;
pub mod delivered;
mod failover;
pub mod failure;
pub mod head;
mod line;
mod machine;
pub mod offer;
pub mod open;
pub mod outgoing;
mod parts;
pub mod passage;
mod pause;
mod prices;
mod quota;
mod refusal;
pub mod route;
pub mod settlement;
pub mod shared;
mod told;
mod whole;

use std::cell::Cell;
use std::rc::Rc;

use serde::Serialize;

use crate::config::RequestOptions;
use crate::error::Error;
use crate::held::Held;
use crate::policy::clock::Now;
use crate::policy::ledger::{Kind, Settlement};
use crate::policy::limit_store::{Part, Refusal};
use crate::unit::{Millis, Time, Usd};
use crate::wire::completion::Completion;
use crate::wire::embedding::Batch;
use crate::wire::model::{self, Model};
use account::{Account, Told};
use failure::{Cancelled, Failure};
use head::Head;
use machine::Machine;
use open::Plan;
use outgoing::Outgoing;
pub use quota::{QuotaRow, rows as quotas};
use route::Candidate;
use shared::Shared;

/// One call.
#[derive(Debug)]
pub struct Call {
    /// What all calls of the client share.
    pub shared: Rc<Shared>,
    /// None: a look into the catalogue, which is neither limited nor settled.
    pub kind: Option<Kind>,
    /// The model as asked for; of a look into the catalogue the id, empty for all of it.
    pub model: String,
    /// Whether the answer comes as a stream.
    pub stream: bool,
    /// Whether the caller asked for the stream's usage itself.
    pub asks_usage: bool,
    /// The options of this request.
    pub options: RequestOptions,
    /// The models that may answer, as the caller named them: the body's own first.
    named: Vec<String>,
    /// Who may answer, once that is known; empty without a route.
    candidates: Held<Vec<Candidate>>,
    /// The model that has answered the first of several requests.
    locked: Held<Option<String>>,
    /// What is sent.
    pub requests: Vec<Outgoing>,
    /// What an embeddings call is made of.
    pub plan: Option<Plan>,
    /// What to tell the developer of the body, if he wrote it.
    pub doubts: Vec<String>,
    /// When the call began, in ms since the epoch.
    pub started_at: Time,
    /// The same by the clock that only passes.
    began: Time,
    /// What it holds and has used.
    pub account: Account,
    /// Limits and budgets beside the client's own.
    parts: Vec<Part>,
    ended_at: Cell<Option<f64>>,
    /// Whether a whole answer has come, though nobody can read it.
    answered: Cell<bool>,
    /// The settlement, once it is made.
    settled: Held<Option<Settlement>>,
    /// Whether live prices that it needs may still be on their way.
    awaits_prices: Cell<bool>,
    machines: Held<Vec<Machine>>,
    /// Keys that a function gave for it; the client forgets old ones.
    sent_keys: Held<Vec<String>>,
    /// Its places in line, where a trap in the middle of a step can't lose them.
    places: Held<Vec<u64>>,
    /// What is reserved for a call that is sent in several requests, once for all of them.
    whole: Held<Option<String>>,
    /// What is left of the limits that it brought.
    quotas: Held<Option<Vec<QuotaRow>>>,
    effects: Held<Vec<Effect>>,
}

/// What a look into the catalogue found.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Models {
    /// The one model that was asked for.
    One(Model),
    /// All of them.
    All(Vec<Model>),
}

/// What the driver is to do next for a request.
#[derive(Debug)]
pub enum Step {
    /// Wait until live prices are there or can't be had, then [`Event::Prices`].
    AwaitPrices,
    /// Ask the key function, for so many ms at most, then [`Event::Key`] or [`Event::NoKey`].
    AskKey {
        /// How long it may take, in ms.
        patience: Millis,
    },
    /// Ask the given store for all parts or none, then [`Event::Reserved`] or [`Event::StoreFailed`].
    Reserve {
        /// What is to be reserved.
        parts: Vec<Part>,
    },
    /// Sleep, then [`Event::Woken`].
    Sleep {
        /// For so many ms.
        ms: Millis,
        /// The sleep also ends when an [`Effect::Wake`] names this waiter.
        waiter: Option<u64>,
    },
    /// Send a request, then [`Event::Head`] or [`Event::Lost`].
    Send {
        /// Which of [`Call::requests`].
        index: usize,
        /// The key to send along.
        key: Option<String>,
    },
    /// Read the body of the error response, as far as it comes within so many ms, then [`Event::ErrorBody`].
    ReadError {
        /// How long it may take, in ms.
        patience: Millis,
    },
    /// The last step: the response holds the answer.
    Deliver,
    /// The last step: there will be no answer.
    Fail(Box<Failure>),
    /// There is nothing to do: the request is over, or the event fitted no state.
    Nothing,
}

/// What has come of a step.
#[derive(Debug)]
pub enum Event<'a> {
    /// The first event of every request.
    Begin,
    /// Live prices are there, or can't be had.
    Prices,
    /// The key function gave this.
    Key(&'a str),
    /// The key function gave no key.
    NoKey(NoKey),
    /// The given store's answer: the reservation's name, or a refusal.
    Reserved(Result<String, Refusal>),
    /// The given store failed.
    StoreFailed,
    /// The sleep is over.
    Woken,
    /// A response's head.
    Head(Head),
    /// No response came.
    Lost(Lost<'a>),
    /// The error's body as far as it came.
    ErrorBody(&'a [u8]),
    /// The call ends early.
    Cancelled(Cancelled),
    /// The call is under way still, which its reservations are told; no step answers it.
    UnderWay,
    /// Its stream ends with more of it underway than its reader took; no step answers it.
    Unread,
}

/// How a key function gave no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// It threw or rejected.
    Failed,
    /// It took longer than the connect timeout.
    TimedOut,
    /// It gave a response instead of what is in it.
    Response,
    /// It gave something else that is no string.
    NoString,
}

/// How a request came to no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost<'a> {
    /// The connection failed; the names and codes of what was thrown and of its causes, a line each.
    Connection(&'a str),
    /// The headers took longer than the connect timeout.
    TimedOut,
}

/// What the driver does beside the next step.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Tell the given store what a reservation's request took; then something is free.
    Settle {
        /// The reservation's name.
        reservation: String,
        /// Tokens.
        tokens: f64,
        /// US dollars.
        usd: Usd,
        /// The time.
        now: Time,
    },
    /// Tell the given store that nothing was sent for a reservation; then something is free.
    Release {
        /// The reservation's name.
        reservation: String,
    },
    /// Tell the given store that a reservation's request is under way still.
    Renew {
        /// The reservation's name.
        reservation: String,
        /// The time.
        now: Time,
    },
    /// Tell the given store to let nothing through for a scope.
    Block {
        /// The scope.
        scope: String,
        /// Until then.
        until: Time,
    },
    /// End a waiter's sleep.
    Wake {
        /// The number that its [`Step::Sleep`] named.
        waiter: u64,
    },
}

impl Call {
    /// Takes one event of request `index`, and gives the next step. `random` is from 0 to 1.
    pub fn handle(&self, index: usize, event: Event<'_>, now: impl Into<Now>, random: f64) -> Step {
        let now = self.read_clock(now);
        match event {
            Event::UnderWay => {
                self.renew(now);
                return Step::Nothing;
            }
            Event::Unread => {
                self.account.is_unread();
                return Step::Nothing;
            }
            _ => {}
        }
        // The machine is away while it is used: one that a trap has kept is over.
        let machine = self
            .machines
            .get(|machines| machines.get_mut(index).map(std::mem::take));
        let Some(mut machine) = machine else {
            return Step::Nothing;
        };
        let mut step = self.advance(&mut machine, event, now, random);
        if let Step::Fail(failure) = &mut step {
            // It may have been made before its own candidate was noted.
            failure.tried = self.tried();
        }
        self.machines.get(|machines| {
            if let Some(place) = machines.get_mut(index) {
                *place = machine;
            }
        });
        step
    }

    fn effect(&self, effect: Effect) {
        self.effects.get(|effects| effects.push(effect));
    }

    /// What the driver has to do beside the next step.
    pub fn take_effects(&self) -> Vec<Effect> {
        self.effects.get(std::mem::take)
    }

    /// Whether it is answered with a text completion.
    pub fn is_text(&self) -> bool {
        self.kind == Some(Kind::Completion)
    }

    /// The inputs of a request for embeddings.
    pub fn batch(&self, index: usize) -> Batch {
        let plan = self.plan.as_ref();
        let batch = plan.and_then(|plan| plan.batches.get(index));
        batch.cloned().unwrap_or_default()
    }

    /// The models of a catalogue's body, or the one model that was asked for. The prices of a whole catalogue are kept.
    pub fn models(&self, body: &[u8], now: impl Into<Now>) -> Result<Models, Error> {
        let now = self.read_clock(now);
        if !self.model.is_empty() {
            return Ok(Models::One(model::parse_one(body)?));
        }
        let models = model::parse(body)?;
        self.shared.keep_prices(Some(models.clone()), now);
        Ok(Models::All(models))
    }

    /// The call's request has ended as a stream, `whole` or not; gives why the model stopped.
    pub fn streamed(
        &self,
        completion: &Completion,
        whole: bool,
        now: impl Into<Now>,
    ) -> Option<String> {
        let now = self.read_clock(now);
        let (usage, beside) = completion.told();
        self.told_beside(beside);
        let told = usage.map_or_else(Told::default, |usage| Told {
            prompt: usage.prompt,
            completion: usage.completion,
            total: usage.total,
            said: completion.said(),
        });
        if !whole || !self.took(0, told, None, now) {
            self.took(0, told, Some(delivered::tokens_of(completion)), now);
        }
        completion.finish_reason()
    }
}
