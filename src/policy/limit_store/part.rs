//! What a request asks of a store, part by part, and how the store refuses.

use crate::policy::budget::Budget;
use crate::policy::rate_limit::{Limits, Reason, Refused};
use crate::unit::{Millis, Usd, WallTime};

/// One thing that has limits: a key, a user, a whole gateway, a budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name.
    pub scope: String,
    /// A scope in which nothing is counted, and which lets nothing through while it is blocked: a key's for one model.
    pub pause: Option<String>,
    /// The time on the wall clock from which on nobody comes for this scope any more: what it remembers may be forgotten then.
    pub lasts: Option<WallTime>,
    /// Tokens to reserve.
    pub tokens: u64,
    /// Money to reserve.
    pub usd: Usd,
    /// Its limits, as they are now.
    pub limits: Limits,
    /// Its budget, as it is now.
    pub budget: Option<Budget>,
}

impl Part {
    pub(super) fn refused(&self, limit: Refused) -> Refusal {
        Refusal {
            scope: self.scope.clone(),
            limit,
            spent_usd: None,
            budget_usd: None,
        }
    }
}

/// A request that may not be sent now.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The part that refused.
    pub scope: String,
    /// What its limit says.
    pub limit: Refused,
    /// Of a budget: what is spent and held in its window.
    pub spent_usd: Option<Usd>,
    /// Of a budget: what it allows.
    pub budget_usd: Option<Usd>,
}

impl Refusal {
    /// Adds what another part says. A budget is never waited for, so it comes before every wait.
    pub(super) fn join(&mut self, mut other: Refusal) {
        let budget = |refusal: &Refusal| refusal.limit.reason == Reason::Budget;
        let later = match (budget(self), budget(&other)) {
            (false, true) => true,
            (true, false) => false,
            _ => other.limit.outlasts(&self.limit),
        };
        if later {
            std::mem::swap(self, &mut other);
        }
        if !budget(self) {
            self.limit = self.limit.with(&other.limit);
        }
    }

    /// Of refusals of several keys, which one is waited for: a known time ends before one that nobody can foretell.
    pub fn ends_before(&self, other: &Refusal) -> bool {
        let wait = |refusal: &Refusal| match refusal.limit.retry_after {
            Millis::ZERO => Millis(f64::MAX),
            wait => wait,
        };
        wait(self) < wait(other)
    }
}
