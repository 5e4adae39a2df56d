//! What crosses the network, bytes to meaning and back.

pub mod failure;
pub mod request;
pub mod float;
pub mod batch;
pub mod chunk;
pub mod completion;
pub mod sse;
pub mod stream;
pub mod template;
pub mod embedding;
pub mod model;
