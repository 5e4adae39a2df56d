//! A call of several requests, none of which may wait for the limits: either all are let through before the first is sent, or none
//! is.

use super::machine::{Machine, State};
use super::{Call, Step};
use crate::policy::clock::Now;
use crate::policy::limit_store::Refusal;
use crate::policy::rate_limit::Limits;

impl Call {
    /// Whether the call has several requests and none may wait for the limits, so that it is let through as a whole or refused.
    pub fn is_split(&self) -> bool {
        self.requests.len() > 1 && !self.shared.config.waiting.waits
    }

    /// Whether requests count against a limit of their keys or the client's budget.
    pub(super) fn counts_requests(&self) -> bool {
        self.limits_of_keys() != Limits::default() || self.shared.config.budget.is_some()
    }

    /// Lets all requests of the call through or none. If the limits refuse the whole, no part of it is sent and paid for. The
    /// limits that the call brought, and `maxConcurrent`, count it as one request.
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

    /// Takes the store's answer for the call as a whole.
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

    /// Lets the requests through one after the other. If no key is limited, each request takes the key that is
    /// free when its turn comes.
    pub(super) fn admit_each(&self, machine: &mut Machine, now: Now) -> Step {
        if machine.index < self.requests.len() && self.counts_requests() {
            return self.admit_limited(machine, now);
        }
        machine.state = State::Over;
        Step::Deliver
    }
}
