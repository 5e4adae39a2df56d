//! The policy layer for use without a client: policy.js wraps it.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::convert::{self, Returned};
use super::error::to_js as error_to_js;
use super::plain::{Record, row_to_js, to_js};
use super::protocol;
use super::wall;
use crate::call::open::count;
use crate::call::quotas;
use crate::config;
use crate::error::Error;
use crate::json::{Value, parse};
use crate::policy::cost::{DOUBTFUL, Price, Source};
use crate::policy::limit_store::{MemoryStore, Part};
use crate::policy::rate_limit::{Limits, RateLimiter, Refused};
use crate::policy::retry::{Failure, RetryPolicy, retry_delay};
use crate::policy::token::{Estimator, estimate_text};
use crate::trap::{self, Place};
use crate::unit::{Usd, WallTime};
use crate::wire::request::{self, Caps, Defaults};

fn limits(text: Option<String>) -> Result<Limits, JsValue> {
    let limits = convert::options(text)?;
    let Value::Object(_) = limits else {
        return Err(error_to_js(Error::config("limits", "must be an object")));
    };
    config::limits(&limits, "limits").map_err(error_to_js)
}

/// Adds the members of a refusal to the answer to a reservation.
fn add_refusal(answer: &mut Record, scope: Option<&str>, limit: &Refused) {
    answer.flag("ok", false);
    if scope.is_some() {
        answer.text("scope", scope);
    }
    answer.add("retryAfter", &limit.retry_after);
    answer.text("reason", Some(limit.reason.name()));
}

/// The limiter behind `RateLimiter`.
#[wasm_bindgen]
pub struct LimiterHandle {
    limiter: RateLimiter,
    refused: Option<Refused>,
}

#[wasm_bindgen]
impl LimiterHandle {
    /// A limiter with limits, or restored from a state; both are JSON texts.
    #[wasm_bindgen(constructor)]
    pub fn new(
        limits_text: Option<String>,
        restores: bool,
        state: Option<String>,
    ) -> Result<LimiterHandle, JsValue> {
        let limits = limits(limits_text)?;
        let limiter = match restores {
            true => RateLimiter::restore(&convert::options(state)?, limits, "state"),
            false => Ok(RateLimiter::new(limits)),
        };
        Ok(LimiterHandle {
            limiter: limiter.map_err(error_to_js)?,
            refused: None,
        })
    }

    /// `RateLimiter.reserve`: the reservation's number, or 0 for a refusal, which `tell` returns. A number crosses the border at no
    /// cost.
    pub fn reserve(&mut self, tokens: f64, now: f64) -> f64 {
        trap::here(Place::Limiter);
        let reserved = self.limiter.reserve(tokens.ceil() as u64, wall(now));
        self.refused = reserved.err();
        reserved.map_or(0.0, |id| id as f64)
    }

    /// The refusal of the last `reserve`, or `RateLimiter.toJSON`.
    pub fn tell(&mut self, refusal: bool) -> Returned<JsValue> {
        Ok(match self.refused.filter(|_| refusal) {
            Some(refused) => {
                let mut answer = Record::new();
                add_refusal(&mut answer, None, &refused);
                answer.into_js()
            }
            None => row_to_js(&mut self.limiter),
        })
    }

    /// `RateLimiter.settle`; without a number of tokens, `RateLimiter.release`.
    pub fn end(&mut self, reservation: f64, actual: f64, now: f64) {
        let reservation = reservation as u64;
        match actual.is_nan() {
            true => self.limiter.release(reservation),
            false => self
                .limiter
                .settle(reservation, actual.ceil() as u64, wall(now)),
        }
    }
}

/// The store behind memory_store.js.
#[wasm_bindgen]
pub struct StoreHandle(MemoryStore);

#[wasm_bindgen]
impl StoreHandle {
    /// A store that several users share, in which lost reservations expire. A journaled one reports its changes.
    #[wasm_bindgen(constructor)]
    pub fn new(journaled: bool) -> StoreHandle {
        StoreHandle(match journaled {
            true => MemoryStore::journaled(),
            false => MemoryStore::shared(),
        })
    }

    /// Asks the store, by the numbers in protocol.rs. One export serves all questions, since each export adds half a kilobyte.
    pub fn ask(
        &mut self,
        what: u8,
        text: Option<String>,
        number: f64,
        usd: f64,
        now: f64,
    ) -> Result<JsValue, JsValue> {
        let store = &mut self.0;
        let name = text.as_deref().unwrap_or_default();
        let value = || parse(name.as_bytes()).ok();
        match what {
            protocol::STORE_RESERVE | protocol::STORE_RESERVE_AND_TELL => {
                return self.reserve(text, number, what == protocol::STORE_RESERVE_AND_TELL);
            }
            protocol::STORE_SETTLE => store.settle(name, number.ceil() as u64, Usd(usd), wall(now)),
            protocol::STORE_RELEASE => store.release(name),
            protocol::STORE_RENEW => store.renew(name, wall(number)),
            protocol::STORE_BLOCK => store.block(name, WallTime(number)),
            protocol::STORE_STATE => return Ok(row_to_js(store)),
            // A state that can't be read gives undefined.
            protocol::STORE_RESTORE => {
                if value().is_some_and(|state| store.restore(&state).is_ok()) {
                    return Ok(to_js(&store.held_scopes()));
                }
            }
            protocol::STORE_ADOPT => {
                let taken = value().is_some_and(|scope| store.adopt(&scope).is_ok());
                return Ok(taken.into());
            }
            protocol::STORE_CHANGES => {
                if let Some(mut changes) = store.changes() {
                    return Ok(row_to_js(&mut changes));
                }
            }
            protocol::STORE_KNOWS => return Ok(store.knows(name).into()),
            protocol::STORE_EXPIRE => store.expire(wall(number)),
            protocol::STORE_CORRECT => store.correct(WallTime(number)),
            _ => return Ok(store.next_loss().map(|at| at.0).into()),
        }
        Ok(JsValue::UNDEFINED)
    }
}

impl StoreHandle {
    /// `LimitStore.reserve`, with its parts as JSON text; optionally with what is left of the limits.
    fn reserve(
        &mut self,
        parts: Option<String>,
        now: f64,
        tells_quotas: bool,
    ) -> Result<JsValue, JsValue> {
        let parts = self::parts(parts)?;
        trap::here(Place::Limiter);
        let mut answer = Record::new();
        match self.0.reserve(&parts, wall(now)) {
            Ok(reservation) => {
                answer.flag("ok", true);
                answer.text("reservation", Some(&reservation));
            }
            Err(refusal) => {
                add_refusal(&mut answer, Some(&refusal.scope), &refusal.limit);
                if let (Some(spent), Some(budget)) = (refusal.spent_usd, refusal.budget_usd) {
                    answer.add("spentUsd", &spent);
                    answer.add("budgetUsd", &budget);
                }
            }
        }
        if tells_quotas {
            answer.add("quotas", &quotas(&mut self.0, &parts, wall(now)));
        }
        Ok(answer.into_js())
    }
}

/// A request's parts as JSON text; `None` means no parts.
pub fn parts(text: Option<String>) -> Result<Vec<Part>, JsValue> {
    let given = convert::options(text)?;
    let mut parts = Vec::new();
    for value in given.as_array().unwrap_or_default() {
        parts.push(part(value)?);
    }
    Ok(parts)
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
    let field = |name: &str| value.get(name).filter(|value| !value.is_null());
    let limits = field("limits").map(|limits| config::limits(limits, "limits"));
    let limits = limits.transpose().map_err(error_to_js)?;
    let budget = field("budget").map(|budget| config::budget(budget, "budget"));
    let budget = budget.transpose().map_err(error_to_js)?;
    Ok(Part {
        scope: scope.to_string(),
        pause: value
            .get("pause")
            .and_then(Value::as_str)
            .map(str::to_string),
        lasts: value.get("lasts").and_then(Value::as_f64).map(WallTime),
        tokens: amount("tokens")?.ceil() as u64,
        usd: Usd(amount("usd")?),
        limits: limits.unwrap_or_default(),
        budget: budget.flatten(),
    })
}

/// `retryDelay`; `header` returns a header by its lower-case name; `body` and `policy` are JSON texts.
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
        Value::Null => RetryPolicy::default(),
        given => config::retry_policy(given).map_err(error_to_js)?,
    };
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
        now: WallTime(now),
    };
    Ok(retry_delay(&failure, &policy).map(|wait| wait.0))
}

/// `cost`, with the price as JSON text; `doubt` is called with a warning.
#[wasm_bindgen]
pub fn cost_of(
    prompt: f64,
    completion: f64,
    pricing: Option<String>,
    doubt: &Function,
) -> Result<JsValue, JsValue> {
    let price = Price::from_value(&convert::options(pricing)?, "pricing").map_err(error_to_js)?;
    if price.doubtful {
        // If the console throws, the result stays the same.
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

/// Holds an object, as JSON text, against a table, whose lines name its fields and what each must be.
#[wasm_bindgen]
pub fn check_fields(given: Option<String>, path: &str, table: &str) -> Result<(), JsValue> {
    config::check(&convert::options(given)?, path, table).map_err(error_to_js)
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
