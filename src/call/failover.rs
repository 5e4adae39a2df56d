//! Failover between the candidates of a route: which one is asked when one has failed, and what happens when all have.

use std::rc::Rc;

use super::account::Progress;
use super::failure::Failure;
use super::machine::{LATE, Machine, State};
use super::open::endpoint;
use super::route::{Candidate, model_id};
use super::settlement::whole;
use super::{Call, Step};
use crate::error::{Class, Error};
use crate::policy::clock::Now;
use crate::policy::ledger::{Outcome, Tried};
use crate::policy::limit_store::Refusal;
use crate::policy::rate_limit::Reason;
use crate::policy::rest::REST;
use crate::policy::retry::LONGEST_REST;
use crate::unit::Millis;
use crate::wire::request::route;

/// The error codes of a router or provider that doesn't have the model.
const UNKNOWN_MODEL: [&str; 2] = ["model_not_supported", "model_not_found"];

/// Whether another candidate may answer where this one failed.
pub(super) fn may_help(status: Option<u16>, failure: &Failure) -> bool {
    match status {
        None | Some(402 | 408 | 425 | 429 | 500..) => true,
        Some(400 | 404) => {
            let code = failure.error.code.as_deref();
            code.is_some_and(|code| UNKNOWN_MODEL.contains(&code))
        }
        Some(_) => false,
    }
}

/// The candidate may be asked again after so long, once all have been asked.
fn ask_again(machine: &mut Machine, wait: Millis) {
    let at = machine.again.partition_point(|(other, _)| *other <= wait);
    machine.again.insert(at, (wait, machine.candidate));
}

impl Call {
    /// A candidate has failed with something that another one may not: that one is asked at once. `again` is after how
    /// long the same one might be asked again.
    pub(super) fn fail_over(
        &self,
        machine: &mut Machine,
        failure: Box<Failure>,
        again: Option<Millis>,
        now: Now,
    ) -> Step {
        if let Some(wait) = again {
            ask_again(machine, wait);
        }
        machine.last = Some(failure);
        self.ask_next(machine, now)
    }

    /// Lets a failed candidate rest: it is asked last for a while, and no conversation returns to it.
    pub(super) fn puts_to_rest(&self, index: usize, failure: &Failure) {
        let asked = failure.error.retry_after;
        let rest = match failure.error.status {
            Some(429) => asked.unwrap_or(REST).min(LONGEST_REST),
            _ => REST,
        };
        self.lets_rest(&self.model_of(index), rest);
    }

    fn lets_rest(&self, sent: &str, wait: Millis) {
        let clock = self.shared.clock();
        self.shared
            .rests(|rests| rests.rest(sent, clock + wait, clock));
        self.shared.sticky(|sticky| sticky.forget(sent));
    }

    /// Lets a candidate rest whose answer began and didn't reach its end: that is a failure as well.
    pub(super) fn answered_in_part(&self, outcome: Outcome) {
        let failed = matches!(outcome, Outcome::Error | Outcome::Truncated);
        let last = |progress: &mut Progress| {
            let is_answer = (200..300).contains(&progress.status);
            progress.candidate.clone().filter(|_| is_answer)
        };
        if failed && let Some(candidate) = self.account.progress.get(last) {
            self.lets_rest(&candidate.sent, REST);
            let pinned = self.pinned_as(&candidate.sent);
            self.shared.sticky(|sticky| sticky.forget(&pinned));
        }
    }

    /// Asks another candidate while a server wants a pause of this one. `None` where there is no other.
    pub(super) fn passes_on(
        &self,
        machine: &mut Machine,
        refusal: &Refusal,
        now: Now,
    ) -> Option<Step> {
        let others = !machine.queue.is_empty() || !machine.again.is_empty();
        let most = self.options.retry.attempts(self.candidate_count());
        let is_pause = refusal.limit.reason == Reason::Blocked;
        if !is_pause || !others || machine.is_whole || machine.rounds >= most {
            return None;
        }
        self.end_turn(machine);
        if self.shared.config.waiting.waits && !self.is_too_long_a_pause(refusal) {
            ask_again(machine, refusal.limit.retry_after);
        }
        if machine.last.is_none() {
            machine.last = Some(self.refused(refusal));
        }
        Some(self.ask_next(machine, now))
    }

    /// Asks the next candidate. If none is left, the candidates that may be asked again are asked after a pause.
    pub(super) fn ask_next(&self, machine: &mut Machine, now: Now) -> Step {
        while !machine.queue.is_empty() {
            let place = machine.queue.remove(0);
            if self.turn_to(machine, place) {
                return self.prepare(machine, now);
            }
        }
        let Some((wait, _)) = machine.again.first().copied() else {
            return match machine.last.take() {
                Some(failure) => machine.fail(failure),
                None => self.end(machine),
            };
        };
        machine.rounds += 1;
        for (_, place) in std::mem::take(&mut machine.again) {
            machine.queue.push(place);
        }
        let first = machine.queue.remove(0);
        self.turn_to(machine, first);
        machine.state = State::Pausing;
        Step::Sleep {
            ms: wait + LATE,
            waiter: None,
        }
    }

    /// Turns a request to a candidate; `false` where another request of the call was already answered by another model.
    pub(super) fn turn_to(&self, machine: &mut Machine, place: usize) -> bool {
        let Some(candidate) = self.candidate(place) else {
            return false;
        };
        let locked = self.locked.get(|locked| locked.clone());
        if locked.is_some_and(|id| id != model_id(&candidate.named)) {
            return false;
        }
        machine.candidate = place;
        machine.tried.clear();
        self.aim(machine.index, candidate);
        true
    }

    /// Writes a candidate's model into a request.
    pub(super) fn aim(&self, index: usize, mut candidate: Rc<Candidate>) {
        let Some(request) = self.requests.get(index) else {
            return;
        };
        let plan = self.plan.as_ref();
        let embeddings =
            plan.and_then(|plan| Some((plan.request.as_ref()?, plan.batches.get(index)?)));
        if let Some((embeddings, batch)) = embeddings {
            // Each model was checked when the call began.
            if let Ok(way) = embeddings.way(&candidate.sent, endpoint(&self.shared.config)) {
                Rc::make_mut(&mut candidate)
                    .provider
                    .clone_from(&way.provider);
                request.url.get(|url| url.clone_from(&way.url));
                request.replace_body(embeddings.body_on(&way, batch.clone()));
            }
        } else if self.model_of(index) != candidate.sent {
            let base = &self.shared.config.base_url;
            let way = route::way(&base.url, base.router_origin(), &candidate.sent);
            match way.ok().filter(|_| self.is_text()) {
                Some((url, sent)) => {
                    request.url.get(|place| *place = url);
                    request.rename(sent);
                }
                None => request.rename(&candidate.sent),
            }
        }
        request.aimed.get(|aimed| *aimed = Some(candidate));
    }

    /// Adds the candidate to the list of those that failed.
    pub(super) fn note_tried(&self, machine: &Machine, failure: &Failure) {
        let Some(candidate) = self.candidate(machine.candidate) else {
            return;
        };
        let tried = Tried {
            model: candidate.named.clone(),
            provider: self.provider(),
            status: failure.error.status,
            error: failure.error.class.name(),
            duration_ms: whole(self.shared.clock() - machine.began),
        };
        self.account
            .progress
            .get(|progress| progress.tried.push(tried));
    }

    /// Whether this answer is from another model than an earlier request of the same call. Embeddings of two models can't be
    /// compared, so the first answer decides the model.
    pub(super) fn is_of_another_model(&self, index: usize) -> bool {
        if self.requests.len() < 2 || self.candidate_count() < 2 {
            return false;
        }
        let aimed = self.requests.get(index).and_then(|request| {
            let named = |aimed: &Rc<Candidate>| model_id(&aimed.named).to_string();
            request.aimed.get(|aimed| aimed.as_ref().map(named))
        });
        self.locked.get(|locked| match locked {
            None => {
                *locked = aimed;
                false
            }
            locked => *locked != aimed,
        })
    }

    /// Sends a request again whose answer came from another model.
    pub(super) fn ask_anew(&self, machine: &mut Machine, now: Now) -> Step {
        machine.again.clear();
        let count = self.candidate_count();
        if machine.attempt < self.options.retry.attempts(count) {
            machine.queue = (0..count).collect();
            return self.ask_next(machine, now);
        }
        let message = "Another model has answered another part of this call, and no try is left: numbers of two models can't be compared.";
        let mut error = Error::new(Class::Api, message).advise("Raise retry.maxAttempts.");
        error.is_retryable = true;
        let failure = || self.failure(error);
        let last = machine.last.take().unwrap_or_else(failure);
        machine.fail(last)
    }
}
