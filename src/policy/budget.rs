//! A budget as a hard stop: the highest possible cost is held before a request, and the real cost is booked after it. Sums are
//! integers.

use serde::Serialize;

use super::calendar::{DAY, month_of};
use super::period::Period;
use super::row::{Columns, NEXT, Row};
use crate::unit::{Millis, Usd, WallTime};

const HOUR: Millis = Millis(3_600_000.0);

/// The part of a calendar (UTC) that a budget covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// A UTC hour.
    Hour,
    /// A UTC day.
    Day,
    /// A UTC calendar month.
    Month,
    /// All time: the budget never begins anew.
    Total,
}

impl Per {
    /// All of them, the shortest first.
    pub const ALL: [Per; 4] = [Per::Hour, Per::Day, Per::Month, Per::Total];

    /// The name in options and errors.
    pub fn name(self) -> &'static str {
        match self {
            Per::Hour => "hour",
            Per::Day => "day",
            Per::Month => "month",
            Per::Total => "total",
        }
    }

    fn bounds(self, now: WallTime) -> (WallTime, WallTime) {
        let length = match self {
            Per::Hour => HOUR,
            Per::Day => DAY,
            Per::Month => return month_of(now),
            Per::Total => return (WallTime::ZERO, WallTime::INFINITY),
        };
        let start = WallTime((now.0 / length.0).floor() * length.0);
        (start, start + length)
    }
}

/// How much may be spent in each window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Budget {
    /// How much.
    pub usd: Usd,
    /// The window after which the budget begins anew.
    pub per: Per,
}

/// Money in units of 1e-12 USD. Sums are exact, and can reach 18 million dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(pub(super) u64);

impl Money {
    /// The nearest amount. NaN and amounts that are too large become more than any budget, so that they are refused.
    pub fn from_usd(usd: Usd) -> Money {
        if usd.0.is_nan() {
            return Money(u64::MAX);
        }
        Money((usd.0 * 1e12).round_ties_even() as u64)
    }

    /// The same as a number.
    pub fn usd(self) -> Usd {
        Usd(self.0 as f64 / 1e12)
    }

    /// The sum; at most the largest amount.
    pub fn plus(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }

    /// The difference; at least 0.
    pub fn minus(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}

/// The refusal of a request that the budget doesn't allow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exceeded {
    /// Whole milliseconds until the next window begins; infinite when that wouldn't help.
    pub retry_after: Millis,
    /// The sum of the amounts spent and held in this window.
    pub spent_usd: Usd,
    /// The budget.
    pub budget_usd: Usd,
}

/// The amounts spent in each current window, and the amounts held for running requests.
///
/// All windows are counted, so that a program may change its budget's window when it starts again.
///
/// ```
/// use hfetch::policy::budget::{Budget, Money, Per, Spent};
/// use hfetch::unit::{Usd, WallTime};
///
/// let budget = Budget { usd: Usd(1.0), per: Per::Day };
/// let mut spent = Spent::default();
/// let held = Money::from_usd(Usd(0.75));
/// spent.hold(held, budget, WallTime(0.0)).unwrap();
/// assert!(spent.hold(held, budget, WallTime(1.0)).is_err());
/// // It took less than was held.
/// spent.release(held);
/// spent.book(Money::from_usd(Usd(0.25)), WallTime(2.0));
/// assert!(spent.hold(held, budget, WallTime(3.0)).is_ok());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Spent {
    /// The last reading of the wall clock.
    now: WallTime,
    /// The amount spent in each window, in the order of [`Per`].
    windows: [Period; 4],
    held: Money,
    /// Whether a budget for all time has been used.
    lasting: bool,
}

impl Spent {
    /// Holds money for a request, or refuses the request.
    ///
    /// If a new window begins while the request runs, the held amount counts in the new window too, and the cost is booked in the
    /// window in which the request ends. So neither window can be overspent.
    pub fn hold(&mut self, amount: Money, budget: Budget, now: WallTime) -> Result<(), Exceeded> {
        self.advance(now);
        self.lasting |= budget.per == Per::Total;
        // The limit stays below the largest amount, since overflowing sums and unknown amounts become that amount and must be
        // refused.
        let limit = Money(Money::from_usd(budget.usd).0.min(u64::MAX - 1));
        let taken = self.spent(budget.per).plus(self.held);
        if taken.plus(amount) > limit {
            let never = amount > limit;
            let end = if never {
                WallTime::INFINITY
            } else {
                budget.per.bounds(self.now).1
            };
            return Err(Exceeded {
                retry_after: (end - self.now).ceil(),
                spent_usd: taken.usd(),
                budget_usd: budget.usd,
            });
        }
        self.held = self.held.plus(amount);
        Ok(())
    }

    /// Frees what was held for a request.
    pub fn release(&mut self, held: Money) {
        self.held = self.held.minus(held);
    }

    /// Books what a request cost.
    pub fn book(&mut self, actual: Money, now: WallTime) {
        self.advance(now);
        for window in &mut self.windows {
            window.amount = Money(window.amount).plus(actual).0;
        }
    }

    /// Changes the amount spent in each window that contains the earlier time `at`.
    pub fn change(&mut self, at: WallTime, to: impl Fn(Money) -> Money) {
        for window in &mut self.windows {
            if window.start() <= at {
                window.amount = to(Money(window.amount)).0;
            }
        }
    }

    /// The amount spent in the window of the last reading of the clock.
    pub fn spent(&self, per: Per) -> Money {
        let window = self.windows.get(per as usize);
        Money(window.map_or(0, |window| window.amount))
    }

    /// Whether no remaining count could matter to the budgets used so far.
    pub fn is_idle(&mut self, now: WallTime) -> bool {
        self.advance(now);
        let lasting = if self.lasting {
            Per::ALL.len()
        } else {
            Per::Total as usize
        };
        let mut relevant = self.windows.iter().take(lasting);
        self.held == Money(0) && relevant.all(|window| window.amount == 0)
    }

    /// Whether a budget for all time has been used.
    pub fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// Moves on to the windows that contain `now`.
    pub fn advance(&mut self, now: WallTime) {
        self.now = now;
        for (per, window) in Per::ALL.iter().zip(&mut self.windows) {
            window.advance(now, &|now| per.bounds(now));
        }
    }
}

impl Row for Spent {
    fn columns(&mut self, with: &mut Columns<'_>) {
        with.time("now", &mut self.now.0);
        if with.is_reading() {
            self.advance(self.now);
        }
        let windows = &mut self.windows;
        with.list("spent", &mut |with| {
            for window in &mut *windows {
                with.whole(NEXT, &mut window.amount);
            }
        });
        // Of the windows that the clock has left: the latest reading, and the amount.
        let any = windows.iter().any(|window| window.left.0 > WallTime::ZERO);
        if with.has("left", any) {
            with.list("left", &mut |with| {
                for window in &mut *windows {
                    with.list(NEXT, &mut |with| {
                        with.time(NEXT, &mut window.left.0.0);
                        with.whole(NEXT, &mut window.left.1);
                    });
                }
            });
        }
        with.whole("held", &mut self.held.0);
        with.flag("lasting", &mut self.lasting);
    }
}
