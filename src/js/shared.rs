//! What all calls of a client share.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::cancel::Cancel;
use super::convert::{self, get};
use super::error::{Fields, clean_cause, to_js, to_js_with};
use super::held::Held;
use super::line::Line;
use super::prices::Prices;
use super::store::Store;
use super::task;
use super::trap::{self, Place};
use crate::config::{Config, RequestOptions, check_key};
use crate::error::Error;
use crate::policy::cost::{Pricing, Rates, Source};
use crate::policy::key_pool::KeyPool;
use crate::policy::ledger::Spend;

/// What the caller gave that is no data.
pub struct Hooks {
    pub fetch: JsValue,
    pub api_key: JsValue,
}

/// What all calls of a client share.
pub struct Shared {
    pub config: Config,
    pub hooks: Hooks,
    pub pool: Held<KeyPool>,
    pub store: Store,
    pub line: Line,
    pub spend: Held<Spend>,
    pub prices: Prices,
    pub in_flight: Cell<u32>,
    /// The keys' public names.
    pub labels: Vec<String>,
    /// Keys that must not be seen in an error: the pool's, and those a function gave.
    pub secrets: Held<Vec<String>>,
}

/// Keys of a function that are remembered for redaction: short-lived tickets come and go.
const REMEMBERED_KEYS: usize = 32;

#[wasm_bindgen(raw_module = "./notify.js")]
extern "C" {
    /// Tells the developer something once.
    pub fn warn(message: &str);
    /// Says what a trap has cost.
    #[wasm_bindgen(js_name = warnOfLoss)]
    pub fn warn_of_loss(what: &str);
    /// Asks the caller's key function: resolves with `{key}`, or with nothing after so many ms.
    #[wasm_bindgen(js_name = askKey)]
    fn ask_key(function: &JsValue, cancel: &Cancel, ms: f64) -> Promise;
}

impl Shared {
    /// The keys' state.
    pub fn pool<R>(&self, run: impl FnOnce(&mut KeyPool) -> R) -> R {
        self.pool.with(
            || self.lost_pool(),
            |pool| {
                trap::here(Place::Keys);
                run(pool)
            },
        )
    }

    #[cold]
    fn lost_pool(&self) -> KeyPool {
        warn_of_loss("which keys rest");
        KeyPool::new(self.labels.clone(), self.config.key_from_function)
    }

    /// The sum of the settlements.
    pub fn spend<R>(&self, run: impl FnOnce(&mut Spend) -> R) -> R {
        let anew = || {
            warn_of_loss("the sum of what was spent");
            Spend::default()
        };
        self.spend.with(anew, |spend| {
            trap::here(Place::Spend);
            run(spend)
        })
    }

    /// What must not be seen in an error.
    pub fn secrets(&self) -> Vec<String> {
        self.secrets
            .with(|| self.config.keys.clone(), |secrets| secrets.clone())
    }

    /// The options of one request over the client's.
    pub fn request_options(&self, text: Option<String>) -> Result<RequestOptions, JsValue> {
        RequestOptions::from_value(&convert::options(text)?, &self.config).map_err(to_js)
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

    /// A reservation has ended, for a given store once `ended` resolves: the next in line may look.
    pub fn freed(self: &Rc<Self>, ended: Option<Promise>) {
        let Some(ended) = ended else {
            return self.line.wake_first();
        };
        let shared = self.clone();
        // Nobody waits for the line to move.
        let _ = task::run_alone(async move {
            let _ = JsFuture::from(ended).await;
            shared.line.wake_first();
        });
    }

    /// The key that the caller's function gives, where there is one; none of `Ok` after `ms`.
    pub async fn given_key(&self, cancel: &Cancel, ms: f64) -> Result<Option<String>, JsValue> {
        let asked = ask_key(&self.hooks.api_key, cancel, ms);
        let answer = JsFuture::from(asked).await.map_err(|thrown| {
            let cause = clean_cause(&thrown, self.secrets());
            key_error("the function failed, see cause", Some(cause))
        })?;
        if answer.is_undefined() {
            return Ok(None);
        }
        let Some(secret) = get(&answer, "key").as_string() else {
            return Err(key_error("the function must give a string", None));
        };
        check_key(&secret, "apiKey").map_err(to_js)?;
        let mut secrets = self.secrets();
        if !secrets.contains(&secret) {
            if secrets.len() >= REMEMBERED_KEYS {
                secrets.remove(0);
            }
            secrets.push(secret.clone());
            self.secrets.get(|known| *known = secrets);
        }
        Ok(Some(secret))
    }

    /// What tokens of a model cost, and where that price comes from.
    pub fn rates(&self, model: &str, provider: Option<&str>) -> Option<(Rates, Source)> {
        match self.config.pricing.as_ref()? {
            Pricing::Live => self.prices.rates(model, provider),
            configured => configured
                .rates(model)
                .map(|rates| (rates, Source::Configured)),
        }
    }
}

/// The error of a key function that failed or gave something that is no key.
fn key_error(problem: &str, thrown: Option<JsValue>) -> JsValue {
    let fields = Fields::new();
    if let Some(thrown) = thrown {
        fields.set("cause", thrown);
    }
    to_js_with(Error::config("apiKey", problem), &fields)
}
