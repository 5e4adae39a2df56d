//! Random interleavings of reservations, ends and time, compared with a list of everything that was ever reserved.

use crate::storage::{state_of, stored};
use hfetch::policy::calendar::month_of;
use hfetch::policy::clock::Now;
use hfetch::policy::rate_limit::{Limits, RateLimiter, Reason};
use hfetch::unit::{Millis, SteadyTime, WallTime};
use proptest::prelude::*;

const MINUTE: f64 = 60_000.0;
/// 2026-11-22T00:00Z
const START: f64 = 1_795_305_600_000.0;

/// A list of everything that was ever reserved, which is searched from the start each time.
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
    /// How much room each limit has at `now` for a request with so many tokens, if everything open stays open.
    fn fits(&self, limits: Limits, tokens: u64, now: f64) -> bool {
        let kept = || self.entries.iter().filter(|entry| !entry.released);
        let minute = || kept().filter(|entry| entry.at + MINUTE > now);
        let held = kept().filter(|entry| entry.open);
        let used = minute().filter(|entry| !entry.open);
        let taken: u64 = held.chain(used).map(|entry| entry.tokens).sum();
        let open = kept().filter(|entry| entry.open).count() as f64;
        let month = kept().filter(|entry| month_of(WallTime(entry.at)) == month_of(WallTime(now)));
        let under =
            |used: f64, limit: Option<f64>| limit.is_none_or(|limit| limit == 0.0 || used <= limit);
        under(minute().count() as f64 + 1.0, limits.requests_per_minute)
            && under((taken + tokens) as f64, limits.tokens_per_minute)
            && under(open + 1.0, limits.max_concurrent)
            && under(month.count() as f64 + 1.0, limits.requests_per_month)
    }

    /// The state in which all running calls have ended now without using a token.
    fn ended(&self) -> Oracle {
        let ended = self.entries.iter().map(|entry| Entry {
            open: false,
            tokens: if entry.open { 0 } else { entry.tokens },
            ..*entry
        });
        Oracle {
            entries: ended.collect(),
        }
    }

    /// How many whole ms until the request fits, if time alone helps.
    fn wait(&self, limits: Limits, tokens: u64, now: f64) -> Option<f64> {
        let minutes = self.entries.iter().map(|entry| entry.at + MINUTE);
        let times = minutes.chain([month_of(WallTime(now)).1.0]);
        let waits = times
            .map(|time| (time - now).ceil())
            .filter(|wait| *wait > 0.0);
        waits
            .filter(|wait| self.fits(limits, tokens, now + wait))
            .min_by(f64::total_cmp)
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
        1 => Just(Step::Wait(300_000.0)),
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
        limiter.usage(WallTime(START));
        let mut time = START;
        let mut clock = START;
        let mut told = 0.0;
        for step in steps {
            match step {
                Step::Reserve(tokens) => {
                    let answer = limiter.reserve(tokens, WallTime(clock));
                    let expected = oracle.fits(limits, tokens, time);
                    prop_assert_eq!(answer.is_ok(), expected, "{:?}", answer);
                    match answer {
                        Ok(id) => {
                            open.push((id, oracle.entries.len()));
                            oracle.entries.push(Entry { at: time, tokens, open: true, released: false });
                        }
                        Err(refused) => {
                            let too_many = limits.tokens_per_minute.is_some_and(|most| most > 0.0 && tokens as f64 > most);
                            let of_calls = matches!(refused.reason, Reason::Tokens | Reason::Concurrent);
                            if too_many {
                                prop_assert_eq!(refused.retry_after, Millis::INFINITY);
                            } else if let Some(wait) = oracle.wait(limits, tokens, time) {
                                prop_assert_eq!((refused.retry_after, refused.until_end), (Millis(wait), false), "{:?}", refused);
                                told = wait;
                            } else {
                                prop_assert!(refused.until_end && of_calls, "{:?}", refused);
                            }
                            // If all running calls ended without using a token, this wait would be left.
                            if refused.until_end {
                                let ended = oracle.ended();
                                let least = if ended.fits(limits, tokens, time) { Some(0.0) } else { ended.wait(limits, tokens, time) };
                                prop_assert_eq!(Some(refused.retry_after), least.map(Millis), "{:?}", refused);
                            }
                        }
                    }
                }
                Step::Settle(which, actual) if !open.is_empty() => {
                    let (id, index) = open.remove(which % open.len());
                    limiter.settle(id, actual, WallTime(clock));
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
                Step::Store => limiter = RateLimiter::restore(&stored(&state_of(&limiter)), limits, "state").unwrap(),
                Step::Settle(..) | Step::Release(_) => {}
            }
            limiter.usage(WallTime(clock));
            time = time.max(clock);
        }
        // Checks the promises over every window.
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
        // No request starves: once all others have ended, any request that can fit fits within the minute.
        for (id, _) in open {
            limiter.release(id);
        }
        if limits.requests_per_month.is_none() {
            prop_assert!(limiter.reserve(0, WallTime(time + MINUTE)).is_ok());
        }
    }

    #[test]
    fn a_wall_clock_that_is_set_changes_nothing_where_another_clock_counts(limits in limits(), steps in steps(), jumps in prop::collection::vec(-1e10..1e10, 120)) {
        let limits = Limits { requests_per_month: None, ..limits };
        let mut plain = RateLimiter::new(limits);
        let mut jumping = RateLimiter::new(limits);
        let mut open: Vec<u64> = Vec::new();
        let mut time = START;
        for (step, jump) in steps.into_iter().zip(jumps) {
            let now = Now { wall: WallTime(START + jump), steady: Some(SteadyTime(time)) };
            match step {
                Step::Reserve(tokens) => {
                    let answer = plain.reserve(tokens, WallTime(time));
                    prop_assert_eq!(jumping.reserve(tokens, now), answer);
                    open.extend(answer);
                }
                Step::Settle(which, actual) if !open.is_empty() => {
                    let id = open.remove(which % open.len());
                    plain.settle(id, actual, WallTime(time));
                    jumping.settle(id, actual, now);
                }
                Step::Wait(ms) => time += ms.abs(),
                Step::Store => jumping = RateLimiter::restore(&stored(&state_of(&jumping)), limits, "state").unwrap(),
                _ => {}
            }
        }
    }

    #[test]
    fn a_clock_that_is_set_and_is_the_only_one_neither_locks_nor_frees_for_longer_than_a_minute(
        most in 1u32..6,
        steps in prop::collection::vec((0u32..20_000, prop::option::weighted(0.1, -4e9..4e9)), 1..150),
        ends in any::<bool>(),
        // In Workers the second clock is the host's wall clock as well.
        twice in any::<bool>(),
    ) {
        let limits = Limits { requests_per_minute: Some(f64::from(most)), ..Limits::default() };
        let mut limiter = RateLimiter::new(limits);
        let (mut time, mut offset) = (START, 0.0);
        let mut sent: Vec<f64> = Vec::new();
        let mut set_at = vec![f64::NEG_INFINITY];
        for (ms, jump) in steps {
            time += f64::from(ms);
            if let Some(jump) = jump {
                offset += jump;
                set_at.push(time);
                if ends {
                    limiter = RateLimiter::restore(&stored(&state_of(&limiter)), limits, "state").unwrap();
                }
            }
            let fits = sent.iter().filter(|at| **at + MINUTE > time).count() < most as usize;
            let calm = set_at.iter().all(|at| *at + MINUTE <= time);
            let read = (time + offset).max(0.0);
            let answer = limiter.reserve(0, Now { wall: WallTime(read), steady: twice.then_some(SteadyTime(read)) });
            // A minute after the clock was last set, the limiter does what it would have done without that.
            if calm && fits {
                prop_assert!(answer.is_ok(), "locked: {:?}", answer);
            }
            if answer.is_ok() {
                sent.push(time);
            } else {
                prop_assert!(answer.unwrap_err().retry_after <= Millis(MINUTE));
            }
        }
        // Each time the clock is set, it may let through the amount of one more minute, and no more.
        for last in &sent {
            let within = sent.iter().filter(|at| **at <= *last && **at > last - MINUTE).count();
            let set = set_at.iter().filter(|at| **at <= *last && **at > last - MINUTE).count();
            prop_assert!(within <= most as usize * (set + 1), "{within} with {set}");
        }
    }
}
