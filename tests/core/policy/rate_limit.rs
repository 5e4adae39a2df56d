//! The limiter, rule by rule; rate_limit_oracle.rs compares it with a naive one.

use hfetch::policy::rate_limit::{Limits, RateLimiter, Reason, Refused, Usage};
use hfetch::policy::window::Window;
use hfetch::unit::{Millis, SteadyTime, WallTime};
use proptest::prelude::*;

use crate::storage::{state_of, stored};

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
    let known = (retry_after > 0.0).then_some(retry_after);
    Refused::new(reason, known.map(Millis), Millis(retry_after))
}

#[test]
fn requests_leave_the_window_after_exactly_a_minute() {
    let mut limiter = RateLimiter::new(per_minute(2.0));
    for at in [0.0, 1_000.0] {
        let id = limiter.reserve(0, WallTime(at)).unwrap();
        limiter.settle(id, 0, WallTime(at));
    }
    assert_eq!(
        limiter.reserve(0, WallTime(2_000.0)),
        Err(refused(58_000.0, Reason::Requests))
    );
    assert_eq!(
        limiter.reserve(0, WallTime(59_999.0)),
        Err(refused(1.0, Reason::Requests))
    );
    assert!(limiter.reserve(0, WallTime(60_000.0)).is_ok());
    assert_eq!(
        limiter.reserve(0, WallTime(60_000.0)),
        Err(refused(1_000.0, Reason::Requests))
    );
}

#[test]
fn a_fraction_of_a_millisecond_is_waited_for() {
    let mut limiter = RateLimiter::new(per_minute(1.0));
    let id = limiter.reserve(0, WallTime(0.75)).unwrap();
    limiter.settle(id, 0, WallTime(1.0));
    assert_eq!(
        limiter.reserve(0, WallTime(60_000.0)),
        Err(refused(1.0, Reason::Requests))
    );
    assert!(limiter.reserve(0, WallTime(60_000.75)).is_ok());
}

#[test]
fn tokens_become_the_actual_ones_at_the_time_of_the_reservation() {
    let mut limiter = RateLimiter::new(tokens_per_minute(100.0));
    let first = limiter.reserve(80, WallTime(0.0)).unwrap();
    // The first request may end at any moment, with any number of tokens.
    assert_eq!(
        limiter.reserve(30, WallTime(10.0)),
        Err(refused(0.0, Reason::Tokens))
    );
    limiter.settle(first, 10, WallTime(20.0));
    let second = limiter.reserve(90, WallTime(20.0)).unwrap();
    limiter.settle(second, 500, WallTime(30.0));
    assert_eq!(limiter.usage(WallTime(30.0)).tokens_last_minute, 510.0);
    assert_eq!(
        limiter.reserve(1, WallTime(30.0)),
        Err(refused(59_990.0, Reason::Tokens))
    );
    assert!(limiter.reserve(100, WallTime(60_020.0)).is_ok());
}

#[test]
fn what_never_fits_is_said_to_never_fit() {
    let mut limiter = RateLimiter::new(tokens_per_minute(100.0));
    assert_eq!(
        limiter.reserve(101, WallTime(0.0)),
        Err(refused(f64::INFINITY, Reason::Tokens))
    );
    assert_eq!(
        limiter.reserve(u64::MAX, WallTime(0.0)),
        Err(refused(f64::INFINITY, Reason::Tokens))
    );
    assert!(limiter.reserve(100, WallTime(0.0)).is_ok());
}

#[test]
fn a_long_request_holds_its_tokens_and_no_others_place() {
    let limits = Limits {
        requests_per_minute: Some(1.0),
        tokens_per_minute: Some(100.0),
        ..Limits::default()
    };
    let mut limiter = RateLimiter::new(limits);
    let long = limiter.reserve(60, WallTime(0.0)).unwrap();
    assert_eq!(
        limiter.reserve(1, WallTime(30_000.0)),
        Err(refused(30_000.0, Reason::Requests))
    );
    assert_eq!(
        limiter.reserve(41, WallTime(MINUTE)),
        Err(refused(0.0, Reason::Tokens))
    );
    let other = limiter.reserve(40, WallTime(MINUTE)).unwrap();
    limiter.settle(other, 10, WallTime(MINUTE));
    assert_eq!(
        limiter.usage(WallTime(MINUTE)),
        Usage {
            requests_last_minute: 1.0,
            tokens_last_minute: 70.0,
            requests_this_month: 2.0
        }
    );
    // Its minute is long over when it ends, so its tokens don't count any more.
    limiter.settle(long, 90, WallTime(10.0 * MINUTE));
    assert!(limiter.reserve(100, WallTime(10.0 * MINUTE)).is_ok());
}

#[test]
fn what_has_ended_leaves_at_a_known_time_whatever_is_held_beside_it() {
    let mut limiter = RateLimiter::new(tokens_per_minute(100.0));
    let ended = limiter.reserve(50, WallTime(0.0)).unwrap();
    limiter.settle(ended, 50, WallTime(0.0));
    let open = limiter.reserve(40, WallTime(10_000.0)).unwrap();
    let known = Refused::new(Reason::Tokens, Some(Millis(50_000.0)), Millis(0.0));
    assert_eq!(limiter.reserve(30, WallTime(10_000.0)), Err(known));
    // Both requests are in the way; the wait lasts at least until the ended one has left the window.
    let least = Refused::new(Reason::Tokens, None, Millis(50_000.0));
    assert_eq!(limiter.reserve(70, WallTime(10_000.0)), Err(least));
    limiter.settle(open, 5, WallTime(10_000.0));
    assert!(limiter.reserve(30, WallTime(10_000.0)).is_ok());
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
        let id = limiter.reserve(10, WallTime(at)).unwrap();
        assert!(limiter.reserve(0, WallTime(at)).is_err());
        limiter.release(id);
        limiter.release(id);
        limiter.settle(id, 99, WallTime(at));
    }
    assert_eq!(limiter.usage(WallTime(START)), Usage::default());
}

#[test]
fn the_month_is_the_calendars() {
    let limits = Limits {
        requests_per_month: Some(2.0),
        ..Limits::default()
    };
    let mut limiter = RateLimiter::new(limits);
    let end = START + 9.0 * 24.0 * 60.0 * MINUTE;
    limiter.reserve(0, WallTime(START)).unwrap();
    let id = limiter.reserve(0, WallTime(end - 1.0)).unwrap();
    assert_eq!(
        limiter.reserve(0, WallTime(end - 1.0)),
        Err(refused(1.0, Reason::Month))
    );
    limiter.reserve(0, WallTime(end)).unwrap();
    // The reservation is released in December and was counted in November.
    limiter.release(id);
    assert_eq!(limiter.usage(WallTime(end)).requests_this_month, 1.0);
}

#[test]
fn at_most_so_many_at_once() {
    let limits = Limits {
        max_concurrent: Some(2.0),
        ..Limits::default()
    };
    let mut limiter = RateLimiter::new(limits);
    let first = limiter.reserve(0, WallTime(0.0)).unwrap();
    limiter.reserve(0, WallTime(0.0)).unwrap();
    assert_eq!(
        limiter.reserve(0, WallTime(1e9)),
        Err(refused(0.0, Reason::Concurrent))
    );
    limiter.settle(first, 0, WallTime(1e9));
    assert!(limiter.reserve(0, WallTime(1e9)).is_ok());
}

#[test]
fn a_block_holds_and_is_never_shortened() {
    let mut limiter = RateLimiter::new(Limits::default());
    limiter.block(SteadyTime(5_000.0));
    limiter.block(SteadyTime(1_000.0));
    limiter.block(SteadyTime(f64::NAN));
    limiter.block(SteadyTime(f64::INFINITY));
    assert_eq!(
        limiter.reserve(0, WallTime(2_000.0)),
        Err(refused(3_000.0, Reason::Blocked))
    );
    assert!(limiter.reserve(0, WallTime(5_000.0)).is_ok());
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
    let id = limiter.reserve(0, WallTime(START)).unwrap();
    // Nobody knows when the call ends, so the wait can't be predicted; it lasts at least until the month's end.
    let first = limiter.reserve(0, WallTime(START)).unwrap_err();
    assert_eq!((first.reason, first.until_end), (Reason::Concurrent, true));
    limiter.settle(id, 0, WallTime(START));
    let then = limiter.reserve(0, WallTime(START)).unwrap_err();
    assert_eq!((then.reason, then.until_end), (Reason::Month, false));
    assert_eq!(first.retry_after, then.retry_after);
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
        assert!((0..1_000).all(|_| limiter.reserve(1_000_000, WallTime(START)).is_ok()));
    }
}

#[test]
fn a_clock_that_goes_back_stands_still() {
    let mut limiter = RateLimiter::new(per_minute(1.0));
    limiter.reserve(0, WallTime(START)).unwrap();
    for now in [START - 1e9, 0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            limiter.reserve(0, WallTime(now)),
            Err(refused(MINUTE, Reason::Requests))
        );
    }
}

#[test]
fn a_burst_of_a_thousand_takes_three_minutes_at_300_a_minute() {
    let mut limiter = RateLimiter::new(per_minute(300.0));
    let mut now = START;
    let mut sent = Vec::new();
    while sent.len() < 1_000 {
        match limiter.reserve(100, WallTime(now)) {
            Ok(id) => {
                sent.push(now);
                limiter.settle(id, 100, WallTime(now));
            }
            Err(refusal) => now += refusal.retry_after.0,
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
        if let Ok(id) = limiter.reserve(1, WallTime(now)) {
            limiter.settle(id, 1, WallTime(now));
            admitted += 1;
        }
    }
    assert_eq!(admitted, 100_000);
    let state = state_of(&limiter);
    assert!(state["settled"].as_array().unwrap().len() <= 65_536);
    assert!(limiter.reserve(1, WallTime(START + 2.0 * MINUTE)).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_state_is_a_panic(text in "[\\[\\]{},:\"a-z0-9.-]{0,60}", field in 0usize..8, number in any::<f64>()) {
        let mut limiter = RateLimiter::new(per_minute(3.0));
        limiter.reserve(5, WallTime(START)).unwrap();
        let id = limiter.reserve(5, WallTime(START)).unwrap();
        limiter.settle(id, 7, WallTime(START));
        let mut state = state_of(&limiter);
        let fields = state.as_object_mut().unwrap();
        let name = fields.keys().nth(field % fields.len()).unwrap().clone();
        fields[&name] = serde_json::from_str(&text).unwrap_or_else(|_| serde_json::json!(number));
        if let Ok(mut limiter) = RateLimiter::restore(&stored(&state), per_minute(3.0), "state") {
            for step in 0..4 {
                let _ = limiter.reserve(1, WallTime(START + f64::from(step) * MINUTE));
            }
            limiter.settle(1, 3, WallTime(START));
        }
    }
}

#[test]
fn a_state_that_makes_no_sense_is_a_config_error_with_its_path() {
    let good = state_of(&RateLimiter::new(Limits::default()));
    let restore = |state: &serde_json::Value| {
        RateLimiter::restore(&stored(state), Limits::default(), "state")
    };
    assert!(restore(&good).is_ok());
    for (field, value) in [
        ("now", "-1"),
        ("now", "\"0\""),
        ("left", "-2"),
        ("left", "1"),
        ("monthStart", "1e300"),
        ("wall", "-1"),
        ("monthLeft", "[1]"),
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

#[test]
fn a_state_of_an_older_version_is_read_by_the_rules_of_this_one() {
    // This state was written when an open request held its place beyond its minute and there was one clock.
    let state = format!(
        r#"{{"now":{now},"left":{left},"monthStart":1793491200000,"requestsThisMonth":4,"blockedUntil":0,
            "lastReservation":7,"settled":[[{recent},1,20]],"open":[[3,{old},30],[7,{recent},10]]}}"#,
        now = START,
        left = START - 70_000.0,
        recent = START - 10_000.0,
        old = START - 300_000.0,
    );
    let state = hfetch::json::parse(state.as_bytes()).unwrap();
    let mut limiter = RateLimiter::restore(&state, per_minute(3.0), "state").unwrap();
    let counted = Usage {
        requests_last_minute: 2.0,
        tokens_last_minute: 60.0,
        requests_this_month: 4.0,
    };
    assert_eq!(limiter.usage(WallTime(START)), counted);
    limiter.settle(3, 99, WallTime(START));
    limiter.settle(7, 15, WallTime(START));
    assert_eq!(limiter.usage(WallTime(START)).tokens_last_minute, 35.0);
    assert!(limiter.reserve(0, WallTime(START)).is_ok());
    assert_eq!(
        limiter.reserve(0, WallTime(START)),
        Err(refused(50_000.0, Reason::Requests))
    );
}

#[test]
fn times_that_merge_leave_with_the_latest_of_them() {
    let mut window = Window::default();
    // These are as many readings of the clock as the window keeps separate, within 33 s.
    for reading in 0..65_536 {
        window.add(SteadyTime(f64::from(reading) / 2.0), 1, 1);
    }
    window.add(SteadyTime(50_000.0), 1, 1);
    window.advance(SteadyTime(109_999.0));
    // The last bucket holds two requests: the last that had room, and one that came too late for a bucket of its own.
    assert_eq!(window.counted().requests, 2);
    window.advance(SteadyTime(110_000.0));
    assert_eq!(window.counted().requests, 0);
}
