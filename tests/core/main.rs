//! Tests of the core on the host. Modules are named after the layers in src/; others check the sources as a whole.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)] // a test may panic

mod call;
mod config;
mod corpus;
mod json;
mod layers;
mod policy;
mod processor;
#[path = "../fuzz/property/mod.rs"]
mod property;
mod reader;
mod route;
mod secret;
mod security;
mod simulation;
mod storage;
mod wire;
