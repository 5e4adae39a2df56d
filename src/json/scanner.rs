//! A strict pull parser over bytes.

use std::borrow::Cow;

use super::skip::value_end;
use super::{Value, closing_quote, number, unescape};

/// How deep containers may be nested. Deeper input counts as malformed, since it would need a deep stack.
pub const MAX_DEPTH: usize = 512;

/// Why bytes are not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The mistake in them.
    pub problem: &'static str,
}

/// The scanner stopped because the bytes are not JSON; [`Scanner::malformed`] says why. The type is empty, so that a `?` costs next
/// to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// The kind of a value, recognised by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A string as it is written between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawString<'a> {
    /// The bytes between the quotes, with their escapes.
    pub raw: &'a [u8],
    /// Whether there is a backslash among them.
    pub escaped: bool,
}

impl<'a> RawString<'a> {
    /// The decoded bytes; a lone surrogate becomes U+FFFD.
    #[inline(never)]
    pub fn decoded(&self) -> Cow<'a, [u8]> {
        if self.escaped {
            Cow::Owned(unescape(self.raw).into_bytes())
        } else {
            Cow::Borrowed(self.raw)
        }
    }
}

/// A strict pull parser (RFC 8259) over bytes, which are assumed to be UTF-8.
///
/// Call one method per value, in order. For a container call `begin_*`, and then `next_*` until it returns nothing.
///
/// ```
/// use hfetch::json::{Scanner, Stop};
///
/// /// The text of `name`, without a tree of the whole object.
/// fn name(json: &[u8]) -> Result<Vec<u8>, Stop> {
///     let mut scanner = Scanner::new(json);
///     let mut found = Vec::new();
///     scanner.begin_object()?;
///     while let Some(key) = scanner.next_key()? {
///         match key.raw {
///             b"name" => found = scanner.string()?.decoded().into_owned(),
///             _ => { scanner.skip()?; }
///         }
///     }
///     scanner.end()?;
///     Ok(found)
/// }
/// assert_eq!(name(br#"{"large": [1, [2, 3]], "name": "Gr\u00fc\u00dfe"}"#).unwrap(), "Grüße".as_bytes());
/// assert!(name(b"{\"name\": 'single quotes'}").is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    fresh: bool,
    key_at: usize,
    problem: &'static str,
}

impl<'a> Scanner<'a> {
    /// A scanner at the beginning of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Scanner {
            bytes,
            at: 0,
            depth: 0,
            fresh: false,
            key_at: 0,
            problem: "",
        }
    }

    /// The offset of the opening quote of the last key.
    pub fn key_at(&self) -> usize {
        self.key_at
    }

    /// Why the scanner stopped.
    pub fn malformed(&self) -> Malformed {
        Malformed {
            problem: self.problem,
        }
    }

    /// The offset of the next byte.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Stops the scanner for a reason, which may be the caller's own.
    #[inline]
    pub fn fail<T>(&mut self, problem: &'static str) -> Result<T, Stop> {
        self.problem = problem;
        Err(Stop)
    }

    #[inline(always)]
    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline(always)]
    fn space(&mut self) {
        // This is almost always a single comparison, since no other byte of JSON is smaller than a space.
        while let Some(byte @ ..=b' ') = self.byte()
            && matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
        {
            self.at += 1;
        }
    }

    /// The kind of the next value, after white space.
    pub fn kind(&mut self) -> Result<Kind, Stop> {
        self.space();
        match self.byte() {
            Some(b'"') => Ok(Kind::String),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(_) => self.fail("not a value"),
            None => self.fail("unexpected end"),
        }
    }

    fn open(&mut self, bracket: u8) -> Result<(), Stop> {
        self.space();
        if self.byte() != Some(bracket) {
            return self.fail("another kind of value was expected");
        }
        if self.depth >= MAX_DEPTH {
            return self.fail("nested too deeply");
        }
        self.depth += 1;
        self.at += 1;
        self.fresh = true;
        Ok(())
    }

    /// Whether another element follows; consumes the comma before it or the closing bracket.
    #[inline]
    fn more(&mut self, close: u8) -> Result<bool, Stop> {
        self.space();
        let fresh = std::mem::replace(&mut self.fresh, false);
        match self.byte() {
            Some(byte) if byte == close => {
                self.at += 1;
                self.depth = self.depth.saturating_sub(1);
                Ok(false)
            }
            Some(b',') if !fresh => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if fresh => Ok(true),
            Some(_) => self.fail("a comma or the end was expected"),
            None => self.fail("unexpected end"),
        }
    }

    /// Enters an object.
    pub fn begin_object(&mut self) -> Result<(), Stop> {
        self.open(b'{')
    }

    /// The next key with its colon, or `None` after the closing brace.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    pub fn next_key(&mut self) -> Result<Option<RawString<'a>>, Stop> {
        // Almost every stream is written without spaces.
        if let Some(key) = self.compact_key() {
            return Ok(Some(key));
        }
        if !self.more(b'}')? {
            return Ok(None);
        }
        self.space();
        self.key_at = self.at;
        let key = self.string()?;
        self.space();
        if self.byte() != Some(b':') {
            return self.fail("a colon was expected");
        }
        self.at += 1;
        Ok(Some(key))
    }

    #[inline(always)]
    fn compact_key(&mut self) -> Option<RawString<'a>> {
        let comma = !self.fresh as usize;
        let rest = self.bytes.get(self.at..)?;
        if rest.get(comma) != Some(&b'"') || (comma == 1 && rest.first() != Some(&b',')) {
            return None;
        }
        let start = self.at + comma + 1;
        let closing = closing_quote(self.bytes, start).ok()?;
        if self.bytes.get(closing.at + 1) != Some(&b':') {
            return None;
        }
        self.fresh = false;
        self.key_at = start - 1;
        self.at = closing.at + 2;
        Some(RawString {
            raw: self.bytes.get(start..closing.at)?,
            escaped: closing.escaped,
        })
    }

    /// Enters an array.
    pub fn begin_array(&mut self) -> Result<(), Stop> {
        self.open(b'[')
    }

    /// Whether another element follows; `false` after the closing bracket.
    pub fn next_element(&mut self) -> Result<bool, Stop> {
        self.more(b']')
    }

    /// A string, whose content between the quotes isn't decoded.
    #[inline]
    #[cfg_attr(optimize_attribute, optimize(speed))]
    pub fn string(&mut self) -> Result<RawString<'a>, Stop> {
        self.space();
        if self.byte() != Some(b'"') {
            return self.fail("a string was expected");
        }
        self.at += 1;
        let start = self.at;
        match closing_quote(self.bytes, start) {
            Ok(closing) => {
                self.at = closing.at + 1;
                Ok(RawString {
                    raw: self.bytes.get(start..closing.at).unwrap_or_default(),
                    escaped: closing.escaped,
                })
            }
            Err(at) => {
                self.at = at;
                match self.byte() {
                    Some(b'\\') => self.fail("not an escape"),
                    Some(_) => self.fail("a control character in a string"),
                    None => self.fail("unexpected end"),
                }
            }
        }
    }

    /// A number as its text.
    pub fn number(&mut self) -> Result<&'a [u8], Stop> {
        self.space();
        match number_end(self.bytes, self.at) {
            Ok(end) => {
                let text = self.bytes.get(self.at..end).unwrap_or_default();
                self.at = end;
                Ok(text)
            }
            Err(_) => self.fail("a digit was expected"),
        }
    }

    /// Checks the next value and returns its bytes.
    pub fn skip(&mut self) -> Result<&'a [u8], Stop> {
        self.space();
        let start = self.at;
        match value_end(self.bytes, start, MAX_DEPTH - self.depth) {
            Ok(end) => self.at = end,
            Err(problem) => return self.fail(problem),
        }
        self.fresh = false;
        Ok(self.bytes.get(start..self.at).unwrap_or_default())
    }

    /// The next value as a tree.
    pub fn value(&mut self) -> Result<Value, Stop> {
        Ok(match self.kind()? {
            Kind::Null => self.skip().map(|_| Value::Null)?,
            Kind::Bool => Value::Bool(self.skip()? == b"true"),
            Kind::Number => Value::Number(number(self.number()?)),
            Kind::String => Value::String(unescape(self.string()?.raw)),
            Kind::Array => {
                let mut elements = Vec::new();
                self.begin_array()?;
                while self.next_element()? {
                    elements.push(self.value()?);
                }
                Value::Array(elements)
            }
            Kind::Object => {
                let mut entries = Vec::new();
                self.begin_object()?;
                while let Some(key) = self.next_key()? {
                    entries.push((unescape(key.raw), self.value()?));
                }
                Value::Object(entries)
            }
        })
    }

    /// Checks that nothing but whitespace is left.
    pub fn end(&mut self) -> Result<(), Stop> {
        self.space();
        match self.byte() {
            None => Ok(()),
            Some(_) => self.fail("more than one value"),
        }
    }
}

/// The end of the number that starts at `at`, or where a digit is missing.
#[inline]
#[cfg_attr(optimize_attribute, optimize(speed))]
pub(super) fn number_end(bytes: &[u8], at: usize) -> Result<usize, usize> {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
    let digits = |from: usize| {
        let mut at = from;
        while byte(at).is_ascii_digit() {
            at += 1;
        }
        if at == from { Err(at) } else { Ok(at) }
    };
    let mut at = at + (byte(at) == b'-') as usize;
    at = if byte(at) == b'0' {
        at + 1
    } else {
        digits(at)?
    };
    if byte(at) == b'.' {
        at = digits(at + 1)?;
    }
    if matches!(byte(at), b'e' | b'E') {
        at += 1;
        at = digits(at + matches!(byte(at), b'+' | b'-') as usize)?;
    }
    Ok(at)
}
