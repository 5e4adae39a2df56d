//! Which failures are worth another attempt, and how long to wait before it.

use super::calendar::LAST_TIME;
use super::http_date;
use crate::error;
use crate::json::Value;
use crate::text::{split, split_once};
use crate::unit::{Millis, WallTime};

/// When and how often a request is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// The number of attempts, including the first.
    pub max_attempts: u32,
    /// Whether the caller set that number: it then also holds for a route of several candidates.
    pub is_given: bool,
    /// Bound of the first wait; it doubles each time.
    pub base_delay: Millis,
    /// Bound of every wait; a server that asks for more is not waited for.
    pub max_delay: Millis,
    /// Longest `estimated_time` of a loading model that is waited for.
    pub max_loading_wait: Millis,
}

/// The least time before the next try where a server says that it was asked too fast (429), and not how long to wait.
const TOO_FAST: Millis = Millis(1_000.0);

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            max_attempts: 3,
            is_given: false,
            base_delay: Millis(500.0),
            max_delay: Millis(30_000.0),
            max_loading_wait: Millis(60_000.0),
        }
    }
}

/// A function that returns a response header by its lower-case name.
pub type Header<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A failed attempt.
pub struct Failure<'a> {
    /// HTTP status; `None` if no response came.
    pub status: Option<u16>,
    /// The response's headers.
    pub header: Header<'a>,
    /// The response's body, if it was JSON.
    pub body: Option<&'a Value>,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// A random number between 0 and 1.
    pub random: f64,
    /// When it failed.
    pub now: WallTime,
}

impl std::fmt::Debug for Failure<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Failure")
    }
}

/// The most attempts of a route with several candidates, where the caller set no number.
const MOST_OF_ROUTE: u32 = 8;

impl RetryPolicy {
    /// The number of attempts for a call with so many candidates: one more for each additional candidate.
    pub fn attempts(&self, candidates: usize) -> u32 {
        if self.is_given {
            return self.max_attempts;
        }
        let further = u32::try_from(candidates.saturating_sub(1)).unwrap_or(MOST_OF_ROUTE);
        let more = self.max_attempts.saturating_add(further).min(MOST_OF_ROUTE);
        more.max(self.max_attempts)
    }
}

/// Whether another attempt with the same key may help. `None` as a status means that no response came.
pub fn is_retryable(status: Option<u16>) -> bool {
    status.is_none_or(error::passes)
}

/// How long to wait before the next try with the same key; none: give up.
///
/// ```
/// use hfetch::policy::retry::{Failure, RetryPolicy, retry_delay};
/// use hfetch::unit::{Millis, WallTime};
///
/// let policy = RetryPolicy::default();
/// let wait = |status, retry_after: Option<&str>, attempt| {
///     let header = |name: &str| retry_after.filter(|_| name == "retry-after").map(str::to_string);
///     let now = WallTime(1_795_305_600_000.0);
///     let failure = Failure { status: Some(status), header: &header, body: None, attempt, random: 1.0, now };
///     retry_delay(&failure, &policy)
/// };
/// assert_eq!(wait(503, None, 1), Some(Millis(500.0)));
/// assert_eq!(wait(503, Some("20"), 1), Some(Millis(20_000.0)));
/// // A longer pause than maxDelay is not waited for, a status that stays is not tried again, and three tries are enough.
/// assert_eq!(wait(503, Some("31"), 1), None);
/// assert_eq!(wait(400, None, 1), None);
/// assert_eq!(wait(503, None, 3), None);
/// ```
pub fn retry_delay(failure: &Failure<'_>, policy: &RetryPolicy) -> Option<Millis> {
    if failure.attempt >= policy.max_attempts
        || !is_retryable(failure.status)
        || is_final(failure.header)
    {
        return None;
    }
    let asked = server_wait(failure.status, failure.header, failure.now);
    let loading = loading_time(failure.status, failure.body);
    if asked.is_some_and(|wait| wait > policy.max_delay)
        || loading.is_some_and(|wait| wait > policy.max_loading_wait)
    {
        return None;
    }
    let told = match (asked, loading) {
        (Some(asked), Some(loading)) => Some(asked.max(loading)),
        (asked, loading) => asked.or(loading),
    };
    // "Retry at once" is followed only the first time: a server that keeps failing and keeps saying so would be asked without a
    // pause.
    let told = told.filter(|wait| *wait > Millis::ZERO || failure.attempt == 1);
    // Browsers hide Retry-After, and the random wait may be only a few ms: too soon after a 429.
    let least = match failure.status {
        Some(429) => TOO_FAST,
        _ => Millis::ZERO,
    };
    Some(told.unwrap_or_else(|| (least + backoff(failure, policy)).min(policy.max_delay)))
}

/// Whether the server says that another attempt is useless. OpenAI does, and so does a gateway that has already tried several
/// times.
fn is_final(header: Header<'_>) -> bool {
    header("x-should-retry").is_some_and(|text| text == "false")
}

/// Full jitter: clients that failed at the same moment come back spread over the whole wait.
fn backoff(failure: &Failure<'_>, policy: &RetryPolicy) -> Millis {
    let mut bound = policy.base_delay;
    for _ in 1..failure.attempt {
        bound = bound * 2.0;
        // A base delay of 0 stays 0 when doubled.
        if bound >= policy.max_delay || bound == Millis::ZERO {
            break;
        }
    }
    let random = if failure.random.is_nan() {
        1.0
    } else {
        failure.random
    };
    bound.min(policy.max_delay) * random.clamp(0.0, 1.0)
}

/// How long until a loading model is ready, as the body of a 503 says.
pub fn loading_time(status: Option<u16>, body: Option<&Value>) -> Option<Millis> {
    if status != Some(503) {
        return None;
    }
    let body = body?;
    let seconds = body
        .get("estimated_time")
        .or_else(|| body.get("error")?.get("estimated_time"))?;
    let seconds = seconds.as_f64().filter(|seconds| *seconds >= 0.0)?;
    Some(ms(seconds))
}

/// How long the server wants the client to wait, by `Retry-After`, `RateLimit` or its provider's headers.
///
/// A success never asks for a wait, whatever headers it has: one provider sends `Retry-After` with every 200.
pub fn server_wait(status: Option<u16>, header: Header<'_>, now: WallTime) -> Option<Millis> {
    if status.is_none_or(|status| status < 400) {
        return None;
    }
    retry_after(header, now)
        .or_else(|| spent_window(header))
        .or_else(|| spent_provider_window(status, header, now))
}

/// The longest rest of a key that a server can ask for: 15 minutes.
pub const LONGEST_REST: Millis = Millis(900_000.0);

/// How long a key should rest for the model in use: what a 429 or 503 asks for, or until a spent window ends.
pub fn rest_time(status: u16, header: Header<'_>, now: WallTime) -> Option<Millis> {
    let asked = match status {
        429 | 503 => server_wait(Some(status), header, now),
        _ => spent_window(header),
    };
    asked.map(|rest| rest.min(LONGEST_REST))
}

/// How long a key should rest for all models: until the key's own window ends, which a header calls spent. All other waits
/// concern the model in use, since most of them are one provider's.
pub fn key_rest_time(status: u16, header: Header<'_>, now: WallTime) -> Option<Millis> {
    let window =
        spent_window(header).or_else(|| spent_provider_window(Some(status), header, now))?;
    Some(rest_time(status, header, now).map_or(window, |rest| window.min(rest)))
}

fn retry_after(header: Header<'_>, now: WallTime) -> Option<Millis> {
    if let Some(wait) = header("retry-after-ms").and_then(|text| decimal(&text)) {
        return Some(ms(wait / 1_000.0));
    }
    let text = header("retry-after")?;
    let until = || Some((http_date::parse(&text, now)? - now).0 / 1_000.0);
    decimal(&text).or_else(until).map(ms)
}

/// The longest reset of a spent window: `"api";r=0;t=55` (draft 08 and later), `limit=100, remaining=0, reset=50` (draft 03),
/// or the same in separate headers (draft 02).
///
/// Windows with something left don't count: a 429 may have another cause.
fn spent_window(header: Header<'_>) -> Option<Millis> {
    let Some(text) = header("ratelimit") else {
        return spent_pair(header, "ratelimit-remaining", "ratelimit-reset");
    };
    spent_of(&text)
}

// A function of its own, as `longest_reset` is: an engine compiles a function as a whole at its first call, and every call looks for
// the header.
#[inline(never)]
fn spent_of(text: &str) -> Option<Millis> {
    let mut longest = None;
    let mut remaining = None;
    let mut reset = None;
    for item in split(text, b",") {
        // Since draft 08 one item describes a whole window; before, the whole header described one.
        let parameters = split(item, b";");
        if parameters.len() > 1 {
            (remaining, reset) = (None, None);
        }
        for parameter in parameters {
            let Some((name, value)) = split_once(parameter, b'=') else {
                continue;
            };
            match name.trim_ascii() {
                "r" | "remaining" => remaining = decimal(value),
                "t" | "reset" => reset = decimal(value),
                _ => {}
            }
        }
        if remaining == Some(0.0)
            && let Some(seconds) = reset
        {
            longest = Some(ms(seconds).max(longest.unwrap_or(Millis::ZERO)));
        }
    }
    longest
}

fn spent_pair(header: Header<'_>, remaining: &str, reset: &str) -> Option<Millis> {
    let left = decimal(&header(remaining)?)?;
    let seconds = decimal(&header(reset)?)?;
    (left == 0.0).then(|| ms(seconds))
}

/// The header for what is left of a provider's own window, without its suffix.
pub const REMAINING: &str = "x-ratelimit-remaining";

/// The header for the end of a provider's own window, without its suffix.
pub const RESET: &str = "x-ratelimit-reset";

/// The suffixes of [`REMAINING`] and [`RESET`] at various providers.
pub const SUFFIXES: [&str; 9] = [
    "",
    "-requests",
    "-tokens",
    "-requests-minute",
    "-tokens-minute",
    "-requests-day",
    "-tokens-day",
    "-tokens-prompt",
    "-tokens-generated",
];

fn spent_provider_window(status: Option<u16>, header: Header<'_>, now: WallTime) -> Option<Millis> {
    if !matches!(status, Some(429 | 503)) {
        return None;
    }
    longest_reset(header, now)
}

#[inline(never)]
fn longest_reset(header: Header<'_>, now: WallTime) -> Option<Millis> {
    let mut longest: Option<Millis> = None;
    for suffix in SUFFIXES {
        let remaining = header(&[REMAINING, suffix].concat());
        let Some(reset) = header(&[RESET, suffix].concat()) else {
            continue;
        };
        // Some providers send only the reset.
        let spent = remaining.is_none_or(|text| decimal(&text) == Some(0.0));
        if spent && let Some(wait) = reset_time(&reset, now) {
            longest = Some(longest.map_or(wait, |other| other.max(wait)));
        }
    }
    longest
}

/// The time until a reset given as seconds ("2", "8.99"), a duration ("1s", "6m0s", "250ms") or a time since the epoch.
fn reset_time(text: &str, now: WallTime) -> Option<Millis> {
    let Some(number) = decimal(text) else {
        return duration(text.trim_ascii());
    };
    // A number this large is a time since the epoch, in seconds or ms: no window is that long.
    let seconds = match number {
        1e12.. => (number - now.0) / 1_000.0,
        1e9.. => number - now.0 / 1_000.0,
        _ => number,
    };
    Some(ms(seconds))
}

fn duration(text: &str) -> Option<Millis> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase();
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let (number, after) = rest.split_at_checked(rest.bytes().position(is_letter)?)?;
        let letters = after.bytes().position(|byte| !is_letter(byte));
        let (unit, after) = after.split_at_checked(letters.unwrap_or(after.len()))?;
        let seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        total += decimal(number)? * seconds;
        rest = after;
    }
    (!text.is_empty()).then(|| ms(total))
}

/// Whole ms, rounded up except for the error of binary fractions. The result is never -0, which JavaScript tells from 0.
fn ms(seconds: f64) -> Millis {
    Millis((seconds * 1_000.0 - 1e-6).ceil().clamp(0.0, LAST_TIME) + 0.0)
}

/// Parses `12` or `1.5`, without sign or exponent. The standard library's parser would be larger than this whole module.
fn decimal(text: &str) -> Option<f64> {
    let mut value = 0.0;
    let mut scale: f64 = 1.0;
    let mut in_fraction = false;
    let mut ends_in_digit = false;
    for byte in text.trim_ascii().bytes() {
        match byte {
            b'.' if ends_in_digit && !in_fraction => in_fraction = true,
            // A 16th decimal would be beyond a double's precision.
            b'0'..=b'9' if in_fraction && scale >= 1e15 => {}
            b'0'..=b'9' => {
                value = value * 10.0 + f64::from(byte - b'0');
                scale *= if in_fraction { 10.0 } else { 1.0 };
            }
            _ => return None,
        }
        ends_in_digit = byte != b'.';
    }
    ends_in_digit.then_some(value / scale)
}
