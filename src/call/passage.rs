//! The treatment of a request that another library made: its URL decides whether it may carry a key, and whether it is a call.

use crate::config::BaseUrl;
use crate::policy::ledger::Kind;

/// How a client treats a request that another library made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// The request goes elsewhere: the client does nothing, and adds no key.
    Foreign,
    /// Foreign, but it looks like a call: the library was probably configured with another base URL.
    Astray,
    /// The request goes below the client's base URL. It gets one of the client's keys, and is neither limited nor settled.
    Keyed,
    /// The request is a call.
    Call(Kind),
}

/// The ends of those paths that are calls, with the kind of each.
const CALLS: [(&str, Kind); 3] = [
    ("/chat/completions", Kind::Chat),
    ("/completions", Kind::Completion),
    ("/embeddings", Kind::Embeddings),
];

impl Passage {
    /// Decides about a request to an absolute URL. The URL must be normalised as by the platform's parser: host in lower case, no
    /// default port, dot segments resolved.
    ///
    /// A URL that spells the base URL differently doesn't match it: the request then gets no key, and its server refuses it.
    ///
    /// ```
    /// use hfetch::call::passage::Passage;
    /// use hfetch::config::BaseUrl;
    /// use hfetch::policy::ledger::Kind;
    ///
    /// let base = BaseUrl::default();
    /// let of = |url| Passage::of(&base, "POST", url);
    /// assert_eq!(of("https://router.huggingface.co/v1/chat/completions"), Passage::Call(Kind::Chat));
    /// assert_eq!(of("https://router.huggingface.co/v1/responses"), Passage::Keyed);
    /// assert_eq!(of("https://router.huggingface.co/v1/..%2fadmin"), Passage::Foreign);
    /// assert_eq!(of("https://api.example/v1/chat/completions"), Passage::Astray);
    /// ```
    pub fn of(base: &BaseUrl, method: &str, url: &str) -> Passage {
        let below = below(&spelled(&base.url), url);
        let path = below.as_deref().unwrap_or_else(|| path(url).as_bytes());
        let path = route(path);
        let call = CALLS.iter().find(|(end, _)| path.ends_with(end.as_bytes()));
        match (call.filter(|_| method == "POST"), below) {
            (Some((_, kind)), Some(_)) => Passage::Call(*kind),
            (None, Some(_)) => Passage::Keyed,
            (Some(_), None) => Passage::Astray,
            (None, None) => Passage::Foreign,
        }
    }
}

/// A URL without its query.
fn path(url: &str) -> &str {
    let end = url.bytes().position(|byte| matches!(byte, b'?' | b'#'));
    let end = end.unwrap_or(url.len());
    url.get(..end).unwrap_or_default()
}

/// A path as the most lenient servers match routes: case, empty segments, blanks around a segment and everything after a semicolon
/// are ignored. Otherwise another spelling of the same route would pass the limits.
fn route(path: &[u8]) -> Vec<u8> {
    let mut route = Vec::with_capacity(path.len());
    for segment in path.split(parts) {
        let name = name_of(segment);
        if !name.is_empty() {
            route.push(b'/');
            route.extend_from_slice(name);
        }
    }
    route.make_ascii_lowercase();
    route
}

/// Whether a lenient server takes the byte for a separator of segments.
fn parts(byte: &u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// The name that a lenient server takes a segment for.
fn name_of(segment: &[u8]) -> &[u8] {
    let name = segment.split(|b| *b == b';').next().unwrap_or_default();
    name.trim_ascii()
}

/// A base URL without the default port of its scheme.
fn spelled(base: &str) -> String {
    let ports = [("https://", ":443"), ("http://", ":80")];
    let port = ports.iter().find(|(scheme, _)| base.starts_with(scheme));
    let (scheme, port) = port.copied().unwrap_or_default();
    let rest = base.get(scheme.len()..).unwrap_or_default();
    let slash = rest.bytes().position(|byte| byte == b'/');
    let (host, path) = rest.split_at(slash.unwrap_or(rest.len()));
    let host = host.strip_suffix(port).unwrap_or(host);
    [scheme, host, path].concat()
}

/// The URL's path below the base URL, decoded and without the query. `None` if any server could read the path as one that leads
/// outside of the base.
fn below(base: &str, url: &str) -> Option<Vec<u8>> {
    let path = path(url).strip_prefix(base)?;
    let inside = path.is_empty() || path.starts_with("/");
    plain(path.as_bytes()).filter(|_| inside)
}

/// Decodes a path as often as that changes it. `None` if a server may find a dot segment in it at any stage, or a byte that ends
/// the path for some servers. Some servers also split at backslashes, and drop what follows a semicolon.
fn plain(path: &[u8]) -> Option<Vec<u8>> {
    let mut plain = path.to_vec();
    loop {
        let is_dots = |segment: &[u8]| matches!(name_of(segment), b"." | b"..");
        if plain.iter().any(u8::is_ascii_control) || plain.split(parts).any(is_dots) {
            return None;
        }
        let decoded = decode(&plain);
        if decoded.len() == plain.len() {
            return Some(plain);
        }
        plain = decoded;
    }
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

/// Replaces each `%xx` with the byte that it stands for.
fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let code = match after {
            [high, low, ..] if *first == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        plain.push(code.map_or(*first, |(high, low)| high << 4 | low));
        let digits = if code.is_some() { 2 } else { 0 };
        rest = after.get(digits..).unwrap_or_default();
    }
    plain
}
