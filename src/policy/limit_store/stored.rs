//! A store's way into storage and back.

use serde::Serialize;

use super::{Hold, MemoryStore, Reservation, Scope};
use crate::error::Error;
use crate::json::Value;
use crate::policy::budget::{self, Money, Spent};
use crate::policy::rate_limit::{self, Limits, RateLimiter};
use crate::policy::state;
use crate::unit::{SteadyTime, WallTime};

/// A store as plain data, for [`MemoryStore::restore`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The time that passes; older versions knew no other.
    now: SteadyTime,
    /// The wall clock, where that was set back.
    #[serde(skip_serializing_if = "Option::is_none")]
    wall: Option<WallTime>,
    created: SteadyTime,
    last_reservation: f64,
    /// Name, limits, money.
    pub(super) scopes: Vec<(String, rate_limit::State, budget::State)>,
    pub(super) open: Vec<ReservationState>,
    pub(super) lost: Vec<ReservationState>,
}

/// Number, time, and for each part: scope, number in its limiter, tokens, money; when it was last heard of, or given up.
type ReservationState = (
    f64,
    SteadyTime,
    Vec<(String, f64, f64, Option<String>)>,
    SteadyTime,
);

impl MemoryStore {
    /// All there is to remember, open reservations included.
    pub fn state(&self) -> State {
        let mut state = self.empty_state();
        for scope in &self.scopes {
            let (limiter, spent) = (scope.limiter.state(), scope.spent.state());
            state.scopes.push((scope.name.clone(), limiter, spent));
        }
        for (rows, reservations) in [(&mut state.open, &self.open), (&mut state.lost, &self.lost)] {
            for reservation in reservations {
                rows.push(reservation.state());
            }
        }
        state
    }

    /// A state without scopes and reservations.
    pub(super) fn empty_state(&self) -> State {
        let (wall, steady) = (self.clock.wall(), self.clock.steady());
        State {
            now: steady,
            wall: (wall.0 != steady.0).then_some(wall),
            created: self.created,
            last_reservation: self.last_number as f64,
            scopes: Vec::new(),
            open: Vec::new(),
            lost: Vec::new(),
        }
    }

    /// Takes over the state that a store like this one gave.
    pub fn restore(&mut self, value: &Value) -> Result<(), Error> {
        let state = state::Reader::new(value, "state")?;
        let mut store = MemoryStore::lasting(self.lost_after);
        let now = state.time("now")?;
        store.clock = self.clock.restore(now, state.wall(now)?);
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
        store.open = store.restore_all(&state, "open")?;
        store.lost = store.restore_all(&state, "lost")?;
        store.journal = self.journal.take();
        *self = store;
        Ok(())
    }

    /// Reservations by number and by time, none from after the state: they are found, and lost, by that order.
    fn restore_all(
        &self,
        state: &state::Reader<'_>,
        name: &str,
    ) -> Result<Vec<Reservation>, Error> {
        let mut last = (0, SteadyTime::ZERO);
        let mut reservations = Vec::new();
        state.rows(name, &mut |row| {
            let number = row.count(0, self.last_number)?;
            let at = row.time(1, self.clock.steady())?;
            let before = std::mem::replace(&mut last, (number, at));
            let in_order = number > before.0 && at >= before.1;
            let seen = row.time(3, self.clock.steady());
            let mut holds = Vec::new();
            for item in row.list(2)? {
                let mut hold = Hold::restore(item)?;
                // Older versions booked nothing for what was lost, and wrote no such time.
                if name == "lost" && seen.is_none() {
                    hold.money = hold.money.map(|_| Money::default());
                }
                holds.push(hold);
            }
            reservations.push(Reservation {
                number,
                at,
                holds,
                seen: seen.unwrap_or(at),
            });
            in_order.then_some(())
        })?;
        Ok(reservations)
    }
}

impl Scope {
    /// A scope's part of a state; none where it has another form.
    pub fn restore(item: &Value) -> Result<Option<Scope>, Error> {
        let Value::Array(parts) = item else {
            return Ok(None);
        };
        let [Value::String(name), limiter, spent, until @ ..] = parts.as_slice() else {
            return Ok(None);
        };
        let mut scope = Scope {
            name: name.clone(),
            lasts: WallTime::INFINITY,
            limiter: RateLimiter::restore(limiter, Limits::default(), "state.scopes")?,
            spent: Spent::restore(spent, "state.scopes")?,
        };
        // Written as less than what it remembers would make it: nobody comes for it then.
        if let [Value::Number(until)] = until
            && WallTime(*until) < scope.until()
        {
            scope.lasts = WallTime(*until);
        }
        Ok(Some(scope))
    }
}

impl Reservation {
    /// Its row.
    pub fn state(&self) -> ReservationState {
        let mut holds = Vec::new();
        for hold in &self.holds {
            let money = hold.money.map(budget::digits);
            holds.push((
                hold.scope.clone(),
                hold.id as f64,
                hold.tokens as f64,
                money,
            ));
        }
        (self.number as f64, self.at, holds, self.seen)
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
