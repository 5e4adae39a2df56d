//! hfetch: Hugging Face inference from browsers and edge runtimes.
//!
//! Layers with dependencies one way. The pure core takes bytes, plain values and `now`, and does no I/O:
//!
//! - [`wire`]: what crosses the network: requests, event streams, chunks, completions, embeddings, the model catalogue.
//! - [`policy`]: when, with which key, how often, at what price.
//! - [`config`]: what a caller may say, checked once.
//! - [`call`]: one call as a state machine, from its checked arguments to its settlement.
//! - [`error`] and [`json`]: what both sides speak; they depend on nothing here but [`text`].
//! - [`field`]: how an object that a person wrote is read: options, prices, a page's block.
//!
//! The `js` module is the only code that knows JavaScript, and exists only in the wasm build.

#[forbid(unsafe_code)]
pub mod call;
#[forbid(unsafe_code)]
pub mod config;
#[forbid(unsafe_code)]
pub mod error;
#[forbid(unsafe_code)]
pub mod field;
#[forbid(unsafe_code)]
pub mod held;
#[forbid(unsafe_code)]
pub mod json;
#[forbid(unsafe_code)]
pub mod policy;

#[forbid(unsafe_code)]
pub mod spelling;
#[forbid(unsafe_code)]
pub mod text;
#[forbid(unsafe_code)]
pub mod trap;
#[forbid(unsafe_code)]
pub mod unit;
#[forbid(unsafe_code)]
pub mod wire;

// Its types hold secrets, which no Debug output should.
#[cfg(target_arch = "wasm32")]
#[allow(missing_debug_implementations)]
mod js;
