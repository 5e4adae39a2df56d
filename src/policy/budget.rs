//! A budget as a hard stop: the highest possible cost is held before a request, and the real cost is booked after it. Sums are
//! integers.

use serde::Serialize;

use super::calendar::{DAY, month_of};
use super::period::Period;
use super::state;
use crate::error::Error;
use crate::json::Value;
use crate::unit::{Millis, Time, Usd};

/// The part of a calendar (UTC) that a budget covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    const ALL: [Per; 4] = [Per::Hour, Per::Day, Per::Month, Per::Total];

    /// The name in options and errors.
    pub fn name(self) -> &'static str {
        match self {
            Per::Hour => "hour",
            Per::Day => "day",
            Per::Month => "month",
            Per::Total => "total",
        }
    }

    /// The window with this name.
    pub fn from_name(name: &str) -> Option<Per> {
        Per::ALL.into_iter().find(|per| per.name() == name)
    }

    fn bounds(self, now: f64) -> (f64, f64) {
        let length = match self {
            Per::Hour => DAY / 24.0,
            Per::Day => DAY,
            Per::Month => return month_of(now),
            Per::Total => return (0.0, f64::INFINITY),
        };
        let start = (now / length).floor() * length;
        (start, start + length)
    }
}

/// How much may be spent in each window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// The amount in US dollars.
    pub usd: Usd,
    /// The window after which the budget begins anew.
    pub per: Per,
}

/// Money in units of 1e-12 USD. Sums are exact, and can reach 18 million dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(u64);

impl Money {
    /// The nearest amount. NaN and amounts that are too large become more than any budget, so that they are refused.
    pub fn from_usd(usd: Usd) -> Money {
        if usd.is_nan() {
            return Money(u64::MAX);
        }
        Money((usd * 1e12).round_ties_even() as u64)
    }

    /// The amount in US dollars.
    pub fn usd(self) -> Usd {
        self.0 as f64 / 1e12
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
    /// Whole ms until the next window begins; infinite if the request doesn't fit into a whole window.
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
///
/// let budget = Budget { usd: 1.0, per: Per::Day };
/// let mut spent = Spent::default();
/// let held = Money::from_usd(0.75);
/// spent.hold(held, budget, 0.0).unwrap();
/// assert!(spent.hold(held, budget, 1.0).is_err());
/// // The request cost less than was held.
/// spent.release(held);
/// spent.book(Money::from_usd(0.25), 2.0);
/// assert!(spent.hold(held, budget, 3.0).is_ok());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Spent {
    /// The last reading of the wall clock.
    now: Time,
    /// The amount spent in each window, in the order of [`Per::ALL`].
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
    pub fn hold(&mut self, amount: Money, budget: Budget, now: Time) -> Result<(), Exceeded> {
        self.advance(now);
        self.lasting |= budget.per == Per::Total;
        // The limit stays below the largest amount, since overflowing sums and unknown amounts become that amount and must be
        // refused.
        let limit = Money(Money::from_usd(budget.usd).0.min(u64::MAX - 1));
        let taken = self.spent(budget.per).plus(self.held);
        if taken.plus(amount) > limit {
            let never = amount > limit;
            let end = if never {
                f64::INFINITY
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
    pub fn book(&mut self, actual: Money, now: Time) {
        self.advance(now);
        for window in &mut self.windows {
            window.amount = Money(window.amount).plus(actual).0;
        }
    }

    /// Changes the amount spent in each window that contains the earlier time `at`.
    pub fn change(&mut self, at: Time, to: impl Fn(Money) -> Money) {
        for window in &mut self.windows {
            if window.start() <= at {
                window.amount = to(Money(window.amount)).0;
            }
        }
    }

    /// The amount spent in the window of the last reading of the clock.
    pub fn spent(&self, per: Per) -> Money {
        let mut rows = Per::ALL.into_iter().zip(self.windows);
        rows.find(|row| row.0 == per)
            .map(|row| Money(row.1.amount))
            .unwrap_or_default()
    }

    /// Whether no remaining count could matter to the budgets used so far.
    pub fn is_idle(&mut self, now: Time) -> bool {
        self.advance(now);
        let rows = Per::ALL.into_iter().zip(self.windows);
        let mut relevant = rows.filter(|row| row.0 != Per::Total || self.lasting);
        self.held == Money(0) && relevant.all(|row| row.1.amount == 0)
    }

    /// Whether a budget for all time has been used.
    pub fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// Moves on to the windows that contain `now`.
    pub fn advance(&mut self, now: Time) {
        self.now = now;
        for (per, window) in Per::ALL.into_iter().zip(&mut self.windows) {
            window.advance(now, &|now| per.bounds(now));
        }
    }
}

/// [`Spent`] as plain data. Money is text, since a JSON number would round it.
#[derive(Debug, Serialize)]
pub struct State {
    now: Time,
    spent: [String; 4],
    /// For each window: the previous period that the clock left, if any, as its last reading and its amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<[(f64, String); 4]>,
    held: String,
    lasting: bool,
}

impl Spent {
    /// The whole state.
    pub fn state(&self) -> State {
        let left = self.windows.map(|window| window.left());
        let any = left.iter().any(|row| row.0 > 0.0);
        State {
            now: self.now,
            spent: self.windows.map(|window| window.amount.to_string()),
            left: any.then(|| left.map(|row| (row.0, row.1.to_string()))),
            held: self.held.0.to_string(),
            lasting: self.lasting,
        }
    }

    /// Restores what [`state`](Spent::state) returned; `path` names the state in errors.
    pub fn restore(value: &Value, path: &str) -> Result<Self, Error> {
        let state = state::Reader::new(value, path)?;
        let mut spent = Spent::default();
        let spent_at = state.time("now")?;
        spent.advance(spent_at);
        spent.restore_windows(&state, "spent", |window, amount| {
            window.amount = money(amount)?.0;
            Some(())
        })?;
        if state.given("left").is_some() {
            spent.restore_windows(&state, "left", |window, row| {
                let Value::Array(row) = row else {
                    return None;
                };
                let [Value::Number(left_at), amount] = row.as_slice() else {
                    return None;
                };
                let (bounds, left) = ((window.start(), window.end()), (*left_at, money(amount)?.0));
                *window = Period::new(bounds, spent_at, window.amount, left);
                Some(())
            })?;
        }
        spent.held = money(state.field("held")?).ok_or_else(|| state.broken("held"))?;
        spent.lasting = state.flag("lasting")?;
        Ok(spent)
    }

    /// Reads a list with one item for each window.
    fn restore_windows(
        &mut self,
        state: &state::Reader<'_>,
        name: &str,
        read: impl Fn(&mut Period, &Value) -> Option<()>,
    ) -> Result<(), Error> {
        let list = state.list(name)?;
        let mut rows = self.windows.iter_mut().zip(list);
        let whole = list.len() == Per::ALL.len();
        if whole && rows.all(|(window, value)| read(window, value).is_some()) {
            return Ok(());
        }
        Err(state.broken(name))
    }
}

/// An amount as [`State`] writes it.
pub fn money(value: &Value) -> Option<Money> {
    match value {
        Value::String(digits) => digits.parse().ok().map(Money),
        _ => None,
    }
}

/// An amount as [`money`] reads it.
pub fn digits(amount: Money) -> String {
    amount.0.to_string()
}
