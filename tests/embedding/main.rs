//! Embeddings: answers in every documented shape, and requests on their way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod answer;
mod base64;
mod request;
mod rerank;
