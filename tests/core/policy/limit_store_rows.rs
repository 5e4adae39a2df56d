//! A store that is written as rows and restored from them answers like one that was never unloaded.

use std::collections::BTreeMap;

use crate::storage::{state_of, stored, written};
use hfetch::policy::budget::{Budget, Per};
use hfetch::policy::limit_store::{LOST_AFTER, MemoryStore, Part};
use hfetch::policy::rate_limit::Limits;
use hfetch::unit::{Millis, Usd, WallTime};
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
    scopes: BTreeMap<String, Value>,
    buckets: BTreeMap<(String, u64), (u64, u64)>,
    open: BTreeMap<u64, Value>,
    lost: BTreeMap<u64, Value>,
}

impl Rows {
    fn write(&mut self, store: &mut MemoryStore) {
        let Some(mut changes) = store.changes() else {
            return;
        };
        let changes = written(&mut changes);
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
            self.scopes.insert(name.to_string(), row.clone());
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
        for (name, row) in &self.scopes {
            let mut row = row.clone();
            let buckets = self.buckets.iter().filter(|row| row.0.0 == *name);
            row[1]["settled"] = buckets
                .map(|(key, counts)| json!([key.1, counts.0, counts.1]))
                .collect();
            store.adopt(&stored(&row)).unwrap();
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
        usd: Usd(tokens as f64 / 100.0),
        limits: Limits {
            requests_per_minute: Some(4.0),
            tokens_per_minute: Some(150.0),
            requests_per_month: Some(25.0),
            max_concurrent: Some(3.0),
        },
        budget: (scope == "gateway").then_some(Budget {
            usd: Usd(2.0),
            per: Per::Hour,
        }),
    }
}

/// All that a store counts at a time: its state, once every scope has been looked at. Two stores may have been looked at last when
/// months and minutes were others, of which something is known then that never matters again. A refusal may take a limiter's next
/// number, which is not written.
fn counted(mut store: MemoryStore, now: f64) -> Value {
    let unlimited = |scope: &str| Part {
        limits: Limits::default(),
        budget: Some(Budget {
            usd: Usd(1e6),
            per: Per::Hour,
        }),
        ..part(scope, 0)
    };
    store.reserve(&SCOPES.map(unlimited), WallTime(now)).ok();
    let mut state = state_of(&store);
    for scope in state["scopes"].as_array_mut().unwrap() {
        for (of, known) in [(1, "left"), (1, "monthLeft"), (2, "left")] {
            scope[of].as_object_mut().unwrap().remove(known);
        }
        scope[1]["lastReservation"] = json!(null);
        for open in scope[1]["open"].as_array_mut().unwrap() {
            open[0] = json!(null);
        }
    }
    for name in ["open", "lost"] {
        for reservation in state[name].as_array_mut().unwrap() {
            for hold in reservation[2].as_array_mut().unwrap() {
                hold[1] = json!(null);
            }
        }
    }
    state
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
                    let answer = whole.reserve(&parts, WallTime(now));
                    prop_assert_eq!(&written.reserve(&parts, WallTime(now)), &answer);
                    names.extend(answer.ok());
                }
                Step::Settle { which, tokens } if which < names.len() => {
                    let name = &names[names.len() - 1 - which];
                    for store in [&mut whole, &mut written] {
                        store.settle(name, tokens, Usd(tokens as f64 / 100.0), WallTime(now));
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
                        store.renew(name, WallTime(now));
                    }
                }
                Step::Settle { .. } | Step::Release(_) | Step::Renew(_) => {}
                Step::Block { scope, ms } => {
                    for store in [&mut whole, &mut written] {
                        store.block(SCOPES[scope], WallTime(now + f64::from(ms)));
                    }
                }
                Step::Wait(ms) => now += f64::from(ms),
                Step::Restart => written = rows.read(),
            }
            rows.write(&mut written);
            prop_assert_eq!(written.next_loss().is_some(), written.next_loss().is_some_and(|at| at <= WallTime(now + LOST_AFTER.0)));
            let (mut read, mut kept) = (rows.read(), whole.clone());
            for scope in SCOPES {
                prop_assert_eq!(read.usage(scope, WallTime(now)), kept.usage(scope, WallTime(now)), "{}", scope);
            }
            prop_assert_eq!(counted(read, now), counted(kept, now));
            let mut again = MemoryStore::shared();
            let state = state_of(&whole);
            again.restore(&stored(&state)).unwrap();
            prop_assert_eq!(state_of(&again), state);
        }
    }
}

#[test]
fn what_did_not_change_is_not_written() {
    let mut store = MemoryStore::journaled();
    assert!(store.changes().is_none());
    let parts = [part("client:a", 1), part("client:b", 1)];
    let name = store.reserve(&parts, WallTime(START)).unwrap();
    let told = written(&mut store.changes().unwrap());
    let counts = |told: &Value| {
        let (state, scopes) = (&told["state"], &told["state"]["scopes"]);
        let times = &scopes[0][1]["settled"];
        [
            scopes,
            times,
            &state["open"],
            &state["lost"],
            &told["ended"],
        ]
        .map(|rows| rows.as_array().unwrap().len())
    };
    assert_eq!(counts(&told), [2, 0, 1, 0, 0]);
    assert!(
        store
            .reserve(&[part("client:a", 200)], WallTime(START))
            .is_err()
    );
    assert!(store.changes().is_none(), "a refusal changes nothing");
    store.settle(&name, 1, Usd(0.0), WallTime(START));
    let told = written(&mut store.changes().unwrap());
    assert_eq!(counts(&told), [2, 1, 0, 0, 1]);
    store.settle(&name, 1, Usd(0.0), WallTime(START));
    assert!(store.changes().is_none(), "it has ended already");
    assert!(MemoryStore::shared().changes().is_none());
}

#[test]
fn a_scope_matters_no_longer_than_somebody_comes_for_it() {
    let mut store = MemoryStore::journaled();
    let ends = START + 1_000.0;
    let ticket = Part {
        lasts: Some(WallTime(ends)),
        ..part("ticket:1", 1)
    };
    let name = store
        .reserve(&[ticket, part("client:a", 1)], WallTime(START))
        .unwrap();
    let changes = written(&mut store.changes().unwrap());
    let scopes = changes["state"]["scopes"].as_array().unwrap();
    let at = scopes.iter().position(|scope| scope[0] == "ticket:1");
    let at = at.unwrap();
    assert_eq!(changes["state"]["scopes"][at][3], ends);
    assert!(scopes[1 - at][3].as_f64().unwrap() > START + 200_000.0);
    // Read back, it is known of what only ends then.
    let row = stored(&scopes[at]);
    let mut read = MemoryStore::journaled();
    read.reserve(&[part("client:a", 1)], WallTime(START))
        .unwrap();
    read.adopt(&row).unwrap();
    read.block("ticket:1", WallTime(START + 500.0));
    let changes = written(&mut read.changes().unwrap());
    let mut scopes = changes["state"]["scopes"].as_array().unwrap().iter();
    assert!(scopes.any(|scope| scope[3] == ends));
    store.settle(&name, 1, Usd(0.0), WallTime(ends + 1.0));
    let changes = written(&mut store.changes().unwrap());
    assert_eq!(changes["state"]["scopes"][at][3], ends);
}

#[test]
fn of_a_million_tickets_those_are_kept_that_somebody_may_come_with() {
    let mut store = MemoryStore::shared();
    let (mut now, mut most) = (START, 0);
    for number in 0..100_000 {
        now += 10.0;
        let ticket = Part {
            lasts: Some(WallTime(now + 5_000.0)),
            ..part(&["ticket:", &number.to_string()].concat(), 1)
        };
        let name = store.reserve(&[ticket], WallTime(now)).unwrap();
        store.settle(&name, 1, Usd(0.0), WallTime(now));
        if number % 1_000 == 0 {
            let state = state_of(&store);
            most = most.max(state["scopes"].as_array().unwrap().len());
        }
    }
    assert!(most <= 2_100, "{most} scopes at once");
}

#[test]
fn a_scope_matters_until_its_month_is_over_and_a_budget_for_good_always() {
    let mut store = MemoryStore::journaled();
    let until = |store: &mut MemoryStore| {
        let changes = written(&mut store.changes().unwrap());
        changes["state"]["scopes"][0][3].as_f64().unwrap()
    };
    let december = START + 300_000.0;
    store
        .reserve(&[part("client:a", 1)], WallTime(START))
        .unwrap();
    assert_eq!(until(&mut store), december);
    store.block("client:a", WallTime(december + 1.0));
    assert_eq!(until(&mut store), december + 1.0);
    let total = Part {
        budget: Some(Budget {
            usd: Usd(1.0),
            per: Per::Total,
        }),
        ..part("client:b", 1)
    };
    store.reserve(&[total], WallTime(START)).unwrap();
    assert_eq!(until(&mut store), f64::MAX);
}

/// Stored by an older version: three reservations, of which the first has ended, and a pause.
const OLDER: &str = r#"{"now":1795305604000,"created":1795305600000,"lastReservation":3,"scopes":[
["budget:b",{"now":1795305604000,"left":-1,"monthStart":1793491200000,"requestsThisMonth":3,"blockedUntil":0,"lastReservation":3,"settled":[[1795305600000,1,20]],"open":[[2,1795305601000,0],[3,1795305604000,0]]},{"now":1795305604000,"spent":["250000000000","250000000000","250000000000","250000000000"],"held":"500000000000","lasting":false}],
["key",{"now":1795305604000,"left":-1,"monthStart":1793491200000,"requestsThisMonth":3,"blockedUntil":0,"lastReservation":3,"settled":[[1795305600000,1,20]],"open":[[2,1795305601000,30],[3,1795305604000,30]]},{"now":0,"spent":["0","0","0","0"],"held":"0","lasting":false}],
["key org/name",{"now":0,"left":-1,"monthStart":0,"requestsThisMonth":0,"blockedUntil":1795305660000,"lastReservation":0,"settled":[],"open":[]},{"now":0,"spent":["0","0","0","0"],"held":"0","lasting":false}]],
"open":[[2,1795305601000,[["key",2,30,null],["budget:b",2,0,"300000000000"]],1795305603000],[3,1795305604000,[["key",3,30,null],["budget:b",3,0,"200000000000"]],1795305604000]],"lost":[]}"#;

#[test]
fn what_an_older_version_stored_is_gone_on_with() {
    let older: Value = serde_json::from_str(OLDER).unwrap();
    let mut store = MemoryStore::shared();
    store.restore(&stored(&older)).unwrap();
    let now = 1_795_305_604_000.0;
    let counted = store.usage("key", WallTime(now));
    assert_eq!(
        (counted.requests_last_minute, counted.tokens_last_minute),
        (3.0, 80.0)
    );
    assert_eq!(
        store.next_loss(),
        Some(WallTime(now - 1_000.0) + LOST_AFTER)
    );
    let dear = Part {
        usd: Usd(0.3),
        budget: Some(Budget {
            usd: Usd(1.0),
            per: Per::Day,
        }),
        limits: Limits::default(),
        ..part("budget:b", 0)
    };
    let refused = store.reserve(std::slice::from_ref(&dear), WallTime(now));
    assert_eq!(refused.unwrap_err().spent_usd, Some(Usd(0.75)));
    store.settle("1795305600000-2", 5, Usd(0.125), WallTime(now));
    let counted = store.usage("key", WallTime(now));
    assert_eq!(counted.tokens_last_minute, 55.0);
    let refused = store.reserve(&[dear], WallTime(now));
    assert_eq!(
        refused.map_err(|refusal| refusal.scope),
        Ok("1795305600000-4".to_string())
    );
    let paused = Part {
        pause: Some("key org/name".to_string()),
        ..part("key", 0)
    };
    let refused = store.reserve(&[paused], WallTime(now)).unwrap_err();
    assert_eq!(refused.limit.retry_after, Millis(56_000.0));
}

#[test]
fn rows_apart_are_the_state_as_a_whole() {
    let older: Value = serde_json::from_str(OLDER).unwrap();
    let mut whole = MemoryStore::journaled();
    whole.restore(&stored(&older)).unwrap();
    // As an object stores them: nothing of what is open stands in the row of a scope, and beside it until when it matters.
    let mut head = older.clone();
    head["scopes"] = json!([]);
    let mut apart = MemoryStore::journaled();
    apart.restore(&stored(&head)).unwrap();
    let mut held: Vec<String> = apart
        .held_scopes()
        .iter()
        .map(|name| name.to_string())
        .collect();
    held.sort();
    assert_eq!(held, ["budget:b", "budget:b", "key", "key"]);
    for row in older["scopes"].as_array().unwrap() {
        let mut row = row.clone();
        row[1]["open"] = json!([]);
        row.as_array_mut().unwrap().push(json!(f64::MAX));
        apart.adopt(&stored(&row)).unwrap();
    }
    assert_eq!(state_of(&apart), state_of(&whole));
    let refused = apart.adopt(&stored(&json!(["key", {}, {}]))).unwrap_err();
    assert_eq!(refused.path.as_deref(), Some("state.scopes.now"));
    assert_eq!(state_of(&apart), state_of(&whole));
}
