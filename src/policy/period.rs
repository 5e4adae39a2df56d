//! What is counted in a calendar period: a month, a budget's hour. It follows the wall clock, also back.

/// A period and what it counts, and the one that the clock has left.
///
/// A clock that is set forward and back again comes back to what was counted before: nothing spent is forgotten by that.
#[derive(Clone, Copy, Debug, Default)]
pub struct Period {
    start: f64,
    end: f64,
    /// So much is counted.
    pub amount: u64,
    /// Start and amount of the period before.
    left: (f64, u64),
}

impl Period {
    /// The period that `bounds` gives, with what is known of it.
    pub fn new(bounds: (f64, f64), amount: u64, left: (f64, u64)) -> Self {
        let (start, end) = bounds;
        Period {
            start,
            end,
            amount,
            left,
        }
    }

    /// Goes on to the period of `now` if that is another; `bounds` gives start and end of a time's period.
    pub fn advance(&mut self, now: f64, bounds: impl FnOnce(f64) -> (f64, f64)) {
        if now >= self.start && now < self.end {
            return;
        }
        let (start, end) = bounds(now);
        let amount = if start == self.left.0 {
            self.left.1
        } else if start < self.start {
            // By a clock that was wrong until now: what was counted belongs to the time it is.
            self.amount
        } else {
            0
        };
        *self = Period::new((start, end), amount, (self.start, self.amount));
    }

    /// When it began.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// When it ends.
    pub fn end(&self) -> f64 {
        self.end
    }

    /// Start and amount of the period that the clock has left.
    pub fn left(&self) -> (f64, u64) {
        self.left
    }
}
