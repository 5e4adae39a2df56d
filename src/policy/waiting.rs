//! How long a call that waits for a limit sleeps before it asks again.
//!
//! Usually waiting costs nothing: a rate limit says when it allows the call, and a call that ends wakes the first one in line.
//! Where nothing can wake a call, it asks again and again, less and less often. That is so in workerd, where one request can't
//! resolve a promise of another, and with a store that other processes share.

use crate::unit::Millis;

/// The first look after a change.
const FIRST_LOOK: Millis = Millis(50.0);

/// The longest time between two looks.
const LONGEST_LOOK: Millis = Millis(1_000.0);

/// The facts that are known when a call goes to sleep.
#[derive(Clone, Copy, Debug)]
pub struct Sleep {
    /// Whether the call is first in line.
    pub is_first: bool,
    /// Until its limit may give way; 0: not by time.
    pub retry_after: Millis,
    /// How long this takes whatever becomes free meanwhile.
    pub least: Millis,
    /// Until it gives up.
    pub left: Millis,
    /// Whether everything else that the call waits for wakes it.
    pub is_woken: bool,
}

/// The interval between the looks of one call.
///
/// ```
/// use hfetch::policy::waiting::{Looks, Sleep};
/// use hfetch::unit::Millis;
///
/// let sleep = Sleep {
///     is_first: true,
///     retry_after: Millis(0.0),
///     least: Millis(0.0),
///     left: Millis(60_000.0),
///     is_woken: false,
/// };
/// let mut looks = Looks::default();
/// assert_eq!(looks.sleep(sleep), Millis(50.0));
/// assert_eq!(looks.sleep(sleep), Millis(100.0));
/// // Whoever is woken by others has nothing to look for.
/// assert_eq!(looks.sleep(Sleep { is_woken: true, ..sleep }), Millis(60_000.0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Looks {
    next: Millis,
}

impl Default for Looks {
    fn default() -> Self {
        Looks { next: FIRST_LOOK }
    }
}

impl Looks {
    /// Records that something has changed, so that the next look comes soon.
    pub fn renew(&mut self) {
        *self = Looks::default();
    }

    /// How long to sleep.
    pub fn sleep(&mut self, sleep: Sleep) -> Millis {
        // A call that isn't first can't be let through by passing time.
        let by_time = if sleep.is_first && sleep.retry_after > Millis::ZERO {
            sleep.retry_after
        } else {
            Millis::INFINITY
        };
        let mut ms = by_time.min(sleep.left);
        // A rate limit alone needs no look before its time, but a call behind others has to notice when it becomes first.
        if !sleep.is_woken && (!by_time.is_finite() || sleep.least < by_time) {
            let least = if sleep.is_first {
                sleep.least
            } else {
                Millis::ZERO
            };
            ms = ms.min(self.next.max(least));
            self.next = (self.next * 2.0).min(LONGEST_LOOK);
        }
        ms.max(Millis(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLEEP: Sleep = Sleep {
        is_first: true,
        retry_after: Millis(0.0),
        least: Millis(0.0),
        left: Millis(60_000.0),
        is_woken: true,
    };

    #[test]
    fn who_is_woken_sleeps_until_then_or_until_its_limit_gives_way() {
        let mut looks = Looks::default();
        assert_eq!(looks.sleep(SLEEP), Millis(60_000.0));
        let retry_after = 700.0;
        assert_eq!(
            looks.sleep(Sleep {
                retry_after: Millis(retry_after),
                ..SLEEP
            }),
            Millis(700.0)
        );
        let behind = Sleep {
            is_first: false,
            retry_after: Millis(retry_after),
            ..SLEEP
        };
        assert_eq!(looks.sleep(behind), Millis(60_000.0));
        let late = Sleep {
            retry_after: Millis(70_000.0),
            left: Millis(-3.0),
            ..SLEEP
        };
        assert_eq!(looks.sleep(late), Millis(1.0));
    }

    #[test]
    fn who_is_not_woken_looks_less_and_less_often() {
        let mut looks = Looks::default();
        let alone = Sleep {
            is_woken: false,
            ..SLEEP
        };
        let times: Vec<f64> = (0..7).map(|_| looks.sleep(alone).0).collect();
        assert_eq!(times, [50.0, 100.0, 200.0, 400.0, 800.0, 1e3, 1e3]);
        let timed = Sleep {
            retry_after: Millis(30_000.0),
            least: Millis(30_000.0),
            ..alone
        };
        assert_eq!(looks.sleep(timed), Millis(30_000.0));
        // Running calls may give tokens back earlier.
        let sooner = Sleep {
            least: Millis(4_000.0),
            ..timed
        };
        assert_eq!(looks.sleep(sooner), Millis(4_000.0));
        looks.renew();
        let behind = Sleep {
            is_first: false,
            ..timed
        };
        assert_eq!(looks.sleep(behind), Millis(50.0));
        assert_eq!(
            looks.sleep(Sleep {
                left: Millis(20.0),
                ..alone
            }),
            Millis(20.0)
        );
        // A minute of waiting takes about sixty looks and not six thousand.
        looks.renew();
        let mut passed = 0.0;
        let mut count = 0;
        while passed < 60_000.0 {
            passed += looks.sleep(alone).0;
            count += 1;
        }
        assert!(count < 70, "{count}");
    }
}
