//! The base URL: one spelling for every address a user may paste.

use crate::error::Error;

/// The router's OpenAI-compatible address, the default.
pub const ROUTER: &str = "https://router.huggingface.co/v1";

const ROUTER_HOST: &str = "router.huggingface.co";
/// Switched off in 2025; the provider page and many tutorials still name it.
const RETIRED_HOST: &str = "api-inference.huggingface.co";

/// A checked base URL without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// What paths are appended to.
    pub url: String,
    /// Whether this is Hugging Face's router, which refuses every request without a key.
    pub is_router: bool,
    /// Whether the retired host was given and replaced.
    pub was_retired: bool,
}

impl Default for BaseUrl {
    fn default() -> Self {
        BaseUrl {
            url: ROUTER.to_string(),
            is_router: true,
            was_retired: false,
        }
    }
}

impl BaseUrl {
    /// Checks a given URL and brings it to its one spelling.
    pub fn parse(given: &str, path: &str) -> Result<Self, Error> {
        let refuse = |problem: &str| Err(Error::config(path, problem));
        if given
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '\\')
        {
            return refuse("must not hold white space, control characters or backslashes");
        }
        let Some((scheme, rest)) = given.split_once("://") else {
            return refuse("must be an absolute URL that starts with https:// or http://");
        };
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "https" && scheme != "http" {
            return refuse("must start with https:// or http://");
        }
        if rest.contains(['?', '#']) {
            return refuse("must have neither a query nor a fragment");
        }
        let (authority, route) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return refuse("must not hold credentials; give the key as apiKey");
        }
        let authority = authority.to_ascii_lowercase();
        let Some(host) = host(&authority) else {
            return refuse("must name a host, with a port from 1 to 65535 if any");
        };
        if host == RETIRED_HOST {
            return Ok(BaseUrl {
                was_retired: true,
                ..BaseUrl::default()
            });
        }
        let is_router = host == ROUTER_HOST;
        let url = [scheme.as_str(), "://", &authority, &base(route)].concat();
        Ok(BaseUrl {
            url,
            is_router,
            was_retired: false,
        })
    }
}

/// The path that all routes share: `/v1` for a bare host, without what belongs to one route.
fn base(route: &str) -> String {
    let route = route.trim_end_matches('/');
    if route.is_empty() {
        return "/v1".to_string();
    }
    let shared = route.strip_suffix("/chat/completions").unwrap_or(route);
    shared.trim_end_matches('/').to_string()
}

/// The host of an authority whose port, if any, is one.
fn host(authority: &str) -> Option<&str> {
    let end_of_address = authority.rfind(']').unwrap_or(0);
    let (_, after) = authority.split_at(end_of_address);
    let (host, port) = match after.rfind(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(end_of_address.saturating_add(colon));
            (host, port.trim_start_matches(':'))
        }
        None => (authority, "80"),
    };
    let port_is_one =
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0);
    let host_is_one = !host.is_empty()
        && (end_of_address > 0 || !host.contains(':'))
        && !host.contains(['<', '>', '"', '|', '^', '`', '{', '}', '%']);
    (port_is_one && host_is_one).then_some(host)
}
