//! Chunks folded into one completion.
//!
//! Texts are kept as they stood between their quotes and written out the same way: pieces of JSON strings put end to
//! end are a JSON string, and mean what JavaScript's concatenation of the pieces means, surrogate pairs split over
//! two deltas included. So nothing is decoded until somebody asks.

use std::ops::Range;

use super::buffer::Buffer;
use super::chunk::{Field, Part};
use crate::json::{self, Value, unescape};

mod choice;

use choice::{Choice, separated};

/// Choices and calls that are told apart; a hostile stream that counts further is folded into the last.
const MAX_ENTRIES: usize = 4096;

/// Token counts as a server reported them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReportedUsage {
    /// `prompt_tokens`
    pub prompt: f64,
    /// `completion_tokens`
    pub completion: f64,
    /// `total_tokens`, their sum where it is missing.
    pub total: f64,
}

/// What has arrived of a completion.
#[derive(Debug, Default)]
pub struct Completion {
    id: Option<Vec<u8>>,
    created: Option<Vec<u8>>,
    model: Option<Vec<u8>>,
    fingerprint: Option<Vec<u8>>,
    usage: Option<Vec<u8>>,
    choices: Vec<Choice>,
    /// Where in `choices` the last applied one is, and in its calls the last applied call.
    choice: usize,
    tool: usize,
    reasoned: bool,
    delivered_any: bool,
    failure: Option<Vec<u8>>,
}

impl Completion {
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
        {
            self.delivered_any |= !span.is_empty();
            choice.content.get_or_insert_default().append(block, span);
            return;
        }
        self.add_other(part, block.get(span).unwrap_or_default());
    }

    fn add_other(&mut self, part: Part, bytes: &[u8]) {
        match part {
            Part::Id => first(&mut self.id, bytes),
            Part::Created => first(&mut self.created, bytes),
            Part::Model => first(&mut self.model, bytes),
            Part::Fingerprint => first(&mut self.fingerprint, bytes),
            Part::Usage if self.usage.is_some() && !has_counts(bytes) => {}
            Part::Usage | Part::Counts => {
                let usage = self.usage.get_or_insert_default();
                usage.clear();
                usage.extend_from_slice(bytes);
            }
            Part::Choice => self.begin_choice(bytes),
            Part::Object | Part::Void => {}
            _ => self.add_to_choice(part, bytes),
        }
    }

    fn begin_choice(&mut self, index: &[u8]) {
        self.reasoned = false;
        let index = whole(index).unwrap_or(0);
        if self
            .choices
            .get(self.choice)
            .is_some_and(|choice| choice.index == index)
        {
            return;
        }
        let full = self.choices.len() >= MAX_ENTRIES;
        match self
            .choices
            .binary_search_by_key(&index, |choice| choice.index)
        {
            Ok(at) => self.choice = at,
            Err(_) if full => self.choice = MAX_ENTRIES - 1,
            Err(at) => {
                let choice = Choice {
                    index,
                    ..Choice::default()
                };
                self.choices.insert(at, choice);
                self.choice = at;
            }
        }
        let choice = self.choices.get(self.choice);
        self.tool = choice.map_or(0, |choice| choice.tool_calls.len().saturating_sub(1));
    }

    fn add_to_choice(&mut self, part: Part, bytes: &[u8]) {
        let Some(choice) = self.choices.get_mut(self.choice) else {
            return;
        };
        match part {
            Part::Role if choice.role.is_empty() => choice.role = bytes.to_vec(),
            Part::Refusal => {
                append(&mut choice.refusal, bytes);
                self.delivered_any |= !bytes.is_empty();
            }
            Part::Reasoning if !self.reasoned && !bytes.is_empty() => {
                append(&mut choice.reasoning, bytes);
                self.reasoned = true;
                self.delivered_any = true;
            }
            Part::ContentLogprobs => append_elements(&mut choice.content_logprobs, bytes),
            Part::RefusalLogprobs => append_elements(&mut choice.refusal_logprobs, bytes),
            // An empty one says nothing, and some servers send it with every chunk.
            Part::FinishReason if bytes.is_empty() => {}
            Part::FinishReason => {
                if bytes == b"error" {
                    self.failure.get_or_insert_default();
                }
                choice.finish_reason = Some(bytes.to_vec());
            }
            Part::Failure => self.failure = Some(bytes.to_vec()),
            Part::Tool => self.tool = choice.begin_tool(self.tool, whole(bytes)),
            Part::ToolId => self.tool = choice.tool_id(self.tool, bytes),
            _ => self.add_to_tool(part, bytes),
        }
    }

    fn add_to_tool(&mut self, part: Part, bytes: &[u8]) {
        let choice = self.choices.get_mut(self.choice);
        let Some(tool) = choice.and_then(|choice| choice.tool_calls.get_mut(self.tool)) else {
            return;
        };
        match part {
            // A later null or empty name never overwrites.
            Part::ToolName if !bytes.is_empty() => tool.name = bytes.to_vec(),
            Part::ToolType if !bytes.is_empty() => tool.kind = bytes.to_vec(),
            Part::ToolArguments => tool.arguments.extend_from_slice(bytes),
            _ => return,
        }
        self.delivered_any |= !bytes.is_empty();
    }
}

impl Completion {
    /// The completion as JSON, whole or not.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(b"{\"id\":");
        out.extend_from_slice(self.id.as_deref().unwrap_or(b"\"\""));
        out.extend_from_slice(b",\"object\":\"chat.completion\",\"created\":");
        out.extend_from_slice(self.created.as_deref().unwrap_or(b"0"));
        out.extend_from_slice(b",\"model\":");
        out.extend_from_slice(self.model.as_deref().unwrap_or(b"\"\""));
        out.extend_from_slice(b",\"choices\":[");
        separated(&self.choices, &mut out, Choice::write);
        out.push(b']');
        for (name, value) in [
            (b"usage".as_slice(), &self.usage),
            (b"system_fingerprint", &self.fingerprint),
        ] {
            if let Some(value) = value {
                out.extend_from_slice(b",\"");
                out.extend_from_slice(name);
                out.extend_from_slice(b"\":");
                out.extend_from_slice(value);
            }
        }
        out.push(b'}');
        out
    }

    /// The content of choice 0 as it stands between its quotes.
    pub fn content(&self) -> &[u8] {
        match self.choices.first() {
            Some(choice) if choice.index == 0 => {
                choice.content.as_ref().map_or(&[], Buffer::as_slice)
            }
            _ => &[],
        }
    }

    /// Everything a model wrote, for an estimate where no usage was reported.
    pub fn delivered(&self) -> String {
        let mut text = Vec::new();
        for choice in &self.choices {
            let content = choice.content.as_ref().map(Buffer::as_slice);
            for part in [
                choice.reasoning.as_deref(),
                content,
                choice.refusal.as_deref(),
            ] {
                text.extend_from_slice(part.unwrap_or_default());
            }
            for call in &choice.tool_calls {
                text.extend_from_slice(&call.name);
                text.extend_from_slice(&call.arguments);
            }
        }
        unescape(&text)
    }

    /// Whether any delta has said anything yet.
    pub fn delivered_any(&self) -> bool {
        self.delivered_any
    }

    /// The first choice's finish reason.
    pub fn finish_reason(&self) -> Option<String> {
        self.choices.first()?.finish_reason.as_deref().map(unescape)
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

    /// The usage reported last; counts may be numbers or digits in a string.
    pub fn usage(&self) -> Option<ReportedUsage> {
        let usage = json::parse(self.usage.as_deref()?).ok()?;
        let count = |name| count(usage.get(name)?);
        let (prompt, completion) = (count("prompt_tokens"), count("completion_tokens"));
        let total = count("total_tokens");
        if prompt.is_none() && completion.is_none() {
            return None;
        }
        let rest = |known: Option<f64>| (total.unwrap_or(0.0) - known.unwrap_or(0.0)).max(0.0);
        let (prompt, completion) = (
            prompt.unwrap_or_else(|| rest(completion)),
            completion.unwrap_or_else(|| rest(prompt)),
        );
        Some(ReportedUsage {
            prompt,
            completion,
            total: total.unwrap_or(prompt + completion),
        })
    }
}

/// Whether a usage object holds counts: one without them must not take the place of one with.
pub(super) fn has_counts(usage: &[u8]) -> bool {
    let name = b"_tokens\"";
    let ends = usage
        .windows(name.len())
        .enumerate()
        .filter(|(_, window)| *window == name);
    ends.map(|(at, _)| usage.get(at + name.len()..).unwrap_or_default())
        .any(|rest| {
            let value = rest
                .trim_ascii_start()
                .strip_prefix(b":")
                .unwrap_or_default();
            matches!(
                value.trim_ascii_start().first(),
                Some(b'0'..=b'9' | b'-' | b'"')
            )
        })
}

fn count(value: &Value) -> Option<f64> {
    let count = match value {
        Value::Number(number) => *number,
        Value::String(text) => whole(text.as_bytes())? as f64,
        _ => return None,
    };
    (count >= 0.0 && count.is_finite()).then_some(count)
}

fn first(place: &mut Option<Vec<u8>>, bytes: &[u8]) {
    if place.is_none() {
        *place = Some(bytes.to_vec());
    }
}

fn append(place: &mut Option<Vec<u8>>, bytes: &[u8]) {
    place.get_or_insert_default().extend_from_slice(bytes);
}

fn append_elements(place: &mut Option<Vec<u8>>, bytes: &[u8]) {
    let elements = place.get_or_insert_default();
    let bytes = bytes.trim_ascii();
    if !elements.is_empty() && !bytes.is_empty() {
        elements.push(b',');
    }
    elements.extend_from_slice(bytes);
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
