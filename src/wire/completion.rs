//! Chunks folded into one completion.
//!
//! Texts are kept as they stood between their quotes and written out the same way: pieces of JSON strings put end to
//! end are a JSON string, and mean what JavaScript's concatenation of the pieces means, surrogate pairs split over
//! two deltas included. So nothing is decoded until somebody asks.

use std::ops::Range;

use super::buffer::LONG;
use super::chunk::{Field, Part};
use crate::json::{self, Value, unescape};
use crate::wire::usage::Beside;

mod call;
mod choice;
mod count;
mod list;
mod members;
mod node;

use choice::Choice;
pub use count::{Counter, NewCounter};
use members::Members;
pub(super) use members::last_counts;
use node::{Within, put};

/// Choices and calls that are told apart; a hostile stream that counts further is folded into the last.
const MAX_ENTRIES: usize = 4096;

/// Token counts as a server reported them, each where it did; what is no number is not one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReportedUsage {
    /// `prompt_tokens`
    pub prompt: Option<f64>,
    /// `completion_tokens`
    pub completion: Option<f64>,
    /// `total_tokens`
    pub total: Option<f64>,
}

/// What has arrived of a completion.
#[derive(Debug, Default)]
pub struct Completion {
    id: Vec<u8>,
    created: Vec<u8>,
    model: Vec<u8>,
    usage: Option<Vec<u8>>,
    /// Other keys of the chunks.
    rest: Members,
    choices: Vec<Choice>,
    /// Where in `choices` the last applied one is; nowhere while what comes is to be passed over.
    choice: usize,
    /// Bytes of text so far, and how many they were when the choice at hand began.
    said: usize,
    said_before: usize,
    /// Bytes in members of deltas of which nobody here knows whether they are text.
    unnamed: usize,
    failure: Option<Vec<u8>>,
    /// How many they were when the long ones were put by.
    put_by: usize,
    /// Bytes beside the text that have come to stay.
    size: usize,
    /// Bytes that have come since members and calls were weighed last, and what these weighed then.
    unweighed: usize,
    weight: usize,
    /// Where texts are counted and not kept.
    counter: Option<NewCounter>,
    /// It answers a prompt and no messages: a choice has its text instead of a message.
    is_text: bool,
}

/// A part that is not looked into for its weight.
const SHORT: usize = 48;

/// So many bytes may come before members and calls are weighed; where they weigh much, as many as half of that.
const UNWEIGHED: usize = 1 << 20;

/// About what an entry takes beside its texts.
const ENTRY: usize = 128;

/// What text-generation-inference calls "stop" where it streams a text completion.
const ENDED_BY_ITSELF: [&[u8]; 2] = [b"eos_token", b"stop_sequence"];

/// The counts of a usage object.
const COUNTS: [&str; 3] = ["prompt_tokens", "completion_tokens", "total_tokens"];

impl Completion {
    /// A text completion from here on.
    pub fn set_text(&mut self) {
        self.is_text = true;
    }

    /// Whether it is one.
    pub fn is_text(&self) -> bool {
        self.is_text
    }

    /// Adds the parts of one payload.
    pub fn apply(&mut self, payload: &[u8], fields: &[Field]) {
        for field in fields {
            self.add(field.part, payload, field.span.clone());
        }
    }

    /// Adds one part, which stands at `span`; those of a payload come in the order in which [`super::chunk::read`] gives them.
    #[inline(always)]
    pub fn add(&mut self, part: Part, block: &[u8], span: Range<usize>) {
        // Most of what a stream brings.
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

    /// The same for a part that is seldom one of many.
    #[inline(never)]
    pub(super) fn add_other(&mut self, part: Part, bytes: &[u8]) {
        match part {
            Part::Id => first(&mut self.id, bytes),
            Part::Created => first(&mut self.created, bytes),
            Part::Model => first(&mut self.model, bytes),
            Part::Usage if self.usage.is_some() && !has_counts(bytes) => {}
            Part::Usage | Part::Counts => {
                let usage = self.usage.get_or_insert_default();
                usage.clear();
                usage.extend_from_slice(bytes);
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

    /// A part adds to what is kept, unless it takes the place of what was said before, which is seen when all is weighed. Of a short
    /// one that is not asked: it would take longer than the part is worth.
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
            // What a text completion says stands there, and a null says nothing.
            Part::ChoiceMember if self.is_text && bytes.starts_with(b"\"text\"") => {}
            Part::Message if choice.begun => self.choice = usize::MAX,
            Part::Message => {}
            Part::Failure => self.failure = Some(bytes.to_vec()),
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
}

impl Completion {
    /// About how many bytes are kept.
    pub fn size(&self) -> usize {
        self.said + self.size + self.weight
    }

    /// The same, and where much has come that may have taken the place of something or not, that is looked at first.
    pub fn weigh(&mut self) -> usize {
        if self.unweighed >= UNWEIGHED.max(self.weight / 2) {
            self.unweighed = 0;
            let choices = self.choices.iter().map(Choice::weight);
            self.weight = self.rest.weight() + choices.sum::<usize>();
        }
        self.size()
    }

    /// The completion as JSON, whole or not.
    pub fn to_json(&self) -> Vec<u8> {
        // Keys and quotes are added to that. One that had to grow would take twice the room.
        let mut out = Vec::with_capacity(self.size() + self.size() / 8 + 256);
        let object: &[u8] = match self.is_text {
            true => b"text_completion",
            false => b"chat.completion",
        };
        let head: [&[u8]; 9] = [
            b"{\"id\":",
            or(&self.id, b"\"\""),
            b",\"object\":\"",
            object,
            b"\",\"created\":",
            or(&self.created, b"0"),
            b",\"model\":",
            or(&self.model, b"\"\""),
            b",\"choices\":[",
        ];
        put(&mut out, &head);
        let write = match self.is_text {
            true => Choice::write_text,
            false => Choice::write,
        };
        separated(&self.choices, &mut out, write);
        put(&mut out, &[b"]"]);
        if let Some(usage) = &self.usage {
            put(&mut out, &[b",\"usage\":", usage]);
        }
        self.rest.write(&[], &mut out);
        put(&mut out, &[b"}"]);
        out
    }

    /// Puts by what is long, so that it need not grow; whether anything may have been.
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

    /// The content of choice 0 as it stands between its quotes, as far as it has not been put by.
    pub fn content(&self) -> &[u8] {
        match self.choices.first() {
            Some(choice) if choice.index == 0 => choice.content(),
            _ => &[],
        }
    }

    /// Hands on everything a model wrote, for an estimate where no usage was reported.
    pub fn delivered(&self, take: &mut dyn FnMut(&str)) {
        for choice in &self.choices {
            choice.said(&mut |text| take(&unescape(text)));
        }
    }

    /// Bytes that may be text under names that nobody here knows.
    pub fn unnamed(&self) -> usize {
        self.unnamed
    }

    /// Whether any delta has said anything yet.
    pub fn delivered_any(&self) -> bool {
        self.said > 0
    }

    /// The first choice's finish reason. Where texts are only counted, none that was too long to be kept.
    pub fn finish_reason(&self) -> Option<String> {
        let reason = self.choices.first()?.finish_reason.as_deref();
        reason.filter(|reason| !reason.is_empty()).map(unescape)
    }

    /// Whether any choice has finished.
    pub fn has_finish(&self) -> bool {
        self.choices
            .iter()
            .any(|choice| choice.finish_reason.is_some())
    }

    /// Whether every choice that has appeared has finished, and at least one has appeared.
    pub fn all_finished(&self) -> bool {
        let mut choices = self.choices.iter();
        self.has_finish() && choices.all(|choice| choice.finish_reason.is_some())
    }

    /// How many choices have appeared.
    pub fn choices_seen(&self) -> usize {
        self.choices.len()
    }

    /// What a choice said of its failure: its `error` as it stands, or nothing where it only gave the finish_reason "error".
    /// `None` while none has failed. It never comes by a template.
    pub fn failed_choice(&self) -> Option<&[u8]> {
        self.failure.as_deref()
    }

    /// Whether any usage has been reported.
    pub fn has_usage(&self) -> bool {
        self.usage.is_some()
    }

    /// The usage reported last, whose counts may be numbers or digits in a string, and what it tells beside them.
    pub fn told(&self) -> (Option<ReportedUsage>, Beside) {
        let usage = self.usage.as_deref().map(count::counts_of);
        let Some(usage) = usage.and_then(|usage| json::parse(&usage).ok()) else {
            return (None, Beside::default());
        };
        let [prompt, completion, total] = COUNTS.map(|name| count(&usage, name));
        let reported = ReportedUsage {
            prompt,
            completion,
            total,
        };
        let counts = prompt.is_some() || completion.is_some();
        (counts.then_some(reported), Beside::of(&usage))
    }

    /// The usage reported last alone.
    pub fn usage(&self) -> Option<ReportedUsage> {
        self.told().0
    }

    /// Bytes of all that a model wrote.
    pub fn said(&self) -> usize {
        self.said
    }
}

/// Bytes within a member's value that has quotes or brackets.
fn weight(member: &[u8]) -> usize {
    let key = member.iter().position(|byte| *byte == b':').unwrap_or(0);
    match member.last() {
        Some(b'"' | b']' | b'}') => (member.len() - key).saturating_sub(3),
        _ => 0,
    }
}

/// Whether a usage object holds counts: one without them must not take the place of one with.
pub(super) fn has_counts(usage: &[u8]) -> bool {
    let mut words = usage.split(|byte| *byte == b'_').skip(1);
    words.any(|word| {
        let value = word.strip_prefix(b"tokens\"").unwrap_or_default();
        let value = value.trim_ascii_start().strip_prefix(b":");
        let value = value.unwrap_or_default().trim_ascii_start();
        matches!(value.first(), Some(b'0'..=b'9' | b'-' | b'"'))
    })
}

#[inline(never)]
fn count(usage: &Value, name: &str) -> Option<f64> {
    match usage.get(name)? {
        Value::Null => None,
        Value::Number(number) => Some(*number),
        Value::String(text) => Some(whole(text.as_bytes()).map_or(f64::NAN, |count| count as f64)),
        _ => Some(f64::NAN),
    }
}

/// Keeps the first value that is not empty, or the first of all where each is.
fn first(place: &mut Vec<u8>, bytes: &[u8]) {
    let says_nothing = |value: &[u8]| matches!(value, b"" | b"\"\"" | b"0");
    if place.is_empty() || says_nothing(place) && !says_nothing(bytes) {
        *place = bytes.to_vec();
    }
}

/// What was said, or what stands for nothing.
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

/// A whole number from its digits; anything else is none. Bounded so that counting on from it can't overflow.
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
