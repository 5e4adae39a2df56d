//! Text that grows by short pieces.

use std::ops::Range;

use crate::json::{Unescaped, unescape_to};

/// As much memory as is kept for what comes next.
pub const KEPT: usize = 4 << 10;

/// A text of so many bytes is put by: to grow it would take room for it twice, and leave a hole in the memory.
pub const LONG: usize = 256 << 10;

/// Bytes put end to end. It has room beyond its length, so that a short piece is two stores: wasm copies memory of a
/// length not known beforehand through a call, which costs more than the piece.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    length: usize,
    /// What was put by.
    before: Vec<Vec<u8>>,
}

impl Buffer {
    /// Puts a long text by: what comes begins a new one behind it.
    pub fn put_by(&mut self) {
        if self.length >= LONG {
            // With room for what one network chunk brings beyond that.
            let next = vec![0; LONG + LONG / 4];
            let mut text = std::mem::replace(&mut self.bytes, next);
            text.truncate(self.length);
            text.shrink_to_fit();
            self.before.push(text);
            self.length = 0;
        }
    }

    /// All that is in it, piece by piece.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let before = self.before.iter().map(Vec::as_slice);
        before.chain([self.as_slice()])
    }

    /// Appends all that is in it.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.pieces().for_each(|piece| out.extend_from_slice(piece));
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.length == 0 && self.before.is_empty()
    }

    /// What is in it, and has not been put by.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// How much that is.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Empties it, and gives back the memory of a text that was long.
    pub fn empty(&mut self) {
        self.clear();
        if self.bytes.len() > KEPT {
            self.bytes = Vec::new();
        }
    }

    /// Takes back what came behind `length`.
    pub fn truncate(&mut self, length: usize) {
        self.length = length;
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.length = 0;
        self.before.clear();
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

    /// Appends the UTF-8 meant by the bytes between two quotes, or nothing if a lone surrogate has none, or `narrow` forbids what it is;
    /// what came of it.
    pub fn append_unescaped(&mut self, raw: &[u8], narrow: bool) -> Unescaped {
        let unescaped = unescape_to(raw, self.room(raw.len()), narrow);
        if unescaped.exact {
            self.length += unescaped.length;
        }
        unescaped
    }

    /// At least `more` bytes behind the end.
    fn room(&mut self, more: usize) -> &mut [u8] {
        let needed = self.length + more + 16;
        if self.bytes.len() < needed {
            // Zeroed as it is allocated: to be filled afterwards takes longer than the copy.
            let mut bytes = vec![0; needed.max(2 * self.bytes.len())];
            if let Some(to) = bytes.get_mut(..self.length) {
                to.copy_from_slice(self.as_slice());
            }
            self.bytes = bytes;
        }
        self.bytes.get_mut(self.length..).unwrap_or_default()
    }
}
