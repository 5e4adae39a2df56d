//! A store as rows: a head, a row for each scope and one for each reservation, and the way back.
//!
//! The store itself is a [`Row`] with all of them, which [`MemoryStore::restore`] takes. [`MemoryStore::changes`] has those that have
//! changed, and [`MemoryStore::adopt`] takes the row of one scope after the others.

use super::{Hold, MemoryStore, Reservation, Scope};
use crate::error::Error;
use crate::json::Value;
use crate::policy::budget::Money;
use crate::policy::rate_limit::MOST_TOKENS;
use crate::policy::row::{self, Columns, NEXT, Row};
use crate::unit::{SteadyTime, WallTime};

/// What a store's state is called where it is refused, and its scopes there.
const STATE: &str = "state";
const OF_SCOPE: &str = "state.scopes";

/// The whole state, including open reservations.
impl Row for MemoryStore {
    fn columns(&mut self, with: &mut Columns<'_>) {
        self.head(with);
        with.rows("scopes", &mut self.scopes, &mut |with, scope| {
            scope.columns(with, None, &[]);
        });
        for (name, rows) in [("open", &mut self.open), ("lost", &mut self.lost)] {
            with.rows(name, rows, &mut |with, row| row.columns(with));
        }
        if with.is_reading() {
            self.check(with);
        }
    }
}

impl MemoryStore {
    /// The columns beside scopes and reservations: clock, name of the store, last number.
    pub(super) fn head(&mut self, with: &mut Columns<'_>) {
        self.clock.columns(with);
        with.time("created", &mut self.created.0);
        with.count("lastReservation", &mut self.last_number);
    }

    /// Checks the order of the rows that were read, by which they are found later: scopes by name, reservations by number and by time. No
    /// reservation may be later than the state.
    fn check(&mut self, with: &mut Columns<'_>) {
        if !self.scopes.is_sorted_by(|one, other| one.name < other.name) {
            with.broken("scopes");
        }
        let (now, number) = (self.clock.steady(), self.last_number);
        for (name, rows) in [("open", &mut self.open), ("lost", &mut self.lost)] {
            let mut last = (0, SteadyTime::ZERO);
            for row in rows {
                let in_order = row.number > last.0 && row.at >= last.1;
                let is_known = row.number <= number && row.at <= now;
                if !in_order || !is_known || row.holds.iter().any(|hold| hold.tokens > MOST_TOKENS)
                {
                    with.broken(name);
                }
                last = (row.number, row.at);
                row.seen = row.seen.filter(|seen| *seen <= now);
            }
        }
        for lost in &mut self.lost {
            // Older versions booked nothing for what was lost, and wrote no time of it.
            if lost.seen.is_none() {
                for hold in &mut lost.holds {
                    hold.money = hold.money.map(|_| Money::default());
                }
            }
        }
    }

    /// Takes over the state that a store like this one wrote.
    pub fn restore(&mut self, value: &Value) -> Result<(), Error> {
        let mut store = MemoryStore {
            clock: self.clock,
            ..MemoryStore::lasting(self.lost_after)
        };
        row::read(&mut store, value, STATE)?;
        store.journal = self.journal.take();
        *self = store;
        Ok(())
    }

    /// The names of the scopes in which reservations hold something; a name may come more than once. A store that keeps each scope in a
    /// row of its own has to load these scopes together with the reservations.
    pub fn held_scopes(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for reservation in self.open.iter().chain(&self.lost) {
            for hold in &reservation.holds {
                names.push(hold.scope.as_str());
            }
        }
        names
    }

    /// Takes the row of one scope, from a state as a whole or from changes.
    pub fn adopt(&mut self, value: &Value) -> Result<(), Error> {
        let mut scope = Scope::default();
        row::read_list(value, OF_SCOPE, &mut |with| {
            scope.columns(with, None, &self.open);
        })?;
        if let Some(place) = self.scope(&scope.name) {
            *place = scope;
        }
        Ok(())
    }
}

impl Scope {
    /// The columns of the scope. Changes are written with `times`: then the row has the counts of these times alone and no open
    /// reservation, and says up to when on the wall clock the scope can matter. When such a row is read back, `open` has the reservations.
    pub(super) fn columns(
        &mut self,
        with: &mut Columns<'_>,
        times: Option<&[SteadyTime]>,
        open: &[Reservation],
    ) {
        with.text(NEXT, &mut self.name);
        for reservation in open {
            for hold in reservation
                .holds
                .iter()
                .filter(|hold| hold.scope == self.name)
            {
                self.limiter
                    .expect_open(hold.id, reservation.at, hold.tokens);
            }
        }
        let limiter = &mut self.limiter;
        with.object(NEXT, &mut |with| limiter.columns_of(with, times));
        with.object(NEXT, &mut |with| self.spent.columns(with));
        let mut until = self.until();
        if with.has(NEXT, times.is_some()) {
            with.number(NEXT, &mut until.0, f64::MIN, f64::MAX);
        }
        // If the stored end is earlier than the counts imply, no request uses the scope after it.
        if until < self.until() {
            self.lasts = until;
        }
    }

    /// Up to when on the wall clock anything it remembers can matter.
    fn until(&self) -> WallTime {
        let until = match self.spent.is_lasting() {
            true => WallTime(f64::MAX),
            false => self.limiter.matters_until(),
        };
        until.min(self.lasts)
    }
}

impl Reservation {
    /// This reservation's row.
    pub(super) fn columns(&mut self, with: &mut Columns<'_>) {
        with.count(NEXT, &mut self.number);
        with.time(NEXT, &mut self.at.0);
        with.rows(NEXT, &mut self.holds, &mut |with, hold| hold.columns(with));
        if with.has(NEXT, self.seen.is_some()) {
            with.time(NEXT, &mut self.seen.get_or_insert_default().0);
        }
    }
}

impl Hold {
    fn columns(&mut self, with: &mut Columns<'_>) {
        with.text(NEXT, &mut self.scope);
        with.count(NEXT, &mut self.id);
        with.count(NEXT, &mut self.tokens);
        if with.has_or_null(NEXT, self.money.is_some()) {
            with.whole(NEXT, &mut self.money.get_or_insert_default().0);
        }
    }
}
