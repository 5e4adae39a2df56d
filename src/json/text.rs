//! The content between the quotes of a JSON string.

use super::block::{Block16, WIDTH};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Sets the high bit of each byte of `word` that may be zero. The lowest one is exact; those above may be carries of it.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// The end of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The index of the closing quote.
    pub at: usize,
    /// Whether there is a backslash before it.
    pub escaped: bool,
    /// Whether the string is certainly ASCII; the bytes after it may make this uncertain.
    pub ascii: bool,
}

/// The end of a string whose content starts at `from`, or the index at which it is invalid.
///
/// The first eight bytes are examined by themselves, since most strings are short; then sixteen at a time, with all special bytes
/// among them before the next ones.
#[inline(always)]
pub fn closing_quote(bytes: &[u8], from: usize) -> Result<Closing, usize> {
    closing_by(closing_of_long, bytes, from)
}

/// The same without a call for the long ones, for the place where most strings of a stream are read.
#[inline(always)]
pub fn closing_quote_at_once(bytes: &[u8], from: usize) -> Result<Closing, usize> {
    closing_by(closing_in_blocks, bytes, from)
}

#[inline(always)]
fn closing_by(
    long: impl Fn(&[u8], usize, bool) -> Result<Closing, usize>,
    bytes: &[u8],
    from: usize,
) -> Result<Closing, usize> {
    let (mut at, mut ascii) = (from, true);
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
            return Ok(Closing {
                at: here,
                escaped: false,
                ascii,
            });
        }
    }
    long(bytes, at, ascii)
}

/// The same for a string that goes on at `at`; the part before it has no escapes, and may be ASCII.
// A function of its own, since there are many places where a string is read, and few strings are long.
#[inline(never)]
#[cfg_attr(optimize_attribute, optimize(speed))]
fn closing_of_long(bytes: &[u8], at: usize, ascii: bool) -> Result<Closing, usize> {
    closing_in_blocks(bytes, at, ascii)
}

#[inline(always)]
fn closing_in_blocks(bytes: &[u8], mut at: usize, mut ascii: bool) -> Result<Closing, usize> {
    let mut escaped = false;
    let closing = |at, escaped, ascii| Closing { at, escaped, ascii };
    while let Some(block) = bytes.get(at..).and_then(Block16::first) {
        ascii &= block.is_ascii();
        let marks = block.marks();
        if marks == 0 {
            at += WIDTH;
            continue;
        }
        let here = marks.trailing_zeros() as usize;
        if bytes.get(at + here) == Some(&b'"') {
            return Ok(closing(at + here, escaped, ascii));
        }
        escaped = true;
        match Among::of(block) {
            Among::Closes(here) => return Ok(closing(at + here, escaped, ascii)),
            Among::Breaks(here) => return Err(at + here),
            Among::GoesOn(length) => at += length,
        }
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

/// The content of a block of a string that has special bytes before its closing quote.
enum Among {
    /// The closing quote, at this index.
    Closes(usize),
    /// A byte that no string can contain, at this index.
    Breaks(usize),
    /// This many bytes belong to the string, and no escape extends beyond them.
    GoesOn(usize),
}

impl Among {
    /// Examines all escapes of a block at once. The block must not begin inside an escape.
    #[inline(always)]
    fn of(block: Block16) -> Self {
        let backslashes = block.equal_to(b'\\');
        let (begin, escaped) = escapes(backslashes);
        let mut upto = match begin >> (WIDTH - 1) & 1 {
            0 => WIDTH as u32,
            _ => WIDTH as u32 - 1,
        };
        let mut wrong = escaped & !block.escapable();
        let unicode = escaped & block.equal_to(b'u');
        if unicode != 0 {
            let digits = block.hex_digits();
            let four = digits >> 1 & digits >> 2 & digits >> 3 & digits >> 4;
            // The digits of these escapes may be beyond the block.
            let late = unicode & 0xf000;
            if late != 0 {
                upto = upto.min(late.trailing_zeros() - 1);
            }
            wrong |= unicode & !four;
        }
        let quotes = block.equal_to(b'"') & !escaped;
        let breaks = block.controls() & !escaped | wrong >> 1;
        let known = (1 << upto) - 1;
        let first = ((quotes | breaks) & known).trailing_zeros();
        match first < upto {
            true if breaks >> first & 1 == 1 => Among::Breaks(first as usize),
            true => Among::Closes(first as usize),
            false => Among::GoesOn(upto as usize),
        }
    }
}

/// Which backslashes begin an escape, one bit each, and a bit for each byte after one of these. In a row of backslashes every other
/// one begins an escape: a carry runs through the row, and where it leaves the row shows whether its length is odd or even.
#[inline(always)]
fn escapes(backslashes: u32) -> (u32, u32) {
    const ODD: u32 = 0xaaaa_aaaa;
    let both = ((backslashes << 1 | ODD).wrapping_sub(backslashes)) ^ ODD;
    (both & backslashes, (both ^ backslashes) & 0xffff)
}

/// The offset after the escape whose backslash is at `at`, if it is a valid escape.
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

/// The length of an escape at the end of a string's bytes that is the first half of a surrogate pair: the other half may follow.
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
    // A backslash after another one is what that one stands for.
    if backslashes.count() % 2 == 0 { 6 } else { 0 }
}

/// The text between two quotes, decoded; lone surrogates and invalid UTF-8 become U+FFFD.
pub fn unescape(raw: &[u8]) -> String {
    let mut text = Vec::with_capacity(raw.len());
    // Most strings have no escape. A program's first call then compiles none of the functions that read escapes.
    if raw.contains(&b'\\') {
        unescape_into(raw, &mut text);
    } else {
        text.extend_from_slice(raw);
    }
    match String::from_utf8(text) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// Appends the decoded text between two quotes as UTF-8; `false` if a lone surrogate became U+FFFD.
pub fn unescape_into(raw: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    // Room for the decoded text: every escape is at least as long as what it stands for.
    out.extend_from_slice(raw);
    let unescaped = unescape_to(raw, out.get_mut(start..).unwrap_or_default(), false);
    out.truncate(start + unescaped.length);
    unescaped.exact
}

/// The result of decoding a string's escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unescaped {
    /// The number of bytes written.
    pub length: usize,
    /// Whether everything was written and no lone surrogate became U+FFFD.
    pub exact: bool,
    /// Whether every escape stood for an ASCII character.
    pub ascii: bool,
}

/// Writes the decoded text between two quotes as UTF-8 into `out`, which must be as long as `raw`. With `narrow`, decoding stops at
/// the first escape that stands for a character outside ASCII; the result is then as inexact as with a lone surrogate.
#[cfg_attr(optimize_attribute, optimize(speed))]
pub fn unescape_to(raw: &[u8], out: &mut [u8], narrow: bool) -> Unescaped {
    let (mut from, mut to, mut exact, mut ascii) = (0, 0, true, true);
    while let Some(rest) = raw.get(from..).filter(|rest| !rest.is_empty()) {
        if let Some(window) = rest.first_chunk()
            && let Some(place) = out.get_mut(to..)
        {
            let (read, written) = unescape_block(window, place);
            from += read;
            to += written;
            if read > 0 {
                continue;
            }
        } else if rest.first() != Some(&b'\\') {
            let plain = rest.iter().position(|byte| *byte == b'\\');
            let plain = rest.get(..plain.unwrap_or(rest.len())).unwrap_or_default();
            write(plain, out, to);
            from += plain.len();
            to += plain.len();
            continue;
        }
        if let Some(byte) = rest.get(1).and_then(|letter| simple_escape(*letter)) {
            write(&[byte], out, to);
            from += 2;
            to += 1;
            continue;
        }
        let (character, length) = unicode(rest);
        exact &= character.is_some();
        ascii &= character.is_some_and(|character| character.is_ascii());
        if narrow && !ascii {
            exact = false;
            break;
        }
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        let mut utf8 = [0; 4];
        let written = character.encode_utf8(&mut utf8).len();
        // The escape was longer, so there is room for all four bytes.
        write(&utf8, out, to);
        to += written;
        from += length;
    }
    Unescaped {
        length: to,
        exact,
        ascii,
    }
}

/// Decodes the first half of the window, up to a `\u` escape; returns how much was read and written. Sixteen bytes are always
/// copied; those after a backslash are overwritten.
#[inline(always)]
fn unescape_block(window: &[u8; 2 * WIDTH], out: &mut [u8]) -> (usize, usize) {
    let Some(block) = Block16::first(window) else {
        return (0, 0);
    };
    copy(window, 0, out, 0);
    let backslashes = block.equal_to(b'\\');
    if backslashes == 0 {
        return (WIDTH, WIDTH);
    }
    let (mut begin, escaped) = escapes(backslashes);
    let mut upto = WIDTH - (begin >> (WIDTH - 1) & 1) as usize;
    let unicode = escaped & block.equal_to(b'u');
    if unicode != 0 {
        upto = upto.min(unicode.trailing_zeros() as usize - 1);
    }
    begin &= (1 << upto) - 1;
    let (mut from, mut to) = (0, 0);
    while begin != 0 {
        let next = begin.trailing_zeros() as usize;
        begin &= begin - 1;
        to += next - from;
        from = next + 1;
        copy(window, from, out, to);
        let letter = window.get(from).copied().unwrap_or_default();
        if let (Some(byte), Some(place)) = (SIMPLE.get(usize::from(letter)), out.get_mut(to)) {
            *place = *byte;
        }
    }
    (upto, to + upto - from)
}

/// Copies sixteen bytes.
#[inline(always)]
fn copy(window: &[u8; 2 * WIDTH], from: usize, out: &mut [u8], to: usize) {
    let from = window.get(from..).and_then(|rest| rest.first_chunk());
    let place = out.get_mut(to..).and_then(|rest| rest.first_chunk_mut());
    if let (Some(from), Some(place)) = (from, place) {
        let (from, place): (&[u8; WIDTH], &mut [u8; WIDTH]) = (from, place);
        *place = *from;
    }
}

#[inline(always)]
fn write(bytes: &[u8], out: &mut [u8], at: usize) {
    if let Some(place) = out.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// The character that a one-letter escape stands for; zero if there is no such escape. This is a table, since a processor
/// can't predict which one comes next.
const SIMPLE: [u8; 256] = {
    let mut table = [0; 256];
    let meanings: [(u8, u8); 8] = [
        (b'"', b'"'),
        (b'\\', b'\\'),
        (b'/', b'/'),
        (b'n', b'\n'),
        (b't', b'\t'),
        (b'r', b'\r'),
        (b'b', 8),
        (b'f', 12),
    ];
    let mut left: &[(u8, u8)] = &meanings;
    while let [(letter, meaning), rest @ ..] = left {
        if let Some((_, [place, ..])) = table.split_at_mut_checked(*letter as usize) {
            *place = *meaning;
        }
        left = rest;
    }
    table
};

#[inline(always)]
pub(super) fn simple_escape(letter: u8) -> Option<u8> {
    SIMPLE
        .get(usize::from(letter))
        .copied()
        .filter(|byte| *byte != 0)
}

/// The character of `\uXXXX`, including its second half if it is the first of a pair, and the number of bytes read.
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

/// The value of hexadecimal digits.
#[cfg_attr(optimize_attribute, optimize(speed))]
pub fn hex(digits: Option<&[u8]>) -> Option<u32> {
    let (mut value, mut sound) = (0, true);
    for digit in digits? {
        sound &= digit.is_ascii_hexdigit();
        // A letter's lower half counts from one, and its upper half is 4 or 6.
        value = value << 4 | u32::from((digit & 15) + 9 * (digit >> 6));
    }
    sound.then_some(value)
}

/// The bytes between the quotes or brackets of a value.
pub fn inside(value: &[u8]) -> &[u8] {
    value
        .get(1..value.len().saturating_sub(1))
        .unwrap_or_default()
}
