//! Which request's turn it is, what the limits say, and how long a waiter may sleep.

use hfetch::call::Step;
use hfetch::policy::limit_store::Refusal;
use hfetch::policy::rate_limit::Reason;

use super::super::rules;
use super::{GRACE, Judge, LAST_LOOK, Moment, Phase, Request, UNNAMED};

impl Judge {
    /// One's turn in line, or a first look.
    pub(super) fn look(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        self.drop_silent();
        let turn = &mut request.turn;
        turn.asked = self.clock;
        let position = self
            .line
            .iter()
            .position(|place| Some(place.0) == turn.waiter);
        turn.first = position.map_or(self.line.is_empty(), |before| before == 0);
        if !turn.first && position.is_some() {
            return self.sleep(request, step);
        }
        if self.shared.config.budget.is_some() && self.shared.has_lost_counters() {
            return self.give_up(request, step, "LimitExceededError");
        }
        turn.keys = self.pool.pick(&m.call.model, &request.tried, m.now);
        (turn.next, turn.freed) = (0, m.freed);
        turn.refusals.clear();
        turn.parts.clear();
        if turn.keys.is_empty() {
            return self.give_up(request, step, "AuthenticationError");
        }
        self.ask(m, request, step);
    }

    /// One key after the other, until the limits say yes.
    pub(super) fn ask(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        while let Some(key) = request.turn.keys.get(request.turn.next).copied() {
            let parts = rules::parts(&self.shared, m.call, m.index, key, m.own);
            let Some(store) = &mut self.store else {
                assert!(
                    matches!(step, Step::Reserve { parts: asked } if *asked == parts),
                    "{step:?}"
                );
                request.phase = Phase::Reserving;
                return;
            };
            let answer = store.reserve(&parts, m.now);
            request.turn.parts.push(parts);
            match answer {
                Ok(name) if request.turn.first => {
                    (request.key, request.reservation) = (key, Some(name));
                    return self.sent(m, request, step);
                }
                Ok(name) => {
                    store.release(&name);
                    return self.sleep(request, step);
                }
                Err(refusal) => self.refused(m, request, refusal),
            }
        }
        self.end_round(m, request, step);
    }

    pub(super) fn refused(&mut self, m: &Moment<'_>, request: &mut Request, refusal: Refusal) {
        let turn = &mut request.turn;
        let key = turn.keys[turn.next];
        turn.next += 1;
        // Another key can't help against a limit of the client's, or the budget.
        if refusal.scope == self.shared.scope(key) {
            self.pool.limited(key, refusal.retry_after, m.now);
        } else {
            turn.next = turn.keys.len();
            turn.refusals.clear();
        }
        turn.refusals.push(refusal);
    }

    pub(super) fn reserved(
        &mut self,
        m: &Moment<'_>,
        request: &mut Request,
        answer: &Result<String, Refusal>,
        step: &Step,
    ) {
        let turn = &request.turn;
        match answer {
            Ok(_) if turn.first => {
                request.key = turn.keys[turn.next];
                self.sent(m, request, step);
            }
            Ok(_) => self.join(m, request, step),
            Err(refusal) => {
                self.refused(m, request, refusal.clone());
                self.ask(m, request, step);
            }
        }
    }

    /// Every key was refused.
    pub(super) fn end_round(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        let turn = &request.turn;
        let waits = self.shared.config.waiting.waits;
        let soonest = turn.refusals.iter().map(|refusal| refusal.retry_after);
        let soonest = soonest.fold(f64::INFINITY, f64::min);
        let budget = turn
            .refusals
            .iter()
            .any(|refusal| refusal.reason == Reason::Budget);
        if budget {
            return self.give_up(request, step, "BudgetExceededError");
        }
        let too_long = turn.first && soonest > turn.give_up - turn.asked;
        if !waits || soonest == f64::INFINITY || too_long {
            return self.give_up(request, step, "LimitExceededError");
        }
        if request.turn.first && m.freed != request.turn.freed {
            return self.look(m, request, step);
        }
        self.join(m, request, step);
    }

    /// A request that is first as it joins asks at once: no other one will wake it.
    pub(super) fn join(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        self.drop_silent();
        let turn = &mut request.turn;
        if !turn.first && self.line.is_empty() && turn.give_up > self.clock {
            self.line.push((UNNAMED, self.clock + GRACE));
            turn.waiter = Some(UNNAMED);
            return self.look(m, request, step);
        }
        self.sleep(request, step);
    }

    pub(super) fn sleep(&mut self, request: &mut Request, step: &Step) {
        let turn = &mut request.turn;
        let left = turn.give_up - self.clock;
        if left <= 0.0 {
            return self.give_up(request, step, "LimitExceededError");
        }
        let Step::Sleep {
            ms,
            waiter: Some(waiter),
        } = step
        else {
            panic!("a place in line, not {step:?}");
        };
        let host = self.shared.host;
        let is_woken = host.wakes_across_requests && !(turn.first && host.has_store);
        let waits = || turn.refusals.iter().map(|refusal| refusal.retry_after);
        let soonest = waits().filter(|ms| *ms > 0.0).fold(f64::INFINITY, f64::min);
        let wait = match turn.first {
            true if waits().all(|ms| ms > 0.0) => soonest..=soonest,
            true if is_woken => left.min(soonest)..=left.min(soonest),
            false if is_woken => left..=left,
            _ => 1.0..=LAST_LOOK.min(left).max(1.0),
        };
        assert!(wait.contains(ms), "{wait:?}: {step:?} {turn:?}");
        let place = self
            .line
            .iter_mut()
            .find(|place| Some(place.0) == turn.waiter);
        let alive_until = self.clock + ms + GRACE;
        match place {
            Some(place) => *place = (*waiter, alive_until),
            None => self.line.push((*waiter, alive_until)),
        }
        turn.waiter = Some(*waiter);
        turn.sleeps_until = self.clock + ms;
        request.phase = Phase::Waiting;
    }

    /// In workerd a request may die without a word, and its place is lost.
    pub(super) fn drop_silent(&mut self) {
        if !self.shared.host.wakes_across_requests {
            self.line.retain(|place| place.1 >= self.clock);
        }
    }

    pub(super) fn leave(&mut self, request: &mut Request) {
        let waiter = request.turn.waiter.take();
        self.line.retain(|place| Some(place.0) != waiter);
    }

    /// Nothing happens any more at this time: the first request in line knows that it is first, and sleeps no longer than it must.
    pub fn quiet(&mut self) {
        let Some((waiter, _)) = self.line.first() else {
            return;
        };
        let mut requests = self.requests.iter();
        let Some((_, request)) = requests.find(|row| row.1.turn.waiter == Some(*waiter)) else {
            return;
        };
        if self.jumped || !matches!(request.phase, Phase::Waiting) {
            return;
        }
        let turn = &request.turn;
        if !self.shared.host.wakes_across_requests {
            assert!(
                turn.first || turn.sleeps_until <= self.clock + LAST_LOOK,
                "{turn:?}"
            );
            return;
        }
        assert!(turn.first, "the first in line was not told: {turn:?}");
        let Some(store) = &self.store else { return };
        if turn.sleeps_until > self.clock + 1.0 {
            for parts in &turn.parts {
                let answer = store.clone().reserve(parts, self.now);
                assert!(
                    answer.is_err(),
                    "asleep at {} though it could go: {turn:?}",
                    self.now
                );
            }
        }
    }
}
