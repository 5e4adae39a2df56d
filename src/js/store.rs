//! Where limits and the budget are kept: in this client's memory, or in a store of the caller's.

use std::cell::Cell;

use js_sys::{Array, Promise};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::cancel::{Cancel, resolves_across_requests};
use super::convert::get;
use super::held::Held;
use super::plain::to_js;
use super::shared::warn_of_loss;
use super::trap::{self, Place};
use crate::policy::clock::Now;
use crate::policy::limit_store::{MemoryStore, Part, Refusal};
use crate::policy::rate_limit::{Limits, Reason, Refused};

#[wasm_bindgen(raw_module = "./reserve.js")]
extern "C" {
    fn reserve(store: &JsValue, request: JsValue, cancel: &Cancel, storing: &Array) -> Promise;
    fn settle(store: &JsValue, reservation: &str, tokens: f64, usd: f64, now: f64) -> Promise;
    fn release(store: &JsValue, reservation: &str) -> Promise;
    fn block(store: &JsValue, scope: &str, until: f64) -> Promise;
}

/// A client's store.
pub enum Store {
    /// Its own.
    Memory(Memory),
    /// The caller's `LimitStore`.
    Given(JsValue),
}

/// A store in this client's memory.
pub struct Memory {
    store: Held<MemoryStore>,
    /// Whether a trap has cost what was counted.
    lost: Cell<bool>,
}

/// Where a request can vanish without a word, what it held is lost after a while.
fn fresh() -> MemoryStore {
    if resolves_across_requests() {
        MemoryStore::new()
    } else {
        MemoryStore::shared()
    }
}

impl Memory {
    fn with<R>(&self, run: impl FnOnce(&mut MemoryStore) -> R) -> R {
        self.store.with(
            || self.anew(),
            |store| {
                trap::here(Place::Limits);
                run(store)
            },
        )
    }

    #[cold]
    fn anew(&self) -> MemoryStore {
        self.lost.set(true);
        warn_of_loss("what its limits had counted");
        fresh()
    }
}

/// What a store says of a reservation, and what it says is left of the limits, where it tells.
type Answer = (Result<String, Refusal>, Option<JsValue>);

/// Why a store gave no answer.
pub enum Unanswered {
    /// It failed; what it threw.
    Failed(JsValue),
    /// The call ended first.
    Ended,
}

impl Store {
    /// The store of the options.
    pub fn new(given: JsValue) -> Self {
        if !given.is_undefined() {
            return Store::Given(given);
        }
        Store::Memory(Memory {
            store: Held::new(fresh()),
            lost: Cell::new(false),
        })
    }

    /// Whether a budget can't be kept any more, since a trap has cost what was counted.
    pub fn has_lost(&self) -> bool {
        match self {
            Store::Memory(memory) => {
                memory.with(|_| ());
                memory.lost.get()
            }
            Store::Given(_) => false,
        }
    }

    /// Whether it is the caller's, and each question may cost.
    pub fn is_given(&self) -> bool {
        matches!(self, Store::Given(_))
    }

    /// Reserves every part or none; what is given back because the call ended first is `storing`.
    pub async fn reserve(
        &self,
        parts: &[Part],
        now: Now,
        cancel: &Cancel,
        storing: &Array,
    ) -> Result<Answer, Unanswered> {
        let store = match self {
            Store::Memory(store) => {
                return Ok((store.with(|store| store.reserve(parts, now)), None));
            }
            Store::Given(store) => store,
        };
        let request = to_js(&Request {
            parts: parts.iter().map(PartData::from).collect(),
            now: now.wall,
        });
        match JsFuture::from(reserve(store, request, cancel, storing)).await {
            Ok(answer) => Ok((read(&answer), Some(get(&answer, "quotas")))),
            Err(_) if cancel.cause().is_some() => Err(Unanswered::Ended),
            Err(thrown) => Err(Unanswered::Failed(thrown)),
        }
    }

    /// What is left of the parts' limits, as far as a store of our own knows.
    pub fn quotas(&self, parts: &[Part], now: Now) -> JsValue {
        match self {
            Store::Memory(store) => store.with(|store| quotas(store, parts, now)),
            Store::Given(_) => JsValue::UNDEFINED,
        }
    }

    /// Ends a reservation with what was used; a promise tells when that has arrived.
    pub fn settle(&self, reservation: &str, tokens: u64, usd: f64, now: Now) -> Option<Promise> {
        match self {
            Store::Memory(store) => {
                store.with(|store| store.settle(reservation, tokens, usd, now));
                None
            }
            Store::Given(store) => Some(settle(store, reservation, tokens as f64, usd, now.wall)),
        }
    }

    /// Ends a reservation of which nothing was sent; a promise tells when that has arrived.
    pub fn release(&self, reservation: &str) -> Option<Promise> {
        match self {
            Store::Memory(store) => {
                store.with(|store| store.release(reservation));
                None
            }
            Store::Given(store) => Some(release(store, reservation)),
        }
    }

    /// Lets nothing through for a scope for `rest` ms; a promise tells when that has arrived.
    pub fn block(&self, scope: &str, rest: f64, now: Now) -> Option<Promise> {
        let until = now.wall + rest;
        match self {
            Store::Memory(store) => {
                store.with(|store| {
                    store.expire(now);
                    store.block(scope, until);
                });
                None
            }
            Store::Given(store) => Some(block(store, scope, until)),
        }
    }
}

#[derive(Serialize)]
struct QuotaData<'a> {
    scope: &'a str,
    reason: &'static str,
    limit: f64,
    remaining: f64,
    reset: f64,
}

/// What is left of the parts' limits: a list of `{scope, reason, limit, remaining, reset}`.
pub fn quotas(store: &mut MemoryStore, parts: &[Part], now: Now) -> JsValue {
    let mut rows = Vec::new();
    for part in parts {
        let scope = part.scope.as_str();
        let quotas = store.quotas(scope, now).into_iter();
        rows.extend(quotas.map(|quota| QuotaData {
            scope,
            reason: quota.reason.name(),
            limit: quota.limit,
            remaining: quota.remaining,
            reset: quota.reset,
        }));
    }
    to_js(&rows)
}

#[derive(Serialize)]
struct Request<'a> {
    parts: Vec<PartData<'a>>,
    now: f64,
}

#[derive(Serialize)]
struct PartData<'a> {
    scope: &'a str,
    tokens: f64,
    usd: f64,
    limits: LimitsData,
    budget: Option<BudgetData>,
}

#[derive(Serialize)]
struct BudgetData {
    usd: f64,
    per: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LimitsData {
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_per_minute: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens_per_minute: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_per_month: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_concurrent: Option<f64>,
}

impl<'a> From<&'a Part> for PartData<'a> {
    fn from(part: &'a Part) -> Self {
        let Limits {
            requests_per_minute,
            tokens_per_minute,
            requests_per_month,
            max_concurrent,
        } = part.limits;
        PartData {
            scope: &part.scope,
            tokens: part.tokens as f64,
            usd: part.usd,
            limits: LimitsData {
                requests_per_minute,
                tokens_per_minute,
                requests_per_month,
                max_concurrent,
            },
            budget: part.budget.map(|budget| BudgetData {
                usd: budget.usd,
                per: budget.per.name(),
            }),
        }
    }
}

/// A store's answer; one that makes no sense is a refusal, so that a broken store lets nothing through.
fn read(answer: &JsValue) -> Result<String, Refusal> {
    if get(answer, "ok").is_truthy()
        && let Some(reservation) = get(answer, "reservation").as_string()
    {
        return Ok(reservation);
    }
    let number = |name: &str| get(answer, name).as_f64();
    let reason = match get(answer, "reason").as_string().as_deref() {
        Some("requests") => Reason::Requests,
        Some("tokens") => Reason::Tokens,
        Some("month") => Reason::Month,
        Some("budget") => Reason::Budget,
        Some("concurrent") => Reason::Concurrent,
        _ => Reason::Blocked,
    };
    let wait = number("retryAfter").filter(|ms| *ms >= 0.0);
    let wait = wait.unwrap_or(f64::INFINITY);
    Err(Refusal {
        scope: get(answer, "scope").as_string().unwrap_or_default(),
        limit: Refused::new(reason, (wait > 0.0).then_some(wait), wait),
        spent_usd: number("spentUsd"),
        budget_usd: number("budgetUsd"),
    })
}
