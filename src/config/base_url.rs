//! The base URL: every form in which users write an address becomes one spelling.

use super::is_blank;
use crate::error::Error;
use crate::text::count;

/// The router's OpenAI-compatible address, which is the default.
pub const ROUTER: &str = "https://router.huggingface.co/v1";

const DOMAIN: &str = "huggingface.co";
const ROUTER_HOST: &str = "router.huggingface.co";
/// A host that was switched off in 2025; Hugging Face's provider page and many tutorials still name it.
const RETIRED_HOST: &str = "api-inference.huggingface.co";

/// A checked base URL without a trailing slash.
///
/// ```
/// use hfetch::config::BaseUrl;
///
/// let url = BaseUrl::parse("http://localhost:8080", "baseURL").unwrap();
/// assert_eq!(url.url, "http://localhost:8080/v1");
/// assert!(BaseUrl::parse("https://router.huggingface.co/v1/", "baseURL").unwrap().is_router);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// The URL to which paths are appended.
    pub url: String,
    /// Whether this is Hugging Face's router, which refuses every request without a key.
    pub is_router: bool,
    /// Whether Hugging Face answers at this URL, so that hints may mention its accounts and tokens.
    pub is_hugging_face: bool,
    /// Whether the caller gave the retired host, which was replaced.
    pub was_retired: bool,
}

impl Default for BaseUrl {
    fn default() -> Self {
        BaseUrl {
            url: ROUTER.to_string(),
            is_router: true,
            is_hugging_face: true,
            was_retired: false,
        }
    }
}

impl BaseUrl {
    /// Checks a URL and normalises it; `path` names the option in errors.
    pub fn parse(given: &str, path: &str) -> Result<Self, Error> {
        BaseUrl::read(given).map_err(|problem| Error::config(path, problem))
    }

    /// The router's origin, if this URL is the router's own API and not that of one provider behind it.
    pub fn router_origin(&self) -> Option<&str> {
        let origin = self.url.strip_suffix("/v1")?;
        (self.is_router && count(origin, b'/') == 2).then_some(origin)
    }

    fn read(given: &str) -> Result<Self, &'static str> {
        if given.bytes().any(|b| is_blank(b) || b == b'\\') {
            return Err("must not hold white space, control characters or backslashes");
        }
        let starts = |scheme: &&str| {
            let start = given.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        let Some(scheme) = ["https://", "http://"].into_iter().find(starts) else {
            if given.bytes().find(|byte| *byte != b'.') == Some(b'/') {
                return Err(
                    "is relative, and there is no page here to which it could be: give an absolute URL",
                );
            }
            return Err(
                "must be an absolute URL that starts with https:// or http://, or in a page a path that starts with / or ./",
            );
        };
        let rest = given.get(scheme.len()..).unwrap_or_default();
        if rest.bytes().any(|b| matches!(b, b'?' | b'#')) {
            return Err("must have neither a query nor a fragment");
        }
        let slash = rest.bytes().position(|b| b == b'/');
        let (authority, route) = rest.split_at(slash.unwrap_or(rest.len()));
        if authority.bytes().any(|b| b == b'@') {
            return Err("must not hold credentials; give the key as apiKey");
        }
        let authority = authority.to_ascii_lowercase();
        let Some(host) = host(&authority) else {
            return Err("must name a host, with a port from 1 to 65535 if any");
        };
        if host == RETIRED_HOST {
            return Ok(BaseUrl {
                was_retired: true,
                ..BaseUrl::default()
            });
        }
        let is_router = host == ROUTER_HOST;
        let domain = host.strip_suffix(DOMAIN).unwrap_or("-");
        let url = [scheme, &authority, &base(route)].concat();
        Ok(BaseUrl {
            url,
            is_router,
            is_hugging_face: domain.is_empty() || domain.ends_with('.'),
            was_retired: false,
        })
    }
}

/// The base of a path: `/v1` for a bare host, and without the end that belongs to one endpoint.
fn base(route: &str) -> String {
    let route = without_slashes(route);
    if route.is_empty() {
        return "/v1".to_string();
    }
    let shared = route.strip_suffix("/chat/completions").unwrap_or(route);
    without_slashes(shared).to_string()
}

fn without_slashes(mut route: &str) -> &str {
    while let Some(shorter) = route.strip_suffix("/") {
        route = shorter;
    }
    route
}

/// The host in an authority; `None` if the part after the colon isn't a port.
fn host(authority: &str) -> Option<&str> {
    let in_name = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b) || !b.is_ascii();
    // An IPv6 address stands in brackets and contains colons.
    let end = if authority.starts_with("[") {
        authority.bytes().position(|b| b == b']')?.checked_add(1)
    } else {
        authority.bytes().position(|b| !in_name(b))
    };
    let (host, port) = authority.split_at_checked(end.unwrap_or(authority.len()))?;
    let digit = |port: u16, b: u8| {
        let value = u16::from(b.checked_sub(b'0').filter(|value| *value < 10)?);
        port.checked_mul(10)?.checked_add(value)
    };
    let port_is_one = match port.strip_prefix(":") {
        Some(port) => port.bytes().try_fold(0, digit).is_some_and(|port| port > 0),
        None => port.is_empty(),
    };
    (port_is_one && !host.is_empty()).then_some(host)
}
