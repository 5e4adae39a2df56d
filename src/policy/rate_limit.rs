//! Rate limits as reservations: reserve before a request, settle or release after it.
//!
//! [`RateLimiter`] has no clock and no timers; it answers "wait n ms", and each caller sleeps for itself.

mod stored;

use super::calendar::{self, month_of};
use super::window::{Amount, Window};
pub use stored::State;

/// More tokens than any request has; keeps sums far from overflow.
pub const MOST_TOKENS: u64 = 1 << 40;

/// How often; an absent limit and one of 0 are none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Requests in any rolling 60 s.
    pub requests_per_minute: Option<f64>,
    /// Tokens, prompt and completion together, in any rolling 60 s.
    pub tokens_per_minute: Option<f64>,
    /// Requests in a calendar month (UTC).
    pub requests_per_month: Option<f64>,
    /// Requests at once.
    pub max_concurrent: Option<f64>,
}

/// Which limit refused.
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
    /// Requests at once.
    Concurrent,
    /// The server asked for a pause.
    Blocked,
}

impl Reason {
    /// The public name.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Requests => "requests",
            Reason::Tokens => "tokens",
            Reason::Month => "month",
            Reason::Budget => "budget",
            Reason::Concurrent => "concurrent",
            Reason::Blocked => "blocked",
        }
    }
}

/// A request that may not be sent now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refused {
    /// Whole ms until it may fit; infinite when it never can, 0 when a reservation has to end first.
    pub retry_after: f64,
    /// The limit that takes longest.
    pub reason: Reason,
}

/// What is left of one limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    /// Which limit.
    pub reason: Reason,
    /// How much it allows in its window.
    pub limit: f64,
    /// How much of that is left.
    pub remaining: f64,
    /// Whole ms until more is left than now.
    pub reset: f64,
}

/// What the limiter counts right now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Requests reserved in the last 60 s.
    pub requests_last_minute: f64,
    /// Their tokens, actual where settled.
    pub tokens_last_minute: f64,
    /// Requests reserved in this calendar month (UTC).
    pub requests_this_month: f64,
}

/// One reservation that has not ended.
#[derive(Clone, Copy, Debug)]
struct Open {
    id: u64,
    at: f64,
    tokens: u64,
}

/// Counts requests and tokens against [`Limits`].
///
/// A reservation counts from the moment it is made. It is held until it ends, however long that takes, and
/// then counts with its actual tokens for what is left of its minute.
#[derive(Clone, Debug)]
pub struct RateLimiter {
    limits: Limits,
    now: f64,
    window: Window,
    open: Vec<Open>,
    last_id: u64,
    month_start: f64,
    month_end: f64,
    requests_this_month: u64,
    blocked_until: f64,
}

impl RateLimiter {
    /// A limiter that has counted nothing.
    pub fn new(limits: Limits) -> Self {
        RateLimiter {
            limits,
            now: 0.0,
            window: Window::default(),
            open: Vec::new(),
            last_id: 0,
            month_start: 0.0,
            month_end: 0.0,
            requests_this_month: 0,
            blocked_until: 0.0,
        }
    }

    /// Other limits from now on; what has been counted stays.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Takes one request and its tokens at once, or nothing.
    pub fn reserve(&mut self, tokens: u64, now: f64) -> Result<u64, Refused> {
        let tokens = tokens.min(MOST_TOKENS);
        self.advance(now);
        self.check(tokens)?;
        self.window.hold(self.now, tokens);
        self.requests_this_month = self.requests_this_month.saturating_add(1);
        self.last_id = self.last_id.saturating_add(1);
        self.open.push(Open {
            id: self.last_id,
            at: self.now,
            tokens,
        });
        Ok(self.last_id)
    }

    /// Ends a reservation with the tokens it took; one that has ended already, or never was, changes nothing.
    pub fn settle(&mut self, id: u64, actual: u64, now: f64) {
        self.advance(now);
        if let Some(open) = self.end(id) {
            let actual = actual.min(MOST_TOKENS);
            self.window.settle(open.at, open.tokens, actual);
        }
    }

    /// Ends a reservation as if it had never been made: nothing was sent.
    pub fn release(&mut self, id: u64) {
        if let Some(open) = self.end(id) {
            self.window.release(open.at, open.tokens);
            if open.at >= self.month_start {
                self.requests_this_month = self.requests_this_month.saturating_sub(1);
            }
        }
    }

    /// Lets nothing through before `until`.
    pub fn block(&mut self, until: f64) {
        self.blocked_until = calendar::advance(self.blocked_until, until);
    }

    /// What counts at `now`.
    pub fn usage(&mut self, now: f64) -> Usage {
        self.advance(now);
        let counted = self.window.counted();
        Usage {
            requests_last_minute: counted.requests as f64,
            tokens_last_minute: counted.tokens as f64,
            requests_this_month: self.requests_this_month as f64,
        }
    }

    /// Whether a new limiter would answer like this one from `now` on.
    pub fn is_idle(&mut self, now: f64) -> bool {
        self.advance(now);
        self.window.is_empty() && self.requests_this_month == 0 && self.blocked_until <= self.now
    }

    fn advance(&mut self, now: f64) {
        self.now = calendar::advance(self.now, now);
        self.window.advance(self.now);
        if self.now >= self.month_end {
            (self.month_start, self.month_end) = month_of(self.now);
            self.requests_this_month = 0;
        }
    }

    fn end(&mut self, id: u64) -> Option<Open> {
        let index = self.open.binary_search_by_key(&id, |open| open.id).ok()?;
        Some(self.open.remove(index))
    }

    fn check(&self, tokens: u64) -> Result<(), Refused> {
        let refusals = [
            self.check_concurrent(),
            self.check_requests(),
            self.check_tokens(tokens as f64),
            self.check_month(),
            self.check_block(),
        ];
        let longest = refusals.into_iter().flatten().reduce(|longest, other| {
            if other.retry_after > longest.retry_after {
                other
            } else {
                longest
            }
        });
        longest.map_or(Ok(()), Err)
    }

    fn check_concurrent(&self) -> Option<Refused> {
        let full = self.open.len() as f64 + 1.0 > set(self.limits.max_concurrent)?;
        full.then(|| refused(0.0, Reason::Concurrent))
    }

    fn check_requests(&self) -> Option<Refused> {
        let limit = set(self.limits.requests_per_minute)?;
        let excess = self.window.taken().requests as f64 + 1.0 - limit;
        let wait = || self.wait(excess, |amount| amount.requests);
        (excess > 0.0).then(|| refused(wait(), Reason::Requests))
    }

    fn check_tokens(&self, tokens: f64) -> Option<Refused> {
        let limit = set(self.limits.tokens_per_minute)?;
        if tokens > limit {
            return Some(refused(f64::INFINITY, Reason::Tokens));
        }
        let excess = self.window.taken().tokens as f64 + tokens - limit;
        let wait = || self.wait(excess, |amount| amount.tokens);
        (excess > 0.0).then(|| refused(wait(), Reason::Tokens))
    }

    fn check_month(&self) -> Option<Refused> {
        let full = self.requests_this_month as f64 + 1.0 > set(self.limits.requests_per_month)?;
        full.then(|| refused(self.until(self.month_end), Reason::Month))
    }

    fn check_block(&self) -> Option<Refused> {
        let blocked = self.blocked_until > self.now;
        blocked.then(|| refused(self.until(self.blocked_until), Reason::Blocked))
    }

    /// What is left of each limit that has a window.
    pub fn quotas(&mut self, now: f64) -> Vec<Quota> {
        self.advance(now);
        let taken = self.window.taken();
        let more = self.wait(1.0, |amount| amount.requests);
        let month = self.until(self.month_end);
        let rows = [
            (
                Reason::Requests,
                self.limits.requests_per_minute,
                taken.requests,
                more,
            ),
            (
                Reason::Tokens,
                self.limits.tokens_per_minute,
                taken.tokens,
                more,
            ),
            (
                Reason::Month,
                self.limits.requests_per_month,
                self.requests_this_month,
                month,
            ),
        ];
        let quota = |(reason, limit, taken, reset)| {
            let limit = set(limit)?;
            let remaining = (limit - taken as f64).floor().max(0.0);
            Some(Quota {
                reason,
                limit,
                remaining,
                reset,
            })
        };
        rows.into_iter().filter_map(quota).collect()
    }

    /// Until so much has left the window; 0 when a reservation has to end first.
    fn wait(&self, excess: f64, amount: fn(Amount) -> u64) -> f64 {
        let free_at = self.window.free_at(excess, amount);
        free_at.map_or(0.0, |time| self.until(time))
    }

    /// Rounded up: a timer that is a fraction of a millisecond early would be refused again.
    fn until(&self, time: f64) -> f64 {
        (time - self.now).ceil()
    }
}

fn refused(retry_after: f64, reason: Reason) -> Refused {
    Refused {
        retry_after,
        reason,
    }
}

fn set(limit: Option<f64>) -> Option<f64> {
    limit.filter(|limit| *limit > 0.0)
}
