//! The bindings for JavaScript: the only code that knows JavaScript. They bind and convert; the core decides.

mod call;
mod client;
mod convert;
mod decoder;
mod embedding;
pub(crate) mod error;
mod plain;
mod policy;
mod protocol;
mod step;
#[cfg(feature = "traps")]
mod trap;

use wasm_bindgen::prelude::*;

use crate::policy::clock::Now;
use crate::unit::{SteadyTime, WallTime};

/// A reading of both clocks: the wall clock and the steady one (`performance.now`). In workerd both stand still between I/O.
pub(crate) fn at(wall: f64, steady: f64) -> Now {
    Now {
        wall: WallTime(wall),
        steady: Some(SteadyTime(steady)),
    }
}

/// A reading of the wall clock alone, which is all that the caller gives.
pub(crate) fn wall(ms: f64) -> Now {
    WallTime(ms).into()
}

/// The package's version.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_string()
}
