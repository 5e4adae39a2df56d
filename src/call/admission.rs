//! Before an attempt: which key, whether the limits let the request through now, and whose turn it is.

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
    /// When the wait is over.
    give_up: SteadyTime,
    /// Its place in line, once it has one.
    place: Option<u64>,
    /// How often it looks where nobody can wake it.
    looks: Looks,
    /// What had become free by the last look.
    freed: u64,
}

/// One round over the keys, each of which may have limits of its own.
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
    /// What had become free when the round began.
    freed: u64,
}

impl Call {
    /// Picks a key and reserves, waiting in line where the options say so.
    pub(super) fn admit(&self, machine: &mut Machine, now: Now) -> Step {
        if self.kind.is_none() {
            return self.admit_unlimited(machine, now);
        }
        if let Some(admitted) = self.account.waiting(machine.index) {
            return self.send(machine, admitted, now);
        }
        self.admit_limited(machine, now)
    }

    /// Asks the limits for a request, from the beginning.
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

    /// A look into the catalogue counts against no limit.
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

    /// What this client's memory says to a request for all parts or none; none where the caller gave a store.
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

    /// Asks the limits where it is this request's turn. A request that has just come asks once even when others are first,
    /// so that one that can never fit fails at once.
    pub(super) fn look(&self, machine: &mut Machine, now: Now) -> Step {
        let Some(turn) = &mut machine.turn else {
            return Step::Nothing;
        };
        let clock = self.shared.clock();
        turn.asked = clock;
        let line = &self.shared.line;
        let position = turn.place.and_then(|place| line.position(place, clock));
        let first = position.map_or_else(|| line.is_empty(clock), |before| before == 0);
        // A request that gives up asks once more, to say why.
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

    /// Asks for the next key of a round, until the limits say yes or there is no further key.
    fn go_round(&self, machine: &mut Machine, mut round: Round, now: Now) -> Step {
        while let Some(key) = round.keys.get(round.next).copied() {
            let parts = self.parts(machine.index, key);
            // The store has been asked for the call as a whole, and each further question takes its time.
            if self.is_split() && !self.parts.is_empty() && !self.counts_requests() {
                let admitted = self.let_through(machine.index, key, None);
                return self.admitted(machine, &round, admitted, now);
            }
            let answer = self.ask_memory(&parts, !self.is_split(), now);
            let Some(answer) = answer else {
                machine.state = State::Reserving(round);
                return Step::Reserve { parts };
            };
            if let Err(step) = self.hear(machine, &mut round, answer, now) {
                return *step;
            }
        }
        self.end_round(machine, round, now)
    }

    /// The given store has answered for the key that the round was at.
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

    /// Takes an answer for the current key: `Ok` where the round goes on.
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
        // Another key can't help where the client or the budget says no.
        let of_key = refusal.scope == self.shared.scope(key);
        if of_key {
            let wait = refusal.limit.retry_after;
            self.shared.pool(|pool| pool.limited(key, wait, now));
            // 0: nobody knows when.
            if wait > Millis::ZERO {
                round.next_key = round.next_key.min(wait);
            }
        } else {
            round.next = round.keys.len();
            round.next_key = Millis::INFINITY;
        }
        // What is waited for comes before a pause that isn't.
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

    /// The limits said yes: the request goes out, if it is its turn.
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

    /// Adds the keys that rest to a round in which the server wants a key to pause for longer than the call waits: the last
    /// usable key is tried all the same.
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

    /// Whether a refusal is a pause that a server has asked for, and a longer one than this call waits for: it is told at once.
    pub(super) fn is_too_long_a_pause(&self, refusal: &Refusal) -> bool {
        let retry = &self.options.retry;
        let longest = match retry.max_attempts {
            1 => Millis::ZERO,
            _ => retry.max_delay,
        };
        let is_pause = refusal.limit.reason == Reason::Blocked;
        is_pause && refusal.limit.retry_after > longest.max(EARLY)
    }

    /// Every key was refused: the request waits, or gives up.
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
            // A request that is too large for one key is so for each of them.
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
        // By the time of the question: a wait as long as maxWait is not too long because the answer took a moment. Both are added to it,
        // for the difference of two readings of a clock may be less than what was added by the last bit of a double.
        let times = |turn: &Turn| (turn.asked, turn.give_up);
        let (asked, give_up) = machine.turn.as_ref().map_or_else(Default::default, times);
        if hopeless || asked >= give_up || (round.first && asked + wait > give_up) {
            return self.give_up(machine, self.refused(refusal));
        }
        // What became free while a store was asked woke nobody.
        if round.first && self.shared.line.freed() != round.freed {
            return self.look(machine, now);
        }
        self.sleep(machine, Some(&round).filter(|round| round.first), now)
    }

    /// The request waits in line. The first one, which has just made a round, sleeps until a limit may allow it; where a
    /// call under way has to end first, until it is woken.
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
        // Those that were before it have gone while a store was asked: nobody is left to wake it.
        if round.is_none() && line.position(place, clock) == Some(0) {
            return self.look(machine, now);
        }
        let host = self.shared.host;
        // A line that moves is looked at as often as at first.
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
            // A store of the caller's may be shared with processes that can wake nobody here.
            is_woken: host.wakes_across_requests && (round.is_none() || !host.has_store),
        });
        line.sleeps(place, clock + ms);
        machine.state = State::Waiting;
        Step::Sleep {
            ms,
            waiter: Some(place),
        }
    }

    /// The wait ends with a failure; what a server said before matters more than the limit that kept the next try from it.
    pub(super) fn give_up(&self, machine: &mut Machine, failure: Failure) -> Step {
        self.end_turn(machine);
        let failure = machine.last.take().unwrap_or_else(|| Box::new(failure));
        machine.fail(failure)
    }

    /// The request is out of the line, and the next one may look.
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

    /// Every place in line that the call still has is free.
    pub(super) fn leave_line(&self) {
        for place in self.places.get(std::mem::take) {
            self.leave(place);
        }
    }
}
