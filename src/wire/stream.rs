//! One response body, network chunk by network chunk: framing, errors, the end, and the fold.

use super::batch::Batch;
use super::chunk::{self, Field, Frame};
use super::completion::Completion;
use super::failure::{describe, message_of};
use super::sse::{Event, Sink, SseDecoder, TooLarge};
use super::template::Templates;
use crate::error::{CUT, Class, Error};
use crate::json;

/// What a reader wants handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every chunk.
    Chunks,
    /// The text of choice 0, all that a call brings as one.
    Text,
    /// Nothing: only the fold.
    Fold,
}

/// Why a stream ended badly.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What happened.
    pub error: Error,
    /// The frame or body it was told by, where there was one.
    pub body: Option<Vec<u8>>,
}

/// Decodes one body.
#[derive(Debug)]
pub struct ChatDecoder {
    sse: SseDecoder,
    reader: Reader,
    /// A body that turned out to be no event stream.
    plain: Option<Vec<u8>>,
    begun: bool,
    /// How a body begins that has held no event so far.
    head: Vec<u8>,
}

/// As much of a body without events as an error repeats.
const HEAD: usize = 300;

#[derive(Debug)]
struct Reader {
    mode: Mode,
    completion: Completion,
    fields: Vec<Field>,
    templates: Templates,
    /// The template whose event was folded last, while nothing else was.
    at_hand: Option<usize>,
    batch: Batch,
    limit: usize,
    /// Whether an event has come.
    seen: bool,
    done: bool,
    /// The body is over: an event that its end cut in two is no bad frame.
    at_end: bool,
    fault: Option<Fault>,
}

impl ChatDecoder {
    /// A decoder that refuses an event of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        ChatDecoder {
            sse: SseDecoder::new(limit),
            reader: Reader {
                mode: Mode::Fold,
                completion: Completion::default(),
                fields: Vec::new(),
                templates: Templates::default(),
                at_hand: None,
                batch: Batch::default(),
                limit,
                seen: false,
                done: false,
                at_end: false,
                fault: None,
            },
            plain: None,
            begun: false,
            head: Vec::new(),
        }
    }

    /// Reads one network chunk. What it completes is in [`ChatDecoder::batch`], also when a fault came after it.
    pub fn push(&mut self, bytes: &[u8], mode: Mode) {
        self.turn(mode, |decoder| decoder.read(bytes));
    }

    fn read(&mut self, bytes: &[u8]) {
        if !self.begun {
            // White space of JSON: no body may be read otherwise when it comes in other pieces.
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            let first = bytes.iter().find(|byte| !blank(byte));
            self.begun = first.is_some();
            // No field name of an event stream starts like this: an answer in JSON, or a page.
            self.plain = matches!(first, Some(b'{' | b'[' | b'<')).then(Vec::new);
        }
        if !self.reader.seen && self.head.len() <= HEAD {
            let room = HEAD + 1 - self.head.len();
            self.head.extend(bytes.iter().take(room));
        }
        if let Some(plain) = &mut self.plain {
            plain.extend_from_slice(bytes);
            if plain.len() > self.reader.limit {
                self.end_plain();
            }
        } else if let Err(TooLarge) = self.sse.push(bytes, &mut self.reader) {
            let error = Error::new(Class::Stream, TooLarge::MESSAGE);
            self.reader.fault = Some(Fault { error, body: None });
        }
    }

    /// Whether an event has come.
    pub fn has_event(&self) -> bool {
        self.reader.seen
    }

    /// The end of the body, by its own end or a lost connection.
    pub fn end(&mut self, mode: Mode) {
        self.turn(mode, ChatDecoder::finish);
    }

    fn turn(&mut self, mode: Mode, read: impl FnOnce(&mut Self)) {
        self.reader.batch.clear();
        self.reader.mode = mode;
        let folded = self.reader.completion.content().len();
        if !self.ended() {
            read(self);
        }
        let reader = &mut self.reader;
        if mode == Mode::Text {
            let content = reader.completion.content();
            reader
                .batch
                .text_item(content.get(folded..).unwrap_or_default());
        }
        reader.batch.seal();
    }

    fn finish(&mut self) {
        if self.plain.is_some() {
            self.end_plain();
        } else {
            self.reader.at_end = true;
            self.sse.end_lenient(&mut self.reader);
        }
        if !self.ended() {
            if !self.reader.completion.has_finish() {
                self.reader.fault = Some(self.unfinished());
            }
            self.reader.done = true;
        }
    }

    /// Why a body that ended too soon is no answer: it was cut off, or it never was an event stream.
    fn unfinished(&self) -> Fault {
        let head = self
            .head
            .strip_prefix(b"\xEF\xBB\xBF")
            .unwrap_or(&self.head)
            .trim_ascii();
        let is_text = !self.reader.seen && !begins_event_stream(head);
        if is_text {
            let head = match self.head.len() > HEAD && self.head.ends_with(head) {
                // A reader must see that it was cut: what the cut left of a key has to go.
                true => &[head.get(..HEAD).unwrap_or(head), CUT.as_bytes()].concat(),
                false => head,
            };
            let text = String::from_utf8_lossy(head);
            let value = json::parse(head).ok();
            let said = value.as_ref().and_then(message_of);
            let error = not_asked_for(said.as_deref().unwrap_or(&text), value.as_ref());
            let body = Some(head.to_vec());
            return Fault { error, body };
        }
        let message = if head.is_empty() && !self.reader.seen {
            "the body is empty: it holds neither a chunk nor [DONE]"
        } else {
            "the stream ended with neither [DONE] nor a finish_reason: the answer is not whole"
        };
        let error = Error::new(Class::StreamTruncated, message);
        Fault { error, body: None }
    }

    /// A body without events: a whole completion is one chunk, anything else is not what was asked for.
    fn end_plain(&mut self) {
        let body = self.plain.take().unwrap_or_default();
        if let Some(chunk) = chunk_of_completion(&body) {
            self.reader.payload(&chunk);
            return;
        }
        let value = json::parse(&body).ok();
        let said = value.as_ref().and_then(message_of);
        let said = said.as_deref().unwrap_or("it is no event stream");
        let error = not_asked_for(said, value.as_ref());
        self.reader.fault = Some(Fault {
            error,
            body: Some(body),
        });
    }

    /// What the last call completed.
    pub fn batch(&self) -> &Batch {
        &self.reader.batch
    }

    /// Whether the end has come, good or bad; what follows it is not read.
    pub fn ended(&self) -> bool {
        self.reader.done || self.reader.fault.is_some()
    }

    /// Why it ended badly, if it did.
    pub fn fault(&self) -> Option<&Fault> {
        self.reader.fault.as_ref()
    }

    /// What has arrived so far.
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

fn not_asked_for(said: &str, body: Option<&json::Value>) -> Error {
    let message = ["the body is not what was asked for: ", said].concat();
    let mut error = Error::new(Class::Api, message);
    if let Some(body) = body {
        describe(&mut error, body);
    }
    error
}

impl Sink for Reader {
    fn ahead(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        // Where one event of a shape stands others do: a network chunk's are taken in one go.
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty())
            && let Some(length) = self.matched(rest)
        {
            taken += length;
        }
        taken
    }

    fn event(&mut self, event: Event<'_>) -> bool {
        self.seen = true;
        self.at_hand = None;
        let data = event.data.trim_ascii();
        if data.is_empty() {
            return true;
        }
        if data == b"[DONE]" {
            self.done = true;
            return false;
        }
        if std::str::from_utf8(event.data).is_err() {
            let text = String::from_utf8_lossy(event.data);
            self.frame(event.name, text.as_bytes());
        } else if self.frame(event.name, event.data)
            && let Some(at) = event.only_line
        {
            let payload = at..at + event.data.len();
            self.templates.learn(event.block, payload, &self.fields);
        }
        !self.done && self.fault.is_none()
    }
}

impl Reader {
    /// Takes the event at the start of `bytes` if it has a known shape; gives its length.
    #[inline(always)]
    fn matched(&mut self, bytes: &[u8]) -> Option<usize> {
        let found = self.templates.find(bytes)?;
        let length = found.length;
        // Only the blank line may lie beyond the limit.
        if length > self.limit && length > self.limit + blank_line(bytes, length) {
            return None;
        }
        let completion = &mut self.completion;
        let again = self.at_hand.replace(found.index) == Some(found.index);
        found.template.parts(found.slots, again, |part, span| {
            completion.add(part, bytes, span);
        });
        if self.mode == Mode::Chunks {
            self.batch
                .filled(found.index, found.template, found.slots, bytes);
        }
        Some(length)
    }

    /// Reads one frame; whether it is a chunk.
    fn frame(&mut self, name: &[u8], data: &[u8]) -> bool {
        if name == b"error" {
            self.refuse(data, SERVER_ERROR);
        } else {
            self.payload(data);
        }
        self.fault.is_none() && !self.at_end
    }

    fn payload(&mut self, data: &[u8]) {
        self.fields.clear();
        match chunk::read(data, &mut self.fields) {
            Ok(Frame::Chunk) => {
                self.completion.apply(data, &self.fields);
                if self.mode == Mode::Chunks {
                    self.batch.chunk(data);
                }
            }
            Ok(Frame::Error) => {
                // An error may ride on an ordinary chunk; its usage counts.
                self.completion.apply(data, &self.fields);
                self.refuse(data, SERVER_ERROR);
            }
            Err(_) if self.at_end => {}
            Err(malformed) => {
                let message = ["a frame of the stream is not a chunk: ", malformed.problem];
                self.refuse(data, &message.concat());
            }
        }
    }

    fn refuse(&mut self, body: &[u8], otherwise: &str) {
        let value = json::parse(body).ok();
        let said = match &value {
            Some(value) => message_of(value),
            None => None,
        };
        let mut error = Error::new(Class::Stream, said.unwrap_or_else(|| otherwise.to_string()));
        if let Some(value) = &value {
            describe(&mut error, value);
            let inner = value.get("error").unwrap_or(value);
            let status = ["http_status_code", "status_code", "status", "code"]
                .iter()
                .find_map(|name| inner.get(name)?.as_f64())
                .filter(|status| (400.0..600.0).contains(status));
            error.status = status.map(|status| status as u16);
        }
        self.fault = Some(Fault {
            error,
            body: Some(body.to_vec()),
        });
    }
}

const SERVER_ERROR: &str = "the server reported an error in the middle of the stream";

/// The bytes of the line end that closes an event.
fn blank_line(block: &[u8], length: usize) -> usize {
    1 + (block
        .get(..length)
        .is_some_and(|block| block.ends_with(b"\r\n"))) as usize
}

/// A whole completion as the one chunk that says the same; `None` if the body is no completion.
pub fn chunk_of_completion(body: &[u8]) -> Option<Vec<u8>> {
    std::str::from_utf8(body).ok()?;
    let mut edits = Edits {
        body,
        at: 0,
        chunk: Vec::with_capacity(body.len() + 8),
    };
    let mut scanner = json::Scanner::new(body);
    let mut is_completion = false;
    scanner.begin_object().ok()?;
    while let Some(key) = scanner.next_key().ok()? {
        scanner.kind().ok()?;
        let start = scanner.at();
        if key.raw == b"choices" {
            scanner.begin_array().ok()?;
            while scanner.next_element().ok()? {
                is_completion |= edits.choice(&mut scanner)?;
            }
            continue;
        }
        let value = scanner.skip().ok()?;
        if key.raw == b"object" {
            edits.replace(start, value.len(), b"\"chat.completion.chunk\"")?;
        }
    }
    scanner.end().ok()?;
    edits.replace(body.len(), 0, b"")?;
    is_completion.then_some(edits.chunk)
}

struct Edits<'a> {
    body: &'a [u8],
    at: usize,
    chunk: Vec<u8>,
}

impl Edits<'_> {
    fn replace(&mut self, start: usize, length: usize, replacement: &[u8]) -> Option<()> {
        self.chunk.extend_from_slice(self.body.get(self.at..start)?);
        self.chunk.extend_from_slice(replacement);
        self.at = start + length;
        Some(())
    }

    /// One choice: its key `message` becomes `delta`.
    fn choice(&mut self, scanner: &mut json::Scanner<'_>) -> Option<bool> {
        let mut found = false;
        scanner.begin_object().ok()?;
        loop {
            let from = scanner.at();
            let Some(key) = scanner.next_key().ok()? else {
                return Some(found);
            };
            if key.raw == b"message" {
                let before = self.body.get(from..scanner.at())?;
                let quote = from + before.iter().position(|b| *b == b'"')?;
                self.replace(quote, b"\"message\"".len(), b"\"delta\"")?;
                found = true;
            }
            scanner.skip().ok()?;
        }
    }
}
