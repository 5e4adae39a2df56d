//! What stands between two quotes.

use super::block::{Block16, WIDTH};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// High bits where a byte of `word` may be zero: the lowest is exact, those above it may be carries of it.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// The end of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Where its closing quote is.
    pub at: usize,
    /// Whether there is a backslash before it.
    pub escaped: bool,
    /// Whether it is certainly ASCII; what follows it may make it uncertain.
    pub ascii: bool,
}

/// The end of a string that starts at `from`, or where it can't be one.
///
/// The first eight bytes by themselves, since most strings are short; then sixteen at a time, and all that stands out among
/// them is looked at before the next ones.
#[inline(always)]
pub fn closing_quote(bytes: &[u8], from: usize) -> Result<Closing, usize> {
    let (mut escaped, mut ascii) = (false, true);
    let closing = |at, escaped, ascii| Closing { at, escaped, ascii };
    let mut at = from;
    if let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*block);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let marks =
            zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64)) | control;
        let here = at + (marks.trailing_zeros() / 8) as usize;
        ascii = word & HIGHS == 0;
        if marks == 0 {
            at += 8;
        } else if bytes.get(here) == Some(&b'"') {
            return Ok(closing(here, false, ascii));
        }
    }
    while let Some(block) = bytes.get(at..).and_then(Block16::first) {
        ascii &= block.is_ascii();
        let mut marks = block.marks();
        let mut next = at + WIDTH;
        while marks != 0 {
            let here = at + marks.trailing_zeros() as usize;
            match bytes.get(here) {
                Some(b'"') => return Ok(closing(here, escaped, ascii)),
                Some(b'\\') => {
                    escaped = true;
                    let after = after_escape(bytes, here).ok_or(here)?;
                    if after >= at + WIDTH {
                        next = after;
                        break;
                    }
                    marks &= u32::MAX << (after - at);
                }
                _ => return Err(here),
            }
        }
        at = next;
    }
    loop {
        let byte = bytes.get(at);
        ascii &= byte.is_none_or(u8::is_ascii);
        match byte {
            Some(b'"') => return Ok(closing(at, escaped, ascii)),
            Some(b'\\') => {
                escaped = true;
                at = after_escape(bytes, at).ok_or(at)?;
            }
            Some(0..0x20) | None => return Err(at),
            Some(_) => at += 1,
        }
    }
}

/// The offset behind the escape whose backslash is at `at`, if it is one.
#[inline(always)]
fn after_escape(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
        b'u' => after_unicode(bytes, at),
        _ => None,
    }
}

#[inline(never)]
fn after_unicode(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = bytes.get(at + 2..at + 6)?;
    digits.iter().all(u8::is_ascii_hexdigit).then_some(at + 6)
}

/// The length of the escape at the end of a string's bytes that is the first half of a character: the other half may follow.
pub fn open_half(raw: &[u8]) -> usize {
    let Some((
        [before @ .., b'\\'],
        [
            b'u',
            b'd' | b'D',
            b'8' | b'9' | b'a' | b'b' | b'A' | b'B',
            _,
            _,
        ],
    )) = raw.split_last_chunk::<5>()
    else {
        return 0;
    };
    let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\');
    // One behind another is what the other stands for.
    if backslashes.count() % 2 == 0 { 6 } else { 0 }
}

/// The text meant by the bytes between two quotes; lone surrogates and broken UTF-8 become U+FFFD.
pub fn unescape(raw: &[u8]) -> String {
    let mut text = Vec::with_capacity(raw.len());
    unescape_into(raw, &mut text);
    match String::from_utf8(text) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// Appends the UTF-8 meant by the bytes between two quotes; `false` if a lone surrogate became U+FFFD on the way.
pub fn unescape_into(raw: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    // No escape is shorter than what it stands for.
    out.resize(start + raw.len(), 0);
    let unescaped = unescape_to(raw, out.get_mut(start..).unwrap_or_default());
    out.truncate(start + unescaped.length);
    unescaped.exact
}

/// What came of a string's escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unescaped {
    /// Bytes written.
    pub length: usize,
    /// Whether none of them stands for a lone surrogate, which became U+FFFD.
    pub exact: bool,
    /// Whether no escape meant anything but ASCII.
    pub ascii: bool,
}

/// Writes the UTF-8 meant by the bytes between two quotes into `out`, which has room for as many bytes as there are.
pub fn unescape_to(raw: &[u8], out: &mut [u8]) -> Unescaped {
    let (mut from, mut to, mut exact, mut ascii) = (0, 0, true, true);
    while let Some(rest) = raw.get(from..).filter(|rest| !rest.is_empty()) {
        // Eight bytes are copied whatever they are; those behind a backslash are written over.
        if let (Some(block), Some(place)) = (
            rest.first_chunk::<8>(),
            out.get_mut(to..)
                .and_then(|place| place.first_chunk_mut::<8>()),
        ) {
            *place = *block;
            let hits = zeros(u64::from_le_bytes(*block) ^ (ONES * b'\\' as u64));
            let plain = (hits.trailing_zeros() / 8) as usize;
            from += plain;
            to += plain;
            if hits == 0 {
                continue;
            }
        } else if rest.first() != Some(&b'\\') {
            copy(rest, out, &mut to, 1);
            from += 1;
            continue;
        }
        let rest = raw.get(from..).unwrap_or_default();
        if let Some(byte) = rest.get(1).and_then(|letter| simple_escape(*letter)) {
            if let Some(place) = out.get_mut(to) {
                *place = byte;
            }
            from += 2;
            to += 1;
            continue;
        }
        let (character, length) = unicode(rest);
        exact &= character.is_some();
        ascii &= character.is_some_and(|character| character.is_ascii());
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        let mut buffer = [0; 4];
        let utf8 = character.encode_utf8(&mut buffer).as_bytes();
        copy(utf8, out, &mut to, utf8.len());
        from += length;
    }
    Unescaped {
        length: to,
        exact,
        ascii,
    }
}

#[inline]
fn copy(from: &[u8], out: &mut [u8], to: &mut usize, length: usize) {
    for byte in from.iter().take(length) {
        if let Some(place) = out.get_mut(*to) {
            *place = *byte;
            *to += 1;
        }
    }
}

#[inline(always)]
fn simple_escape(letter: u8) -> Option<u8> {
    match letter {
        b'"' | b'\\' | b'/' => Some(letter),
        b'n' => Some(b'\n'),
        b't' => Some(b'\t'),
        b'r' => Some(b'\r'),
        b'b' => Some(8),
        b'f' => Some(12),
        _ => None,
    }
}

/// The character of `\uXXXX`, with its second half where it is the first of a pair, and the bytes taken.
fn unicode(escape: &[u8]) -> (Option<char>, usize) {
    let first = hex(escape.get(2..6));
    if let Some(high @ 0xd800..0xdc00) = first
        && escape.get(6..8) == Some(b"\\u")
        && let Some(low @ 0xdc00..0xe000) = hex(escape.get(8..12))
    {
        let point = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        return (char::from_u32(point), 12);
    }
    (first.and_then(char::from_u32), 6)
}

/// The number that hexadecimal digits are.
pub fn hex(digits: Option<&[u8]>) -> Option<u32> {
    digits?.iter().try_fold(0, |value, digit| {
        Some(value << 4 | char::from(*digit).to_digit(16)?)
    })
}

/// Appends `text` as a JSON string, quotes included.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend([byte >> 4, byte & 15].map(|half| {
                    b"0123456789abcdef"
                        .get(half as usize)
                        .copied()
                        .unwrap_or(b'0')
                }));
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
