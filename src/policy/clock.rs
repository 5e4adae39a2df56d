//! Two clocks: a steady one, for windows and rests, and the wall clock, for months and budgets.
//!
//! A wall clock may be set, by a second or by years. If the host has a second clock that can't be set (`performance.now`), that
//! clock measures what passes. Otherwise the wall clock does: a step forward is taken as passed time. After a step backward no time
//! has passed, and the clock is followed from its new reading. A second clock is read with the same rules, since in Workers it is
//! the host's wall clock.

use super::calendar::LAST_TIME;
use crate::unit::Time;

/// How many ms a reading must be behind an earlier one before the clock counts as set back. Smaller differences occur between the
/// clocks of two hosts that use the same limiter. Time stands still for them; otherwise every change between the hosts would count
/// as passed time.
const BEHIND: f64 = 60_000.0;

/// A reading of the clocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// Ms since the epoch.
    pub wall: Time,
    /// Ms on a clock that can't be set, from any starting point; `None` if there is no such clock, or if several hosts have one
    /// each.
    pub steady: Option<Time>,
}

impl From<f64> for Now {
    fn from(wall: f64) -> Self {
        Now { wall, steady: None }
    }
}

/// The time that follows from the readings so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    wall: Time,
    /// The steady time: it never goes back.
    steady: Time,
    /// The last reading of the clock that drives the steady time.
    counter: f64,
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

    /// The same kind of clock, continued from stored times.
    pub fn restore(self, steady: Time, wall: Time) -> Self {
        Clock {
            wall,
            steady,
            counter: steady,
            ..self
        }
    }

    /// Takes a reading; a value that is no time changes nothing.
    pub fn read(&mut self, now: Now) {
        let is_time = |time: f64| (0.0..=LAST_TIME).contains(&time);
        if let Some(steady) = now.steady {
            if is_time(steady) {
                set_back(&mut self.counter, steady);
                self.pass(self.counter, steady);
                self.counter = self.counter.max(steady);
            }
            if is_time(now.wall) {
                self.wall = now.wall;
            }
        } else if is_time(now.wall) {
            if !self.is_shared {
                self.correct(now.wall);
            }
            self.pass(self.wall, now.wall);
            self.wall = self.wall.max(now.wall);
        }
    }

    /// Corrects the clock by the time of the host that keeps it: a time further ahead came from a wrong clock.
    pub fn correct(&mut self, own: Time) {
        set_back(&mut self.wall, own);
    }

    /// Adds the passed time. The steady time equals its counter as long as the counter was never set back.
    fn pass(&mut self, from: f64, to: f64) {
        if to > from {
            let ahead = self.steady - from;
            self.steady = to + ahead;
        }
    }

    /// Ms since the epoch at the last reading.
    pub fn wall(&self) -> Time {
        self.wall
    }

    /// The steady time in ms.
    pub fn steady(&self) -> Time {
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
    pub fn to_steady(&self, wall: Time) -> Time {
        wall + (self.steady - self.wall)
    }

    /// Converts a steady time to a wall time.
    pub fn to_wall(&self, steady: Time) -> Time {
        steady - (self.steady - self.wall)
    }
}

/// Sets `clock` back to `now` if the clock that it follows was set back.
fn set_back(clock: &mut f64, now: f64) {
    if *clock > now + BEHIND {
        *clock = now;
    }
}
