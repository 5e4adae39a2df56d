//! Candidates that have just failed and therefore rest: the others are asked before them.

/// How many resting candidates are remembered.
const MOST: usize = 256;

/// How long a failed candidate rests if its server didn't say how long, in ms.
pub const REST: f64 = 30_000.0;

/// The resting candidates, by the model string that is sent, with the end of each rest.
///
/// ```
/// use hfetch::policy::rest::Rests;
///
/// let mut rests = Rests::default();
/// rests.rest("org/name:groq", 1_000.0, 0.0);
/// assert!(rests.has("org/name:groq", 999.0));
/// assert!(!rests.has("org/name:groq", 1_000.0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rests(Vec<(String, f64)>);

impl Rests {
    /// Lets a candidate rest until a time. If there are too many, the one that is ready soonest is forgotten.
    pub fn rest(&mut self, candidate: &str, until: f64, now: f64) {
        self.drop_until(now, candidate);
        if self.0.len() >= MOST {
            let times = self.0.iter().map(|rest| rest.1);
            let soonest = times.fold(f64::INFINITY, f64::min);
            self.drop_until(soonest, candidate);
        }
        self.0.push((candidate.to_string(), until));
    }

    fn drop_until(&mut self, time: f64, candidate: &str) {
        self.0.retain(|rest| rest.1 > time && rest.0 != candidate);
    }

    /// Whether a candidate rests.
    pub fn has(&self, candidate: &str, now: f64) -> bool {
        let mut rests = self.0.iter();
        rests.any(|rest| rest.0 == candidate && rest.1 > now)
    }
}
