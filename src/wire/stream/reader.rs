//! Reads one event after another: each is compared with the templates of earlier ones or parsed, and added to the completion.

use super::{End, Mode};
use crate::error::Class;
use crate::json::Scanner;
use crate::json::block::is_ascii;
use crate::wire::batch::Batch;
use crate::wire::buffer::KEPT;
use crate::wire::chunk::{self, Field, Frame};
use crate::wire::completion::Completion;
use crate::wire::failure::text_message;
use crate::wire::fault::Fault;
use crate::wire::sse::{Event, Sink};
use crate::wire::template::{Templates, Told};
use crate::wire::whole::NO_WORDS;

/// The longest event that is kept until the next network chunk because a part of it may be replaced. Copying a longer one costs
/// more than it saves.
const LONGEST_LATE: usize = 1 << 10;

/// The longest frame without a choice that is kept for its message.
const LONGEST_ODD: usize = 16 << 10;

/// Reads the events of a body into its completion, and for a reader of chunks or texts into a batch.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) mode: Mode,
    pub(super) completion: Completion,
    fields: Vec<Field>,
    templates: Templates,
    /// The template of the last event, unless something else came after it.
    pub(super) at_hand: Option<usize>,
    /// That event, if a part of it may be replaced by what the next network chunk brings; otherwise empty.
    late: Vec<u8>,
    pub(super) batch: Batch,
    pub(super) limit: usize,
    /// Whether an event has arrived.
    pub(super) seen: bool,
    /// The first frame without a choice, if it came before any choice.
    pub(super) odd: Option<Vec<u8>>,
    pub(super) end: Option<End>,
    /// Whether the body is over: an event that its end cut in two is no bad frame.
    pub(super) at_end: bool,
    pub(super) fault: Option<Fault>,
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
    /// A reader that adds to this completion, and refuses an event of more than `limit` bytes.
    pub(super) fn new(limit: usize, completion: Completion) -> Self {
        Reader {
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
        }
    }

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
    pub(super) fn tell_late(&mut self, late: Option<&[u8]>) {
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

    pub(super) fn ended(&self) -> bool {
        self.end.is_some() || self.fault.is_some()
    }

    /// Ends the body with a fault that no event reports.
    #[cold]
    pub(super) fn fail(&mut self, message: &str) {
        self.fault = Some(Fault::new(Class::Stream, message));
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
    pub(super) fn frame(&mut self, name: &[u8], data: &[u8]) -> bool {
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

/// The number of bytes in the line end that closes an event.
fn blank_line(block: &[u8], length: usize) -> usize {
    1 + (block
        .get(..length)
        .is_some_and(|block| block.ends_with(b"\r\n"))) as usize
}
