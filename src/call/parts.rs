//! The reservation that a request makes before it is sent, in parts. Each part has the limits and the budget of one scope.

use std::ops::Range;

use super::Call;
use crate::policy::budget::Budget;
use crate::policy::limit_store::Part;
use crate::policy::rate_limit::Limits;
use crate::unit::Usd;

impl Call {
    /// Whether a budget applies, so that a request must have a price before it is sent.
    pub(super) fn has_budget(&self) -> bool {
        self.shared.config.budget.is_some() || self.parts.iter().any(|part| part.budget.is_some())
    }

    /// The parts that a request with this key reserves: the key's limits, the client's budget and, if the request is the whole
    /// call, the parts that count the call.
    pub(super) fn parts(&self, index: usize, key: usize) -> Vec<Part> {
        let config = &self.shared.config;
        let mut of_key = self.limits_of_keys();
        if index > 0 {
            // A call of several requests takes one place of `maxConcurrent`, not one for each request.
            of_key.max_concurrent = None;
        }
        let request = index..index + 1;
        let mut of_key = self.part(request.clone(), self.shared.scope(key), of_key, None);
        of_key.pause = Some(self.pause_scope(index, key));
        let mut parts = vec![of_key];
        if config.budget.is_some() {
            let scope = ["budget:", &config.id].concat();
            parts.push(self.part(request.clone(), scope, Limits::default(), config.budget));
        }
        if !self.is_split() {
            parts.extend(self.call_parts(request));
        }
        parts
    }

    /// Those of the client's limits that count each key.
    pub(super) fn limits_of_keys(&self) -> Limits {
        let limits = self.shared.config.limits;
        let of_keys = self.shared.host.counts_places_of_keys;
        Limits {
            max_concurrent: limits.max_concurrent.filter(|_| of_keys),
            ..limits
        }
    }

    /// The parts that count a call: the client's `maxConcurrent`, and the limits and budgets that the call brought.
    pub(super) fn call_parts(&self, requests: Range<usize>) -> Vec<Part> {
        let config = &self.shared.config;
        let mut parts = Vec::new();
        if config.limits.max_concurrent.is_some() && !self.shared.host.counts_places_of_keys {
            let limits = Limits {
                max_concurrent: config.limits.max_concurrent,
                ..Limits::default()
            };
            let scope = ["client:", &config.id].concat();
            parts.push(self.part(requests.clone(), scope, limits, None));
        }
        for given in &self.parts {
            let scope = given.scope.clone();
            let mut part = self.part(requests.clone(), scope, given.limits, given.budget);
            part.lasts = given.lasts;
            parts.push(part);
        }
        parts
    }

    /// The scope under which a key's pauses for the call's model are kept. A key's label never ends in a blank and a model, so this
    /// scope can't be mistaken for a key's own.
    pub(super) fn pause_scope(&self, index: usize, key: usize) -> String {
        [&self.shared.scope(key), " ", &self.model_of(index)].concat()
    }

    fn part(
        &self,
        requests: Range<usize>,
        scope: String,
        limits: Limits,
        budget: Option<Budget>,
    ) -> Part {
        let mut part = Part {
            scope,
            pause: None,
            lasts: None,
            tokens: 0,
            usd: Usd::ZERO,
            limits,
            budget,
        };
        for index in requests {
            if let Some(request) = self.requests.get(index) {
                let tokens = request.ask.tokens(limits.tokens_per_minute);
                part.tokens = part.tokens.saturating_add(tokens);
                let usd = budget.map(|_| self.most_usd(index));
                part.usd = part.usd + usd.unwrap_or_default();
            }
        }
        part
    }
}
