//! What crosses the network, bytes to meaning and back.

pub mod float;
