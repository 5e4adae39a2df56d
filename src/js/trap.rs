//! Sets deliberate traps, only in builds with the feature "traps".

use wasm_bindgen::prelude::*;

/// Traps when `place` is reached for the n-th time from now on; 0 means never.
#[wasm_bindgen]
pub fn trap_at(place: u32, times: u32) {
    crate::trap::at(place, times);
}
