//! One call, from its checked arguments to its settlement: no clock, no network, no JavaScript.
//!
//! A [`Call`] decides what happens and its driver does it. The driver carries out a [`Step`] (ask for a key, ask a store, sleep,
//! send, read) and returns the result as an [`Event`], with the time and a random number. There are four kinds of methods:
//!
//! - **Beginning**: [`Call::chat`], [`Call::completion`], [`Call::embeddings`] and [`Call::catalogue`] check a caller's body and
//!   make the call. A call has one request, or one for each batch of embedding inputs, and the driver drives each request
//!   separately. If there are several and none may wait for the limits ([`Call::is_split`]), the driver first drives the call as
//!   a whole, under the index after the last request: either all requests are let through, or none is sent.
//! - **Events**: [`Call::handle`] takes one event for one request and returns the next step. Exactly one event answers a
//!   step: the one that the step's documentation names, or [`Event::Cancelled`] in its place. [`Event::Cancelled`] may
//!   come at any time before [`Step::Deliver`] or [`Step::Fail`], which are the last steps of a request. If a store was being
//!   asked at that time, its answer is still handed in when it comes. An event that doesn't fit the state changes nothing.
//! - **Accounting**: [`Call::took`] books what a delivered answer used, as its server counted it or as estimated from what arrived.
//! - **Settlement**: [`Call::close`] ends the call, in whatever state its requests are, with its one settlement.
//!   Nothing stays reserved after it.
//!
//! After each of these the driver takes the [`Effect`]s: messages to the caller's limit store, and calls in line to wake.
//!
//! Time is given as a reading of two clocks ([`Now`]): the wall's, for months and budgets, and one that can't be set, by
//! which waits, windows and durations are measured. A [`WallTime`] alone is a reading where there is no second clock.
//!
//! ```
//! use hfetch::call::shared::{Host, Shared};
//! use hfetch::call::{Call, Event, Step, account::Told, head::Head, open::Given, settlement::End};
//! use hfetch::config::{Config, KeySource};
//! use hfetch::json;
//! use hfetch::policy::ledger::Outcome;
//! use hfetch::unit::WallTime;
//! use std::rc::Rc;
//!
//! fn one_call() -> Option<()> {
//!     let options = json::parse(br#"{"apiKey": "hf_example", "model": "org/name"}"#).ok()?;
//!     let config = Config::from_options(&options, &KeySource::None).ok()?;
//!     let shared = Rc::new(Shared::new(config, Host { wakes_across_requests: true, has_store: false, counts_places_of_keys: false }));
//!     let given = Given { options: shared.default_options(), parts: vec![], metered: false, max_tokens: None, max_choices: None, address: None };
//!
//!     let body = r#"{"messages": [{"role": "user", "content": "Hello"}]}"#;
//!     let call = Call::chat(&shared, body, given, WallTime(0.0)).ok()?;
//!     let Step::Send { index, key } = call.handle(0, Event::Begin, WallTime(0.0), 0.5) else { return None };
//!     assert_eq!((index, key.as_deref()), (0, Some("hf_example")));
//!     assert!(matches!(call.handle(0, Event::Head(Head::new(200, "id-1")), WallTime(90.0), 0.5), Step::Deliver));
//!     let told = Told { prompt: Some(5.0), completion: Some(7.0), ..Told::default() };
//!     assert!(call.took(0, told, None, WallTime(200.0)));
//!
//!     let end = End { outcome: Outcome::Ok, finish_reason: Some("stop".into()), first_token_at: None };
//!     let settlement = call.close(&end, WallTime(200.0))?;
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

use crate::config::RequestOptions;
use crate::error::Error;
use crate::held::Held;
use crate::policy::clock::Now;
use crate::policy::ledger::{Kind, Settlement};
use crate::policy::limit_store::{Part, Refusal};
use crate::unit::{Millis, SteadyTime, Usd, WallTime};
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
    /// The state that all calls of the client share.
    pub shared: Rc<Shared>,
    /// The kind of call; `None` for a request to the catalogue, which is neither limited nor settled.
    pub kind: Option<Kind>,
    /// The model that the caller asked for. For a request to the catalogue: the model's id, or empty for the whole catalogue.
    pub model: String,
    /// Whether the answer comes as a stream.
    pub stream: bool,
    /// Whether the caller's body asks for the stream's usage.
    pub asks_usage: bool,
    /// The options of this request.
    pub options: RequestOptions,
    /// The models that may answer, as the caller named them; the body's own comes first.
    named: Vec<String>,
    /// The candidates that may be asked, once they are known; empty without a route.
    candidates: Held<Vec<Rc<Candidate>>>,
    /// The model that answered the first of several requests.
    locked: Held<Option<String>>,
    /// The requests to send.
    pub requests: Vec<Outgoing>,
    /// The batches and the format of a call that embeds or reranks.
    pub plan: Option<Plan>,
    /// Warnings about the body, for the developer who wrote it.
    pub doubts: Vec<String>,
    /// When the call began.
    pub started_at: WallTime,
    /// The same on the steady clock.
    began: SteadyTime,
    /// Open reservations, and what the call has used.
    pub account: Account,
    /// Limits and budgets besides the client's own.
    parts: Vec<Part>,
    ended_at: Cell<Option<SteadyTime>>,
    /// Whether a whole answer arrived, even if it couldn't be read.
    answered: Cell<bool>,
    /// The settlement, once it exists.
    settled: Held<Option<Rc<Settlement>>>,
    /// Whether live prices that the call needs may still arrive.
    awaits_prices: Cell<bool>,
    /// One for each request, and one more for a call that is let through as a whole. A machine is taken out while it works.
    machines: Held<Vec<Option<Box<Machine>>>>,
    /// Keys that a function gave for this call. The call keeps them for redaction, since the client forgets old ones.
    sent_keys: Held<Vec<String>>,
    /// The call's places in line, kept where a trap in the middle of a step can't lose them.
    places: Held<Vec<u64>>,
    /// The reservation of a call that is sent in several requests and was let through as a whole.
    whole: Held<Option<String>>,
    /// The amounts that are left of the limits that the call brought.
    quotas: Held<Option<Vec<QuotaRow>>>,
    effects: Held<Vec<Effect>>,
}

/// The answer to a request to the catalogue.
#[derive(Debug)]
pub enum Models {
    /// The one model that the caller asked for.
    One(Model),
    /// All models.
    All(Rc<Vec<Model>>),
}

/// The driver's next task for a request.
#[derive(Debug)]
pub enum Step {
    /// Wait until live prices have arrived or failed to; then [`Event::Prices`].
    AwaitPrices,
    /// Ask the key function, then [`Event::Key`] or [`Event::NoKey`].
    AskKey {
        /// How long it may take.
        patience: Millis,
    },
    /// Ask the caller's store to reserve all parts or none; then [`Event::Reserved`] or [`Event::StoreFailed`].
    Reserve {
        /// The portions to reserve.
        parts: Vec<Part>,
    },
    /// Sleep; then [`Event::Woken`].
    Sleep {
        /// For so long.
        ms: Millis,
        /// An [`Effect::Wake`] with this number ends the sleep early.
        waiter: Option<u64>,
    },
    /// Send a request; then [`Event::Head`] or [`Event::Lost`].
    Send {
        /// The index in [`Call::requests`].
        index: usize,
        /// The key to send with it.
        key: Option<String>,
    },
    /// Read the body of the error response, as far as it comes in time, then [`Event::ErrorBody`].
    ReadError {
        /// How long it may take.
        patience: Millis,
    },
    /// The last step: the response holds the answer.
    Deliver,
    /// The last step: there will be no answer.
    Fail(Box<Failure>),
    /// Nothing to do: the request is over, or the event didn't fit the state.
    Nothing,
}

/// The result of a step.
#[derive(Debug)]
pub enum Event<'a> {
    /// The first event of every request.
    Begin,
    /// Live prices have arrived or failed to.
    Prices,
    /// The key that the key function returned.
    Key(&'a str),
    /// The key function gave no key.
    NoKey(NoKey),
    /// The answer of the caller's store: the reservation's name, or a refusal.
    Reserved(Result<String, Refusal>),
    /// The caller's store failed.
    StoreFailed,
    /// The sleep is over.
    Woken,
    /// The head of a response.
    Head(Head),
    /// No response came.
    Lost(Lost<'a>),
    /// The body of an error, or as much of it as arrived.
    ErrorBody(&'a [u8]),
    /// The caller or a timeout ends the call early.
    Cancelled(Cancelled),
    /// The call is still running: its reservations are renewed. No step answers this event.
    UnderWay,
    /// The stream ends although its server may have sent more than its reader took. No step answers this event.
    Unread,
}

/// Why a key function gave no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// The function threw or rejected.
    Failed,
    /// The function took longer than the connect timeout.
    TimedOut,
    /// The function returned a `Response` instead of the text in it.
    Response,
    /// The function returned another value that is not a string.
    NoString,
}

/// Why a request got no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost<'a> {
    /// The connection failed. The text holds the names and codes of the thrown value and of its causes, one per line.
    Connection(&'a str),
    /// The headers took longer than the connect timeout.
    TimedOut,
}

/// A task of the driver in addition to the next step.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Tell the caller's store what the request of a reservation used. Afterwards the line may be woken.
    Settle {
        /// The reservation's name.
        reservation: String,
        /// Tokens used.
        tokens: f64,
        /// Money.
        usd: Usd,
        /// The current time.
        now: WallTime,
    },
    /// Tell the caller's store that nothing was sent for a reservation. Afterwards the line may be woken.
    Release {
        /// The reservation's name.
        reservation: String,
    },
    /// Tell the caller's store that the request of a reservation is still running.
    Renew {
        /// The reservation's name.
        reservation: String,
        /// The current time.
        now: WallTime,
    },
    /// Tell the caller's store to let nothing through for a scope.
    Block {
        /// The scope.
        scope: String,
        /// When the block ends.
        until: WallTime,
    },
    /// End the sleep of a waiting call.
    Wake {
        /// The number in the call's [`Step::Sleep`].
        waiter: u64,
    },
}

impl Call {
    /// Takes one event of request `index` and returns the next step. `random` is between 0 and 1.
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
        // If a trap happens while the machine works, its request counts as over.
        let take = |machines: &mut Vec<Option<_>>| machines.get_mut(index)?.take();
        let Some(mut machine): Option<Box<Machine>> = self.machines.get(take) else {
            return Step::Nothing;
        };
        let mut step = self.advance(&mut machine, event, now, random);
        if let Step::Fail(failure) = &mut step {
            // The failure may have been made before its own candidate was added to the list.
            failure.tried = self.tried();
        }
        self.machines.get(|machines| {
            if let Some(place) = machines.get_mut(index) {
                *place = Some(machine);
            }
        });
        step
    }

    fn effect(&self, effect: Effect) {
        self.effects.get(|effects| effects.push(effect));
    }

    /// The driver's tasks in addition to the next step.
    pub fn take_effects(&self) -> Vec<Effect> {
        self.effects.get(std::mem::take)
    }

    /// Whether the answer is a text completion.
    pub fn is_text(&self) -> bool {
        self.kind == Some(Kind::Completion)
    }

    /// The inputs of a request for embeddings.
    pub fn batch(&self, index: usize) -> Batch {
        let plan = self.plan.as_ref();
        let batch = plan.and_then(|plan| plan.batches.get(index));
        batch.cloned().unwrap_or_default()
    }

    /// The models in the catalogue's body, or the one model that the caller asked for. The prices of a whole catalogue are kept.
    pub fn models(&self, body: &[u8], now: impl Into<Now>) -> Result<Models, Error> {
        let now = self.read_clock(now);
        if !self.model.is_empty() {
            return Ok(Models::One(model::parse_one(body)?));
        }
        let models = Rc::new(model::parse(body)?);
        self.shared.keep_prices(Some(models.clone()), now);
        Ok(Models::All(models))
    }

    /// Books a call whose stream has ended; `whole` says whether it reached its end. Returns the model's finish reason.
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
