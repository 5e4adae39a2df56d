//! The JavaScript rim: the only code that knows JavaScript. It binds and converts; what decides is in the core.

mod call;
mod client;
mod convert;
mod decoder;
mod embedding;
pub(crate) mod error;
mod plain;
mod policy;
mod step;
#[cfg(feature = "traps")]
mod trap;

use wasm_bindgen::prelude::*;

/// The package's version.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_string()
}
