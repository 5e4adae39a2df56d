//! The client's handle: what all its calls share, and how a call is made.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::attempt::key_error;
use super::call::{self, Call, Inner, Progress, Wire};
use super::cancel::Cancel;
use super::convert::{self, get, to_js};
use super::embedding;
use super::error::to_js as error_to_js;
use super::line::Line;
use super::now;
use super::prices::{self, Prices};
use super::snapshot;
use super::store::Store;
use crate::config::{Config, KeySource, RequestOptions, check_key};
use crate::error::Error;
use crate::json::Value;
use crate::policy::cost::Pricing;
use crate::policy::key_pool::{KeyPool, label};
use crate::policy::ledger::{Kind, Spend};
use crate::policy::reservation::Ask;
use crate::policy::token::Estimator;
use crate::wire::request::{self, Defaults, Prompt};

/// What the caller gave that is no data.
pub struct Hooks {
    pub fetch: JsValue,
    pub api_key: JsValue,
    pub on_settled: JsValue,
}

/// What all calls of a client share.
pub struct Shared {
    pub config: Config,
    pub hooks: Hooks,
    pub pool: RefCell<KeyPool>,
    pub store: Store,
    pub line: Line,
    pub spend: RefCell<Spend>,
    pub prices: Prices,
    pub in_flight: Cell<u32>,
    /// The keys' public names.
    pub labels: Vec<String>,
    /// Keys that must not be seen in an error: the pool's, and those a function gave.
    pub secrets: RefCell<Vec<String>>,
}

/// Keys of a function that are remembered for redaction: short-lived tickets come and go.
const REMEMBERED_KEYS: usize = 32;

#[wasm_bindgen(raw_module = "./notify.js")]
extern "C" {
    /// Calls a hook of the caller's, whose failure is its own.
    pub fn notify(hook: &JsValue, settlement: &JsValue);
    fn warn(message: &str);
    /// A call of the caller's key function, as a promise whatever it does.
    #[wasm_bindgen(js_name = askKey)]
    fn ask_key(function: &JsValue) -> Promise;
}

/// The client behind `HuggingFace`.
#[wasm_bindgen]
pub struct Client(Rc<Shared>);

#[wasm_bindgen]
impl Client {
    /// From options as options.js splits them.
    #[wasm_bindgen(constructor)]
    pub fn new(options: Option<String>, hooks: JsValue) -> Result<Client, JsValue> {
        let config = Config::from_options(&convert::options(options)?, &source(&hooks)).map_err(error_to_js)?;
        Ok(Client::of(config, &hooks))
    }

    /// From a provider page's block, environment and options as JSON texts.
    pub fn from_config(page: Option<String>, select: Option<String>, env: Option<String>, options: Option<String>, hooks: JsValue) -> Result<Client, JsValue> {
        let env = convert::options(env)?;
        let variable = |name: &str| env.get(name).and_then(Value::as_str).map(str::to_string);
        let (page, options) = (convert::options(page)?, convert::options(options)?);
        let config = Config::from_page(&page, select.as_deref(), &variable, &options, &source(&hooks));
        Ok(Client::of(config.map_err(error_to_js)?, &hooks))
    }

    /// A chat call; bad arguments throw.
    pub fn chat(&self, body: &str, options: Option<String>, hooks: JsValue, cancel: Cancel, settle: Function) -> Result<Call, JsValue> {
        let shared = &self.0;
        let config = &shared.config;
        let options = shared.request_options(options)?;
        let mut estimator = Estimator::default();
        let defaults = Defaults { id: &config.id, model: config.model.as_deref() };
        let mut hear = |piece: Prompt<'_>| match piece {
            Prompt::Message => estimator.add_message(),
            Prompt::Image => estimator.add_image(),
            Prompt::Text(text) => estimator.add_text(text),
        };
        let request = request::chat(body, defaults, &mut hear).map_err(error_to_js)?;
        let ask = Ask { prompt_tokens: estimator.tokens(), max_tokens: request.max_tokens, choices: request.choices };
        let wire = Wire {
            method: "POST",
            url: [config.base_url.url.as_str(), "/chat/completions"].concat(),
            body: Some(request.body),
            ask,
        };
        let mut inner = Inner::new(shared, &cancel, Some(Kind::Chat), request.model, options, vec![wire]);
        inner.stream = request.stream;
        inner.hook(&hooks, settle)?;
        Ok(Call::new(inner))
    }

    /// An embeddings call; bad arguments throw.
    pub fn embeddings(&self, body: &str, options: Option<String>, hooks: JsValue, cancel: Cancel, settle: Function) -> Result<Call, JsValue> {
        let options = self.0.request_options(options)?;
        embedding::open(&self.0, body, options, &hooks, &cancel, settle)
    }

    /// A look into the catalogue: all of it, or one model.
    pub fn models(&self, id: &str, options: Option<String>, cancel: Cancel) -> Result<Call, JsValue> {
        let options = self.0.request_options(options)?;
        check_id(id).map_err(error_to_js)?;
        Ok(Call::new(Inner::catalogue(&self.0, &cancel, id, options)))
    }

    /// The settlement of a call whose arguments were bad: nothing, and not in the ledger.
    pub fn unsettled(&self, kind: &str) -> JsValue {
        let kind = if kind == "embeddings" { Kind::Embeddings } else { Kind::Chat };
        to_js(&call::nothing(kind))
    }

    /// The state of keys, limits and spend.
    pub fn snapshot(&self) -> JsValue {
        to_js(&snapshot::of(&self.0, now()))
    }
}

impl Client {
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
            pool: RefCell::new(KeyPool::new(labels.clone(), config.key_from_function)),
            store: Store::new(get(hooks, "store")),
            line: Line::default(),
            spend: RefCell::default(),
            prices: Prices::default(),
            in_flight: Cell::new(0),
            labels,
            secrets: RefCell::new(config.keys.clone()),
            hooks: Hooks { fetch: get(hooks, "fetch"), api_key: get(hooks, "apiKey"), on_settled: get(hooks, "onSettled") },
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
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if id.chars().all(plain) && !id.contains("..") && !id.starts_with('/') {
        return Ok(());
    }
    Err(Error::config("id", "must be a model id such as \"org/name\""))
}

impl Shared {
    fn request_options(&self, text: Option<String>) -> Result<RequestOptions, JsValue> {
        RequestOptions::from_value(&convert::options(text)?, &self.config).map_err(error_to_js)
    }

    /// The options of requests nobody gave options for.
    pub fn default_options(&self) -> RequestOptions {
        RequestOptions {
            timeouts: self.config.timeouts,
            retry: self.config.retry,
            headers: self.config.headers.clone(),
        }
    }

    /// Whether requests carry a key.
    pub fn has_key(&self) -> bool {
        self.config.key_from_function || !self.config.keys.is_empty()
    }

    /// A key's public name.
    pub fn label(&self, key: usize) -> String {
        self.labels.get(key).cloned().unwrap_or_default()
    }

    /// A key's scope in the limit store.
    pub fn scope(&self, key: usize) -> String {
        ["key:", &self.label(key)].concat()
    }

    /// Lets nothing through for a key before `until`.
    pub fn block(&self, key: usize, until: f64) {
        self.store.block(&self.scope(key), until);
    }

    /// The key itself; a function is asked each time.
    pub async fn secret(&self, key: usize, cancel: &Cancel) -> Result<Option<String>, JsValue> {
        if !self.config.key_from_function {
            return Ok(self.config.keys.get(key).cloned());
        }
        let answer = JsFuture::from(cancel.race(&ask_key(&self.hooks.api_key))).await;
        let given = answer.map_err(|thrown| key_error("the function failed, see cause", Some(thrown)))?;
        let Some(secret) = given.as_string() else {
            return Err(key_error("the function must give a string", None));
        };
        check_key(&secret, "apiKey").map_err(error_to_js)?;
        let mut secrets = self.secrets.borrow_mut();
        if !secrets.contains(&secret) {
            if secrets.len() >= REMEMBERED_KEYS {
                secrets.remove(0);
            }
            secrets.push(secret.clone());
        }
        Ok(Some(secret))
    }
}

impl Inner {
    /// A call that nobody waits for yet.
    pub fn new(shared: &Rc<Shared>, cancel: &Cancel, kind: Option<Kind>, model: String, options: RequestOptions, requests: Vec<Wire>) -> Self {
        Inner {
            shared: shared.clone(),
            cancel: cancel.clone(),
            kind,
            model,
            stream: false,
            options,
            requests,
            attempts: Cell::new(0),
            progress: RefCell::new(Progress::default()),
            started_at: now(),
            metadata: JsValue::UNDEFINED,
            on_settled: JsValue::UNDEFINED,
            settle: RefCell::new(None),
            embeddings: None,
            prices: RefCell::new(None),
        }
    }

    /// Ties a call to the caller's hooks; refuses it when there is a budget and no price.
    pub fn hook(&mut self, hooks: &JsValue, settle: Function) -> Result<(), JsValue> {
        self.metadata = get(hooks, "metadata");
        self.on_settled = get(hooks, "onSettled");
        self.settle.replace(Some(settle));
        let live = matches!(self.shared.config.pricing, Some(Pricing::Live));
        if self.shared.config.budget.is_some() && !live && self.rates(None).is_none() {
            return Err(error_to_js(self.unpriced()));
        }
        self.prices.replace(prices::start(&self.shared));
        Ok(())
    }

    /// The error of a request whose price a budget can't hold.
    pub fn unpriced(&self) -> Error {
        let problem = ["has no price for ", &self.model, ", so the budget could not hold it"].concat();
        Error::config("pricing", &problem)
    }

    /// A call for the catalogue, or for one model in it.
    pub fn catalogue(shared: &Rc<Shared>, cancel: &Cancel, id: &str, options: RequestOptions) -> Self {
        let base = shared.config.base_url.url.as_str();
        let url = if id.is_empty() { [base, "/models"].concat() } else { [base, "/models/", id].concat() };
        let ask = Ask { prompt_tokens: 0, max_tokens: Some(0.0), choices: 0.0 };
        let wire = Wire { method: "GET", url, body: None, ask };
        Inner::new(shared, cancel, None, id.to_string(), options, vec![wire])
    }
}
