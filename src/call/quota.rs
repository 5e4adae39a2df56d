//! The amounts that are left of the limits that a call brought: a gateway reports them to its caller in headers.

use serde::Serialize;

use super::Call;
use crate::policy::clock::Now;
use crate::policy::limit_store::{MemoryStore, Part};
use crate::unit::Millis;

/// The state of one limit: `{scope, reason, limit, remaining, reset}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuotaRow {
    scope: String,
    reason: &'static str,
    limit: f64,
    remaining: f64,
    /// Until more is left.
    reset: Millis,
}

/// The state of the limits of some parts, as a store counts them.
pub fn rows(store: &mut MemoryStore, parts: &[Part], now: Now) -> Vec<QuotaRow> {
    let mut rows = Vec::new();
    for part in parts {
        for quota in store.quotas(&part.scope, now) {
            rows.push(QuotaRow {
                scope: part.scope.clone(),
                reason: quota.reason.name(),
                limit: quota.limit,
                remaining: quota.remaining,
                reset: quota.reset,
            });
        }
    }
    rows
}

impl Call {
    pub(super) fn note_quotas(&self, store: &mut MemoryStore, parts: &[Part], now: Now) {
        let rows = rows(store, parts, now);
        self.quotas.get(|known| *known = Some(rows));
    }

    /// The state of the limits that the call brought, where this client's memory counts them.
    pub fn quotas(&self) -> Option<Vec<QuotaRow>> {
        self.quotas.get(|quotas| quotas.clone())
    }
}
