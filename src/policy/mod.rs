//! When a request may be sent, with which key, how often it is tried, and what it costs. Every decision takes `now` as an argument.

pub mod budget;
pub mod calendar;
pub mod clock;
pub mod cost;
pub mod http_date;
pub mod key_pool;
pub mod ledger;
pub mod limit_store;
pub mod period;
pub mod rate_limit;
pub mod reservation;
pub mod rest;
pub mod retry;
pub mod row;
pub mod sticky;
pub mod time_limit;
pub mod token;
pub mod waiting;
pub mod window;
