//! The cost of a call: what is reserved before a request, what a budget is charged, and what the settlement reports.

use super::Call;
use super::account::{Admitted, Progress};
use crate::policy::cost::Cost;
use crate::unit::Usd;

/// Tokens that one provider used with one model.
#[derive(Clone, Debug)]
pub(super) struct Portion {
    /// The model string that was sent.
    model: String,
    /// The provider that answered, where it is known.
    provider: Option<String>,
    prompt: u64,
    completion: u64,
}

/// Adds tokens to the portion of the same provider and model.
pub(super) fn add_portion(portions: &mut Vec<Portion>, new: Portion) {
    if new.prompt == 0 && new.completion == 0 {
        return;
    }
    let same = |old: &&mut Portion| old.model == new.model && old.provider == new.provider;
    match portions.iter_mut().find(same) {
        Some(old) => {
            old.prompt = old.prompt.saturating_add(new.prompt);
            old.completion = old.completion.saturating_add(new.completion);
        }
        None => portions.push(new),
    }
}

impl Call {
    /// The tokens of request `index` as a portion of the provider and model that used them.
    pub(super) fn portion(&self, index: usize, prompt: u64, completion: u64) -> Portion {
        let model = self.model_of(index);
        Portion {
            provider: self.provider_of(index),
            model,
            prompt,
            completion,
        }
    }

    /// The sum that a budget is charged for a portion. If the provider that answered has no price, the rates of the reservation
    /// count.
    pub(super) fn usd_to_book(&self, portion: &Portion) -> Usd {
        let reserved = || {
            let (rates, source) = self.shared.rates(&portion.model, None)?;
            let (prompt, completion) = (portion.prompt as f64, portion.completion as f64);
            rates.cost(prompt, completion, source).usd
        };
        self.cost(portion).usd.or_else(reserved).unwrap_or_default()
    }

    /// The cost of a call. A server's own report wins over any price; the price of the provider that answered counts for the rest.
    pub(super) fn cost_of(&self, progress: &Progress) -> Cost {
        let costs = progress.unpriced.iter().map(|portion| self.cost(portion));
        let priced = costs.reduce(Cost::plus);
        match progress.beside.usd {
            Some(usd) => Cost::reported(usd + priced.and_then(|cost| cost.usd).unwrap_or_default()),
            None => priced.unwrap_or_else(|| self.cost(&self.nothing(progress))),
        }
    }

    /// An empty portion of the candidate that was asked last.
    fn nothing(&self, progress: &Progress) -> Portion {
        let last = progress.candidate.as_deref();
        Portion {
            model: last.map_or(&self.model, |of| &of.sent).clone(),
            provider: self.provider_as(last, progress),
            prompt: 0,
            completion: 0,
        }
    }

    fn cost(&self, portion: &Portion) -> Cost {
        match self
            .shared
            .rates(&portion.model, portion.provider.as_deref())
        {
            Some((rates, source)) => {
                rates.cost(portion.prompt as f64, portion.completion as f64, source)
            }
            None => Cost::unknown(),
        }
    }

    /// Raises tokens and dollars to the reserved amounts, for an answer that nobody saw. Limits and budgets treat it like a
    /// lost reservation; otherwise a caller could hang up just before the answer comes and pay for the prompt only.
    #[cold]
    pub(super) fn take_reserved(&self, admitted: &Admitted, tokens: &mut u64, usd: &mut Usd) {
        let mut least = u64::MAX;
        for part in self.parts(admitted.index, admitted.key) {
            least = least.min(part.tokens);
            *usd = usd.max(part.usd);
        }
        *tokens = (*tokens).max(least);
    }

    /// The highest price of a request before it is sent: its prompt and the longest answer, at the most expensive candidate.
    pub(super) fn most_usd(&self, index: usize) -> Usd {
        let Some(ask) = self.requests.get(index).map(|request| &request.ask) else {
            return Usd::ZERO;
        };
        let price = |model: &str| {
            let (rates, _) = self.shared.rates(model, None)?;
            let prompt = ask.prompt_tokens as f64 * rates.input_per_million;
            let completion = ask.most_completion() * rates.output_per_million;
            Some(Usd((prompt + completion) / 1e6))
        };
        let dearest = self.candidates.get(|list| {
            let prices = list.iter().filter_map(|candidate| price(&candidate.sent));
            prices.reduce(Usd::max)
        });
        dearest.or_else(|| price(&self.model)).unwrap_or_default()
    }

    /// Whether at least one of the call's models has a price.
    pub(super) fn is_priced(&self) -> bool {
        let has_price = |model: &String| self.shared.rates(model, None).is_some();
        self.named.iter().any(has_price)
    }
}
