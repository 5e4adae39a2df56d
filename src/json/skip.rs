//! Finds the end of a value that nobody needs to understand, in one loop: most of a payload is skipped in this way.

use super::literal::{literal, literals};
use super::scanner::number_end;
use super::{MAX_DEPTH, closing_quote};

/// Which of the open containers are objects, one bit each.
#[derive(Default)]
struct Stack {
    bits: [u64; MAX_DEPTH / 64],
    depth: usize,
}

impl Stack {
    #[inline(always)]
    fn push(&mut self, object: bool) {
        if let Some(word) = self.bits.get_mut(self.depth / 64) {
            let bit = 1 << (self.depth % 64);
            *word = if object { *word | bit } else { *word & !bit };
        }
        self.depth += 1;
    }

    #[inline(always)]
    fn in_object(&self) -> bool {
        let last = self.depth.saturating_sub(1);
        let word = self.bits.get(last / 64).copied().unwrap_or_default();
        word >> (last % 64) & 1 == 1
    }
}

#[inline(always)]
fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or_default()
}

#[inline(always)]
fn space(bytes: &[u8], mut at: usize) -> usize {
    // This is almost always a single comparison, since no other byte of JSON is smaller than a space.
    while byte(bytes, at) <= b' ' && matches!(byte(bytes, at), b' ' | b'\n' | b'\r' | b'\t') {
        at += 1;
    }
    at
}

/// The end of the value at `start`, with at most `depth` nested containers; or why there is none.
#[cfg_attr(optimize_attribute, optimize(speed))]
pub(crate) fn value_end(bytes: &[u8], start: usize, depth: usize) -> Result<usize, &'static str> {
    let mut stack = Stack::default();
    // The top of the stack, which is needed for each element.
    let mut in_object = false;
    // Whether a key must come next. A key is read where a string is, since the search for a closing quote is long code.
    let mut wants_key = false;
    let mut at = start;
    loop {
        at = space(bytes, at);
        let first = byte(bytes, at);
        if first == b'"' {
            at = string_end(bytes, at)?;
            if wants_key {
                at = colon_end(bytes, at)?;
                wants_key = false;
                continue;
            }
        } else if wants_key {
            return Err("a string was expected");
        } else if matches!(first, b'{' | b'[') {
            if stack.depth >= depth {
                return Err("nested too deeply");
            }
            in_object = first == b'{';
            stack.push(in_object);
            at = space(bytes, at + 1);
            // In ASCII, a closing bracket comes two after its opening one.
            if byte(bytes, at) != first + 2 {
                wants_key = in_object;
                continue;
            }
            stack.depth -= 1;
            in_object = stack.in_object();
            at += 1;
        } else {
            if first > b'9' && stack.depth > 0 && !in_object {
                let run = literals(bytes.get(at..).unwrap_or_default(), |_| {});
                if run > 0 {
                    at += run;
                    continue;
                }
            }
            at = scalar_end(bytes, at)?;
        }
        loop {
            if stack.depth == 0 {
                return Ok(at);
            }
            at = space(bytes, at);
            let next = byte(bytes, at);
            at += 1;
            match (next, in_object) {
                (b',', _) => break,
                (b'}', true) | (b']', false) => {
                    stack.depth -= 1;
                    in_object = stack.in_object();
                }
                _ => return Err("a comma or the end was expected"),
            }
        }
        wants_key = in_object;
    }
}

/// The end of the colon behind a key.
#[inline(always)]
fn colon_end(bytes: &[u8], at: usize) -> Result<usize, &'static str> {
    let at = space(bytes, at);
    match byte(bytes, at) {
        b':' => Ok(at + 1),
        _ => Err("a colon was expected"),
    }
}

/// The end of the string whose opening quote is at `at`.
#[inline(always)]
fn string_end(bytes: &[u8], at: usize) -> Result<usize, &'static str> {
    match closing_quote(bytes, at + 1) {
        Ok(closing) => Ok(closing.at + 1),
        Err(_) => Err("not a string"),
    }
}

/// The end of a value that is no string and has no brackets.
#[inline(always)]
fn scalar_end(bytes: &[u8], at: usize) -> Result<usize, &'static str> {
    let rest = bytes.get(at..).unwrap_or_default();
    match byte(bytes, at) {
        b'-' | b'0'..=b'9' => match number_end(bytes, at) {
            Ok(end) => Ok(end),
            Err(_) => Err("a digit was expected"),
        },
        b'n' | b't' | b'f' => match literal(rest) {
            Some((_, length)) => Ok(at + length),
            None => Err("not a value"),
        },
        _ if rest.is_empty() => Err("unexpected end"),
        _ => Err("not a value"),
    }
}
