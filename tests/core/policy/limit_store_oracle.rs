//! Random interleavings of reservations over several scopes and a budget, compared with a list of everything that was ever
//! reserved.

use super::limit_store::{START, part};
use crate::storage::{state_of, stored};
use hfetch::policy::budget::{Budget, Per};
use hfetch::policy::limit_store::{MemoryStore, Part};
use hfetch::policy::rate_limit::{Limits, Reason};
use hfetch::unit::{Usd, WallTime};
use proptest::prelude::*;

const MINUTE: f64 = 60_000.0;
const HOUR: f64 = 60.0 * MINUTE;

#[derive(Clone, Debug)]
enum Step {
    Reserve { keys: Vec<usize>, cents: u32 },
    Settle { which: usize, share: u32 },
    Release(usize),
    Wait(u32),
    Store,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (prop::collection::vec(0usize..3, 1..4), 0u32..60).prop_map(|(keys, cents)| Step::Reserve { keys, cents }),
        3 => (0usize..8, 0u32..=100).prop_map(|(which, share)| Step::Settle { which, share }),
        1 => (0usize..8).prop_map(Step::Release),
        2 => (0u32..1_500_000).prop_map(Step::Wait),
        1 => Just(Step::Store),
    ];
    prop::collection::vec(step, 0..80)
}

/// A reservation as the oracle remembers it.
struct Booked {
    id: String,
    at: f64,
    scopes: Vec<String>,
    held: u32,
    open: bool,
    released: bool,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_budget_is_overspent_and_no_hold_leaks(steps in steps(), hourly in any::<bool>()) {
        let budget = Budget { usd: Usd(1.0), per: if hourly { Per::Hour } else { Per::Total } };
        let limits = Limits { requests_per_minute: Some(3.0), max_concurrent: Some(2.0), ..Limits::default() };
        let mut store = MemoryStore::new();
        let mut booked: Vec<Booked> = Vec::new();
        // Settled money in cents, with the window in which it began and the one in which it ended.
        let mut spent: Vec<(f64, f64, f64)> = Vec::new();
        let mut now = START;
        let window = |at: f64| if hourly { (at / HOUR).floor() } else { 0.0 };
        for step in steps {
            match step {
                Step::Reserve { keys, cents } => {
                    let scopes: Vec<String> = keys.iter().map(usize::to_string).collect();
                    let mut parts: Vec<Part> = scopes.iter().map(|scope| part(scope, limits)).collect();
                    parts.push(Part { usd: Usd(f64::from(cents) / 100.0), budget: Some(budget), ..part("budget", Limits::default()) });
                    let fits = scopes.iter().all(|scope| {
                        let mine = scopes.iter().filter(|other| *other == scope).count();
                        let of = |entry: &&Booked| !entry.released && entry.scopes.contains(scope);
                        let weight = |entry: &Booked| entry.scopes.iter().filter(|other| *other == scope).count();
                        let minute: usize = booked.iter().filter(of).filter(|entry| entry.at + MINUTE > now).map(weight).sum();
                        let open: usize = booked.iter().filter(of).filter(|entry| entry.open).map(weight).sum();
                        minute + mine <= 3 && open + mine <= 2
                    });
                    let held: u32 = booked.iter().filter(|entry| entry.open).map(|entry| entry.held).sum();
                    let ended: f64 = spent.iter().filter(|row| row.1 == window(now)).map(|row| row.2).sum();
                    let affordable = f64::from(held + cents) + ended <= 100.0 + 1e-9;
                    let answer = store.reserve(&parts, WallTime(now));
                    prop_assert_eq!(answer.is_ok(), fits && affordable, "{:?}", answer);
                    match answer {
                        Ok(id) => booked.push(Booked { id, at: now, scopes, held: cents, open: true, released: false }),
                        Err(refused) => prop_assert_eq!(refused.limit.reason == Reason::Budget, !affordable),
                    }
                }
                Step::Settle { which, share } => {
                    let open: Vec<usize> = (0..booked.len()).filter(|index| booked[*index].open).collect();
                    if open.is_empty() { continue; }
                    let entry = &mut booked[open[which % open.len()]];
                    entry.open = false;
                    let cents = f64::from(entry.held) * f64::from(share) / 100.0;
                    store.settle(&entry.id, 0, Usd(cents / 100.0), WallTime(now));
                    spent.push((window(entry.at), window(now), cents));
                }
                Step::Release(which) => {
                    let open: Vec<usize> = (0..booked.len()).filter(|index| booked[*index].open).collect();
                    if open.is_empty() { continue; }
                    let entry = &mut booked[open[which % open.len()]];
                    (entry.open, entry.released) = (false, true);
                    store.release(&entry.id);
                }
                Step::Wait(ms) => now += f64::from(ms),
                Step::Store => {
                    let mut other = MemoryStore::new();
                    other.restore(&stored(&state_of(&store))).unwrap();
                    store = other;
                }
            }
        }
        for row in &spent {
            let began: f64 = spent.iter().filter(|other| other.0 == row.0).map(|other| other.2).sum();
            let ended: f64 = spent.iter().filter(|other| other.1 == row.1).map(|other| other.2).sum();
            prop_assert!(began <= 100.0 + 1e-9 && ended <= 100.0 + 1e-9);
        }
        for entry in booked.iter().filter(|entry| entry.open) {
            store.release(&entry.id);
        }
        let all: Vec<Part> = ["0", "1", "2"].iter().map(|scope| part(scope, limits)).collect();
        prop_assert!(store.reserve(&all, WallTime(now + MINUTE)).is_ok());
    }
}
