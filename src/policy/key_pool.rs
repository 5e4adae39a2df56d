//! Several keys used as one: the least loaded key is picked first, and another one when a key fails.

use serde::Serialize;

use super::calendar::month_of;
use super::clock::{Clock, Now};
use super::period::Period;
use super::retry::LONGEST_REST;
use super::window::Window;
use crate::unit::{Millis, SteadyTime, WallTime};

/// How long a key that the server doesn't know (401) is set aside: ten minutes. A server can refuse a valid key for that long.
const UNKNOWN: Millis = Millis(600_000.0);

/// How long a key rests whose account has no credits left (402): an hour.
const NO_CREDITS: Millis = Millis(3_600_000.0);

/// How long a key rests for a model that it may not use (403): five minutes.
const NO_PERMISSION: Millis = Millis(300_000.0);

/// How long a key rests after a 429 that doesn't say how long: 5 s. The router's 429s mostly concern one provider.
const TOO_FAST: Millis = Millis(5_000.0);

/// For how many models a key remembers a rest.
const MOST_MODELS: usize = 64;

/// The public name of a key: the client's id and 4 bytes of the key's SHA-256.
///
/// This is enough to tell keys apart and far too little to find one, since tokens hold 200 random bits.
pub fn label(id: &str, key: &str) -> String {
    let mut label = [id, "-"].concat();
    for byte in hmac_sha256::Hash::hash(key.as_bytes()).iter().take(4) {
        for nibble in [byte >> 4, byte & 15] {
            label.push(char::from_digit(u32::from(nibble), 16).unwrap_or_default());
        }
    }
    label
}

#[derive(Clone, Debug)]
struct Key {
    label: String,
    requests: u64,
    tokens: u64,
    window: Window,
    month: Period,
    /// The end of the time for which the key is set aside, since the server doesn't know it.
    aside_until: SteadyTime,
    /// The end of a rest for all models.
    rests_until: SteadyTime,
    /// The end of a rest for one model.
    rests_for: Vec<(String, SteadyTime)>,
    limited_until: SteadyTime,
}

impl Key {
    fn new(label: String) -> Self {
        Key {
            label,
            requests: 0,
            tokens: 0,
            window: Window::default(),
            month: Period::default(),
            aside_until: SteadyTime::ZERO,
            rests_until: SteadyTime::ZERO,
            rests_for: Vec::new(),
            limited_until: SteadyTime::ZERO,
        }
    }

    fn advance(&mut self, clock: &Clock) {
        let now = clock.steady();
        self.window.advance(now);
        self.rests_for.retain(|rest| rest.1 > now);
        self.month.advance(clock.wall(), &month_of);
    }

    /// The key's load: its requests plus 0.01 × its tokens in the last minute.
    fn load(&self) -> f64 {
        let counted = self.window.counted();
        counted.requests as f64 + 0.01 * counted.tokens as f64
    }

    fn ready_at(&self, model: &str) -> SteadyTime {
        let rest = self.rests_for.iter().find(|rest| rest.0 == model);
        rest.map_or(self.rests_until, |rest| rest.1.max(self.rests_until))
    }

    fn rest_for(&mut self, model: &str, until: SteadyTime) {
        match self.rests_for.iter_mut().find(|rest| rest.0 == model) {
            Some(rest) => rest.1 = rest.1.max(until),
            None => {
                if self.rests_for.len() >= MOST_MODELS {
                    self.rests_for.remove(0);
                }
                self.rests_for.push((model.to_string(), until));
            }
        }
    }
}

/// The state of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The key can take the next request.
    Ready,
    /// A local limit currently lets nothing through with this key.
    Limited,
    /// The key rests, for one model or for all: other keys are picked first.
    Cooling,
    /// The server doesn't know the key, so it is set aside for ten minutes.
    Disabled,
}

/// One key as the client's snapshot shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeySnapshot {
    /// The key's label, never the key itself.
    pub key: String,
    /// Requests sent since the start.
    pub requests: f64,
    /// Tokens of these requests.
    pub tokens: f64,
    /// Requests sent in the last 60 s.
    pub requests_last_minute: f64,
    /// Tokens of requests that ended in the last 60 s.
    pub tokens_last_minute: f64,
    /// Requests sent in this calendar month (UTC).
    pub requests_this_month: f64,
    /// The key's state.
    pub state: State,
    /// When it is ready again, where that is known.
    pub ready_at: Option<WallTime>,
}

/// All keys of a client.
///
/// ```
/// use hfetch::policy::key_pool::KeyPool;
/// use hfetch::unit::{Millis, WallTime};
///
/// let mut pool = KeyPool::new(vec!["one".to_string(), "two".to_string()], false);
/// pool.sent(0, WallTime(0.0));
/// // The least loaded comes first.
/// assert_eq!(pool.pick("org/name", &[], WallTime(1.0)), [1, 0]);
/// // One that was too fast for a model rests, for that model.
/// pool.failed(1, "org/name", 429, Some(Millis(5_000.0)), WallTime(2.0));
/// assert_eq!(pool.pick("org/name", &[], WallTime(3.0)), [0]);
/// assert_eq!(pool.pick("org/other", &[], WallTime(4.0)), [1, 0]);
/// ```
#[derive(Clone, Debug)]
pub struct KeyPool {
    keys: Vec<Key>,
    from_function: bool,
    clock: Clock,
}

impl KeyPool {
    /// A pool of keys, given by their labels in the order of the config. A key function is called again each time.
    pub fn new(labels: Vec<String>, from_function: bool) -> Self {
        let mut keys = Vec::new();
        for label in labels {
            keys.push(Key::new(label));
        }
        KeyPool {
            keys,
            from_function,
            clock: Clock::default(),
        }
    }

    /// The keys to try for a model, best first: keys that this request hasn't tried come before tried ones, and the least loaded
    /// comes first.
    ///
    /// Resting keys are returned only if no other key is left, the one that is ready soonest first: a pool always offers its last
    /// usable key.
    pub fn pick(&mut self, model: &str, tried: &[usize], now: impl Into<Now>) -> Vec<usize> {
        let read = now.into();
        let now = self.advance(read);
        let ready = self.keys.iter().enumerate();
        let ready = ready.filter(|(_, key)| key.aside_until.max(key.ready_at(model)) <= now);
        let mut order = Order::default();
        for (index, key) in ready {
            order.insert(tried.contains(&index), key.load(), index);
        }
        match order.0.is_empty() {
            true => self.others(model, &[], read),
            false => order.keys(),
        }
    }

    /// The keys that are not in `asked`, ready or not; the one that is ready soonest comes first.
    pub fn others(&mut self, model: &str, asked: &[usize], now: impl Into<Now>) -> Vec<usize> {
        let now = self.advance(now.into());
        let mut order = Order::default();
        for (index, key) in self.keys.iter().enumerate() {
            if key.aside_until <= now && !asked.contains(&index) {
                order.insert(false, key.ready_at(model).0, index);
            }
        }
        order.keys()
    }

    /// Whether a key that this request hasn't tried is ready for the model.
    pub fn has_another(&mut self, model: &str, tried: &[usize], now: impl Into<Now>) -> bool {
        let order = self.pick(model, tried, now);
        let ready = |key: &Key| key.ready_at(model) <= self.clock.steady();
        order
            .iter()
            .any(|index| !tried.contains(index) && self.keys.get(*index).is_some_and(ready))
    }

    /// How long until the first of the keys that are not in `asked` can be tried for a model; infinite: there is none.
    pub fn next_ready(&mut self, model: &str, asked: &[usize], now: impl Into<Now>) -> Millis {
        let now = self.advance(now.into());
        let keys = self.keys.iter().enumerate();
        let others = keys.filter(|(index, _)| !asked.contains(index));
        let ready_at = others.map(|(_, key)| key.ready_at(model).max(key.aside_until));
        (ready_at.fold(SteadyTime::INFINITY, SteadyTime::min) - now)
            .ceil()
            .max(Millis::ZERO)
    }

    /// Counts a request that is sent with a key.
    pub fn sent(&mut self, key: usize, now: impl Into<Now>) {
        let now = self.advance(now.into());
        if let Some(key) = self.keys.get_mut(key) {
            key.requests = key.requests.saturating_add(1);
            key.month.amount = key.month.amount.saturating_add(1);
            key.window.add(now, 1, 0);
            key.limited_until = SteadyTime::ZERO;
        }
    }

    /// Counts the tokens that a request used with a key.
    pub fn settled(&mut self, key: usize, tokens: u64, now: impl Into<Now>) {
        let now = self.advance(now.into());
        if let Some(key) = self.keys.get_mut(key) {
            key.tokens = key.tokens.saturating_add(tokens);
            key.window.add(now, 0, tokens);
        }
    }

    /// A local limit lets nothing through with a key for so long.
    pub fn limited(&mut self, key: usize, wait: Millis, now: impl Into<Now>) {
        let until = self.advance(now.into()) + wait;
        // An infinite wait means that this one request is larger than the limit; the next one may fit.
        if let Some(key) = self.keys.get_mut(key)
            && until.is_finite()
        {
            key.limited_until = until;
        }
    }

    /// A response said no to a key: `wait` is how long it asked to wait, if it did.
    pub fn failed(
        &mut self,
        key: usize,
        model: &str,
        status: u16,
        wait: Option<Millis>,
        now: impl Into<Now>,
    ) {
        let now = self.advance(now.into());
        let last = self
            .keys
            .iter()
            .filter(|key| key.aside_until <= now)
            .count()
            <= 1;
        let from_function = self.from_function;
        let Some(key) = self.keys.get_mut(key) else {
            return;
        };
        match status {
            401 if last || from_function => {}
            401 => key.aside_until = now + UNKNOWN,
            402 => key.rests_until = key.rests_until.max(now + NO_CREDITS),
            403 => key.rest_for(model, now + NO_PERMISSION),
            429 => {
                let rest = wait.unwrap_or(TOO_FAST).max(Millis::ZERO).min(LONGEST_REST);
                key.rest_for(model, now + rest);
            }
            _ => {}
        }
    }

    /// The current state of every key.
    pub fn snapshot(&mut self, now: impl Into<Now>) -> Vec<KeySnapshot> {
        let now = self.advance(now.into());
        let mut keys = Vec::new();
        for key in &self.keys {
            // Whole milliseconds, as the wall clock has them.
            let on_the_wall = |at: SteadyTime| WallTime(self.clock.to_wall(at).0.ceil());
            let (state, ready_at) = key.state(now);
            keys.push(key.snapshot(state, ready_at.map(on_the_wall)));
        }
        keys
    }

    fn advance(&mut self, now: Now) -> SteadyTime {
        self.clock.read(now);
        for key in &mut self.keys {
            key.advance(&self.clock);
        }
        self.clock.steady()
    }
}

/// Keys ordered by rank and load; equal keys stay in their order.
///
/// Pools are small, and the standard library's sort would be larger than this whole module.
#[derive(Default)]
struct Order(Vec<([f64; 2], usize)>);

impl Order {
    fn keys(self) -> Vec<usize> {
        let mut keys = Vec::new();
        for row in self.0 {
            keys.push(row.1);
        }
        keys
    }

    fn insert(&mut self, later: bool, load: f64, index: usize) {
        let rank = [f64::from(later), load];
        let place = self.0.partition_point(|row| row.0 <= rank);
        self.0.insert(place, (rank, index));
    }
}

impl Key {
    /// What it can do now, and when it is ready again.
    fn state(&self, now: SteadyTime) -> (State, Option<SteadyTime>) {
        let rests = self.rests_for.iter().map(|rest| rest.1);
        let rests_until = rests.fold(self.rests_until, SteadyTime::max);
        if self.aside_until > now {
            (State::Disabled, Some(self.aside_until))
        } else if rests_until > now {
            (State::Cooling, Some(rests_until))
        } else if self.limited_until > now {
            (State::Limited, Some(self.limited_until))
        } else {
            (State::Ready, None)
        }
    }

    fn snapshot(&self, state: State, ready_at: Option<WallTime>) -> KeySnapshot {
        let counted = self.window.counted();
        KeySnapshot {
            key: self.label.clone(),
            requests: self.requests as f64,
            tokens: self.tokens as f64,
            requests_last_minute: counted.requests as f64,
            tokens_last_minute: counted.tokens as f64,
            requests_this_month: self.month.amount as f64,
            state,
            ready_at,
        }
    }
}
