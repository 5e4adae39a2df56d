//! The line of calls that wait for a limit: one for each client, first come first served.
//!
//! The line holds no timers. Each call sleeps in its driver; the line says how long, and whose sleep ends early when
//! something becomes free. In workerd nobody's sleep can be ended by another request, so that calls look again by
//! themselves there, and a waiter whose time is long over is taken for gone.

use std::cell::Cell;

use crate::held::Held;
use crate::trap::{self, Place};
use crate::unit::{Millis, SteadyTime};

/// How much longer than it announced a waiter may be silent before its place is lost: it may be asking a slow store.
const GRACE: Millis = Millis(5_000.0);

#[derive(Debug)]
struct Waiter {
    number: u64,
    alive_until: SteadyTime,
}

/// The line of one client.
#[derive(Debug, Default)]
pub struct Line {
    /// By number.
    waiting: Held<Vec<Waiter>>,
    last: Cell<u64>,
    freed: Cell<u64>,
    wakes: bool,
}

impl Line {
    /// An empty line; `wakes` says whether one request may end another one's sleep.
    pub fn new(wakes: bool) -> Self {
        Line {
            wakes,
            ..Line::default()
        }
    }

    /// How many wait.
    pub fn len(&self, now: SteadyTime) -> usize {
        self.waiting.get(|waiting| {
            if !self.wakes {
                waiting.retain(|waiter| waiter.alive_until >= now);
            }
            waiting.len()
        })
    }

    /// Whether nobody waits.
    pub fn is_empty(&self, now: SteadyTime) -> bool {
        self.len(now) == 0
    }

    /// A count that grows whenever something becomes free.
    pub fn freed(&self) -> u64 {
        self.freed.get()
    }

    /// A call joins at the end; gives the number of its place.
    pub fn join(&self, now: SteadyTime) -> u64 {
        let number = self.last.get() + 1;
        self.last.set(number);
        self.waiting.get(|waiting| {
            trap::here(Place::Waiting);
            waiting.push(Waiter {
                number,
                alive_until: now + GRACE,
            });
        });
        number
    }

    /// How many are before a place; none where the place is lost.
    pub fn position(&self, number: u64, now: SteadyTime) -> Option<usize> {
        self.len(now);
        self.waiting.get(|waiting| place_of(waiting, number))
    }

    /// A waiter sleeps until then at the longest.
    pub fn sleeps(&self, number: u64, until: SteadyTime) {
        self.waiting.get(|waiting| {
            let place = place_of(waiting, number);
            if let Some(waiter) = place.and_then(|place| waiting.get_mut(place)) {
                waiter.alive_until = until + GRACE;
            }
        });
    }

    /// A place is given up; gives the waiter whose sleep ends, if it was there.
    pub fn leave(&self, number: u64) -> Option<u64> {
        let left = |waiting: &mut Vec<Waiter>| Some(waiting.remove(place_of(waiting, number)?));
        self.waiting.get(left)?;
        self.wake_first()
    }

    /// Something has become free: gives the waiter whose sleep ends.
    pub fn wake_first(&self) -> Option<u64> {
        self.freed.set(self.freed.get() + 1);
        if !self.wakes {
            return None;
        }
        self.waiting
            .get(|waiting| waiting.first().map(|first| first.number))
    }
}

fn place_of(waiting: &[Waiter], number: u64) -> Option<usize> {
    let found = waiting.binary_search_by_key(&number, |waiter| waiter.number);
    found.ok()
}
