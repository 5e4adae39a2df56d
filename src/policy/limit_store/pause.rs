//! Blocks: nothing is let through for a while, whatever the limits say.

use super::{MemoryStore, Part, Refusal, Scope, find};
use crate::policy::clock::Now;
use crate::unit::WallTime;

/// The most scopes that are blocked without having counts: these are pauses for a key and a model. Callers choose model names, so
/// beyond this number further pauses are not remembered; otherwise one caller could displace the pauses of others. The cost is one
/// request to a paused model.
const MOST_PAUSES: usize = 1_000;

impl MemoryStore {
    /// Lets nothing through for a scope before `until`, on the wall clock of the last reading.
    pub fn block(&mut self, scope: &str, until: WallTime) {
        let until = self.clock.to_steady(until);
        if find(&mut self.scopes, scope).is_none() && self.has_many_pauses() {
            return;
        }
        if let Some(scope) = self.scope(scope) {
            scope.limiter.block(until);
        }
        if let Some(journal) = &mut self.journal {
            journal.note_scope(scope, None);
        }
    }

    fn has_many_pauses(&self) -> bool {
        let steady = self.clock.steady();
        let is_pause = |scope: &&Scope| scope.limiter.is_pause(steady);
        self.scopes.iter().filter(is_pause).count() >= MOST_PAUSES
    }

    /// The refusal of a part's pause, if it has one.
    pub(super) fn paused(&mut self, part: &Part, now: Now) -> Option<Refusal> {
        let scope = find(&mut self.scopes, part.pause.as_deref()?)?;
        Some(part.refused(scope.limiter.blocked(now)?))
    }
}
