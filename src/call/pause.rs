//! Pauses that servers ask for: until a pause is over, nothing is sent with that key, or with that key to that model.

use super::head::Head;
use super::{Call, Effect};
use crate::policy::clock::Now;
use crate::policy::retry;
use crate::unit::Millis;

impl Call {
    /// Blocks a key for as long as a response asks: for the call's model, or for all models where the rate limit is the key's.
    /// A request to the catalogue blocks nothing.
    pub(super) fn rest(&self, index: usize, key: usize, head: &Head, now: Now) {
        if self.kind.is_none() {
            return;
        }
        let header = |name: &str| head.get(name);
        // With several candidates, the spent rate limit of one provider blocks only that provider's candidate.
        let status = match self.candidate_count() {
            1 => head.status,
            _ => 200,
        };
        let of_key = retry::key_rest_time(status, &header, now.wall);
        if let Some(rest) = of_key {
            self.block(self.shared.scope(key), rest, now);
        }
        let of_model = retry::rest_time(head.status, &header, now.wall);
        if let Some(rest) = of_model.filter(|rest| of_key.is_none_or(|of_key| of_key < *rest)) {
            self.block(self.pause_scope(index, key), rest, now);
        }
    }

    fn block(&self, scope: String, rest: Millis, now: Now) {
        let until = now.wall + rest;
        let blocked = self.shared.memory(|store| {
            store.expire(now);
            store.block(&scope, until);
        });
        if blocked.is_none() {
            self.effect(Effect::Block { scope, until });
        }
    }
}
