//! Text that grows by short pieces.

use std::ops::Range;

use crate::json::{Unescaped, unescape_to};

/// As much memory as is kept for what comes next.
pub const KEPT: usize = 4 << 10;

/// Up to here memory is doubled.
const LITTLE: usize = 1 << 20;

/// Bytes put end to end. It has room beyond its length, so that a short piece is two stores: wasm copies memory of a
/// length not known beforehand through a call, which costs more than the piece.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    length: usize,
}

impl Buffer {
    /// What is in it.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// How much is in it.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Empties it, and gives back the memory of a text that was long.
    pub fn empty(&mut self) {
        self.length = 0;
        if self.bytes.len() > KEPT {
            self.bytes = Vec::new();
        }
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Appends what stands at `span` of `block`.
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

    /// Appends a text that may be long, or that is seldom one.
    #[inline(never)]
    pub fn push(&mut self, text: &[u8]) {
        if let Some(room) = self.room(text.len()).get_mut(..text.len()) {
            room.copy_from_slice(text);
            self.length += text.len();
        }
    }

    /// Appends the UTF-8 meant by the bytes between two quotes, or nothing if a lone surrogate has none; what came of it.
    pub fn append_unescaped(&mut self, raw: &[u8]) -> Unescaped {
        let unescaped = unescape_to(raw, self.room(raw.len()));
        if unescaped.exact {
            self.length += unescaped.length;
        }
        unescaped
    }

    /// At least `more` bytes behind the end.
    fn room(&mut self, more: usize) -> &mut [u8] {
        let needed = self.length + more + 16;
        if self.bytes.len() < needed {
            // Twice as much where that is little. Where it is much, pieces that were given back must add up to one that is
            // asked for later.
            let more = self.bytes.len() / if needed > LITTLE { 4 } else { 1 };
            self.bytes.resize(needed.max(self.bytes.len() + more), 0);
        }
        self.bytes.get_mut(self.length..).unwrap_or_default()
    }
}
