//! What stands between two quotes.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Offset of the first byte from `at` on that a string can't hold as it is (quote, backslash, control), or the length.
///
/// Eight bytes at a time: the lowest set high bit is exact, higher ones may be carries of it.
#[inline]
pub fn special(bytes: &[u8], mut at: usize) -> usize {
    let zeros = |x: u64| x.wrapping_sub(ONES) & !x;
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*block);
        let quote = zeros(word ^ (ONES * b'"' as u64));
        let backslash = zeros(word ^ (ONES * b'\\' as u64));
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let hits = (quote | backslash | control) & HIGHS;
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes
        .get(at)
        .is_some_and(|b| !matches!(b, b'"' | b'\\' | 0..0x20))
    {
        at += 1;
    }
    at
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
    let mut exact = true;
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|b| *b == b'\\') {
        let (plain, escape) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        let (character, length) = match escape.get(1) {
            Some(b'u') => unicode(escape),
            Some(b'b') => (Some('\u{8}'), 2),
            Some(b'f') => (Some('\u{c}'), 2),
            Some(b'n') => (Some('\n'), 2),
            Some(b'r') => (Some('\r'), 2),
            Some(b't') => (Some('\t'), 2),
            Some(byte) => (Some(char::from(*byte)), 2),
            None => (None, 1),
        };
        exact &= character.is_some();
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        rest = escape.get(length..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    exact
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

fn hex(digits: Option<&[u8]>) -> Option<u32> {
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
