//! Calls as state machines: every rule by a table, and any sequence of events against a naive model.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod property;
mod retry;
mod simulation;
