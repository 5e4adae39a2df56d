//! A rolling minute of requests and tokens: exact to the millisecond, with bounded memory.

use std::collections::VecDeque;

use crate::unit::{Millis, SteadyTime};

/// Length of the window.
pub const MINUTE: Millis = Millis(60_000.0);

/// The most buckets. A clock of whole milliseconds never needs more; beyond that the newest ones merge, which frees their counts
/// later and never sooner.
const MOST_BUCKETS: usize = 65_536;

/// All reservations at one reading of the clock.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    at: SteadyTime,
    /// All requests, and the tokens of those that have ended.
    amount: Amount,
    /// The number of requests that have not ended.
    held: u64,
}

/// Requests and tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Requests.
    pub requests: u64,
    /// Tokens.
    pub tokens: u64,
}

impl Amount {
    fn add(&mut self, requests: u64, tokens: u64) {
        self.requests = self.requests.saturating_add(requests);
        self.tokens = self.tokens.saturating_add(tokens);
    }

    fn subtract(&mut self, requests: u64, tokens: u64) {
        self.requests = self.requests.saturating_sub(requests);
        self.tokens = self.tokens.saturating_sub(tokens);
    }
}

impl Bucket {
    fn settled(&self) -> (SteadyTime, u64, u64) {
        let requests = self.amount.requests.saturating_sub(self.held);
        (self.at, requests, self.amount.tokens)
    }
}

/// The requests of the last minute. A request counts for the minute after its reservation, whether or not it has ended.
///
/// Its tokens are held until it ends, however long that takes; then they count for the rest of that minute.
///
/// ```
/// use hfetch::policy::window::{MINUTE, Window};
/// use hfetch::unit::SteadyTime;
///
/// let (mut window, at) = (Window::default(), SteadyTime(1_000.0));
/// window.hold(at, 80);
/// assert_eq!((window.counted().requests, window.taken().tokens), (1, 80));
/// window.settle(at, 80, 20);
/// assert_eq!(window.taken().tokens, 20);
/// assert_eq!(window.free_at(1.0, |amount| amount.requests), Some(at + MINUTE));
/// window.advance(at + MINUTE);
/// assert!(window.is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct Window {
    buckets: VecDeque<Bucket>,
    /// Sums over all buckets.
    counted: Amount,
    /// Tokens of requests that have not ended.
    held: u64,
    /// The time of the last bucket that left the window.
    left: SteadyTime,
}

impl Default for Window {
    fn default() -> Self {
        Window {
            buckets: VecDeque::new(),
            counted: Amount::default(),
            held: 0,
            left: SteadyTime(-1.0),
        }
    }
}

impl Window {
    /// Drops the buckets that are a minute old.
    pub fn advance(&mut self, now: SteadyTime) {
        while let Some(first) = self.buckets.front() {
            if first.at + MINUTE > now {
                break;
            }
            self.left = first.at;
            self.counted
                .subtract(first.amount.requests, first.amount.tokens);
            self.buckets.pop_front();
        }
    }

    /// Counts past requests. Times never go back.
    pub fn add(&mut self, at: SteadyTime, requests: u64, tokens: u64) {
        self.counted.add(requests, tokens);
        self.newest(at, |bucket| bucket.amount.add(requests, tokens));
    }

    /// Counts a new request and holds its tokens until it ends. Times never go back.
    pub fn hold(&mut self, at: SteadyTime, tokens: u64) {
        self.held = self.held.saturating_add(tokens);
        if at <= self.left {
            return;
        }
        self.counted.add(1, 0);
        self.newest(at, |bucket| {
            bucket.amount.add(1, 0);
            bucket.held = bucket.held.saturating_add(1);
        });
    }

    fn hold_all(&mut self, open: &[(SteadyTime, u64)]) {
        for (at, tokens) in open {
            self.hold(*at, *tokens);
        }
    }

    /// Ends a hold: the actual tokens count for the rest of its minute.
    pub fn settle(&mut self, at: SteadyTime, held: u64, actual: u64) {
        self.held = self.held.saturating_sub(held);
        if let Some(bucket) = find(&mut self.buckets, self.left, at) {
            bucket.held = bucket.held.saturating_sub(1);
            bucket.amount.add(0, actual);
            self.counted.add(0, actual);
        }
    }

    /// Ends a hold as if it had never been made.
    pub fn release(&mut self, at: SteadyTime, held: u64) {
        self.held = self.held.saturating_sub(held);
        if let Some(bucket) = find(&mut self.buckets, self.left, at) {
            bucket.held = bucket.held.saturating_sub(1);
            bucket.amount.subtract(1, 0);
            self.counted.subtract(1, 0);
        }
    }

    /// The requests of the last minute, and the tokens of those that have ended.
    pub fn counted(&self) -> Amount {
        self.counted
    }

    /// The same, including all held tokens.
    pub fn taken(&self) -> Amount {
        let mut taken = self.counted;
        taken.add(0, self.held);
        taken
    }

    /// When `excess` of the counted amount will have left the window; `None` if held tokens have to be given back first.
    pub fn free_at(&self, excess: f64, amount: fn(Amount) -> u64) -> Option<SteadyTime> {
        let mut freed = 0.0;
        for bucket in &self.buckets {
            freed += amount(bucket.amount) as f64;
            if freed >= excess {
                return Some(bucket.at + MINUTE);
            }
        }
        None
    }

    /// Whether the window remembers nothing.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty() && self.held == 0
    }

    /// What is counted and has ended: time, requests, tokens; of some times alone, if these are given.
    pub fn settled(&self, times: Option<&[SteadyTime]>) -> Vec<(SteadyTime, u64, u64)> {
        let mut rows = Vec::new();
        let Some(times) = times else {
            for bucket in &self.buckets {
                let row = bucket.settled();
                if row.1 > 0 || row.2 > 0 {
                    rows.push(row);
                }
            }
            return rows;
        };
        for at in times {
            let index = self.buckets.partition_point(|bucket| bucket.at < *at);
            let bucket = self.buckets.get(index).filter(|bucket| bucket.at >= *at);
            rows.extend(bucket.map(Bucket::settled));
        }
        rows
    }

    /// The time up to which everything has left the window.
    pub fn left(&self) -> SteadyTime {
        self.left
    }

    /// Restores a window from what [`settled`](Window::settled) returned and the open reservations (time and tokens).
    /// `None` if either list is out of order.
    pub fn restore(
        left: SteadyTime,
        settled: &[(SteadyTime, u64, u64)],
        open: &[(SteadyTime, u64)],
    ) -> Option<Window> {
        if !settled.is_sorted_by_key(|row| row.0) || !open.is_sorted_by_key(|row| row.0) {
            return None;
        }
        let mut window = Window {
            left,
            ..Window::default()
        };
        let mut rest = open;
        for (at, requests, tokens) in settled {
            let (earlier, later) = rest.split_at(rest.partition_point(|hold| hold.0 <= *at));
            window.hold_all(earlier);
            rest = later;
            if *at > left {
                window.add(*at, *requests, *tokens);
            }
        }
        window.hold_all(rest);
        Some(window)
    }

    fn newest(&mut self, at: SteadyTime, change: impl FnOnce(&mut Bucket)) {
        let full = self.buckets.len() >= MOST_BUCKETS;
        if let Some(last) = self.buckets.back_mut()
            && (last.at >= at || full)
        {
            last.at = last.at.max(at);
            change(last);
            return;
        }
        let mut bucket = Bucket {
            at,
            amount: Amount::default(),
            held: 0,
        };
        change(&mut bucket);
        self.buckets.push_back(bucket);
    }
}

/// The bucket of a hold that was made at `at`, unless it has left the window.
///
/// This is a free function, so that the mutable borrow doesn't cover the sums.
fn find(buckets: &mut VecDeque<Bucket>, left: SteadyTime, at: SteadyTime) -> Option<&mut Bucket> {
    if at <= left {
        return None;
    }
    let index = buckets.partition_point(|bucket| bucket.at < at);
    buckets.get_mut(index)
}
