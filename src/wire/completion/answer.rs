//! What a completion says: its JSON, its texts, how it ended, and its usage.

use super::choice::Choice;
use super::{Completion, count, or, separated, whole};
use crate::json::{self, Value, put, unescape};
use crate::wire::usage::Beside;

/// Token counts as a server reported them. A value that is no number counts as missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReportedUsage {
    /// `prompt_tokens`
    pub prompt: Option<f64>,
    /// `completion_tokens`
    pub completion: Option<f64>,
    /// `total_tokens`
    pub total: Option<f64>,
}

/// The counts in a usage object.
pub(super) const COUNTS: [&str; 3] = ["prompt_tokens", "completion_tokens", "total_tokens"];

impl Completion {
    /// The completion as JSON, whole or not.
    pub fn to_json(&self) -> Vec<u8> {
        // Keys and quotes come in addition. A vector that has to grow would need its memory twice.
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

    /// The content of choice 0 as it is written between its quotes, without what has been set aside.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    pub fn content(&self) -> &[u8] {
        match self.choices.first() {
            Some(choice) if choice.index == 0 => choice.content(),
            _ => &[],
        }
    }

    /// Calls `take` with everything that the model wrote, for an estimate if no usage was reported.
    pub fn delivered(&self, take: &mut dyn FnMut(&str)) {
        for choice in &self.choices {
            choice.said(&mut |text| take(&unescape(text)));
        }
    }

    /// Bytes under unknown names that may be text.
    pub fn unnamed(&self) -> usize {
        self.unnamed
    }

    /// Whether any delta has contained text yet.
    pub fn delivered_any(&self) -> bool {
        self.said > 0
    }

    /// The first choice's finish reason. If texts are only counted, a reason that was too long isn't kept.
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

    /// The failure of a choice: its `error` as it is written, or empty if it only has the finish_reason "error". `None` while no
    /// choice has failed. A failure is never read by a template.
    pub fn failed_choice(&self) -> Option<&[u8]> {
        self.failure.as_deref()
    }

    /// Whether any usage has been reported.
    pub fn has_usage(&self) -> bool {
        self.usage.is_some()
    }

    /// The usage that was reported last, whose counts may be numbers or digits in a string, and what it reports besides its counts.
    pub fn told(&self) -> (Option<ReportedUsage>, Beside) {
        let usage = self.usage.as_deref().map(count::counts_of);
        let Some(usage) = usage.and_then(|usage| json::parse(&usage).ok()) else {
            return (None, Beside::default());
        };
        let [prompt, completion, total] = COUNTS.map(|name| count_in(&usage, name));
        let reported = ReportedUsage {
            prompt,
            completion,
            total,
        };
        let counts = prompt.is_some() || completion.is_some();
        (counts.then_some(reported), Beside::of(&usage))
    }

    /// The usage that was reported last, by itself.
    pub fn usage(&self) -> Option<ReportedUsage> {
        self.told().0
    }

    /// The bytes of everything that the model wrote.
    pub fn said(&self) -> usize {
        self.said
    }
}

#[inline(never)]
fn count_in(usage: &Value, name: &str) -> Option<f64> {
    match usage.get(name)? {
        Value::Null => None,
        Value::Number(number) => Some(*number),
        Value::String(text) => Some(whole(text.as_bytes()).map_or(f64::NAN, |count| count as f64)),
        _ => Some(f64::NAN),
    }
}
