//! Converts the core's error into a JavaScript error object.

use wasm_bindgen::prelude::*;

use super::plain;
use crate::call::failure::Failure;
use crate::error::{self, Error};

#[wasm_bindgen(raw_module = "./error.js")]
extern "C" {
    #[wasm_bindgen(js_name = errorAt)]
    fn error_at(record: *const u8) -> JsValue;
}

/// Removes secrets, given one per line, from a text; `None` if it contains none.
#[wasm_bindgen]
pub fn redact(text: &str, secrets: &str) -> Option<String> {
    let secrets: Vec<String> = secrets.split('\n').map(str::to_string).collect();
    error::without(text, &secrets)
}

/// The public error object for an error of the core that belongs to no call.
pub fn to_js(error: Error) -> JsValue {
    error_at(plain::record(&Failure::of_no_call(error).data()))
}
