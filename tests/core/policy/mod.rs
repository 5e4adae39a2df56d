//! When a request may be sent, with which key, how often it is tried and what it costs: the rules one by one, and random sequences
//! against naive models.

mod clock;
mod cost;
mod key_pool;
mod ledger;
mod limit_store;
mod limit_store_oracle;
mod limit_store_rows;
mod rate_limit;
mod rate_limit_oracle;
mod retry;
mod token;
