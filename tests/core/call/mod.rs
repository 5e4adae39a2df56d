//! Calls as state machines: every rule by a table, and any sequence of events against a naive model.

mod booked;
mod cancel;
mod keys;
mod limits;
mod meter;
mod passage;
mod pauses;
mod property;
mod retry;
mod settlement;
mod split;
mod stores;

use crate::simulation::World;
use crate::simulation::scenario::{Plan, Reply, Scenario};

/// What a chat of a client with these options does when it is met so.
fn story<R: Into<Reply>>(options: &str, replies: impl IntoIterator<Item = R>) -> String {
    let plan = Plan::chat().met_by(replies);
    World::run(&Scenario::with(options).call(plan)).story(0)
}
