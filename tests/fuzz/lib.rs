//! The code that the targets share with the host tests, which replay the corpus.

pub mod property;
#[path = "../core/reader.rs"]
pub mod reader;
#[path = "../core/simulation/mod.rs"]
pub mod simulation;
#[path = "../core/storage.rs"]
pub mod storage;
