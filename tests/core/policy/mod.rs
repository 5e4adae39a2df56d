//! When, with which key, how often, at what price: the rules one by one, and any sequence of them against naive models.

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
