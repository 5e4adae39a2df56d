//! Parses server-sent events from bytes (WHATWG standard), wherever the bytes are split.
//!
//! An event inside one network chunk is read in place; only an event that spans several chunks is copied, and only once. Every byte
//! is searched once, so that many small chunks take no longer than one large one.

use std::ops::Range;

use crate::json::block::{Block16, WIDTH};

/// One dispatched event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The type; "message" if the event has none.
    pub name: &'a [u8],
    /// The data lines, joined by line feeds. They may be invalid UTF-8.
    pub data: &'a [u8],
    /// The last event id so far.
    pub id: &'a [u8],
    /// The event with its field names and line ends.
    pub block: &'a [u8],
    /// Where `data` starts in `block`, if the block consists of that one line.
    pub only_line: Option<usize>,
}

/// The error for an event larger than the decoder's limit; the decoder is then closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl TooLarge {
    /// The message for a person.
    pub const MESSAGE: &str = "an event of the stream is larger than maxEventBytes";
}

/// Receives events as they are found.
pub trait Sink {
    /// Gets the bytes at the start of an event before the decoder looks for its end. Returns how many bytes it has handled: whole
    /// events, each up to and including its blank line, until one that it leaves to the decoder. An event that ends the stream is
    /// never handled here.
    fn ahead(&mut self, bytes: &[u8]) -> usize {
        let _ = bytes;
        0
    }

    /// Receives one event; `false` stops the decoder for good.
    fn event(&mut self, event: Event<'_>) -> bool;

    /// Receives the value of a field `error`, which the standard doesn't know and some servers write in place of an event; `false`
    /// stops the decoder for good.
    fn error(&mut self, said: &[u8]) -> bool {
        let _ = said;
        true
    }
}

#[derive(Debug)]
enum Data {
    None,
    Line(Range<usize>),
    Joined,
}

struct Block {
    /// Bytes up to the blank line.
    size: usize,
    /// Bytes including the blank line.
    end: usize,
    data: Data,
    name: Range<usize>,
    error: Option<Range<usize>>,
    lines: usize,
}

/// The memory of a longer event is freed after use.
const MOST_KEPT: usize = 64 << 10;

const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// The incremental decoder.
///
/// ```
/// use hfetch::wire::sse::{Event, Sink, SseDecoder};
///
/// struct Texts(Vec<String>);
///
/// impl Sink for Texts {
///     fn event(&mut self, event: Event<'_>) -> bool {
///         self.0.push(String::from_utf8_lossy(event.data).into_owned());
///         true
///     }
/// }
///
/// let mut texts = Texts(Vec::new());
/// let mut decoder = SseDecoder::new(1024);
/// // Where the bytes are split makes no difference.
/// decoder.push(b"data: one\n\nda", &mut texts).unwrap();
/// decoder.push(b"ta: two\r\n\r\n", &mut texts).unwrap();
/// assert_eq!(texts.0, ["one", "two"]);
/// ```
#[derive(Debug)]
pub struct SseDecoder {
    limit: usize,
    /// The start of an event whose end hasn't arrived; of a comment only its colon.
    carry: Vec<u8>,
    joined: Vec<u8>,
    id: Vec<u8>,
    has_ids: bool,
    bom: usize,
    started: bool,
    /// Whether the last chunk ended with a CR: a LF that comes next belongs to it.
    skip_lf: bool,
    closed: bool,
}

impl SseDecoder {
    /// A decoder that refuses an event of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        SseDecoder {
            limit,
            carry: Vec::new(),
            joined: Vec::new(),
            id: Vec::new(),
            has_ids: true,
            bom: 0,
            started: false,
            skip_lf: false,
            closed: false,
        }
    }

    /// The same for a reader that ignores ids: none is kept.
    pub fn without_ids(mut self) -> Self {
        self.has_ids = false;
        self
    }

    /// Passes on every event that `bytes` completes.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn Sink) -> Result<(), TooLarge> {
        let mut rest = bytes;
        if !self.started {
            rest = self.without_bom(rest);
        }
        if self.closed || rest.is_empty() {
            return Ok(());
        }
        if std::mem::take(&mut self.skip_lf) {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        if !self.carry.is_empty() {
            rest = self.resume(rest, sink)?;
            self.skip_lf &= rest.is_empty();
        }
        while !rest.is_empty() && !self.closed {
            let taken = sink.ahead(rest);
            rest = rest.get(taken..).unwrap_or_default();
            if !rest.is_empty() {
                rest = self.step(rest, sink)?;
            }
        }
        Ok(())
    }

    /// Ends the input as in the standard: an event without its blank line is dropped.
    pub fn end(&mut self) {
        self.carry = Vec::new();
        self.closed = true;
    }

    /// Ends the input leniently: an event without its blank line is accepted.
    pub fn end_lenient(&mut self, sink: &mut dyn Sink) {
        let carry = std::mem::take(&mut self.carry);
        if !self.closed && !carry.starts_with(b":") {
            let block = self.scan(&carry, true);
            if let Some(block) = block {
                self.dispatch(&carry, &block, sink);
            }
        }
        self.closed = true;
    }

    fn without_bom<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut rest = bytes;
        while let Some((first, tail)) = rest.split_first() {
            if BOM.get(self.bom) != Some(first) {
                self.started = true;
                if self.bom < BOM.len() {
                    // Part of a byte order mark is none.
                    self.carry.extend(BOM.iter().take(self.bom));
                }
                break;
            }
            self.bom += 1;
            rest = tail;
        }
        rest
    }

    /// Completes the carried event with the new bytes and returns what follows it.
    fn resume<'a>(&mut self, bytes: &'a [u8], sink: &mut dyn Sink) -> Result<&'a [u8], TooLarge> {
        if self.carry.first() == Some(&b':') {
            let Some(end) = line_end(bytes, 0) else {
                return Ok(&[]);
            };
            self.carry.clear();
            self.skip_lf = end.next == bytes.len() && bytes.last() == Some(&b'\r');
            return Ok(bytes.get(end.next..).unwrap_or_default());
        }
        let end = find_end(bytes, self.carry.last().copied());
        let (head, tail) = bytes
            .split_at_checked(end.unwrap_or(bytes.len()))
            .unwrap_or((bytes, &[]));
        self.carry.extend_from_slice(head);
        if end.is_none() {
            return match self.carry.len() > self.limit {
                true => self.too_large(),
                false => Ok(&[]),
            };
        }
        let carry = std::mem::take(&mut self.carry);
        let mut rest: &[u8] = &carry;
        if sink.ahead(rest) == rest.len() {
            rest = &[];
        }
        while !rest.is_empty() && !self.closed {
            rest = self.step(rest, sink)?;
        }
        if self.carry.is_empty() && carry.capacity() <= MOST_KEPT {
            // The next event reuses its memory.
            self.carry = carry;
            self.carry.clear();
        }
        Ok(tail)
    }

    /// Reads one event or one comment line, or keeps an incomplete one; returns the rest.
    fn step<'a>(&mut self, bytes: &'a [u8], sink: &mut dyn Sink) -> Result<&'a [u8], TooLarge> {
        let end = if bytes.first() == Some(&b':') {
            match line_end(bytes, 0) {
                Some(end) => end.next,
                None => {
                    self.carry.push(b':');
                    return Ok(&[]);
                }
            }
        } else {
            match self.scan(bytes, false) {
                Some(block) if block.size <= self.limit => {
                    self.dispatch(bytes, &block, sink);
                    block.end
                }
                None if bytes.len() <= self.limit => {
                    self.carry.extend_from_slice(bytes);
                    return Ok(&[]);
                }
                _ => return self.too_large(),
            }
        };
        self.skip_lf = end == bytes.len() && bytes.last() == Some(&b'\r');
        Ok(bytes.get(end..).unwrap_or_default())
    }

    fn too_large<T>(&mut self) -> Result<T, TooLarge> {
        self.end();
        Err(TooLarge)
    }

    /// Reads the fields of the block at the start of `bytes`; `None` if its blank line is missing.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    fn scan(&mut self, bytes: &[u8], forced: bool) -> Option<Block> {
        let mut block = Block {
            size: 0,
            end: 0,
            data: Data::None,
            name: 0..0,
            error: None,
            lines: 0,
        };
        let mut at = 0;
        loop {
            let end = match line_end(bytes, at) {
                Some(end) => end,
                None if !forced => return None,
                None => LineEnd {
                    at: bytes.len(),
                    next: bytes.len(),
                },
            };
            if end.at == at {
                block.size = at;
                block.end = end.next;
                return Some(block);
            }
            self.field(bytes, at..end.at, &mut block);
            block.lines += 1;
            at = end.next;
        }
    }

    fn field(&mut self, bytes: &[u8], line: Range<usize>, block: &mut Block) {
        let text = bytes.get(line.clone()).unwrap_or_default();
        let colon = text.iter().position(|b| *b == b':');
        let name = text.get(..colon.unwrap_or(text.len())).unwrap_or_default();
        let mut start = line.start + colon.map_or(text.len(), |at| at + 1);
        if bytes.get(start) == Some(&b' ') && start < line.end {
            start += 1;
        }
        let value = bytes.get(start..line.end).unwrap_or_default();
        match name {
            b"data" => match &block.data {
                Data::None => block.data = Data::Line(start..line.end),
                Data::Line(first) => {
                    self.joined.clear();
                    let first = bytes.get(first.clone()).unwrap_or_default();
                    self.joined.extend_from_slice(first);
                    self.joined.push(b'\n');
                    self.joined.extend_from_slice(value);
                    block.data = Data::Joined;
                }
                Data::Joined => {
                    self.joined.push(b'\n');
                    self.joined.extend_from_slice(value);
                }
            },
            b"event" => block.name = start..line.end,
            b"error" => block.error = Some(start..line.end),
            b"id" if self.has_ids && !value.contains(&0) => {
                self.id.clear();
                self.id.extend_from_slice(value);
            }
            // `retry` is for clients that reconnect, and a chat stream can't be resumed.
            _ => {}
        }
    }

    fn dispatch(&mut self, bytes: &[u8], block: &Block, sink: &mut dyn Sink) {
        if let Some(said) = &block.error {
            self.closed = !sink.error(bytes.get(said.clone()).unwrap_or_default());
        }
        let (data, only_line) = match &block.data {
            _ if self.closed => return,
            Data::None => return,
            Data::Line(line) => (
                bytes.get(line.clone()).unwrap_or_default(),
                (block.lines == 1).then_some(line.start),
            ),
            Data::Joined => (self.joined.as_slice(), None),
        };
        let name = bytes.get(block.name.clone()).unwrap_or_default();
        let more = sink.event(Event {
            name: if name.is_empty() { b"message" } else { name },
            data,
            id: &self.id,
            block: bytes.get(..block.end).unwrap_or_default(),
            only_line,
        });
        self.closed |= !more;
        if self.joined.capacity() > MOST_KEPT {
            self.joined = Vec::new();
        }
    }
}

#[derive(Clone, Copy)]
struct LineEnd {
    /// The line's last byte is before this index.
    at: usize,
    /// The next line starts at this index.
    next: usize,
}

#[cfg_attr(optimize_attribute, optimize(speed))]
fn line_end(bytes: &[u8], from: usize) -> Option<LineEnd> {
    let at = newline(bytes, from)?;
    let crlf = bytes.get(at..at + 2) == Some(b"\r\n");
    Some(LineEnd {
        at,
        next: at + 1 + crlf as usize,
    })
}

/// The end of the event whose beginning is in earlier bytes, the last of which is `before`.
fn find_end(bytes: &[u8], before: Option<u8>) -> Option<usize> {
    let mut at = (before == Some(b'\r') && bytes.first() == Some(&b'\n')) as usize;
    let mut line_start = matches!(before, Some(b'\r' | b'\n'));
    loop {
        let end = line_end(bytes, at)?;
        if line_start && end.at == at {
            return Some(end.next);
        }
        line_start = true;
        at = end.next;
    }
}

/// The first CR or LF from `at` on.
#[inline]
fn newline(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(block) = bytes.get(at..).and_then(Block16::first) {
        let ends = block.line_ends();
        if ends != 0 {
            return Some(at + ends.trailing_zeros() as usize);
        }
        at += WIDTH;
    }
    let tail = bytes.get(at..)?;
    let found = tail.iter().position(|b| matches!(b, b'\n' | b'\r'))?;
    Some(at + found)
}
