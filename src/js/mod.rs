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

use crate::policy::clock::Now;

#[wasm_bindgen]
extern "C" {
    /// Milliseconds by a clock that can't be set; in workerd it stands still between I/O, as the wall clock does.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn steady() -> f64;
}

/// Milliseconds since the epoch, by a clock that may be set.
pub(crate) fn wall() -> f64 {
    js_sys::Date::now()
}

/// Both clocks.
pub(crate) fn now() -> Now {
    Now {
        wall: wall(),
        steady: Some(steady()),
    }
}

/// The package's version.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_string()
}
