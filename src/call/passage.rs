//! What becomes of a request of somebody else's making, by where it goes: which key it may carry, and whether it counts.

use crate::config::BaseUrl;
use crate::policy::ledger::Kind;

/// What a request is to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It goes elsewhere: the client has no part in it, and no key for it.
    Foreign,
    /// It is foreign, though it is made as calls are: whoever sent it may have meant another base URL.
    Astray,
    /// It goes below the client's base URL, with a key of the client's, and is neither limited nor settled.
    Keyed,
    /// It is a call.
    Call(Kind),
}

/// What creates something, by the end of its path.
const CALLS: [(&str, Kind); 3] = [
    ("/chat/completions", Kind::Chat),
    ("/completions", Kind::Completion),
    ("/embeddings", Kind::Embeddings),
];

impl Passage {
    /// Of a request to an absolute URL, as a platform's parser spells it: host in lower case, no default port, dot segments resolved.
    ///
    /// Another spelling of the base URL is never taken for it: such a request gets no key, and fails where it should.
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
    let end = url.find(['?', '#']).unwrap_or(url.len());
    url.get(..end).unwrap_or_default()
}

/// A path as the most lenient of servers tells routes apart: without regard to case, empty segments, blanks around a segment, and what
/// stands behind a semicolon. No limit is passed by a spelling.
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

/// Whether a byte parts segments, for a lenient server.
fn parts(byte: &u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// What a lenient server takes for a segment's name.
fn name_of(segment: &[u8]) -> &[u8] {
    let name = segment.split(|b| *b == b';').next().unwrap_or_default();
    name.trim_ascii()
}

/// A base URL without the port that its scheme has anyway.
fn spelled(base: &str) -> String {
    let ports = [("https://", ":443"), ("http://", ":80")];
    let port = ports.iter().find(|(scheme, _)| base.starts_with(scheme));
    let (scheme, port) = port.copied().unwrap_or_default();
    let rest = base.get(scheme.len()..).unwrap_or_default();
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.strip_suffix(port).unwrap_or(host);
    [scheme, host, path].concat()
}

/// The path of a URL behind that of the base, decoded and without its query, where no server can read it as one that leads out of
/// there.
fn below(base: &str, url: &str) -> Option<Vec<u8>> {
    let path = path(url).strip_prefix(base)?;
    let inside = path.is_empty() || path.starts_with('/');
    plain(path.as_bytes()).filter(|_| inside)
}

/// A path decoded as often as that changes it; none where a server may find a dot segment in it on the way, or what ends a path for
/// some of them. Servers part segments at backslashes too, and drop what stands behind a semicolon.
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

/// Bytes with each `%xx` as the byte that it stands for.
fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let (byte, behind) = match after {
            [high, low, behind @ ..] if *first == b'%' => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, behind),
                _ => (*first, after),
            },
            _ => (*first, after),
        };
        plain.push(byte);
        rest = behind;
    }
    plain
}
