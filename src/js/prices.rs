//! Live prices: the catalogue, fetched when a call needs it and kept for ten minutes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::call::Inner;
use super::cancel::{Cancel, resolves_across_requests};
use super::client::Shared;
use super::convert::to_js;
use super::{attempt, fetch, now};
use crate::error::Error;
use crate::policy::cost::{Pricing, Rates, Source};
use crate::wire::model::{self, Model};

/// How long prices hold, in ms.
const FRESH: f64 = 600_000.0;

/// How long a catalogue may take, in ms.
const PATIENCE: f64 = 10_000.0;

/// Largest catalogue that is read.
const LIMIT: f64 = 16_777_216.0;

/// The catalogue as it was last seen.
#[derive(Default)]
pub struct Prices {
    models: RefCell<Vec<Model>>,
    fetched_at: Cell<Option<f64>>,
    /// A fetch under way.
    pending: RefCell<Option<Promise>>,
}

impl Prices {
    fn is_fresh(&self) -> bool {
        self.fetched_at.get().is_some_and(|at| now() - at < FRESH)
    }

    /// Takes a catalogue somebody has just fetched.
    pub fn keep(&self, models: Vec<Model>) {
        self.models.replace(models);
        self.fetched_at.set(Some(now()));
    }
}

/// What a model's tokens cost, and where that is from.
pub fn rates(shared: &Shared, model: &str, provider: Option<&str>) -> Option<(Rates, Source)> {
    match shared.config.pricing.as_ref()? {
        Pricing::Live => {
            let models = shared.prices.models.borrow();
            let (input, output, exact) = model::price(&models, model, provider)?;
            let rates = Rates { input_per_million: input, output_per_million: output };
            Some((rates, if exact { Source::Live } else { Source::LiveMax }))
        }
        configured => configured.rates(model).map(|rates| (rates, Source::Configured)),
    }
}

/// A catalogue's body as public models; of a whole one the prices are kept.
pub fn catalogue(shared: &Shared, id: &str, bytes: &[u8]) -> Result<JsValue, Error> {
    if !id.is_empty() {
        return Ok(to_js(&model::parse_one(bytes)?));
    }
    let models = model::parse(bytes)?;
    let list = to_js(&models);
    shared.prices.keep(models);
    Ok(list)
}

/// Makes sure that prices are there or on their way; resolves when they are, or can't be had.
pub fn start(shared: &Rc<Shared>) -> Option<Promise> {
    let live = matches!(shared.config.pricing, Some(Pricing::Live));
    if !live || shared.prices.is_fresh() {
        return None;
    }
    let share = resolves_across_requests();
    if share && let Some(under_way) = shared.prices.pending.borrow().clone() {
        return Some(under_way);
    }
    let owner = shared.clone();
    let promise = future_to_promise(async move {
        // Without a catalogue the price is unknown, which every reader can say.
        let _ = load(&owner).await;
        owner.prices.pending.replace(None);
        Ok(JsValue::UNDEFINED)
    });
    if share {
        shared.prices.pending.replace(Some(promise.clone()));
    }
    Some(promise)
}

async fn load(shared: &Rc<Shared>) -> Result<(), JsValue> {
    // Whoever waits for these prices may give up; others still want them.
    let cancel = Cancel::new(&JsValue::UNDEFINED);
    cancel.start_total(PATIENCE);
    let loaded = load_with(shared, &cancel).await;
    cancel.end("closed");
    loaded
}

async fn load_with(shared: &Rc<Shared>, cancel: &Cancel) -> Result<(), JsValue> {
    let call = Inner::catalogue(shared, cancel, "", shared.default_options());
    let sent = Box::pin(attempt::send(&call, 0)).await?;
    let Some(response) = sent.response() else {
        return Ok(());
    };
    let body = fetch::read_body(&response, cancel, call.options.timeouts.idle, LIMIT);
    let bytes = JsFuture::from(body).await?;
    sent.forget();
    if let Ok(models) = model::parse(&js_sys::Uint8Array::from(bytes).to_vec()) {
        shared.prices.keep(models);
    }
    Ok(())
}
