//! Before an attempt: which key, and whether the limits let it through now.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::cancel::resolves_across_requests;
use super::in_flight::{Exchange, InFlight};
use super::line::{LOOK, LOOK_BEHIND, Place};
use super::now;
use super::outgoing::Wire;
use super::store::Unanswered;
use super::trap::{self, Place as At};
use crate::error::{Class, Error};
use crate::policy::budget::Budget;
use crate::policy::limit_store::{Part, Refusal};
use crate::policy::rate_limit::{Limits, Reason};

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
    let mut asked = now();
    let give_up = asked + waiting.max_wait;
    let mut place: Option<Place<'_>> = None;
    let mut look = LOOK;
    loop {
        let position = place.as_ref().map(|place| place.position(now()));
        let arrives = matches!(position, None | Some(None));
        let first = if arrives {
            line.len(now()) == 0
        } else {
            position == Some(Some(0))
        };
        let freed = line.freed();
        let mut retry_after = 0.0;
        // Who arrives asks even when others are first: what can never fit fails at once.
        if first || arrives {
            match attempt(call, index, tried).await? {
                Ok(admitted) if first => return Ok(admitted),
                Ok(out_of_turn) => call.release(&out_of_turn),
                Err(refusal) => {
                    let hopeless = !waiting.waits
                        || refusal.reason == Reason::Budget
                        || refusal.retry_after == f64::INFINITY;
                    // By the time of the question: a wait as long as maxWait is not too long because the answer took a moment.
                    if hopeless || (first && refusal.retry_after > give_up - asked) {
                        return Err(refused(&refusal, waiting.waits));
                    }
                    retry_after = refusal.retry_after;
                }
            }
        }
        let left = give_up - now();
        if left <= 0.0 {
            return Err(late());
        }
        if arrives {
            place = Some(line.join(call.number(), now()));
        }
        trap::here(At::Line);
        // What became free while a store was asked woke nobody.
        if first && line.freed() != freed {
            look = LOOK;
            continue;
        }
        let Some(place) = &place else {
            continue;
        };
        let most = if first { left.max(retry_after) } else { left };
        sleep(call, place, patience(first, retry_after, look).min(most)).await?;
        asked = now();
        if call.shared.store.is_given() {
            look = if line.freed() == freed {
                (look * 2.0).min(LOOK_BEHIND)
            } else {
                LOOK
            };
        }
    }
}

/// Lets a call through that is sent in several requests, all of them or none, before the first is sent: what can't fit as a whole
/// must not cost a part. What the call brought, and the requests at once, count it as one request.
pub async fn admit_whole(call: &InFlight) -> Result<(), Denied> {
    let parts = whole_parts(call);
    if !parts.is_empty() {
        let store = &call.shared.store;
        let reserved = store
            .reserve(&parts, now(), &call.cancel, &call.storing)
            .await;
        let (answer, quotas) = reserved.map_err(unanswered)?;
        tell_quotas(call, quotas, &parts);
        call.open_whole(answer.map_err(|refusal| refused(&refusal, false))?);
    }
    // Where no key is limited each request takes the key that is free when its turn comes.
    if counts_requests(call) {
        for index in 0..call.requests.len() {
            admit(call, index, &[]).await?;
        }
    }
    Ok(())
}

/// Whether there is something beside the call to count a request against: its key, or the client's budget.
fn counts_requests(call: &InFlight) -> bool {
    let config = &call.shared.config;
    let of_keys = Limits {
        max_concurrent: None,
        ..config.limits
    };
    of_keys != Limits::default() || config.budget.is_some()
}

fn tell_quotas(call: &InFlight, quotas: Option<JsValue>, parts: &[Part]) {
    if !call.parts.is_empty() {
        let quotas = quotas.unwrap_or_else(|| call.shared.store.quotas(parts, now()));
        call.quotas.get(|known| *known = quotas);
    }
}

/// How long to sleep: until the limit may allow it, or the next look.
fn patience(first: bool, retry_after: f64, look: f64) -> f64 {
    match (first, retry_after > 0.0) {
        (true, true) => retry_after,
        (true, false) => look,
        // Where nobody is woken, those behind must look often enough not to be missed.
        (false, _) if resolves_across_requests() => LOOK_BEHIND,
        (false, _) => LOOK * 10.0,
    }
}

async fn sleep(call: &InFlight, place: &Place<'_>, ms: f64) -> Result<(), Denied> {
    let ms = ms.max(1.0);
    let nap = call.cancel.nap(ms);
    let done = nap.done();
    place.sleeps(nap, now() + ms);
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
    // The store has been asked for the call, and each further question takes its time.
    if let Some(key) = keys.first()
        && call.is_split()
        && !call.parts.is_empty()
        && !counts_requests(call)
    {
        return Ok(Ok(call.open(Exchange {
            index,
            key: *key,
            reservation: None,
            sent: Cell::new(false),
        })));
    }
    let mut soonest: Option<Refusal> = None;
    for key in keys {
        let scope = shared.scope(key);
        let parts = parts(call, index, &scope);
        let store = &shared.store;
        let reserved = store
            .reserve(&parts, now(), &call.cancel, &call.storing)
            .await;
        let (answer, quotas) = reserved.map_err(unanswered)?;
        if !call.is_split() {
            tell_quotas(call, quotas, &parts);
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
                    shared.pool(|pool| pool.limited(key, refusal.retry_after, now()));
                }
                let sooner = soonest
                    .as_ref()
                    .is_none_or(|best| refusal.retry_after < best.retry_after);
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

/// What one request is counted against: the key, the client's budget and, where the call is this request, what counts the call.
fn parts(call: &InFlight, index: usize, scope: &str) -> Vec<Part> {
    let config = &call.shared.config;
    let Some(wire) = call.requests.get(index) else {
        return Vec::new();
    };
    let limits = Limits {
        max_concurrent: None,
        ..config.limits
    };
    let mut parts = vec![part(call, &[wire], scope, limits, None)];
    if config.budget.is_some() {
        let scope = ["budget:", &config.id].concat();
        parts.push(part(
            call,
            &[wire],
            &scope,
            Limits::default(),
            config.budget,
        ));
    }
    if !call.is_split() {
        parts.extend(call_parts(call, &[wire]));
    }
    parts
}

/// What a call that is sent in several requests is counted against as a whole.
fn whole_parts(call: &InFlight) -> Vec<Part> {
    let wires: Vec<&Wire> = call.requests.iter().collect();
    call_parts(call, &wires)
}

/// The requests at once, and what the call brought.
fn call_parts(call: &InFlight, wires: &[&Wire]) -> Vec<Part> {
    let config = &call.shared.config;
    let mut parts = Vec::new();
    if config.limits.max_concurrent.is_some() {
        let limits = Limits {
            max_concurrent: config.limits.max_concurrent,
            ..Limits::default()
        };
        let scope = ["client:", &config.id].concat();
        parts.push(part(call, wires, &scope, limits, None));
    }
    for given in &call.parts {
        parts.push(part(call, wires, &given.scope, given.limits, given.budget));
    }
    parts
}

fn part(
    call: &InFlight,
    wires: &[&Wire],
    scope: &str,
    limits: Limits,
    budget: Option<Budget>,
) -> Part {
    let tokens =
        |sum: u64, wire: &&Wire| sum.saturating_add(wire.ask.tokens(limits.tokens_per_minute));
    let usd = wires.iter().filter_map(|wire| call.most_usd(wire)).sum();
    Part {
        scope: scope.to_string(),
        tokens: wires.iter().fold(0, tokens),
        usd: if budget.is_some() { usd } else { 0.0 },
        limits,
        budget,
    }
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
    let budget = refusal.reason == Reason::Budget;
    let class = if budget {
        Class::BudgetExceeded
    } else {
        Class::LimitExceeded
    };
    let reason = refusal.reason.name();
    let what = match refusal.reason {
        Reason::Budget => "This request could overspend the budget; nothing was sent.",
        Reason::Requests => {
            "The limit of requests per minute is reached (limits.requestsPerMinute)."
        }
        Reason::Tokens if refusal.retry_after == f64::INFINITY => {
            "This request alone is larger than the tokens per minute allow (limits.tokensPerMinute): send less, or lower max_tokens."
        }
        Reason::Tokens => "The limit of tokens per minute is reached (limits.tokensPerMinute).",
        Reason::Month => "The limit of requests per month is reached (limits.requestsPerMonth).",
        Reason::Concurrent => "The limit of requests at once is reached (limits.maxConcurrent).",
        Reason::Blocked => "The server asked for a pause.",
    };
    let mut message = what.to_string();
    if waits && !budget && refusal.retry_after.is_finite() {
        message.push_str(" The wait would be longer than limits.maxWait.");
    }
    let mut error = Error::new(class, message);
    error.reason = Some(reason);
    error.scope = Some(refusal.scope.clone());
    error.retry_after = Some(refusal.retry_after);
    error.retryable = refusal.retry_after.is_finite();
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
    error.reason = Some("requests");
    error.retry_after = Some(0.0);
    error.retryable = true;
    Denied::Refused(error, JsValue::UNDEFINED)
}
