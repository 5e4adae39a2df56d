//! Embeddings: answers in every documented shape, and requests on their way.

mod answer;
mod base64;
mod request;
mod rerank;
