//! Folds the chunks of a stream into one completion: each part of a chunk is added to what has arrived before.
//!
//! Texts are kept as they were written between their quotes, and are written in the same form: pieces of JSON strings, joined, are
//! a JSON string, and mean the same as the concatenation of the pieces in JavaScript, also if a surrogate pair is split over two
//! deltas. So nothing is decoded until the caller asks for it.

use std::ops::Range;

use super::buffer::LONG;
use super::chunk::{Field, Part};

mod answer;
mod call;
mod choice;
mod count;
mod list;
mod members;
mod node;

pub use answer::ReportedUsage;
use choice::Choice;
pub use count::{Counter, NewCounter};
use members::Members;
pub(super) use members::last_counts;
use node::Within;

/// The most choices and calls that are kept apart; if a hostile stream has more, they are added to the last one.
const MAX_ENTRIES: usize = 4096;

/// The part of a completion that has arrived.
///
/// ```
/// use hfetch::wire::chunk::read;
/// use hfetch::wire::completion::Completion;
///
/// let mut completion = Completion::default();
/// for chunk in [
///     br#"{"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"}}]}"#.as_slice(),
///     br#"{"id":"1","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}],"usage":{"completion_tokens":2}}"#,
/// ] {
///     let mut fields = Vec::new();
///     read(chunk, &mut fields).unwrap();
///     completion.apply(chunk, &fields);
/// }
/// assert_eq!(completion.content(), b"Hello");
/// assert_eq!(completion.finish_reason().as_deref(), Some("stop"));
/// assert_eq!(completion.usage().unwrap().completion, Some(2.0));
/// ```
#[derive(Debug, Default)]
pub struct Completion {
    id: Vec<u8>,
    created: Vec<u8>,
    model: Vec<u8>,
    usage: Option<Vec<u8>>,
    /// Other members of the chunks.
    rest: Members,
    choices: Vec<Choice>,
    /// The index in `choices` of the current choice; beyond its end while parts have to be skipped.
    choice: usize,
    /// Bytes of text so far, and how many there were when the current choice began.
    said: usize,
    said_before: usize,
    /// Bytes in unknown members of deltas, which may or may not be text.
    unnamed: usize,
    failure: Option<Vec<u8>>,
    /// The number of bytes of text when long texts were last set aside.
    put_by: usize,
    /// Bytes besides the text that will not be replaced.
    size: usize,
    /// Bytes that have arrived since members and calls were last weighed, and their weight at that time.
    unweighed: usize,
    weight: usize,
    /// Makes the counters, if texts are counted and not kept.
    counter: Option<NewCounter>,
    /// Whether the completion answers a prompt and no messages: a choice then has a text instead of a message.
    is_text: bool,
}

/// A part up to this length isn't examined for its weight.
const SHORT: usize = 48;

/// How many bytes may arrive before members and calls are weighed; if they are heavy, half of their weight.
const UNWEIGHED: usize = 1 << 20;

/// Roughly how many bytes an entry takes besides its texts.
const ENTRY: usize = 128;

/// The finish reasons that text-generation-inference sends in a streamed text completion instead of "stop".
const ENDED_BY_ITSELF: [&[u8]; 2] = [b"eos_token", b"stop_sequence"];

impl Completion {
    /// Makes it a text completion.
    pub fn set_text(&mut self) {
        self.is_text = true;
    }

    /// Whether this is a text completion.
    pub fn is_text(&self) -> bool {
        self.is_text
    }

    /// Adds the parts of one payload.
    pub fn apply(&mut self, payload: &[u8], fields: &[Field]) {
        for field in fields {
            let bytes = payload.get(field.span.clone()).unwrap_or_default();
            self.add_other(field.part, bytes);
        }
    }

    /// Adds one part, which is at `span`. The parts of a payload must come in the order in which [`super::chunk::read`] returns
    /// them.
    #[inline(always)]
    pub fn add(&mut self, part: Part, block: &[u8], span: Range<usize>) {
        // Most parts of a stream are of this kind.
        if part == Part::Content
            && let Some(choice) = self.choices.get_mut(self.choice)
            && let Some(content) = &mut choice.content
        {
            self.said += span.len();
            content.append(block, span);
            return;
        }
        self.add_other(part, block.get(span).unwrap_or_default());
    }

    /// The same for a part that occurs seldom.
    #[inline(never)]
    pub(super) fn add_other(&mut self, part: Part, bytes: &[u8]) {
        match part {
            Part::Id => first(&mut self.id, bytes),
            Part::Created => first(&mut self.created, bytes),
            Part::Model => first(&mut self.model, bytes),
            Part::Usage if self.usage.is_some() && !has_counts(bytes) => {}
            Part::Usage | Part::Counts => {
                replace(self.usage.get_or_insert_default(), bytes);
            }
            Part::ChunkMember => {
                self.grow(part, bytes);
                self.rest.fold(bytes, Within::Envelope);
            }
            Part::Choice => self.begin_choice(bytes),
            Part::Object | Part::Void => {}
            _ => self.add_to_choice(part, bytes),
        }
    }

    fn begin_choice(&mut self, index: &[u8]) {
        self.said_before = self.said;
        let index = whole(index).unwrap_or(0);
        let at_hand = self.choices.get(self.choice);
        if at_hand.is_none_or(|choice| choice.index != index) {
            let most = match self.counter {
                Some(_) => count::MOST_CHOICES,
                None => MAX_ENTRIES,
            };
            let full = self.choices.len() >= most;
            let found = self
                .choices
                .binary_search_by_key(&index, |choice| choice.index);
            self.choice = match found {
                Ok(at) => at,
                Err(_) if full => most - 1,
                Err(at) => {
                    self.choices.insert(at, Choice::new(index));
                    at
                }
            };
        }
        if let Some(choice) = self.choices.get_mut(self.choice) {
            choice.tool_calls.begin();
        }
    }

    /// Counts a part's bytes, unless it replaces an earlier value, which shows when everything is weighed. For a short part this
    /// isn't checked, since the check would take longer than the part is worth.
    #[inline]
    fn grow(&mut self, part: Part, bytes: &[u8]) {
        self.unweighed += bytes.len() + ENTRY;
        if bytes.len() <= SHORT || !last_counts(part, bytes) {
            self.size += bytes.len();
        }
    }

    fn add_to_choice(&mut self, part: Part, bytes: &[u8]) {
        let Some(choice) = self.choices.get_mut(self.choice) else {
            return;
        };
        match part {
            // The text of a text completion is in this member; null contains nothing.
            Part::ChoiceMember if self.is_text && bytes.starts_with(b"\"text\"") => {}
            Part::Message if choice.begun => self.choice = usize::MAX,
            Part::Message => {}
            Part::Failure => replace(self.failure.get_or_insert_default(), bytes),
            _ => {
                if part == Part::FinishReason && bytes == b"error" {
                    self.failure.get_or_insert_default();
                }
                let bytes = match part {
                    Part::FinishReason if self.is_text && ENDED_BY_ITSELF.contains(&bytes) => {
                        b"stop"
                    }
                    _ => bytes,
                };
                let said = choice.add(part, bytes, self.said > self.said_before);
                self.said += said;
                if part == Part::DeltaMember && said == 0 {
                    self.unnamed += weight(bytes);
                }
                if said < bytes.len() {
                    self.grow(part, bytes);
                }
            }
        }
    }

    /// Roughly how many bytes are kept.
    pub fn size(&self) -> usize {
        self.said + self.size + self.weight
    }

    /// The same; if many of the bytes may have been replaced, everything is weighed first.
    pub fn weigh(&mut self) -> usize {
        if self.unweighed >= UNWEIGHED.max(self.weight / 2) {
            self.weigh_all();
        }
        self.size()
    }

    #[cold]
    fn weigh_all(&mut self) {
        self.unweighed = 0;
        let choices = self.choices.iter().map(Choice::weight);
        self.weight = self.rest.weight() + choices.sum::<usize>();
    }

    /// Sets long texts aside, so that they needn't grow; returns whether any may have been.
    #[inline(always)]
    pub fn put_by(&mut self) -> bool {
        let is_due = self.said.wrapping_sub(self.put_by) >= LONG;
        if is_due {
            self.put_by_choices();
        }
        is_due
    }

    #[cold]
    fn put_by_choices(&mut self) {
        self.put_by = self.said;
        for choice in &mut self.choices {
            choice.put_by();
        }
    }
}

/// The bytes inside a member's value, if it has quotes or brackets.
fn weight(member: &[u8]) -> usize {
    let key = member.iter().position(|byte| *byte == b':').unwrap_or(0);
    match member.last() {
        Some(b'"' | b']' | b'}') => (member.len() - key).saturating_sub(3),
        _ => 0,
    }
}

/// Whether a usage object contains counts: one without them must not replace one with counts.
pub(super) fn has_counts(usage: &[u8]) -> bool {
    let mut words = usage.split(|byte| *byte == b'_').skip(1);
    words.any(|word| {
        let value = word.strip_prefix(b"tokens\"").unwrap_or_default();
        let value = value.trim_ascii_start().strip_prefix(b":");
        let value = value.unwrap_or_default().trim_ascii_start();
        matches!(value.first(), Some(b'0'..=b'9' | b'-' | b'"'))
    })
}

/// Keeps the first value that isn't empty, or the first one if all are empty.
fn first(place: &mut Vec<u8>, bytes: &[u8]) {
    let says_nothing = |value: &[u8]| matches!(value, b"" | b"\"\"" | b"0");
    if place.is_empty() || says_nothing(place) && !says_nothing(bytes) {
        replace(place, bytes);
    }
}

/// Keeps a value in place of the one before it.
#[inline(never)]
fn replace(place: &mut Vec<u8>, bytes: &[u8]) {
    place.clear();
    place.extend_from_slice(bytes);
}

/// The value, or `otherwise` if it is empty.
fn or<'a>(said: &'a [u8], otherwise: &'a [u8]) -> &'a [u8] {
    if said.is_empty() { otherwise } else { said }
}

fn separated<T>(items: &[T], out: &mut Vec<u8>, write: fn(&T, &mut Vec<u8>)) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(item, out);
    }
}

/// A whole number from its digits; anything else is `None`. It is bounded, so that counting on from it can't overflow.
fn whole(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    digits.iter().try_fold(0u64, |value, digit| {
        digit
            .is_ascii_digit()
            .then(|| value * 10 + u64::from(digit - b'0'))
    })
}
