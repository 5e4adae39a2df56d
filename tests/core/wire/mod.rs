//! Data that crosses the network: bytes to meaning and back.

mod account;
mod chunk;
mod completion;
mod embedding;
mod end;
mod failure;
mod float;
mod fold;
mod late;
mod model;
mod order;
mod request;
mod sse;
mod stream;
mod tail;
mod template;
mod text_completion;
