//! The switch for traps on purpose, in builds with the feature "traps" alone.

use wasm_bindgen::prelude::*;

/// Traps when `place` is met for the n-th time from now on; 0: never.
#[wasm_bindgen]
pub fn trap_at(place: u32, times: u32) {
    crate::trap::at(place, times);
}
