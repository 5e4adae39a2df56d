//! The client's handle: how it is made, and how its calls are.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::call::Call;
use super::cancel::Cancel;
use super::convert::{self, Returned, get};
use super::embedding;
use super::error::to_js as error_to_js;
use super::held::Held;
use super::in_flight::InFlight;
use super::line::Line;
use super::now;
use super::outgoing::Wire;
use super::plain::to_js;
use super::prices::Prices;
use super::shared::{Hooks, Shared, warn};
use super::snapshot;
use super::store::Store;
use crate::config::{Config, KeySource};
use crate::error::{Error, find};
use crate::json::Value;
use crate::policy::key_pool::{KeyPool, label};
use crate::policy::ledger::{Kind, Spend};
use crate::policy::reservation::Ask;
use crate::policy::token::Estimator;
use crate::wire::request::{self, ChatRequest, Defaults, Prompt};

/// Reads a body of one of the APIs whose answer is text.
type Read = fn(&str, Defaults<'_>, &mut dyn FnMut(Prompt<'_>)) -> Result<ChatRequest, Error>;

/// The client behind `HuggingFace`.
#[wasm_bindgen]
pub struct Client(Rc<Shared>);

#[wasm_bindgen]
impl Client {
    /// From options as options.js splits them.
    #[wasm_bindgen(constructor)]
    pub fn new(options: Option<String>, hooks: JsValue) -> Result<Client, JsValue> {
        let config = Config::from_options(&convert::options(options)?, &source(&hooks))
            .map_err(error_to_js)?;
        Ok(Client::of(config, &hooks))
    }

    /// From a provider page's block, environment and options as JSON texts.
    pub fn from_config(
        page: Option<String>,
        select: Option<String>,
        env: Option<String>,
        options: Option<String>,
        hooks: JsValue,
    ) -> Result<Client, JsValue> {
        let env = convert::options(env)?;
        let variable = |name: &str| env.get(name).and_then(Value::as_str).map(str::to_string);
        let (page, options) = (convert::options(page)?, convert::options(options)?);
        let config = Config::from_page(
            &page,
            select.as_deref(),
            &variable,
            &options,
            &source(&hooks),
        );
        Ok(Client::of(config.map_err(error_to_js)?, &hooks))
    }

    /// A chat call; bad arguments throw.
    pub fn chat(
        &self,
        body: &str,
        options: Option<String>,
        hooks: JsValue,
        cancel: Cancel,
        storing: Array,
    ) -> Result<Call, JsValue> {
        self.generate(Kind::Chat, body, options, &hooks, &cancel, storing)
    }

    /// A call of the Responses API; bad arguments throw.
    pub fn responses(
        &self,
        body: &str,
        options: Option<String>,
        hooks: JsValue,
        cancel: Cancel,
        storing: Array,
    ) -> Result<Call, JsValue> {
        self.generate(Kind::Responses, body, options, &hooks, &cancel, storing)
    }

    /// An embeddings call; bad arguments throw.
    pub fn embeddings(
        &self,
        body: &str,
        options: Option<String>,
        hooks: JsValue,
        cancel: Cancel,
        storing: Array,
    ) -> Result<Call, JsValue> {
        let options = self.0.request_options(options)?;
        embedding::open(&self.0, body, options, &hooks, &cancel, storing)
    }

    /// A look into the catalogue: all of it, or one model.
    pub fn models(
        &self,
        id: &str,
        options: Option<String>,
        cancel: Cancel,
    ) -> Result<Call, JsValue> {
        let options = self.0.request_options(options)?;
        check_id(id).map_err(error_to_js)?;
        Ok(Call::unsettled(InFlight::catalogue(
            &self.0, &cancel, id, options,
        )))
    }

    /// The state of keys, limits and spend.
    pub fn snapshot(&self) -> Returned<JsValue> {
        Ok(to_js(&snapshot::of(&self.0, now())))
    }
}

impl Client {
    /// A call whose answer is text.
    fn generate(
        &self,
        kind: Kind,
        body: &str,
        options: Option<String>,
        hooks: &JsValue,
        cancel: &Cancel,
        storing: Array,
    ) -> Result<Call, JsValue> {
        let shared = &self.0;
        let config = &shared.config;
        let options = shared.request_options(options)?;
        let mut estimator = Estimator::default();
        let max_tokens = get(hooks, "maxTokens").as_string();
        let defaults = Defaults {
            id: &config.id,
            model: config.model.as_deref(),
            needs_usage: get(hooks, "metered").is_truthy(),
            max_tokens: max_tokens.as_deref(),
        };
        let mut hear = |piece: Prompt<'_>| match piece {
            Prompt::Message => estimator.add_message(),
            Prompt::Image => estimator.add_image(),
            Prompt::Text(text) => estimator.add_text(text),
        };
        let (read, path): (Read, _) = match kind {
            Kind::Responses => (request::responses, "/responses"),
            _ => (request::chat, "/chat/completions"),
        };
        let request = read(body, defaults, &mut hear).map_err(error_to_js)?;
        let ask = Ask {
            prompt_tokens: estimator.tokens(),
            max_tokens: request.max_tokens,
            choices: request.choices,
        };
        let url = [config.base_url.url.as_str(), path].concat();
        let wire = Wire::post(url, request.body, ask);
        let mut inner = InFlight::new(
            shared,
            cancel,
            Some(kind),
            request.model,
            options,
            vec![wire],
        );
        inner.stream = request.stream;
        inner.asks_usage = request.asks_usage;
        Call::open(inner, hooks, storing)
    }

    fn of(config: Config, hooks: &JsValue) -> Client {
        for warning in &config.warnings {
            warn(warning);
        }
        let labels = match config.keys.as_slice() {
            [] if config.key_from_function => vec![[config.id.as_str(), "-function"].concat()],
            [] => vec![[config.id.as_str(), "-keyless"].concat()],
            keys => keys.iter().map(|key| label(&config.id, key)).collect(),
        };
        Client(Rc::new(Shared {
            pool: Held::new(KeyPool::new(labels.clone(), config.key_from_function)),
            store: Store::new(get(hooks, "store")),
            line: Line::default(),
            spend: Held::new(Spend::default()),
            prices: Prices::default(),
            in_flight: Cell::new(0),
            labels,
            secrets: Held::new(config.keys.clone()),
            hooks: Hooks {
                fetch: get(hooks, "fetch"),
                api_key: get(hooks, "apiKey"),
            },
            config,
        }))
    }
}

fn source(hooks: &JsValue) -> KeySource {
    if get(hooks, "apiKey").is_function() {
        return KeySource::Function;
    }
    match get(hooks, "token").as_string() {
        Some(token) => KeySource::Environment(token),
        None => KeySource::None,
    }
}

/// The id goes into the path as it is.
fn check_id(id: &str) -> Result<(), Error> {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '+');
    if id.chars().all(plain) && find(id, "..").is_none() && !id.starts_with('/') {
        return Ok(());
    }
    Err(Error::config(
        "id",
        "must be a model id such as \"org/name\"",
    ))
}
