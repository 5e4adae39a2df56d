//! How a call begins: the caller's body is checked and becomes the requests of one call.

use std::cell::Cell;
use std::rc::Rc;

use super::Call;
use super::account::Account;
use super::machine::Machine;
use super::outgoing::Outgoing;
use super::shared::Shared;
use crate::config::{Config, RequestOptions};
use crate::error::Error;
use crate::held::Held;
use crate::json::number;
use crate::policy::clock::Now;
use crate::policy::cost::Pricing;
use crate::policy::ledger::Kind;
use crate::policy::limit_store::Part;
use crate::policy::reservation::{Ask, LONGEST_COMPLETION};
use crate::policy::token::{AUDIO, Estimator, FILE, IMAGE_TOKENS, VIDEO};
use crate::text::find;
use crate::trap::{self, Place};
use crate::wire::embedding::request::{Bounds, Endpoint, Input, PAYLOAD_LIMIT};
use crate::wire::embedding::{self, Batch, EmbeddingRequest, Format, rerank};
use crate::wire::request::{self, Caps, Defaults, Prompt, route};

/// The batches and the format of a call that embeds or reranks.
#[derive(Debug)]
pub struct Plan {
    /// The inputs of each request.
    pub batches: Vec<Batch>,
    /// The format in which each embedding is returned.
    pub format: Format,
    /// How many documents of a reranking the caller wants.
    pub most: Option<f64>,
    /// The checked body, kept where several models may answer and each needs its own requests.
    pub(super) request: Option<EmbeddingRequest>,
}

/// The settings that a call brings besides its body.
#[derive(Debug)]
pub struct Given<'a> {
    /// The options of this request.
    pub options: RequestOptions,
    /// Limits and budgets besides the client's own; their amounts are filled in for each request.
    pub parts: Vec<Part>,
    /// Whether the server must report a stream's usage, whatever the body says.
    pub metered: bool,
    /// The largest allowed `max_tokens`; a body without `max_tokens` is sent with this value.
    pub max_tokens: Option<&'a str>,
    /// The largest allowed number of choices.
    pub max_choices: Option<f64>,
    /// The URL that another library wanted to send the request to. It is kept, and the body goes out unchanged where possible.
    pub address: Option<&'a str>,
}

impl Call {
    /// Begins a chat call.
    pub fn chat(
        shared: &Rc<Shared>,
        body: &str,
        given: Given<'_>,
        now: impl Into<Now>,
    ) -> Result<Call, Error> {
        Call::generate(Kind::Chat, shared, body, given, now.into())
    }

    /// Begins a call for a text completion.
    pub fn completion(
        shared: &Rc<Shared>,
        body: &str,
        given: Given<'_>,
        now: impl Into<Now>,
    ) -> Result<Call, Error> {
        Call::generate(Kind::Completion, shared, body, given, now.into())
    }

    /// Begins a call of the Responses API.
    pub fn responses(
        shared: &Rc<Shared>,
        body: &str,
        given: Given<'_>,
        now: impl Into<Now>,
    ) -> Result<Call, Error> {
        Call::generate(Kind::Responses, shared, body, given, now.into())
    }

    /// Begins a call whose answer is text.
    fn generate(
        kind: Kind,
        shared: &Rc<Shared>,
        body: &str,
        given: Given<'_>,
        now: Now,
    ) -> Result<Call, Error> {
        let config = &shared.config;
        let mut estimator = Estimator::default();
        let defaults = defaults(config, &given);
        let mut hear = |piece: Prompt<'_>| count(&mut estimator, piece);
        let base = config.base_url.url.as_str();
        let router = config.base_url.router_origin();
        let mut request = match kind {
            Kind::Responses => request::responses(body, defaults, &mut hear),
            Kind::Completion => request::completion(body, router.is_some(), defaults, &mut hear),
            _ => request::chat(body, defaults, &mut hear),
        }?;
        let own = match kind {
            Kind::Completion => route::way(base, router, &request.model)?.0,
            Kind::Responses => [base, "/responses"].concat(),
            _ => [base, "/chat/completions"].concat(),
        };
        estimator.add_tokens(request.token_ids as u64);
        if given.address.is_some() && request.is_complete {
            request.body = body.to_string();
            request.stream_options = None;
        }
        let ask = Ask {
            prompt_tokens: estimator.tokens(),
            max_tokens: request.max_tokens,
            choices: request.choices,
            most_prompt: match kind {
                // The server may add the stored conversation, and what its tools find.
                Kind::Responses => LONGEST_CONTEXT,
                _ => estimator.most(request.body.len()),
            },
        };
        // The router doesn't serve text completions itself: they are sent to the provider's own URL.
        let goes_on = kind == Kind::Completion && router.is_some();
        let url = match given.address.filter(|_| !goes_on) {
            Some(address) => address.to_string(),
            None => own,
        };
        let mut outgoing = Outgoing::post(url, request.body, ask);
        outgoing.stream_options = Held::new(request.stream_options);
        if shared.stream_options_refused.get() {
            outgoing.take_back();
        }
        let mut call = Call::new(
            shared,
            Some(kind),
            request.model,
            given.options,
            vec![outgoing],
            now,
        );
        call.name_others(defaults)?;
        for named in call.named.iter().filter(|_| kind == Kind::Completion) {
            route::way(base, router, named)?;
        }
        call.doubts = request.doubts;
        call.stream = request.stream;
        call.asks_usage = request.asks_usage;
        call.open(given.parts)
    }

    /// Begins an embeddings call: one request for each batch of inputs.
    pub fn embeddings(
        shared: &Rc<Shared>,
        body: &str,
        given: Given<'_>,
        now: impl Into<Now>,
    ) -> Result<Call, Error> {
        Call::batched(Kind::Embeddings, shared, body, given, now.into())
    }

    /// Begins a call that scores documents, also in batches.
    pub fn rerank(
        shared: &Rc<Shared>,
        body: &str,
        given: Given<'_>,
        now: impl Into<Now>,
    ) -> Result<Call, Error> {
        Call::batched(Kind::Rerank, shared, body, given, now.into())
    }

    fn batched(
        kind: Kind,
        shared: &Rc<Shared>,
        body: &str,
        given: Given<'_>,
        now: Now,
    ) -> Result<Call, Error> {
        let config = &shared.config;
        let defaults = Defaults {
            id: &config.id,
            model: config.model.as_deref(),
            needs_usage: false,
            max_tokens: None,
            renames: false,
            caps: Caps::NONE,
        };
        // A route finds a URL for each of its models.
        let address = given.address.filter(|_| given.options.route.is_none());
        let endpoint = Endpoint {
            address,
            ..endpoint(config)
        };
        let mut request = match kind {
            Kind::Rerank => rerank::read(body, defaults, endpoint)?,
            _ => embedding::request::read(body, defaults, endpoint)?,
        };
        let doubts = std::mem::take(&mut request.doubts);
        let batches = request.batches(Bounds {
            inputs: config.batching.size,
            bytes: PAYLOAD_LIMIT,
        });
        let mut outgoing = Vec::new();
        for batch in &batches {
            outgoing.push(of_batch(&request, batch.clone()));
        }
        let model = request.model.clone();
        let mut call = Call::new(shared, Some(kind), model, given.options, outgoing, now);
        call.name_others(defaults)?;
        for named in &call.named {
            request.way(named, endpoint)?;
        }
        call.doubts = doubts;
        let provider = request.provider.clone();
        call.account
            .progress
            .get(|progress| progress.provider = provider);
        call.plan = Some(Plan {
            batches,
            format: request.format,
            most: request.most,
            request: (call.named.len() > 1).then_some(request),
        });
        call.open(given.parts)
    }

    /// Begins a request for the whole catalogue or for one model. It is neither limited nor settled.
    pub fn catalogue(
        shared: &Rc<Shared>,
        id: &str,
        options: RequestOptions,
        now: impl Into<Now>,
    ) -> Result<Call, Error> {
        check_id(id)?;
        let base = shared.config.base_url.url.as_str();
        let url = match id {
            "" => [base, "/models"].concat(),
            id => [base, "/models/", id].concat(),
        };
        let outgoing = vec![Outgoing::get(url)];
        Ok(Call::new(
            shared,
            None,
            id.to_string(),
            options,
            outgoing,
            now,
        ))
    }

    fn new(
        shared: &Rc<Shared>,
        kind: Option<Kind>,
        model: String,
        options: RequestOptions,
        requests: Vec<Outgoing>,
        now: impl Into<Now>,
    ) -> Call {
        let now = now.into();
        shared.read_clock(now);
        let count = requests.len();
        let mut machines = Vec::new();
        for index in 0..count {
            machines.push(Some(Machine::new(index, false)));
        }
        if count > 1 {
            machines.push(Some(Machine::new(0, true)));
        }
        Call {
            shared: shared.clone(),
            kind,
            named: vec![model.clone()],
            candidates: Held::default(),
            locked: Held::default(),
            model,
            stream: false,
            asks_usage: false,
            options,
            account: Account::for_requests(requests.len()),
            requests,
            plan: None,
            doubts: Vec::new(),
            parts: Vec::new(),
            started_at: now.wall,
            began: shared.clock(),
            ended_at: Cell::new(None),
            answered: Cell::new(false),
            settled: Held::default(),
            awaits_prices: Cell::new(false),
            machines: Held::new(machines),
            sent_keys: Held::default(),
            places: Held::default(),
            whole: Held::default(),
            quotas: Held::default(),
            effects: Held::default(),
        }
    }

    /// Adds the models of the route after the body's own.
    fn name_others(&mut self, defaults: Defaults<'_>) -> Result<(), Error> {
        let Some(route) = &self.options.route else {
            return Ok(());
        };
        for model in &route.models {
            let model = request::resolve_model(Some(model), defaults)?;
            if !self.named.contains(&model) {
                self.named.push(model);
            }
        }
        Ok(())
    }

    /// Opens the call: from here on it counts as running. With a budget and without a price it is refused.
    fn open(mut self, parts: Vec<Part>) -> Result<Call, Error> {
        trap::here(Place::Open);
        self.parts = parts;
        let live = matches!(self.shared.config.pricing, Some(Pricing::Live));
        if self.has_budget() && !live && !self.is_priced() {
            return Err(self.unpriced());
        }
        self.awaits_prices.set(self.wants_catalogue());
        let in_flight = &self.shared.in_flight;
        in_flight.set(in_flight.get() + 1);
        Ok(self)
    }
}

/// The defaults and caps for a body whose answer is text.
fn defaults<'a>(config: &'a Config, given: &Given<'a>) -> Defaults<'a> {
    let with_budget = |part: &Part| part.budget.is_some();
    let is_spending = config.budget.is_some() || given.parts.iter().any(with_budget);
    Defaults {
        id: &config.id,
        model: config.model.as_deref(),
        needs_usage: given.metered,
        // The server is told the same length that the budget reserves.
        max_tokens: given
            .max_tokens
            .or(is_spending.then_some(LONGEST_COMPLETION)),
        renames: given.metered,
        caps: Caps {
            length: given.max_tokens.map(|most| number(most.as_bytes())),
            count: given.max_choices,
            is_spending,
        },
    }
}

/// The endpoint for embeddings requests.
pub(super) fn endpoint(config: &Config) -> Endpoint<'_> {
    Endpoint {
        base_url: &config.base_url.url,
        is_router: config.base_url.is_router,
        address: None,
    }
}

/// Adds a piece of a prompt to its estimate.
pub fn count(estimator: &mut Estimator, piece: Prompt<'_>) {
    match piece {
        Prompt::Message => estimator.add_message(),
        Prompt::Text(text) => estimator.add_text(text),
        Prompt::Image => estimator.add_medium(IMAGE_TOKENS),
        Prompt::Audio(bytes) => estimator.add_medium(AUDIO.tokens(bytes)),
        Prompt::Video(bytes) => estimator.add_medium(VIDEO.tokens(bytes)),
        Prompt::File(bytes) => estimator.add_medium(FILE.tokens(bytes)),
    }
}

/// More tokens than any model takes as a prompt.
const LONGEST_CONTEXT: f64 = 10_000_000.0;

/// The most tokens that one byte of an embeddings request can become: some models add an instruction of their own to each input.
const EMBEDDED_BYTE: usize = 16;

fn of_batch(request: &EmbeddingRequest, batch: Batch) -> Outgoing {
    let mut estimator = Estimator::default();
    let mut ids = 0u64;
    request.each(batch.clone(), &mut |input| match input {
        Input::Text(text) => estimator.add_text(text),
        Input::TokenIds(count) => ids = ids.saturating_add(count as u64),
    });
    let mut beside = Estimator::default();
    request.beside(&mut |piece| count(&mut beside, piece));
    let beside = beside.tokens().saturating_mul(batch.len() as u64);
    let body = request.body(batch);
    let ask = Ask {
        prompt_tokens: estimator
            .tokens()
            .saturating_add(ids)
            .saturating_add(beside),
        max_tokens: Some(0.0),
        choices: 0.0,
        most_prompt: estimator.most(body.len() * EMBEDDED_BYTE),
    };
    Outgoing::post(request.url.clone(), body, ask)
}

/// Checks a model id, which becomes part of the path without escaping.
fn check_id(id: &str) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@+".contains(&byte);
    if id.bytes().all(plain) && find(id, "..").is_none() && !id.starts_with("/") {
        return Ok(());
    }
    Err(Error::config(
        "id",
        "must be a model id such as \"org/name\"",
    ))
}
