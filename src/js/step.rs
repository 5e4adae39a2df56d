//! Steps and effects of a call as records for the driver. protocol.rs has the numbers of steps, events and causes.

use serde::{Serialize, Serializer};

use super::plain::Record;
use super::protocol;
use crate::call::failure::{Cancelled, Failure, FailureData};
use crate::call::{Call, Effect, NoKey, QuotaRow, Step};
use crate::json::{self, Value};
use crate::policy::limit_store::{Part, Refusal};
use crate::policy::rate_limit::{Limits, Reason, Refused};
use crate::unit::{Millis, Usd, WallTime};

/// Returns a pointer to `said`, the answer to the driver's question, together with the call's effects.
pub fn told(call: &Call, said: impl Serialize) -> *const u8 {
    let mut record = Record::new();
    record.add("said", &said);
    with_effects(record, call)
}

#[inline(never)]
fn with_effects(mut record: Record, call: &Call) -> *const u8 {
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
pub struct InPlace<'a>(pub &'a str);

impl Serialize for InPlace<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_bytes())
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum StepData<'a> {
    Plain(Kind),
    Timed(Timed),
    Reserve(Reserve<'a>),
    Send(Send<'a>),
    Deliver(Deliver),
    Fail(Fail<'a>),
}

#[derive(Serialize)]
struct Kind {
    kind: u8,
}

#[derive(Serialize)]
struct Timed {
    kind: u8,
    ms: Millis,
    waiter: Option<f64>,
}

#[derive(Serialize)]
struct Reserve<'a> {
    kind: u8,
    parts: Vec<PartData<'a>>,
}

#[derive(Serialize)]
struct Send<'a> {
    kind: u8,
    url: String,
    method: &'static str,
    body: Option<InPlace<'a>>,
    key: Option<&'a str>,
    stream: bool,
    /// Headers of this request in addition to the client's.
    headers: Option<&'a [(String, String)]>,
    /// Whether the caller chose some of the headers.
    own: bool,
    /// Until the response's headers.
    connect: Millis,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deliver {
    kind: u8,
    request_id: Option<String>,
    secrets: Vec<String>,
    /// The amounts that are left of the limits that the call brought, if this client's memory counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    quotas: Option<Vec<QuotaRow>>,
}

#[derive(Serialize)]
struct Fail<'a> {
    kind: u8,
    failure: FailureData<'a>,
    secrets: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quotas: Option<Vec<QuotaRow>>,
}

/// A pointer to a step and the call's effects.
pub fn record(call: &Call, step: &Step) -> *const u8 {
    let request = match step {
        Step::Send { index, .. } => call.requests.get(*index),
        _ => None,
    };
    match request {
        Some(request) => request.body(|body| told(call, data(call, step, body))),
        None => told(call, data(call, step, None)),
    }
}

/// A pointer to the facts about a call and its first step.
pub fn with_first(call: &Call, facts: impl Serialize, step: &Step) -> *const u8 {
    let write = |body: Option<&str>| {
        let mut record = Record::new();
        record.add("said", &facts);
        record.add("step", &data(call, step, body));
        with_effects(record, call)
    };
    match call.requests.first() {
        Some(request) => request.body(write),
        None => write(None),
    }
}

fn data<'a>(call: &'a Call, step: &'a Step, body: Option<&'a str>) -> StepData<'a> {
    let timed = |kind, ms, waiter| StepData::Timed(Timed { kind, ms, waiter });
    match step {
        Step::Nothing => StepData::Plain(Kind {
            kind: protocol::NOTHING,
        }),
        Step::AwaitPrices => StepData::Plain(Kind {
            kind: protocol::AWAIT_PRICES,
        }),
        Step::AskKey { patience } => timed(protocol::ASK_KEY, *patience, None),
        Step::Reserve { parts } => {
            let mut rows = Vec::new();
            for part in parts {
                rows.push(PartData::from(part));
            }
            StepData::Reserve(Reserve {
                kind: protocol::RESERVE,
                parts: rows,
            })
        }
        Step::Sleep { ms, waiter } => {
            timed(protocol::SLEEP, *ms, waiter.map(|number| number as f64))
        }
        Step::Send { index, key } => send(call, *index, key.as_deref(), body),
        Step::ReadError { patience } => timed(protocol::READ_ERROR, *patience, None),
        Step::Deliver => StepData::Deliver(Deliver {
            kind: protocol::DELIVER,
            request_id: call
                .account
                .progress
                .get(|progress| progress.request_id.clone()),
            secrets: call.secrets(),
            quotas: call.quotas(),
        }),
        Step::Fail(failure) => StepData::Fail(Fail {
            kind: protocol::FAIL,
            failure: failure.data(),
            secrets: call.secrets(),
            quotas: call.quotas(),
        }),
    }
}

fn send<'a>(
    call: &'a Call,
    index: usize,
    key: Option<&'a str>,
    body: Option<&'a str>,
) -> StepData<'a> {
    let Some(request) = call.requests.get(index) else {
        return StepData::Plain(Kind {
            kind: protocol::NOTHING,
        });
    };
    let headers = &call.options.headers;
    StepData::Send(Send {
        kind: protocol::SEND,
        url: request.url.get(|url| url.clone()),
        method: request.method,
        body: body.map(InPlace),
        key,
        stream: call.stream,
        headers: (*headers != call.shared.config.headers).then_some(headers.as_slice()),
        own: !headers.is_empty(),
        connect: call.options.timeouts.connect(call.stream),
    })
}

/// A failure that is no step, because the answer had already begun.
#[derive(Serialize)]
pub struct Failing<'a> {
    failure: FailureData<'a>,
    secrets: Vec<String>,
}

/// A pointer to a failure and the call's effects.
pub fn failing(call: &Call, failure: &Failure) -> *const u8 {
    told(
        call,
        Failing {
            failure: failure.data(),
            secrets: call.secrets(),
        },
    )
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
    let reason = match answer.get("reason").and_then(Value::as_str) {
        Some("requests") => Reason::Requests,
        Some("tokens") => Reason::Tokens,
        Some("month") => Reason::Month,
        Some("budget") => Reason::Budget,
        Some("concurrent") => Reason::Concurrent,
        Some("blocked") => Reason::Blocked,
        _ => Reason::Other,
    };
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

#[derive(Serialize)]
struct PartData<'a> {
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lasts: Option<WallTime>,
    tokens: f64,
    usd: Usd,
    limits: LimitsData,
    budget: Option<BudgetData>,
}

#[derive(Serialize)]
struct BudgetData {
    usd: Usd,
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
            pause: part.pause.as_deref(),
            lasts: part.lasts,
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
