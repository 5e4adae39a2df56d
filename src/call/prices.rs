//! Live prices: the catalogue as it was last read, kept for ten minutes.

use std::cell::Cell;
use std::rc::Rc;

use crate::held::Held;
use crate::policy::cost::{Rates, Source};
use crate::unit::{Millis, SteadyTime};
use crate::wire::model::{self, Model};

/// How long prices hold.
const FRESH: Millis = Millis(600_000.0);

/// How long after a failed fetch no other one is begun: every call would wait for it.
const OUT_OF_REACH: Millis = Millis(30_000.0);

/// The catalogue as it was last read.
#[derive(Debug, Default)]
pub struct Prices {
    models: Held<Rc<Vec<Model>>>,
    read_at: Cell<Option<SteadyTime>>,
    failed_at: Cell<Option<SteadyTime>>,
}

impl Prices {
    /// Whether prices are missing or old, and no fetch has failed recently.
    pub fn are_wanted(&self, now: SteadyTime) -> bool {
        let within = |at: &Cell<Option<SteadyTime>>, length: Millis| {
            at.get().is_some_and(|at| now - at < length)
        };
        !within(&self.read_at, FRESH) && !within(&self.failed_at, OUT_OF_REACH)
    }

    /// Records that a fetch has failed.
    pub fn miss(&self, now: SteadyTime) {
        self.failed_at.set(Some(now));
    }

    /// Keeps a catalogue that has just been read.
    pub fn keep(&self, models: Rc<Vec<Model>>, now: SteadyTime) {
        self.models.get(|known| *known = models);
        self.read_at.set(Some(now));
    }

    /// The provider that a model string names, if the catalogue lists it for that model.
    pub fn listed_provider(&self, model: &str) -> Option<String> {
        self.models
            .get(|models| model::listed_provider(models, model).map(str::to_string))
    }

    /// Whether a catalogue has been read, however long ago.
    pub fn are_there(&self) -> bool {
        self.read_at.get().is_some()
    }

    /// Passes the catalogue's models to `run`.
    pub fn models<R>(&self, run: impl FnOnce(&[Model]) -> R) -> R {
        self.models.get(|models| run(models))
    }

    /// Whether the catalogue lists the model, but without a live offer of the provider in the model string.
    pub fn is_gone(&self, model: &str) -> bool {
        self.models.get(|models| model::is_gone(models, model))
    }

    /// A model's rates, and whether they are the price of the provider that answers.
    pub fn rates(&self, model: &str, provider: Option<&str>) -> Option<(Rates, Source)> {
        let (input_per_million, output_per_million, exact) = self
            .models
            .get(|models| model::price(models, model, provider))?;
        let source = if exact { Source::Live } else { Source::LiveMax };
        let rates = Rates {
            input_per_million,
            output_per_million,
        };
        Some((rates, source))
    }
}
