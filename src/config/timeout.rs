//! The timeouts: headers (also called connect), idle, total.

use crate::error::Error;
use crate::field::{Bounds, Fields, number, wrong_type};
use crate::json::Value;
use crate::unit::Millis;

/// Ms until the headers of a stream: the server may have to load the model, or to work off a queue.
const CONNECT_STREAM: f64 = 300_000.0;
/// Ms until the headers of a whole answer, which a server sends once the answer is complete.
const CONNECT_WHOLE: f64 = 600_000.0;
/// Ms until the first bytes of a whole body and until the first event of a stream: some servers send the headers at once.
const IDLE_BEFORE: f64 = 300_000.0;
/// Ms until the next bytes after a stream's first event: models pause to reason.
const IDLE: f64 = 120_000.0;

/// How long each phase of a request may take, in ms. Most defaults depend on the kind of answer.
///
/// ```
/// use hfetch::config::Timeouts;
/// use hfetch::json;
///
/// let mut timeouts = Timeouts::default();
/// assert_eq!(timeouts.connect(true), 300_000.0);
/// // A whole answer's headers come when it is complete, so they may take longer.
/// assert_eq!(timeouts.connect(false), 600_000.0);
/// timeouts.read(&json::parse(b"20000").unwrap(), "timeout").unwrap();
/// assert_eq!(timeouts.connect(false), 20_000.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timeouts {
    /// The longest wait for the response headers, for each attempt. The default differs between streams and whole answers.
    pub connect: Option<Millis>,
    /// The longest pause between bytes of the body while the caller waits for them. The default differs before and after a stream's
    /// first event.
    pub idle: Option<Millis>,
    /// The longest time for the whole call, including retries and waits.
    pub total: Option<Millis>,
}

impl Timeouts {
    /// The connect timeout of a request.
    pub fn connect(&self, stream: bool) -> Millis {
        self.connect.unwrap_or(if stream {
            CONNECT_STREAM
        } else {
            CONNECT_WHOLE
        })
    }

    /// The idle timeout before a stream's first event, and within a whole body.
    pub fn idle_before(&self) -> Millis {
        self.idle.unwrap_or(IDLE_BEFORE)
    }

    /// The idle timeout after a stream's first event.
    pub fn idle(&self) -> Millis {
        self.idle.unwrap_or(IDLE)
    }

    /// Reads the option `timeout`, which replaces what is already set. A number is the time until the headers.
    pub fn read(&mut self, value: &Value, path: &str) -> Result<(), Error> {
        match value {
            Value::Number(_) => self.connect = Some(number(value, path, Bounds::TIMER)?),
            Value::Object(_) => {
                let given = Fields::of(value, path);
                given.only(&["headers", "connect", "idle", "total"]);
                let headers = given.number("headers", Bounds::TIMER);
                let connect = given.number("connect", Bounds::TIMER);
                if headers.is_some() && connect.is_some() && headers != connect {
                    let problem =
                        "contradicts headers: both are the time to the response's headers";
                    given.refuse("connect", problem);
                }
                self.connect = headers.or(connect).or(self.connect);
                given.set_some("idle", Bounds::TIMER, &mut self.idle);
                given.set_some("total", Bounds::TIMER, &mut self.total);
                given.ok()?;
            }
            other => return Err(wrong_type(path, "a number or an object", other)),
        }
        Ok(())
    }
}
