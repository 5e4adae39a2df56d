//! Time limits of runtimes. They end their own `fetch` after some time, and what they throw then is a timeout and not a lost
//! connection.

use crate::text::split;

/// The event that a request was waiting for when its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The response's headers.
    Connect,
    /// More of the body.
    Idle,
}

impl Phase {
    /// The name in errors.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Connect => "connect",
            Phase::Idle => "idle",
        }
    }
}

/// The names that runtimes use, with the phase where the name implies one.
const NAMES: [(&str, Option<Phase>); 7] = [
    ("UND_ERR_HEADERS_TIMEOUT", Some(Phase::Connect)),
    ("HeadersTimeoutError", Some(Phase::Connect)),
    ("UND_ERR_BODY_TIMEOUT", Some(Phase::Idle)),
    ("BodyTimeoutError", Some(Phase::Idle)),
    // Of Bun's fetch, and of `AbortSignal.timeout` in a fetch that the caller supplied; then node-fetch's.
    ("TimeoutError", None),
    ("request-timeout", None),
    ("body-timeout", None),
];

/// The phase and the name of a runtime's own time limit; `None` if the failure was something else. `names` holds the names and
/// codes of what was thrown and of its causes, one per line. A name that implies a phase wins; for the others the phase is
/// `during`, the one in which it was thrown.
///
/// A TCP connection that took too long (`UND_ERR_CONNECT_TIMEOUT`, `ETIMEDOUT`) is no time limit in this sense: nothing was sent,
/// so that another attempt costs nothing.
///
/// ```
/// use hfetch::policy::time_limit::{Phase, exceeded};
///
/// let thrown = "TypeError\nfetch failed\nUND_ERR_BODY_TIMEOUT";
/// assert_eq!(exceeded(thrown, Phase::Connect), Some((Phase::Idle, "UND_ERR_BODY_TIMEOUT")));
/// assert_eq!(exceeded("TypeError\nECONNRESET", Phase::Connect), None);
/// ```
pub fn exceeded(names: &str, during: Phase) -> Option<(Phase, &'static str)> {
    let known = |name: &str| NAMES.iter().find(|row| row.0 == name);
    let mut found = None;
    for (name, phase) in split(names, b"\n").into_iter().filter_map(known) {
        if found.is_none() || phase.is_some() {
            found = Some((phase.unwrap_or(during), *name));
        }
        if phase.is_some() {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_anywhere_among_the_causes_says_whose_time_it_was() {
        let connect = Some(Phase::Connect);
        let idle = Some(Phase::Idle);
        let table: [(&[&str], Option<Phase>, Option<Phase>); 8] = [
            (&["TypeError", "UND_ERR_HEADERS_TIMEOUT"], connect, connect),
            (&["TypeError", "HeadersTimeoutError"], connect, connect),
            (
                &["TypeError", "terminated", "UND_ERR_BODY_TIMEOUT"],
                idle,
                idle,
            ),
            (
                &["AggregateError", "ECONNREFUSED", "BodyTimeoutError"],
                idle,
                idle,
            ),
            (&["TimeoutError"], connect, idle),
            (&["FetchError", "request-timeout"], connect, idle),
            (
                &["ConnectTimeoutError", "UND_ERR_CONNECT_TIMEOUT"],
                None,
                None,
            ),
            (
                &["ETIMEDOUT", "ECONNRESET", "UND_ERR_SOCKET", ""],
                None,
                None,
            ),
        ];
        for (names, before_headers, in_the_body) in table {
            let phase = |during| exceeded(&names.join("\n"), during).map(|found| found.0);
            assert_eq!(phase(Phase::Connect), before_headers, "{names:?}");
            assert_eq!(phase(Phase::Idle), in_the_body, "{names:?}");
        }
    }
}
