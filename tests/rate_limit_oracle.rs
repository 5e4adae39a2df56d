//! Any interleaving of reservations, ends and time, against everything that was ever reserved.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod policy;

use hfetch::policy::rate_limit::{Limits, RateLimiter, Reason};
use policy::stored;
use proptest::prelude::*;

const MINUTE: f64 = 60_000.0;
/// 2026-11-22T00:00Z
const START: f64 = 1_795_305_600_000.0;

/// Everything that was ever reserved, looked through from the start each time.
#[derive(Default)]
struct Oracle {
    entries: Vec<Entry>,
}

struct Entry {
    at: f64,
    tokens: u64,
    open: bool,
    released: bool,
}

impl Oracle {
    /// As if all that is younger than a minute had ended; nobody knows when the others will.
    fn ended(&self, now: f64) -> Oracle {
        let ended = self.entries.iter().map(|entry| Entry {
            open: entry.open && entry.at + MINUTE <= now,
            ..*entry
        });
        Oracle {
            entries: ended.collect(),
        }
    }

    fn counted(&self, now: f64) -> impl Iterator<Item = &Entry> {
        let counts =
            move |entry: &&Entry| !entry.released && (entry.open || entry.at + MINUTE > now);
        self.entries.iter().filter(counts)
    }

    fn fits(&self, limits: Limits, tokens: u64, now: f64) -> bool {
        let requests = self.counted(now).count() as f64;
        let taken: u64 = self.counted(now).map(|entry| entry.tokens).sum();
        let open = self.entries.iter().filter(|entry| entry.open).count() as f64;
        let month = self.entries.iter().filter(|entry| !entry.released).count() as f64;
        let under =
            |used: f64, limit: Option<f64>| limit.is_none_or(|limit| limit == 0.0 || used <= limit);
        under(requests + 1.0, limits.requests_per_minute)
            && under((taken + tokens) as f64, limits.tokens_per_minute)
            && under(open + 1.0, limits.max_concurrent)
            && under(month + 1.0, limits.requests_per_month)
    }
}

#[derive(Clone, Debug)]
enum Step {
    Reserve(u64),
    Settle(usize, u64),
    Release(usize),
    Wait(f64),
    WaitAsTold,
    Store,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0u64..60).prop_map(Step::Reserve),
        4 => (0usize..8, 0u64..80).prop_map(|(which, actual)| Step::Settle(which, actual)),
        1 => (0usize..8).prop_map(Step::Release),
        3 => (-2_000i32..40_000).prop_map(|ms| Step::Wait(f64::from(ms))),
        2 => Just(Step::WaitAsTold),
        1 => Just(Step::Store),
    ];
    prop::collection::vec(step, 0..120)
}

fn limits() -> impl Strategy<Value = Limits> {
    let limit = |most: u32| prop::option::weighted(0.7, (0..=most).prop_map(f64::from));
    (limit(6), limit(200), limit(60), limit(4)).prop_map(|(requests, tokens, month, at_once)| {
        Limits {
            requests_per_minute: requests,
            tokens_per_minute: tokens,
            requests_per_month: month,
            max_concurrent: at_once,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_does_what_the_oracle_does(limits in limits(), steps in steps()) {
        let mut limiter = RateLimiter::new(limits);
        let mut oracle = Oracle::default();
        let mut open: Vec<(u64, usize)> = Vec::new();
        let mut beyond_reserved = 0.0;
        limiter.usage(START);
        let mut time = START;
        let mut clock = START;
        let mut told = 0.0;
        for step in steps {
            match step {
                Step::Reserve(tokens) => {
                    let answer = limiter.reserve(tokens, clock);
                    let expected = oracle.fits(limits, tokens, time);
                    prop_assert_eq!(answer.is_ok(), expected, "{:?}", answer);
                    match answer {
                        Ok(id) => {
                            open.push((id, oracle.entries.len()));
                            oracle.entries.push(Entry { at: time, tokens, open: true, released: false });
                        }
                        Err(refused) => {
                            prop_assert!(refused.retry_after >= 0.0);
                            let of_the_minute = matches!(refused.reason, Reason::Requests | Reason::Tokens);
                            if of_the_minute && refused.retry_after > 0.0 && refused.retry_after.is_finite() {
                                told = refused.retry_after;
                                // Not sooner; and then, unless what nobody knows the end of is in the way.
                                let overdue = oracle.ended(time).entries.iter().any(|entry| entry.open);
                                let minute = Limits { requests_per_month: None, max_concurrent: None, ..limits };
                                prop_assert!(overdue || oracle.ended(time).fits(minute, tokens, time + told));
                                prop_assert!(!oracle.ended(time).fits(minute, tokens, time + told - 1.0));
                            }
                        }
                    }
                }
                Step::Settle(which, actual) if !open.is_empty() => {
                    let (id, index) = open.remove(which % open.len());
                    limiter.settle(id, actual, clock);
                    let entry = &mut oracle.entries[index];
                    beyond_reserved += actual.saturating_sub(entry.tokens) as f64;
                    entry.open = false;
                    entry.tokens = actual;
                }
                Step::Release(which) if !open.is_empty() => {
                    let (id, index) = open.remove(which % open.len());
                    limiter.release(id);
                    oracle.entries[index].open = false;
                    oracle.entries[index].released = true;
                }
                Step::Wait(ms) => clock += ms,
                Step::WaitAsTold => clock = time + told,
                Step::Store => limiter = RateLimiter::restore(&stored(&limiter.state()), limits, "state").unwrap(),
                Step::Settle(..) | Step::Release(_) => {}
            }
            limiter.usage(clock);
            time = time.max(clock);
        }
        // The promises, over every window there was.
        for last in &oracle.entries {
            let run = oracle.entries.iter().filter(|entry| !entry.released && entry.at <= last.at && entry.at > last.at - MINUTE);
            let (count, tokens) = run.fold((0.0, 0.0), |(count, tokens), entry| (count + 1.0, tokens + entry.tokens as f64));
            if let Some(limit) = limits.requests_per_minute.filter(|limit| *limit > 0.0) {
                prop_assert!(count <= limit);
            }
            if let Some(limit) = limits.tokens_per_minute.filter(|limit| *limit > 0.0) {
                prop_assert!(tokens <= limit + beyond_reserved);
            }
        }
        // Nothing is starved: once all have ended, what can fit fits within the minute.
        for (id, _) in open {
            limiter.release(id);
        }
        if limits.requests_per_month.is_none() {
            prop_assert!(limiter.reserve(0, time + MINUTE).is_ok());
        }
    }
}
