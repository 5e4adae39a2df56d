//! What a call costs: what is reserved before a request, what a budget is charged, and what the settlement tells.

use super::Call;
use super::account::{Admitted, Progress};
use crate::policy::cost::Cost;
use crate::unit::Usd;

/// Tokens that one provider of one model took.
#[derive(Clone, Debug)]
pub(super) struct Portion {
    /// The model string that was sent.
    model: String,
    /// The provider that answered, where it is known.
    provider: Option<String>,
    prompt: u64,
    completion: u64,
}

/// Adds tokens to those of the same provider and model.
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
    /// Tokens of request `index`, with who took them.
    pub(super) fn portion(&self, index: usize, prompt: u64, completion: u64) -> Portion {
        let model = self.model_of(index).into_owned();
        Portion {
            provider: self.provider_of(index),
            model,
            prompt,
            completion,
        }
    }

    /// What the budget is charged: where the provider that answered has no price, the rates that were reserved.
    pub(super) fn usd_to_book(&self, portion: &Portion) -> Usd {
        let reserved = || {
            let (rates, source) = self.shared.rates(&portion.model, None)?;
            let (prompt, completion) = (portion.prompt as f64, portion.completion as f64);
            rates.cost(prompt, completion, source).usd
        };
        self.cost(portion).usd.or_else(reserved).unwrap_or_default()
    }

    /// What servers said it cost, which wins over any price; what they said nothing of counts by the price of whoever took it.
    pub(super) fn cost_of(&self, progress: &Progress) -> Cost {
        let costs = progress.unpriced.iter().map(|portion| self.cost(portion));
        let priced = costs.reduce(Cost::plus);
        match progress.beside.usd {
            Some(usd) => Cost::reported(usd + priced.and_then(|cost| cost.usd).unwrap_or_default()),
            None => priced.unwrap_or_else(|| self.cost(&self.nothing())),
        }
    }

    /// No tokens, of the candidate that was asked last.
    fn nothing(&self) -> Portion {
        let last = |progress: &mut Progress| progress.candidate.as_ref().map(|of| of.sent.clone());
        let model = self.account.progress.get(last);
        Portion {
            model: model.unwrap_or_else(|| self.model.clone()),
            provider: self.provider(),
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

    /// Takes the tokens and dollars that were reserved for a request, where they are more: a limit or budget counts them like those
    /// of a reservation that is lost, else whoever hangs up just before the answer comes would get it for its prompt alone.
    #[cold]
    pub(super) fn take_reserved(&self, admitted: &Admitted, tokens: &mut u64, usd: &mut Usd) {
        let mut least = u64::MAX;
        for part in self.parts(admitted.index, admitted.key) {
            least = least.min(part.tokens);
            *usd = usd.max(part.usd);
        }
        *tokens = (*tokens).max(least);
    }

    /// The price of a request beforehand: its prompt and the longest answer, of the dearest candidate.
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

    /// Whether any model that may be asked has a price.
    pub(super) fn is_priced(&self) -> bool {
        let has_price = |model: &String| self.shared.rates(model, None).is_some();
        self.named.iter().any(has_price)
    }
}
