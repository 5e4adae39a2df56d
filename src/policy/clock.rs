//! Two times: one that only passes, for windows and rests, and the wall clock's, for months and budgets.
//!
//! A wall clock may be set, by a second or by years. Where a second clock is at hand that can't be set (`performance.now`),
//! it counts what passes. Where there is none, the wall clock has to do: forward, its word is taken; backward, nothing
//! has passed, and from then on it is followed from where it stands.

use super::calendar::LAST_TIME;

/// How far a clock may stand behind what was seen before it is taken for set back, in ms. Less is the difference between
/// two clocks that read to the same limiter, for which time stands still: else each of their turns would count as time.
const BEHIND: f64 = 60_000.0;

/// A reading of the clocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// Ms since the epoch.
    pub wall: f64,
    /// Ms by a clock that can't be set, from any start; none where there is none, or several hosts have one each.
    pub steady: Option<f64>,
}

impl From<f64> for Now {
    fn from(wall: f64) -> Self {
        Now { wall, steady: None }
    }
}

/// What the readings so far come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    wall: f64,
    steady: f64,
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
    pub fn restore(self, steady: f64, wall: f64) -> Self {
        Clock {
            wall,
            steady,
            ..self
        }
    }

    /// Takes a reading; one that is no time changes nothing.
    pub fn read(&mut self, now: Now) {
        let is_time = |time: f64| (0.0..=LAST_TIME).contains(&time);
        if let Some(steady) = now.steady {
            if is_time(steady) {
                self.steady = self.steady.max(steady);
            }
            if is_time(now.wall) {
                self.wall = now.wall;
            }
        } else if is_time(now.wall) {
            if !self.is_shared {
                self.correct(now.wall);
            }
            self.move_to(now.wall);
        }
    }

    /// The time of the host that keeps this clock: what stands further ahead was never the time.
    pub fn correct(&mut self, own: f64) {
        if self.wall > own + BEHIND {
            self.wall = own;
        }
    }

    /// The sum is the same number as long as the wall clock was never set back.
    fn move_to(&mut self, wall: f64) {
        if wall > self.wall {
            let ahead = self.steady - self.wall;
            self.steady = wall + ahead;
            self.wall = wall;
        }
    }

    /// Ms since the epoch, as last read.
    pub fn wall(&self) -> f64 {
        self.wall
    }

    /// Ms of the time that only passes.
    pub fn steady(&self) -> f64 {
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
    pub fn to_steady(&self, wall: f64) -> f64 {
        wall + (self.steady - self.wall)
    }

    /// A time that passes as one on the wall.
    pub fn to_wall(&self, steady: f64) -> f64 {
        steady - (self.steady - self.wall)
    }
}
