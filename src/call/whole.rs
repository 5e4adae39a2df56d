//! A call of several requests, none of which may wait for the limits: all are let through before the first is sent, or none.

use super::machine::{Machine, State};
use super::{Call, Step};
use crate::policy::clock::Now;
use crate::policy::limit_store::Refusal;
use crate::policy::rate_limit::Limits;

impl Call {
    /// Whether the call is let through as a whole or not at all: sent in several requests, none of which may wait for the limits.
    pub fn is_split(&self) -> bool {
        self.requests.len() > 1 && !self.shared.config.waiting.waits
    }

    /// Whether there is something beside the call to count a request against: its key, or the client's budget.
    pub(super) fn counts_requests(&self) -> bool {
        self.limits_of_keys() != Limits::default() || self.shared.config.budget.is_some()
    }

    /// Lets a call through that is sent in several requests, all of them or none, before the first is sent: what can't fit
    /// as a whole must not cost a part. What the call brought, and the requests at once, count it as one request.
    pub(super) fn admit_whole(&self, machine: &mut Machine, now: Now) -> Step {
        let parts = self.call_parts(0..self.requests.len());
        if parts.is_empty() {
            return self.admit_each(machine, now);
        }
        match self.ask_memory(&parts, true, now) {
            Some(answer) => self.reserved_whole(machine, answer, now),
            None => {
                machine.state = State::ReservingWhole;
                Step::Reserve { parts }
            }
        }
    }

    /// The store has answered for the call as a whole.
    pub(super) fn reserved_whole(
        &self,
        machine: &mut Machine,
        answer: Result<String, Refusal>,
        now: Now,
    ) -> Step {
        match answer {
            Ok(reservation) => {
                self.open_whole(reservation);
                self.admit_each(machine, now)
            }
            Err(refusal) => self.give_up(machine, self.refused(&refusal)),
        }
    }

    /// Lets the next request of a call through, until all are. Where no key is limited, each request takes the key that is
    /// free when its turn comes.
    pub(super) fn admit_each(&self, machine: &mut Machine, now: Now) -> Step {
        if machine.index < self.requests.len() && self.counts_requests() {
            return self.admit_limited(machine, now);
        }
        machine.state = State::Over;
        Step::Deliver
    }
}
