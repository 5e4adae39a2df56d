//! One response body, network chunk by network chunk: framing, errors, the end, and the fold.

use super::chunk::{self, Field, Frame, Part};
use super::completion::Completion;
use super::failure::{describe, message_of};
use super::sse::{Event, Sink, SseDecoder, TooLarge};
use crate::error::{Class, Error};
use crate::json;

/// What a reader wants handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every chunk.
    Chunks,
    /// The text of choice 0.
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
    limit: usize,
}

#[derive(Debug)]
struct Reader {
    mode: Mode,
    completion: Completion,
    fields: Vec<Field>,
    /// The items of one call as a JSON array without its end.
    items: Vec<u8>,
    done: bool,
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
                items: Vec::new(),
                done: false,
                fault: None,
            },
            plain: None,
            begun: false,
            limit,
        }
    }

    /// Reads one network chunk. What it completes is in [`ChatDecoder::items`], also when a fault came after it.
    pub fn push(&mut self, bytes: &[u8], mode: Mode) {
        self.reader.items.clear();
        self.reader.mode = mode;
        if self.ended() {
            return;
        }
        if !self.begun {
            let Some(first) = bytes.iter().find(|b| !b.is_ascii_whitespace()) else {
                return;
            };
            self.begun = true;
            // No field name of an event stream starts like this: an answer in JSON, or a page.
            self.plain = matches!(first, b'{' | b'[' | b'<').then(Vec::new);
        }
        if let Some(plain) = &mut self.plain {
            plain.extend_from_slice(bytes);
            if plain.len() > self.limit {
                self.end_plain();
            }
        } else if let Err(TooLarge) = self.sse.push(bytes, &mut self.reader) {
            let error = Error::new(Class::Stream, TooLarge::MESSAGE);
            self.reader.fault = Some(Fault { error, body: None });
        }
    }

    /// The end of the body, by its own end or a lost connection.
    pub fn end(&mut self, mode: Mode) {
        self.reader.items.clear();
        self.reader.mode = mode;
        if self.ended() {
            return;
        }
        if self.plain.is_some() {
            self.end_plain();
        } else {
            self.sse.end_lenient(&mut self.reader);
        }
        if !self.ended() {
            if !self.reader.completion.has_finish() {
                let error = Error::new(
                    Class::StreamTruncated,
                    "the stream ended with neither [DONE] nor a finish_reason: the answer is not whole",
                );
                self.reader.fault = Some(Fault { error, body: None });
            }
            self.reader.done = true;
        }
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
        let mut error = Error::new(
            Class::Api,
            ["the body is not what was asked for: ", said].concat(),
        );
        if let Some(value) = &value {
            describe(&mut error, value);
        }
        self.reader.fault = Some(Fault {
            error,
            body: Some(body),
        });
    }

    /// The items that the last call completed, as one JSON array: chunks, or the texts of choice 0.
    pub fn items(&mut self) -> Option<&[u8]> {
        let items = &mut self.reader.items;
        if items.is_empty() {
            return None;
        }
        if items.last() != Some(&b']') {
            items.push(b']');
        }
        Some(items)
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

impl Sink for Reader {
    fn event(&mut self, event: Event<'_>) -> bool {
        let data = event.data.trim_ascii();
        if data.is_empty() {
            return true;
        }
        if data == b"[DONE]" {
            self.done = true;
            return false;
        }
        match std::str::from_utf8(event.data) {
            Ok(_) => self.frame(event.name, event.data),
            Err(_) => {
                let text = String::from_utf8_lossy(event.data);
                self.frame(event.name, text.as_bytes());
            }
        }
        self.open()
    }

    fn open(&self) -> bool {
        !self.done && self.fault.is_none()
    }
}

impl Reader {
    fn frame(&mut self, name: &[u8], data: &[u8]) {
        if name == b"error" {
            self.refuse(
                data,
                "the server reported an error in the middle of the stream",
            );
        } else {
            self.payload(data);
        }
    }

    fn payload(&mut self, data: &[u8]) {
        self.fields.clear();
        match chunk::read(data, &mut self.fields) {
            Ok(Frame::Chunk) => {
                self.completion.apply(data, &self.fields);
                self.hand_on(data);
            }
            Ok(Frame::Error) => {
                // An error may ride on an ordinary chunk; its usage counts.
                self.completion.apply(data, &self.fields);
                self.refuse(
                    data,
                    "the server reported an error in the middle of the stream",
                );
            }
            Err(malformed) => {
                let message = ["a frame of the stream is not a chunk: ", malformed.problem];
                self.refuse(data, &message.concat());
            }
        }
    }

    fn hand_on(&mut self, data: &[u8]) {
        match self.mode {
            Mode::Chunks => {
                self.separate();
                self.items.extend_from_slice(data);
            }
            Mode::Text => {
                let fields = std::mem::take(&mut self.fields);
                for raw in texts(data, &fields) {
                    self.separate();
                    self.items.push(b'"');
                    self.items.extend_from_slice(raw);
                    self.items.push(b'"');
                }
                self.fields = fields;
            }
            Mode::Fold => {}
        }
    }

    fn separate(&mut self) {
        self.items
            .push(if self.items.is_empty() { b'[' } else { b',' });
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

/// The non-empty contents of choice 0, as they stand between their quotes.
fn texts<'a>(data: &'a [u8], fields: &'a [Field]) -> impl Iterator<Item = &'a [u8]> {
    let mut first = false;
    fields.iter().filter_map(move |field| {
        let bytes = data.get(field.span.clone())?;
        match field.part {
            Part::Choice => first = matches!(bytes, b"" | b"0"),
            Part::Content if first && !bytes.is_empty() => return Some(bytes),
            _ => {}
        }
        None
    })
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
