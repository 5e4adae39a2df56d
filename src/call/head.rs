//! A response's head as the driver passes it: the status, and the values of a fixed list of headers in one text.
//!
//! protocol.js has the same list, and a test compares the two. The driver reads the first [`OF_SUCCESS`] headers of every response,
//! and all of them if the response is an error.

use crate::policy::retry;
use crate::text::split_once;

/// How many headers matter for every response; they come first in [`names`].
pub const OF_SUCCESS: usize = 7;

const NAMES: [&str; OF_SUCCESS + 3] = [
    "x-request-id",
    "x-amzn-trace-id",
    "x-amz-cf-id",
    "x-inference-provider",
    "ratelimit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after-ms",
    "retry-after",
    "x-should-retry",
];

/// The names of all headers that matter, in the order in which the driver passes their values.
///
/// ```
/// let names = hfetch::call::head::names();
/// assert_eq!(names[0], "x-request-id");
/// assert!(names.contains(&"x-ratelimit-reset-tokens".to_string()));
/// ```
pub fn names() -> Vec<String> {
    let mut names = Vec::new();
    for name in NAMES {
        names.push(name.to_string());
    }
    for suffix in retry::SUFFIXES {
        for name in [retry::REMAINING, retry::RESET] {
            names.push([name, suffix].concat());
        }
    }
    names
}

/// The index of a rate-limit header that some providers send (one of two names with one of several suffixes).
fn of_provider(name: &str) -> Option<usize> {
    let reset = name.strip_prefix(retry::RESET);
    let suffix = reset.or_else(|| name.strip_prefix(retry::REMAINING))?;
    let row = retry::SUFFIXES.iter().position(|known| *known == suffix)?;
    Some(NAMES.len() + 2 * row + usize::from(reset.is_some()))
}

/// One response's head.
///
/// ```
/// use hfetch::call::head::{Head, names};
///
/// let of = |name: &str| if name == "retry-after" { "20" } else { "" };
/// let values: Vec<&str> = names().iter().map(|name| of(name)).collect();
/// let head = Head::new(429, &values.join("\n"));
/// assert_eq!(head.get("retry-after").as_deref(), Some("20"));
/// assert_eq!(head.get("ratelimit"), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// HTTP status.
    pub status: u16,
    /// One line for each of [`names`], in the same order, with its value; the line of an absent header is empty.
    values: String,
}

impl Head {
    /// Makes a head from a status and the header values, one per line: no header value can contain a line break.
    pub fn new(status: u16, values: &str) -> Self {
        Head {
            status,
            values: values.to_string(),
        }
    }

    /// The value of a header by its lower-case name. An empty value counts as absent.
    pub fn get(&self, name: &str) -> Option<String> {
        let own = NAMES.iter().position(|known| *known == name);
        let mut lines = self.values.as_str();
        for _ in 0..own.or_else(|| of_provider(name))? {
            lines = split_once(lines, b'\n')?.1;
        }
        let value = split_once(lines, b'\n').map_or(lines, |(value, _)| value);
        (!value.is_empty()).then(|| value.to_string())
    }

    /// The request id, under any of the header names that servers use for it.
    pub fn request_id(&self) -> Option<String> {
        NAMES.iter().take(3).find_map(|name| self.get(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_the_value_in_its_line() {
        let values: Vec<String> = (0..names().len()).map(|at| at.to_string()).collect();
        let head = Head::new(429, &values.join("\n"));
        for (at, name) in names().iter().enumerate() {
            assert_eq!(head.get(name), Some(at.to_string()), "{name}");
        }
        assert_eq!(head.get("x-ratelimit-reset-else"), None);
        assert_eq!(Head::new(200, "").get("x-request-id"), None);
    }
}
