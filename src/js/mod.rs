//! The JavaScript rim: the only code that knows JavaScript.

mod admission;
mod attempt;
mod call;
mod call_error;
mod cancel;
mod catalogue;
mod client;
mod convert;
mod decoder;
mod embedding;
pub(crate) mod error;
mod fetch;
mod held;
mod in_flight;
mod line;
mod outgoing;
mod plain;
mod policy;
mod prices;
mod settlement;
mod shared;
mod snapshot;
mod store;
mod task;
mod trap;

use wasm_bindgen::prelude::*;

/// Milliseconds since the epoch.
pub(crate) fn now() -> f64 {
    js_sys::Date::now()
}

/// The package's version.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_string()
}
