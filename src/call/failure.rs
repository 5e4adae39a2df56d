//! The typed errors of a call, in words that say what to do. Keys are removed from everything that a server said.

use super::Call;
use super::head::Head;
use crate::config::header;
use crate::error::{CUT, Class, Error, add_secret, redact};
use crate::policy::ledger::{Kind, Tried};
use crate::policy::time_limit::{self, Phase};
use crate::unit::Millis;
use crate::wire::failure;
use crate::wire::fault::Fault;
use crate::wire::model;
use crate::wire::request::route;
use crate::wire::whole;

/// A typed error with the call's details; flags name what the driver has to add.
#[derive(Debug)]
pub struct Failure {
    /// The error that the caller gets.
    pub error: Error,
    /// How many requests had been sent by then.
    pub attempts: u32,
    /// The request id of the last response by then.
    pub request_id: Option<String>,
    /// The number of the failed attempt, from 1; 0 where the failure belongs to no attempt.
    pub attempt: u32,
    /// The candidates that failed, including this one, oldest first.
    pub tried: Vec<Tried>,
    /// Whether the driver sets the thrown value as the error's `cause`.
    pub cause: bool,
    /// Whether the driver adds the response's headers.
    pub headers: bool,
    /// The response body that describes the failure, without keys.
    pub body: Option<String>,
}

/// Why a call ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// The caller's signal or `abort()`.
    Aborted,
    /// No byte of a body arrived within the idle timeout.
    Idle,
    /// The total timeout is over.
    Total,
    /// Another request of the same call failed.
    Closed,
}

impl Failure {
    /// The failure of an error that belongs to no call.
    pub fn of_no_call(error: Error) -> Box<Self> {
        Box::new(Failure {
            error,
            attempts: 0,
            request_id: None,
            attempt: 0,
            tried: Vec::new(),
            cause: false,
            headers: false,
            body: None,
        })
    }

    /// This failure, with the thrown value as its cause.
    pub(super) fn with_cause(mut self: Box<Self>) -> Box<Self> {
        self.cause = true;
        self
    }
}

impl Call {
    /// The keys that must not appear in any text of this call.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        let mut add = |secret: &str| add_secret(&mut secrets, secret);
        self.shared.each_secret(&mut add);
        self.sent_keys
            .get(|keys| keys.iter().for_each(|key| add(key)));
        header::secrets(&self.options.headers).for_each(add);
        secrets
    }

    /// Removes the call's keys from a text.
    pub fn redact(&self, text: &str) -> String {
        redact(text, &self.secrets())
    }

    /// Makes a failure with what is known about the call now.
    pub(super) fn failure(&self, error: Error) -> Box<Failure> {
        let mut failure = Failure::of_no_call(error);
        failure.attempts = self.account.attempts.get();
        let progress = &self.account.progress;
        failure.request_id = progress.get(|progress| progress.request_id.clone());
        failure.tried = self.tried();
        failure
    }

    /// Makes a failure that quotes the server. The call's keys are removed here, since the text came straight from the response.
    fn quoting(&self, mut error: Error, body: Option<&[u8]>) -> Box<Failure> {
        let secrets = self.secrets();
        failure::name_status(&mut error, self.status());
        let clean = |text: &mut String| *text = redact(text, &secrets);
        clean(&mut error.message);
        clean(&mut error.hint);
        error.code.as_mut().map(clean);
        error.kind.as_mut().map(clean);
        error.param.as_mut().map(clean);
        let quote = |body: &[u8]| {
            let mut text = String::from_utf8_lossy(failure::head(body)).into_owned();
            if failure::small(body).is_none() {
                text.push_str(CUT);
            }
            redact(&text, &secrets)
        };
        let mut failure = self.failure(error);
        failure.headers = true;
        failure.body = body.filter(|body| !body.is_empty()).map(quote);
        failure
    }

    /// The failure for a response with an error status.
    pub(super) fn answered_badly(
        &self,
        head: &Head,
        body: &[u8],
        retry_after: Option<Millis>,
    ) -> Box<Failure> {
        let text = self.redact(&String::from_utf8_lossy(body));
        let mut error = failure::from_response(failure::Response {
            status: head.status,
            body: text.as_bytes(),
            has_key: self.shared.has_key(),
            of_hugging_face: self.shared.config.base_url.is_hugging_face,
            usable_model: model::USABLE_IN_CHAT,
        });
        error.retry_after = retry_after.or(error.estimated_time);
        if let Some(hint) = self.advice_on_text(&error) {
            error.hint = hint;
        }
        self.quoting(error, Some(text.as_bytes()))
    }

    /// Advice about a model that can only complete text, where that may be why the server refused.
    fn advice_on_text(&self, error: &Error) -> Option<String> {
        let code = error.code.as_deref().unwrap_or_default();
        let of_model = matches!(error.status, Some(404 | 410)) || code.starts_with("model_");
        match (self.kind, error.status) {
            (Some(Kind::Chat), Some(400 | 404 | 410 | 422))
                if model::only_completes(&self.model) =>
            {
                let hint = "This model only completes text, so it can't be used in chat: call completions.create with a prompt. ";
                let usable = match self.shared.config.base_url.is_hugging_face {
                    true => failure::usable_instead(model::USABLE_IN_CHAT),
                    false => String::new(),
                };
                Some([hint, route::ELSEWHERE, &usable].concat())
            }
            (Some(Kind::Completion), _) if of_model && self.shared.config.base_url.is_router => {
                Some(["This provider may not serve the model. ", route::ELSEWHERE].concat())
            }
            _ => None,
        }
    }

    /// The failure for a connection that broke before a response came.
    pub(super) fn unanswered(&self) -> Box<Failure> {
        let message = "There was no response: the connection failed (see cause).";
        let hint =
            "In a browser this can also be CORS, or a blocked request: its own console says which.";
        let mut error = Error::new(Class::Connection, message).advise(hint);
        error.is_retryable = true;
        self.failure(error).with_cause()
    }

    /// A timeout of one of the phases: connect, idle, total; `limit` is how long it was.
    pub(super) fn timed_out(&self, phase: &'static str, limit: Millis) -> Box<Failure> {
        let (what, option) = match phase {
            "connect" => ("no response headers", "headers"),
            "idle" => ("no bytes", phase),
            _ => ("not finished", phase),
        };
        let ms = (limit.0 as u64).to_string();
        let message = [
            "Timed out: ",
            what,
            " within ",
            &ms,
            " ms (timeout.",
            option,
            ").",
        ];
        self.failure(timeout(phase, message.concat()))
    }

    /// The failure for a time limit of the runtime itself, recognised by the names and codes of what was thrown (one per line).
    pub(super) fn timed_out_by_runtime(&self, names: &str, during: Phase) -> Option<Box<Failure>> {
        let (phase, name) = time_limit::exceeded(names, during)?;
        let what = match phase {
            Phase::Connect => "no response headers",
            Phase::Idle => "no bytes",
        };
        let message = [
            "Timed out: ",
            what,
            " within the runtime's own limit for fetch (",
            name,
            ", see cause).",
        ];
        let hint =
            "Ask for a stream, or give the client a fetch without that limit (option fetch).";
        let error = timeout(phase.name(), message.concat()).advise(hint);
        Some(match during {
            Phase::Connect => self.failure(error).with_cause(),
            Phase::Idle => self.in_answer(error),
        })
    }

    /// An early end; `waited` is how long an idle timeout was.
    pub fn cancelled(&self, how: Cancelled, waited: Millis) -> Box<Failure> {
        match how {
            Cancelled::Idle => self.timed_out("idle", waited),
            Cancelled::Total => {
                self.timed_out("total", self.options.timeouts.total.unwrap_or_default())
            }
            Cancelled::Aborted | Cancelled::Closed => {
                let error = Error::new(Class::UserAbort, "The request was aborted.");
                self.failure(error).with_cause()
            }
        }
    }

    /// Makes a failure of an answer that had already begun, with that answer's status.
    fn in_answer(&self, mut error: Error) -> Box<Failure> {
        error.status = Some(self.status());
        let mut failure = self.failure(error).with_cause();
        failure.headers = true;
        failure
    }

    /// HTTP status of the last response; 0 where no response came.
    fn status(&self) -> u16 {
        self.account.progress.get(|progress| progress.status)
    }

    /// The failure for a body that broke off. `unreadable` says why it can't be read, if known; `names` are those of what was
    /// thrown.
    pub fn body_lost(&self, unreadable: Option<&str>, names: &str) -> Box<Failure> {
        let message = "The connection was lost while the answer was read: see cause.";
        let timeout = self.timed_out_by_runtime(names, Phase::Idle);
        let lost = || self.in_answer(Error::new(Class::Connection, unless(unreadable, message)));
        timeout.unwrap_or_else(lost)
    }

    /// The failure for a stream whose connection was lost, with the same arguments.
    pub fn stream_lost(&self, unreadable: Option<&str>, names: &str) -> Box<Failure> {
        let message = "The connection was lost in the middle of the stream: see cause, and partial for what had arrived.";
        let timeout = self.timed_out_by_runtime(names, Phase::Idle);
        let lost = || {
            self.in_answer(Error::new(
                Class::StreamTruncated,
                unless(unreadable, message),
            ))
        };
        timeout.unwrap_or_else(lost)
    }

    /// The failure for a fault that the decoder found in a stream.
    pub fn stream_fault(&self, fault: &Fault) -> Box<Failure> {
        let told = &fault.error;
        let class = match told.class {
            Class::StreamTruncated | Class::Api => told.class,
            _ => Class::Stream,
        };
        let mut error = Error::new(class, told.message.clone());
        error.code.clone_from(&told.code);
        error.kind.clone_from(&told.kind);
        error.param.clone_from(&told.param);
        error.status = Some(self.status());
        self.quoting(error, fault.body.as_deref())
    }

    /// The failure for a whole answer that reports an error in its body; `None` for any other body.
    pub fn failed_answer(&self, bytes: &[u8]) -> Option<Box<Failure>> {
        Some(self.misread(whole::failed(bytes)?, bytes))
    }

    /// The failure for a success status whose body isn't the expected object.
    pub fn unexpected(&self, bytes: &[u8]) -> Box<Failure> {
        self.answered.set(true);
        self.misread(failure::unexpected(self.status(), bytes), bytes)
    }

    /// The failure for an error that came up while an answer's body was read.
    pub fn misread(&self, mut error: Error, body: &[u8]) -> Box<Failure> {
        error.status = Some(self.status());
        self.quoting(error, Some(body))
    }
}

pub(super) fn timeout(phase: &'static str, message: String) -> Error {
    let mut error = Error::new(Class::ConnectionTimeout, message);
    error.reason = Some(phase);
    error.is_retryable = true;
    error
}

/// The reason why a body can't be read, or `otherwise` where none is known.
fn unless(unreadable: Option<&str>, otherwise: &str) -> String {
    match unreadable {
        Some(problem) => ["The answer can't be read: ", problem].concat(),
        None => otherwise.to_string(),
    }
}
