//! A count per calendar period, such as a month or a budget's hour. It follows the wall clock, even if that is set back.

use crate::unit::WallTime;

/// A period and its count, and the period before it that the clock has left.
///
/// If the clock is set back into an earlier period, the count of the later one moves there: those events happened now. If the clock
/// then jumps forward again to where it had been, the count moves along once more, since the clock was wrong in between. If
/// the later period is reached by passing time, it starts at zero. Each event thus counts in one period only, and a clock that
/// was ahead for a while uses up nothing of a future period.
///
/// ```
/// use hfetch::policy::calendar::month_of;
/// use hfetch::policy::period::Period;
/// use hfetch::unit::{Millis, WallTime};
///
/// let november = WallTime(1_795_305_600_000.0);
/// let mut month = Period::default();
/// month.advance(november, &month_of);
/// month.amount += 3;
/// // Before it ends nothing is forgotten, and then all of it.
/// month.advance(month.end() - Millis(1.0), &month_of);
/// assert_eq!(month.amount, 3);
/// month.advance(month.end(), &month_of);
/// assert_eq!(month.amount, 0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Period {
    start: WallTime,
    end: WallTime,
    /// The count of this period.
    pub amount: u64,
    /// The latest reading of the clock within it.
    last: WallTime,
    /// The latest reading before the clock left for this period, and the count that belongs to the earlier of the two alone.
    pub left: (WallTime, u64),
}

impl Period {
    /// The period with these bounds, as it was at `now`, with its stored counts.
    pub fn new(
        bounds: (WallTime, WallTime),
        now: WallTime,
        amount: u64,
        left: (WallTime, u64),
    ) -> Self {
        let (start, end) = bounds;
        Period {
            start,
            end,
            amount,
            last: now,
            left,
        }
    }

    /// Moves on to the period of `now` if that is another one; `bounds` returns the start and end of the period that contains a
    /// time.
    pub fn advance(&mut self, now: WallTime, bounds: &dyn Fn(WallTime) -> (WallTime, WallTime)) {
        if now >= self.start && now < self.end {
            self.last = self.last.max(now);
            return;
        }
        let (left_at, left) = self.left;
        let period = bounds(now);
        let returns = bounds(left_at).0 == period.0;
        let (amount, kept) = if period.0 < self.start {
            let before = if returns { left } else { 0 };
            (before.saturating_add(self.amount), before)
        } else if returns && now >= left_at {
            (self.amount.saturating_sub(left), left)
        } else {
            (0, self.amount)
        };
        *self = Period::new(period, now, amount, (self.last, kept));
    }

    /// When the period began.
    pub fn start(&self) -> WallTime {
        self.start
    }

    /// When the period ends.
    pub fn end(&self) -> WallTime {
        self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Millis;

    const HOUR: Millis = Millis(3_600_000.0);

    /// Plays readings of the clock in hours, with one event after each, and compares the count after each.
    fn counted(readings: &[(f64, u64)]) {
        let mut period = Period::default();
        let hour = |now: WallTime| {
            let start = WallTime((now.0 / HOUR.0).floor() * HOUR.0);
            (start, start + HOUR)
        };
        for (at, counted) in readings {
            period.advance(WallTime(at * HOUR.0), &hour);
            period.amount += 1;
            assert_eq!(period.amount, *counted, "{at} of {readings:?}");
        }
    }

    #[test]
    fn a_period_counts_what_happens_in_it() {
        counted(&[(500.0, 1), (500.9, 2), (501.0, 1), (501.5, 2), (507.5, 1)]);
    }

    #[test]
    fn what_was_counted_ahead_counts_once_and_in_the_time_it_was() {
        // The clock is an hour ahead, two hours, a day; then the time is reached by itself.
        counted(&[
            (500.0, 1),
            (501.5, 1),
            (501.9, 2),
            (500.6, 4),
            (501.0, 1),
            (501.1, 2),
        ]);
        counted(&[(500.0, 1), (502.5, 1), (500.6, 3), (501.0, 1), (502.0, 1)]);
        counted(&[
            (500.0, 1),
            (524.5, 1),
            (525.5, 1),
            (502.5, 2),
            (503.0, 1),
            (524.0, 1),
        ]);
        // The clock was ahead from the start.
        counted(&[(501.5, 1), (500.5, 2), (501.0, 1)]);
    }

    #[test]
    fn what_was_counted_before_a_clock_was_behind_is_not_forgotten() {
        counted(&[
            (500.0, 1),
            (501.5, 1),
            (501.6, 2),
            (500.6, 4),
            (501.7, 4),
            (501.8, 5),
        ]);
        counted(&[(501.5, 1), (477.0, 2), (501.6, 3), (502.0, 1)]);
    }
}
