//! A store's changes as rows, for a storage that would be slow if it wrote everything each time.

use serde::Serialize;

use super::{Hold, MemoryStore, Reservation, Scope, State, find};
use crate::json::Value;
use crate::policy::clock::{Clock, Now};
use crate::unit::{SteadyTime, WallTime};

/// What has been touched since the last look.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// By name, each with the times that were.
    scopes: Vec<(String, Vec<SteadyTime>)>,
    /// By number.
    reservations: Vec<u64>,
}

impl Journal {
    /// A reservation was made or has ended, and with it its parts; one that has ended is counted where it was held.
    pub fn note(&mut self, reservation: &Reservation, ended: bool) {
        self.reservations.push(reservation.number);
        for Hold { scope, .. } in &reservation.holds {
            self.note_scope(scope, ended.then_some(reservation.at));
        }
    }

    /// A reservation was heard of.
    pub fn note_renewed(&mut self, number: u64) {
        self.reservations.push(number);
    }

    /// A scope was changed, now and maybe at a time that was.
    pub fn note_scope(&mut self, scope: &str, at: Option<SteadyTime>) {
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

/// The rows to write; what is told of a row takes the place of what was told before.
#[derive(Debug, Serialize)]
pub struct Changes {
    /// A state with what was touched alone: of a limiter the times that were, and nothing of what is open.
    state: State,
    /// Up to when each of its scopes can matter.
    until: Vec<WallTime>,
    /// Numbers of reservations that are over.
    ended: Vec<f64>,
}

impl MemoryStore {
    /// A shared store that keeps a record of what changes, and that is told the time by several hosts.
    pub fn journaled() -> Self {
        MemoryStore {
            clock: Clock::shared(),
            journal: Some(Journal::default()),
            ..MemoryStore::shared()
        }
    }

    /// What has changed since the last time, if anything has.
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

    /// Takes a scope's rows, put together as in a state; false where they make no sense.
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

    /// Lets time pass: what is left open too long is lost.
    pub fn expire(&mut self, now: impl Into<Now>) {
        self.advance(now.into());
    }

    /// When on the wall clock the oldest open reservation will be taken for lost.
    pub fn next_loss(&self) -> Option<WallTime> {
        Some(self.clock.to_wall(self.first_loss()?))
    }
}

impl Scope {
    /// Up to when on the wall clock anything it remembers can matter.
    pub(super) fn until(&mut self) -> WallTime {
        let until = match self.spent.is_lasting() {
            true => WallTime(f64::MAX),
            false => self.limiter.matters_until(),
        };
        until.min(self.lasts)
    }
}

fn by_number(reservations: &[Reservation], number: u64) -> Option<&Reservation> {
    let found = reservations.binary_search_by_key(&number, |reservation| reservation.number);
    reservations.get(found.ok()?)
}
