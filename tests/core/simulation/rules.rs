//! The rules of a call, written once more in the plainest way.

use std::ops::Range;

use hfetch::call::Call;
use hfetch::call::shared::Shared;
use hfetch::policy::cost::Rates;
use hfetch::policy::limit_store::{Part, Refusal};
use hfetch::policy::rate_limit::{Limits, Reason};
use hfetch::policy::retry::RetryPolicy;
use hfetch::unit::{Millis, Usd};

use super::scenario::Reply;

/// The public class of an error status.
pub fn class_of(status: u16, body: &str) -> &'static str {
    match status {
        400 => "BadRequestError",
        401 => "AuthenticationError",
        402 => "PaymentRequiredError",
        403 => "PermissionDeniedError",
        404 | 410 => "NotFoundError",
        409 => "ConflictError",
        413 | 422 => "UnprocessableEntityError",
        429 => "RateLimitError",
        503 if loading(status, body).is_some() => "ModelLoadingError",
        500.. => "InternalServerError",
        _ => "APIError",
    }
}

/// Statuses that are tried again with the same key.
pub fn is_retryable(status: u16) -> bool {
    let answered = [408, 409, 425, 429, 500, 502, 503, 504];
    answered.contains(&status) || (520..=524).contains(&status) || [529, 530].contains(&status)
}

/// Ms that the server wants the client to wait before another attempt.
pub fn asked(reply: &Reply) -> Option<f64> {
    if let Some(ms) = reply.get("retry-after-ms") {
        return Some(ms.parse::<f64>().unwrap());
    }
    let seconds = reply
        .get("retry-after")
        .map(|text| text.parse::<f64>().unwrap());
    seconds
        .map(|seconds| seconds * 1_000.0)
        .or_else(|| spent(reply))
}

/// Ms until a spent window begins anew; headers of these tests are `"api";r=0;t=SECONDS`.
pub fn spent(reply: &Reply) -> Option<f64> {
    let (_, seconds) = reply.get("ratelimit")?.split_once("r=0;t=")?;
    Some(seconds.parse::<f64>().unwrap() * 1_000.0)
}

/// Ms for which the used key should rest for all models: until its spent window begins anew, or less.
pub fn rest_of_key(reply: &Reply) -> Option<f64> {
    let window = spent(reply)?.min(900_000.0);
    Some(rest(reply).map_or(window, |ms| ms.min(window)))
}

/// Ms for which the used key should rest for the model.
pub fn rest(reply: &Reply) -> Option<f64> {
    let asked = match reply.status() {
        429 | 503 => asked(reply),
        _ => spent(reply),
    };
    asked.map(|ms| ms.min(900_000.0))
}

/// Ms until a loading model is ready; bodies of these tests are `{"error":"…","estimated_time":SECONDS}`.
pub fn loading(status: u16, body: &str) -> Option<f64> {
    let (_, seconds) = body.split_once("estimated_time\":")?;
    let seconds = seconds.trim_end_matches('}').parse::<f64>().unwrap();
    (status == 503).then_some(seconds * 1_000.0)
}

/// Ms before the next attempt; `None`: there is none.
pub fn pause(
    reply: Option<&Reply>,
    body: &str,
    attempt: u32,
    random: f64,
    policy: &RetryPolicy,
) -> Option<f64> {
    if attempt >= policy.max_attempts {
        return None;
    }
    let mut wait: Option<f64> = None;
    if let Some(reply) = reply {
        if !is_retryable(reply.status()) || reply.get("x-should-retry") == Some("false") {
            return None;
        }
        let bounds = [
            (asked(reply), policy.max_delay),
            (loading(reply.status(), body), policy.max_loading_wait),
        ];
        for (ms, most) in bounds {
            let Some(ms) = ms else { continue };
            if ms > most.0 {
                return None;
            }
            wait = Some(wait.unwrap_or(0.0).max(ms));
        }
    }
    // A wait of "now" is followed once.
    let wait = wait.filter(|ms| *ms > 0.0 || attempt == 1);
    let doubled = policy.base_delay.0 * f64::from(1u32 << (attempt - 1).min(20));
    let too_fast = reply.is_some_and(|reply| reply.status() == 429);
    let least = if too_fast { 1_000.0 } else { 0.0 };
    let drawn = least + doubled.min(policy.max_delay.0) * random;
    // A timer may be a millisecond early.
    Some(1.0 + wait.unwrap_or(drawn.min(policy.max_delay.0)))
}

/// Whether a refusal is a pause of the server's for which a call doesn't wait.
pub fn is_too_long_a_pause(refusal: &Refusal, policy: &RetryPolicy) -> bool {
    let is_pause = refusal.limit.reason == Reason::Blocked;
    let wait = refusal.limit.retry_after;
    is_pause && wait > Millis(2.0) && (policy.max_attempts == 1 || wait > policy.max_delay)
}

/// Whether a call is let through with all of its requests or none.
pub fn is_split(shared: &Shared, call: &Call) -> bool {
    call.requests.len() > 1 && !shared.config.waiting.waits
}

/// Whether a request counts against anything besides the parts that count the call.
pub fn counts_requests(shared: &Shared) -> bool {
    let limits = shared.config.limits;
    let of_key = [
        limits.requests_per_minute,
        limits.tokens_per_minute,
        limits.requests_per_month,
        (limits.max_concurrent).filter(|_| shared.host.counts_places_of_keys),
    ];
    of_key.iter().any(Option::is_some) || shared.config.budget.is_some()
}

/// The parts that a request reserves: the key's limits, the budget and, if the request is the whole call, those that count the
/// call.
pub fn parts(shared: &Shared, call: &Call, index: usize, key: usize, own: &[Part]) -> Vec<Part> {
    let config = &shared.config;
    let ask = &call.requests[index].ask;
    let mut of_key = config.limits;
    if !shared.host.counts_places_of_keys || index > 0 {
        of_key.max_concurrent = None;
    }
    let scope = shared.scope(key);
    let mut parts = vec![Part {
        pause: Some(pause_scope(shared, call, key)),
        ..part(call, index..index + 1, scope, of_key)
    }];
    if let Some(budget) = config.budget {
        let most = ask.max_tokens.unwrap_or(4_096.0) * ask.choices;
        let scope = "budget:huggingface".to_string();
        parts.push(Part {
            usd: Usd(usd(shared, call, None, ask.prompt_tokens as f64, most)),
            budget: Some(budget),
            ..part(call, index..index + 1, scope, Limits::default())
        });
    }
    if !is_split(shared, call) {
        parts.extend(call_parts(shared, call, index..index + 1, own));
    }
    parts
}

/// The scope in which a key's pauses for a model are kept.
pub fn pause_scope(shared: &Shared, call: &Call, key: usize) -> String {
    format!("{} {}", shared.scope(key), call.model)
}

/// The parts that count a call: the client's `maxConcurrent`, and the limits that the call brought.
pub fn call_parts(shared: &Shared, call: &Call, requests: Range<usize>, own: &[Part]) -> Vec<Part> {
    let most = shared.config.limits.max_concurrent;
    let of_client = most.filter(|_| !shared.host.counts_places_of_keys);
    let at_once = of_client.map(|most| Limits {
        max_concurrent: Some(most),
        ..Limits::default()
    });
    let of_client = at_once.map(|limits| ("client:huggingface".to_string(), limits));
    let of_call = own.iter().map(|own| (own.scope.clone(), own.limits));
    let rows = of_client.into_iter().chain(of_call);
    rows.map(|(scope, limits)| part(call, requests.clone(), scope, limits))
        .collect()
}

/// The tokens and dollars of an answer that nobody saw: the least and the most that any part reserved for it.
pub fn unseen(shared: &Shared, call: &Call, index: usize) -> (u64, f64) {
    let parts = parts(shared, call, index, 0, &[]);
    let tokens = parts
        .iter()
        .map(|part| part.tokens)
        .min()
        .unwrap_or_default();
    (tokens, parts.iter().map(|part| part.usd.0).sum())
}

fn part(call: &Call, requests: Range<usize>, scope: String, limits: Limits) -> Part {
    let asks = call.requests[requests].iter().map(|request| &request.ask);
    Part {
        scope,
        pause: None,
        lasts: None,
        tokens: asks.map(|ask| ask.tokens(limits.tokens_per_minute)).sum(),
        usd: Usd(0.0),
        limits,
        budget: None,
    }
}

/// The cost of tokens at a provider; at the reserved rates if that provider has no price.
pub fn usd(
    shared: &Shared,
    call: &Call,
    provider: Option<&str>,
    prompt: f64,
    completion: f64,
) -> f64 {
    let rates = shared
        .rates(&call.model, provider)
        .or_else(|| shared.rates(&call.model, None));
    rates.map_or(0.0, |(rates, _)| price(rates, prompt, completion))
}

pub fn price(rates: Rates, prompt: f64, completion: f64) -> f64 {
    (prompt * rates.input_per_million + completion * rates.output_per_million) / 1e6
}
