//! One call: requests on the wire until there is an answer or an error, then exactly one settlement.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};

use super::attempt;
use super::cancel::Cancel;
use super::client::Shared;
use super::convert::{get, to_js};
use super::embedding::Plan;
use super::error::{Fields, clean_cause, parsed, to_js_with};
use super::fetch::{Response, header};
use super::prices;
use crate::config::RequestOptions;
use crate::error::{Class, Error, redact};
use crate::policy::cost::{Cost, Rates};
use crate::policy::ledger::{Kind, Outcome, Settlement, Source, Usage};
use crate::policy::reservation::Ask;
use crate::policy::token;
use crate::wire::request::pinned_provider;

/// One request of a call.
pub struct Wire {
    /// "GET" or "POST".
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// The JSON body.
    pub body: Option<String>,
    /// What it may cost.
    pub ask: Ask,
}

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

/// What makes a call.
pub struct Inner {
    pub shared: Rc<Shared>,
    pub cancel: Cancel,
    /// None: a look into the catalogue, which is neither limited nor settled.
    pub kind: Option<Kind>,
    pub model: String,
    pub stream: bool,
    pub options: RequestOptions,
    pub requests: Vec<Wire>,
    pub attempts: Cell<u32>,
    pub progress: RefCell<Progress>,
    pub started_at: f64,
    pub metadata: JsValue,
    pub on_settled: JsValue,
    /// Taken by the one settlement.
    pub settle: RefCell<Option<Function>>,
    /// What an embeddings call is made of.
    pub embeddings: Option<Plan>,
    /// Live prices on their way.
    pub prices: RefCell<Option<js_sys::Promise>>,
}

/// A call in the hands of the JavaScript side.
#[wasm_bindgen]
pub struct Call(Rc<Inner>);

impl Call {
    /// Hands a call over.
    pub fn new(inner: Inner) -> Self {
        let shared = &inner.shared;
        if inner.kind.is_some() {
            shared.in_flight.set(shared.in_flight.get() + 1);
        }
        Call(Rc::new(inner))
    }

    /// The call itself.
    pub fn inner(&self) -> &Inner {
        &self.0
    }
}

#[wasm_bindgen]
impl Call {
    /// How many requests the call is made of.
    #[wasm_bindgen(getter)]
    pub fn requests(&self) -> usize {
        self.0.requests.len()
    }

    /// Whether an event stream was asked for.
    #[wasm_bindgen(getter)]
    pub fn stream(&self) -> bool {
        self.0.stream
    }

    /// ms between body bytes.
    #[wasm_bindgen(getter)]
    pub fn idle(&self) -> f64 {
        self.0.options.timeouts.idle
    }

    /// ms for everything.
    #[wasm_bindgen(getter)]
    pub fn total(&self) -> Option<f64> {
        self.0.options.timeouts.total
    }

    /// Largest event of a stream.
    #[wasm_bindgen(getter)]
    pub fn max_event_bytes(&self) -> usize {
        self.0.shared.config.max_event_bytes
    }

    /// The request id of the last response.
    #[wasm_bindgen(getter)]
    pub fn request_id(&self) -> Option<String> {
        self.0.progress.borrow().request_id.clone()
    }

    /// Sends request `index` until it is answered or given up; resolves with what fetch.js's send() gave.
    pub fn send(&self, index: usize) -> js_sys::Promise {
        let call = self.0.clone();
        future_to_promise(async move { attempt::send(&call, index).await.map(JsValue::from) })
    }

    /// The first token is here.
    pub fn first_token(&self) {
        let mut progress = self.0.progress.borrow_mut();
        progress.first_token_at.get_or_insert_with(super::now);
    }

    /// Request `index` has ended with the usage its server reported.
    pub fn reported(&self, index: usize, prompt: Option<f64>, completion: Option<f64>, total: Option<f64>) {
        // `as` saturates and takes NaN for 0.
        let [prompt, completion, total] = [prompt, completion, total].map(|count| count.map(|count| count as u64));
        let prompt = prompt.unwrap_or_else(|| total.unwrap_or(0).saturating_sub(completion.unwrap_or(0)));
        let completion = completion.unwrap_or_else(|| total.unwrap_or(0).saturating_sub(prompt));
        self.0.account(index, prompt, completion, total, false);
    }

    /// Request `index` has ended without reported usage after it delivered `text`.
    pub fn delivered(&self, index: usize, text: &str) {
        let prompt = self.0.prompt_tokens(index);
        self.0.account(index, prompt, token::estimate_text(text), None, true);
    }

    /// Ends the call: one settlement, the first time.
    pub fn close(&self, outcome: &str, finish_reason: Option<String>) {
        let outcome = match outcome {
            "ok" => Outcome::Ok,
            "aborted" => Outcome::Aborted,
            "truncated" => Outcome::Truncated,
            _ => Outcome::Error,
        };
        self.0.clone().close(outcome, finish_reason);
    }

    /// The typed error of a call that its cancel object ended.
    pub fn cancelled_error(&self, partial: JsValue) -> JsValue {
        self.0.cancelled_error(partial)
    }

    /// The typed error of a body that broke off.
    pub fn connection_error(&self, thrown: JsValue) -> JsValue {
        self.0.connection_error(thrown)
    }

    /// The typed error of a stream whose connection was lost.
    pub fn stream_lost(&self, thrown: JsValue, partial: JsValue) -> JsValue {
        let error = Error::new(Class::StreamTruncated, "The connection was lost in the middle of the stream: see cause, and partial for what had arrived.");
        let fields = self.0.stream_fields(partial);
        fields.set("cause", self.0.clean(&thrown));
        to_js_with(error, &fields)
    }

    /// The typed error of a fault the decoder found.
    pub fn stream_fault(&self, fault: JsValue, partial: JsValue) -> JsValue {
        let text = |name: &str| get(&fault, name).as_string();
        let class = match text("class").as_deref() {
            Some("StreamTruncatedError") => Class::StreamTruncated,
            Some("APIError") => Class::Api,
            _ => Class::Stream,
        };
        let mut error = Error::new(class, self.0.redact(&text("message").unwrap_or_default()));
        error.code = text("code");
        error.kind = text("type");
        error.param = text("param");
        let fields = self.0.stream_fields(partial);
        if let Some(body) = text("body") {
            self.0.set_body(&fields, &body);
        }
        to_js_with(error, &fields)
    }

    /// The models of a catalogue's body, or the one model that was asked for.
    pub fn catalogue(&self, bytes: &[u8]) -> Result<JsValue, JsValue> {
        prices::catalogue(&self.0.shared, &self.0.model, bytes).map_err(|mut error| {
            error.message = self.0.redact(&error.message);
            to_js_with(error, &self.0.fields())
        })
    }

    /// The typed error of a 200 whose body is not what was asked for.
    pub fn unexpected(&self, bytes: &[u8]) -> JsValue {
        let mut error = crate::wire::failure::unexpected(bytes);
        error.message = self.0.redact(&error.message);
        let fields = self.0.stream_fields(JsValue::NULL);
        self.0.set_body(&fields, &String::from_utf8_lossy(bytes));
        to_js_with(error, &fields)
    }

}

impl Inner {
    /// Everything that must not be seen in an error.
    pub fn redact(&self, text: &str) -> String {
        redact(text, &self.shared.secrets.borrow())
    }

    fn clean(&self, thrown: &JsValue) -> JsValue {
        clean_cause(thrown, self.shared.secrets.borrow().clone())
    }

    /// The fields every error of a call has.
    pub fn fields(&self) -> Fields {
        let fields = Fields::new();
        fields.set("attempts", self.attempts.get());
        if let Some(id) = &self.progress.borrow().request_id {
            fields.set("requestId", id.as_str());
        }
        fields
    }

    fn stream_fields(&self, partial: JsValue) -> Fields {
        let fields = self.fields();
        fields.set("status", 200);
        fields.set("headers", self.progress.borrow().headers.clone());
        fields.set("partial", partial);
        fields
    }

    /// `body` and `error` of an error: parsed where the body is JSON, keys cut out.
    pub fn set_body(&self, fields: &Fields, text: &str) {
        let body = parsed(&self.redact(text));
        let inner = get(&body, "error");
        fields.set("error", if inner.is_undefined() { body.clone() } else { inner });
        fields.set("body", body);
    }

    /// The typed error of a refused or failed connection.
    pub fn connection_error(&self, thrown: JsValue) -> JsValue {
        let mut error = Error::new(Class::Connection, "There was no response: the connection failed (see cause). In a browser this can also be CORS, or a blocked request.");
        error.retryable = true;
        let fields = self.fields();
        fields.set("cause", self.clean(&thrown));
        to_js_with(error, &fields)
    }

    /// The typed error of an early end.
    pub fn cancelled_error(&self, partial: JsValue) -> JsValue {
        let phase = match self.cancel.cause().as_deref() {
            Some("idle") => Some("idle"),
            Some("total") => Some("total"),
            _ => None,
        };
        let fields = self.fields();
        fields.set("partial", partial);
        let Some(phase) = phase else {
            fields.set("cause", self.cancel.reason());
            return to_js_with(Error::new(Class::UserAbort, "The request was aborted."), &fields);
        };
        to_js_with(timeout(phase, &self.options, self.stream), &fields)
    }

    /// The typed error of an attempt without response headers in time.
    pub fn connect_timeout(&self) -> JsValue {
        to_js_with(timeout("connect", &self.options, self.stream), &self.fields())
    }

    /// Remembers what a response says of itself.
    pub fn note_response(&self, response: &Response) {
        let mut progress = self.progress.borrow_mut();
        let id = ["x-request-id", "x-amzn-trace-id", "x-amz-cf-id"].iter().find_map(|name| header(response, name));
        progress.request_id = id;
        progress.headers = response.headers();
        progress.provider = header(response, "x-inference-provider").or(progress.provider.take());
    }

    /// Books a request's usage on the key that was sent, in the limiter and in the call's sum.
    fn account(&self, index: usize, prompt: u64, completion: u64, total: Option<u64>, estimated: bool) {
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
        let now = super::now();
        let tokens = prompt.saturating_add(completion);
        let usd = self.cost(prompt, completion).usd.unwrap_or(0.0);
        if let Some(reservation) = &exchange.reservation {
            self.shared.store.settle(reservation, tokens, usd, now);
        }
        self.shared.pool.borrow_mut().settled(exchange.key, tokens, now);
        self.shared.line.wake_first();
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

    fn prompt_tokens(&self, index: usize) -> u64 {
        self.requests.get(index).map_or(0, |wire| wire.ask.prompt_tokens)
    }

    /// The provider that answers: pinned in the model, else named by the response.
    pub fn provider(&self) -> Option<String> {
        let pinned = pinned_provider(&self.model).map(str::to_string);
        pinned.or_else(|| self.progress.borrow().provider.clone())
    }

    /// Usage as an embeddings answer has it.
    pub fn embedding_usage(&self) -> EmbeddingUsage {
        let Usage { prompt_tokens, total_tokens, source, .. } = usage(&self.progress.borrow());
        EmbeddingUsage { prompt_tokens, total_tokens, source }
    }

    /// The price of a request beforehand: its prompt and the longest answer.
    pub fn most_usd(&self, wire: &Wire) -> Option<f64> {
        let (rates, _) = self.rates(None)?;
        let prompt = wire.ask.prompt_tokens as f64 * rates.input_per_million;
        let completion = wire.ask.most_completion() * rates.output_per_million;
        Some((prompt + completion) / 1e6)
    }

    /// The price of tokens, and where it comes from.
    pub fn rates(&self, provider: Option<&str>) -> Option<(Rates, crate::policy::cost::Source)> {
        prices::rates(&self.shared, &self.model, provider)
    }

    fn cost(&self, prompt: u64, completion: u64) -> Cost {
        match self.rates(self.provider().as_deref()) {
            Some((rates, source)) => rates.cost(prompt as f64, completion as f64, source),
            None => Cost::unknown(),
        }
    }

    fn close(self: Rc<Self>, outcome: Outcome, finish_reason: Option<String>) {
        let Some(settle) = self.settle.borrow_mut().take() else {
            return;
        };
        self.close_exchanges();
        let shared = &self.shared;
        shared.in_flight.set(shared.in_flight.get().saturating_sub(1));
        let ended_at = super::now();
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
            let open = self.progress.borrow().exchanges.first().map(|(index, _)| *index);
            let Some(index) = open else {
                return;
            };
            self.account(index, self.prompt_tokens(index), 0, None, true);
        }
    }

    fn settle(&self, outcome: Outcome, finish_reason: Option<String>, ended_at: f64, settle: &Function) {
        let settlement = self.settlement(outcome, finish_reason, ended_at);
        self.shared.spend.borrow_mut().add(&settlement);
        let data = to_js(&settlement);
        let _ = Reflect::set(&data, &"metadata".into(), &self.metadata);
        for hook in [&self.shared.hooks.on_settled, &self.on_settled] {
            super::client::notify(hook, &data);
        }
        let _ = settle.call1(&JsValue::UNDEFINED, &data);
    }

    fn settlement(&self, outcome: Outcome, finish_reason: Option<String>, ended_at: f64) -> Settlement {
        let progress = self.progress.borrow();
        let cost = self.cost(progress.prompt_tokens, progress.completion_tokens);
        Settlement {
            outcome,
            finish_reason,
            kind: self.kind.unwrap_or(Kind::Chat),
            model: self.model.clone(),
            provider: self.provider(),
            key: progress.key.map(|key| self.shared.label(key)).unwrap_or_default(),
            usage: usage(&progress),
            cost,
            attempts: self.attempts.get(),
            request_id: progress.request_id.clone(),
            started_at: self.started_at,
            first_token_ms: progress.first_token_at.map(|at| (at - self.started_at).max(0.0)),
            duration_ms: (ended_at - self.started_at).max(0.0),
        }
    }
}

fn usage(progress: &Progress) -> Usage {
    Usage {
        prompt_tokens: progress.prompt_tokens as f64,
        completion_tokens: progress.completion_tokens as f64,
        total_tokens: progress.total_tokens as f64,
        source: if progress.reported && !progress.estimated { Source::Reported } else { Source::Estimated },
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
        usage: Usage { prompt_tokens: 0.0, completion_tokens: 0.0, total_tokens: 0.0, source: Source::Estimated },
        cost: Cost::unknown(),
        attempts: 0,
        request_id: None,
        started_at: super::now(),
        first_token_ms: None,
        duration_ms: 0.0,
    }
}

fn timeout(phase: &'static str, options: &RequestOptions, stream: bool) -> Error {
    let (ms, what) = match phase {
        "connect" => (options.timeouts.connect(stream), "no response headers"),
        "idle" => (options.timeouts.idle, "no bytes"),
        _ => (options.timeouts.total.unwrap_or_default(), "not finished"),
    };
    let message = ["Timed out: ", what, " within ", &(ms as u64).to_string(), " ms (timeout.", phase, ")."].concat();
    let mut error = Error::new(Class::ConnectionTimeout, message);
    error.reason = Some(phase);
    error.retryable = true;
    error
}
