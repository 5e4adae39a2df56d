//! A store's changes as rows, for storage in which writing the whole state each time would be slow.

use super::{Hold, MemoryStore, Reservation, find};
use crate::policy::clock::{Clock, Now};
use crate::policy::row::{Columns, NEXT, Row};
use crate::unit::{SteadyTime, WallTime};

/// The changes since the journal was last read.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// Scopes by name, each with the past times that changed.
    scopes: Vec<(String, Vec<SteadyTime>)>,
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

/// The rows to write. A row replaces the one that was written before.
#[derive(Debug)]
pub struct Changes<'a> {
    store: &'a mut MemoryStore,
    touched: Journal,
}

/// A state with what was touched alone, and the numbers of reservations that are over.
impl Row for Changes<'_> {
    fn columns(&mut self, with: &mut Columns<'_>) {
        with.object("state", &mut |with| self.state(with));
        let (open, lost) = (&mut self.store.open, &mut self.store.lost);
        with.list("ended", &mut |with| {
            for number in &mut self.touched.reservations {
                if by_number(open, *number).is_none() && by_number(lost, *number).is_none() {
                    with.count(NEXT, number);
                }
            }
        });
    }
}

impl Changes<'_> {
    fn state(&mut self, with: &mut Columns<'_>) {
        let store = &mut *self.store;
        store.head(with);
        with.list("scopes", &mut |with| {
            for (name, times) in &self.touched.scopes {
                if let Some(scope) = find(&mut store.scopes, name) {
                    with.list(NEXT, &mut |with| scope.columns(with, Some(times), &[]));
                }
            }
        });
        for (name, reservations) in [("open", &mut store.open), ("lost", &mut store.lost)] {
            with.list(name, &mut |with| {
                for number in &self.touched.reservations {
                    if let Some(found) = by_number(reservations, *number) {
                        with.list(NEXT, &mut |with| found.columns(with));
                    }
                }
            });
        }
    }
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
    pub fn changes(&mut self) -> Option<Changes<'_>> {
        let touched = std::mem::take(self.journal.as_mut()?);
        if touched.scopes.is_empty() && touched.reservations.is_empty() {
            return None;
        }
        Some(Changes {
            store: self,
            touched,
        })
    }

    /// Whether a scope is in memory.
    pub fn knows(&mut self, scope: &str) -> bool {
        find(&mut self.scopes, scope).is_some()
    }

    /// Lets time pass: reservations that have been open too long are lost.
    pub fn expire(&mut self, now: impl Into<Now>) {
        self.advance(now.into());
    }

    /// When the oldest open reservation will count as lost, on the wall clock.
    pub fn next_loss(&self) -> Option<WallTime> {
        Some(self.clock.to_wall(self.first_loss()?))
    }
}

fn by_number(reservations: &mut [Reservation], number: u64) -> Option<&mut Reservation> {
    let found = reservations.binary_search_by_key(&number, |reservation| reservation.number);
    reservations.get_mut(found.ok()?)
}
