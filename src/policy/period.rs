//! What is counted in a calendar period: a month, a budget's hour. It follows the wall clock, also back.

use crate::unit::WallTime;

/// A period and what it counts, and the one that the clock has left.
///
/// Where the clock is set back into an earlier period, what was counted in the later one happened now, and counts now. It is
/// taken along once more where the clock goes on from where it had been: then it was behind meanwhile. Where the later period
/// comes by itself, nothing of it has been counted yet. So what was counted counts once, and no clock that was ahead closes a
/// period to come.
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
    /// So much is counted.
    pub amount: u64,
    /// The latest reading within it.
    last: WallTime,
    /// The latest reading before the clock has left for this period, and what the earlier one of the two counted by itself.
    pub left: (WallTime, u64),
}

impl Period {
    /// The period that `bounds` gives, as it was at `now`, with what is known of it.
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

    /// Goes on to the period of `now` if that is another; `bounds` gives start and end of a time's period.
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

    /// When it began.
    pub fn start(&self) -> WallTime {
        self.start
    }

    /// When it ends.
    pub fn end(&self) -> WallTime {
        self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Millis;

    const HOUR: Millis = Millis(3_600_000.0);

    /// Readings of the clock in hours, each followed by one count, and what is counted after each.
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
        // An hour ahead, two hours, a day; then the time comes by itself.
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
        // It was ahead from the start.
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
