//! A whole completion: one in place of a stream, and one that reports a failure.

use std::borrow::Cow;

use super::chunk::{self, Frame, Part};
use super::completion::Completion;
use super::fault::Fault;
use crate::error::{Class, Error};
use crate::json::{self, Malformed};

/// The message for an answer that reports a failure without a reason.
pub(super) const NO_WORDS: &str = "the server says that the answer failed, and gives no reason";

/// The error for a completion that reports a failure, of itself or of a choice, or that can't be read as it was meant.
pub fn failed(body: &[u8]) -> Option<Error> {
    match read(body, false) {
        Ok((body, frame, completion)) => {
            let failed = frame == Frame::Error || completion.failed_choice().is_some();
            failed.then(|| Fault::told(Class::Api, body.as_bytes(), NO_WORDS).error)
        }
        Err(Malformed { problem, .. }) => Some(Error::new(
            Class::Api,
            ["the answer is not a chat completion: ", problem].concat(),
        )),
    }
}

/// Whether the completion can be read and one of its choices has a message.
pub fn has_message(body: &[u8]) -> bool {
    holds(body, &[Part::Message, Part::Delta])
}

/// The same for a text completion, whose choices have a text instead.
pub fn has_text(body: &[u8]) -> bool {
    holds(body, &[Part::Message, Part::Delta, Part::Content])
}

fn holds(body: &[u8], parts: &[Part]) -> bool {
    let body = String::from_utf8_lossy(json::without_mark(body));
    let mut fields = Vec::new();
    let is_sound = chunk::read(body.as_bytes(), &mut fields).is_ok();
    is_sound && fields.iter().any(|field| parts.contains(&field.part))
}

/// A completion in which values have the wrong type, with the values that a stream of it would give.
pub fn folded(body: &[u8], is_text: bool) -> String {
    let json = read(body, is_text).map(|(_, _, completion)| completion.to_json());
    String::from_utf8(json.unwrap_or_default()).unwrap_or_default()
}

fn read(body: &[u8], is_text: bool) -> Result<(Cow<'_, str>, Frame, Completion), Malformed> {
    let body = String::from_utf8_lossy(json::without_mark(body));
    let mut fields = Vec::new();
    let frame = chunk::read(body.as_bytes(), &mut fields)?;
    let mut completion = Completion::default();
    if is_text {
        completion.set_text();
    }
    completion.apply(body.as_bytes(), &fields);
    Ok((body, frame, completion))
}

/// A whole completion as the one chunk that says the same; `None` if the body is no completion.
pub fn chunk_of_completion(body: &[u8]) -> Option<Vec<u8>> {
    chunk_of(body, false)
}

/// The same for a text completion, whose choices have the same form in a chunk.
pub fn chunk_of_text(body: &[u8]) -> Option<Vec<u8>> {
    chunk_of(body, true)
}

fn chunk_of(body: &[u8], is_text: bool) -> Option<Vec<u8>> {
    std::str::from_utf8(body).ok()?;
    let mut edits = Edits {
        body,
        is_text,
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
            if scanner.kind().ok()? == json::Kind::Object {
                is_completion |= edits.choice(&mut scanner)?;
                continue;
            }
            scanner.begin_array().ok()?;
            while scanner.next_element().ok()? {
                is_completion |= edits.choice(&mut scanner)?;
            }
            continue;
        }
        let value = scanner.skip().ok()?;
        if key.raw == b"object" && !is_text {
            edits.replace(start, value.len(), b"\"chat.completion.chunk\"")?;
        }
    }
    scanner.end().ok()?;
    edits.replace(body.len(), 0, b"")?;
    is_completion.then_some(edits.chunk)
}

struct Edits<'a> {
    body: &'a [u8],
    is_text: bool,
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

    /// Writes one choice, whose key `message` becomes `delta`.
    fn choice(&mut self, scanner: &mut json::Scanner<'_>) -> Option<bool> {
        let mut found = false;
        scanner.begin_object().ok()?;
        loop {
            let Some(key) = scanner.next_key().ok()? else {
                return Some(found);
            };
            if key.raw == b"message" {
                self.replace(scanner.key_at(), b"\"message\"".len(), b"\"delta\"")?;
                found = true;
            }
            found |= self.is_text && key.raw == b"text";
            scanner.skip().ok()?;
        }
    }
}
