//! A client's state as plain data.

use serde::Serialize;

use super::shared::Shared;
use super::{now, steady};
use crate::policy::key_pool::KeySnapshot;
use crate::policy::ledger::SpendSnapshot;

/// `ClientSnapshot`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    keys: Vec<KeySnapshot>,
    spend: SpendSnapshot,
    in_flight: u32,
    queued: u32,
}

/// What a client looks like now.
pub fn of(shared: &Shared) -> Snapshot {
    let queued = u32::try_from(shared.line.len(steady())).unwrap_or(u32::MAX);
    Snapshot {
        keys: shared.pool(|pool| pool.snapshot(now())),
        spend: shared.spend(|spend| spend.snapshot()),
        in_flight: shared.in_flight.get().saturating_sub(queued),
        queued,
    }
}
