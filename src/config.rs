//! A client's configuration, checked once: options, per-request options, and the provider page's config block.
//!
//! Bad input is refused before anything is sent, with a `ConfigError` whose path names the field. No message quotes a value.

mod base_url;
pub mod header;
mod key;
mod options;
mod page;
mod request_options;
mod retry;
mod route;
mod table;
mod timeout;

pub use base_url::BaseUrl;
pub use header::Headers;
pub use key::{KeySource, check_given as check_given_key, not_given as not_given_key};
pub use options::{budget, limits};
pub use request_options::RequestOptions;
pub use retry::policy as retry_policy;
pub use route::{Ability, Route, Sort};
pub use table::check;
pub use timeout::Timeouts;

use std::rc::Rc;

use crate::error::Error;
use crate::field::Fields;
use crate::json::Value;
use crate::policy::budget::Budget;
use crate::policy::cost::{DOUBTFUL, Pricing};
use crate::policy::rate_limit::Limits;
use crate::policy::retry::RetryPolicy;
use crate::text::join;
use crate::unit::Millis;

/// 16 MiB
const MAX_EVENT_BYTES: usize = 16 << 20;

/// 64 MiB
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// The complete, checked configuration of a client.
///
/// ```
/// use hfetch::config::{Config, KeySource};
/// use hfetch::json;
///
/// let options = |text: &str| json::parse(text.as_bytes()).unwrap();
/// let config = Config::from_options(&options(r#"{"apiKey": "hf_example"}"#), &KeySource::None).unwrap();
/// assert_eq!(config.base_url.url, "https://router.huggingface.co/v1");
/// let error = Config::from_options(&options(r#"{"apikey": "hf_example"}"#), &KeySource::None).unwrap_err();
/// assert_eq!(error.path.as_deref(), Some("apikey"));
/// assert_eq!(error.message, "apikey: is not an option; did you mean apiKey?");
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// The client's name: the prefix of its keys' labels and of its model strings.
    pub id: String,
    /// The keys. Empty if a function gives them, or if none is needed.
    pub keys: Vec<String>,
    /// Whether a function of the caller's gives the keys.
    pub key_from_function: bool,
    /// The server's address.
    pub base_url: BaseUrl,
    /// The model for bodies that name none.
    pub model: Option<String>,
    /// The prices, where the caller gives any.
    pub pricing: Option<Pricing>,
    /// The limits of each key and of the client.
    pub limits: Limits,
    /// The behaviour of a call at a limit.
    pub waiting: Waiting,
    /// The budget.
    pub budget: Option<Budget>,
    /// How long lists of inputs are split into requests.
    pub batching: Batching,
    /// When and how often a request is tried again.
    pub retry: RetryPolicy,
    /// Which models and providers may answer, where the caller sets a route.
    pub route: Option<Rc<Route>>,
    /// The timeout of each phase.
    pub timeouts: Timeouts,
    /// The largest event of a stream, in bytes.
    pub max_event_bytes: usize,
    /// The largest answer in bytes: for a stream what is accumulated for `final()`, otherwise the body.
    pub max_answer_bytes: usize,
    /// The organisation that is billed.
    pub bill_to: Option<String>,
    /// Extra headers.
    pub headers: Headers,
    /// Warnings that the console shows once.
    pub warnings: Vec<String>,
}

/// The behaviour of a call that a local limit refuses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiting {
    /// Whether the call waits for its turn; otherwise it fails at once.
    pub waits: bool,
    /// The longest wait.
    pub max_wait: Millis,
}

impl Default for Waiting {
    fn default() -> Self {
        Waiting {
            waits: true,
            max_wait: Millis(60_000.0),
        }
    }
}

/// How a long list of embedding inputs is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batching {
    /// The most inputs in one request; 32 is the default of text-embeddings-inference.
    pub size: usize,
    /// How many requests run at the same time.
    pub concurrency: usize,
}

impl Default for Batching {
    fn default() -> Self {
        Batching {
            size: 32,
            concurrency: 4,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            id: "huggingface".to_string(),
            keys: Vec::new(),
            key_from_function: false,
            base_url: BaseUrl::default(),
            model: None,
            pricing: None,
            limits: Limits::default(),
            waiting: Waiting::default(),
            budget: None,
            batching: Batching::default(),
            retry: RetryPolicy::default(),
            route: None,
            timeouts: Timeouts::default(),
            max_event_bytes: MAX_EVENT_BYTES,
            max_answer_bytes: MAX_ANSWER_BYTES,
            bill_to: None,
            headers: Headers::new(),
            warnings: Vec::new(),
        }
    }
}

impl Config {
    /// The config from a client's options (`HuggingFaceOptions`). Functions arrive as [`Value::Other`].
    pub fn from_options(given: &Value, source: &KeySource) -> Result<Self, Error> {
        Draft::default().with_options(&Fields::of(given, ""), source)
    }

    /// The config from a provider page's block; the options override the block.
    pub fn from_page(
        page: &Value,
        select_id: Option<&str>,
        env: &dyn Fn(&str) -> Option<String>,
        given: &Value,
        source: &KeySource,
    ) -> Result<Self, Error> {
        let given = Fields::of(given, "");
        given.ok()?;
        let mut draft = Draft::default();
        let brings_keys = options::bring_keys(&given, source);
        let (entry, path) = page::select(page, select_id)?;
        let fields = Fields::of(entry, &path);
        page::read(&mut draft, &fields, entry, !brings_keys, env);
        fields.ok()?;
        draft.with_options(&given, source)
    }
}

/// A config whose fields are valid one by one. Checks that concern several fields are still to come.
#[derive(Debug, Default)]
struct Draft {
    config: Config,
    /// Paths of fields that were accepted and have no meaning here.
    ignored: Vec<String>,
    /// The option or field that holds the prices.
    pricing_path: String,
}

impl Draft {
    /// The config of this draft with the options, which replace what it holds.
    fn with_options(mut self, given: &Fields<'_>, source: &KeySource) -> Result<Config, Error> {
        options::read(&mut self, given, source);
        given.ok()?;
        self.finish(source)
    }

    fn finish(self, source: &KeySource) -> Result<Config, Error> {
        let Draft {
            mut config,
            ignored,
            pricing_path,
        } = self;
        if let KeySource::Environment(token) = source
            && config.keys.is_empty()
            && !config.key_from_function
        {
            key::check(token, "HF_TOKEN")?;
            config.keys.push(token.clone());
        }
        if config.base_url.is_router && config.keys.is_empty() && !config.key_from_function {
            let error = Error::config("apiKey", "is missing: the router refuses requests without");
            return Err(error.advise(
                "Create a token at huggingface.co/settings/tokens with the permission \"Make calls to Inference Providers\", \
                 and pass it as apiKey or set HF_TOKEN.",
            ));
        }
        if config.pricing.as_ref().is_some_and(Pricing::is_doubtful) {
            // With a price a thousand times too low, the budget would never stop anything.
            if config.budget.is_some() {
                return Err(Error::config(pricing_path, DOUBTFUL));
            }
            let warning = ["hfetch: ", &pricing_path, " ", DOUBTFUL].concat();
            config.warnings.push(warning);
        }
        if config.base_url.was_retired {
            config.warnings.push(RETIRED.to_string());
        }
        if !ignored.is_empty() {
            let fields = join(&ignored, ", ");
            config
                .warnings
                .push(["hfetch: ignored in the config: ", &fields].concat());
        }
        Ok(config)
    }
}

const RETIRED: &str = "hfetch: https://api-inference.huggingface.co has been switched off; \
    requests go to https://router.huggingface.co/v1 instead (set baseURL to it to silence this)";

fn id_problem(id: &str) -> Option<&'static str> {
    // Model strings "id:org/model" are split at the colon, and a prefix that contains a slash is a model.
    let parts = |b: u8| is_blank(b) || matches!(b, b':' | b'/');
    let any = id.bytes().any(parts);
    any.then_some("must not hold a colon, a slash or white space")
}

fn model_problem(model: &str) -> Option<&'static str> {
    let any = model.bytes().any(is_blank);
    any.then_some("must not hold white space or control characters")
}

/// A space or an ASCII control character.
fn is_blank(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7F
}
