//! The parts of a reservation in a store, and the store's refusal.

use serde::Serialize;

use crate::policy::budget::Budget;
use crate::policy::rate_limit::{Limits, Reason, Refused};
use crate::unit::{Millis, Usd, WallTime};

/// The reservation in one scope: a key, a user, a whole gateway, or a budget.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// The scope's name.
    pub scope: String,
    /// A second scope that is only checked for a block and counts nothing: that of a key for one model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<String>,
    /// When the scope can be forgotten, on the wall clock: no request will use it afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<WallTime>,
    /// Tokens to reserve.
    pub tokens: u64,
    /// Money to reserve.
    pub usd: Usd,
    /// The scope's current limits.
    pub limits: Limits,
    /// The scope's current budget.
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

/// The refusal of a request that may not be sent now.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The scope that refused.
    pub scope: String,
    /// The refusal of its limit.
    pub limit: Refused,
    /// Of a budget: what is spent and held in its window.
    pub spent_usd: Option<Usd>,
    /// Of a budget: what it allows.
    pub budget_usd: Option<Usd>,
}

impl Refusal {
    /// Adds the refusal of another part. A budget's refusal wins over every wait, since a call never waits for a budget.
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

    /// Whether to wait for this key's refusal and not for `other`: a known time wins over one that nobody can predict.
    pub fn ends_before(&self, other: &Refusal) -> bool {
        let wait = |refusal: &Refusal| match refusal.limit.retry_after {
            Millis::ZERO => Millis(f64::MAX),
            wait => wait,
        };
        wait(self) < wait(other)
    }
}
