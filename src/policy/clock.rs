//! Two times: one that only passes, for windows and rests, and the wall clock's, for months and budgets.
//!
//! A wall clock may be set, by a second or by years. Where a second clock is at hand that can't be set (`performance.now`),
//! it counts what passes. Where there is none, the wall clock has to do: forward, its word is taken; backward, nothing
//! has passed, and from then on it is followed from where it stands. A second clock is read in the same way, for that of
//! Workers is their host's wall clock.

use super::calendar::LAST_TIME;
use crate::unit::Time;

/// How far a clock may stand behind what was seen before it is taken for set back, in ms. Less is the difference between
/// two clocks that read to the same limiter, for which time stands still: else each of their turns would count as time.
const BEHIND: f64 = 60_000.0;

/// A reading of the clocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// Ms since the epoch.
    pub wall: Time,
    /// Ms by a clock that can't be set, as a rule, from any start; none where there is none, or several hosts have one each.
    pub steady: Option<Time>,
}

impl From<f64> for Now {
    fn from(wall: f64) -> Self {
        Now { wall, steady: None }
    }
}

/// What the readings so far come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    wall: Time,
    /// The time that passes: it never goes back.
    steady: Time,
    /// What counted it, as last read.
    counter: f64,
    /// Whether readings come from the clocks of several hosts, none of which is believed that it was set back.
    is_shared: bool,
}

impl Clock {
    /// A clock read by several hosts; [`correct`](Clock::correct) tells it the time of its own.
    pub fn shared() -> Self {
        Clock {
            is_shared: true,
            ..Clock::default()
        }
    }

    /// The same kind of clock, with what an earlier one showed.
    pub fn restore(self, steady: Time, wall: Time) -> Self {
        Clock {
            wall,
            steady,
            counter: steady,
            ..self
        }
    }

    /// Takes a reading; one that is no time changes nothing.
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

    /// The time of the host that keeps this clock: what stands further ahead was never the time.
    pub fn correct(&mut self, own: Time) {
        set_back(&mut self.wall, own);
    }

    /// The sum is the same number as long as what counts was never set back.
    fn pass(&mut self, from: f64, to: f64) {
        if to > from {
            let ahead = self.steady - from;
            self.steady = to + ahead;
        }
    }

    /// Ms since the epoch, as last read.
    pub fn wall(&self) -> Time {
        self.wall
    }

    /// Ms of the time that only passes.
    pub fn steady(&self) -> Time {
        self.steady
    }

    /// Both as a reading for what counts by this clock.
    pub fn now(&self) -> Now {
        Now {
            wall: self.wall,
            steady: Some(self.steady),
        }
    }

    /// A time on the wall as one that passes.
    pub fn to_steady(&self, wall: Time) -> Time {
        wall + (self.steady - self.wall)
    }

    /// A time that passes as one on the wall.
    pub fn to_wall(&self, steady: Time) -> Time {
        steady - (self.steady - self.wall)
    }
}

/// Follows a clock that reads `now` back, where it was set.
fn set_back(clock: &mut f64, now: f64) {
    if *clock > now + BEHIND {
        *clock = now;
    }
}
