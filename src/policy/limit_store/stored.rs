//! How a store is written to storage and read back.

use serde::Serialize;

use super::{Hold, MemoryStore, Reservation, Scope};
use crate::error::Error;
use crate::json::Value;
use crate::policy::budget::{self, Money, Spent};
use crate::policy::rate_limit::{self, Limits, RateLimiter};
use crate::policy::state;

/// A store as plain data, for [`MemoryStore::restore`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The steady time; older versions wrote no other time.
    now: f64,
    /// The wall clock, if it was set back.
    #[serde(skip_serializing_if = "Option::is_none")]
    wall: Option<f64>,
    created: f64,
    last_reservation: f64,
    /// For each scope: name, limiter, money.
    pub(super) scopes: Vec<(String, rate_limit::State, budget::State)>,
    pub(super) open: Vec<ReservationState>,
    pub(super) lost: Vec<ReservationState>,
}

/// Number and time; for each part its scope, number in the limiter, tokens and money; then the time of the last renewal or of the
/// loss.
type ReservationState = (f64, f64, Vec<(String, f64, f64, Option<String>)>, f64);

impl MemoryStore {
    /// The whole state, including open reservations.
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
            wall: (wall != steady).then_some(wall),
            created: self.created,
            last_reservation: self.last_number as f64,
            scopes: Vec::new(),
            open: Vec::new(),
            lost: Vec::new(),
        }
    }

    /// Restores the state of a store of the same kind.
    pub fn restore(&mut self, value: &Value) -> Result<(), Error> {
        let state = state::Reader::new(value, "state")?;
        let mut store = MemoryStore::lasting(self.lost_after);
        let now = state.time("now")?;
        store.clock = self.clock.restore(now, state.wall()?.unwrap_or(now));
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

    /// Restores reservations. They must be sorted by number and by time, none later than the state, since they are found and lost
    /// in that order.
    fn restore_all(
        &self,
        state: &state::Reader<'_>,
        name: &str,
    ) -> Result<Vec<Reservation>, Error> {
        let mut last = (0, 0.0);
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
                // Older versions booked nothing for lost reservations and didn't write this time.
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
    /// Restores one scope; `None` if its row has another form.
    pub fn restore(item: &Value) -> Result<Option<Scope>, Error> {
        let Value::Array(parts) = item else {
            return Ok(None);
        };
        let [Value::String(name), limiter, spent, until @ ..] = parts.as_slice() else {
            return Ok(None);
        };
        let mut scope = Scope {
            name: name.clone(),
            lasts: f64::INFINITY,
            limiter: RateLimiter::restore(limiter, Limits::default(), "state.scopes")?,
            spent: Spent::restore(spent, "state.scopes")?,
        };
        // If the stored end is earlier than the counts imply, no request uses the scope after it.
        if let [Value::Number(until)] = until
            && *until < scope.until()
        {
            scope.lasts = *until;
        }
        Ok(Some(scope))
    }
}

impl Reservation {
    /// This reservation's row.
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
