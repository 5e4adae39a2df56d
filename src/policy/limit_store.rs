//! Limits and budgets of many scopes, reserved together: all parts of a request or none.
//!
//! [`MemoryStore`] is the store of one client, and the state machine inside every shared one.

use std::collections::VecDeque;

use serde::Serialize;

use super::budget::{self, Budget, Money, Spent};
use super::calendar;
use super::rate_limit::{self, Limits, RateLimiter, Reason, Usage};
use super::state;
use crate::error::Error;
use crate::json::Value;

/// After this long a shared store takes a reservation for lost: 10 minutes.
pub const LOST_AFTER: f64 = 600_000.0;

/// Lost reservations that are remembered, in case they end after all.
const MOST_LOST: usize = 1_000;

/// Scopes from which on idle ones are dropped.
const MANY_SCOPES: usize = 1_000;

/// One thing that has limits: a key, a user, a whole gateway, a budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name.
    pub scope: String,
    /// Tokens to reserve.
    pub tokens: u64,
    /// US dollars to reserve.
    pub usd: f64,
    /// Its limits, as they are now.
    pub limits: Limits,
    /// Its budget, as it is now.
    pub budget: Option<Budget>,
}

/// A request that may not be sent now.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The part that refused.
    pub scope: String,
    /// Whole ms until it may fit; infinite when it never can, 0 when a reservation has to end first.
    pub retry_after: f64,
    /// The limit that refused.
    pub reason: Reason,
    /// Of a budget: US dollars spent and held in its window.
    pub spent_usd: Option<f64>,
    /// Of a budget: US dollars it allows.
    pub budget_usd: Option<f64>,
}

#[derive(Clone, Debug)]
struct Scope {
    name: String,
    limiter: RateLimiter,
    spent: Spent,
}

impl Scope {
    fn hold(&mut self, part: &Part, now: f64) -> Result<Hold, Refusal> {
        let refuse = |retry_after, reason| Refusal {
            scope: part.scope.clone(),
            retry_after,
            reason,
            spent_usd: None,
            budget_usd: None,
        };
        let mut money = None;
        if let Some(budget) = part.budget {
            let amount = Money::from_usd(part.usd);
            let held = self.spent.hold(amount, budget, now);
            held.map_err(|exceeded| Refusal {
                spent_usd: Some(exceeded.spent_usd),
                budget_usd: Some(exceeded.budget_usd),
                ..refuse(exceeded.retry_after, Reason::Budget)
            })?;
            money = Some(amount);
        }
        self.limiter.set_limits(part.limits);
        match self.limiter.reserve(part.tokens, now) {
            Ok(id) => Ok(Hold {
                scope: part.scope.clone(),
                id,
                tokens: part.tokens.min(rate_limit::MOST_TOKENS),
                money,
            }),
            Err(refused) => {
                self.spent.release(money.unwrap_or_default());
                Err(refuse(refused.retry_after, refused.reason))
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Hold {
    scope: String,
    id: u64,
    tokens: u64,
    /// Where the part has a budget.
    money: Option<Money>,
}

#[derive(Clone, Debug)]
struct Reservation {
    number: u64,
    at: f64,
    holds: Vec<Hold>,
}

/// Every scope's limiter and budget.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    now: f64,
    /// Part of every reservation's name, so that one from before a loss of state never ends another.
    created: f64,
    last_number: u64,
    /// Sorted by name.
    scopes: Vec<Scope>,
    drop_idle_at: usize,
    open: VecDeque<Reservation>,
    lost: VecDeque<Reservation>,
    lost_after: f64,
}

impl MemoryStore {
    /// A store in which a reservation is held until it ends.
    pub fn new() -> Self {
        MemoryStore::lasting(f64::INFINITY)
    }

    /// A store that outlives its users: what they leave open for [`LOST_AFTER`] is lost.
    pub fn shared() -> Self {
        MemoryStore::lasting(LOST_AFTER)
    }

    fn lasting(lost_after: f64) -> Self {
        MemoryStore {
            now: 0.0,
            created: 0.0,
            last_number: 0,
            scopes: Vec::new(),
            drop_idle_at: MANY_SCOPES,
            open: VecDeque::new(),
            lost: VecDeque::new(),
            lost_after,
        }
    }

    /// Reserves every part, or none.
    pub fn reserve(&mut self, parts: &[Part], now: f64) -> Result<String, Refusal> {
        self.advance(now);
        let mut holds = Vec::with_capacity(parts.len());
        let mut refusal: Option<Refusal> = None;
        for part in parts {
            match self.hold(part) {
                Ok(hold) => holds.push(hold),
                // A budget is never waited for; among the rest the longest wait is the one that counts.
                Err(refused) => match &refusal {
                    Some(worst) if rank(worst) >= rank(&refused) => {}
                    _ => refusal = Some(refused),
                },
            }
        }
        let number = self.last_number.saturating_add(1);
        let reservation = Reservation {
            number,
            at: self.now,
            holds,
        };
        if let Some(refusal) = refusal {
            self.let_go(&reservation);
            return Err(refusal);
        }
        if self.last_number == 0 {
            self.created = self.now;
        }
        self.last_number = number;
        self.open.push_back(reservation);
        Ok(self.name(number))
    }

    /// Ends a reservation with what the request took; an unknown one changes nothing.
    pub fn settle(&mut self, reservation: &str, tokens: u64, usd: f64, now: f64) {
        self.advance(now);
        let now = self.now;
        let Some((ended, was_lost)) = self.end(reservation) else {
            return;
        };
        for hold in &ended.holds {
            let Some(scope) = find(&mut self.scopes, &hold.scope) else {
                continue;
            };
            scope.limiter.settle(hold.id, tokens, now);
            if let Some(money) = hold.money {
                if !was_lost {
                    scope.spent.release(money);
                }
                scope.spent.book(Money::from_usd(usd), now);
            }
        }
    }

    /// Ends a reservation as if it had never been made: nothing was sent.
    pub fn release(&mut self, reservation: &str) {
        if let Some((ended, false)) = self.end(reservation) {
            self.let_go(&ended);
        }
    }

    /// Lets nothing through for a scope before `until`.
    pub fn block(&mut self, scope: &str, until: f64) {
        self.with(scope, |scope| scope.limiter.block(until));
    }

    /// What a scope's limiter counts.
    pub fn usage(&mut self, scope: &str, now: f64) -> Usage {
        self.advance(now);
        let now = self.now;
        let found = find(&mut self.scopes, scope);
        found.map_or_else(Usage::default, |scope| scope.limiter.usage(now))
    }

    fn hold(&mut self, part: &Part) -> Result<Hold, Refusal> {
        let now = self.now;
        self.with(&part.scope, |scope| scope.hold(part, now))
    }

    fn let_go(&mut self, reservation: &Reservation) {
        for hold in &reservation.holds {
            if let Some(scope) = find(&mut self.scopes, &hold.scope) {
                scope.limiter.release(hold.id);
                scope.spent.release(hold.money.unwrap_or_default());
            }
        }
    }

    /// Takes a reservation out, and says whether it had been given up.
    fn end(&mut self, reservation: &str) -> Option<(Reservation, bool)> {
        let (created, number) = reservation.split_once('-')?;
        if created != (self.created as u64).to_string() {
            return None;
        }
        let number = number.parse().ok()?;
        let open = take(&mut self.open, number).map(|found| (found, false));
        open.or_else(|| take(&mut self.lost, number).map(|found| (found, true)))
    }

    fn advance(&mut self, now: f64) {
        self.now = calendar::advance(self.now, now);
        while let Some(first) = self.open.front() {
            if first.at + self.lost_after > self.now {
                break;
            }
            if let Some(lost) = self.open.pop_front() {
                self.lose(lost);
            }
        }
    }

    /// Gives up what a reservation holds, its request and tokens staying counted; should it end after all, its cost is booked.
    fn lose(&mut self, lost: Reservation) {
        for hold in &lost.holds {
            if let Some(scope) = find(&mut self.scopes, &hold.scope) {
                scope.limiter.settle(hold.id, hold.tokens, self.now);
                scope.spent.release(hold.money.unwrap_or_default());
            }
        }
        self.lost.push_back(lost);
        if self.lost.len() > MOST_LOST {
            self.lost.pop_front();
        }
    }

    fn name(&self, number: u64) -> String {
        [(self.created as u64).to_string(), number.to_string()].join("-")
    }

    /// Does something to a scope, which is made where there is none.
    fn with<T>(&mut self, name: &str, act: impl FnOnce(&mut Scope) -> T) -> T {
        if let Some(scope) = find(&mut self.scopes, name) {
            return act(scope);
        }
        self.drop_idle();
        let mut scope = Scope {
            name: name.to_string(),
            limiter: RateLimiter::new(Limits::default()),
            spent: Spent::default(),
        };
        let answer = act(&mut scope);
        let index = self
            .scopes
            .partition_point(|other| other.name.as_str() < name);
        self.scopes.insert(index, scope);
        answer
    }

    fn drop_idle(&mut self) {
        if self.scopes.len() < self.drop_idle_at {
            return;
        }
        let now = self.now;
        self.scopes
            .retain_mut(|scope| !scope.limiter.is_idle(now) || !scope.spent.is_idle(now));
        self.drop_idle_at = MANY_SCOPES.max(self.scopes.len().saturating_mul(2));
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        MemoryStore::new()
    }
}

fn find<'a>(scopes: &'a mut [Scope], name: &str) -> Option<&'a mut Scope> {
    let found = scopes.binary_search_by(|scope| scope.name.as_str().cmp(name));
    scopes.get_mut(found.ok()?)
}

fn take(reservations: &mut VecDeque<Reservation>, number: u64) -> Option<Reservation> {
    let found = reservations.binary_search_by_key(&number, |reservation| reservation.number);
    reservations.remove(found.ok()?)
}

/// A budget is never waited for, so it comes before every wait.
fn rank(refusal: &Refusal) -> (bool, f64) {
    (refusal.reason == Reason::Budget, refusal.retry_after)
}

/// A store as plain data, for [`MemoryStore::restore`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    now: f64,
    created: f64,
    last_reservation: f64,
    scopes: Vec<(String, rate_limit::State, budget::State)>,
    open: Vec<ReservationState>,
    lost: Vec<ReservationState>,
}

/// Number, time, and for each part: scope, number in its limiter, tokens, money.
type ReservationState = (f64, f64, Vec<(String, f64, f64, Option<String>)>);

impl MemoryStore {
    /// All there is to remember, open reservations included.
    pub fn state(&self) -> State {
        let scopes = self.scopes.iter();
        State {
            now: self.now,
            created: self.created,
            last_reservation: self.last_number as f64,
            scopes: scopes
                .map(|scope| {
                    (
                        scope.name.clone(),
                        scope.limiter.state(),
                        scope.spent.state(),
                    )
                })
                .collect(),
            open: self.open.iter().map(Reservation::state).collect(),
            lost: self.lost.iter().map(Reservation::state).collect(),
        }
    }

    /// Takes over the state that a store like this one gave.
    pub fn restore(&mut self, value: &Value) -> Result<(), Error> {
        let state = state::Reader::new(value, "state")?;
        let mut store = MemoryStore::lasting(self.lost_after);
        store.now = state.time("now")?;
        store.created = state.time("created")?;
        store.last_number = state.count("lastReservation")?;
        for item in state.list("scopes")? {
            let scope = Scope::restore(item)?.ok_or_else(|| state.broken("scopes"))?;
            if store
                .scopes
                .last()
                .is_some_and(|last| last.name >= scope.name)
            {
                return Err(state.broken("scopes"));
            }
            store.scopes.push(scope);
        }
        store.open = Reservation::restore_all(&state, "open")?;
        store.lost = Reservation::restore_all(&state, "lost")?;
        *self = store;
        Ok(())
    }
}

impl Scope {
    fn restore(item: &Value) -> Result<Option<Scope>, Error> {
        let Value::Array(parts) = item else {
            return Ok(None);
        };
        let [Value::String(name), limiter, spent] = parts.as_slice() else {
            return Ok(None);
        };
        Ok(Some(Scope {
            name: name.clone(),
            limiter: RateLimiter::restore(limiter, Limits::default(), "state.scopes")?,
            spent: Spent::restore(spent, "state.scopes")?,
        }))
    }
}

impl Reservation {
    fn state(&self) -> ReservationState {
        let holds = self.holds.iter().map(|hold| {
            (
                hold.scope.clone(),
                hold.id as f64,
                hold.tokens as f64,
                hold.money.map(budget::digits),
            )
        });
        (self.number as f64, self.at, holds.collect())
    }

    fn restore_all(state: &state::Reader<'_>, name: &str) -> Result<VecDeque<Self>, Error> {
        let mut last = 0;
        let rows = state.rows(name, |row| {
            let number = row.count(0, state::MOST)?;
            let in_order = number > std::mem::replace(&mut last, number);
            let at = row.time(1, calendar::LAST_TIME)?;
            let holds = row
                .list(2)?
                .iter()
                .map(Hold::restore)
                .collect::<Option<Vec<_>>>()?;
            in_order.then_some(Reservation { number, at, holds })
        })?;
        Ok(rows.into())
    }
}

impl Hold {
    fn restore(item: &Value) -> Option<Hold> {
        let Value::Array(parts) = item else {
            return None;
        };
        let [Value::String(scope), id, tokens, held] = parts.as_slice() else {
            return None;
        };
        let money = match held {
            Value::Null | Value::Other(_) => None,
            held => Some(budget::money(held)?),
        };
        Some(Hold {
            scope: scope.clone(),
            id: state::whole(id, state::MOST)?,
            tokens: state::whole(tokens, rate_limit::MOST_TOKENS)?,
            money,
        })
    }
}
