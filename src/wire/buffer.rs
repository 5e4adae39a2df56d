//! Text that grows by short pieces.

use std::ops::Range;

use crate::json::{Unescaped, unescape_to};

/// How much memory is kept for the next text, in bytes.
pub const KEPT: usize = 4 << 10;

/// A text of this many bytes is set aside and a new one is begun: growing it would need its memory twice and leave a hole.
pub const LONG: usize = 256 << 10;

/// Joined bytes. The buffer has room beyond its length, so that appending a short piece takes two stores. Wasm copies memory of
/// unknown length through a call, which would take longer than the piece.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    length: usize,
    /// Long parts of the text that were set aside.
    before: Vec<Vec<u8>>,
}

impl Buffer {
    /// Sets a long text aside: bytes that are appended later begin a new one.
    pub fn put_by(&mut self) {
        if self.length >= LONG {
            // The new memory has room for the bytes that one network chunk adds beyond that length.
            let next = vec![0; LONG + LONG / 4];
            let mut text = std::mem::replace(&mut self.bytes, next);
            text.truncate(self.length);
            text.shrink_to_fit();
            self.before.push(text);
            self.length = 0;
        }
    }

    /// Calls `take` with the whole text, part by part.
    pub fn each(&self, take: &mut dyn FnMut(&[u8])) {
        for part in &self.before {
            take(part);
        }
        take(self.as_slice());
    }

    /// Appends the whole text to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.each(&mut |piece| out.extend_from_slice(piece));
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.length == 0 && self.before.is_empty()
    }

    /// The part of the text that has not been set aside.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The length of that part.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Empties the text, and frees its memory if it was long.
    pub fn empty(&mut self) {
        self.clear();
        if self.bytes.len() > KEPT {
            self.bytes = Vec::new();
        }
    }

    /// Removes what was appended after `length`.
    pub fn truncate(&mut self, length: usize) {
        self.length = length;
    }

    /// Empties the text.
    pub fn clear(&mut self) {
        self.length = 0;
        self.before.clear();
    }

    /// Appends the bytes at `span` of `block`.
    #[inline(always)]
    pub fn append(&mut self, block: &[u8], span: Range<usize>) {
        let from = block.get(span.start..).and_then(|b| b.first_chunk::<16>());
        let to = self.bytes.get_mut(self.length..);
        let to = to.and_then(|b| b.first_chunk_mut::<16>());
        if let (Some(from), Some(to)) = (from, to)
            && span.len() <= 16
            && let ([a, b], [c, d]) = (from.as_chunks::<8>().0, to.as_chunks_mut::<8>().0)
        {
            (*c, *d) = (*a, *b);
            self.length += span.len();
        } else {
            self.push(block.get(span).unwrap_or_default());
        }
    }

    /// Appends a text that may be long, or in a place where that happens seldom.
    #[inline(never)]
    pub fn push(&mut self, text: &[u8]) {
        if let Some(room) = self.room(text.len()).get_mut(..text.len()) {
            room.copy_from_slice(text);
            self.length += text.len();
        }
    }

    /// Appends the decoded text between two quotes as UTF-8. Nothing is appended if it contains a lone surrogate, or a character
    /// that `narrow` forbids; the result says what happened.
    pub fn append_unescaped(&mut self, raw: &[u8], narrow: bool) -> Unescaped {
        let unescaped = unescape_to(raw, self.room(raw.len()), narrow);
        if unescaped.exact {
            self.length += unescaped.length;
        }
        unescaped
    }

    /// The room after the end: at least `more` bytes.
    fn room(&mut self, more: usize) -> &mut [u8] {
        let needed = self.length + more + 16;
        if self.bytes.len() < needed {
            // The memory is zeroed when it is allocated; filling it later would take longer than the copy.
            let mut bytes = vec![0; needed.max(2 * self.bytes.len())];
            if let Some(to) = bytes.get_mut(..self.length) {
                to.copy_from_slice(self.as_slice());
            }
            self.bytes = bytes;
        }
        self.bytes.get_mut(self.length..).unwrap_or_default()
    }
}
