//! Decodes one response body, network chunk by network chunk: framing, errors, the end, and the completion.

mod ending;
mod reader;

use super::batch::Batch;
use super::completion::{Completion, NewCounter};
use super::fault::Fault;
use super::sse::{SseDecoder, TooLarge};
use crate::json::open_half;
use ending::HEAD;
use reader::Reader;

/// The kind of items that a reader gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every chunk.
    Chunks,
    /// The text of choice 0; all of it that one call brings is one item.
    Text,
    /// Nothing: the body is only read for its completion.
    Fold,
}

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server sent `[DONE]`.
    Done,
    /// The body ended without `[DONE]`.
    Body,
    /// The connection was lost, or brought nothing for too long.
    Lost,
}

/// Decodes one body.
///
/// ```
/// use hfetch::error::Class;
/// use hfetch::wire::stream::{ChatDecoder, Mode};
///
/// let mut decoder = ChatDecoder::new(1 << 20);
/// decoder.push(b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\nda", Mode::Text);
/// assert_eq!(decoder.batch().text(), b"Hel");
/// decoder.push(b"ta: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"}}]}\n\n", Mode::Text);
/// assert_eq!(decoder.completion().content(), b"Hello");
///
/// // Without a finish reason and without [DONE], the end of the body means that the answer was cut off.
/// decoder.end(Mode::Text);
/// assert_eq!(decoder.fault().unwrap().error.class, Class::StreamTruncated);
/// ```
#[derive(Debug)]
pub struct ChatDecoder {
    sse: SseDecoder,
    reader: Reader,
    /// The body, if it turned out to be no event stream.
    plain: Option<Vec<u8>>,
    begun: bool,
    /// The beginning of a body that has contained no event so far.
    head: Vec<u8>,
    /// How many bytes of choice 0's text a reader of texts has got.
    told: usize,
    /// The size of the largest accepted completion.
    most: usize,
    /// Bytes that have arrived since every choice has finished.
    tail: usize,
}

const TOO_MUCH: &str = "the answer is larger than maxAnswerBytes";

/// How much may follow the last finish reason: usage, `[DONE]` and comments. A server that sends more would never end.
const LONGEST_TAIL: usize = 1 << 20;

impl ChatDecoder {
    /// A decoder that refuses an event of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        ChatDecoder::with(limit, usize::MAX, Completion::default())
    }

    /// The same, with a limit of about `most` bytes for the completion.
    pub fn bounded(limit: usize, most: usize) -> Self {
        ChatDecoder::with(limit, most, Completion::default())
    }

    /// The same for a text completion.
    pub fn of_text(mut self) -> Self {
        self.reader.completion.set_text();
        self
    }

    /// A decoder that counts the texts, and keeps nothing of the answer except its usage and how it ended.
    pub fn counting(limit: usize, counter: NewCounter) -> Self {
        ChatDecoder::with(limit, usize::MAX, Completion::counting(counter))
    }

    #[inline(never)]
    fn with(limit: usize, most: usize, completion: Completion) -> Self {
        ChatDecoder {
            sse: SseDecoder::new(limit).without_ids(),
            reader: Reader::new(limit, completion),
            plain: None,
            begun: false,
            head: Vec::new(),
            told: 0,
            most,
            tail: 0,
        }
    }

    /// Reads one network chunk. [`ChatDecoder::batch`] holds what it completes, also if a fault came after that.
    pub fn push(&mut self, bytes: &[u8], mode: Mode) {
        self.turn(mode, Some(bytes), false);
    }

    fn read(&mut self, bytes: &[u8]) {
        if !self.begun {
            // White space in JSON's sense: a body must be read in the same way when it arrives in other pieces.
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            let first = bytes.iter().find(|byte| !blank(byte));
            self.begun = first.is_some();
            // No field name of an event stream starts with these: the body is an answer in JSON, or a page.
            self.plain = matches!(first, Some(b'{' | b'[' | b'<')).then(Vec::new);
        }
        if let Some(plain) = &mut self.plain {
            plain.extend_from_slice(bytes);
            if plain.len() > self.reader.limit {
                self.end_plain();
            }
        } else if let Err(TooLarge) = self.sse.push(bytes, &mut self.reader) {
            self.reader.fail(TooLarge::MESSAGE);
        }
        if !self.reader.seen {
            let room = (HEAD + 1).saturating_sub(self.head.len());
            self.head
                .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
        self.tail = match self.reader.completion.all_finished() {
            true => self.tail + bytes.len(),
            false => 0,
        };
        if self.tail > LONGEST_TAIL {
            self.reader.end.get_or_insert(End::Lost);
        }
    }

    /// Whether an event has arrived.
    pub fn has_event(&self) -> bool {
        self.reader.seen
    }

    /// Ends the body.
    pub fn end(&mut self, mode: Mode) {
        self.turn(mode, None, false);
    }

    /// Ends a body whose connection was lost. Of the incomplete event, whole frames are read.
    pub fn lose(&mut self, mode: Mode) {
        self.turn(mode, None, true);
    }

    /// Reads what has arrived; `None` means the end.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    fn turn(&mut self, mode: Mode, bytes: Option<&[u8]>, lost: bool) {
        self.reader.batch.clear();
        self.reader.mode = mode;
        if !self.ended() {
            match bytes {
                Some(bytes) => self.read(bytes),
                None => self.finish(lost),
            }
            if self.reader.completion.weigh() > self.most {
                self.reader.fail(TOO_MUCH);
            }
            if let (Some(end), None) = (self.reader.end, &self.reader.fault) {
                self.reader.fault = self.judge(end);
            }
        }
        let ended = self.ended();
        if ended {
            self.settle();
        }
        let reader = &mut self.reader;
        let content = reader.completion.content();
        let mut upto = content.len();
        if mode == Mode::Text {
            // Half of a surrogate pair waits for the other half, or for the end.
            upto -= if ended { 0 } else { open_half(content) };
            let text = content.get(self.told..upto).unwrap_or_default();
            reader.batch.text_item(text);
        }
        let all = upto == content.len();
        self.told = upto;
        if all && reader.completion.put_by() {
            self.told = reader.completion.content().len();
        }
        reader.batch.seal();
        if reader.completion.counts() {
            reader.completion.let_go();
            // The parts that all events of a shape share have been dropped as well.
            reader.at_hand = None;
        }
    }

    /// The items that the last call completed.
    pub fn batch(&self) -> &Batch {
        &self.reader.batch
    }

    /// Whether the body has ended, well or badly; what follows isn't read.
    pub fn ended(&self) -> bool {
        self.reader.end.is_some() || self.reader.fault.is_some()
    }

    /// Why the body ended badly, if it did.
    pub fn fault(&self) -> Option<&Fault> {
        self.reader.fault.as_ref()
    }

    /// Adds the values that waited because the next event would have replaced them, such as a usage in each event.
    pub fn settle(&mut self) {
        self.reader.tell_late(None);
    }

    /// The completion so far. Before the end, call [`ChatDecoder::settle`] first if the values that each event replaces are needed.
    pub fn completion(&self) -> &Completion {
        &self.reader.completion
    }
}
