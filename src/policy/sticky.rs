//! Sticky conversations: each one goes back to the provider that answered it last, whose prompt cache holds its messages.

use crate::unit::{Millis, SteadyTime};

/// How many conversations are remembered.
const MOST: usize = 1_000;

/// How long after an answer its provider is remembered: an hour.
const MEMORY: Millis = Millis(3_600_000.0);

/// A hash of a conversation's name, since the name can have any length.
type Name = [u8; 16];

#[derive(Clone, Debug)]
struct Entry {
    name: Name,
    candidate: String,
    at: SteadyTime,
}

/// The candidate that last answered each conversation; the least recent answer comes first.
///
/// ```
/// use hfetch::policy::sticky::Sticky;
/// use hfetch::unit::SteadyTime;
///
/// let mut sticky = Sticky::default();
/// sticky.answered("a conversation", "org/name:groq", SteadyTime(0.0));
/// assert_eq!(sticky.last("a conversation", SteadyTime(1.0)).as_deref(), Some("org/name:groq"));
/// sticky.forget("org/name:groq");
/// assert_eq!(sticky.last("a conversation", SteadyTime(2.0)), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sticky(Vec<Entry>);

impl Sticky {
    /// Records that a candidate answered a conversation; the candidate is given by the model string that pins it.
    pub fn answered(&mut self, name: &str, candidate: &str, now: SteadyTime) {
        let name = short(name);
        self.keep(&|entry| entry.name != name && now - entry.at < MEMORY);
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(Entry {
            name,
            candidate: candidate.to_string(),
            at: now,
        });
    }

    /// The candidate that answered a conversation last, within the last hour.
    pub fn last(&self, name: &str, now: SteadyTime) -> Option<String> {
        let name = short(name);
        let mut entries = self.0.iter();
        let entry = entries.find(|entry| entry.name == name && now - entry.at < MEMORY)?;
        Some(entry.candidate.clone())
    }

    /// Forgets a failed candidate: no conversation goes back to it.
    pub fn forget(&mut self, candidate: &str) {
        self.keep(&|entry| entry.candidate != candidate);
    }

    #[inline(never)]
    fn keep(&mut self, fits: &dyn Fn(&Entry) -> bool) {
        self.0.retain(fits);
    }
}

fn short(name: &str) -> Name {
    let mut short = [0; 16];
    let hash = hmac_sha256::Hash::hash(name.as_bytes());
    for (to, from) in short.iter_mut().zip(hash) {
        *to = from;
    }
    short
}
