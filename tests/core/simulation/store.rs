//! A limit store of the caller's: its counts are honest, and its answers come late, twice, with nonsense or not at all. It also
//! checks that each reservation ends once.

use crate::storage::state_of;
use std::collections::BTreeMap;

use hfetch::call::Effect;
use hfetch::policy::limit_store::{MemoryStore, Part, Refusal};
use hfetch::policy::rate_limit::{Reason, Refused};
use hfetch::unit::{Millis, WallTime};

use super::scenario::StoreAnswer;

#[derive(Debug)]
pub struct GivenStore {
    counters: MemoryStore,
    answers: Vec<StoreAnswer>,
    asked: usize,
    /// How many times each reservation that the client heard of has been ended.
    ends: BTreeMap<String, u32>,
}

impl GivenStore {
    pub fn new(answers: &[StoreAnswer]) -> Self {
        GivenStore {
            counters: MemoryStore::new(),
            answers: answers.to_vec(),
            asked: 0,
            ends: BTreeMap::new(),
        }
    }

    /// How the next question is answered.
    pub fn next_answer(&mut self) -> StoreAnswer {
        self.asked += 1;
        let scripted = self.answers.get(self.asked - 1);
        scripted.copied().unwrap_or(StoreAnswer::Honest)
    }

    pub fn reserve(
        &mut self,
        how: StoreAnswer,
        parts: &[Part],
        now: f64,
    ) -> Result<String, Refusal> {
        if how == StoreAnswer::Nonsense {
            return Err(Refusal {
                scope: "?".to_string(),
                limit: Refused::new(
                    Reason::Blocked,
                    Some(Millis(f64::INFINITY)),
                    Millis(f64::INFINITY),
                ),
                spent_usd: None,
                budget_usd: None,
            });
        }
        self.counters.reserve(parts, WallTime(now))
    }

    /// The client has heard of a reservation.
    pub fn heard(&mut self, reservation: &str) {
        self.ends.entry(reservation.to_string()).or_insert(0);
    }

    /// Takes a message of the client; `true` if something is free now.
    pub fn told(&mut self, effect: &Effect) -> bool {
        match effect {
            Effect::Settle {
                reservation,
                tokens,
                usd,
                now,
            } => {
                self.end(reservation);
                self.counters
                    .settle(reservation, *tokens as u64, *usd, *now);
                true
            }
            Effect::Release { reservation } => {
                self.end(reservation);
                self.counters.release(reservation);
                true
            }
            Effect::Block { scope, until } => {
                self.counters.block(scope, *until);
                false
            }
            Effect::Renew { reservation, now } => {
                self.counters.renew(reservation, *now);
                false
            }
            Effect::Wake { .. } => false,
        }
    }

    fn end(&mut self, reservation: &str) {
        let ends = self.ends.get_mut(reservation);
        *ends.expect("a reservation that was made") += 1;
    }

    /// Whether nothing is held any more.
    pub fn is_empty(&self) -> bool {
        let state = state_of(&self.counters);
        state["open"] == serde_json::json!([])
    }

    /// Every reservation that the client was told of has been ended exactly once.
    pub fn balance(&self) {
        let odd: Vec<_> = self.ends.iter().filter(|row| *row.1 != 1).collect();
        assert!(
            odd.is_empty(),
            "reservations and how often they were ended: {odd:?}"
        );
    }
}
