//! hfetch: Hugging Face inference from browsers and edge runtimes.
//!
//! The core is pure: it takes bytes, plain values and `now`, and does no I/O. Dependencies go in one direction:
//!
//! - [`wire`]: what crosses the network: requests, event streams, chunks, completions, embeddings, the model catalogue.
//! - [`policy`]: when a request may be sent, with which key, how often, and at what price.
//! - [`config`]: a client's options, checked once.
//! - [`call`]: one call as a state machine, from its checked arguments to its settlement.
//! - [`error`] and [`json`]: the error type and the JSON parser that all others use; they depend on [`text`] alone.
//! - [`field`]: reads objects that a person wrote: options, prices, a page's config block.
//!
//! The `js` module is the only code that knows JavaScript, and exists only in the wasm build.
//!
//! The package is compiled for size. What runs for each byte of a text or each event of an answer is compiled for speed instead, by the attribute
//! `optimize(speed)`, which only an unstable compiler takes: scripts/toolchain.mjs says which build has it.
#![cfg_attr(optimize_attribute, feature(optimize_attribute))]

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

// Types of the bindings hold secrets, so none of them has a Debug output.
#[cfg(target_arch = "wasm32")]
#[allow(missing_debug_implementations)]
mod js;
