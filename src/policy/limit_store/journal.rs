//! A store's changes as rows, for storage in which writing the whole state each time would be slow.

use serde::Serialize;

use super::{Hold, MemoryStore, Reservation, Scope, State, find};
use crate::json::Value;
use crate::policy::clock::{Clock, Now};

/// The changes since the journal was last read.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// Scopes by name, each with the past times that changed.
    scopes: Vec<(String, Vec<f64>)>,
    /// Reservations by number.
    reservations: Vec<u64>,
}

impl Journal {
    /// Notes that a reservation was made or has ended, with all its parts. An ended one is counted at the time at which it was
    /// held.
    pub fn note(&mut self, reservation: &Reservation, ended: bool) {
        self.reservations.push(reservation.number);
        for Hold { scope, .. } in &reservation.holds {
            self.note_scope(scope, ended.then_some(reservation.at));
        }
    }

    /// Notes that a reservation was renewed.
    pub fn note_renewed(&mut self, number: u64) {
        self.reservations.push(number);
    }

    /// Notes that a scope has changed, now and possibly at a past time.
    pub fn note_scope(&mut self, scope: &str, at: Option<f64>) {
        let place = self
            .scopes
            .partition_point(|noted| noted.0.as_str() < scope);
        match self.scopes.get_mut(place) {
            Some((noted, _)) if noted == scope => {}
            _ => self.scopes.insert(place, (scope.to_string(), Vec::new())),
        }
        if let (Some((_, times)), Some(at)) = (self.scopes.get_mut(place), at) {
            times.push(at);
        }
    }
}

/// The rows to write. A row replaces the one that was written before.
#[derive(Debug, Serialize)]
pub struct Changes {
    /// A state that contains only what changed: for a limiter the changed past times, and no open reservations.
    state: State,
    /// For each scope: until when it can matter.
    until: Vec<f64>,
    /// Numbers of reservations that have ended.
    ended: Vec<f64>,
}

impl MemoryStore {
    /// A shared store that records its changes and gets the time from several hosts.
    pub fn journaled() -> Self {
        MemoryStore {
            clock: Clock::shared(),
            journal: Some(Journal::default()),
            ..MemoryStore::shared()
        }
    }

    /// The changes since the last call, if there are any.
    pub fn changes(&mut self) -> Option<Changes> {
        let noted = std::mem::take(self.journal.as_mut()?);
        if noted.scopes.is_empty() && noted.reservations.is_empty() {
            return None;
        }
        let mut changes = Changes {
            state: self.empty_state(),
            until: Vec::new(),
            ended: Vec::new(),
        };
        for (name, times) in noted.scopes {
            if let Some(scope) = find(&mut self.scopes, &name) {
                changes.until.push(scope.until());
                let limiter = scope.limiter.state_at(&times);
                let spent = scope.spent.state();
                changes.state.scopes.push((name, limiter, spent));
            }
        }
        for number in noted.reservations {
            match (by_number(&self.open, number), by_number(&self.lost, number)) {
                (Some(open), _) => changes.state.open.push(open.state()),
                (_, Some(lost)) => changes.state.lost.push(lost.state()),
                _ => changes.ended.push(number as f64),
            }
        }
        Some(changes)
    }

    /// Whether a scope is in memory.
    pub fn knows(&mut self, scope: &str) -> bool {
        find(&mut self.scopes, scope).is_some()
    }

    /// Takes over a scope from its stored rows, put together as in a state; `false` if they make no sense.
    pub fn adopt(&mut self, value: &Value) -> bool {
        let Ok(Some(scope)) = Scope::restore(value) else {
            return false;
        };
        let name = scope.name.clone();
        if let Some(place) = self.scope(&name) {
            *place = scope;
        }
        true
    }

    /// Lets time pass: reservations that have been open too long are lost.
    pub fn expire(&mut self, now: impl Into<Now>) {
        self.advance(now.into());
    }

    /// When the oldest open reservation will count as lost, on the wall clock.
    pub fn next_loss(&self) -> Option<f64> {
        Some(self.clock.to_wall(self.first_loss()?))
    }
}

impl Scope {
    /// Until when anything in the store can matter, on the wall clock.
    pub(super) fn until(&mut self) -> f64 {
        let until = match self.spent.is_lasting() {
            true => f64::MAX,
            false => self.limiter.matters_until(),
        };
        until.min(self.lasts)
    }
}

fn by_number(reservations: &[Reservation], number: u64) -> Option<&Reservation> {
    let found = reservations.binary_search_by_key(&number, |reservation| reservation.number);
    reservations.get(found.ok()?)
}
