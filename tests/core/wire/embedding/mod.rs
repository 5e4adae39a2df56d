//! Embeddings: answers in every documented form, and the requests.

mod answer;
mod base64;
mod request;
mod rerank;

use hfetch::wire::embedding::request::Endpoint;
use hfetch::wire::request::{Caps, Defaults};

/// The settings that a client adds to every request.
const DEFAULTS: Defaults<'static> = Defaults {
    id: "huggingface",
    model: Some("org/default"),
    needs_usage: false,
    max_tokens: None,
    renames: false,
    caps: Caps::NONE,
};
const ROUTER: Endpoint<'_> = Endpoint {
    base_url: "https://router.huggingface.co/v1",
    is_router: true,
    address: None,
};
