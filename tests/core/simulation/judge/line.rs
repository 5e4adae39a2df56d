//! Whose turn it is, what the limits say, and how long a waiting call may sleep.

use std::ops::RangeInclusive;

use hfetch::call::Step;
use hfetch::call::shared::Host;
use hfetch::policy::limit_store::Refusal;
use hfetch::policy::rate_limit::Reason;
use hfetch::unit::Millis;

use super::super::rules;
use super::{FIRST_LOOK, GRACE, Judge, LAST_LOOK, Moment, Phase, Request, Turn, UNNAMED};

impl Judge {
    /// A request's turn in line, or its first look.
    pub(super) fn look(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        self.drop_silent();
        let turn = &mut request.turn;
        turn.asked = self.clock.steady().0;
        let position = self
            .line
            .iter()
            .position(|place| Some(place.0) == turn.waiter);
        turn.first = position.map_or(self.line.is_empty(), |before| before == 0);
        // A request whose wait is over still asks once, to learn what is in the way.
        if !turn.first && position.is_some() && turn.asked < turn.give_up {
            return self.sleep(request, step);
        }
        if self.shared.config.budget.is_some() && self.shared.has_lost_counters() {
            return self.give_up(request, step, "store");
        }
        turn.keys = self.pool.pick(&m.call.model, &request.tried, m.now);
        (turn.next, turn.freed) = (0, m.freed);
        turn.refusals.clear();
        assert!(
            !turn.keys.is_empty(),
            "the last usable key is never refused"
        );
        turn.parts = (0..self.shared.config.keys.len().max(1))
            .map(|key| {
                let index = request.lets_through.unwrap_or(m.index);
                rules::parts(&self.shared, m.call, index, key, m.own)
            })
            .collect();
        self.ask(m, request, step);
    }

    /// Asks for one key after the other until the limits say yes.
    pub(super) fn ask(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        while let Some(key) = request.turn.keys.get(request.turn.next).copied() {
            if self.is_counted_already(m) {
                return self.admitted(m, request, key, None, step);
            }
            let parts = &request.turn.parts[key];
            let Some(store) = &mut self.store else {
                assert!(
                    matches!(step, Step::Reserve { parts: asked } if asked == parts),
                    "{step:?}"
                );
                request.phase = Phase::Reserving;
                return;
            };
            match store.reserve(parts, m.now) {
                Ok(name) if request.turn.first => {
                    return self.admitted(m, request, key, Some(name), step);
                }
                Ok(name) => {
                    store.release(&name);
                    return self.join(m, request, step);
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
        // Another key can't help against a limit of the client's or the budget.
        if refusal.scope == self.shared.scope(key) {
            self.pool.limited(key, refusal.limit.retry_after, m.now);
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
                let key = turn.keys[turn.next];
                self.admitted(m, request, key, None, step);
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
        let turn = &mut request.turn;
        let policy = &m.call.options.retry;
        // A known time wins over one that nobody can predict, and both win over a pause that isn't waited for.
        let gives_way = |refusal: &Refusal| {
            let ms = match refusal.limit.retry_after {
                Millis(0.0) => f64::MAX,
                ms => ms.0,
            };
            (rules::is_too_long_a_pause(refusal, policy), ms)
        };
        let soonest = turn.refusals.iter().min_by(|one, other| {
            let (one, other) = (gives_way(one), gives_way(other));
            one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
        });
        let refusal = soonest.expect("a refusal").clone();
        let of_a_key = turn
            .keys
            .iter()
            .any(|key| refusal.scope == self.shared.scope(*key));
        let waits = self.shared.config.waiting.waits;
        let too_long = rules::is_too_long_a_pause(&refusal, policy);
        if of_a_key && refusal.limit.reason == Reason::Blocked && (too_long || !waits) {
            let others = self.pool.others(&turn.model, &turn.keys, m.now);
            if !others.is_empty() {
                turn.keys.extend(others);
                return self.ask(m, request, step);
            }
        }
        let turn = &mut request.turn;
        let mut of_keys = turn.keys.iter().map(|key| self.shared.scope(*key));
        // The refusal may report another time, but the wait ends with the first key that can be used.
        let waits = turn
            .refusals
            .iter()
            .map(|refusal| refusal.limit.retry_after.0);
        let first = waits.filter(|ms| *ms > 0.0).fold(f64::INFINITY, f64::min);
        turn.rested = match of_keys.any(|scope| scope == refusal.scope) {
            true => first.min((self.pool.next_ready(&turn.model, &turn.keys, m.now)).0),
            false => f64::INFINITY,
        };
        let told = refusal.limit.reason;
        let mut wait = refusal.limit.retry_after;
        if of_a_key && wait.is_finite() {
            wait = wait.min(Millis(turn.rested));
        }
        let mut soon = refusal.clone();
        soon.limit.retry_after = wait;
        let ends = rules::is_too_long_a_pause(&soon, policy);
        let left = turn.give_up - turn.asked;
        let too_long = ends || turn.first && wait.min(Millis(turn.rested)) > Millis(left);
        let never = !self.shared.config.waiting.waits || wait == Millis(f64::INFINITY);
        turn.refusal = Some(refusal);
        if never || too_long || left <= 0.0 || told == Reason::Budget {
            if told == Reason::Blocked && wait.is_finite() {
                return self.paused(request, step, wait.0);
            }
            return self.give_up(request, step, told.name());
        }
        if request.turn.first && m.freed != request.turn.freed {
            return self.look(m, request, step);
        }
        self.join(m, request, step);
    }

    /// The server has asked for a pause, of which `left` ms are left.
    fn paused(&mut self, request: &mut Request, step: &Step, left: f64) {
        let class = request.failed.unwrap_or("RateLimitError");
        if let (None, Step::Fail(failure)) = (request.failed, step) {
            let error = &failure.error;
            assert_eq!(
                (error.status, error.retry_after),
                (Some(429), Some(Millis(left)))
            );
            assert_eq!((error.reason, &failure.request_id), (None, &None));
        }
        self.fail(request, step, class);
    }

    /// A request that is first in line when it joins asks at once, since no other request will wake it.
    pub(super) fn join(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        self.drop_silent();
        let clock = self.clock.steady();
        let turn = &mut request.turn;
        if !turn.first && self.line.is_empty() && turn.give_up > turn.asked {
            self.line.push((UNNAMED, (clock + Millis(GRACE)).0));
            turn.waiter = Some(UNNAMED);
            return self.look(m, request, step);
        }
        self.sleep(request, step);
    }

    pub(super) fn sleep(&mut self, request: &mut Request, step: &Step) {
        let turn = &mut request.turn;
        if turn.asked >= turn.give_up {
            return self.give_up(request, step, "concurrent");
        }
        let Step::Sleep {
            ms,
            waiter: Some(waiter),
        } = step
        else {
            panic!("a place in line, not {step:?}");
        };
        let clock = self.clock.steady();
        let wait = turn.wait(clock.0, self.shared.host);
        assert!(wait.contains(&ms.0), "{wait:?}: {step:?} {turn:?}");
        let place = self
            .line
            .iter_mut()
            .find(|place| Some(place.0) == turn.waiter);
        let alive_until = clock + *ms + Millis(GRACE);
        match place {
            Some(place) => *place = (*waiter, alive_until.0),
            None => self.line.push((*waiter, alive_until.0)),
        }
        turn.waiter = Some(*waiter);
        turn.sleeps_until = (clock + *ms).0;
        request.phase = Phase::Waiting;
    }

    /// In workerd a request may die silently, and its place is lost.
    pub(super) fn drop_silent(&mut self) {
        if !self.shared.host.wakes_across_requests {
            let clock = self.clock.steady();
            self.line.retain(|place| place.1 >= clock.0);
        }
    }

    pub(super) fn leave(&mut self, request: &mut Request) {
        let waiter = request.turn.waiter.take();
        self.line.retain(|place| Some(place.0) != waiter);
    }

    /// Nothing more happens at this time: the first request in line knows that it is first, and sleeps no longer than necessary.
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
        let clock = self.clock.steady();
        if !self.shared.host.wakes_across_requests {
            assert!(
                turn.first || turn.sleeps_until <= (clock + Millis(LAST_LOOK)).0,
                "{turn:?}"
            );
            return;
        }
        assert!(turn.first, "the first in line was not told: {turn:?}");
        let Some(store) = &self.store else { return };
        if turn.sleeps_until > (clock + Millis(1.0)).0 {
            let mut pool = self.pool.clone();
            for key in pool.pick(&turn.model, &request.tried, self.now) {
                let answer = store.clone().reserve(&turn.parts[key], self.now);
                assert!(
                    answer.is_err(),
                    "asleep at {clock:?} though it could go: {turn:?}"
                );
            }
        }
    }
}

impl Turn {
    /// How many ms the next sleep may take.
    fn wait(&self, clock: f64, host: Host) -> RangeInclusive<f64> {
        let left = self.give_up - clock;
        let refusal = self.refusal.as_ref().filter(|_| self.first);
        let told = |refusal: &Refusal| (refusal.limit.retry_after.0, refusal.limit.least.0);
        let (wait, least) = refusal.map_or((0.0, 0.0), told);
        let rested = match self.first {
            true => self.rested,
            false => f64::INFINITY,
        };
        let by_time = match wait {
            0.0 => f64::INFINITY,
            wait => wait.min(rested),
        };
        let most = by_time.min(rested).min(left).max(1.0);
        let is_woken = host.wakes_across_requests && !(self.first && host.has_store);
        if is_woken || (by_time.is_finite() && least >= by_time) {
            return most..=most;
        }
        most.min(least.max(FIRST_LOOK))..=most.min(least.max(LAST_LOOK))
    }
}
