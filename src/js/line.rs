//! Who waits for a limit: one line per client, first come first served.
//!
//! Every request sleeps by itself until it is woken or its time has come. Where a promise of one request must not be
//! resolved by another (workerd) nobody is woken, and each looks again after a while. There a request can also vanish
//! without a word, timers and all, so that who overslept has lost its place.

use std::cell::Cell;
use std::collections::VecDeque;

use super::cancel::{Nap, resolves_across_requests};
use super::held::Held;
use super::trap;

/// How much longer than announced a request may be silent, in ms: it may be asking a slow store.
const GRACE: f64 = 5_000.0;

struct Waiter {
    number: u64,
    call: usize,
    nap: Option<Nap>,
    alive_until: f64,
}

/// The line of one client.
#[derive(Default)]
pub struct Line {
    waiting: Held<VecDeque<Waiter>>,
    last: Cell<u64>,
    freed: Cell<u64>,
}

/// A place in the line; dropping it leaves the line and lets the next one look.
pub struct Place<'a> {
    line: &'a Line,
    number: u64,
}

impl Line {
    /// How many wait.
    pub fn len(&self, now: f64) -> usize {
        let may_vanish = !resolves_across_requests();
        self.waiting.get(|waiting| {
            if may_vanish {
                waiting.retain(|waiter| waiter.alive_until >= now);
            }
            waiting.len()
        })
    }

    /// Grows whenever something becomes free.
    pub fn freed(&self) -> u64 {
        self.freed.get()
    }

    /// A call joins at the end.
    pub fn join(&self, call: usize, now: f64) -> Place<'_> {
        let number = self.last.get() + 1;
        self.last.set(number);
        let waiter = Waiter {
            number,
            call,
            nap: None,
            alive_until: now + GRACE,
        };
        self.waiting.get(|waiting| {
            trap::here(trap::Place::Waiting);
            waiting.push_back(waiter);
        });
        Place { line: self, number }
    }

    /// A call has ended: places that it didn't give back itself are free.
    pub fn leave(&self, call: usize) {
        let left = self.waiting.get(|waiting| {
            let before = waiting.len();
            waiting.retain(|waiter| waiter.call != call);
            waiting.len() < before
        });
        if left {
            self.wake_first();
        }
    }

    /// Something has become free: the first in line may look now.
    pub fn wake_first(&self) {
        self.freed.set(self.freed.get() + 1);
        if !resolves_across_requests() {
            return;
        }
        let nap = self
            .waiting
            .get(|waiting| waiting.front_mut().and_then(|first| first.nap.take()));
        if let Some(nap) = nap {
            nap.wake();
        }
    }
}

impl Place<'_> {
    /// How many are before it; none: the place is lost.
    pub fn position(&self, now: f64) -> Option<usize> {
        self.line.len(now);
        self.line.waiting.get(|waiting| {
            waiting
                .iter()
                .position(|waiter| waiter.number == self.number)
        })
    }

    /// Remembers what to wake, and how long the sleep may last.
    pub fn sleeps(&self, nap: Nap, until: f64) {
        self.line.waiting.get(|waiting| {
            let own = waiting
                .iter_mut()
                .find(|waiter| waiter.number == self.number);
            if let Some(waiter) = own {
                waiter.nap = Some(nap);
                waiter.alive_until = until + GRACE;
            }
        });
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.line
            .waiting
            .get(|waiting| waiting.retain(|waiter| waiter.number != self.number));
        self.line.wake_first();
    }
}
