//! Whose time-out it was: runtimes bound their own `fetch`, and what they throw then is not a lost connection.

/// What a request was doing when its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waiting for the response's headers.
    Connect,
    /// Waiting for more of the body.
    Idle,
}

impl Phase {
    /// The public name.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Connect => "connect",
            Phase::Idle => "idle",
        }
    }
}

/// What runtimes call it, with the phase where the name says one.
const NAMES: [(&str, Option<Phase>); 7] = [
    ("UND_ERR_HEADERS_TIMEOUT", Some(Phase::Connect)),
    ("HeadersTimeoutError", Some(Phase::Connect)),
    ("UND_ERR_BODY_TIMEOUT", Some(Phase::Idle)),
    ("BodyTimeoutError", Some(Phase::Idle)),
    // Of Bun's fetch, and of `AbortSignal.timeout` in a fetch of the caller's; then node-fetch's.
    ("TimeoutError", None),
    ("request-timeout", None),
    ("body-timeout", None),
];

/// The phase of a runtime's own time limit and what that is called, by the names and codes of what was thrown and of its
/// causes, a line each; none where it was no time limit. `during` is the phase in which it was thrown, for names that say
/// none: one that says it comes before those.
///
/// A TCP connection that took too long (`UND_ERR_CONNECT_TIMEOUT`, `ETIMEDOUT`) is none: nothing was sent, so that another
/// try costs nothing.
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
    for (name, phase) in names.split('\n').filter_map(known) {
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
