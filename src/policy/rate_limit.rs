//! Rate limits as reservations: reserve before a request, settle or release after it.
//!
//! [`RateLimiter`] has no clock and no timers: it answers "wait n ms", and each caller sleeps by itself.

mod stored;

use serde::Serialize;

use super::calendar::{self, month_of};
use super::clock::{Clock, Now};
use super::period::Period;
use super::retry::LONGEST_REST;
use super::window::{Amount, MINUTE, Window};
use crate::unit::{Millis, SteadyTime};

/// More tokens than any request has. Larger values are cut to this, so that sums never overflow.
pub const MOST_TOKENS: u64 = 1 << 40;

/// The limits of one scope. An absent limit, or 0, means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Requests in any rolling 60 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<f64>,
    /// Tokens, prompt and completion together, in any rolling 60 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<f64>,
    /// Requests in a calendar month (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_month: Option<f64>,
    /// Requests that run at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent: Option<f64>,
}

/// The limit that refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Requests per minute.
    Requests,
    /// Tokens per minute.
    Tokens,
    /// Requests per month.
    Month,
    /// The budget.
    Budget,
    /// Requests that run at the same time.
    Concurrent,
    /// The server asked for a pause.
    Blocked,
    /// A reason of the caller's own store that this package doesn't know.
    Other,
}

impl Reason {
    /// The reason with this name.
    pub fn named(name: &str) -> Self {
        const KNOWN: [Reason; 6] = [
            Reason::Requests,
            Reason::Tokens,
            Reason::Month,
            Reason::Budget,
            Reason::Concurrent,
            Reason::Blocked,
        ];
        let known = KNOWN.iter().find(|reason| reason.name() == name);
        known.copied().unwrap_or(Reason::Other)
    }

    /// The name in errors.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Requests => "requests",
            Reason::Tokens => "tokens",
            Reason::Month => "month",
            Reason::Budget => "budget",
            Reason::Concurrent => "concurrent",
            Reason::Blocked | Reason::Other => "blocked",
        }
    }
}

/// The refusal of a request that may not be sent now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refused {
    /// Whole milliseconds until it fits, nothing else being reserved meanwhile; infinite when it never can; the least of them when
    /// a call under way has to end first.
    pub retry_after: Millis,
    /// The limit that takes longest to allow the request.
    pub reason: Reason,
    /// Whole milliseconds that it takes whenever the calls under way may end.
    pub least: Millis,
    /// Whether a running call has to end first. Nobody can predict when that is.
    pub until_end: bool,
}

impl Refused {
    /// The refusal of a limit that allows the request after a known time; with `None`, when a running call ends.
    pub fn new(reason: Reason, retry_after: Option<Millis>, least: Millis) -> Self {
        Refused {
            retry_after: retry_after.unwrap_or(least),
            reason,
            least,
            until_end: retry_after.is_none(),
        }
    }

    /// Whether this limit takes longer than another.
    pub fn outlasts(&self, other: &Refused) -> bool {
        let last = |refused: &Refused| {
            let never = refused.retry_after == Millis::INFINITY;
            (never, refused.until_end, refused.retry_after)
        };
        last(self) > last(other)
    }

    /// The combined refusal of two limits; this one takes longer.
    pub fn with(self, other: &Refused) -> Refused {
        let least = self.least.max(other.least);
        Refused {
            retry_after: if self.until_end {
                least
            } else {
                self.retry_after
            },
            least,
            ..self
        }
    }
}

/// The state of one limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    /// The limit.
    pub reason: Reason,
    /// How much the limit allows in its window.
    pub limit: f64,
    /// How much of it is left.
    pub remaining: f64,
    /// Whole milliseconds until more is left than now.
    pub reset: Millis,
}

/// The current counts of a limiter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Requests reserved in the last 60 s.
    pub requests_last_minute: f64,
    /// Tokens of those requests; the actual numbers for requests that have ended.
    pub tokens_last_minute: f64,
    /// Requests reserved in this calendar month (UTC).
    pub requests_this_month: f64,
}

/// A reservation that has not ended.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    id: u64,
    at: SteadyTime,
    tokens: u64,
}

/// Counts requests and tokens against [`Limits`].
///
/// A request counts for one minute after its reservation. Its reserved tokens are held until it ends, however long that takes;
/// then its actual tokens count for the rest of that minute.
///
/// ```
/// use hfetch::policy::rate_limit::{Limits, RateLimiter, Reason};
/// use hfetch::unit::WallTime;
///
/// let mut limiter = RateLimiter::new(Limits {
///     tokens_per_minute: Some(100.0),
///     ..Limits::default()
/// });
/// let reservation = limiter.reserve(80, WallTime(0.0)).unwrap();
/// let refused = limiter.reserve(80, WallTime(1.0)).unwrap_err();
/// assert_eq!(refused.reason, Reason::Tokens);
/// limiter.settle(reservation, 20, WallTime(2.0));
/// assert!(limiter.reserve(80, WallTime(3.0)).is_ok());
/// ```
#[derive(Clone, Debug)]
pub struct RateLimiter {
    limits: Limits,
    clock: Clock,
    window: Window,
    open: Vec<Open>,
    last_id: u64,
    month: Period,
    blocked_until: SteadyTime,
}

impl RateLimiter {
    /// A limiter whose counts are zero.
    pub fn new(limits: Limits) -> Self {
        RateLimiter {
            limits,
            clock: Clock::default(),
            window: Window::default(),
            open: Vec::new(),
            last_id: 0,
            month: Period::default(),
            blocked_until: SteadyTime::ZERO,
        }
    }

    /// Sets other limits; the counts stay.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Reserves one request and its tokens, or nothing.
    pub fn reserve(&mut self, tokens: u64, now: impl Into<Now>) -> Result<u64, Refused> {
        let tokens = tokens.min(MOST_TOKENS);
        self.advance(now.into());
        self.check(tokens)?;
        let at = self.clock.steady();
        self.window.hold(at, tokens);
        self.month.amount = self.month.amount.saturating_add(1);
        self.last_id = self.last_id.saturating_add(1);
        let id = self.last_id;
        self.open.push(Open { id, at, tokens });
        Ok(id)
    }

    /// Ends a reservation with the tokens that were used; an unknown or ended one changes nothing.
    pub fn settle(&mut self, id: u64, actual: u64, now: impl Into<Now>) {
        self.advance(now.into());
        if let Some(open) = self.end(id) {
            let actual = actual.min(MOST_TOKENS);
            self.window.settle(open.at, open.tokens, actual);
        }
    }

    /// Ends a reservation as if it had never been made, because nothing was sent.
    pub fn release(&mut self, id: u64) {
        if let Some(open) = self.end(id) {
            self.window.release(open.at, open.tokens);
            if self.clock.to_wall(open.at) >= self.month.start() {
                self.month.amount = self.month.amount.saturating_sub(1);
            }
        }
    }

    /// Lets nothing through before `until`, which is a steady time.
    pub fn block(&mut self, until: SteadyTime) {
        self.blocked_until = calendar::advance(self.blocked_until, until);
    }

    /// The refusal of a block at `now`; the counts don't matter.
    pub fn blocked(&mut self, now: impl Into<Now>) -> Option<Refused> {
        self.advance(now.into());
        self.check_block(0.0)
    }

    /// The counts at `now`.
    pub fn usage(&mut self, now: impl Into<Now>) -> Usage {
        self.advance(now.into());
        let taken = self.window.taken();
        Usage {
            requests_last_minute: taken.requests as f64,
            tokens_last_minute: taken.tokens as f64,
            requests_this_month: self.month.amount as f64,
        }
    }

    /// Whether the only thing remembered is a block that lasts beyond `steady`.
    pub fn is_pause(&self, steady: SteadyTime) -> bool {
        let is_unused = self.last_id == 0 && self.window.is_empty() && self.month.amount == 0;
        is_unused && self.blocked_until > steady
    }

    /// Whether a new limiter would answer the same from `now` on.
    pub fn is_idle(&mut self, now: impl Into<Now>) -> bool {
        self.advance(now.into());
        self.window.is_empty()
            && self.open.is_empty()
            && self.month.amount == 0
            && self.blocked_until <= self.clock.steady()
    }

    fn advance(&mut self, now: Now) {
        self.clock.read(now);
        self.window.advance(self.clock.steady());
        self.month.advance(self.clock.wall(), &month_of);
        // A block can end later than this only if the clock was ahead when it was set: no server can ask for a longer one.
        let longest = self.clock.steady() + LONGEST_REST;
        self.blocked_until = self.blocked_until.min(longest);
    }

    fn end(&mut self, id: u64) -> Option<Open> {
        let index = self.open.binary_search_by_key(&id, |open| open.id).ok()?;
        Some(self.open.remove(index))
    }

    fn check(&self, tokens: u64) -> Result<(), Refused> {
        const CHECKS: [fn(&RateLimiter, f64) -> Option<Refused>; 5] = [
            RateLimiter::check_concurrent,
            RateLimiter::check_requests,
            RateLimiter::check_tokens,
            RateLimiter::check_month,
            RateLimiter::check_block,
        ];
        let mut told: Option<Refused> = None;
        for check in CHECKS {
            let Some(refused) = check(self, tokens as f64) else {
                continue;
            };
            told = Some(match told {
                Some(other) if refused.outlasts(&other) => refused.with(&other),
                Some(other) => other.with(&refused),
                None => refused,
            });
        }
        told.map_or(Ok(()), Err)
    }

    fn check_concurrent(&self, _: f64) -> Option<Refused> {
        let full = self.open.len() as f64 + 1.0 > set(self.limits.max_concurrent)?;
        full.then(|| Refused::new(Reason::Concurrent, None, Millis::ZERO))
    }

    fn check_requests(&self, _: f64) -> Option<Refused> {
        let limit = set(self.limits.requests_per_minute)?;
        let excess = self.window.counted().requests as f64 + 1.0 - limit;
        let free_at = self.window.free_at(excess, |amount| amount.requests);
        (excess > 0.0).then(|| self.refused_until(free_at.unwrap_or_default(), Reason::Requests))
    }

    fn check_tokens(&self, tokens: f64) -> Option<Refused> {
        let limit = set(self.limits.tokens_per_minute)?;
        if tokens > limit {
            let never = Millis::INFINITY;
            return Some(Refused::new(Reason::Tokens, Some(never), never));
        }
        let wait = |taken: Amount| {
            let excess = taken.tokens as f64 + tokens - limit;
            if excess <= 0.0 {
                return Some(Millis::ZERO);
            }
            let free_at = self.window.free_at(excess, |amount| amount.tokens)?;
            Some(self.until(free_at))
        };
        let retry_after = wait(self.window.taken());
        let least = wait(self.window.counted()).unwrap_or_default();
        (retry_after != Some(Millis::ZERO))
            .then(|| Refused::new(Reason::Tokens, retry_after, least))
    }

    fn check_month(&self, _: f64) -> Option<Refused> {
        let full = self.month.amount as f64 + 1.0 > set(self.limits.requests_per_month)?;
        let wait = self.until_month_end();
        full.then(|| Refused::new(Reason::Month, Some(wait), wait))
    }

    fn check_block(&self, _: f64) -> Option<Refused> {
        let blocked = self.blocked_until > self.clock.steady();
        blocked.then(|| self.refused_until(self.blocked_until, Reason::Blocked))
    }

    fn refused_until(&self, time: SteadyTime, reason: Reason) -> Refused {
        let wait = self.until(time);
        Refused::new(reason, Some(wait), wait)
    }

    /// The state of each limit that has a window.
    pub fn quotas(&mut self, now: impl Into<Now>) -> Vec<Quota> {
        self.advance(now.into());
        let taken = self.window.taken();
        // Running calls are assumed to end within their minute; the sum must not exceed that minute by a fraction of a ms.
        let more = self.window.free_at(1.0, |amount| amount.requests);
        let more = more.map_or(Millis::ZERO, |time| self.until(time).min(MINUTE));
        let month = self.until_month_end();
        let mut quotas = Vec::new();
        let mut add = |reason, limit, taken: u64, reset| {
            if let Some(limit) = set(limit) {
                quotas.push(Quota {
                    reason,
                    limit,
                    remaining: (limit - taken as f64).floor().max(0.0),
                    reset,
                });
            }
        };
        let limits = &self.limits;
        add(
            Reason::Requests,
            limits.requests_per_minute,
            taken.requests,
            more,
        );
        add(Reason::Tokens, limits.tokens_per_minute, taken.tokens, more);
        add(
            Reason::Month,
            limits.requests_per_month,
            self.month.amount,
            month,
        );
        quotas
    }

    /// Ms until a time, rounded up: a timer that is a fraction of a millisecond early would be refused again.
    fn until(&self, time: SteadyTime) -> Millis {
        (time - self.clock.steady()).ceil()
    }

    fn until_month_end(&self) -> Millis {
        (self.month.end() - self.clock.wall()).ceil()
    }
}

fn set(limit: Option<f64>) -> Option<f64> {
    limit.filter(|limit| *limit > 0.0)
}
