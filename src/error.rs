//! The one error type of the core: a closed set of classes, and fields that callers act on. Secrets are removed where an error is
//! built.

mod secret;

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::text::find;
use crate::unit::{Millis, Usd};

pub use secret::{CUT, REDACTED, add_secret, redact, without};

/// The public class of an error (named as in the `openai` package).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Bad options, config or arguments. Nothing was sent.
    Config,
    /// A status without a class of its own, or a 200 whose body isn't the expected object.
    Api,
    /// The status 400.
    BadRequest,
    /// The status 401.
    Authentication,
    /// The status 402: the account's credits are used up.
    PaymentRequired,
    /// The status 403.
    PermissionDenied,
    /// The statuses 404 and 410.
    NotFound,
    /// The status 409.
    Conflict,
    /// The statuses 413 and 422.
    UnprocessableEntity,
    /// The status 429.
    RateLimit,
    /// A 503 that says that the model is still loading.
    ModelLoading,
    /// Any other 5xx.
    InternalServer,
    /// No response came.
    Connection,
    /// A timeout; `reason` names its phase: connect, idle or total.
    ConnectionTimeout,
    /// The caller's signal or `abort()`.
    UserAbort,
    /// An error event or an invalid event in the middle of a stream.
    Stream,
    /// The body ended without `[DONE]` and without a finish reason.
    StreamTruncated,
    /// A local limit refused the request.
    LimitExceeded,
    /// The local budget refused the request.
    BudgetExceeded,
}

impl Class {
    /// The name of the public class.
    pub fn name(self) -> &'static str {
        match self {
            Class::Config => "ConfigError",
            Class::Api => "APIError",
            Class::BadRequest => "BadRequestError",
            Class::Authentication => "AuthenticationError",
            Class::PaymentRequired => "PaymentRequiredError",
            Class::PermissionDenied => "PermissionDeniedError",
            Class::NotFound => "NotFoundError",
            Class::Conflict => "ConflictError",
            Class::UnprocessableEntity => "UnprocessableEntityError",
            Class::RateLimit => "RateLimitError",
            Class::ModelLoading => "ModelLoadingError",
            Class::InternalServer => "InternalServerError",
            Class::Connection => "APIConnectionError",
            Class::ConnectionTimeout => "APIConnectionTimeoutError",
            Class::UserAbort => "APIUserAbortError",
            Class::Stream => "StreamError",
            Class::StreamTruncated => "StreamTruncatedError",
            Class::LimitExceeded => "LimitExceededError",
            Class::BudgetExceeded => "BudgetExceededError",
        }
    }
}

/// A failure. The details are behind one pointer, so that every `?` on the way moves little.
///
/// ```
/// use hfetch::error::Error;
///
/// let error = Error::config("apiKey", "must not be hf_0123456789abcdefghijklmnop");
/// assert_eq!(error.path.as_deref(), Some("apiKey"));
/// // A text that looks like a token is removed before anyone can read it.
/// assert!(!error.message.contains("hf_0123456789"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Details>);

/// The fields of an error that callers can act on.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// The public class.
    pub class: Class,
    /// A description of the failure for a person.
    pub message: String,
    /// Advice for a person; empty where there is none.
    pub hint: String,
    /// `ConfigError.path`: the option or config field that is wrong.
    pub path: Option<String>,
    /// HTTP status.
    pub status: Option<u16>,
    /// `error.code` of the body.
    pub code: Option<String>,
    /// `error.type` of the body.
    pub kind: Option<String>,
    /// `error.param` of the body.
    pub param: Option<String>,
    /// Whether the same request may succeed later.
    pub is_retryable: bool,
    /// How long until a retry makes sense, where known.
    pub retry_after: Option<Millis>,
    /// How long until a loading model is ready, where the server said so.
    pub estimated_time: Option<Millis>,
    /// The limit that refused, or the phase of a timeout.
    pub reason: Option<&'static str>,
    /// The scope whose limit refused: of a key, of a client, or of a budget.
    pub scope: Option<String>,
    /// What was spent in the budget's window.
    pub spent_usd: Option<Usd>,
    /// What the budget allows in its window.
    pub budget_usd: Option<Usd>,
}

impl Error {
    /// An error of a class with a message; all other fields are empty.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Error::with(class, message.into())
    }

    #[cold]
    fn with(class: Class, message: String) -> Self {
        Error(Box::new(Details {
            class,
            message,
            hint: String::new(),
            path: None,
            status: None,
            code: None,
            kind: None,
            param: None,
            is_retryable: false,
            retry_after: None,
            estimated_time: None,
            reason: None,
            scope: None,
            spent_usd: None,
            budget_usd: None,
        }))
    }

    /// Adds a hint: what the reader should do next.
    #[cold]
    pub fn advise(mut self, hint: &str) -> Self {
        self.hint = hint.to_string();
        self
    }

    /// A `ConfigError` whose message starts with the path of the field.
    pub fn config(path: impl Into<String>, problem: &str) -> Self {
        Error::at(path.into(), problem)
    }

    #[cold]
    fn at(path: String, problem: &str) -> Self {
        let (path, problem) = (without_tokens(&path), without_tokens(problem));
        let message = if path.is_empty() {
            problem
        } else {
            [path.as_str(), ": ", problem.as_str()].concat()
        };
        let mut error = Error::new(Class::Config, message);
        error.path = (!path.is_empty()).then_some(path);
        error
    }
}

impl Deref for Error {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.class.name())?;
        f.write_str(": ")?;
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The prefix of Hugging Face's tokens, and the fewest characters that follow it. Names of options and variables are shorter.
const TOKEN: (&str, usize) = ("hf_", 24);

/// `text` without anything that looks like a token. A caller may have written a token where a name belongs, before any key is
/// known.
fn without_tokens(text: &str) -> String {
    let (begin, least) = TOKEN;
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find(rest, begin) {
        let (said, after) = rest
            .split_at_checked(at + begin.len())
            .unwrap_or((rest, ""));
        let length = after.bytes().take_while(u8::is_ascii_alphanumeric).count();
        clean.push_str(said);
        if length >= least {
            clean.push_str(REDACTED);
        }
        let kept = if length >= least { length } else { 0 };
        rest = after.get(kept..).unwrap_or_default();
    }
    clean.push_str(rest);
    clean
}

/// Whether a status usually goes away after a while.
pub fn passes(status: u16) -> bool {
    // From 520 on the codes are Cloudflare's own, and those of other overloaded front servers.
    matches!(status, 408 | 409 | 425 | 429 | 500 | 502..=504 | 520..=524 | 529 | 530)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_error_starts_with_its_path() {
        let error = Error::config("limits.requestsPerMinute", "must be a number");
        assert_eq!(error.message, "limits.requestsPerMinute: must be a number");
        assert_eq!(error.path.as_deref(), Some("limits.requestsPerMinute"));
        assert_eq!(Error::config("", "no key").path, None);
    }

    #[test]
    fn a_token_where_a_name_belongs_is_not_repeated() {
        let token = "hf_abcdefghijklmnopqrstuvwxyz01234567";
        let error = Error::config(
            ["headers.", token].concat(),
            &["no variable ", token, " is set"].concat(),
        );
        assert_eq!(
            error.message,
            "headers.hf_[redacted]: no variable hf_[redacted] is set"
        );
        assert_eq!(error.path.as_deref(), Some("headers.hf_[redacted]"));
        for name in [
            "hf_TOKEN_OF_MINE_WITH_A_LONG_NAME",
            "hf_",
            "shf_é",
            "hf_hf_a",
        ] {
            assert_eq!(Error::config("", name).message, name);
        }
    }
}
