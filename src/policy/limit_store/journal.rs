//! A store's changes as rows, for a storage that would be slow if it wrote everything each time.

use serde::Serialize;

use super::stored::ReservationState;
use super::{Hold, MemoryStore, Reservation, Scope, find};
use crate::json::Value;
use crate::policy::{budget, rate_limit};

/// What has been touched since the last look.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    scopes: Vec<String>,
    /// Scope and time.
    buckets: Vec<(String, f64)>,
    /// By number.
    reservations: Vec<u64>,
}

impl Journal {
    /// A reservation was made or has ended, and with it its parts; one that has ended is counted where it was held.
    pub fn note(&mut self, reservation: &Reservation, ended: bool) {
        self.reservations.push(reservation.number);
        for Hold { scope, .. } in &reservation.holds {
            self.scopes.push(scope.clone());
            if ended {
                self.buckets.push((scope.clone(), reservation.at));
            }
        }
    }

    /// A scope was changed by itself.
    pub fn note_scope(&mut self, scope: &str) {
        self.scopes.push(scope.to_string());
    }
}

/// The rows to write; what is told of a row takes the place of what was told before.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    now: f64,
    created: f64,
    last_reservation: f64,
    /// Name, until when it matters, limiter without its rows, money.
    scopes: Vec<(String, f64, rate_limit::State, budget::State)>,
    /// Scope, time, and what was counted then and is no longer held: requests, tokens.
    buckets: Vec<(String, f64, f64, f64)>,
    open: Vec<ReservationState>,
    lost: Vec<ReservationState>,
    /// Numbers of reservations that are over.
    ended: Vec<f64>,
}

impl MemoryStore {
    /// A shared store that keeps a record of what changes.
    pub fn journaled() -> Self {
        MemoryStore {
            journal: Some(Journal::default()),
            ..MemoryStore::shared()
        }
    }

    /// What has changed since the last time, if anything has.
    pub fn changes(&mut self) -> Option<Changes> {
        let mut noted = std::mem::take(self.journal.as_mut()?);
        if noted.scopes.is_empty() && noted.reservations.is_empty() {
            return None;
        }
        noted.scopes.sort_unstable();
        noted.scopes.dedup();
        noted
            .buckets
            .sort_unstable_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
        noted.buckets.dedup();
        let mut changes = Changes {
            now: self.now,
            created: self.created,
            last_reservation: self.last_number as f64,
            scopes: Vec::new(),
            buckets: Vec::new(),
            open: Vec::new(),
            lost: Vec::new(),
            ended: Vec::new(),
        };
        for name in noted.scopes {
            if let Some(scope) = find(&mut self.scopes, &name) {
                let row = (scope.until(), scope.limiter.head(), scope.spent.state());
                changes.scopes.push((name, row.0, row.1, row.2));
            }
        }
        for (name, at) in noted.buckets {
            let counted =
                find(&mut self.scopes, &name).and_then(|scope| scope.limiter.settled_at(at));
            if let Some((at, requests, tokens)) = counted {
                changes
                    .buckets
                    .push((name, at, requests as f64, tokens as f64));
            }
        }
        for number in noted.reservations {
            match (by_number(&self.open, number), by_number(&self.lost, number)) {
                (Some(open), _) => changes.open.push(open.state()),
                (_, Some(lost)) => changes.lost.push(lost.state()),
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
        self.with(&name, |place| *place = scope);
        true
    }

    /// Lets time pass: what is left open too long is lost.
    pub fn expire(&mut self, now: f64) {
        self.advance(now);
    }

    /// When the oldest open reservation will be taken for lost.
    pub fn next_loss(&self) -> Option<f64> {
        self.open.first().map(|first| first.at + self.lost_after)
    }
}

impl Scope {
    /// Up to when anything it remembers can matter.
    fn until(&mut self) -> f64 {
        if self.spent.is_lasting() {
            return f64::MAX;
        }
        self.limiter.matters_until()
    }
}

fn by_number(reservations: &[Reservation], number: u64) -> Option<&Reservation> {
    let found = reservations.binary_search_by_key(&number, |reservation| reservation.number);
    reservations.get(found.ok()?)
}
