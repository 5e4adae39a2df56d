//! `retry` and `maxRetries`.

use super::field::{Bounds, Fields, wrong_type};
use crate::error::Error;
use crate::json::Value;
use crate::policy::retry::RetryPolicy;

/// Reads both spellings over what is set already.
pub fn read(policy: &mut RetryPolicy, given: &Fields<'_>) -> Result<(), Error> {
    let mut attempts = None;
    match given.get("retry") {
        None => {}
        Some(Value::Bool(false)) => attempts = Some(1.0),
        Some(value @ Value::Object(_)) => {
            let fields = Fields::of(value, &given.path("retry"))?;
            fields.only(&["maxAttempts", "baseDelay", "maxDelay", "maxLoadingWait"])?;
            attempts = fields.number("maxAttempts", Bounds::COUNT)?;
            let base = fields.number("baseDelay", Bounds::WAIT)?;
            policy.base_delay = base.unwrap_or(policy.base_delay);
            let longest = fields.number("maxDelay", Bounds::WAIT)?;
            policy.max_delay = longest.unwrap_or(policy.max_delay);
            let loading = fields.number("maxLoadingWait", Bounds::WAIT)?;
            policy.max_loading_wait = loading.unwrap_or(policy.max_loading_wait);
        }
        Some(other) => {
            return Err(wrong_type(
                &given.path("retry"),
                "an object or false",
                other,
            ));
        }
    }
    if let Some(retries) = given.number("maxRetries", Bounds::COUNT_OR_ZERO)? {
        if attempts.is_some_and(|attempts| attempts != retries + 1.0) {
            return Err(Error::config(
                given.path("maxRetries"),
                "contradicts retry: it is retry.maxAttempts - 1",
            ));
        }
        attempts = Some(retries + 1.0);
    }
    if let Some(attempts) = attempts {
        policy.max_attempts = attempts as u32;
        policy.is_given = true;
    }
    Ok(())
}
