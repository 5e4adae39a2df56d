//! Who waits for a limit: one line per client, first come first served.
//!
//! Every request sleeps on a timer of its own. Waking the next in line only shortens its sleep, and where a promise of
//! one request must not be resolved by another (workerd) nobody is woken: the timers alone do.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::cancel::Nap;

/// How often the first in line looks when nobody can tell when a slot gets free, in ms.
const LOOK: f64 = 10.0;
/// How often those behind look whether they are first, in ms.
const LOOK_BEHIND: f64 = 1_000.0;

/// The line of one client.
#[derive(Default)]
pub struct Line {
    waiting: RefCell<VecDeque<(u64, Option<Nap>)>>,
    last: Cell<u64>,
}

/// A place in the line; dropping it leaves the line and lets the next one look.
pub struct Place<'a> {
    line: &'a Line,
    number: u64,
}

impl Line {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.borrow().len()
    }

    /// Joins at the end.
    pub fn join(&self) -> Place<'_> {
        let number = self.last.get() + 1;
        self.last.set(number);
        self.waiting.borrow_mut().push_back((number, None));
        Place { line: self, number }
    }

    /// Lets the first in line look now: something has become free.
    pub fn wake_first(&self) {
        if super::cancel::resolves_across_requests() {
            let nap = self
                .waiting
                .borrow_mut()
                .front_mut()
                .and_then(|(_, nap)| nap.take());
            if let Some(nap) = nap {
                nap.wake();
            }
        }
    }
}

impl Place<'_> {
    fn position(&self) -> usize {
        let waiting = self.line.waiting.borrow();
        waiting
            .iter()
            .position(|(number, _)| *number == self.number)
            .unwrap_or(0)
    }

    /// Whether nobody is before it.
    pub fn is_first(&self) -> bool {
        self.position() == 0
    }

    /// How long to sleep at most, given when the first in line may try again.
    pub fn patience(&self, retry_after: f64, left: f64) -> f64 {
        let position = self.position() as f64;
        let look = if position > 0.0 {
            if super::cancel::resolves_across_requests() {
                LOOK_BEHIND
            } else {
                (LOOK * position).min(LOOK_BEHIND)
            }
        } else if retry_after > 0.0 {
            retry_after
        } else {
            LOOK
        };
        look.min(left).max(1.0)
    }

    /// Remembers what to wake.
    pub fn sleeps_on(&self, nap: Nap) {
        let mut waiting = self.line.waiting.borrow_mut();
        if let Some(entry) = waiting
            .iter_mut()
            .find(|(number, _)| *number == self.number)
        {
            entry.1 = Some(nap);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.line
            .waiting
            .borrow_mut()
            .retain(|(number, _)| *number != self.number);
        self.line.wake_first();
    }
}
