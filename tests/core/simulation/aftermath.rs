//! The rules that must hold when everything has ended.

use crate::storage::state_of;
use hfetch::call::account::Told;
use hfetch::call::failure::Cancelled;
use hfetch::call::settlement::End;
use hfetch::call::{Lost, NoKey, Step};
use hfetch::policy::clock::Now;
use hfetch::policy::ledger::Outcome;
use hfetch::policy::limit_store::{MemoryStore, Part};
use hfetch::unit::{Millis, SteadyTime};
use serde_json::{Value, json};

use super::heard::Heard;
use super::rules;
use super::scenario::{KeyAnswer, Reply, StoreAnswer};
use super::{PATIENCE, World};

/// A time at which no minute, no pause of the server's and no hour of a budget matters any more.
const MUCH_LATER: f64 = 7_200_000.0;

impl World {
    pub(super) fn check_end(&mut self) {
        let now = self.now();
        self.every_call_is_settled_once();
        self.nothing_follows_the_last_step();
        self.every_call_is_settled_once();
        assert_eq!(
            self.shared.line.len(SteadyTime(0.0)),
            0,
            "a request still waits"
        );
        let keys = self.shared.pool(|pool| pool.snapshot(now));
        if !self.judge.has_routes {
            assert_eq!(keys, self.judge.keys(now));
        }
        self.nothing_is_reserved();
        self.limits_are_free_again(Now {
            wall: now.wall + Millis(MUCH_LATER),
            steady: now.steady.map(|steady| steady + Millis(MUCH_LATER)),
        });
    }

    /// A call is in flight from its beginning to its end; a request for the catalogue never is.
    pub(super) fn count_in_flight(&self) {
        let flights = self.flights.iter().filter(|flight| !flight.closed);
        let calls = flights.filter_map(|flight| flight.call.as_ref());
        let count = calls.filter(|call| call.kind.is_some()).count();
        assert_eq!(self.shared.in_flight.get() as usize, count);
    }

    fn every_call_is_settled_once(&self) {
        let mut settlements = 0;
        for flight in self
            .flights
            .iter()
            .filter(|flight| flight.refused.is_none())
        {
            let call = flight.call.as_ref().expect("a call that has begun");
            assert!(flight.closed, "a call that never ended: {:?}", flight.story);
            assert_eq!(flight.settlement.is_some(), call.kind.is_some());
            assert!(
                flight.ended_at < flight.plan.at + PATIENCE || self.may_hang(),
                "{:?}",
                flight.story
            );
            settlements += usize::from(call.kind.is_some());
        }
        let requests = self.shared.spend(|spend| spend.snapshot().requests);
        assert_eq!(requests, settlements as f64);
        assert_eq!(self.judge.settled, settlements);
        self.count_in_flight();
    }

    /// Whether a store, a key function or a clock may keep a call from ending by itself.
    fn may_hang(&self) -> bool {
        let answers = self.scenario.store.iter().flatten();
        let is_misread = self.scenario.wall_alone || self.store.is_some();
        let is_late = |answer: &StoreAnswer| *answer == StoreAnswer::Hangs;
        let hangs = |answer: &KeyAnswer| matches!(answer, KeyAnswer::Hangs);
        answers.into_iter().any(is_late)
            || self.scenario.key_function.iter().any(hangs)
            || (is_misread && !self.scenario.jumps.is_empty())
    }

    fn nothing_is_reserved(&self) {
        if let Some(store) = &self.store {
            store.balance();
        }
        let state = self.shared.memory(|store| state_of(store));
        let Some(state) = state else { return };
        assert_eq!(state["open"], json!([]), "reservations are left");
        for scope in state["scopes"].as_array().expect("scopes") {
            assert_eq!(scope[2]["held"], Value::from("0"), "money is held: {scope}");
        }
    }

    /// A request that has ended accepts no event and does nothing.
    fn nothing_follows_the_last_step(&mut self) {
        let now = self.now();
        let late = [
            Heard::Begin,
            Heard::Prices,
            Heard::Key("hf_late".to_string()),
            Heard::NoKey(NoKey::Failed),
            Heard::StoreFailed,
            Heard::Woken,
            Heard::Head(Reply::from(200)),
            Heard::Head(Reply::from(500)),
            Heard::Lost(Lost::Connection("TypeError")),
            Heard::Lost(Lost::TimedOut),
            Heard::ErrorBody(""),
            Heard::Cancelled(Cancelled::Aborted),
        ];
        for flight in &self.flights {
            let Some(call) = &flight.call else { continue };
            for index in 0..=call.requests.len() {
                for heard in &late {
                    let step = call.handle(index, heard.event(), now, 0.5);
                    assert!(matches!(step, Step::Nothing), "{heard:?}: {step:?}");
                }
                let told = Told {
                    prompt: Some(1.0),
                    completion: Some(1.0),
                    ..Told::default()
                };
                call.took(index, told, None, now);
                call.delivered(index, 1, now);
            }
            let end = End {
                outcome: Outcome::Error,
                finish_reason: None,
                first_token_at: None,
            };
            assert_eq!(call.close(&end, now), flight.settlement);
            assert_eq!(call.take_effects(), [], "{:?}", flight.story);
        }
    }

    /// Limits that have forgotten everything let as much through as new ones.
    fn limits_are_free_again(&self, now: Now) {
        let Some(flight) = self.flights.iter().find(|flight| flight.call.is_some()) else {
            return;
        };
        let Some(call) = flight.call.as_ref().filter(|call| call.kind.is_some()) else {
            return;
        };
        let mut parts = rules::parts(&self.shared, call, 0, 0, &[]);
        parts.retain(|part| part.budget.is_none());
        for part in &mut parts {
            part.limits.requests_per_month = None;
        }
        let used = self.shared.memory(|store| room(store.clone(), &parts, now));
        if let Some(used) = used {
            assert_eq!(used, room(MemoryStore::new(), &parts, now));
        }
    }
}

/// How many requests a store lets through at the same time, up to a maximum.
fn room(mut store: MemoryStore, parts: &[Part], now: Now) -> usize {
    (0..5)
        .take_while(|_| store.reserve(parts, now).is_ok())
        .count()
}
