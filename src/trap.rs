//! Deliberate traps, only in builds with the feature "traps". Tests use them to examine what a trap leaves behind.

/// The places at which a trap can be triggered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// A call is being made.
    Open = 1,
    /// The call's driver begins.
    Send,
    /// The call has a place in line.
    Line,
    /// The limits have let a request through.
    Admitted,
    /// A request has been sent.
    Sent,
    /// The response headers have arrived.
    Headers,
    /// An error is being made.
    Failing,
    /// A network chunk is being decoded.
    Decode,
    /// A stream's completion is being put together.
    Fold,
    /// Embeddings are being decoded.
    Rows,
    /// A request's usage is being booked.
    Book,
    /// The settlement is being made.
    Settle,
    /// The state of the limits is in use.
    Limits,
    /// The state of the keys is in use.
    Keys,
    /// The sum of the settlements is in use.
    Spend,
    /// The line is in use.
    Waiting,
    /// Live prices are being fetched.
    Prices,
    /// A limiter or a store without a client is being asked.
    Limiter,
}

#[cfg(not(feature = "traps"))]
/// Does nothing in builds without the feature.
#[inline(always)]
pub fn here(_: Place) {}

#[cfg(feature = "traps")]
pub use on_purpose::{at, here};

#[cfg(feature = "traps")]
mod on_purpose {
    use std::cell::Cell;

    use super::Place;

    thread_local! {
        static NEXT: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
    }

    /// Traps when `place` is reached for the n-th time from now on; 0 means never.
    pub fn at(place: u32, times: u32) {
        NEXT.set((place, times));
    }

    /// Traps if a trap is set for this place.
    pub fn here(place: Place) {
        let (next, times) = NEXT.get();
        if next != place as u32 || times == 0 {
            return;
        }
        NEXT.set((next, times - 1));
        if times == 1 {
            std::process::abort();
        }
    }
}
