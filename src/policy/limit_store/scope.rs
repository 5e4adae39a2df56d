//! One scope of a store: its limiter and its budget.

use super::{Part, Refusal};
use crate::policy::budget::{Money, Spent};
use crate::policy::clock::Now;
use crate::policy::rate_limit::{Limits, MOST_TOKENS, RateLimiter, Reason, Refused};
use crate::unit::WallTime;

/// One scope's limiter and budget.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The scope's name.
    pub name: String,
    /// When the scope may be forgotten, whatever it still counts.
    pub lasts: WallTime,
    /// Counts its requests and tokens.
    pub limiter: RateLimiter,
    /// The amounts that its budget has spent.
    pub spent: Spent,
}

impl Default for Scope {
    fn default() -> Self {
        Scope {
            name: String::new(),
            lasts: WallTime::INFINITY,
            limiter: RateLimiter::new(Limits::default()),
            spent: Spent::default(),
        }
    }
}

impl Scope {
    /// Holds a part of a request, or refuses.
    pub fn hold(&mut self, part: &Part, now: Now) -> Result<Hold, Refusal> {
        self.lasts = part.lasts.unwrap_or(WallTime::INFINITY);
        let mut money = None;
        if let Some(budget) = part.budget {
            let amount = Money::from_usd(part.usd);
            let held = self.spent.hold(amount, budget, now.wall);
            held.map_err(|exceeded| {
                let wait = exceeded.retry_after;
                Refusal {
                    spent_usd: Some(exceeded.spent_usd),
                    budget_usd: Some(exceeded.budget_usd),
                    ..part.refused(Refused::new(Reason::Budget, Some(wait), wait))
                }
            })?;
            money = Some(amount);
        }
        self.limiter.set_limits(part.limits);
        match self.limiter.reserve(part.tokens, now) {
            Ok(id) => Ok(Hold {
                scope: part.scope.clone(),
                id,
                tokens: part.tokens.min(MOST_TOKENS),
                money,
            }),
            Err(refused) => {
                self.spent.release(money.unwrap_or_default());
                Err(part.refused(refused))
            }
        }
    }
}

/// The portion that a reservation holds in one scope.
#[derive(Clone, Debug, Default)]
pub struct Hold {
    /// The scope's name.
    pub scope: String,
    /// The reservation's number in the scope's limiter.
    pub id: u64,
    /// The held tokens.
    pub tokens: u64,
    /// The held money, where the part has a budget.
    pub money: Option<Money>,
}
