//! The core's error as a JavaScript error object.

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::error::Error;

#[wasm_bindgen(raw_module = "./error.js")]
extern "C" {
    #[wasm_bindgen(js_name = makeError)]
    fn make_error(class: &str, message: &str, fields: &Object) -> JsValue;

    /// JSON as its value without secrets, any other text as it is.
    pub fn parsed(text: &str, secrets: Vec<String>) -> JsValue;

    /// Headers, or a copy of them without secrets where one echoes them.
    #[wasm_bindgen(js_name = cleanHeaders)]
    pub fn clean_headers(headers: &JsValue, secrets: Vec<String>) -> JsValue;

    /// What was thrown, or a copy of it without secrets where it quotes one.
    #[wasm_bindgen(js_name = cleanCause)]
    pub fn clean_cause(thrown: &JsValue, secrets: Vec<String>) -> JsValue;

    /// The names and codes of what was thrown and of its causes, a line each.
    #[wasm_bindgen(js_name = namesOf)]
    pub fn names_of(thrown: &JsValue) -> String;
}

/// The fields of an error object under construction.
pub struct Fields(Object);

impl Fields {
    /// No fields yet.
    pub fn new() -> Self {
        Fields(Object::new())
    }

    /// Sets one field; an absent value sets none.
    pub fn set(&self, name: &str, value: impl Into<JsValue>) {
        // A plain object of our own takes every property.
        let _ = Reflect::set(&self.0, &JsValue::from_str(name), &value.into());
    }

    fn set_some(&self, name: &str, value: Option<impl Into<JsValue>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }
}

/// The public error object of a core error.
pub fn to_js(error: Error) -> JsValue {
    to_js_with(error, &Fields::new())
}

/// The public error object of a core error, with what only the rim knows: headers, body, cause, partial.
pub fn to_js_with(error: Error, fields: &Fields) -> JsValue {
    for (name, text) in [
        ("path", &error.path),
        ("code", &error.code),
        ("type", &error.kind),
        ("param", &error.param),
        ("scope", &error.scope),
    ] {
        fields.set_some(name, text.as_deref());
    }
    fields.set_some("status", error.status);
    fields.set("retryable", error.retryable);
    fields.set_some("reason", error.reason);
    for (name, number) in [
        ("retryAfter", error.retry_after),
        ("estimatedTime", error.estimated_time),
        ("spentUsd", error.spent_usd),
        ("budgetUsd", error.budget_usd),
    ] {
        fields.set_some(name, number);
    }
    make_error(error.class.name(), &error.message, &fields.0)
}
