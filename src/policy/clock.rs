//! Two clocks: a steady one, for windows and rests, and the wall clock, for months and budgets.
//!
//! A wall clock may be set, by a second or by years. If the host has a second clock that can't be set (`performance.now`), that
//! clock measures what passes. Otherwise the wall clock does: a step forward is taken as passed time. After a step backward no time
//! has passed, and the clock is followed from its new reading. A second clock is read with the same rules, since in Workers it is
//! the host's wall clock.

use super::calendar::LAST_TIME;
use super::row::Columns;
use crate::unit::{Millis, SteadyTime, WallTime};

/// How far a clock may stand behind what was seen before it is taken for set back. Less is the difference between
/// two clocks that read to the same limiter, for which time stands still: else each of their turns would count as time.
const BEHIND: Millis = Millis(60_000.0);

/// A reading of the clocks.
///
/// ```
/// use hfetch::policy::clock::Now;
/// use hfetch::unit::{SteadyTime, WallTime};
///
/// let wall = WallTime(1_795_305_600_000.0);
/// let of_both = Now { wall, steady: Some(SteadyTime(2_000.0)) };
/// // Where there is no second clock.
/// assert_eq!(Now::from(wall), Now { steady: None, ..of_both });
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// The wall clock.
    pub wall: WallTime,
    /// A clock that can't be set, as a rule; none where there is none, or several hosts have one each.
    pub steady: Option<SteadyTime>,
}

impl From<WallTime> for Now {
    fn from(wall: WallTime) -> Self {
        Now { wall, steady: None }
    }
}

/// The time that follows from the readings so far.
///
/// ```
/// use hfetch::policy::clock::{Clock, Now};
/// use hfetch::unit::{Millis, SteadyTime, WallTime};
///
/// let mut clock = Clock::default();
/// let mut read = |wall: f64, steady: f64| {
///     clock.read(Now { wall: WallTime(wall), steady: Some(SteadyTime(steady)) });
///     clock
/// };
/// let began = read(1_795_305_600_000.0, 50.0);
/// // The wall clock is set back by an hour, and 3 s pass.
/// let now = read(1_795_302_003_000.0, 3_050.0);
/// assert_eq!(now.steady() - began.steady(), Millis(3_000.0));
/// assert_eq!(now.to_wall(now.steady() + Millis(7.0)), WallTime(1_795_302_003_007.0));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    wall: WallTime,
    /// The steady time: it never goes back.
    steady: SteadyTime,
    /// The last reading of the clock that drives the steady time.
    counter: SteadyTime,
    /// Whether the readings come from several hosts. No single host can then set the clock back.
    is_shared: bool,
}

impl Clock {
    /// A clock that several hosts read; [`correct`](Clock::correct) tells it the time of the host that keeps it.
    pub fn shared() -> Self {
        Clock {
            is_shared: true,
            ..Clock::default()
        }
    }

    /// Its columns in a row: the time that passes, and the wall clock where that was set back. Older versions knew one clock.
    pub fn columns(&mut self, with: &mut Columns<'_>) {
        with.time("now", &mut self.steady.0);
        if with.has("wall", self.wall.0 != self.steady.0) {
            with.time("wall", &mut self.wall.0);
        } else {
            self.wall = WallTime(self.steady.0);
        }
        if with.is_reading() {
            self.counter = self.steady;
        }
    }

    /// Takes a reading; a value that is no time changes nothing.
    pub fn read(&mut self, now: Now) {
        let is_time = |time: f64| (0.0..=LAST_TIME).contains(&time);
        if let Some(steady) = now.steady {
            if is_time(steady.0) {
                self.counter = set_back(self.counter, steady, steady + BEHIND);
                self.pass(self.counter.0, steady.0);
                self.counter = self.counter.max(steady);
            }
            if is_time(now.wall.0) {
                self.wall = now.wall;
            }
        } else if is_time(now.wall.0) {
            if !self.is_shared {
                self.correct(now.wall);
            }
            self.pass(self.wall.0, now.wall.0);
            self.wall = self.wall.max(now.wall);
        }
    }

    /// Corrects the clock by the time of the host that keeps it: a time further ahead came from a wrong clock.
    pub fn correct(&mut self, own: WallTime) {
        self.wall = set_back(self.wall, own, own + BEHIND);
    }

    /// Either clock may be what counts. The sum is the same number as long as what counts was never set back.
    fn pass(&mut self, from: f64, to: f64) {
        if to > from {
            let ahead = self.steady.0 - from;
            self.steady = SteadyTime(to + ahead);
        }
    }

    /// The wall clock, as last read.
    pub fn wall(&self) -> WallTime {
        self.wall
    }

    /// The time that only passes.
    pub fn steady(&self) -> SteadyTime {
        self.steady
    }

    /// Both times, as a reading for a clock that follows this one.
    pub fn now(&self) -> Now {
        Now {
            wall: self.wall,
            steady: Some(self.steady),
        }
    }

    /// Converts a wall time to a steady time.
    pub fn to_steady(&self, wall: WallTime) -> SteadyTime {
        SteadyTime(wall.0 + self.ahead())
    }

    /// Converts a steady time to a wall time.
    pub fn to_wall(&self, steady: SteadyTime) -> WallTime {
        WallTime(steady.0 - self.ahead())
    }

    /// By so much the number of the time that passes is larger than that of the wall clock.
    fn ahead(&self) -> f64 {
        self.steady.0 - self.wall.0
    }
}

/// A clock that reads `now` and was set back if it had been beyond `farthest`: then it is followed.
fn set_back<T: PartialOrd>(clock: T, now: T, farthest: T) -> T {
    if clock > farthest { now } else { clock }
}
