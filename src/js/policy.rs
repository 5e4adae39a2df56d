//! The policy layer without a client: what policy.js wraps.

use js_sys::{Function, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::convert::{self, Returned};
use super::error::to_js as error_to_js;
use super::plain::to_js;
use crate::call::open::count;
use crate::call::quotas;
use crate::config::{Config, KeySource};
use crate::error::Error;
use crate::json::{Value, parse};
use crate::policy::clock::Now;
use crate::policy::cost::{DOUBTFUL, Price, Source};
use crate::policy::limit_store::{MemoryStore, Part};
use crate::policy::rate_limit::{Limits, RateLimiter, Refused};
use crate::policy::retry::{Failure, retry_delay};
use crate::policy::token::{Estimator, estimate_text};
use crate::trap::{self, Place};
use crate::wire::request::{self, Caps, Defaults};

/// Options of a client, read by the client's own reader, so that both take the same values.
fn options(fields: Vec<(&str, Value)>) -> Result<Config, JsValue> {
    let fields = fields.into_iter().filter(|field| field.1 != Value::Null);
    let options = fields.map(|(name, value)| (name.to_string(), value));
    Config::from_options(&Value::Object(options.collect()), &KeySource::Function)
        .map_err(error_to_js)
}

fn limits(text: Option<String>) -> Result<Limits, JsValue> {
    let limits = convert::options(text)?;
    let Value::Object(_) = limits else {
        return Err(error_to_js(Error::config("limits", "must be an object")));
    };
    Ok(options(vec![("limits", limits)])?.limits)
}

/// The answer to a reservation.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Granted {
        ok: bool,
        reservation: String,
    },
    #[serde(rename_all = "camelCase")]
    Refused {
        ok: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        retry_after: f64,
        reason: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        spent_usd: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        budget_usd: Option<f64>,
    },
}

/// The limiter behind `RateLimiter`.
#[wasm_bindgen]
pub struct LimiterHandle {
    limiter: RateLimiter,
    refused: Option<Refused>,
}

impl LimiterHandle {
    fn of(limiter: RateLimiter) -> Self {
        LimiterHandle {
            limiter,
            refused: None,
        }
    }
}

#[wasm_bindgen]
impl LimiterHandle {
    /// A limiter for limits as JSON text.
    #[wasm_bindgen(constructor)]
    pub fn new(limits_text: Option<String>) -> Result<LimiterHandle, JsValue> {
        Ok(LimiterHandle::of(RateLimiter::new(limits(limits_text)?)))
    }

    /// The limiter that gave a state, both as JSON text.
    pub fn restore(
        state: Option<String>,
        limits_text: Option<String>,
    ) -> Result<LimiterHandle, JsValue> {
        let limits = limits(limits_text)?;
        let limiter = RateLimiter::restore(&convert::options(state)?, limits, "state");
        limiter.map(LimiterHandle::of).map_err(error_to_js)
    }

    /// `RateLimiter.reserve`: the reservation, or 0 and then the `refusal`: a number crosses for nothing.
    pub fn reserve(&mut self, tokens: f64, now: f64) -> f64 {
        trap::here(Place::Limiter);
        let reserved = self.limiter.reserve(tokens.ceil() as u64, Now::from(now));
        self.refused = reserved.err();
        reserved.map_or(0.0, |id| id as f64)
    }

    /// Why the last `reserve` gave none.
    pub fn refusal(&self) -> Returned<JsValue> {
        Ok(self.refused.map_or(JsValue::UNDEFINED, |refused| {
            to_js(&Answer::Refused {
                ok: false,
                scope: None,
                retry_after: refused.retry_after,
                reason: refused.reason.name(),
                spent_usd: None,
                budget_usd: None,
            })
        }))
    }

    /// `RateLimiter.settle`
    pub fn settle(&mut self, reservation: f64, actual: f64, now: f64) {
        self.limiter
            .settle(reservation as u64, actual.ceil() as u64, Now::from(now));
    }

    /// `RateLimiter.release`
    pub fn release(&mut self, reservation: f64) {
        self.limiter.release(reservation as u64);
    }

    /// `RateLimiter.toJSON`
    pub fn state(&self) -> Returned<JsValue> {
        Ok(to_js(&self.limiter.state()))
    }
}

/// The store behind `storageStore`.
#[wasm_bindgen]
pub struct StoreHandle(MemoryStore);

#[wasm_bindgen]
impl StoreHandle {
    /// A store that others share, in which lost reservations expire.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> StoreHandle {
        StoreHandle(MemoryStore::shared())
    }

    /// A store whose changes are asked for by `changes`.
    pub fn journaled() -> StoreHandle {
        StoreHandle(MemoryStore::journaled())
    }

    /// What has changed since the last time, as rows; undefined where nothing has.
    pub fn changes(&mut self) -> Returned<JsValue> {
        let changes = self.0.changes();
        Ok(changes.map_or(JsValue::UNDEFINED, |changes| to_js(&changes)))
    }

    /// Whether a scope is in memory.
    pub fn knows(&mut self, scope: &str) -> bool {
        self.0.knows(scope)
    }

    /// Takes a scope's rows as JSON text; false where they make no sense.
    pub fn adopt(&mut self, scope: &str) -> bool {
        parse(scope.as_bytes()).is_ok_and(|scope| self.0.adopt(&scope))
    }

    /// Lets time pass.
    pub fn expire(&mut self, now: f64) {
        self.0.expire(Now::from(now));
    }

    /// The time of the host that keeps the store, where `now` is that of others.
    pub fn correct(&mut self, own: f64) {
        self.0.correct(own);
    }

    /// When the oldest open reservation will be taken for lost.
    pub fn next_loss(&self) -> Option<f64> {
        self.0.next_loss()
    }

    /// `LimitStore.reserve`, and what is left of the limits.
    pub fn reserve_and_tell(
        &mut self,
        parts: Option<String>,
        now: f64,
    ) -> Result<JsValue, JsValue> {
        let parts = self::parts(parts)?;
        let answer = self.answer(&parts, now);
        let quotas = to_js(&quotas(&mut self.0, &parts, Now::from(now)));
        // A plain object of our own takes every property.
        let _ = Reflect::set(&answer, &"quotas".into(), &quotas);
        Ok(answer)
    }

    /// Takes over a state as JSON text; false where it makes no sense.
    pub fn restore(&mut self, state: &str) -> bool {
        parse(state.as_bytes()).is_ok_and(|state| self.0.restore(&state).is_ok())
    }

    /// `LimitStore.reserve`, its parts as JSON text.
    pub fn reserve(&mut self, parts: Option<String>, now: f64) -> Result<JsValue, JsValue> {
        let parts = self::parts(parts)?;
        Ok(self.answer(&parts, now))
    }

    /// `LimitStore.settle`
    pub fn settle(&mut self, reservation: &str, tokens: f64, usd: f64, now: f64) {
        self.0
            .settle(reservation, tokens.ceil() as u64, usd, Now::from(now));
    }

    /// `LimitStore.release`
    pub fn release(&mut self, reservation: &str) {
        self.0.release(reservation);
    }

    /// `LimitStore.renew`
    pub fn renew(&mut self, reservation: &str, now: f64) {
        self.0.renew(reservation, Now::from(now));
    }

    /// `LimitStore.block`
    pub fn block(&mut self, scope: &str, until: f64) {
        self.0.block(scope, until);
    }

    /// All there is to remember.
    pub fn state(&self) -> Returned<JsValue> {
        Ok(to_js(&self.0.state()))
    }
}

impl StoreHandle {
    fn answer(&mut self, parts: &[Part], now: f64) -> JsValue {
        trap::here(Place::Limiter);
        match self.0.reserve(parts, Now::from(now)) {
            Ok(reservation) => to_js(&Answer::Granted {
                ok: true,
                reservation,
            }),
            Err(refusal) => to_js(&Answer::Refused {
                ok: false,
                scope: Some(refusal.scope),
                retry_after: refusal.limit.retry_after,
                reason: refusal.limit.reason.name(),
                spent_usd: refusal.spent_usd,
                budget_usd: refusal.budget_usd,
            }),
        }
    }
}

/// Parts of a request as JSON text; no text is none.
pub fn parts(text: Option<String>) -> Result<Vec<Part>, JsValue> {
    let parts = convert::options(text)?;
    let parts = parts.as_array().unwrap_or_default().iter().map(part);
    parts.collect()
}

fn part(value: &Value) -> Result<Part, JsValue> {
    let wrong = |field: &str, problem: &str| {
        error_to_js(Error::config(["parts.", field].concat(), problem))
    };
    let scope = value.get("scope").and_then(Value::as_str);
    let scope = scope.ok_or_else(|| wrong("scope", "must be a string"))?;
    let amount = |name: &str| match value.get(name) {
        None => Ok(0.0),
        Some(Value::Number(amount)) if *amount >= 0.0 => Ok(*amount),
        Some(_) => Err(wrong(name, "must be a number, 0 or more")),
    };
    let field = |name: &str| value.get(name).cloned().unwrap_or(Value::Null);
    let read = options(vec![
        ("limits", field("limits")),
        ("budget", field("budget")),
    ])?;
    Ok(Part {
        scope: scope.to_string(),
        pause: value
            .get("pause")
            .and_then(Value::as_str)
            .map(str::to_string),
        lasts: value.get("lasts").and_then(Value::as_f64),
        tokens: amount("tokens")?.ceil() as u64,
        usd: amount("usd")?,
        limits: read.limits,
        budget: read.budget,
    })
}

/// `retryDelay`; `header` gives a header by its lower-case name, `body` and `policy` are JSON texts.
#[wasm_bindgen]
pub fn retry_delay_of(
    status: Option<u16>,
    header: &Function,
    body: Option<String>,
    attempt: u32,
    random: f64,
    now: f64,
    policy: Option<String>,
) -> Result<Option<f64>, JsValue> {
    let policy = match convert::options(policy)? {
        Value::Other("undefined") => Value::Null,
        given => given,
    };
    let policy = options(vec![("retry", policy)])?.retry;
    let body = body.and_then(|text| parse(text.as_bytes()).ok());
    let header = |name: &str| {
        header
            .call1(&JsValue::UNDEFINED, &name.into())
            .ok()?
            .as_string()
    };
    let failure = Failure {
        status,
        header: &header,
        body: body.as_ref(),
        attempt,
        random,
        now,
    };
    Ok(retry_delay(&failure, &policy))
}

/// `cost`, the price as JSON text; `doubt` hears what to warn of.
#[wasm_bindgen]
pub fn cost_of(
    prompt: f64,
    completion: f64,
    pricing: Option<String>,
    doubt: &Function,
) -> Result<JsValue, JsValue> {
    let price = Price::from_value(&convert::options(pricing)?, "pricing").map_err(error_to_js)?;
    if price.doubtful {
        // A console that throws takes nothing from the answer.
        let _ = doubt.call1(
            &JsValue::UNDEFINED,
            &["hfetch: pricing ", DOUBTFUL].concat().into(),
        );
    }
    Ok(to_js(&price.rates.cost(
        prompt,
        completion,
        Source::Configured,
    )))
}

/// `estimateTokens` of a text.
#[wasm_bindgen]
pub fn tokens_of_text(text: &str) -> f64 {
    estimate_text(text) as f64
}

/// `estimateTokens` of messages as JSON text.
#[wasm_bindgen]
pub fn tokens_of_messages(messages: &str) -> Result<f64, JsValue> {
    let mut estimator = Estimator::default();
    let body = ["{\"messages\":", messages, "}"].concat();
    let defaults = Defaults {
        id: "",
        model: Some("any"),
        needs_usage: false,
        max_tokens: None,
        renames: false,
        caps: Caps::NONE,
    };
    request::chat(&body, defaults, &mut |piece| count(&mut estimator, piece))
        .map_err(error_to_js)?;
    Ok(estimator.tokens() as f64)
}
