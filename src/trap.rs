//! Traps on purpose, in builds with the feature "traps" alone: what they leave behind is what the tests look at.

/// Where a trap can be had.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// A call is made.
    Open = 1,
    /// Its driver begins.
    Send,
    /// It has a place in the line.
    Line,
    /// Its request is let through.
    Admitted,
    /// Its request has gone out.
    Sent,
    /// There are response headers.
    Headers,
    /// Its error is made.
    Failing,
    /// A network chunk is decoded.
    Decode,
    /// What a stream delivered is put together.
    Fold,
    /// Embeddings are decoded.
    Rows,
    /// What a request used is booked.
    Book,
    /// The settlement is made.
    Settle,
    /// The limits' state is in use.
    Limits,
    /// The keys' state is in use.
    Keys,
    /// The sum of the settlements is in use.
    Spend,
    /// The line is in use.
    Waiting,
    /// Live prices are fetched.
    Prices,
    /// A limiter or a store without a client is asked.
    Limiter,
}

#[cfg(not(feature = "traps"))]
/// Nothing.
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

    /// Traps when `place` is met for the n-th time from now on; 0: never.
    pub fn at(place: u32, times: u32) {
        NEXT.set((place, times));
    }

    /// A trap, if it is due here.
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
