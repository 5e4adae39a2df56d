//! The units in which the core's numbers are: names for what would otherwise be said of each number in a comment.
//!
//! They are names and no types of their own, since every one of these numbers comes from JavaScript or goes there as it is. Sums of
//! money are made in integers: `Money` of the budget.

/// A length of time in milliseconds.
pub type Millis = f64;

/// A point in time in milliseconds: since the epoch on the wall clock, or on a clock that only passes.
pub type Time = f64;

/// US dollars.
pub type Usd = f64;
