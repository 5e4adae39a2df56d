//! Live prices, kept for ten minutes.

use std::cell::Cell;

use js_sys::Promise;

use super::held::Held;
use super::steady;
use crate::policy::cost::{Rates, Source};
use crate::wire::model::{self, Model};

/// How long prices hold, in ms.
const FRESH: f64 = 600_000.0;

/// How long a failed fetch is not tried again, in ms: every call would wait for it.
const OUT_OF_REACH: f64 = 30_000.0;

/// The catalogue as it was last seen.
#[derive(Default)]
pub struct Prices {
    models: Held<Vec<Model>>,
    fetched_at: Cell<Option<f64>>,
    failed_at: Cell<Option<f64>>,
    /// A fetch under way, and when it began.
    pending: Held<Option<(Promise, f64)>>,
}

impl Prices {
    /// Whether they hold.
    pub fn is_fresh(&self) -> bool {
        self.fetched_at
            .get()
            .is_some_and(|at| steady() - at < FRESH)
    }

    /// Whether a fetch has just failed.
    pub fn is_out_of_reach(&self) -> bool {
        self.failed_at
            .get()
            .is_some_and(|at| steady() - at < OUT_OF_REACH)
    }

    /// A fetch has failed.
    pub fn miss(&self) {
        self.failed_at.set(Some(steady()));
    }

    /// The end of a fetch under way; one that a trap ended says nothing, and is not believed for longer than it may take.
    pub fn pending(&self, patience: f64) -> Option<Promise> {
        self.pending.get(|pending| {
            let (promise, began) = pending.as_ref()?;
            (steady() - began < patience).then(|| promise.clone())
        })
    }

    /// A fetch has begun, or none is under way any more.
    pub fn set_pending(&self, fetch: Option<Promise>) {
        let fetch = fetch.map(|promise| (promise, steady()));
        self.pending.get(|pending| *pending = fetch);
    }

    /// Takes a catalogue somebody has just fetched.
    pub fn keep(&self, models: Vec<Model>) {
        self.models.get(|known| *known = models);
        self.fetched_at.set(Some(steady()));
    }

    /// The provider that a model string names and the catalogue lists for it.
    pub fn listed_provider(&self, model: &str) -> Option<String> {
        let named =
            |models: &mut Vec<Model>| model::listed_provider(models, model).map(str::to_string);
        self.models.get(named)
    }

    /// What a model's tokens cost, and whether that is the price of the provider that answers.
    pub fn rates(&self, model: &str, provider: Option<&str>) -> Option<(Rates, Source)> {
        let (input_per_million, output_per_million, exact) = self
            .models
            .get(|models| model::price(models, model, provider))?;
        let source = if exact { Source::Live } else { Source::LiveMax };
        Some((
            Rates {
                input_per_million,
                output_per_million,
            },
            source,
        ))
    }
}
