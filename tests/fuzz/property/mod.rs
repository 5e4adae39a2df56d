//! Properties that must hold for any input: one property for each place at which bytes or foreign data come in.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

pub mod call;
pub mod config;
pub mod embedding;
pub mod failure;
pub mod float;
pub mod framing;
pub mod header;
pub mod limiter;
pub mod request;
pub mod template;

/// Splits an input at its first line feed: how to run it, and the data.
fn head(data: &[u8]) -> (&[u8], &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n');
    at.map_or((&[], data), |at| (&data[..at], &data[at + 1..]))
}

/// `body` in pieces of these sizes, which are repeated.
fn pieces<'b>(body: &'b [u8], sizes: &[u8]) -> Vec<&'b [u8]> {
    let mut sizes = sizes.iter().map(|size| *size as usize % 40 + 1).cycle();
    let (mut rest, mut pieces) = (body, Vec::new());
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(rest.len()).min(rest.len());
        let (piece, more) = rest.split_at(size);
        pieces.push(piece);
        rest = more;
    }
    pieces
}

/// Whether serde_json can read the text: its stack is shorter than the core's.
fn shallow(text: &[u8]) -> bool {
    let opened = text.iter().filter(|byte| matches!(byte, b'[' | b'{'));
    opened.count() < 120
}
