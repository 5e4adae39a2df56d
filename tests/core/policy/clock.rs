//! Clocks that are set: a host whose clock was ahead, and the states that it has stored, block nothing once the time is right
//! again.

use crate::storage::{state_of, stored};
use hfetch::policy::budget::{Budget, Per};
use hfetch::policy::calendar::month_of;
use hfetch::policy::clock::Now;
use hfetch::policy::key_pool::{KeyPool, State};
use hfetch::policy::limit_store::{LOST_AFTER, MemoryStore, Part};
use hfetch::policy::rate_limit::{Limits, RateLimiter, Reason};
use hfetch::policy::retry::LONGEST_REST;
use hfetch::unit::{Millis, SteadyTime, Usd, WallTime};
use proptest::prelude::*;

const MINUTE: f64 = 60_000.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;
/// 2026-11-22T00:00Z
const START: f64 = 1_795_305_600_000.0;
const MODEL: &str = "org/model";

/// The hosts that tell a store the time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Host {
    /// A wall clock alone, as for pages that share a storage.
    Wall,
    /// Two clocks that are the same one, as in a Worker.
    Worker,
    /// Callers, some with wrong clocks, and the store's own clock, as for a Durable Object.
    Object,
}

impl Host {
    fn store(self) -> MemoryStore {
        match self {
            Host::Object => MemoryStore::journaled(),
            _ => MemoryStore::shared(),
        }
    }

    /// Reads the clock in the way in which the store's host does before each use.
    fn reading(self, store: &mut MemoryStore, wall: f64) -> Now {
        if self == Host::Object {
            store.correct(WallTime(wall));
        }
        let steady = (self == Host::Worker).then_some(wall);
        Now {
            wall: WallTime(wall),
            steady: steady.map(SteadyTime),
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Reserve,
    Settle,
    Block { rest: u32, ahead: f64 },
    Wait(u32),
    Set(f64),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let jump = || {
        prop_oneof![
            -40.0 * DAY..40.0 * DAY,
            Just(DAY),
            Just(-DAY),
            -2.0 * MINUTE..2.0 * MINUTE
        ]
    };
    let step = prop_oneof![
        5 => Just(Step::Reserve),
        3 => Just(Step::Settle),
        1 => (0u32..900_000, prop_oneof![Just(0.0), jump()]).prop_map(|(rest, ahead)| Step::Block { rest, ahead }),
        3 => (0u32..90_000).prop_map(Step::Wait),
        2 => jump().prop_map(Step::Set),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..60)
}

fn parts() -> Vec<Part> {
    let part = |scope: &str, limits: Limits, budget: Option<Budget>| Part {
        scope: scope.to_string(),
        tokens: 5,
        usd: Usd(0.2),
        limits,
        budget,
        pause: None,
        lasts: None,
    };
    let limits = Limits {
        requests_per_minute: Some(3.0),
        tokens_per_minute: Some(20.0),
        requests_per_month: Some(9.0),
        max_concurrent: Some(50.0),
    };
    let hourly = Budget {
        usd: Usd(1.0),
        per: Per::Hour,
    };
    vec![
        part("key", limits, None),
        part("budget", Limits::default(), Some(hourly)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_clock_that_was_set_freezes_nothing(
        steps in steps(),
        host in prop_oneof![Just(Host::Wall), Just(Host::Worker), Just(Host::Object)],
    ) {
        let (parts, mut store) = (parts(), host.store());
        let (mut time, mut offset) = (START, 0.0);
        let mut open: Vec<String> = Vec::new();
        for step in steps {
            let wall = time + offset;
            let now = host.reading(&mut store, wall);
            match step {
                Step::Reserve => open.extend(store.reserve(&parts, now)),
                Step::Settle => if let Some(name) = open.pop() {
                    store.settle(&name, 5, Usd(0.2), now);
                },
                // Another host's clock may set the end.
                Step::Block { rest, ahead } => store.block("key", WallTime(wall + ahead + f64::from(rest))),
                Step::Wait(ms) => time += f64::from(ms),
                Step::Set(by) => offset += by,
                Step::Restart => {
                    let state = stored(&state_of(&store));
                    store = host.store();
                    store.restore(&state).unwrap();
                }
            }
        }
        // The time is right again, and what was open has ended or is lost.
        let now = host.reading(&mut store, time);
        for name in open {
            store.settle(&name, 5, Usd(0.2), now);
        }
        // One reading makes the clocks follow the time back; then the longest rest has to pass.
        if let Err(refused) = store.reserve(&parts, now) {
            let most = match refused.limit.reason {
                Reason::Month => month_of(WallTime(time)).1.0 - time,
                Reason::Budget => HOUR,
                _ => LONGEST_REST.0 + MINUTE,
            };
            prop_assert!(refused.limit.retry_after <= Millis(most.ceil()), "{:?}", refused);
        }
        let later = time + LONGEST_REST.0 + 2.0 * MINUTE;
        let now = host.reading(&mut store, later);
        if let Err(refused) = store.reserve(&parts[..1], now) {
            prop_assert_eq!(refused.limit.reason, Reason::Month, "{:?}", refused);
        }
        prop_assert!(store.next_loss().is_none_or(|at| at <= WallTime(later + LOST_AFTER.0)));
        // Counts of a month or an hour that is over don't matter.
        for (parts, next) in [(&parts[1..], (later / HOUR).floor() * HOUR + HOUR), (&parts[..1], month_of(WallTime(later)).1.0)] {
            let now = host.reading(&mut store, next);
            let answer = store.reserve(parts, now);
            prop_assert!(answer.is_ok(), "{:?}", answer);
        }
    }

    #[test]
    fn a_key_rests_no_longer_because_a_clock_was_set(
        jumps in prop::collection::vec((0u32..60_000, -3.0 * DAY..3.0 * DAY), 0..10),
        status in prop_oneof![Just((401u16, 600_000.0)), Just((402, HOUR)), Just((403, 300_000.0)), Just((429, 30_000.0))],
    ) {
        let mut pool = KeyPool::new(vec!["a".to_string(), "b".to_string()], false);
        let (mut time, mut offset) = (START, 0.0);
        let worker = |wall: f64| Now { wall: WallTime(wall), steady: Some(SteadyTime(wall)) };
        pool.snapshot(worker(time));
        for (ms, jump) in jumps {
            offset += jump;
            pool.failed(0, MODEL, status.0, Some(Millis(30_000.0)), worker(time + offset));
            time += f64::from(ms);
            pool.snapshot(worker(time + offset));
        }
        pool.failed(0, MODEL, status.0, Some(Millis(30_000.0)), worker(time + offset));
        pool.snapshot(worker(time));
        // A clock that went back a little stands still for that long.
        let states: Vec<State> = pool.snapshot(worker(time + status.1 + MINUTE)).iter().map(|key| key.state).collect();
        prop_assert_eq!(states, [State::Ready, State::Ready]);
    }
}

#[test]
fn a_scope_from_the_future_joins_a_store_of_the_present() {
    let mut ahead = MemoryStore::journaled();
    let parts = parts();
    let later = START + DAY;
    let name = ahead.reserve(&parts, WallTime(later)).unwrap();
    ahead.settle(&name, 5, Usd(0.2), WallTime(later));
    ahead.block("key", WallTime(later + MINUTE));
    let state = state_of(&ahead);
    let mut store = MemoryStore::journaled();
    store.correct(WallTime(START));
    store.reserve(&[], WallTime(START)).unwrap();
    for scope in state["scopes"].as_array().unwrap() {
        assert!(store.adopt(&stored(scope)).is_ok());
    }
    let refused = store.reserve(&parts[..1], WallTime(START)).unwrap_err();
    assert_eq!(refused.limit.retry_after, Millis(MINUTE));
    assert!(store.reserve(&parts[..1], WallTime(START + MINUTE)).is_ok());
}

#[test]
fn a_limiter_that_a_worker_keeps_goes_on_when_its_host_is_set_back_a_day() {
    let limits = Limits {
        requests_per_minute: Some(1.0),
        ..Limits::default()
    };
    let mut limiter = RateLimiter::new(limits);
    let worker = |wall: f64| Now {
        wall: WallTime(wall),
        steady: Some(SteadyTime(wall)),
    };
    limiter.reserve(0, worker(START + DAY)).unwrap();
    assert_eq!(
        limiter.reserve(0, worker(START)).unwrap_err().retry_after,
        Millis(MINUTE)
    );
    // A reading from a request that stood still doesn't mean that the clock was set.
    assert!(limiter.reserve(0, worker(START - 1_000.0)).is_err());
    assert!(limiter.reserve(0, worker(START + MINUTE)).is_ok());
}
