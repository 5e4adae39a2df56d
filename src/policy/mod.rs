//! When, with which key, how often, at what price; every decision takes `now` as an argument.

pub mod budget;
pub mod calendar;
pub mod limit_store;
pub mod rate_limit;
mod state;
pub mod window;
