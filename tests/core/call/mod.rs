//! Calls as state machines: each rule in a table, and random sequences of events against a naive model.

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

/// The story of a chat by a client with these options, whose server replies like this.
fn story<R: Into<Reply>>(options: &str, replies: impl IntoIterator<Item = R>) -> String {
    let plan = Plan::chat().met_by(replies);
    World::run(&Scenario::with(options).call(plan)).story(0)
}
