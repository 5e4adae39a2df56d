//! The limiter against a naive oracle, and rule by rule.

mod policy;

use hfetch::policy::rate_limit::{Limits, RateLimiter, Reason, Refused};
use policy::stored;
use proptest::prelude::*;

const MINUTE: f64 = 60_000.0;
/// 2026-11-22T00:00Z
const START: f64 = 1_795_305_600_000.0;

fn per_minute(requests: f64) -> Limits {
    Limits {
        requests_per_minute: Some(requests),
        ..Limits::default()
    }
}

fn tokens_per_minute(tokens: f64) -> Limits {
    Limits {
        tokens_per_minute: Some(tokens),
        ..Limits::default()
    }
}

fn refused(retry_after: f64, reason: Reason) -> Refused {
    Refused {
        retry_after,
        reason,
    }
}

#[test]
fn requests_leave_the_window_after_exactly_a_minute() {
    let mut limiter = RateLimiter::new(per_minute(2.0));
    for at in [0.0, 1_000.0] {
        let id = limiter.reserve(0, at).unwrap();
        limiter.settle(id, 0, at);
    }
    assert_eq!(
        limiter.reserve(0, 2_000.0),
        Err(refused(58_000.0, Reason::Requests))
    );
    assert_eq!(
        limiter.reserve(0, 59_999.0),
        Err(refused(1.0, Reason::Requests))
    );
    assert!(limiter.reserve(0, 60_000.0).is_ok());
    assert_eq!(
        limiter.reserve(0, 60_000.0),
        Err(refused(1_000.0, Reason::Requests))
    );
}

#[test]
fn a_fraction_of_a_millisecond_is_waited_for() {
    let mut limiter = RateLimiter::new(per_minute(1.0));
    let id = limiter.reserve(0, 0.75).unwrap();
    limiter.settle(id, 0, 1.0);
    assert_eq!(
        limiter.reserve(0, 60_000.0),
        Err(refused(1.0, Reason::Requests))
    );
    assert!(limiter.reserve(0, 60_000.75).is_ok());
}

#[test]
fn tokens_become_the_actual_ones_at_the_time_of_the_reservation() {
    let mut limiter = RateLimiter::new(tokens_per_minute(100.0));
    let first = limiter.reserve(80, 0.0).unwrap();
    assert_eq!(
        limiter.reserve(30, 10.0),
        Err(refused(59_990.0, Reason::Tokens))
    );
    limiter.settle(first, 10, 20.0);
    let second = limiter.reserve(90, 20.0).unwrap();
    limiter.settle(second, 500, 30.0);
    assert_eq!(limiter.usage(30.0).tokens_last_minute, 510.0);
    assert_eq!(
        limiter.reserve(1, 30.0),
        Err(refused(59_990.0, Reason::Tokens))
    );
    assert!(limiter.reserve(100, 60_020.0).is_ok());
}

#[test]
fn what_never_fits_is_said_to_never_fit() {
    let mut limiter = RateLimiter::new(tokens_per_minute(100.0));
    assert_eq!(
        limiter.reserve(101, 0.0),
        Err(refused(f64::INFINITY, Reason::Tokens))
    );
    assert_eq!(
        limiter.reserve(u64::MAX, 0.0),
        Err(refused(f64::INFINITY, Reason::Tokens))
    );
    assert!(limiter.reserve(100, 0.0).is_ok());
}

#[test]
fn a_hold_outlasts_its_minute() {
    let limits = Limits {
        requests_per_minute: Some(1.0),
        tokens_per_minute: Some(100.0),
        ..Limits::default()
    };
    let mut limiter = RateLimiter::new(limits);
    let id = limiter.reserve(60, 0.0).unwrap();
    // It may end in time.
    assert_eq!(
        limiter.reserve(1, 30_000.0).unwrap_err().retry_after,
        30_000.0
    );
    // It has not: nobody knows when.
    assert_eq!(
        limiter.reserve(1, 10.0 * MINUTE),
        Err(refused(0.0, Reason::Requests))
    );
    limiter.settle(id, 60, 10.0 * MINUTE);
    assert!(limiter.reserve(100, 10.0 * MINUTE).is_ok());
}

#[test]
fn a_release_gives_everything_back() {
    let limits = Limits {
        requests_per_minute: Some(1.0),
        tokens_per_minute: Some(10.0),
        requests_per_month: Some(1.0),
        max_concurrent: Some(1.0),
    };
    let mut limiter = RateLimiter::new(limits);
    for at in [START, START + 1.0, START + 10.0 * MINUTE] {
        let id = limiter.reserve(10, at).unwrap();
        assert!(limiter.reserve(0, at).is_err());
        limiter.release(id);
        limiter.release(id);
        limiter.settle(id, 99, at);
    }
    assert_eq!(
        limiter.usage(START),
        hfetch::policy::rate_limit::Usage::default()
    );
}

#[test]
fn the_month_is_the_calendars() {
    let limits = Limits {
        requests_per_month: Some(2.0),
        ..Limits::default()
    };
    let mut limiter = RateLimiter::new(limits);
    let end = START + 9.0 * 24.0 * 60.0 * MINUTE;
    limiter.reserve(0, START).unwrap();
    let id = limiter.reserve(0, end - 1.0).unwrap();
    assert_eq!(
        limiter.reserve(0, end - 1.0),
        Err(refused(1.0, Reason::Month))
    );
    limiter.reserve(0, end).unwrap();
    // Released in December, it had counted in November.
    limiter.release(id);
    assert_eq!(limiter.usage(end).requests_this_month, 1.0);
}

#[test]
fn at_most_so_many_at_once() {
    let limits = Limits {
        max_concurrent: Some(2.0),
        ..Limits::default()
    };
    let mut limiter = RateLimiter::new(limits);
    let first = limiter.reserve(0, 0.0).unwrap();
    limiter.reserve(0, 0.0).unwrap();
    assert_eq!(
        limiter.reserve(0, 1e9),
        Err(refused(0.0, Reason::Concurrent))
    );
    limiter.settle(first, 0, 1e9);
    assert!(limiter.reserve(0, 1e9).is_ok());
}

#[test]
fn a_block_holds_and_is_never_shortened() {
    let mut limiter = RateLimiter::new(Limits::default());
    limiter.block(5_000.0);
    limiter.block(1_000.0);
    limiter.block(f64::NAN);
    limiter.block(f64::INFINITY);
    assert_eq!(
        limiter.reserve(0, 2_000.0),
        Err(refused(3_000.0, Reason::Blocked))
    );
    assert!(limiter.reserve(0, 5_000.0).is_ok());
}

#[test]
fn the_longest_wait_is_the_one_that_counts() {
    let limits = Limits {
        requests_per_minute: Some(1.0),
        requests_per_month: Some(1.0),
        max_concurrent: Some(1.0),
        ..Limits::default()
    };
    let mut limiter = RateLimiter::new(limits);
    limiter.reserve(0, START).unwrap();
    assert_eq!(limiter.reserve(0, START).unwrap_err().reason, Reason::Month);
}

#[test]
fn no_limit_and_a_limit_of_zero_are_none() {
    let zero = Limits {
        requests_per_minute: Some(0.0),
        tokens_per_minute: Some(0.0),
        requests_per_month: Some(0.0),
        max_concurrent: Some(0.0),
    };
    for limits in [Limits::default(), zero] {
        let mut limiter = RateLimiter::new(limits);
        assert!((0..1_000).all(|_| limiter.reserve(1_000_000, START).is_ok()));
    }
}

#[test]
fn a_clock_that_goes_back_stands_still() {
    let mut limiter = RateLimiter::new(per_minute(1.0));
    limiter.reserve(0, START).unwrap();
    for now in [START - 1e9, 0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            limiter.reserve(0, now),
            Err(refused(MINUTE, Reason::Requests))
        );
    }
}

#[test]
fn a_burst_of_a_thousand_takes_three_minutes_at_300_a_minute() {
    let mut limiter = RateLimiter::new(Limits::FREE_TIER);
    let mut now = START;
    let mut sent = Vec::new();
    while sent.len() < 1_000 {
        match limiter.reserve(100, now) {
            Ok(id) => {
                sent.push(now);
                limiter.settle(id, 100, now);
            }
            Err(refusal) => now += refusal.retry_after,
        }
    }
    assert_eq!(sent[299], START);
    assert_eq!(sent[999], START + 3.0 * MINUTE);
    assert!(sent.windows(301).all(|run| run[300] - run[0] >= MINUTE));
}

#[test]
fn a_finer_clock_than_milliseconds_costs_bounded_memory_and_never_a_request_too_many() {
    let mut limiter = RateLimiter::new(per_minute(100_000.0));
    let mut admitted = 0;
    for step in 0..120_000 {
        let now = START + f64::from(step) / 4.0;
        if let Ok(id) = limiter.reserve(1, now) {
            limiter.settle(id, 1, now);
            admitted += 1;
        }
    }
    assert_eq!(admitted, 100_000);
    let state = serde_json::to_value(limiter.state()).unwrap();
    assert!(state["settled"].as_array().unwrap().len() <= 65_536);
    assert!(limiter.reserve(1, START + 2.0 * MINUTE).is_ok());
}

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

    #[test]
    fn no_state_is_a_panic(text in "[\\[\\]{},:\"a-z0-9.-]{0,60}", field in 0usize..8, number in any::<f64>()) {
        let mut limiter = RateLimiter::new(per_minute(3.0));
        limiter.reserve(5, START).unwrap();
        let id = limiter.reserve(5, START).unwrap();
        limiter.settle(id, 7, START);
        let mut state = serde_json::to_value(limiter.state()).unwrap();
        let fields = state.as_object_mut().unwrap();
        let name = fields.keys().nth(field % fields.len()).unwrap().clone();
        fields[&name] = serde_json::from_str(&text).unwrap_or_else(|_| serde_json::json!(number));
        if let Ok(mut limiter) = RateLimiter::restore(&policy::from_json(&state), per_minute(3.0), "state") {
            for step in 0..4 {
                let _ = limiter.reserve(1, START + f64::from(step) * MINUTE);
            }
            limiter.settle(1, 3, START);
        }
    }
}

#[test]
fn a_state_that_makes_no_sense_is_a_config_error_with_its_path() {
    let good = serde_json::to_value(RateLimiter::new(Limits::default()).state()).unwrap();
    let restore = |state: &serde_json::Value| {
        RateLimiter::restore(&policy::from_json(state), Limits::default(), "state")
    };
    assert!(restore(&good).is_ok());
    for (field, value) in [
        ("now", "-1"),
        ("now", "\"0\""),
        ("monthStart", "1e300"),
        ("requestsThisMonth", "0.5"),
        ("settled", "[[1]]"),
        ("settled", "[[1,2,-3]]"),
        ("settled", "{}"),
        ("open", "[[1,1,1]]"),
        ("open", "[null]"),
        ("lastReservation", "null"),
    ] {
        let mut state = good.clone();
        state[field] = serde_json::from_str(value).unwrap();
        let error = restore(&state).unwrap_err();
        assert_eq!(error.class.name(), "ConfigError");
        assert_eq!(
            error.path.as_deref(),
            Some(["state.", field].concat().as_str()),
            "{value}"
        );
    }
    for state in ["null", "[]", "{}", "\"x\"", "7"] {
        assert!(restore(&serde_json::from_str(state).unwrap()).is_err());
    }
}
