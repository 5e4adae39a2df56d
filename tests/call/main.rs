//! Calls as state machines: every rule by a table, and any sequence of events against a naive model.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod cancel;
mod keys;
mod limits;
mod pauses;
mod property;
mod retry;
mod settlement;
mod simulation;
mod split;
mod stores;

use simulation::World;
use simulation::scenario::{Plan, Reply, Scenario};

/// What a chat of a client with these options does when it is met so.
fn story<R: Into<Reply>>(options: &str, replies: impl IntoIterator<Item = R>) -> String {
    let plan = Plan::chat().met_by(replies);
    World::run(&Scenario::with(options).call(plan)).story(0)
}
