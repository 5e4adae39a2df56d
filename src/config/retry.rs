//! The options `retry` and `maxRetries`.

use crate::error::Error;
use crate::field::{Bounds, Fields, wrong_type};
use crate::json::Value;
use crate::policy::retry::RetryPolicy;

/// The policy in an option `retry`, where no client has one.
pub fn policy(retry: Value) -> Result<RetryPolicy, Error> {
    let mut policy = RetryPolicy::default();
    let options = Value::Object(vec![("retry".to_string(), retry)]);
    let given = Fields::of(&options, "");
    read(&mut policy, &given);
    given.ok().map(|()| policy)
}

/// Reads both options; they replace what is already set.
pub fn read(policy: &mut RetryPolicy, given: &Fields<'_>) {
    let mut attempts = None;
    match given.get("retry") {
        None => {}
        Some(Value::Bool(false)) => attempts = Some(1.0),
        Some(Value::Object(_)) => given.object("retry", &mut |fields| {
            fields.only(&["maxAttempts", "baseDelay", "maxDelay", "maxLoadingWait"]);
            attempts = fields.number("maxAttempts", Bounds::COUNT);
            fields.set("baseDelay", Bounds::WAIT, &mut policy.base_delay.0);
            fields.set("maxDelay", Bounds::WAIT, &mut policy.max_delay.0);
            fields.set(
                "maxLoadingWait",
                Bounds::WAIT,
                &mut policy.max_loading_wait.0,
            );
        }),
        Some(other) => given.fail(wrong_type("retry", "an object or false", other)),
    }
    if let Some(retries) = given.number("maxRetries", Bounds::COUNT_OR_ZERO) {
        if attempts.is_some_and(|attempts| attempts != retries + 1.0) {
            let problem = "contradicts retry: it is retry.maxAttempts - 1";
            given.refuse("maxRetries", problem);
        }
        attempts = Some(retries + 1.0);
    }
    if let Some(attempts) = attempts {
        policy.max_attempts = attempts as u32;
        policy.is_given = true;
    }
}
