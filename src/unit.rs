//! Times and money as types, where numbers come in from JavaScript as well as everywhere behind that.
//!
//! The core takes two clocks. The wall clock says which month it is and may be set, by a second or by years; a clock that
//! only passes says how long something took. Both count milliseconds, and so does every length of time, and none of them may
//! stand for another: the end of a month on the clock that only passes is no time at all. So each of them is a type, and the
//! compiler refuses what makes no sense. The difference of two points on one clock is a length, a point and a length make another
//! point on the same clock, and nothing else is a sum. From one clock to the other leads only `policy::clock`.
//! US dollars are a type because prices are numbers too: those are dollars for a million tokens, and remain what their names say.
//!
//! ```
//! use hfetch::unit::{Millis, SteadyTime, WallTime};
//!
//! let began = SteadyTime(2_000.0);
//! let until = began + Millis(500.0);
//! assert_eq!(until - began, Millis(500.0));
//! assert!(until < SteadyTime(2_501.0));
//! // The end of a rest on the wall, where a caller can read it.
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
//! Each is one number, public as it is, with no more room or code than a number takes. Sums of money that must not be off by
//! anything are made in integers: `Money` of `policy::budget`.

use std::iter::Sum;
use std::ops::{Add, Mul, Sub};

use serde::{Serialize, Serializer};

/// A number with a unit: how numbers are compared and bounded is what they bring along.
macro_rules! unit {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
        #[repr(transparent)]
        pub struct $name(pub f64);

        impl $name {
            /// None at all; of times, the start of their clock.
            pub const ZERO: $name = $name(0.0);

            /// More than any other: of times, one that never comes.
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

            /// Whether it is a number, and not infinite.
            #[inline]
            pub fn is_finite(self) -> bool {
                self.0.is_finite()
            }
        }

        /// As the number that it is.
        impl Serialize for $name {
            #[inline]
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_f64(self.0)
            }
        }
    };
}

/// A point on a clock, which a length leads to another point on the same clock.
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

/// An amount of something, of which there may be more.
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
    /// A point on the wall clock, in ms since the epoch: months, hours of a budget, and what callers are told.
    WallTime
}

time! {
    /// A point on a clock that only passes, in ms from a start of its own: windows, rests and waits.
    SteadyTime
}

amount! {
    /// A length of time in ms.
    Millis
}

amount! {
    /// US dollars.
    Usd
}

impl Millis {
    /// Whole milliseconds, rounded up: a timer that is a fraction early would find that the time has not come.
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
