//! Types for times and money, so that the compiler refuses to mix them up.
//!
//! The core reads two clocks. The wall clock tells the date, and its owner may set it forward or back at any moment. The steady clock
//! only measures how much time has passed, and nobody can set it. Both count milliseconds, as do all lengths of time, but a point on
//! one clock means nothing on the other. Therefore points on each clock and lengths are types of their own: the difference of two
//! points on one clock is a length, and a point plus or minus a length is another point on the same clock. Only `policy::clock`
//! converts from one clock to the other.
//! US dollars are a type too. Prices stay plain numbers, because they are dollars per million tokens and not amounts.
//!
//! ```
//! use hfetch::unit::{Millis, SteadyTime, WallTime};
//!
//! let began = SteadyTime(2_000.0);
//! let until = began + Millis(500.0);
//! assert_eq!(until - began, Millis(500.0));
//! assert!(until < SteadyTime(2_501.0));
//! // The end of a pause on the wall clock, as the caller is told it.
//! let on_the_wall = WallTime(1_795_305_600_000.0) + (until - began);
//! assert_eq!(on_the_wall.0, 1_795_305_600_500.0);
//! ```
//!
//! A point on one clock is no point on the other:
//!
//! ```compile_fail
//! use hfetch::unit::{SteadyTime, WallTime};
//!
//! let wait = WallTime(1_795_305_600_000.0) - SteadyTime(2_000.0);
//! ```
//!
//! Each type holds one public number and needs no more memory or code than that number. Sums of money that must be exact are
//! computed in integers: see `Money` in `policy::budget`.

use std::iter::Sum;
use std::ops::{Add, Mul, Sub};

use serde::{Serialize, Serializer};

/// Defines a number with a unit, with what every such number has: comparison, `min`, `max` and a plain number as its JSON.
macro_rules! unit {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
        #[repr(transparent)]
        pub struct $name(pub f64);

        impl $name {
            /// Zero. For a time, this is the start of its clock.
            pub const ZERO: $name = $name(0.0);

            /// Larger than every other value. For a time, this is a point that never comes.
            pub const INFINITY: $name = $name(f64::INFINITY);

            /// The larger of two.
            #[inline]
            #[must_use]
            pub fn max(self, other: $name) -> $name {
                $name(self.0.max(other.0))
            }

            /// The smaller of two.
            #[inline]
            #[must_use]
            pub fn min(self, other: $name) -> $name {
                $name(self.0.min(other.0))
            }

            /// Whether the number is neither infinite nor NaN.
            #[inline]
            pub fn is_finite(self) -> bool {
                self.0.is_finite()
            }
        }

        /// Writes the plain number.
        impl Serialize for $name {
            #[inline]
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_f64(self.0)
            }
        }
    };
}

/// Defines a point on a clock. A point plus or minus a length is another point on the same clock.
macro_rules! time {
    ($(#[$doc:meta])* $name:ident) => {
        unit!($(#[$doc])* $name);

        impl Add<Millis> for $name {
            type Output = $name;

            #[inline]
            fn add(self, length: Millis) -> $name {
                $name(self.0 + length.0)
            }
        }

        impl Sub<Millis> for $name {
            type Output = $name;

            #[inline]
            fn sub(self, length: Millis) -> $name {
                $name(self.0 - length.0)
            }
        }

        impl Sub for $name {
            type Output = Millis;

            #[inline]
            fn sub(self, earlier: $name) -> Millis {
                Millis(self.0 - earlier.0)
            }
        }
    };
}

/// Defines an amount, which can be added to others and multiplied.
macro_rules! amount {
    ($(#[$doc:meta])* $name:ident) => {
        unit!($(#[$doc])* $name);

        impl Add for $name {
            type Output = $name;

            #[inline]
            fn add(self, other: $name) -> $name {
                $name(self.0 + other.0)
            }
        }

        impl Mul<f64> for $name {
            type Output = $name;

            #[inline]
            fn mul(self, times: f64) -> $name {
                $name(self.0 * times)
            }
        }
    };
}

time! {
    /// A point on the wall clock, in milliseconds since 1970. It decides which month or hour a budget counts, and is what callers see.
    WallTime
}

time! {
    /// A point on the steady clock, in milliseconds since that clock's own start. Limits, pauses and waiting times are measured on it.
    SteadyTime
}

amount! {
    /// A length of time in milliseconds.
    Millis
}

amount! {
    /// US dollars.
    Usd
}

impl Millis {
    /// Rounded up to whole milliseconds: a timer that fires a fraction early would find that the time has not come yet.
    #[inline]
    #[must_use]
    pub fn ceil(self) -> Millis {
        Millis(self.0.ceil())
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Usd>>(amounts: I) -> Usd {
        Usd(amounts.map(|usd| usd.0).sum())
    }
}
