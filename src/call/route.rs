//! The candidates of a call, in the order in which they are asked. A call without a route has one candidate, its model. A route may
//! name further models, and offers of the router's catalogue, each pinned as "model:provider".

use std::rc::Rc;

use super::account::Progress;
use super::machine::Machine;
use super::offer::{self, Judged};
use super::{Call, Step};
use crate::config::Route;
use crate::error::{Class, Error};
use crate::policy::clock::Now;
use crate::policy::ledger::Kind;
use crate::text::split_once;
use crate::wire::request::{pinned_provider, without_own_id};

/// A model, possibly at one provider, that may be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The model as the caller named it.
    pub named: String,
    /// The model string that is sent, including the pinned provider.
    pub sent: String,
    /// The provider, where the request's URL determines it.
    pub provider: Option<String>,
}

impl Call {
    /// Whether the candidates come from the catalogue. It lists only chat models, and only those of the router.
    pub(super) fn looks_at_offers(&self) -> bool {
        let looks = |route: &Rc<Route>| route.looks_at_offers();
        self.shared.config.base_url.is_router
            && matches!(self.kind, Some(Kind::Chat | Kind::Responses))
            && self.options.route.as_ref().is_some_and(looks)
    }

    /// Whether the call needs the catalogue, for prices or for offers.
    pub fn wants_catalogue(&self) -> bool {
        let wanted = || self.shared.prices.are_wanted(self.shared.clock());
        self.kind.is_some() && (self.shared.wants_prices() || (self.looks_at_offers() && wanted()))
    }

    /// Finds the candidates once for all requests of the call, and turns this request to the first one.
    pub(super) fn set_out(&self, machine: &mut Machine, now: Now) -> Step {
        if self.options.route.is_some() && self.candidates.get(|list| list.is_empty()) {
            match self.find_candidates() {
                Ok(found) => self.candidates.get(|list| *list = found),
                Err(error) => return machine.fail(self.failure(error)),
            }
            if let Some(first) = self.candidate(0) {
                (0..self.requests.len()).for_each(|index| self.aim(index, first.clone()));
            }
        }
        let count = self.candidates.get(|list| list.len());
        machine.queue = (1..count).collect();
        // If another request of the call was already answered by a model further down the list, this one has to use the same model.
        if count > 0 && !self.turn_to(machine, 0) {
            return self.ask_next(machine, now);
        }
        self.prepare(machine, now)
    }

    /// The provider that answers, where it is known: pinned in the model string for the router, listed in another server's
    /// catalogue, or named by the URL or the response.
    pub fn provider(&self) -> Option<String> {
        let progress = &self.account.progress;
        progress.get(|progress| self.provider_as(progress.candidate.as_deref(), progress))
    }

    /// The provider of request `index`.
    pub(super) fn provider_of(&self, index: usize) -> Option<String> {
        let aimed = self.aimed(index);
        let progress = &self.account.progress;
        progress.get(|progress| self.provider_as(aimed.as_deref(), progress))
    }

    /// The provider of a request to a candidate, which the last response may have named.
    pub(super) fn provider_as(
        &self,
        candidate: Option<&Candidate>,
        progress: &Progress,
    ) -> Option<String> {
        let sent = candidate.map_or(&self.model, |of| &of.sent);
        let pinned = match self.shared.config.base_url.is_router {
            true => pinned_provider(sent).map(str::to_string),
            false => self.shared.prices.listed_provider(sent),
        };
        pinned
            .or_else(|| candidate?.provider.clone())
            .or_else(|| progress.provider.clone())
    }

    fn aimed(&self, index: usize) -> Option<Rc<Candidate>> {
        let request = self.requests.get(index)?;
        request.aimed.get(|aimed| aimed.clone())
    }

    /// The model string that is sent with request `index`.
    pub(super) fn model_of(&self, index: usize) -> String {
        let aimed = self.aimed(index);
        aimed.map_or_else(|| self.model.clone(), |of| of.sent.clone())
    }

    /// The candidate at an index.
    pub(super) fn candidate(&self, place: usize) -> Option<Rc<Candidate>> {
        self.candidates.get(|list| list.get(place).cloned())
    }

    /// The number of candidates; 1 without a route.
    pub(super) fn candidate_count(&self) -> usize {
        self.candidates.get(|list| list.len().max(1))
    }

    // A function of its own: an engine compiles a function as a whole at its first call, and few calls have a route.
    #[inline(never)]
    fn find_candidates(&self) -> Result<Vec<Rc<Candidate>>, Error> {
        let Some(route) = &self.options.route else {
            return Ok(Vec::new());
        };
        let mut list = match self.looks_at_offers() {
            true => self.offered(route)?,
            false => self.as_named_all(),
        };
        self.stick(route, &mut list);
        self.put_resting_last(&mut list);
        if self.has_budget() {
            list.retain(|candidate| self.shared.rates(&candidate.sent, None).is_some());
            if list.is_empty() {
                return Err(self.unpriced());
            }
        }
        Ok(list)
    }

    fn as_named_all(&self) -> Vec<Rc<Candidate>> {
        let mut list = Vec::new();
        for named in &self.named {
            list.push(candidate(named, named));
        }
        list
    }

    /// The candidates that the catalogue offers for each model.
    fn offered(&self, route: &Route) -> Result<Vec<Rc<Candidate>>, Error> {
        let prices = &self.shared.prices;
        if !prices.are_there() {
            return match route.has_conditions() {
                true => Err(out_of_reach()),
                // Without conditions the catalogue only sets the order, and an answer matters more than the order.
                false => Ok(self.as_named_all()),
            };
        }
        let mut list = Vec::new();
        let mut all: Vec<Judged> = Vec::new();
        for named in &self.named {
            let judged = prices.models(|models| offer::judge(models, named, route, &|_| false));
            for judged in judged.unwrap_or_default() {
                // A model can be named twice, as "org/name" and as "org/name:provider"; the same offer is then one candidate.
                let is_there = list
                    .iter()
                    .any(|of: &Rc<Candidate>| of.sent == judged.model);
                if judged.left_out.is_none() && !is_there {
                    list.push(candidate(named, &judged.model));
                }
                all.push(judged);
            }
        }
        if list.is_empty() {
            return Err(offer::nobody(&all, &self.named));
        }
        Ok(list)
    }

    /// Puts the candidate that last answered under the same sticky name first, if it is still a candidate.
    fn stick(&self, route: &Route, list: &mut Vec<Rc<Candidate>>) {
        let clock = self.shared.clock();
        let last = |name: &String| self.shared.sticky(|sticky| sticky.last(name, clock));
        let Some(last) = route.sticky.as_ref().and_then(last) else {
            return;
        };
        if let Some(place) = list.iter().position(|candidate| candidate.sent == last) {
            let candidate = list.remove(place);
            return list.insert(0, candidate);
        }
        // Where no offers were read, the pinned candidate is added here, and the model as the caller named it comes after it.
        let is_of = |candidate: &&Rc<Candidate>| {
            last.strip_prefix(model_id(&candidate.sent))
                .is_some_and(|pin| pin.starts_with(":"))
                && pinned_provider(&candidate.sent).is_none()
        };
        if let Some(of) = list.iter().find(is_of)
            && self.plan.is_none()
            && !self.shared.prices.is_gone(&last)
        {
            list.insert(0, candidate(&of.named, &last));
        }
    }

    fn put_resting_last(&self, list: &mut Vec<Rc<Candidate>>) {
        let mut place = 0;
        for _ in 0..list.len() {
            let rests = |candidate: &Rc<Candidate>| self.shared.is_resting(&candidate.sent);
            if list.get(place).is_some_and(rests) {
                let last = list.remove(place);
                list.push(last);
            } else {
                place += 1;
            }
        }
    }

    /// The model string with the provider that answered, where the router chose the provider.
    pub(super) fn pinned_as(&self, sent: &str) -> String {
        let chooses = pinned_provider(sent).is_none() && self.shared.config.base_url.is_router;
        match self.provider().filter(|_| chooses && self.plan.is_none()) {
            Some(provider) => [model_id(sent), ":", &provider].concat(),
            None => sent.to_string(),
        }
    }

    /// Remembers which candidate has answered: calls with the same sticky name ask it first.
    pub(super) fn answered_by(&self, index: usize) {
        let route = self.options.route.as_ref();
        let Some(name) = route.and_then(|route| route.sticky.as_ref()) else {
            return;
        };
        let candidate = self.pinned_as(&self.model_of(index));
        let clock = self.shared.clock();
        self.shared
            .sticky(|sticky| sticky.answered(name, &candidate, clock));
    }
}

/// The offers of a model in the order of a route.
pub fn offers(
    shared: &super::shared::Shared,
    named: &str,
    route: &Route,
) -> Result<Vec<Judged>, Error> {
    if !shared.prices.are_there() {
        return Err(out_of_reach());
    }
    let named = without_own_id(named, &shared.config.id);
    let rests = |model: &str| shared.is_resting(model);
    let judged = shared
        .prices
        .models(|models| offer::judge(models, named, route, &rests));
    judged.ok_or_else(|| offer::nobody(&[], &[named.to_string()]))
}

/// The candidate for a model as the caller named it, and as it is sent.
fn candidate(named: &str, sent: &str) -> Rc<Candidate> {
    Rc::new(Candidate {
        named: named.to_string(),
        sent: sent.to_string(),
        provider: None,
    })
}

/// The id in a model string for the router, without the part after the colon.
pub(super) fn model_id(sent: &str) -> &str {
    split_once(sent, b':').map_or(sent, |(id, _)| id)
}

fn out_of_reach() -> Error {
    let message = "The catalogue of offers could not be read, so nothing was sent.";
    let mut error = Error::new(Class::Connection, message);
    error.is_retryable = true;
    error.advise("A route with models alone needs no catalogue.")
}
