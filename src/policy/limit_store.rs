//! Limits and budgets of many scopes. A request reserves with all of them together or with none.
//!
//! [`MemoryStore`] is the store of one client; every shared store runs the same state machine.

mod journal;
mod part;
mod pause;
mod scope;
mod stored;

pub use journal::Changes;
pub use part::{Part, Refusal};

use journal::Journal;
use scope::{Hold, Scope};

use super::budget::Money;
use super::clock::{Clock, Now};
use super::rate_limit::{Quota, Usage};
use crate::text::split_once;
use crate::unit::{Millis, SteadyTime, Usd, WallTime};

/// After how long without a renewal a shared store takes a reservation for lost, in ms: 10 minutes.
pub const LOST_AFTER: Millis = Millis(600_000.0);

/// How often a call under way gives word of its reservations: several such words may get lost.
pub const RENEW_AFTER: Millis = Millis(LOST_AFTER.0 / 5.0);

/// How many lost reservations are remembered, in case their requests end after all.
const MOST_LOST: usize = 1_000;

/// The number of scopes from which on idle ones are dropped.
const MANY_SCOPES: usize = 1_000;

/// One reservation that has not ended, or is lost.
#[derive(Clone, Debug, Default)]
struct Reservation {
    number: u64,
    at: SteadyTime,
    holds: Vec<Hold>,
    /// When it was last heard of after it was made; of a lost one, when it was given up and what it held was booked.
    seen: Option<SteadyTime>,
}

impl Reservation {
    fn seen(&self) -> SteadyTime {
        self.seen.unwrap_or(self.at)
    }
}

/// The limiters and budgets of all scopes.
///
/// ```
/// use hfetch::policy::limit_store::{MemoryStore, Part};
/// use hfetch::policy::rate_limit::Limits;
/// use hfetch::unit::{Usd, WallTime};
///
/// let part = |scope: &str, most: f64| Part {
///     scope: scope.to_string(),
///     pause: None,
///     lasts: None,
///     tokens: 1,
///     usd: Usd(0.0),
///     limits: Limits {
///         requests_per_minute: Some(most),
///         ..Limits::default()
///     },
///     budget: None,
/// };
/// let parts = [part("a key", 1.0), part("a client", 2.0)];
/// let mut store = MemoryStore::new();
/// let reservation = store.reserve(&parts, WallTime(0.0)).unwrap();
/// // One part refuses, and the other has counted nothing.
/// assert_eq!(store.reserve(&parts, WallTime(1.0)).unwrap_err().scope, "a key");
/// assert_eq!(store.usage("a client", WallTime(2.0)).requests_last_minute, 1.0);
/// store.settle(&reservation, 1, Usd(0.0), WallTime(3.0));
/// ```
#[derive(Clone, Debug)]
pub struct MemoryStore {
    clock: Clock,
    /// When the store was created. It is part of every reservation's name, so that a name from before a loss of state never ends a
    /// newer reservation.
    created: SteadyTime,
    last_number: u64,
    /// Sorted by name.
    scopes: Vec<Scope>,
    drop_idle_at: usize,
    open: Vec<Reservation>,
    lost: Vec<Reservation>,
    lost_after: Millis,
    /// No open reservation can be lost before this time.
    none_lost_before: SteadyTime,
    /// A record of changes, kept only for a store that writes them to storage.
    journal: Option<Journal>,
}

impl MemoryStore {
    /// A store in which a reservation stays open until it ends.
    pub fn new() -> Self {
        MemoryStore::lasting(Millis::INFINITY)
    }

    /// A store that outlives its users: a reservation that they leave open for [`LOST_AFTER`] counts as lost.
    pub fn shared() -> Self {
        MemoryStore::lasting(LOST_AFTER)
    }

    fn lasting(lost_after: Millis) -> Self {
        MemoryStore {
            clock: Clock::default(),
            created: SteadyTime::ZERO,
            last_number: 0,
            scopes: Vec::new(),
            drop_idle_at: MANY_SCOPES,
            open: Vec::new(),
            lost: Vec::new(),
            lost_after,
            none_lost_before: SteadyTime::ZERO,
            journal: None,
        }
    }

    /// Reserves every part or none.
    pub fn reserve(&mut self, parts: &[Part], now: impl Into<Now>) -> Result<String, Refusal> {
        self.advance(now.into());
        let mut holds = Vec::with_capacity(parts.len());
        let mut refusal: Option<Refusal> = None;
        for part in parts {
            let now = self.clock.now();
            let mut add = |refused| match &mut refusal {
                Some(others) => others.join(refused),
                None => refusal = Some(refused),
            };
            if let Some(refused) = self.paused(part, now) {
                add(refused);
            }
            let Some(scope) = self.scope(&part.scope) else {
                continue;
            };
            match scope.hold(part, now) {
                Ok(hold) => holds.push(hold),
                Err(refused) => add(refused),
            }
        }
        let number = self.last_number.saturating_add(1);
        let at = self.clock.steady();
        let reservation = Reservation {
            number,
            at,
            holds,
            seen: None,
        };
        if let Some(refusal) = refusal {
            self.let_go(&reservation);
            return Err(refusal);
        }
        if self.last_number == 0 {
            self.created = self.clock.steady();
        }
        self.last_number = number;
        self.note(&reservation, false);
        self.none_lost_before = self.none_lost_before.min(at + self.lost_after);
        self.open.push(reservation);
        Ok(self.name(number))
    }

    /// Ends a reservation with what its request used; an unknown name changes nothing.
    pub fn settle(&mut self, reservation: &str, tokens: u64, usd: Usd, now: impl Into<Now>) {
        self.advance(now.into());
        let now = self.clock.now();
        let Some((ended, was_lost)) = self.end(reservation) else {
            return;
        };
        if was_lost {
            self.mend(&ended);
        }
        for hold in &ended.holds {
            let Some(scope) = self.scope(&hold.scope) else {
                continue;
            };
            // A lost reservation holds nothing any more, and its number in the limiter may already belong to another one.
            if !was_lost {
                scope.limiter.settle(hold.id, tokens, now);
                scope.spent.release(hold.money.unwrap_or_default());
            }
            if hold.money.is_some() {
                scope.spent.book(Money::from_usd(usd), now.wall);
            }
        }
    }

    /// Ends a reservation as if it had never been made, because nothing was sent.
    pub fn release(&mut self, reservation: &str) {
        match self.end(reservation) {
            Some((ended, false)) => self.let_go(&ended),
            Some((lost, true)) => self.mend(&lost),
            None => {}
        }
    }

    /// Renews a reservation whose request is still running; one that has ended or is lost stays so.
    pub fn renew(&mut self, reservation: &str, now: impl Into<Now>) {
        self.advance(now.into());
        let number = self.number(reservation).unwrap_or_default();
        if let Ok(found) = self.open.binary_search_by_key(&number, |open| open.number)
            && let Some(open) = self.open.get_mut(found)
        {
            open.seen = Some(self.clock.steady());
            if let Some(journal) = &mut self.journal {
                journal.note_renewed(number);
            }
        }
    }

    /// Takes back what was booked for a lost reservation, since its real usage is known now.
    fn mend(&mut self, lost: &Reservation) {
        let at = self.clock.to_wall(lost.seen());
        for hold in &lost.holds {
            if let Some(scope) = find(&mut self.scopes, &hold.scope) {
                let booked = hold.money.unwrap_or_default();
                scope.spent.change(at, |amount| amount.minus(booked));
            }
        }
    }

    /// The counts of a scope's limiter.
    pub fn usage(&mut self, scope: &str, now: impl Into<Now>) -> Usage {
        self.advance(now.into());
        let now = self.clock.now();
        let found = find(&mut self.scopes, scope);
        found.map_or_else(Usage::default, |scope| scope.limiter.usage(now))
    }

    /// The amounts that are left of a scope's limits, as these were in its last reservation.
    pub fn quotas(&mut self, scope: &str, now: impl Into<Now>) -> Vec<Quota> {
        self.advance(now.into());
        let now = self.clock.now();
        find(&mut self.scopes, scope).map_or_else(Vec::new, |scope| scope.limiter.quotas(now))
    }

    fn let_go(&mut self, reservation: &Reservation) {
        for hold in &reservation.holds {
            if let Some(scope) = find(&mut self.scopes, &hold.scope) {
                scope.limiter.release(hold.id);
                scope.spent.release(hold.money.unwrap_or_default());
            }
        }
    }

    /// The number in a reservation's name, if this store made the name.
    fn number(&self, reservation: &str) -> Option<u64> {
        let (created, number) = split_once(reservation, b'-')?;
        let is_own = created == (self.created.0 as u64).to_string();
        number.parse().ok().filter(|_| is_own)
    }

    /// Removes a reservation; the flag says whether it was lost.
    fn end(&mut self, reservation: &str) -> Option<(Reservation, bool)> {
        let number = self.number(reservation)?;
        let open = take(&mut self.open, number).map(|found| (found, false));
        let found = open.or_else(|| take(&mut self.lost, number).map(|found| (found, true)))?;
        self.note(&found.0, true);
        Some(found)
    }

    fn note(&mut self, reservation: &Reservation, ended: bool) {
        if let Some(journal) = &mut self.journal {
            journal.note(reservation, ended);
        }
    }

    /// Tells the store the time of its own host, where `now` comes from other hosts.
    pub fn correct(&mut self, own: WallTime) {
        self.clock.correct(own);
    }

    fn advance(&mut self, now: Now) {
        self.clock.read(now);
        let now = self.clock.steady();
        if now < self.none_lost_before {
            return;
        }
        let mut index = 0;
        while let Some(open) = self.open.get(index) {
            if open.seen() + self.lost_after > now {
                index += 1;
                continue;
            }
            let mut lost = self.open.remove(index);
            lost.seen = Some(lost.seen() + self.lost_after);
            self.lose(&lost);
            self.note(&lost, true);
            let place = self
                .lost
                .partition_point(|other| other.number < lost.number);
            self.lost.insert(place, lost);
        }
        self.none_lost_before = self.first_loss().unwrap_or(SteadyTime::INFINITY);
        let excess = self.lost.len().saturating_sub(MOST_LOST);
        for reservation in &take_first(&mut self.lost, excess) {
            self.note(reservation, true);
        }
    }

    /// When the oldest open reservation will count as lost.
    fn first_loss(&self) -> Option<SteadyTime> {
        let seen = self.open.iter().map(Reservation::seen);
        seen.reduce(SteadyTime::min)
            .map(|seen| seen + self.lost_after)
    }

    /// Books all that a lost reservation holds, since its request may have used it. If the request ends after all, its real usage
    /// replaces the booking.
    fn lose(&mut self, lost: &Reservation) {
        let at = self.clock.to_wall(lost.seen());
        for hold in &lost.holds {
            if let Some(scope) = find(&mut self.scopes, &hold.scope) {
                let held = hold.money.unwrap_or_default();
                scope.limiter.settle(hold.id, hold.tokens, self.clock.now());
                scope.spent.release(held);
                scope.spent.advance(self.clock.wall());
                scope.spent.change(at, |amount| amount.plus(held));
            }
        }
    }

    fn name(&self, number: u64) -> String {
        let created = (self.created.0 as u64).to_string();
        [created.as_str(), "-", &number.to_string()].concat()
    }

    /// The scope with this name; it is created if it doesn't exist.
    fn scope(&mut self, name: &str) -> Option<&mut Scope> {
        if find(&mut self.scopes, name).is_none() {
            self.drop_idle();
            let scope = Scope {
                name: name.to_string(),
                ..Scope::default()
            };
            let index = self
                .scopes
                .partition_point(|other| other.name.as_str() < name);
            self.scopes.insert(index, scope);
        }
        find(&mut self.scopes, name)
    }

    fn drop_idle(&mut self) {
        if self.scopes.len() < self.drop_idle_at {
            return;
        }
        let now = self.clock.now();
        self.scopes.retain_mut(|scope| {
            let is_idle = scope.limiter.is_idle(now) && scope.spent.is_idle(now.wall);
            !is_idle && now.wall < scope.lasts
        });
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

/// Removes `count` reservations from the front of a list.
fn take_first(reservations: &mut Vec<Reservation>, count: usize) -> Vec<Reservation> {
    if count == 0 {
        return Vec::new();
    }
    let rest = reservations.split_off(count.min(reservations.len()));
    std::mem::replace(reservations, rest)
}

fn take(reservations: &mut Vec<Reservation>, number: u64) -> Option<Reservation> {
    let found = reservations.binary_search_by_key(&number, |reservation| reservation.number);
    Some(reservations.remove(found.ok()?))
}
