//! The attempts of one request: what is sent, and what follows from an answer, an error or silence.

use std::rc::Rc;

use super::account::Admitted;
use super::failover::may_help;
use super::failure::{Cancelled, Failure};
use super::head::Head;
use super::machine::{LATE, Machine, State};
use super::outgoing::Outgoing;
use super::{Call, Event, Lost, Step};
use crate::config::check_given_key;
use crate::json;
use crate::policy::clock::Now;
use crate::policy::retry;
use crate::policy::time_limit::Phase;
use crate::trap::{self, Place};
use crate::unit::Millis;
use crate::wire::request;

/// How long an error body may take.
const ERROR_BODY_PATIENCE: Millis = Millis(5_000.0);

/// An attempt that brought no answer.
struct Failed {
    failure: Box<Failure>,
    status: Option<u16>,
    /// How long until the same key may be tried again; none: never.
    delay: Option<Millis>,
}

impl Call {
    /// The next step after an event. An event that doesn't fit the state changes nothing.
    pub(super) fn advance(
        &self,
        machine: &mut Machine,
        event: Event<'_>,
        now: Now,
        random: f64,
    ) -> Step {
        match (std::mem::take(&mut machine.state), event) {
            (State::Over, _) => self.end(machine),
            (State::Owed, Event::Reserved(answer)) => {
                if let Ok(reservation) = answer {
                    self.give_back(&reservation);
                }
                self.end(machine)
            }
            (State::Owed, Event::StoreFailed) => self.end(machine),
            (State::Owed, _) => {
                machine.state = State::Owed;
                Step::Nothing
            }
            (state, Event::Cancelled(how)) => self.end_early(machine, state, how, now),
            (State::New, Event::Begin) => self.begin(machine, now),
            (State::AwaitingPrices, Event::Prices) => {
                self.awaits_prices.set(false);
                self.afford(machine, now)
            }
            (State::AskingKey, Event::Key(key)) => self.take_key(machine, key, now),
            (State::AskingKey, Event::NoKey(why)) => machine.fail(self.no_key(why)),
            (State::Reserving(round), Event::Reserved(answer)) => {
                self.reserved(machine, *round, answer, now)
            }
            (State::ReservingWhole, Event::Reserved(answer)) => {
                self.reserved_whole(machine, answer, now)
            }
            (State::Reserving(_) | State::ReservingWhole, Event::StoreFailed) => {
                let failure = self.store_failed();
                self.give_up(machine, failure)
            }
            (State::Waiting, Event::Woken) => self.look(machine, now),
            (State::Pausing, Event::Woken) => self.prepare(machine, now),
            (State::Sending(admitted), Event::Head(head)) => {
                self.answered(machine, admitted, head, now)
            }
            (State::Sending(admitted), Event::Lost(lost)) => {
                self.lost(machine, &admitted, lost, now, random)
            }
            (State::ReadingError(admitted, head), Event::ErrorBody(body)) => {
                self.refused_by_server(machine, &admitted, &head, body, now, random)
            }
            (state, _) => {
                machine.state = state;
                Step::Nothing
            }
        }
    }

    pub(super) fn end(&self, machine: &mut Machine) -> Step {
        machine.state = State::Over;
        Step::Nothing
    }

    fn begin(&self, machine: &mut Machine, now: Now) -> Step {
        trap::here(Place::Send);
        if self.kind.is_none() {
            return self.prepare(machine, now);
        }
        if self.awaits_prices.get() && (self.has_budget() || self.looks_at_offers()) {
            machine.state = State::AwaitingPrices;
            return Step::AwaitPrices;
        }
        self.afford(machine, now)
    }

    /// Refuses the request if there is a budget and no price: without a price the budget can't reserve anything.
    fn afford(&self, machine: &mut Machine, now: Now) -> Step {
        if self.has_budget() && !self.is_priced() {
            let failure = self.failure(self.unpriced());
            return machine.fail(failure);
        }
        self.set_out(machine, now)
    }

    /// Starts the next attempt. The key is asked for before anything is reserved, so that a slow key function blocks no limit.
    pub(super) fn prepare(&self, machine: &mut Machine, now: Now) -> Step {
        if machine.is_whole {
            return self.admit_whole(machine, now);
        }
        if self.shared.config.key_from_function {
            machine.state = State::AskingKey;
            return Step::AskKey {
                patience: self.options.timeouts.connect(self.stream),
            };
        }
        self.admit(machine, now)
    }

    fn take_key(&self, machine: &mut Machine, key: &str, now: Now) -> Step {
        if let Err(error) = check_given_key(key) {
            return machine.fail(self.failure(error));
        }
        self.shared.remember_secret(key);
        self.sent_keys.get(|keys| keys.push(key.to_string()));
        // The key function returned the key that the server has refused: another attempt would fail the same way.
        let refused = machine.refused_key.take();
        if refused.as_deref() == Some(key)
            && let Some(failure) = machine.last.take()
        {
            return machine.fail(failure);
        }
        machine.given_key = Some(key.to_string());
        self.admit(machine, now)
    }

    /// Records that the request is sent, and returns the step that sends it.
    pub(super) fn send(&self, machine: &mut Machine, admitted: Rc<Admitted>, now: Now) -> Step {
        if machine.tried.is_empty() {
            machine.began = self.shared.clock();
        }
        machine.tried.push(admitted.key);
        machine.attempt += 1;
        let attempts = &self.account.attempts;
        attempts.set(attempts.get() + 1);
        let key = admitted.key;
        let request = self.requests.get(machine.index);
        let aimed = request.and_then(|request| request.aimed.get(|aimed| aimed.clone()));
        self.account.progress.get(|progress| {
            progress.key = Some(key);
            if progress.candidate != aimed {
                if progress.candidate.is_some() {
                    progress.provider = None;
                }
                progress.candidate = aimed;
            }
        });
        if self.kind.is_some() {
            self.shared.pool(|pool| pool.sent(key, now));
        }
        admitted.sent.set(true);
        machine.state = State::Sending(admitted);
        trap::here(Place::Sent);
        let configured = || self.shared.config.keys.get(key).cloned();
        Step::Send {
            index: machine.index,
            key: machine.given_key.clone().or_else(configured),
        }
    }

    /// Takes a response's head: the answer is delivered, or the body of the error is read first.
    fn answered(
        &self,
        machine: &mut Machine,
        admitted: Rc<Admitted>,
        head: Head,
        now: Now,
    ) -> Step {
        self.note_head(&head);
        trap::here(Place::Headers);
        if !(200..300).contains(&head.status) {
            machine.state = State::ReadingError(admitted, head);
            return Step::ReadError {
                patience: self.options.timeouts.idle_before().min(ERROR_BODY_PATIENCE),
            };
        }
        if self.is_of_another_model(machine.index) {
            machine.state = State::ReadingError(admitted, head);
            return Step::ReadError {
                patience: Millis::ZERO,
            };
        }
        self.answered_by(machine.index);
        self.rest(machine.index, admitted.key, &head, now);
        let taken_back = |request: &Outgoing| request.taken_back.get();
        if self.requests.get(machine.index).is_some_and(taken_back) {
            self.shared.stream_options_refused.set(true);
        }
        machine.state = State::Over;
        Step::Deliver
    }

    /// Remembers the request id, the status and the provider of a response.
    fn note_head(&self, head: &Head) {
        let id = head.request_id().map(|id| self.redact(&id));
        let provider = head.get("x-inference-provider");
        let provider = provider.map(|name| self.redact(&name));
        self.account.progress.get(|progress| {
            progress.request_id = id;
            progress.status = head.status;
            if provider.is_some() {
                progress.provider = provider;
            }
        });
    }

    /// Takes the loss of a request: the connection failed, or the headers took too long.
    fn lost(
        &self,
        machine: &mut Machine,
        admitted: &Rc<Admitted>,
        lost: Lost<'_>,
        now: Now,
        random: f64,
    ) -> Step {
        let timeout = match lost {
            Lost::TimedOut => {
                Some(self.timed_out("connect", self.options.timeouts.connect(self.stream)))
            }
            Lost::Connection(names) => self.timed_out_by_runtime(names, Phase::Connect),
        };
        let (failure, delay) = match timeout {
            // The model may have worked although no response came: its prompt counts, and a second attempt could be charged as
            // well.
            Some(timeout) => {
                self.sent_in_vain(admitted, now);
                (timeout, None)
            }
            None => {
                self.book(admitted, 0, 0, now);
                let delay = self.delay(machine, None, &|_| None, None, now, random);
                (self.unanswered(), delay)
            }
        };
        let failed = Failed {
            failure,
            status: None,
            delay,
        };
        self.failed(machine, failed, now)
    }

    /// Takes a response with an error status, and as much of its body as arrived.
    fn refused_by_server(
        &self,
        machine: &mut Machine,
        admitted: &Rc<Admitted>,
        head: &Head,
        body: &[u8],
        now: Now,
        random: f64,
    ) -> Step {
        trap::here(Place::Failing);
        if (200..300).contains(&head.status) {
            self.sent_in_vain(admitted, now);
            return self.ask_anew(machine, now);
        }
        self.book(admitted, 0, 0, now);
        let status = head.status;
        let header = |name: &str| head.get(name);
        let asked = retry::server_wait(Some(status), &header, now.wall);
        let value = json::parse(body).ok();
        let failure = self.answered_badly(head, body, asked);
        let refuses = request::refuses_stream_options(status, &String::from_utf8_lossy(body));
        let can_do_without = |request: &Outgoing| request.take_back();
        if refuses && self.requests.get(machine.index).is_some_and(can_do_without) {
            // The refusal has nothing to do with the key, and it is no attempt by the retry options.
            machine.tried.pop();
            machine.last = Some(failure);
            return self.prepare(machine, now);
        }
        let failed = Failed {
            failure,
            status: Some(status),
            delay: self.delay(machine, Some(status), &header, value.as_ref(), now, random),
        };
        self.cool(admitted, head, now);
        self.rest(admitted.index, admitted.key, head, now);
        self.failed(machine, failed, now)
    }

    fn delay(
        &self,
        machine: &Machine,
        status: Option<u16>,
        header: retry::Header<'_>,
        body: Option<&json::Value>,
        now: Now,
        random: f64,
    ) -> Option<Millis> {
        let count = self.candidate_count();
        let mut policy = self.options.retry;
        policy.max_attempts = policy.attempts(count);
        let failure = retry::Failure {
            status,
            header,
            body,
            // Pauses grow with the number of failed rounds, not with the number of candidates.
            attempt: match count {
                1 => machine.attempt,
                _ => machine.rounds + 1,
            },
            random,
            now: now.wall,
        };
        let delay = retry::retry_delay(&failure, &policy);
        delay.filter(|_| machine.attempt < policy.max_attempts)
    }

    /// Decides what follows a failed attempt: another key or candidate at once, the same one after a pause, or the end.
    fn failed(&self, machine: &mut Machine, failed: Failed, now: Now) -> Step {
        let count = self.candidate_count();
        let too_fast = failed.status == Some(429) && count == 1;
        let last = machine.attempt >= self.options.retry.attempts(count);
        let model = self.model_of(machine.index);
        let another = !last
            && self
                .shared
                .pool(|pool| pool.has_another(&model, &machine.tried, now));
        let mut failure = failed.failure;
        failure.attempt = machine.attempt;
        if !last && failed.status == Some(401) && self.shared.config.key_from_function {
            machine.last = Some(failure);
            machine.refused_key = machine.given_key.take();
            return self.prepare(machine, now);
        }
        let of_key = matches!(failed.status, Some(401..=403));
        if another && (of_key || too_fast) {
            machine.last = Some(failure);
            return self.prepare(machine, now);
        }
        let helps = may_help(failed.status, &failure);
        if helps && self.candidate(machine.candidate).is_some() {
            self.puts_to_rest(machine.index, &failure);
        }
        let helps = helps && count > 1;
        if helps || failed.delay.is_none() {
            self.note_tried(machine, &failure);
        }
        if helps && !last {
            return self.fail_over(machine, failure, failed.delay, now);
        }
        let Some(delay) = failed.delay else {
            return machine.fail(failure);
        };
        machine.last = Some(failure);
        machine.state = State::Pausing;
        Step::Sleep {
            ms: delay + LATE,
            waiter: None,
        }
    }

    /// Lets the key rest if its response asks for it: other keys are picked first meanwhile.
    fn cool(&self, admitted: &Admitted, head: &Head, now: Now) {
        if self.kind.is_some() {
            let rest = retry::rest_time(head.status, &|name| head.get(name), now.wall);
            let model = self.model_of(admitted.index);
            self.shared
                .pool(|pool| pool.failed(admitted.key, &model, head.status, rest, now));
        }
    }

    /// Ends a request that has no answer yet, because the call was cancelled.
    fn end_early(&self, machine: &mut Machine, state: State, how: Cancelled, now: Now) -> Step {
        self.end_turn(machine);
        match &state {
            State::Sending(admitted) => self.sent_in_vain(admitted, now),
            State::ReadingError(admitted, _) => self.book(admitted, 0, 0, now),
            _ => {}
        }
        let failure = self.cancelled(how, self.options.timeouts.idle_before());
        let step = machine.fail(failure);
        if matches!(state, State::Reserving(_) | State::ReservingWhole) {
            machine.state = State::Owed;
        }
        step
    }
}
