//! Steps and effects of a call as records for the driver. protocol.rs has the numbers of steps, events and causes.

use serde::{Serialize, Serializer};

use super::error;
use super::plain::Record;
use super::protocol;
use crate::call::failure::{Cancelled, Failure};
use crate::call::{Call, Effect, NoKey, Step};
use crate::json::{self, Value};
use crate::policy::limit_store::Refusal;
use crate::policy::rate_limit::{Reason, Refused};
use crate::unit::{Millis, Usd, WallTime};

/// Returns a pointer to `said`, the answer to the driver's question, together with the call's effects.
pub fn told(call: &Call, said: impl Serialize) -> *const u8 {
    let mut record = Record::new();
    record.add("said", &said);
    end(record, call)
}

/// Adds the call's effects to a record, and returns the pointer to all of it.
#[inline(never)]
pub fn end(mut record: Record, call: &Call) -> *const u8 {
    let effects = call.take_effects();
    if !effects.is_empty() {
        let mut rows = Vec::new();
        for effect in &effects {
            rows.push(EffectData::of(effect));
        }
        record.add("effects", &rows);
    }
    let losses = call.shared.take_losses();
    if !losses.is_empty() {
        record.add("losses", &losses);
    }
    record.end()
}

#[derive(Serialize)]
struct EffectData<'a> {
    kind: u8,
    /// A reservation's name, a scope, or nothing.
    name: Option<&'a str>,
    /// Tokens, a time, or the number of a waiting call.
    number: f64,
    usd: Usd,
    now: WallTime,
}

impl<'a> EffectData<'a> {
    fn of(effect: &'a Effect) -> Self {
        let data = |kind, name, number| EffectData {
            kind,
            name,
            number,
            usd: Usd::ZERO,
            now: WallTime::ZERO,
        };
        match effect {
            Effect::Wake { waiter } => data(0, None, *waiter as f64),
            Effect::Settle {
                reservation,
                tokens,
                usd,
                now,
            } => EffectData {
                usd: *usd,
                now: *now,
                ..data(1, Some(reservation.as_str()), *tokens)
            },
            Effect::Release { reservation } => data(2, Some(reservation.as_str()), 0.0),
            Effect::Renew { reservation, now } => EffectData {
                now: *now,
                ..data(4, Some(reservation.as_str()), 0.0)
            },
            Effect::Block { scope, until } => data(3, Some(scope.as_str()), until.0),
        }
    }
}

/// A text that is read from its own place in memory instead of being copied, since it may be long.
struct InPlace<'a>(&'a str);

impl Serialize for InPlace<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_bytes())
    }
}

/// Adds a step to a record.
pub fn add(record: &mut Record, name: &'static str, call: &Call, step: &Step) {
    record.object(name, |record| {
        record.number("kind", kind(call, step).into());
        match step {
            Step::AskKey { patience } | Step::ReadError { patience } => {
                record.add("ms", patience);
            }
            Step::Reserve { parts } => record.add("parts", parts),
            Step::Sleep { ms, waiter } => {
                record.add("ms", ms);
                record.add("waiter", waiter);
            }
            Step::Send { index, key } => send(record, call, *index, key.as_deref()),
            Step::Deliver => {
                let progress = &call.account.progress;
                progress.get(|progress| record.text("requestId", progress.request_id.as_deref()));
                add_for_caller(record, call);
            }
            Step::Fail(failure) => {
                record.object("failure", |record| error::add(record, failure));
                add_for_caller(record, call);
            }
            Step::Nothing | Step::AwaitPrices => {}
        }
    });
}

fn kind(call: &Call, step: &Step) -> u8 {
    match step {
        Step::Send { index, .. } if call.requests.get(*index).is_none() => protocol::NOTHING,
        Step::AwaitPrices => protocol::AWAIT_PRICES,
        Step::AskKey { .. } => protocol::ASK_KEY,
        Step::Reserve { .. } => protocol::RESERVE,
        Step::Sleep { .. } => protocol::SLEEP,
        Step::Send { .. } => protocol::SEND,
        Step::ReadError { .. } => protocol::READ_ERROR,
        Step::Deliver => protocol::DELIVER,
        Step::Fail(_) => protocol::FAIL,
        Step::Nothing => protocol::NOTHING,
    }
}

/// Adds what the driver needs to send a request.
fn send(record: &mut Record, call: &Call, index: usize, key: Option<&str>) {
    let Some(request) = call.requests.get(index) else {
        return;
    };
    request.url.get(|url| record.text("url", Some(url)));
    record.text("method", Some(request.method));
    request.body(|body| record.add("body", &body.map(InPlace)));
    record.text("key", key);
    record.flag("stream", call.stream);
    // The headers of this request in addition to the client's, and whether the caller chose some of them.
    let headers = &call.options.headers;
    let differ = *headers != call.shared.config.headers;
    record.add("headers", &differ.then_some(headers));
    record.flag("own", !headers.is_empty());
    // Until the response's headers.
    record.add("connect", &call.options.timeouts.connect(call.stream));
}

/// Adds what belongs to the end of a request: the secrets that the caller must not see, and the amounts that are left of the limits
/// that the call brought, if this client's memory counts them.
fn add_for_caller(record: &mut Record, call: &Call) {
    record.add("secrets", &call.secrets());
    if let Some(quotas) = call.quotas() {
        record.add("quotas", &quotas);
    }
}

/// A pointer to a failure that is no step, because the answer had already begun, and the call's effects.
pub fn failing(call: &Call, failure: &Failure) -> *const u8 {
    let mut record = Record::new();
    record.object("said", |record| {
        record.object("failure", |record| error::add(record, failure));
        record.add("secrets", &call.secrets());
    });
    end(record, call)
}

/// Why a call ends early, by its number in protocol.rs.
pub fn cancelled(cause: f64) -> Cancelled {
    match cause as u8 {
        protocol::IDLE => Cancelled::Idle,
        protocol::TOTAL => Cancelled::Total,
        protocol::CLOSED => Cancelled::Closed,
        _ => Cancelled::Aborted,
    }
}

/// Why a key function gave no key, by its number in protocol.rs.
pub fn no_key(why: f64) -> NoKey {
    match why as u8 {
        protocol::IS_RESPONSE => NoKey::Response,
        protocol::IS_NO_STRING => NoKey::NoString,
        protocol::TOO_LATE => NoKey::TimedOut,
        _ => NoKey::Failed,
    }
}

/// Reads the refusal of the caller's store from JSON. A wait that isn't a number counts as endless: a broken store lets nothing
/// through.
pub fn refusal(text: &str) -> Refusal {
    let answer = json::parse(text.as_bytes()).unwrap_or(Value::Null);
    let number = |name: &str| answer.get(name).and_then(Value::as_f64);
    let reason = answer.get("reason").and_then(Value::as_str);
    let reason = Reason::named(reason.unwrap_or_default());
    let wait = number("retryAfter").filter(|ms| *ms >= 0.0);
    let wait = wait.map_or(Millis::INFINITY, Millis);
    let scope = answer.get("scope").and_then(Value::as_str);
    Refusal {
        scope: scope.unwrap_or_default().to_string(),
        limit: Refused::new(reason, (wait > Millis::ZERO).then_some(wait), wait),
        spent_usd: number("spentUsd").map(Usd),
        budget_usd: number("budgetUsd").map(Usd),
    }
}
