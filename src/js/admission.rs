//! Before an attempt: which key, and whether the limits let it through now.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::cancel::resolves_across_requests;
use super::in_flight::{Exchange, InFlight};
use super::line::Place;
use super::store::Unanswered;
use super::trap::{self, Place as At};
use super::{now, steady};
use crate::error::{Class, Error};
use crate::policy::limit_store::{Part, Refusal};
use crate::policy::rate_limit::{Limits, Reason};
use crate::policy::waiting::{Looks, Sleep};

/// Why an attempt may not be made.
pub enum Denied {
    /// A typed refusal, with what a store threw.
    Refused(Error, JsValue),
    /// The call ended while it waited.
    Ended,
}

/// Picks a key and reserves, waiting in line where the options say so.
pub async fn admit(call: &InFlight, index: usize, tried: &[usize]) -> Result<Rc<Exchange>, Denied> {
    let line = &call.shared.line;
    let waiting = call.shared.config.waiting;
    // A store of the caller's may be shared with processes that can wake nobody here.
    let is_woken = resolves_across_requests() && !call.shared.store.is_given();
    let mut asked = steady();
    let give_up = asked + waiting.max_wait;
    let mut place: Option<Place<'_>> = None;
    let mut looks = Looks::default();
    loop {
        let position = place.as_ref().map(|place| place.position(steady()));
        let arrives = matches!(position, None | Some(None));
        let is_first = if arrives {
            line.len(steady()) == 0
        } else {
            position == Some(Some(0))
        };
        let is_late = asked >= give_up;
        let freed = line.freed();
        let (mut retry_after, mut least) = (0.0, 0.0);
        // Who arrives asks even when others are first: what can never fit fails at once. So does who gives up, to say why.
        if is_first || arrives || is_late {
            match attempt(call, index, tried).await? {
                Ok(admitted) if is_first => return Ok(admitted),
                Ok(out_of_turn) => call.release(&out_of_turn),
                Err(refusal) => {
                    (retry_after, least) = (refusal.limit.retry_after, refusal.limit.least);
                    let hopeless = !waiting.waits
                        || refusal.limit.reason == Reason::Budget
                        || retry_after == f64::INFINITY;
                    // By the time of the question: a wait as long as maxWait is not too long because the answer took a moment.
                    let too_long = is_first && retry_after > give_up - asked;
                    if hopeless || is_late || too_long {
                        return Err(refused(&refusal, waiting.waits));
                    }
                }
            }
        }
        let left = give_up - steady();
        if is_late {
            return Err(late());
        }
        if arrives {
            place = Some(line.join(call.number(), steady()));
        }
        trap::here(At::Line);
        // What became free while a store was asked woke nobody.
        if is_first && line.freed() != freed {
            looks.renew();
            continue;
        }
        let Some(place) = &place else {
            continue;
        };
        let ms = looks.sleep(Sleep {
            is_first,
            retry_after,
            least,
            left,
            is_woken,
        });
        sleep(call, place, ms).await?;
        asked = steady();
        if line.freed() != freed {
            looks.renew();
        }
    }
}

async fn sleep(call: &InFlight, place: &Place<'_>, ms: f64) -> Result<(), Denied> {
    let nap = call.cancel.nap(ms);
    let done = nap.done();
    place.sleeps(nap, steady() + ms);
    JsFuture::from(done).await.map_err(|_| Denied::Ended)?;
    Ok(())
}

/// One round over the keys: the first that is let through, else the refusal that ends soonest.
async fn attempt(
    call: &InFlight,
    index: usize,
    tried: &[usize],
) -> Result<Result<Rc<Exchange>, Refusal>, Denied> {
    let shared = &call.shared;
    if call.has_budget() && shared.store.has_lost() {
        return Err(Denied::Refused(overdrawn(), JsValue::UNDEFINED));
    }
    let keys = shared.pool(|pool| pool.pick(&call.model, tried, now()));
    let mut soonest: Option<Refusal> = None;
    for key in keys {
        let scope = shared.scope(key);
        let parts = parts(call, index, &scope);
        let store = &shared.store;
        let reserved = store
            .reserve(&parts, now(), &call.cancel, &call.storing)
            .await;
        let (answer, quotas) = reserved.map_err(unanswered)?;
        if !call.parts.is_empty() {
            let quotas = quotas.unwrap_or_else(|| shared.store.quotas(&parts, now()));
            call.quotas.get(|known| *known = quotas);
        }
        match answer {
            Ok(reservation) => {
                return Ok(Ok(call.open(Exchange {
                    index,
                    key,
                    reservation: Some(reservation),
                    sent: Cell::new(false),
                })));
            }
            Err(refusal) => {
                // Another key can't help where the client or the budget says no.
                let of_key = refusal.scope == scope;
                if of_key {
                    shared.pool(|pool| pool.limited(key, refusal.limit.retry_after, now()));
                }
                let sooner = soonest
                    .as_ref()
                    .is_none_or(|best| refusal.ends_before(best));
                if sooner || !of_key {
                    soonest = Some(refusal);
                }
                if !of_key {
                    break;
                }
            }
        }
    }
    soonest.map(Err).ok_or_else(|| {
        let error = Error::new(Class::Authentication, "Every key has been refused by the server (401): check the tokens at huggingface.co/settings/tokens.");
        Denied::Refused(error, JsValue::UNDEFINED)
    })
}

fn parts(call: &InFlight, index: usize, scope: &str) -> Vec<Part> {
    let config = &call.shared.config;
    let Some(wire) = call.requests.get(index) else {
        return Vec::new();
    };
    let part = |scope: &str, limits: Limits| Part {
        scope: scope.to_string(),
        tokens: wire.ask.tokens(limits.tokens_per_minute),
        usd: 0.0,
        limits,
        budget: None,
    };
    let mut parts = vec![part(
        scope,
        Limits {
            max_concurrent: None,
            ..config.limits
        },
    )];
    if config.limits.max_concurrent.is_some() {
        let limits = Limits {
            max_concurrent: config.limits.max_concurrent,
            ..Limits::default()
        };
        parts.push(part(&["client:", &config.id].concat(), limits));
    }
    if let Some(budget) = config.budget {
        parts.push(Part {
            usd: call.most_usd(wire).unwrap_or(0.0),
            budget: Some(budget),
            ..part(&["budget:", &config.id].concat(), Limits::default())
        });
    }
    for given in &call.parts {
        let usd = given
            .budget
            .and_then(|_| call.most_usd(wire))
            .unwrap_or(0.0);
        parts.push(Part {
            usd,
            budget: given.budget,
            ..part(&given.scope, given.limits)
        });
    }
    parts
}

fn unanswered(why: Unanswered) -> Denied {
    match why {
        Unanswered::Ended => Denied::Ended,
        Unanswered::Failed(thrown) => {
            let mut error = Error::new(
                Class::LimitExceeded,
                "The limit store gave no answer, so nothing was sent: see cause.",
            );
            error.reason = Some("store");
            error.retry_after = Some(0.0);
            Denied::Refused(error, thrown)
        }
    }
}

fn refused(refusal: &Refusal, waits: bool) -> Denied {
    let budget = refusal.limit.reason == Reason::Budget;
    let class = if budget {
        Class::BudgetExceeded
    } else {
        Class::LimitExceeded
    };
    let reason = refusal.limit.reason.name();
    let what = match refusal.limit.reason {
        Reason::Budget => "This request could overspend the budget; nothing was sent.",
        Reason::Requests => {
            "The limit of requests per minute is reached (limits.requestsPerMinute)."
        }
        Reason::Tokens if refusal.limit.retry_after == f64::INFINITY => {
            "This request alone is larger than the tokens per minute allow (limits.tokensPerMinute): send less, or lower max_tokens."
        }
        Reason::Tokens => "The limit of tokens per minute is reached (limits.tokensPerMinute).",
        Reason::Month => "The limit of requests per month is reached (limits.requestsPerMonth).",
        Reason::Concurrent => "The limit of requests at once is reached (limits.maxConcurrent).",
        Reason::Blocked => "The server asked for a pause.",
    };
    let mut message = what.to_string();
    if waits && !budget && refusal.limit.retry_after.is_finite() {
        message.push_str(" The wait would be longer than limits.maxWait.");
    }
    let mut error = Error::new(class, message);
    error.reason = Some(reason);
    error.scope = Some(refusal.scope.clone());
    error.retry_after = Some(refusal.limit.retry_after);
    error.retryable = refusal.limit.retry_after.is_finite();
    error.spent_usd = refusal.spent_usd;
    error.budget_usd = refusal.budget_usd;
    Denied::Refused(error, JsValue::UNDEFINED)
}

fn overdrawn() -> Error {
    let message = "An internal fault lost what was spent of the budget, so this client sends nothing more: make a new one.";
    let mut error = Error::new(Class::LimitExceeded, message);
    error.reason = Some("store");
    error.retry_after = Some(f64::INFINITY);
    error
}

fn late() -> Denied {
    let message = "Others were first in line, and the wait is longer than limits.maxWait.";
    let mut error = Error::new(Class::LimitExceeded, message);
    error.reason = Some(Reason::Concurrent.name());
    error.retry_after = Some(0.0);
    error.retryable = true;
    Denied::Refused(error, JsValue::UNDEFINED)
}
