//! The line of calls that wait for a limit: one per client, first come, first served.
//!
//! The line has no timers. Each call sleeps in its driver; the line says how long, and which call is woken early when a
//! limit becomes free. In workerd one request can't wake another. Waiting calls look again by themselves there, and the line
//! drops a call whose announced sleep ended long ago, since it may have died silently.

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
    /// Sorted by number.
    waiting: Held<Vec<Waiter>>,
    last: Cell<u64>,
    freed: Cell<u64>,
    wakes: bool,
}

impl Line {
    /// An empty line; `wakes` says whether one request can end the sleep of another.
    pub fn new(wakes: bool) -> Self {
        Line {
            wakes,
            ..Line::default()
        }
    }

    /// How many calls wait.
    pub fn len(&self, now: SteadyTime) -> usize {
        self.waiting.get(|waiting| {
            if !self.wakes {
                waiting.retain(|waiter| waiter.alive_until >= now);
            }
            waiting.len()
        })
    }

    /// Whether no call waits.
    pub fn is_empty(&self, now: SteadyTime) -> bool {
        self.len(now) == 0
    }

    /// A count that grows whenever a limit becomes free.
    pub fn freed(&self) -> u64 {
        self.freed.get()
    }

    /// Adds a call at the end of the line and returns the number of its place.
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

    /// How many calls are before a place; `None` where the place is lost.
    pub fn position(&self, number: u64, now: SteadyTime) -> Option<usize> {
        self.len(now);
        self.waiting.get(|waiting| place_of(waiting, number))
    }

    /// Records that a waiting call sleeps until `until` at the latest.
    pub fn sleeps(&self, number: u64, until: SteadyTime) {
        self.waiting.get(|waiting| {
            let place = place_of(waiting, number);
            if let Some(waiter) = place.and_then(|place| waiting.get_mut(place)) {
                waiter.alive_until = until + GRACE;
            }
        });
    }

    /// Removes a place. Returns the call to wake, if the place was still there.
    pub fn leave(&self, number: u64) -> Option<u64> {
        let left = |waiting: &mut Vec<Waiter>| Some(waiting.remove(place_of(waiting, number)?));
        self.waiting.get(left)?;
        self.wake_first()
    }

    /// Counts that a limit has become free, and returns the call to wake.
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
