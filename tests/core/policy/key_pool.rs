//! Which key comes first, and what happens to one that fails.

use hfetch::policy::clock::Now;
use hfetch::policy::key_pool::{KeyPool, State, label};
use hfetch::unit::{Millis, SteadyTime, WallTime};
use proptest::prelude::*;

const MINUTE: f64 = 60_000.0;
const HOUR: f64 = 60.0 * MINUTE;
/// 2026-11-22T00:00Z
const START: f64 = 1_795_305_600_000.0;
const MODEL: &str = "org/model";

fn pool(size: usize) -> KeyPool {
    KeyPool::new((0..size).map(|index| index.to_string()).collect(), false)
}

fn states(pool: &mut KeyPool, now: f64) -> Vec<State> {
    pool.snapshot(WallTime(now))
        .into_iter()
        .map(|key| key.state)
        .collect()
}

#[test]
fn a_label_tells_keys_apart_and_gives_none_away() {
    // The first bytes of SHA-256("abc"), from FIPS 180.
    assert_eq!(label("huggingface", "abc"), "huggingface-ba7816bf");
    assert_ne!(label("a", "hf_one"), label("a", "hf_two"));
    assert!(!label("a", "hf_one").contains("hf_"));
}

#[test]
fn the_least_loaded_comes_first_and_ties_keep_their_order() {
    let mut pool = pool(3);
    assert_eq!(pool.pick(MODEL, &[], WallTime(START)), [0, 1, 2]);
    pool.sent(0, WallTime(START));
    assert_eq!(pool.pick(MODEL, &[], WallTime(START)), [1, 2, 0]);
    pool.sent(1, WallTime(START));
    pool.sent(2, WallTime(START));
    assert_eq!(pool.pick(MODEL, &[], WallTime(START)), [0, 1, 2]);
    // 150 tokens weigh as much as one and a half requests.
    pool.settled(0, 150, WallTime(START + 1.0));
    pool.sent(1, WallTime(START + 1.0));
    assert_eq!(pool.pick(MODEL, &[], WallTime(START + 1.0)), [2, 1, 0]);
    assert_eq!(pool.pick(MODEL, &[], WallTime(START + MINUTE)), [2, 1, 0]);
    assert_eq!(
        pool.pick(MODEL, &[], WallTime(START + MINUTE + 1.0)),
        [0, 1, 2]
    );
}

#[test]
fn a_retry_takes_a_key_it_has_not_tried() {
    let mut pool = pool(3);
    assert_eq!(pool.pick(MODEL, &[0], WallTime(START)), [1, 2, 0]);
    assert_eq!(pool.pick(MODEL, &[0, 2], WallTime(START)), [1, 0, 2]);
    assert_eq!(pool.pick(MODEL, &[1, 2, 0], WallTime(START)), [0, 1, 2]);
    assert!(pool.has_another(MODEL, &[0, 2], WallTime(START)));
    assert!(!pool.has_another(MODEL, &[0, 1, 2], WallTime(START)));
}

#[test]
fn an_unknown_key_is_set_aside_for_ten_minutes_unless_it_is_the_last() {
    let mut pool = pool(2);
    pool.failed(0, MODEL, 401, None, WallTime(START));
    assert_eq!(states(&mut pool, START), [State::Disabled, State::Ready]);
    assert_eq!(
        pool.snapshot(WallTime(START))[0].ready_at,
        Some(WallTime(START + 10.0 * MINUTE))
    );
    pool.failed(1, MODEL, 401, None, WallTime(START));
    assert_eq!(states(&mut pool, START), [State::Disabled, State::Ready]);
    let before = START + 10.0 * MINUTE - 1.0;
    assert_eq!(pool.pick(MODEL, &[1], WallTime(before)), [1]);
    assert!(!pool.has_another(MODEL, &[1], WallTime(before)));
    let after = START + 10.0 * MINUTE;
    assert_eq!(pool.pick(MODEL, &[1], WallTime(after)), [0, 1]);
    assert_eq!(states(&mut pool, after), [State::Ready, State::Ready]);
    pool.failed(1, MODEL, 401, None, WallTime(after));
    assert_eq!(pool.pick(MODEL, &[], WallTime(after)), [0]);
}

#[test]
fn a_wall_clock_that_is_set_neither_ends_a_rest_nor_makes_it_longer() {
    let mut pool = pool(2);
    let now = |wall: f64, passed: f64| Now {
        wall: WallTime(wall),
        steady: Some(SteadyTime(passed)),
    };
    pool.failed(0, MODEL, 402, None, now(START, 5.0));
    for wall in [START + 9.0 * HOUR, START - 9.0 * HOUR] {
        assert_eq!(pool.pick(MODEL, &[], now(wall, HOUR)), [1]);
        let ready_at = pool.snapshot(now(wall, HOUR))[0].ready_at;
        assert_eq!(ready_at, Some(WallTime(wall + 5.0)));
    }
    assert_eq!(pool.pick(MODEL, &[], now(START, HOUR + 5.0)), [0, 1]);
}

#[test]
fn a_functions_key_is_never_disabled() {
    let mut pool = KeyPool::new(vec!["f".to_string(), "g".to_string()], true);
    pool.failed(0, MODEL, 401, None, WallTime(START));
    assert_eq!(states(&mut pool, START), [State::Ready, State::Ready]);
}

#[test]
fn without_credits_a_key_rests_for_an_hour_whatever_the_model() {
    let mut pool = pool(2);
    pool.failed(0, MODEL, 402, Some(Millis(1.0)), WallTime(START));
    assert_eq!(
        pool.snapshot(WallTime(START))[0].ready_at,
        Some(WallTime(START + HOUR))
    );
    assert_eq!(
        pool.pick("other/model", &[], WallTime(START + HOUR - 1.0)),
        [1]
    );
    assert_eq!(
        pool.pick("other/model", &[], WallTime(START + HOUR)),
        [0, 1]
    );
}

#[test]
fn a_key_that_was_too_fast_rests_for_that_model() {
    let table = [
        (None, 5_000.0),
        (Some(0.0), 0.0),
        (Some(2_000.0), 2_000.0),
        (Some(16.0 * MINUTE), 15.0 * MINUTE),
        (Some(f64::INFINITY), 15.0 * MINUTE),
    ];
    for (wait, rest) in table {
        let mut pool = pool(2);
        pool.failed(0, MODEL, 429, wait.map(Millis), WallTime(START));
        assert_eq!(pool.pick("other/model", &[], WallTime(START)), [0, 1]);
        if rest > 0.0 {
            assert_eq!(pool.pick(MODEL, &[], WallTime(START + rest - 1.0)), [1]);
        }
        assert_eq!(pool.pick(MODEL, &[], WallTime(START + rest)), [0, 1]);
    }
}

#[test]
fn a_shorter_rest_never_ends_a_longer_one() {
    let mut pool = pool(2);
    pool.failed(0, MODEL, 429, Some(Millis(60_000.0)), WallTime(START));
    pool.failed(0, MODEL, 429, Some(Millis(1_000.0)), WallTime(START));
    assert_eq!(pool.pick(MODEL, &[], WallTime(START + 59_999.0)), [1]);
}

#[test]
fn other_failures_are_not_the_keys() {
    let mut pool = pool(2);
    for status in [400, 404, 408, 422, 500, 503] {
        pool.failed(0, MODEL, status, Some(Millis(9e9)), WallTime(START));
    }
    assert_eq!(states(&mut pool, START), [State::Ready, State::Ready]);
    pool.failed(0, MODEL, 403, None, WallTime(START));
    assert_eq!(pool.pick(MODEL, &[], WallTime(START)), [1]);
    assert_eq!(pool.pick("other/model", &[], WallTime(START)), [0, 1]);
}

#[test]
fn where_all_rest_the_one_that_is_ready_soonest_comes_first() {
    let mut pool = pool(3);
    pool.failed(0, MODEL, 402, None, WallTime(START));
    pool.failed(1, MODEL, 429, Some(Millis(2_000.0)), WallTime(START));
    pool.failed(2, MODEL, 429, Some(Millis(1_000.0)), WallTime(START));
    assert_eq!(pool.pick(MODEL, &[2], WallTime(START)), [2, 1, 0]);
    assert!(!pool.has_another(MODEL, &[2], WallTime(START)));
    assert_eq!(pool.pick(MODEL, &[], WallTime(START + 1_500.0)), [2]);
}

#[test]
fn a_local_limit_shows_until_it_ends() {
    let mut pool = pool(1);
    pool.limited(0, Millis(5_000.0), WallTime(START));
    let key = &pool.snapshot(WallTime(START))[0];
    assert_eq!(
        (key.state, key.ready_at),
        (State::Limited, Some(WallTime(START + 5_000.0)))
    );
    assert_eq!(pool.pick(MODEL, &[], WallTime(START)), [0]);
    assert_eq!(states(&mut pool, START + 5_000.0), [State::Ready]);
    pool.limited(0, Millis(5_000.0), WallTime(START + 6_000.0));
    pool.sent(0, WallTime(START + 6_000.0));
    assert_eq!(states(&mut pool, START + 6_000.0), [State::Ready]);
    pool.limited(0, Millis(f64::INFINITY), WallTime(START + 6_000.0));
    assert_eq!(states(&mut pool, START + 6_000.0), [State::Ready]);
}

#[test]
fn the_snapshot_counts_and_has_the_public_shape() {
    let mut pool = pool(1);
    pool.sent(0, WallTime(START));
    pool.settled(0, 30, WallTime(START));
    pool.sent(0, WallTime(START + MINUTE));
    pool.settled(0, 12, WallTime(START + MINUTE));
    let json = serde_json::to_string(&pool.snapshot(WallTime(START + MINUTE))[0]).unwrap();
    assert_eq!(
        json,
        r#"{"key":"0","requests":2.0,"tokens":42.0,"requestsLastMinute":1.0,"tokensLastMinute":12.0,"requestsThisMonth":2.0,"state":"ready","readyAt":null}"#
    );
    // 1 December
    assert_eq!(
        pool.snapshot(WallTime(START + 9.0 * 24.0 * HOUR))[0].requests_this_month,
        0.0
    );
}

#[test]
fn no_index_is_a_panic_and_no_number_of_models_costs_unbounded_memory() {
    let mut pool = pool(2);
    pool.sent(9, WallTime(START));
    pool.settled(9, 1, WallTime(START));
    pool.failed(9, MODEL, 401, None, WallTime(START));
    pool.limited(9, Millis(1.0), WallTime(START));
    assert_eq!(
        KeyPool::new(Vec::new(), false).pick(MODEL, &[3], WallTime(START)),
        Vec::<usize>::new()
    );
    for model in 0..10_000 {
        pool.failed(
            0,
            &model.to_string(),
            429,
            Some(Millis(HOUR)),
            WallTime(START),
        );
    }
    assert_eq!(pool.pick("9999", &[], WallTime(START)), [1]);
    assert_eq!(pool.pick("0", &[], WallTime(START)), [0, 1]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn there_is_always_a_key_and_each_is_named_once(
        size in 1usize..5,
        failures in prop::collection::vec((0usize..5, prop::sample::select(vec![401u16, 402, 403, 429, 500]), 0u32..2_000_000), 0..40),
        tried in prop::collection::vec(0usize..5, 0..4),
    ) {
        let mut pool = pool(size);
        let mut now = START;
        for (key, status, ms) in failures {
            now += f64::from(ms);
            pool.failed(key, MODEL, status, Some(Millis(f64::from(ms))), WallTime(now));
            let order = pool.pick(MODEL, &tried, WallTime(now));
            prop_assert!(!order.is_empty());
            let mut sorted = order.clone();
            sorted.sort_unstable();
            sorted.dedup();
            prop_assert_eq!(sorted.len(), order.len());
            let states: Vec<State> = pool.snapshot(WallTime(now)).into_iter().map(|key| key.state).collect();
            prop_assert!(order.iter().all(|key| states[*key] != State::Disabled));
            // A tried key never comes before a fresh one that is ready.
            let first_tried = order.iter().position(|key| tried.contains(key)).unwrap_or(order.len());
            let resting = states[order[0]] == State::Cooling;
            prop_assert!(resting || order[first_tried..].iter().all(|key| tried.contains(key)));
        }
    }
}
