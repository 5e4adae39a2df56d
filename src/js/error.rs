//! Converts the core's error into a JavaScript error object.

use wasm_bindgen::prelude::*;

use super::plain::Record;
use crate::call::failure::Failure;
use crate::error::{self, Error};
use crate::text::split;

#[wasm_bindgen(raw_module = "./error.js")]
extern "C" {
    #[wasm_bindgen(js_name = errorAt)]
    fn error_at(record: *const u8) -> JsValue;
}

/// Removes secrets, given one per line, from a text; `None` if it contains none.
#[wasm_bindgen]
pub fn redact(text: &str, secrets: &str) -> Option<String> {
    let secrets = split(secrets, b"\n");
    let secrets: Vec<String> = secrets.into_iter().map(str::to_string).collect();
    error::without(text, &secrets)
}

/// The public error object for an error of the core that belongs to no call.
pub fn to_js(error: Error) -> JsValue {
    let mut record = Record::new();
    add(&mut record, &Failure::of_no_call(error));
    error_at(record.end())
}

/// Adds the members of a failure to a record.
pub fn add(record: &mut Record, failure: &Failure) {
    let error = &failure.error;
    record.text("class", Some(error.class.name()));
    record.text("message", Some(&error.message));
    record.text(
        "hint",
        Some(error.hint.as_str()).filter(|hint| !hint.is_empty()),
    );
    record.text("path", error.path.as_deref());
    record.add("status", &error.status);
    record.text("code", error.code.as_deref());
    record.text("type", error.kind.as_deref());
    record.text("param", error.param.as_deref());
    record.flag("isRetryable", error.is_retryable);
    record.add("retryAfter", &error.retry_after);
    record.add("estimatedTime", &error.estimated_time);
    record.text("reason", error.reason);
    record.text("scope", error.scope.as_deref());
    record.add("spentUsd", &error.spent_usd);
    record.add("budgetUsd", &error.budget_usd);
    record.number("attempts", failure.attempts.into());
    record.text("requestId", failure.request_id.as_deref());
    record.number("attempt", failure.attempt.into());
    record.add(
        "tried",
        &Some(&failure.tried).filter(|tried| !tried.is_empty()),
    );
    record.flag("addsCause", failure.cause);
    record.flag("addsHeaders", failure.headers);
    record.text("body", failure.body.as_deref());
}
