//! A call under way: what was sent, what it used, and its one settlement.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::admission::Admitted;
use super::cancel::Cancel;
use super::fetch::{Response, header};
use super::now;
use super::outgoing::Wire;
use super::plain::to_js;
use super::shared::{Shared, notify};
use crate::config::RequestOptions;
use crate::error::Error;
use crate::policy::cost::{Cost, Rates, Source as PriceSource};
use crate::policy::ledger::{Kind, Outcome, Settlement, Source, Usage};
use crate::policy::limit_store::Part;
use crate::policy::reservation::Ask;
use crate::wire::embedding::{Batch, Format};
use crate::wire::request::pinned_provider;

/// A request that has its response headers and is not yet accounted for.
pub struct Exchange {
    pub key: usize,
    pub reservation: Option<String>,
}

/// Usage of embeddings, which have no completion.
#[derive(serde::Serialize)]
pub struct EmbeddingUsage {
    prompt_tokens: f64,
    total_tokens: f64,
    source: Source,
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
    pub exchanges: Vec<(usize, Exchange)>,
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
    pub progress: RefCell<Progress>,
    pub started_at: f64,
    /// These two are the caller's, and let go with the settlement: either may lead back to this call, which would keep it for ever.
    pub metadata: Cell<JsValue>,
    pub on_settled: Cell<JsValue>,
    /// Taken by the one settlement.
    pub settle: RefCell<Option<Function>>,
    /// What an embeddings call is made of.
    pub embeddings: Option<Plan>,
    /// Live prices on their way.
    pub prices: RefCell<Option<Promise>>,
    /// Limits and budgets of this call beside the client's own; their amounts are filled in for each request.
    pub parts: Vec<Part>,
    /// What the store said is left of them all.
    pub quotas: RefCell<JsValue>,
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
            progress: RefCell::new(Progress::default()),
            started_at: now(),
            metadata: Cell::default(),
            on_settled: Cell::default(),
            settle: RefCell::new(None),
            embeddings: None,
            prices: RefCell::new(None),
            parts: Vec::new(),
            quotas: RefCell::new(JsValue::UNDEFINED),
            storing: Array::new(),
        }
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
        let mut progress = self.progress.borrow_mut();
        let id = ["x-request-id", "x-amzn-trace-id", "x-amz-cf-id"]
            .iter()
            .find_map(|name| header(response, name));
        progress.request_id = id;
        progress.status = response.status() as u16;
        progress.headers = response.headers();
        progress.provider = header(response, "x-inference-provider").or(progress.provider.take());
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
        let exchange = {
            let mut progress = self.progress.borrow_mut();
            let Some(at) = progress.exchanges.iter().position(|(of, _)| *of == index) else {
                return;
            };
            progress.exchanges.swap_remove(at).1
        };
        self.book(&exchange, prompt, completion);
        let mut progress = self.progress.borrow_mut();
        progress.prompt_tokens = progress.prompt_tokens.saturating_add(prompt);
        progress.completion_tokens = progress.completion_tokens.saturating_add(completion);
        let total = total.unwrap_or(prompt.saturating_add(completion));
        progress.total_tokens = progress.total_tokens.saturating_add(total);
        progress.estimated |= estimated;
        progress.reported |= !estimated;
    }

    /// Ends an exchange's reservation with what was used.
    pub fn book(&self, exchange: &Exchange, prompt: u64, completion: u64) {
        let now = now();
        let tokens = prompt.saturating_add(completion);
        let usd = self.usd_to_book(prompt, completion);
        let ended = exchange.reservation.as_ref();
        let ended = ended.and_then(|name| self.shared.store.settle(name, tokens, usd, now));
        self.shared
            .pool
            .borrow_mut()
            .settled(exchange.key, tokens, now);
        self.freed(ended);
    }

    /// Ends a reservation of which nothing was sent.
    pub fn release(&self, admitted: &Admitted) {
        let ended = admitted.reservation.as_ref();
        let ended = ended.and_then(|name| self.shared.store.release(name));
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
        let known = self.cost(prompt, completion).usd;
        let reserved = || {
            let (rates, source) = self.rates(None)?;
            rates.cost(prompt as f64, completion as f64, source).usd
        };
        known.or_else(reserved).unwrap_or(0.0)
    }

    /// Counts the prompt of a request that was sent and never answered.
    pub fn sent_in_vain(&self, exchange: &Exchange, wire: &Wire) {
        let prompt = wire.ask.prompt_tokens;
        self.book(exchange, prompt, 0);
        let mut progress = self.progress.borrow_mut();
        progress.prompt_tokens = progress.prompt_tokens.saturating_add(prompt);
        progress.total_tokens = progress.total_tokens.saturating_add(prompt);
        progress.estimated = true;
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
        pinned.or_else(|| self.progress.borrow().provider.clone())
    }

    /// The inputs of a request for embeddings.
    pub fn batch(&self, index: usize) -> Batch {
        let plan = self.embeddings.as_ref();
        let batch = plan.and_then(|plan| plan.batches.get(index));
        batch.cloned().unwrap_or_default()
    }

    /// Usage as an embeddings answer has it.
    pub fn embedding_usage(&self) -> EmbeddingUsage {
        let Usage {
            prompt_tokens,
            total_tokens,
            source,
            ..
        } = usage(&self.progress.borrow());
        EmbeddingUsage {
            prompt_tokens,
            total_tokens,
            source,
        }
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

    fn cost(&self, prompt: u64, completion: u64) -> Cost {
        match self.rates(self.provider().as_deref()) {
            Some((rates, source)) => rates.cost(prompt as f64, completion as f64, source),
            None => Cost::unknown(),
        }
    }

    /// Ends the call: one settlement, the first time.
    pub fn close(self: Rc<Self>, outcome: Outcome, finish_reason: Option<String>) {
        let Some(settle) = self.settle.borrow_mut().take() else {
            return;
        };
        self.close_exchanges();
        for wire in &self.requests {
            wire.forget_body();
        }
        let shared = &self.shared;
        shared
            .in_flight
            .set(shared.in_flight.get().saturating_sub(1));
        let ended_at = now();
        match self.prices.take() {
            None => self.settle(outcome, finish_reason, ended_at, &settle),
            Some(prices) => spawn_local(async move {
                let _ = JsFuture::from(prices).await;
                self.settle(outcome, finish_reason, ended_at, &settle);
            }),
        }
    }

    /// Whoever left an exchange open has its headers and nothing more.
    fn close_exchanges(&self) {
        loop {
            let open = self
                .progress
                .borrow()
                .exchanges
                .first()
                .map(|(index, _)| *index);
            let Some(index) = open else {
                return;
            };
            self.account(index, self.prompt_tokens(index), 0, None, true);
        }
    }

    fn settle(
        &self,
        outcome: Outcome,
        finish_reason: Option<String>,
        ended_at: f64,
        settle: &Function,
    ) {
        let settlement = self.settlement(outcome, finish_reason, ended_at);
        self.shared.spend.borrow_mut().add(&settlement);
        let data = to_js(&settlement);
        let _ = Reflect::set(&data, &"metadata".into(), &self.metadata.take());
        for hook in [&self.shared.hooks.on_settled, &self.on_settled.take()] {
            notify(hook, &data);
        }
        let stored = match self.storing.length() {
            0 => JsValue::UNDEFINED,
            _ => Promise::all(&self.storing).into(),
        };
        let _ = settle.call2(&JsValue::UNDEFINED, &data, &stored);
    }

    fn settlement(
        &self,
        outcome: Outcome,
        finish_reason: Option<String>,
        ended_at: f64,
    ) -> Settlement {
        let progress = self.progress.borrow();
        let cost = self.cost(progress.prompt_tokens, progress.completion_tokens);
        Settlement {
            outcome,
            finish_reason,
            kind: self.kind.unwrap_or(Kind::Chat),
            model: self.model.clone(),
            provider: self.provider(),
            key: progress
                .key
                .map(|key| self.shared.label(key))
                .unwrap_or_default(),
            usage: usage(&progress),
            cost,
            attempts: self.attempts.get(),
            request_id: progress.request_id.clone(),
            started_at: self.started_at,
            first_token_ms: progress
                .first_token_at
                .map(|at| (at - self.started_at).max(0.0)),
            duration_ms: (ended_at - self.started_at).max(0.0),
        }
    }
}

fn usage(progress: &Progress) -> Usage {
    Usage {
        prompt_tokens: progress.prompt_tokens as f64,
        completion_tokens: progress.completion_tokens as f64,
        total_tokens: progress.total_tokens as f64,
        source: if progress.reported && !progress.estimated {
            Source::Reported
        } else {
            Source::Estimated
        },
    }
}

/// The settlement of a call that never was one.
pub fn nothing(kind: Kind) -> Settlement {
    Settlement {
        outcome: Outcome::Error,
        finish_reason: None,
        kind,
        model: String::new(),
        provider: None,
        key: String::new(),
        usage: Usage {
            prompt_tokens: 0.0,
            completion_tokens: 0.0,
            total_tokens: 0.0,
            source: Source::Estimated,
        },
        cost: Cost::unknown(),
        attempts: 0,
        request_id: None,
        started_at: now(),
        first_token_ms: None,
        duration_ms: 0.0,
    }
}
