//! A completion of which only the account is wanted: what was said is counted and let go, so that a stream holds no more at its end than at
//! its beginning.

use std::fmt::Debug;

use super::call::ToolCalls;
use super::members::Members;
use super::node::put;
use super::{COUNTS, Completion};
use crate::json::Scanner;
use crate::wire::usage;

/// Choices that are told apart where texts are only counted, as many as OpenAI's API gives; those beyond are counted with the last.
pub(super) const MOST_CHOICES: usize = 128;

/// The longest usage that is kept as it stands; of a longer one only the counts are.
const LONGEST_USAGE: usize = 4096;

/// The longest finish reason, name or id that is kept. Longer ones are none that anybody knows.
pub(super) const LONGEST_NAME: usize = 256;

/// Counts the tokens of one choice's texts.
pub trait Counter: Debug {
    /// More text, which goes on where the last one ended.
    fn add(&mut self, text: &str);
    /// How many tokens there have been.
    fn tokens(&self) -> u64;
}

/// Gives the counter of a new choice.
pub type NewCounter = fn() -> Box<dyn Counter>;

impl Completion {
    /// One that keeps nothing but usage, ends and counts once [`Completion::let_go`] has been called.
    pub fn counting(counter: NewCounter) -> Self {
        Completion {
            counter: Some(counter),
            ..Completion::default()
        }
    }

    /// Whether texts are only counted.
    pub fn counts(&self) -> bool {
        self.counter.is_some()
    }

    /// Where texts are only counted, how many tokens they came to.
    pub fn counted(&self) -> Option<u64> {
        self.counter?;
        let counters = self
            .choices
            .iter()
            .filter_map(|choice| choice.counter.as_ref());
        Some(counters.map(|counter| counter.tokens()).sum())
    }

    /// Counts what has come since it was called last, and lets it go.
    pub fn let_go(&mut self) {
        let Some(counter) = self.counter else {
            return;
        };
        for (at, choice) in self.choices.iter_mut().enumerate() {
            choice.let_go(counter, at == 0);
        }
        if let Some(usage) = &mut self.usage
            && usage.len() > LONGEST_USAGE
        {
            *usage = counts_of(usage);
        }
        self.rest = Members::default();
        for text in [&mut self.id, &mut self.created, &mut self.model] {
            *text = Vec::new();
        }
    }
}

impl ToolCalls {
    /// The call at hand stays, without what it has said: of some servers each piece of it repeats its name.
    pub(super) fn let_go(&mut self) {
        let mut list = std::mem::take(&mut self.list);
        if self.at_hand < list.len() {
            let mut call = list.swap_remove(self.at_hand);
            if call.name.len().max(call.id.len()) <= LONGEST_NAME {
                call.let_go();
                self.list.push(call);
            }
        }
        self.at_hand = 0;
        self.entry.id = Vec::new();
    }
}

/// Of a usage object what is booked, as it stands.
pub(super) fn counts_of(usage: &[u8]) -> Vec<u8> {
    let mut counts = vec![b'{'];
    let mut scanner = Scanner::new(usage);
    let _ = scanner.begin_object();
    while let Ok(Some(key)) = scanner.next_key() {
        let _ = scanner.kind();
        let value = scanner.skip().unwrap_or_default();
        let name = key.decoded();
        let mut known = COUNTS.iter().chain(&usage::MEMBERS);
        let name = known.find(|known| known.as_bytes() == &*name);
        if let Some(name) = name
            && counts.len() + value.len() <= LONGEST_USAGE
        {
            let comma: &[u8] = if counts.len() > 1 { b"," } else { b"" };
            put(&mut counts, &[comma, b"\"", name.as_bytes(), b"\":", value]);
        }
    }
    counts.push(b'}');
    counts
}
