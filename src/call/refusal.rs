//! The typed errors of a request that was never sent: there was no key, a limit or the budget refused it, or it waited too long in
//! line.

use super::failure::{Failure, timeout};
use super::{Call, NoKey};
use crate::config::not_given_key;
use crate::error::{Class, Error};
use crate::policy::limit_store::Refusal;
use crate::policy::rate_limit::Reason;
use crate::unit::Millis;

impl Call {
    /// The failure for a key function that gave no key.
    pub(super) fn no_key(&self, why: NoKey) -> Box<Failure> {
        let error = match why {
            NoKey::Response => not_given_key("is a response: give its text"),
            NoKey::NoString => not_given_key("is no string"),
            NoKey::TimedOut => {
                let ms = self.options.timeouts.connect(self.stream).0 as u64;
                let message = [
                    "Timed out: the key function (apiKey) gave no key within ",
                    &ms.to_string(),
                    " ms (timeout.headers); nothing was sent.",
                ];
                timeout("connect", message.concat())
            }
            NoKey::Failed => {
                let message = "The key function (apiKey) failed, so nothing was sent: see cause.";
                let mut error = Error::new(Class::Connection, message);
                error.is_retryable = true;
                error
            }
        };
        let mut failure = self.failure(error);
        failure.cause = why == NoKey::Failed;
        failure
    }

    /// The failure for a limit store of the caller's that failed.
    pub(super) fn store_failed(&self) -> Box<Failure> {
        let message = "The limit store gave no answer, so nothing was sent: see cause.";
        let mut error = Error::new(Class::LimitExceeded, message);
        error.reason = Some("store");
        error.retry_after = Some(Millis::ZERO);
        self.failure(error).with_cause()
    }

    /// The failure for a refusal by a limit or the budget.
    pub(super) fn refused(&self, refusal: &Refusal) -> Box<Failure> {
        let pause = refusal.limit.retry_after;
        if refusal.limit.reason == Reason::Blocked && pause.is_finite() {
            return self.paused(pause);
        }
        let budget = refusal.limit.reason == Reason::Budget;
        let class = match budget {
            true => Class::BudgetExceeded,
            false => Class::LimitExceeded,
        };
        let mut message = words(refusal).to_string();
        if self.shared.config.waiting.waits && !budget && refusal.limit.retry_after.is_finite() {
            message.push_str(" The wait would be longer than limits.maxWait.");
        }
        let mut error = Error::new(class, message).advise(advice(refusal));
        error.reason = Some(refusal.limit.reason.name());
        error.scope = Some(refusal.scope.clone());
        error.retry_after = Some(refusal.limit.retry_after);
        error.is_retryable = refusal.limit.retry_after.is_finite();
        error.spent_usd = refusal.spent_usd;
        error.budget_usd = refusal.budget_usd;
        self.failure(error)
    }

    /// The server has asked for a pause that is longer than what is waited for: the caller is told what is left of it.
    fn paused(&self, left: Millis) -> Box<Failure> {
        let seconds = ((left.0 / 1_000.0).ceil() as u64).to_string();
        let message = [
            "The server has asked for a pause, of which ",
            &seconds,
            " s are left; nothing was sent.",
        ];
        let hint = "Send it again after retryAfter, raise retry.maxDelay, or add keys (apiKeys).";
        let mut error = Error::new(Class::RateLimit, message.concat()).advise(hint);
        error.status = Some(429);
        error.retry_after = Some(left);
        error.is_retryable = true;
        let mut failure = self.failure(error);
        // The call's last request id may belong to another of its requests.
        failure.request_id = None;
        failure
    }

    /// The failure after the server has refused every key.
    pub(super) fn keyless(&self) -> Box<Failure> {
        let message = "Every key has been refused by the server (401).";
        let hint = match self.shared.config.base_url.is_hugging_face {
            true => "Check the tokens at huggingface.co/settings/tokens.",
            false => "Check the keys.",
        };
        self.failure(Error::new(Class::Authentication, message).advise(hint))
    }

    /// The failure after a fault in this package that lost the budget's count.
    pub(super) fn overdrawn(&self) -> Box<Failure> {
        let message = "An internal fault lost what was spent of the budget, so this client sends nothing more.";
        let mut error = Error::new(Class::LimitExceeded, message).advise("Make a new client.");
        error.reason = Some("store");
        error.retry_after = Some(Millis::INFINITY);
        self.failure(error)
    }

    /// The failure for a call whose wait in line ended while others were still before it.
    pub(super) fn too_late(&self) -> Box<Failure> {
        let message = "Others were first in line, and the wait is longer than limits.maxWait.";
        let mut error = Error::new(Class::LimitExceeded, message);
        error.reason = Some(Reason::Concurrent.name());
        error.retry_after = Some(Millis::ZERO);
        error.is_retryable = true;
        self.failure(error)
    }

    /// The error for a budget with a model whose price is unknown.
    pub fn unpriced(&self) -> Error {
        let problem = [
            "has no price for ",
            &self.model,
            ", so the budget could not hold it",
        ];
        Error::config("pricing", &problem.concat())
    }
}

fn advice(refusal: &Refusal) -> &'static str {
    match refusal.limit.reason {
        Reason::Tokens if refusal.limit.retry_after == Millis::INFINITY => {
            "Send less, or lower max_tokens."
        }
        _ => "",
    }
}

fn words(refusal: &Refusal) -> &'static str {
    match refusal.limit.reason {
        Reason::Budget => "This request could overspend the budget; nothing was sent.",
        Reason::Requests => {
            "The limit of requests per minute is reached (limits.requestsPerMinute)."
        }
        Reason::Tokens if refusal.limit.retry_after == Millis::INFINITY => {
            "This request alone is larger than the tokens per minute allow (limits.tokensPerMinute)."
        }
        Reason::Tokens => "The limit of tokens per minute is reached (limits.tokensPerMinute).",
        Reason::Month => "The limit of requests per month is reached (limits.requestsPerMonth).",
        Reason::Concurrent => "The limit of requests at once is reached (limits.maxConcurrent).",
        Reason::Blocked | Reason::Other => "The limit store let nothing through.",
    }
}
