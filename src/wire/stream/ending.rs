//! How a body ends: well, or with a fault that says what was missing.

use super::{ChatDecoder, End};
use crate::error::{CUT, Class};
use crate::json::without_mark;
use crate::wire::fault::Fault;
use crate::wire::whole::{chunk_of_completion, chunk_of_text};

/// How much of a body without events an error quotes, in bytes.
pub(super) const HEAD: usize = 300;

const NO_ANSWER: &str =
    "the stream ended with [DONE] before any choice had come: there is no answer";
const NOT_WHOLE: &str = "the stream ended with neither [DONE] nor a finish_reason for each choice: the answer is not whole";

impl ChatDecoder {
    /// Why the end is a bad one, if it is. The answer is complete if the server says so, or if every choice has finished.
    #[inline(never)]
    pub(super) fn judge(&self, end: End) -> Option<Fault> {
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
    pub(super) fn finish(&mut self, lost: bool) {
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
        let head = without_mark(&self.head).trim_ascii();
        let answered = self.reader.completion.choices_seen() > 0;
        let is_text = !self.reader.seen && !answered && !begins_event_stream(head);
        if is_text {
            let mut said = head.get(..HEAD).unwrap_or(head).to_vec();
            if self.head.len() > HEAD && self.head.ends_with(head) {
                // The mark shows a reader of the error that the text was cut, so that half of a key is removed as well.
                said.extend_from_slice(CUT.as_bytes());
            }
            return Fault::not_asked_for(&said, &String::from_utf8_lossy(&said));
        }
        let empty = head.is_empty() && !self.reader.seen;
        let message = match empty {
            true => "the body is empty: it holds neither a chunk nor [DONE]",
            false => NOT_WHOLE,
        };
        Fault::new(Class::StreamTruncated, message)
    }

    /// Ends a body without events: a whole completion counts as one chunk, anything else isn't what was requested.
    pub(super) fn end_plain(&mut self) {
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
}

/// Whether bytes can be the beginning of an event stream, however early they end.
fn begins_event_stream(head: &[u8]) -> bool {
    let marks: [&[u8]; 6] = [b"data", b"event", b"id", b"retry", b":", b"\xEF\xBB\xBF"];
    marks
        .iter()
        .any(|mark| head.starts_with(mark) || mark.starts_with(head))
}
