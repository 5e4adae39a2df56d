//! How long a call that waits for a limit sleeps before it looks again.
//!
//! A limit of time says when it gives way, and whoever ends a call wakes the first in line: so waiting costs nothing. Where
//! nobody can wake it, a call looks again and again, less often each time: in workerd, where one request's promise can't be
//! resolved by another, and where a store is shared with other processes.

/// The first look after a change, in ms.
const FIRST_LOOK: f64 = 50.0;

/// The longest time between two looks, in ms.
const LONGEST_LOOK: f64 = 1_000.0;

/// What is known when a call goes to sleep.
#[derive(Clone, Copy, Debug)]
pub struct Sleep {
    /// Whether it is first in line.
    pub is_first: bool,
    /// Ms until its limit may give way; 0: not by time.
    pub retry_after: f64,
    /// Ms that this takes whatever becomes free meanwhile.
    pub least: f64,
    /// Ms until it gives up.
    pub left: f64,
    /// Whether whatever else it waits for wakes it.
    pub is_woken: bool,
}

/// The looks of one call.
#[derive(Clone, Copy, Debug)]
pub struct Looks {
    next: f64,
}

impl Default for Looks {
    fn default() -> Self {
        Looks { next: FIRST_LOOK }
    }
}

impl Looks {
    /// Something has changed: it is worth looking soon again.
    pub fn renew(&mut self) {
        *self = Looks::default();
    }

    /// How many ms to sleep.
    pub fn sleep(&mut self, sleep: Sleep) -> f64 {
        // Who is behind others can't be let through by time.
        let by_time = if sleep.is_first && sleep.retry_after > 0.0 {
            sleep.retry_after
        } else {
            f64::INFINITY
        };
        let mut ms = by_time.min(sleep.left);
        // A limit of time alone is not looked at before its time, but who is behind has to see when it is first.
        if !sleep.is_woken && (by_time.is_infinite() || sleep.least < by_time) {
            let least = if sleep.is_first { sleep.least } else { 0.0 };
            ms = ms.min(self.next.max(least));
            self.next = (self.next * 2.0).min(LONGEST_LOOK);
        }
        ms.max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLEEP: Sleep = Sleep {
        is_first: true,
        retry_after: 0.0,
        least: 0.0,
        left: 60_000.0,
        is_woken: true,
    };

    #[test]
    fn who_is_woken_sleeps_until_then_or_until_its_limit_gives_way() {
        let mut looks = Looks::default();
        assert_eq!(looks.sleep(SLEEP), 60_000.0);
        let retry_after = 700.0;
        assert_eq!(
            looks.sleep(Sleep {
                retry_after,
                ..SLEEP
            }),
            700.0
        );
        let behind = Sleep {
            is_first: false,
            retry_after,
            ..SLEEP
        };
        assert_eq!(looks.sleep(behind), 60_000.0);
        let late = Sleep {
            retry_after: 70_000.0,
            left: -3.0,
            ..SLEEP
        };
        assert_eq!(looks.sleep(late), 1.0);
    }

    #[test]
    fn who_is_not_woken_looks_less_and_less_often() {
        let mut looks = Looks::default();
        let alone = Sleep {
            is_woken: false,
            ..SLEEP
        };
        let times: Vec<f64> = (0..7).map(|_| looks.sleep(alone)).collect();
        assert_eq!(times, [50.0, 100.0, 200.0, 400.0, 800.0, 1e3, 1e3]);
        let timed = Sleep {
            retry_after: 30_000.0,
            least: 30_000.0,
            ..alone
        };
        assert_eq!(looks.sleep(timed), 30_000.0);
        // Tokens of calls under way may be given back before.
        let sooner = Sleep {
            least: 4_000.0,
            ..timed
        };
        assert_eq!(looks.sleep(sooner), 4_000.0);
        looks.renew();
        let behind = Sleep {
            is_first: false,
            ..timed
        };
        assert_eq!(looks.sleep(behind), 50.0);
        assert_eq!(
            looks.sleep(Sleep {
                left: 20.0,
                ..alone
            }),
            20.0
        );
        // A minute of waiting is about sixty looks and not six thousand.
        looks.renew();
        let mut passed = 0.0;
        let mut count = 0;
        while passed < 60_000.0 {
            passed += looks.sleep(alone);
            count += 1;
        }
        assert!(count < 70, "{count}");
    }
}
