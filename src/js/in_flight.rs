//! A call under way: what was sent, and what it used.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;

use super::cancel::Cancel;
use super::fetch::{Response, header};
use super::held::Held;
use super::now;
use super::outgoing::Wire;
use super::shared::Shared;
use super::trap::{self, Place};
use crate::config::RequestOptions;
use crate::error::Error;
use crate::policy::cost::{Cost, Rates, Source as PriceSource};
use crate::policy::ledger::Kind;
use crate::policy::limit_store::Part;
use crate::policy::reservation::Ask;
use crate::wire::embedding::{Batch, Format};
use crate::wire::request::pinned_provider;

/// A request that was let through and is not yet accounted for.
pub struct Exchange {
    /// Which of the call's requests.
    pub index: usize,
    /// Index in the pool.
    pub key: usize,
    /// The store's name of the reservation; none where nothing is limited.
    pub reservation: Option<String>,
    /// Whether it has gone out.
    pub sent: Cell<bool>,
}

/// What is known of a call so far.
#[derive(Default)]
pub struct Progress {
    pub key: Option<usize>,
    pub request_id: Option<String>,
    pub provider: Option<String>,
    /// Of the last response; 0 where there was none.
    pub status: u16,
    /// Of the last response; undefined where there was none.
    pub headers: JsValue,
    pub first_token_at: Option<f64>,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub total_tokens: u64,
    pub estimated: bool,
    pub reported: bool,
}

/// A call under way.
pub struct InFlight {
    pub shared: Rc<Shared>,
    pub cancel: Cancel,
    /// None: a look into the catalogue, which is neither limited nor settled.
    pub kind: Option<Kind>,
    pub model: String,
    pub stream: bool,
    /// Whether the caller asked for the stream's usage itself.
    pub asks_usage: bool,
    pub options: RequestOptions,
    pub requests: Vec<Wire>,
    pub attempts: Cell<u32>,
    /// Keys that a function gave for it: the client forgets old ones.
    pub sent_keys: Held<Vec<String>>,
    pub progress: Held<Progress>,
    /// Whatever has become of the future that let them through, the call knows what is open.
    exchanges: Held<Vec<Rc<Exchange>>>,
    pub started_at: f64,
    pub ended_at: Cell<Option<f64>>,
    /// What an embeddings call is made of.
    pub embeddings: Option<Plan>,
    /// Live prices on their way.
    pub prices: Held<Option<Promise>>,
    /// Limits and budgets of this call beside the client's own; their amounts are filled in for each request.
    pub parts: Vec<Part>,
    /// What is reserved for a call that is sent in several requests, once for all of them.
    whole: Held<Option<String>>,
    /// What the store said is left of them all.
    pub quotas: Held<JsValue>,
    /// A store's answers that are still on their way.
    pub storing: Array,
}

/// What an embeddings call is made of.
pub struct Plan {
    pub batches: Vec<Batch>,
    pub format: Format,
}

impl InFlight {
    /// A call that nobody waits for yet.
    pub fn new(
        shared: &Rc<Shared>,
        cancel: &Cancel,
        kind: Option<Kind>,
        model: String,
        options: RequestOptions,
        requests: Vec<Wire>,
    ) -> Self {
        // One a request at most, so that none is added where memory may be wanting.
        let exchanges = Vec::with_capacity(requests.len());
        InFlight {
            shared: shared.clone(),
            cancel: cancel.clone(),
            kind,
            model,
            stream: false,
            asks_usage: false,
            options,
            requests,
            attempts: Cell::new(0),
            sent_keys: Held::default(),
            progress: Held::default(),
            exchanges: Held::new(exchanges),
            started_at: now(),
            ended_at: Cell::new(None),
            embeddings: None,
            prices: Held::default(),
            parts: Vec::new(),
            whole: Held::default(),
            quotas: Held::default(),
            storing: Array::new(),
        }
    }

    /// What tells it from other calls under way.
    pub fn number(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Whether it is let through as a whole or not at all: sent in several requests, none of which may wait for the limits.
    pub fn is_split(&self) -> bool {
        self.requests.len() > 1 && !self.shared.config.waiting.waits
    }

    /// The call as a whole has been let through.
    pub fn open_whole(&self, reservation: String) {
        self.whole.get(|whole| *whole = Some(reservation));
    }

    /// Ends the reservation of the call as a whole with what all of it used.
    pub fn close_whole(&self) {
        let Some(whole) = self.whole.get(Option::take) else {
            return;
        };
        let (prompt, completion) = self
            .progress
            .get(|progress| (progress.prompt_tokens, progress.completion_tokens));
        let store = &self.shared.store;
        let ended = if self.attempts.get() == 0 {
            store.release(&whole)
        } else {
            let usd = self.usd_to_book(prompt, completion);
            store.settle(&whole, prompt.saturating_add(completion), usd, now())
        };
        self.freed(ended);
    }

    /// A request that has been let through and waits for its first attempt.
    pub fn admitted(&self, index: usize) -> Option<Rc<Exchange>> {
        let waits = |open: &&Rc<Exchange>| open.index == index && !open.sent.get();
        self.exchanges
            .get(|exchanges| exchanges.iter().find(waits).cloned())
    }

    /// Whether a request must have a price before it is sent.
    pub fn has_budget(&self) -> bool {
        self.shared.config.budget.is_some() || self.parts.iter().any(|part| part.budget.is_some())
    }

    /// The error of a request whose price a budget can't hold.
    pub fn unpriced(&self) -> Error {
        let problem = [
            "has no price for ",
            &self.model,
            ", so the budget could not hold it",
        ]
        .concat();
        Error::config("pricing", &problem)
    }

    /// A call for the catalogue, or for one model in it.
    pub fn catalogue(
        shared: &Rc<Shared>,
        cancel: &Cancel,
        id: &str,
        options: RequestOptions,
    ) -> Self {
        let base = shared.config.base_url.url.as_str();
        let url = if id.is_empty() {
            [base, "/models"].concat()
        } else {
            [base, "/models/", id].concat()
        };
        let ask = Ask {
            prompt_tokens: 0,
            max_tokens: Some(0.0),
            choices: 0.0,
        };
        let wire = Wire::get(url, ask);
        InFlight::new(shared, cancel, None, id.to_string(), options, vec![wire])
    }

    /// Remembers what a response says of itself.
    pub fn note_response(&self, response: &Response) {
        let id = ["x-request-id", "x-amzn-trace-id", "x-amz-cf-id"]
            .iter()
            .find_map(|name| header(response, name))
            .map(|id| self.redact(&id));
        let status = response.status() as u16;
        let headers = response.headers();
        let provider = header(response, "x-inference-provider").map(|name| self.redact(&name));
        self.progress.get(|progress| {
            progress.request_id = id;
            progress.status = status;
            progress.headers = headers;
            progress.provider = provider.or(progress.provider.take());
        });
    }

    /// A request has been let through.
    pub fn open(&self, exchange: Exchange) -> Rc<Exchange> {
        let exchange = Rc::new(exchange);
        let open = exchange.clone();
        self.exchanges.get(|exchanges| exchanges.push(open));
        exchange
    }

    /// Any request that is open.
    pub fn first_open(&self) -> Option<Rc<Exchange>> {
        self.exchanges.get(|exchanges| exchanges.first().cloned())
    }

    /// The store has been told: before that a trap must leave it open.
    fn end(&self, exchange: &Rc<Exchange>) {
        self.exchanges
            .get(|exchanges| exchanges.retain(|open| !Rc::ptr_eq(open, exchange)));
    }

    /// Books a request's usage on the key that was sent, in the limiter and in the call's sum.
    pub fn account(
        &self,
        index: usize,
        prompt: u64,
        completion: u64,
        total: Option<u64>,
        estimated: bool,
    ) {
        let exchange = self
            .exchanges
            .get(|exchanges| exchanges.iter().find(|open| open.index == index).cloned());
        let Some(exchange) = exchange else {
            return;
        };
        self.book(&exchange, prompt, completion);
        let total = total.unwrap_or(prompt.saturating_add(completion));
        self.progress.get(|progress| {
            progress.prompt_tokens = progress.prompt_tokens.saturating_add(prompt);
            progress.completion_tokens = progress.completion_tokens.saturating_add(completion);
            progress.total_tokens = progress.total_tokens.saturating_add(total);
            progress.estimated |= estimated;
            progress.reported |= !estimated;
        });
    }

    /// Ends an exchange's reservation with what was used.
    pub fn book(&self, exchange: &Rc<Exchange>, prompt: u64, completion: u64) {
        trap::here(Place::Book);
        let now = now();
        let tokens = prompt.saturating_add(completion);
        let usd = self.usd_to_book(prompt, completion);
        let ended = exchange.reservation.as_ref();
        let ended = ended.and_then(|name| self.shared.store.settle(name, tokens, usd, now));
        self.end(exchange);
        self.shared
            .pool(|pool| pool.settled(exchange.key, tokens, now));
        self.freed(ended);
    }

    /// Ends a reservation of which nothing was sent.
    pub fn release(&self, exchange: &Rc<Exchange>) {
        let ended = exchange.reservation.as_ref();
        let ended = ended.and_then(|name| self.shared.store.release(name));
        self.end(exchange);
        self.freed(ended);
    }

    /// Lets nothing through for a key before `until`.
    pub fn block(&self, key: usize, until: f64) {
        let blocked = self.shared.store.block(&self.shared.scope(key), until);
        self.await_store(&blocked);
    }

    fn freed(&self, ended: Option<Promise>) {
        self.await_store(&ended);
        self.shared.freed(ended);
    }

    fn await_store(&self, answer: &Option<Promise>) {
        if let Some(answer) = answer {
            self.storing.push(answer);
        }
    }

    /// What the budget is charged: where the provider that answered has no price, the rates that were reserved.
    fn usd_to_book(&self, prompt: u64, completion: u64) -> f64 {
        let provider = self.provider();
        let known = self.cost(provider.as_deref(), prompt, completion).usd;
        let reserved = || {
            let (rates, source) = self.rates(None)?;
            rates.cost(prompt as f64, completion as f64, source).usd
        };
        known.or_else(reserved).unwrap_or(0.0)
    }

    /// Counts the prompt of a request that was sent and never answered.
    pub fn sent_in_vain(&self, exchange: &Rc<Exchange>) {
        let prompt = self.prompt_tokens(exchange.index);
        self.account(exchange.index, prompt, 0, None, true);
    }

    /// The estimate of a request's prompt.
    pub fn prompt_tokens(&self, index: usize) -> u64 {
        self.requests
            .get(index)
            .map_or(0, |wire| wire.ask.prompt_tokens)
    }

    /// The provider that answers: pinned in the model, else named by the response.
    pub fn provider(&self) -> Option<String> {
        let pinned = pinned_provider(&self.model).map(str::to_string);
        pinned.or_else(|| self.progress.get(|progress| progress.provider.clone()))
    }

    /// The inputs of a request for embeddings.
    pub fn batch(&self, index: usize) -> Batch {
        let plan = self.embeddings.as_ref();
        let batch = plan.and_then(|plan| plan.batches.get(index));
        batch.cloned().unwrap_or_default()
    }

    /// The price of a request beforehand: its prompt and the longest answer.
    pub fn most_usd(&self, wire: &Wire) -> Option<f64> {
        let (rates, _) = self.rates(None)?;
        let prompt = wire.ask.prompt_tokens as f64 * rates.input_per_million;
        let completion = wire.ask.most_completion() * rates.output_per_million;
        Some((prompt + completion) / 1e6)
    }

    /// The price of tokens, and where it comes from.
    pub fn rates(&self, provider: Option<&str>) -> Option<(Rates, PriceSource)> {
        self.shared.rates(&self.model, provider)
    }

    /// What tokens cost where a provider answers.
    pub fn cost(&self, provider: Option<&str>, prompt: u64, completion: u64) -> Cost {
        match self.rates(provider) {
            Some((rates, source)) => rates.cost(prompt as f64, completion as f64, source),
            None => Cost::unknown(),
        }
    }
}
