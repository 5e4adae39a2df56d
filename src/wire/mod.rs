//! Data that crosses the network: bytes become meaning, and meaning becomes bytes.

pub mod batch;
mod buffer;
pub mod chunk;
pub mod completion;
pub mod embedding;
pub mod failure;
pub mod fault;
pub mod float;
pub mod model;
pub mod request;
pub mod sse;
pub mod stream;
pub mod template;
pub mod usage;
pub mod whole;
