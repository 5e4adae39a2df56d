//! The JavaScript rim.

pub(crate) mod error;

use wasm_bindgen::prelude::*;

/// The package's version.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_string()
}
