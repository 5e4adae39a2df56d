//! Compares an event with a template: its literal bytes, and the strictly checked values in its slots.

use super::SlotKind;
use super::shape::numbers;
use crate::json::block::{Block16, WIDTH, is_ascii};
use crate::json::{Scanner, closing_quote_at_once, value_end};

/// How deep a value of any kind may be nested; in a deeper one, nesting would have to be counted from the beginning of the event.
pub(super) const MAX_DEPTH: usize = 32;

/// A value that was found in a slot.
pub(super) struct Value {
    pub(super) length: usize,
    pub(super) escaped: bool,
    pub(super) ascii: bool,
}

/// The value at the start of `rest`, if it is of this kind.
#[inline]
pub(super) fn value(rest: &[u8], kind: SlotKind) -> Option<Value> {
    let length = match kind {
        SlotKind::String => return string(rest),
        SlotKind::Number => {
            plain_number(rest).or_else(|| Some(Scanner::new(rest).number().ok()?.len()))?
        }
        SlotKind::Numbers => whole_numbers(rest).or_else(|| {
            let mut scanner = Scanner::new(rest);
            let sound = rest.first() == Some(&b'[') && numbers(&mut scanner).ok()?;
            sound.then(|| scanner.at())
        })?,
        SlotKind::Any => any(rest)?,
    };
    Some(Value {
        length,
        escaped: false,
        ascii: true,
    })
}

/// A value of any kind, strictly checked, and only UTF-8. No white space may precede it.
fn any(rest: &[u8]) -> Option<usize> {
    rest.first().filter(|byte| **byte > b' ')?;
    let end = value_end(rest, 0, MAX_DEPTH).ok()?;
    let value = rest.get(..end)?;
    (is_ascii(value) || std::str::from_utf8(value).is_ok()).then_some(end)
}

/// The usual number, without an exponent. The byte after it shows that it is complete.
#[inline]
fn plain_number(rest: &[u8]) -> Option<usize> {
    let start = (rest.first() == Some(&b'-')) as usize;
    let mut end = digits(rest, start)?;
    if rest.get(start) == Some(&b'0') && end > start + 1 {
        return None;
    }
    if rest.get(end) == Some(&b'.') {
        end = digits(rest, end + 1)?;
    }
    (!matches!(rest.get(end), Some(b'e' | b'E') | None)).then_some(end)
}

/// The usual array of numbers: whole ones without signs or spaces between them.
#[inline]
fn whole_numbers(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let before = if at == 0 { b'[' } else { b',' };
        if rest.get(at) != Some(&before) {
            return (rest.get(at) == Some(&b']') && at > 0).then_some(at + 1);
        }
        let end = digits(rest, at + 1)?;
        if rest.get(at + 1) == Some(&b'0') && end > at + 2 {
            return None;
        }
        at = end;
    }
}

/// The end of the digits at `start`, if there are any.
#[inline]
fn digits(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = bytes.get(start..)?;
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then_some(start + count)
}

/// A string up to its closing quote, strictly checked, and only UTF-8.
#[inline]
fn string(rest: &[u8]) -> Option<Value> {
    let closing = closing_quote_at_once(rest, 0).ok()?;
    if !closing.ascii {
        std::str::from_utf8(rest.get(..closing.at)?).ok()?;
    }
    Some(Value {
        length: closing.at,
        escaped: closing.escaped,
        ascii: closing.ascii,
    })
}

/// Whether `bytes` starts with `literal`, compared in blocks: the standard library's wasm code compares byte by byte.
#[inline(always)]
pub(super) fn starts_with(bytes: &[u8], literal: &[u8]) -> bool {
    let Some(head) = bytes.get(..literal.len()) else {
        return false;
    };
    // The last bytes overlap those that were compared, which costs less than a loop over the remaining ones.
    if let (Some(last), Some(literal_last)) = (head.last_chunk(), literal.last_chunk()) {
        let (blocks, literal_blocks) = (head.as_chunks().0, literal.as_chunks().0);
        let mut pairs = blocks.iter().zip(literal_blocks);
        return same(last, literal_last) && pairs.all(|(a, b)| same(a, b));
    }
    let ends = |bytes: &[u8]| {
        let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
        Some((word(bytes.first_chunk()?), word(bytes.last_chunk()?)))
    };
    match (ends(head), ends(literal)) {
        (Some(a), Some(b)) => a == b,
        _ => head.iter().zip(literal).all(|(a, b)| a == b),
    }
}

#[inline(always)]
fn same(a: &[u8; WIDTH], b: &[u8; WIDTH]) -> bool {
    Block16::new(a).equals(Block16::new(b))
}

/// Whether two byte strings are equal; the standard library's wasm code compares byte by byte.
#[inline]
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && starts_with(a, b)
}
