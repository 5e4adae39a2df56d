//! The timeouts: headers (also called connect), idle, total.

use crate::error::Error;
use crate::field::{Bounds, Fields, number, wrong_type};
use crate::json::Value;
use crate::unit::Millis;

/// The time to headers for a stream: a model may be loaded first, or have a queue before it.
const CONNECT_STREAM: Millis = Millis(300_000.0);
/// The time to headers for a whole answer, which are sent when it is complete.
const CONNECT_WHOLE: Millis = Millis(600_000.0);
/// The time to the first bytes of a whole body, and to the first event of a stream: some send the headers at once.
const IDLE_BEFORE: Millis = Millis(300_000.0);
/// The time to the next bytes behind a stream's first event: models think in silence.
const IDLE: Millis = Millis(120_000.0);

/// How long each phase of a request may take.
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
            Value::Number(_) => self.connect = Some(Millis(number(value, path, Bounds::TIMER)?)),
            Value::Object(_) => {
                let given = Fields::of(value, path);
                given.only(&["headers", "connect", "idle", "total"]);
                let time = |name| given.number(name, Bounds::TIMER).map(Millis);
                let headers = time("headers");
                let connect = time("connect");
                if headers.is_some() && connect.is_some() && headers != connect {
                    let problem =
                        "contradicts headers: both are the time to the response's headers";
                    given.refuse("connect", problem);
                }
                self.connect = headers.or(connect).or(self.connect);
                self.idle = time("idle").or(self.idle);
                self.total = time("total").or(self.total);
                given.ok()?;
            }
            other => return Err(wrong_type(path, "a number or an object", other)),
        }
        Ok(())
    }
}
