//! A store that is written as rows and restored from them answers like one that was never unloaded.

use std::collections::BTreeMap;

use crate::storage::stored;
use hfetch::policy::budget::{Budget, Per};
use hfetch::policy::limit_store::{LOST_AFTER, MemoryStore, Part};
use hfetch::policy::rate_limit::Limits;
use proptest::prelude::*;
use serde_json::{Value, json};

/// 2026-11-30T23:55Z, so that a month ends within the test.
const START: f64 = 1_796_082_900_000.0;
const SCOPES: [&str; 3] = ["client:a", "client:b", "gateway"];

#[derive(Clone, Debug)]
enum Step {
    Reserve { scopes: Vec<usize>, tokens: u64 },
    Settle { which: usize, tokens: u64 },
    Release(usize),
    Renew(usize),
    Block { scope: usize, ms: u32 },
    Wait(u32),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (prop::collection::vec(0usize..3, 1..4), 0u64..60).prop_map(|(scopes, tokens)| Step::Reserve { scopes, tokens }),
        3 => (0usize..8, 0u64..90).prop_map(|(which, tokens)| Step::Settle { which, tokens }),
        1 => (0usize..8).prop_map(Step::Release),
        2 => (0usize..8).prop_map(Step::Renew),
        1 => (0usize..3, 0u32..90_000).prop_map(|(scope, ms)| Step::Block { scope, ms }),
        3 => prop_oneof![Just(0u32), 0u32..30_000, 0u32..900_000].prop_map(Step::Wait),
        2 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 0..70)
}

/// The content of a storage.
#[derive(Default)]
struct Rows {
    head: Value,
    scopes: BTreeMap<String, (Value, Value)>,
    buckets: BTreeMap<(String, u64), (u64, u64)>,
    open: BTreeMap<u64, Value>,
    lost: BTreeMap<u64, Value>,
}

impl Rows {
    fn write(&mut self, store: &mut MemoryStore) {
        let Some(changes) = store.changes() else {
            return;
        };
        let changes = serde_json::to_value(changes).unwrap();
        let state = &changes["state"];
        for name in ["now", "created", "lastReservation"] {
            self.head[name] = state[name].clone();
        }
        let count = |row: &Value, index: usize| row[index].as_f64().unwrap() as u64;
        for row in state["scopes"].as_array().unwrap() {
            let name = row[0].as_str().unwrap();
            for bucket in row[1]["settled"].as_array().unwrap() {
                let key = (name.to_string(), count(bucket, 0));
                self.buckets
                    .insert(key, (count(bucket, 1), count(bucket, 2)));
            }
            self.scopes
                .insert(name.to_string(), (row[1].clone(), row[2].clone()));
        }
        let number = |row: &Value| count(row, 0);
        for row in state["open"].as_array().unwrap() {
            self.open.insert(number(row), row.clone());
        }
        for row in state["lost"].as_array().unwrap() {
            self.open.remove(&number(row));
            self.lost.insert(number(row), row.clone());
        }
        for ended in changes["ended"].as_array().unwrap() {
            let ended = ended.as_f64().unwrap() as u64;
            self.open.remove(&ended);
            self.lost.remove(&ended);
        }
    }

    fn read(&self) -> MemoryStore {
        let mut store = MemoryStore::journaled();
        if self.head.is_null() {
            return store;
        }
        let mut state = self.head.clone();
        state["scopes"] = json!([]);
        state["open"] = self.open.values().cloned().collect();
        state["lost"] = self.lost.values().cloned().collect();
        store.restore(&stored(&state)).unwrap();
        for (name, (limiter, spent)) in &self.scopes {
            let mut limiter = limiter.clone();
            let buckets = self.buckets.iter().filter(|row| row.0.0 == *name);
            limiter["settled"] = buckets
                .map(|(key, counts)| json!([key.1, counts.0, counts.1]))
                .collect();
            let open = self.open.values().flat_map(|row| {
                let holds = row[2].as_array().unwrap().iter();
                let mine = holds.filter(|hold| hold[0] == name.as_str());
                mine.map(|hold| json!([hold[1], row[1], hold[2]]))
            });
            limiter["open"] = open.collect();
            assert!(
                store.adopt(&stored(&json!([name, limiter, spent]))),
                "{name}"
            );
        }
        store
    }
}

fn part(scope: &str, tokens: u64) -> Part {
    Part {
        scope: scope.to_string(),
        pause: None,
        lasts: None,
        tokens,
        usd: tokens as f64 / 100.0,
        limits: Limits {
            requests_per_minute: Some(4.0),
            tokens_per_minute: Some(150.0),
            requests_per_month: Some(25.0),
            max_concurrent: Some(3.0),
        },
        budget: (scope == "gateway").then_some(Budget {
            usd: 2.0,
            per: Per::Hour,
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_remember_what_memory_does(steps in steps()) {
        let (mut whole, mut written) = (MemoryStore::shared(), MemoryStore::journaled());
        let mut rows = Rows::default();
        let mut names: Vec<String> = Vec::new();
        let mut now = START;
        for step in steps {
            match step {
                Step::Reserve { scopes, tokens } => {
                    let parts: Vec<Part> = scopes.iter().map(|scope| part(SCOPES[*scope], tokens)).collect();
                    let answer = whole.reserve(&parts, now);
                    prop_assert_eq!(&written.reserve(&parts, now), &answer);
                    names.extend(answer.ok());
                }
                Step::Settle { which, tokens } if which < names.len() => {
                    let name = &names[names.len() - 1 - which];
                    for store in [&mut whole, &mut written] {
                        store.settle(name, tokens, tokens as f64 / 100.0, now);
                    }
                }
                Step::Release(which) if which < names.len() => {
                    let name = &names[names.len() - 1 - which];
                    for store in [&mut whole, &mut written] {
                        store.release(name);
                    }
                }
                Step::Renew(which) if which < names.len() => {
                    let name = &names[names.len() - 1 - which];
                    for store in [&mut whole, &mut written] {
                        store.renew(name, now);
                    }
                }
                Step::Settle { .. } | Step::Release(_) | Step::Renew(_) => {}
                Step::Block { scope, ms } => {
                    for store in [&mut whole, &mut written] {
                        store.block(SCOPES[scope], now + f64::from(ms));
                    }
                }
                Step::Wait(ms) => now += f64::from(ms),
                Step::Restart => written = rows.read(),
            }
            rows.write(&mut written);
            prop_assert_eq!(written.next_loss().is_some(), written.next_loss().is_some_and(|at| at <= now + LOST_AFTER));
            let (mut read, mut kept) = (rows.read(), whole.clone());
            for scope in SCOPES {
                prop_assert_eq!(read.usage(scope, now), kept.usage(scope, now), "{}", scope);
            }
        }
    }
}

#[test]
fn what_did_not_change_is_not_written() {
    let mut store = MemoryStore::journaled();
    assert!(store.changes().is_none());
    let parts = [part("client:a", 1), part("client:b", 1)];
    let name = store.reserve(&parts, START).unwrap();
    let written = serde_json::to_value(store.changes().unwrap()).unwrap();
    let counts = |written: &Value| {
        let (state, scopes) = (&written["state"], &written["state"]["scopes"]);
        let times = &scopes[0][1]["settled"];
        [
            scopes,
            times,
            &state["open"],
            &state["lost"],
            &written["ended"],
        ]
        .map(|rows| rows.as_array().unwrap().len())
    };
    assert_eq!(counts(&written), [2, 0, 1, 0, 0]);
    assert!(store.reserve(&[part("client:a", 200)], START).is_err());
    assert!(store.changes().is_none(), "a refusal changes nothing");
    store.settle(&name, 1, 0.0, START);
    let written = serde_json::to_value(store.changes().unwrap()).unwrap();
    assert_eq!(counts(&written), [2, 1, 0, 0, 1]);
    store.settle(&name, 1, 0.0, START);
    assert!(store.changes().is_none(), "it has ended already");
    assert!(MemoryStore::shared().changes().is_none());
}

#[test]
fn a_scope_matters_no_longer_than_somebody_comes_for_it() {
    let mut store = MemoryStore::journaled();
    let ends = START + 1_000.0;
    let ticket = Part {
        lasts: Some(ends),
        ..part("ticket:1", 1)
    };
    let name = store
        .reserve(&[ticket, part("client:a", 1)], START)
        .unwrap();
    let changes = serde_json::to_value(store.changes().unwrap()).unwrap();
    let scopes = changes["state"]["scopes"].as_array().unwrap();
    let at = scopes.iter().position(|scope| scope[0] == "ticket:1");
    let at = at.unwrap();
    assert_eq!(changes["until"][at], ends);
    assert!(changes["until"][1 - at].as_f64().unwrap() > START + 200_000.0);
    // Restored together with that row, the store knows what ends only then.
    let row = &scopes[at];
    let row = stored(&json!([row[0], row[1], row[2], changes["until"][at]]));
    let mut read = MemoryStore::journaled();
    read.reserve(&[part("client:a", 1)], START).unwrap();
    assert!(read.adopt(&row));
    read.block("ticket:1", START + 500.0);
    let changes = serde_json::to_value(read.changes().unwrap()).unwrap();
    assert!(changes["until"].as_array().unwrap().contains(&json!(ends)));
    store.settle(&name, 1, 0.0, ends + 1.0);
    let changes = serde_json::to_value(store.changes().unwrap()).unwrap();
    assert_eq!(changes["until"][at], ends);
}

#[test]
fn of_a_million_tickets_those_are_kept_that_somebody_may_come_with() {
    let mut store = MemoryStore::shared();
    let (mut now, mut most) = (START, 0);
    for number in 0..100_000 {
        now += 10.0;
        let ticket = Part {
            lasts: Some(now + 5_000.0),
            ..part(&["ticket:", &number.to_string()].concat(), 1)
        };
        let name = store.reserve(&[ticket], now).unwrap();
        store.settle(&name, 1, 0.0, now);
        if number % 1_000 == 0 {
            let state = serde_json::to_value(store.state()).unwrap();
            most = most.max(state["scopes"].as_array().unwrap().len());
        }
    }
    assert!(most <= 2_100, "{most} scopes at once");
}

#[test]
fn a_scope_matters_until_its_month_is_over_and_a_budget_for_good_always() {
    let mut store = MemoryStore::journaled();
    let until = |store: &mut MemoryStore| {
        let changes = serde_json::to_value(store.changes().unwrap()).unwrap();
        changes["until"][0].as_f64().unwrap()
    };
    let december = START + 300_000.0;
    store.reserve(&[part("client:a", 1)], START).unwrap();
    assert_eq!(until(&mut store), december);
    store.block("client:a", december + 1.0);
    assert_eq!(until(&mut store), december + 1.0);
    let total = Part {
        budget: Some(Budget {
            usd: 1.0,
            per: Per::Total,
        }),
        ..part("client:b", 1)
    };
    store.reserve(&[total], START).unwrap();
    assert_eq!(until(&mut store), f64::MAX);
}
