//! A completion that is only booked: its texts are counted and dropped, so that a stream takes no more memory at its end than at
//! its beginning.

use std::fmt::Debug;

use super::Completion;
use super::answer::COUNTS;
use super::call::{ToolCall, ToolCalls};
use crate::json::{Scanner, put};
use crate::wire::usage;

/// How many choices are kept apart if texts are only counted: as many as OpenAI's API allows. Further ones are counted with the
/// last.
pub(super) const MOST_CHOICES: usize = 128;

/// The longest usage that is kept as it is written; of a longer one only the counts are kept.
const LONGEST_USAGE: usize = 4096;

/// The longest finish reason, name or id that is kept. No known one is longer.
pub(super) const LONGEST_NAME: usize = 256;

/// Counts the tokens in one choice's texts.
pub trait Counter: Debug {
    /// Adds text, which continues where the last text ended.
    fn add(&mut self, text: &str);
    /// The number of tokens so far.
    fn tokens(&self) -> u64;
}

/// Makes the counter of a new choice.
pub type NewCounter = fn() -> Box<dyn Counter>;

impl Completion {
    /// A completion that keeps only usage, ends and counts, once [`Completion::let_go`] has been called.
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

    /// The number of tokens in the texts, if they are only counted.
    pub fn counted(&self) -> Option<u64> {
        self.counter?;
        let counters = self
            .choices
            .iter()
            .filter_map(|choice| choice.counter.as_ref());
        Some(counters.map(|counter| counter.tokens()).sum())
    }

    /// Counts what has arrived since the last call, and drops it.
    #[inline(never)]
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
        self.rest.empty();
        for text in [&mut self.id, &mut self.created, &mut self.model] {
            *text = Vec::new();
        }
    }
}

impl ToolCalls {
    /// Keeps the current call without its texts, since some servers repeat a call's name in each of its pieces.
    pub(super) fn let_go(&mut self) {
        let is_kept = |call: &&mut ToolCall| call.name.len().max(call.id.len()) <= LONGEST_NAME;
        match self.list.get_mut(self.at_hand).filter(is_kept) {
            Some(call) => {
                call.let_go();
                self.list.swap(0, self.at_hand);
                self.list.truncate(1);
            }
            None => self.list.clear(),
        }
        self.list.shrink_to_fit();
        self.at_hand = 0;
        self.entry.id = Vec::new();
    }
}

/// The members of a usage object that are booked, as they are written.
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
