//! Admission of a request before each attempt: which key it uses, whether the limits let it through now, and whether it is first in
//! line.

use super::account::Admitted;
use super::failure::Failure;
use super::machine::{Machine, State};
use super::{Call, Effect, Step};
use crate::policy::clock::Now;
use crate::policy::key_pool::KeyPool;
use crate::policy::limit_store::{Part, Refusal};
use crate::policy::rate_limit::Reason;
use crate::policy::waiting::{Looks, Sleep};
use crate::trap::{self, Place};
use crate::unit::{Millis, SteadyTime};
use std::cell::Cell;
use std::rc::Rc;

/// By so much a timer may fire early: who waits as long as a server asked for is not told that it was not long enough.
const EARLY: Millis = Millis(2.0);

/// A request's wait for the limits.
#[derive(Debug)]
pub(super) struct Turn {
    /// When the limits were last asked.
    asked: SteadyTime,
    /// When the request stops waiting.
    give_up: SteadyTime,
    /// The number of its place in line, once it has one.
    place: Option<u64>,
    /// How often the request asks the limits again where no other call can wake it.
    looks: Looks,
    /// The line's count of freed places at the last look.
    freed: u64,
}

/// One round over the keys: each may have limits of its own, so they are asked one after the other.
#[derive(Debug)]
pub(super) struct Round {
    keys: Vec<usize>,
    next: usize,
    /// The refusal that ends soonest.
    soonest: Option<Refusal>,
    /// How long until some key may let the request through, though the refusal that is told lasts longer: one that rests, or one whose
    /// pause is too long to be waited for alone.
    next_key: Millis,
    /// Whether the request is first in line.
    first: bool,
    /// The line's count of freed places when the round began.
    freed: u64,
}

impl Call {
    /// Picks a key and reserves with the limits; the request waits in line where the options allow it.
    pub(super) fn admit(&self, machine: &mut Machine, now: Now) -> Step {
        if self.kind.is_none() {
            return self.admit_unlimited(machine, now);
        }
        if let Some(admitted) = self.account.waiting(machine.index) {
            return self.send(machine, admitted, now);
        }
        self.admit_limited(machine, now)
    }

    /// Starts asking the limits for a request.
    pub(super) fn admit_limited(&self, machine: &mut Machine, now: Now) -> Step {
        machine.turn = Some(Turn {
            asked: self.shared.clock(),
            give_up: self.shared.clock() + self.shared.config.waiting.max_wait,
            place: None,
            looks: Looks::default(),
            freed: self.shared.line.freed(),
        });
        self.look(machine, now)
    }

    /// Lets a request to the catalogue through: it counts against no limit.
    fn admit_unlimited(&self, machine: &mut Machine, now: Now) -> Step {
        let model = self.model_of(machine.index);
        let keys = self
            .shared
            .pool(|pool| pool.pick(&model, &machine.tried, now));
        let key = keys.first().copied().unwrap_or(0);
        let admitted = self.let_through(machine.index, key, None);
        self.send(machine, admitted, now)
    }

    fn let_through(&self, index: usize, key: usize, reservation: Option<String>) -> Rc<Admitted> {
        self.account.open(Admitted {
            index,
            key,
            reservation,
            sent: Cell::new(false),
            unseen: Cell::new(false),
        })
    }

    /// Asks the limits in this client's memory to reserve all parts or none. `None`: the caller gave a limit store, which has to be
    /// asked instead.
    pub(super) fn ask_memory(
        &self,
        parts: &[Part],
        tells_quotas: bool,
        now: Now,
    ) -> Option<Result<String, Refusal>> {
        self.shared.memory(|store| {
            let answer = store.reserve(parts, now);
            if tells_quotas && !self.parts.is_empty() {
                self.note_quotas(store, parts, now);
            }
            answer
        })
    }

    /// Asks the limits if it is this request's turn. A new request asks once even if others are first in line, so that a request
    /// that can never fit fails at once.
    pub(super) fn look(&self, machine: &mut Machine, now: Now) -> Step {
        let Some(turn) = &mut machine.turn else {
            return Step::Nothing;
        };
        let clock = self.shared.clock();
        turn.asked = clock;
        let line = &self.shared.line;
        let position = turn.place.and_then(|place| line.position(place, clock));
        let first = position.map_or_else(|| line.is_empty(clock), |before| before == 0);
        // A request that gives up asks once more: the refusal says why it had to wait.
        let is_late = clock >= turn.give_up;
        if !first && position.is_some() && !is_late {
            return self.sleep(machine, None, now);
        }
        if self.has_budget() && self.shared.has_lost_counters() {
            return self.give_up(machine, self.overdrawn());
        }
        let model = self.model_of(machine.index);
        let keys = self
            .shared
            .pool(|pool| pool.pick(&model, &machine.tried, now));
        let round = Round {
            keys,
            next: 0,
            soonest: None,
            next_key: Millis::INFINITY,
            first,
            freed: line.freed(),
        };
        self.go_round(machine, round, now)
    }

    /// Asks the limits for each key of a round, until one says yes or all have refused.
    fn go_round(&self, machine: &mut Machine, mut round: Round, now: Now) -> Step {
        while let Some(key) = round.keys.get(round.next).copied() {
            let parts = self.parts(machine.index, key);
            // The store has already been asked for the call as a whole, and each further question would take time.
            if self.is_split() && !self.parts.is_empty() && !self.counts_requests() {
                let admitted = self.let_through(machine.index, key, None);
                return self.admitted(machine, &round, admitted, now);
            }
            let answer = self.ask_memory(&parts, !self.is_split(), now);
            let Some(answer) = answer else {
                machine.state = State::Reserving(Box::new(round));
                return Step::Reserve { parts };
            };
            if let Err(step) = self.hear(machine, &mut round, answer, now) {
                return *step;
            }
        }
        self.end_round(machine, round, now)
    }

    /// Takes the limit store's answer for the round's current key.
    pub(super) fn reserved(
        &self,
        machine: &mut Machine,
        mut round: Round,
        answer: Result<String, Refusal>,
        now: Now,
    ) -> Step {
        match self.hear(machine, &mut round, answer, now) {
            Ok(()) => self.go_round(machine, round, now),
            Err(step) => *step,
        }
    }

    /// Takes an answer for the current key. `Ok`: the round goes on with the next key.
    fn hear(
        &self,
        machine: &mut Machine,
        round: &mut Round,
        answer: Result<String, Refusal>,
        now: Now,
    ) -> Result<(), Box<Step>> {
        let key = round.keys.get(round.next).copied().unwrap_or_default();
        let refusal = match answer {
            Ok(reservation) => {
                let admitted = self.let_through(machine.index, key, Some(reservation));
                return Err(Box::new(self.admitted(machine, round, admitted, now)));
            }
            Err(refusal) => refusal,
        };
        round.next += 1;
        // If the client's limit or the budget refuses, another key can't help.
        let of_key = refusal.scope == self.shared.scope(key);
        if of_key {
            let wait = refusal.limit.retry_after;
            self.shared.pool(|pool| pool.limited(key, wait, now));
            // 0 means that nobody knows when.
            if wait > Millis::ZERO {
                round.next_key = round.next_key.min(wait);
            }
        } else {
            round.next = round.keys.len();
            round.next_key = Millis::INFINITY;
        }
        // The call waits for some refusals to end; those win over a pause that is too long to wait for.
        let waits = |refusal: &Refusal| !self.is_too_long_a_pause(refusal);
        let sooner = |best: &Refusal| match waits(&refusal) == waits(best) {
            true => refusal.ends_before(best),
            false => waits(&refusal),
        };
        if !of_key || round.soonest.as_ref().is_none_or(sooner) {
            round.soonest = Some(refusal);
        }
        Ok(())
    }

    /// Sends the request that the limits let through, if it is first in line; otherwise it gives the reservation back and waits.
    fn admitted(
        &self,
        machine: &mut Machine,
        round: &Round,
        admitted: Rc<Admitted>,
        now: Now,
    ) -> Step {
        trap::here(Place::Admitted);
        if machine.is_whole {
            machine.turn = None;
            machine.index += 1;
            return self.admit_each(machine, now);
        }
        if round.first {
            self.end_turn(machine);
            return self.send(machine, admitted, now);
        }
        self.release(&admitted);
        self.sleep(machine, None, now)
    }

    /// Adds the resting keys to the round, if a server asked for a pause longer than this call waits: every usable key
    /// is tried before the call fails.
    fn turns_to_others(&self, index: usize, round: &mut Round, now: Now) -> bool {
        let waits = self.shared.config.waiting.waits;
        let ends = |refusal: &Refusal| {
            refusal.limit.reason == Reason::Blocked
                && (!waits || self.is_too_long_a_pause(refusal))
                && round
                    .keys
                    .iter()
                    .any(|key| refusal.scope == self.shared.scope(*key))
        };
        if !round.soonest.as_ref().is_some_and(ends) {
            return false;
        }
        let model = self.model_of(index);
        let others = |pool: &mut KeyPool| pool.others(&model, &round.keys, now);
        let mut others = self.shared.pool(others);
        round.keys.append(&mut others);
        round.next < round.keys.len()
    }

    /// Whether a refusal is a pause that a server asked for and that is longer than this call waits. The call then fails at once.
    pub(super) fn is_too_long_a_pause(&self, refusal: &Refusal) -> bool {
        let retry = &self.options.retry;
        let longest = match retry.max_attempts {
            1 => Millis::ZERO,
            _ => retry.max_delay,
        };
        let is_pause = refusal.limit.reason == Reason::Blocked;
        is_pause && refusal.limit.retry_after > longest.max(EARLY)
    }

    /// Every key was refused: the request waits in line or fails.
    // A function of its own: an engine compiles a function as a whole at its first call, and few calls need this.
    #[inline(never)]
    fn end_round(&self, machine: &mut Machine, mut round: Round, now: Now) -> Step {
        let passed_on = |refusal| self.passes_on(machine, refusal, now);
        if let Some(step) = round.soonest.as_ref().and_then(passed_on) {
            return step;
        }
        if self.turns_to_others(machine.index, &mut round, now) {
            return self.go_round(machine, round, now);
        }
        let Some(refusal) = &mut round.soonest else {
            return self.give_up(machine, self.keyless());
        };
        let of_key = |key: &usize| refusal.scope == self.shared.scope(*key);
        if round.keys.iter().any(of_key) {
            let model = self.model_of(machine.index);
            let next_ready = |pool: &mut KeyPool| pool.next_ready(&model, &round.keys, now);
            round.next_key = round.next_key.min(self.shared.pool(next_ready));
            // A request that is too large for one key is too large for each of them.
            if refusal.limit.retry_after.is_finite() {
                refusal.limit.retry_after = refusal.limit.retry_after.min(round.next_key);
            }
        }
        let waits = self.shared.config.waiting.waits;
        let wait = refusal.limit.retry_after;
        let hopeless = !waits
            || refusal.limit.reason == Reason::Budget
            || wait == Millis::INFINITY
            || self.is_too_long_a_pause(refusal);
        // The comparison uses the time of the question, so that a wait of exactly maxWait isn't too long because the store's
        // answer took a moment. Sums are compared, since the difference of two clock readings can lose the last bit of a double.
        let times = |turn: &Turn| (turn.asked, turn.give_up);
        let (asked, give_up) = machine.turn.as_ref().map_or_else(Default::default, times);
        if hopeless || asked >= give_up || (round.first && asked + wait > give_up) {
            return self.give_up(machine, self.refused(refusal));
        }
        // Places that became free while a store was asked woke nobody.
        if round.first && self.shared.line.freed() != round.freed {
            return self.look(machine, now);
        }
        self.sleep(machine, Some(&round).filter(|round| round.first), now)
    }

    /// Puts the request to sleep in line. The first request in line has just asked the limits, and sleeps until they may let it
    /// through; if a running call has to end first, it sleeps until that call wakes it.
    fn sleep(&self, machine: &mut Machine, round: Option<&Round>, now: Now) -> Step {
        let Some(turn) = &mut machine.turn else {
            return Step::Nothing;
        };
        let clock = self.shared.clock();
        let left = turn.give_up - clock;
        if turn.asked >= turn.give_up {
            return self.give_up(machine, self.too_late());
        }
        let line = &self.shared.line;
        let place = turn
            .place
            .filter(|place| line.position(*place, clock).is_some());
        let place = place.unwrap_or_else(|| {
            let place = line.join(clock);
            self.places.get(|places| places.push(place));
            place
        });
        turn.place = Some(place);
        trap::here(Place::Line);
        // The requests before this one left while a store was asked, so nobody is left to wake it.
        if round.is_none() && line.position(place, clock) == Some(0) {
            return self.look(machine, now);
        }
        let host = self.shared.host;
        // When the line moves, the request looks as often as at the beginning.
        if turn.freed != line.freed() {
            turn.freed = line.freed();
            turn.looks.renew();
        }
        let limit = round.and_then(|round| Some(round.soonest.as_ref()?.limit));
        let ms = turn.looks.sleep(Sleep {
            is_first: round.is_some(),
            retry_after: limit.map_or(Millis::ZERO, |limit| limit.retry_after),
            least: limit.map_or(Millis::ZERO, |limit| limit.least),
            left: left.min(round.map_or(left, |round| round.next_key)),
            // Other processes may use the caller's store too, and they can't wake a call of this one.
            is_woken: host.wakes_across_requests && (round.is_none() || !host.has_store),
        });
        line.sleeps(place, clock + ms);
        machine.state = State::Waiting;
        Step::Sleep {
            ms,
            waiter: Some(place),
        }
    }

    /// Ends the wait with a failure. If a server failed an earlier attempt, that failure is reported: it matters more than
    /// the limit that kept the next attempt back.
    pub(super) fn give_up(&self, machine: &mut Machine, failure: Box<Failure>) -> Step {
        self.end_turn(machine);
        let failure = machine.last.take().unwrap_or(failure);
        machine.fail(failure)
    }

    /// Takes the request out of the line and wakes the next one.
    pub(super) fn end_turn(&self, machine: &mut Machine) {
        let place = machine.turn.take().and_then(|turn| turn.place);
        if let Some(place) = place {
            self.leave(place);
        }
    }

    fn leave(&self, place: u64) {
        self.places.get(|places| {
            let own = places.iter().position(|own| *own == place);
            own.map(|own| places.remove(own))
        });
        if let Some(waiter) = self.shared.line.leave(place) {
            self.effect(Effect::Wake { waiter });
        }
    }

    /// Gives up every place in line that the call still has.
    pub(super) fn leave_line(&self) {
        for place in self.places.get(std::mem::take) {
            self.leave(place);
        }
    }
}
