//! A rolling minute of requests and tokens, exact to the millisecond and bounded in memory.

use std::collections::VecDeque;

/// Length of the window in ms.
pub const MINUTE: f64 = 60_000.0;

/// A clock of whole milliseconds never needs more; beyond it the newest times merge into one, which frees them later, never sooner.
const MOST_BUCKETS: usize = 65_536;

/// Everything reserved at one reading of the clock.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    at: f64,
    amount: Amount,
    /// Of these, what is still held.
    held: Amount,
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

/// What happened in the last minute, and what is held beyond it.
#[derive(Clone, Debug)]
pub struct Window {
    buckets: VecDeque<Bucket>,
    /// Sums over the buckets.
    counted: Amount,
    /// Reservations that are older than the window and still open.
    overdue: Amount,
    /// Time of the last bucket that left the window.
    left: f64,
}

impl Default for Window {
    fn default() -> Self {
        Window {
            buckets: VecDeque::new(),
            counted: Amount::default(),
            overdue: Amount::default(),
            left: -1.0,
        }
    }
}

impl Window {
    /// Lets go of what is a minute old.
    pub fn advance(&mut self, now: f64) {
        while let Some(first) = self.buckets.front() {
            if first.at + MINUTE > now {
                break;
            }
            self.left = first.at;
            self.counted
                .subtract(first.amount.requests, first.amount.tokens);
            self.overdue.add(first.held.requests, first.held.tokens);
            self.buckets.pop_front();
        }
    }

    /// Counts what has happened; times never go back.
    pub fn add(&mut self, at: f64, requests: u64, tokens: u64) {
        self.counted.add(requests, tokens);
        self.newest(at, |bucket| bucket.amount.add(requests, tokens));
    }

    /// Counts a request that is about to happen, until it ends; times never go back.
    pub fn hold(&mut self, at: f64, tokens: u64) {
        if at <= self.left {
            self.overdue.add(1, tokens);
            return;
        }
        self.counted.add(1, tokens);
        self.newest(at, |bucket| {
            bucket.amount.add(1, tokens);
            bucket.held.add(1, tokens);
        });
    }

    /// Ends a hold: its tokens become the actual ones.
    pub fn settle(&mut self, at: f64, held: u64, actual: u64) {
        let Some(bucket) = find(&mut self.buckets, self.left, at) else {
            self.overdue.subtract(1, held);
            return;
        };
        bucket.held.subtract(1, held);
        for amount in [&mut bucket.amount, &mut self.counted] {
            amount.tokens = amount.tokens.saturating_sub(held).saturating_add(actual);
        }
    }

    /// Ends a hold as if it had never been.
    pub fn release(&mut self, at: f64, held: u64) {
        let Some(bucket) = find(&mut self.buckets, self.left, at) else {
            self.overdue.subtract(1, held);
            return;
        };
        bucket.held.subtract(1, held);
        bucket.amount.subtract(1, held);
        self.counted.subtract(1, held);
    }

    /// What the last minute counts.
    pub fn counted(&self) -> Amount {
        self.counted
    }

    /// What the last minute counts, and what is older and still held.
    pub fn taken(&self) -> Amount {
        let mut taken = self.counted;
        taken.add(self.overdue.requests, self.overdue.tokens);
        taken
    }

    /// When `excess` of an amount will have left the window, open reservations being thought to end in time;
    /// none when overdue ones have to end first.
    pub fn free_at(&self, excess: f64, amount: fn(Amount) -> u64) -> Option<f64> {
        let mut freed = 0.0;
        for bucket in &self.buckets {
            freed += amount(bucket.amount) as f64;
            if freed >= excess {
                return Some(bucket.at + MINUTE);
            }
        }
        None
    }

    /// Whether nothing is left to remember.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty() && self.overdue == Amount::default()
    }

    /// What is counted and no longer held: time, requests, tokens.
    pub fn settled(&self) -> Vec<(f64, u64, u64)> {
        let ended = self.buckets.iter().map(|bucket| {
            let mut ended = bucket.amount;
            ended.subtract(bucket.held.requests, bucket.held.tokens);
            (bucket.at, ended.requests, ended.tokens)
        });
        ended.filter(|row| row.1 > 0 || row.2 > 0).collect()
    }

    /// What is counted of one time and no longer held: time, requests, tokens.
    pub fn settled_at(&self, at: f64) -> Option<(f64, u64, u64)> {
        let index = self.buckets.partition_point(|bucket| bucket.at < at);
        let bucket = self.buckets.get(index).filter(|bucket| bucket.at >= at)?;
        let mut ended = bucket.amount;
        ended.subtract(bucket.held.requests, bucket.held.tokens);
        Some((bucket.at, ended.requests, ended.tokens))
    }

    /// Up to when everything has left.
    pub fn left(&self) -> f64 {
        self.left
    }

    /// A window that holds what [`settled`](Window::settled) gave, and the open reservations: time and tokens.
    /// None where either is out of order.
    pub fn restore(left: f64, settled: &[(f64, u64, u64)], open: &[(f64, u64)]) -> Option<Window> {
        if !settled.is_sorted_by_key(|row| row.0) || !open.is_sorted_by_key(|row| row.0) {
            return None;
        }
        let mut window = Window {
            left,
            ..Window::default()
        };
        let mut open = open.iter().peekable();
        for (at, requests, tokens) in settled {
            while let Some((earlier, tokens)) = open.next_if(|hold| hold.0 <= *at) {
                window.hold(*earlier, *tokens);
            }
            if *at > left {
                window.add(*at, *requests, *tokens);
            }
        }
        for (at, tokens) in open {
            window.hold(*at, *tokens);
        }
        Some(window)
    }

    fn newest(&mut self, at: f64, change: impl FnOnce(&mut Bucket)) {
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
            held: Amount::default(),
        };
        change(&mut bucket);
        self.buckets.push_back(bucket);
    }
}

/// The bucket that took a hold made at `at`, unless it has left the window.
///
/// A free function, so that the borrow doesn't cover the sums.
fn find(buckets: &mut VecDeque<Bucket>, left: f64, at: f64) -> Option<&mut Bucket> {
    if at <= left {
        return None;
    }
    let index = buckets.partition_point(|bucket| bucket.at < at);
    buckets.get_mut(index)
}
