//! Decodes one response body, network chunk by network chunk: framing, errors, the end, and the completion.

use super::batch::Batch;
use super::buffer::KEPT;
use super::chunk::{self, Field, Frame};
use super::completion::{Completion, NewCounter};
use super::failure::text_message;
use super::fault::Fault;
use super::sse::{Event, Sink, SseDecoder, TooLarge};
use super::template::{Templates, Told};
use super::whole::{NO_WORDS, chunk_of_completion, chunk_of_text};
use crate::error::{CUT, Class};
use crate::json::block::is_ascii;
use crate::json::{Scanner, open_half};

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

/// How much of a body without events an error quotes, in bytes.
const HEAD: usize = 300;

/// How much may follow the last finish reason: usage, `[DONE]` and comments. A server that sends more would never end.
const LONGEST_TAIL: usize = 1 << 20;

/// The longest event that is kept until the next network chunk because a part of it may be replaced. Copying a longer one costs
/// more than it saves.
const LONGEST_LATE: usize = 1 << 10;

/// The longest frame without a choice that is kept for its message.
const LONGEST_ODD: usize = 16 << 10;

#[derive(Debug)]
struct Reader {
    mode: Mode,
    completion: Completion,
    fields: Vec<Field>,
    templates: Templates,
    /// The template of the last event, unless something else came after it.
    at_hand: Option<usize>,
    /// That event, if a part of it may be replaced by what the next network chunk brings; otherwise empty.
    late: Vec<u8>,
    batch: Batch,
    limit: usize,
    /// Whether an event has arrived.
    seen: bool,
    /// The first frame without a choice, if it came before any choice.
    odd: Option<Vec<u8>>,
    end: Option<End>,
    /// Whether the body is over: an event that its end cut in two is no bad frame.
    at_end: bool,
    fault: Option<Fault>,
}

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
            reader: Reader {
                mode: Mode::Fold,
                templates: Templates::new(completion.counts()),
                completion,
                fields: Vec::new(),
                at_hand: None,
                late: Vec::new(),
                batch: Batch::default(),
                limit,
                seen: false,
                odd: None,
                end: None,
                at_end: false,
                fault: None,
            },
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
            self.reader.fault = Some(Fault::new(Class::Stream, TooLarge::MESSAGE));
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
                self.reader.fault = Some(Fault::new(Class::Stream, TOO_MUCH));
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

    /// Why the end is a bad one, if it is. The answer is complete if the server says so, or if every choice has finished.
    #[inline(never)]
    fn judge(&self, end: End) -> Option<Fault> {
        let completion = &self.reader.completion;
        let answered = completion.choices_seen() > 0;
        let good = match end {
            End::Done => answered,
            End::Body | End::Lost => completion.all_finished(),
        };
        if good {
            return None;
        }
        if let (Some(frame), false, false) = (&self.reader.odd, answered, end == End::Lost) {
            let otherwise = if end == End::Done { NO_ANSWER } else { "" };
            let told = Fault::told(Class::Stream, frame, otherwise);
            if end == End::Done || !told.error.message.is_empty() {
                return Some(told);
            }
        }
        Some(match end {
            End::Done => Fault::new(Class::Stream, NO_ANSWER),
            End::Body => self.unfinished(),
            End::Lost => Fault::new(Class::StreamTruncated, NOT_WHOLE),
        })
    }

    #[inline(never)]
    fn finish(&mut self, lost: bool) {
        let end = if lost { End::Lost } else { End::Body };
        if self.plain.is_none() {
            self.reader.at_end = true;
            self.sse.end_lenient(&mut self.reader);
        } else if end == End::Body {
            self.end_plain();
        }
        self.reader.end.get_or_insert(end);
    }

    /// Why a body that ended too soon is no answer: it was cut off, or it never was an event stream.
    fn unfinished(&self) -> Fault {
        let head = self
            .head
            .strip_prefix(b"\xEF\xBB\xBF")
            .unwrap_or(&self.head)
            .trim_ascii();
        let answered = self.reader.completion.choices_seen() > 0;
        let is_text = !self.reader.seen && !answered && !begins_event_stream(head);
        if is_text {
            let head = match self.head.len() > HEAD && self.head.ends_with(head) {
                // The mark shows a reader of the error that the text was cut, so that half of a key is removed as well.
                true => &[head.get(..HEAD).unwrap_or(head), CUT.as_bytes()].concat(),
                false => head,
            };
            return Fault::not_asked_for(head, &String::from_utf8_lossy(head));
        }
        let empty = head.is_empty() && !self.reader.seen;
        let message = match empty {
            true => "the body is empty: it holds neither a chunk nor [DONE]",
            false => NOT_WHOLE,
        };
        Fault::new(Class::StreamTruncated, message)
    }

    /// Ends a body without events: a whole completion counts as one chunk, anything else isn't what was requested.
    fn end_plain(&mut self) {
        let body = self.plain.take().unwrap_or_default();
        let chunk = match self.reader.completion.is_text() {
            true => chunk_of_text(&body),
            false => chunk_of_completion(&body),
        };
        if let Some(chunk) = chunk {
            self.reader.frame(b"message", &chunk);
            return;
        }
        self.reader.fault = Some(Fault::not_asked_for(&body, "it is no event stream"));
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

/// Whether bytes can be the beginning of an event stream, however early they end.
fn begins_event_stream(head: &[u8]) -> bool {
    let marks: [&[u8]; 6] = [b"data", b"event", b"id", b"retry", b":", b"\xEF\xBB\xBF"];
    marks
        .iter()
        .any(|mark| head.starts_with(mark) || mark.starts_with(head))
}

impl Sink for Reader {
    #[cfg_attr(optimize_attribute, optimize(speed))]
    fn ahead(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        let mut late = None;
        // After one event of a shape, others of the same shape usually follow in the network chunk, and are read in one go.
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty())
            && let Some(length) = self.matched(rest, &mut late)
        {
            taken += length;
        }
        match late {
            // If texts are only counted, nothing is kept beyond this network chunk.
            Some(event) if event.len() <= LONGEST_LATE && !self.completion.counts() => {
                self.late.extend_from_slice(event);
            }
            Some(_) => self.tell_late(late),
            None => {}
        }
        taken
    }

    #[cfg_attr(optimize_attribute, optimize(speed))]
    fn event(&mut self, event: Event<'_>) -> bool {
        self.seen = true;
        self.tell_late(None);
        self.at_hand = None;
        if !is_ascii(event.data) && std::str::from_utf8(event.data).is_err() {
            let text = String::from_utf8_lossy(event.data);
            self.data(event.name, text.as_bytes());
        } else if self.data(event.name, event.data)
            && let Some(at) = event.only_line
        {
            let payload = at..at + event.data.len();
            self.templates.learn(event.block, payload, &self.fields);
        }
        !self.ended()
    }

    fn error(&mut self, said: &[u8]) -> bool {
        self.refuse_in_words(said);
        false
    }
}

/// Whether `data` contains a comment that was written like a chunk, or nothing.
fn is_comment(data: &[u8]) -> bool {
    matches!(data.first(), None | Some(b':')) && !data.contains(&b'\n')
}

const DONE: &[u8] = b"[DONE]";

fn is_json(text: &[u8]) -> bool {
    let mut scanner = Scanner::new(text);
    scanner.skip().is_ok() && scanner.end().is_ok()
}

impl Reader {
    /// Reads the event at the start of `bytes` if it has a known shape; returns its length. `late` is the event before it, if some
    /// of its values still wait.
    #[inline(always)]
    fn matched<'b>(&mut self, bytes: &'b [u8], late: &mut Option<&'b [u8]>) -> Option<usize> {
        let mut found = self.templates.find(bytes)?;
        let waited = late.is_some() || !self.late.is_empty();
        if waited && self.at_hand != Some(found.index) {
            self.tell_late(late.take());
            found = self.templates.find(bytes)?;
        }
        let length = found.length;
        // Only the blank line may be beyond the limit.
        if length > self.limit && length > self.limit + blank_line(bytes, length) {
            return None;
        }
        let completion = &mut self.completion;
        let again = self.at_hand.replace(found.index) == Some(found.index);
        let waits = again && found.template.waits;
        *late = bytes.get(..length).filter(|_| waits);
        // This event replaces the values that waited.
        self.late.clear();
        let told = match again {
            true if waits => Told::Late,
            true => Told::Before,
            false => Told::Nothing,
        };
        let (template, slots) = (&*found.template, found.slots);
        match found.order {
            None => template.parts(slots, told, |part, span| completion.add(part, bytes, span)),
            Some(order) => template.parts_moved(slots, order, told, &mut |part, span| {
                completion.add(part, bytes, span);
            }),
        }
        if self.mode == Mode::Chunks {
            self.batch.filled(found, bytes);
        }
        Some(length)
    }

    /// Adds the waiting values of an event: of `late`, or without one of the event that was kept.
    #[inline(never)]
    fn tell_late(&mut self, late: Option<&[u8]>) {
        let mut kept = std::mem::take(&mut self.late);
        let waits = late
            .or(Some(kept.as_slice()))
            .filter(|event| !event.is_empty());
        if let (Some(event), Some(index)) = (waits, self.at_hand) {
            self.templates.late(index, event, &mut self.completion);
        }
        kept.clear();
        self.late = kept;
    }

    fn ended(&self) -> bool {
        self.end.is_some() || self.fault.is_some()
    }

    /// Reads an event's data; returns whether it is a chunk from which a template may be learned.
    fn data(&mut self, name: &[u8], data: &[u8]) -> bool {
        let text = data.trim_ascii();
        if name == b"error" {
            self.refuse_in_words(text);
        } else if text == DONE {
            self.end = Some(End::Done);
        } else if !is_comment(text) {
            return self.frame(name, data) && !self.at_end;
        }
        false
    }

    /// Reads one frame; returns whether it is a chunk.
    fn frame(&mut self, name: &[u8], data: &[u8]) -> bool {
        if self.fields.len() > KEPT {
            self.fields = Vec::new();
        }
        self.fields.clear();
        let frame = match chunk::read(data, &mut self.fields) {
            Ok(frame) => frame,
            Err(malformed) => {
                self.odd_frame(name, data, malformed.problem);
                return false;
            }
        };
        // An error may be part of an ordinary chunk, whose usage counts.
        self.completion.apply(data, &self.fields);
        if frame != Frame::Error && self.mode == Mode::Chunks {
            self.batch.chunk(data, &self.fields);
        }
        let failed = frame == Frame::Error || self.completion.failed_choice().is_some();
        if failed {
            self.fault = Some(Fault::told(Class::Stream, data, NO_WORDS));
        } else if self.odd.is_none()
            && self.completion.choices_seen() == 0
            && data.len() <= LONGEST_ODD
        {
            self.odd = Some(data.to_vec());
        }
        !failed
    }

    /// Reads data that isn't a chunk: several chunks in one event, an event of the server's own with a name, or a broken frame.
    fn odd_frame(&mut self, name: &[u8], data: &[u8], problem: &str) {
        let lines = || data.split(|byte| *byte == b'\n');
        let (mut last, mut broken) = (0, None);
        for (at, line) in lines().enumerate() {
            let line = line.trim_ascii();
            if broken.is_none() && !is_comment(line) && line != DONE && !is_json(line) {
                broken = Some(at);
            }
            last = at;
        }
        // The end of the body may have cut the last one.
        if last > 0 && (broken.is_none() || self.at_end && broken == Some(last)) {
            for line in lines() {
                if !self.ended() {
                    self.data(name, line.trim_ascii());
                }
            }
            return;
        }
        let is_object = data.trim_ascii_start().starts_with(b"{") && is_json(data);
        if is_object || !self.at_end && name == b"message" {
            let message = ["a frame of the stream is not a chunk: ", problem].concat();
            self.fault = Some(Fault::told(Class::Stream, data, &message));
        }
    }

    /// Records an error that the server calls one, in JSON or in words.
    fn refuse_in_words(&mut self, said: &[u8]) {
        let words = text_message(200, said);
        let words = words.as_deref().unwrap_or(NO_WORDS);
        let otherwise = if is_json(said) { NO_WORDS } else { words };
        self.fault = Some(Fault::told(Class::Stream, said, otherwise));
    }
}

const TOO_MUCH: &str = "the answer is larger than maxAnswerBytes";
const NO_ANSWER: &str =
    "the stream ended with [DONE] before any choice had come: there is no answer";
const NOT_WHOLE: &str = "the stream ended with neither [DONE] nor a finish_reason for each choice: the answer is not whole";

/// The number of bytes in the line end that closes an event.
fn blank_line(block: &[u8], length: usize) -> usize {
    1 + (block
        .get(..length)
        .is_some_and(|block| block.ends_with(b"\r\n"))) as usize
}
