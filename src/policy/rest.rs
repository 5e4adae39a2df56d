//! Candidates that have just failed and therefore rest: the others are asked before them.

use crate::unit::{Millis, SteadyTime};

/// How many resting candidates are remembered.
const MOST: usize = 256;

/// How long a candidate rests that failed and wasn't told for how long.
pub const REST: Millis = Millis(30_000.0);

/// The resting candidates, by the model string that is sent, with the end of each rest.
///
/// ```
/// use hfetch::policy::rest::Rests;
/// use hfetch::unit::{Millis, SteadyTime};
///
/// let mut rests = Rests::default();
/// let until = SteadyTime(1_000.0);
/// rests.rest("org/name:groq", until, SteadyTime(0.0));
/// assert!(rests.has("org/name:groq", until - Millis(1.0)));
/// assert!(!rests.has("org/name:groq", until));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rests(Vec<(String, SteadyTime)>);

impl Rests {
    /// Lets a candidate rest until a time. If there are too many, the one that is ready soonest is forgotten.
    pub fn rest(&mut self, candidate: &str, until: SteadyTime, now: SteadyTime) {
        self.drop_until(now, candidate);
        if self.0.len() >= MOST {
            let times = self.0.iter().map(|rest| rest.1);
            let soonest = times.fold(SteadyTime::INFINITY, SteadyTime::min);
            self.drop_until(soonest, candidate);
        }
        self.0.push((candidate.to_string(), until));
    }

    fn drop_until(&mut self, time: SteadyTime, candidate: &str) {
        self.0.retain(|rest| rest.1 > time && rest.0 != candidate);
    }

    /// Whether a candidate rests.
    pub fn has(&self, candidate: &str, now: SteadyTime) -> bool {
        let mut rests = self.0.iter();
        rests.any(|rest| rest.0 == candidate && rest.1 > now)
    }
}
