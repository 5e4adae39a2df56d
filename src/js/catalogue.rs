//! The catalogue: for whoever asks for models, and for live prices.

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::cancel::{Cancel, resolves_across_requests};
use super::error::to_js as error_to_js;
use super::in_flight::InFlight;
use super::plain::to_js;
use super::shared::Shared;
use super::trap::{self, Place};
use super::{attempt, fetch, task};
use crate::error::Error;
use crate::policy::cost::Pricing;
use crate::wire::model;

/// How long a catalogue may take, in ms.
const PATIENCE: f64 = 10_000.0;

/// Largest catalogue that is read.
const LIMIT: f64 = 16_777_216.0;

/// A catalogue's body as public models; of a whole one the prices are kept.
pub fn read(shared: &Shared, id: &str, bytes: &[u8]) -> Result<JsValue, Error> {
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
    if !live || shared.prices.is_fresh() || shared.prices.is_out_of_reach() {
        return None;
    }
    let share = resolves_across_requests();
    if share && let Some(under_way) = shared.prices.pending(PATIENCE) {
        return Some(under_way);
    }
    let owner = shared.clone();
    let promise = task::run_alone(async move {
        // Without a catalogue the price is unknown, which every reader can say.
        if load(&owner).await.is_err() {
            owner.prices.miss();
        }
        owner.prices.set_pending(None);
    });
    if share {
        shared.prices.set_pending(Some(promise.clone()));
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
    let call = InFlight::catalogue(shared, cancel, "", shared.default_options());
    let sent = Box::pin(attempt::send(&call, 0)).await?;
    trap::here(Place::Prices);
    let Some(response) = sent.response() else {
        return Ok(());
    };
    let body = fetch::read_body(
        &response,
        cancel,
        call.options.timeouts.idle_before(),
        LIMIT,
    );
    let bytes = JsFuture::from(body).await?;
    sent.forget();
    // What is no catalogue is as good as none.
    let models = model::parse(&js_sys::Uint8Array::from(bytes).to_vec()).map_err(error_to_js)?;
    shared.prices.keep(models);
    Ok(())
}
