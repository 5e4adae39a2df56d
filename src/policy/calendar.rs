//! UTC calendar arithmetic on the wall clock: months, budget windows, HTTP dates.

use crate::unit::{Millis, SteadyTime, WallTime};

/// One day.
pub const DAY: Millis = Millis(86_400_000.0);

/// Days from 1970-01-01 to a proleptic Gregorian date; `month` counts from 1.
///
/// Years start in March in this calculation, so that the leap day is the last day of its year.
pub fn days_from_date(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 {
        year.saturating_sub(1)
    } else {
        year
    };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month_from_march = (month + 9).rem_euclid(12);
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era.saturating_mul(146_097).saturating_add(day_of_era);
    days.saturating_sub(719_468)
}

/// Year and month (from 1) of a day counted from 1970-01-01.
pub fn year_and_month(days: i64) -> (i64, i64) {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era.saturating_mul(400).saturating_add(year_of_era);
    (if month <= 2 { year + 1 } else { year }, month)
}

/// The day that holds `now`, counted from 1970-01-01.
pub fn day_of(now: WallTime) -> i64 {
    (now.0 / DAY.0).floor() as i64
}

/// When a day begins that is counted from 1970-01-01.
pub fn midnight(days: i64) -> WallTime {
    WallTime(days as f64 * DAY.0)
}

/// Start and end of the UTC month that holds `now`.
///
/// ```
/// use hfetch::policy::calendar::{DAY, month_of};
/// use hfetch::unit::WallTime;
///
/// // 2026-11-22T00:00Z
/// let (start, end) = month_of(WallTime(1_795_305_600_000.0));
/// assert_eq!(start + DAY * 30.0, end);
/// assert_eq!(month_of(end).0, end);
/// ```
pub fn month_of(now: WallTime) -> (WallTime, WallTime) {
    let (year, month) = year_and_month(day_of(now));
    let (next_year, next_month) = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    (
        midnight(days_from_date(year, month, 1)),
        midnight(days_from_date(next_year, next_month, 1)),
    )
}

/// The number of the largest time that a JavaScript `Date` can hold; beyond it a clock is not believed.
pub const LAST_TIME: f64 = 8.64e15;

/// `now`, or the old reading if `now` is earlier or is no time: the clock then stands still.
pub fn advance(clock: SteadyTime, now: SteadyTime) -> SteadyTime {
    if now > clock && now.0 <= LAST_TIME {
        now
    } else {
        clock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_eight_centuries_goes_there_and_back() {
        let (mut year, mut month, mut day) = (1600, 1, 1);
        for days in days_from_date(1600, 1, 1)..days_from_date(2400, 1, 1) {
            assert_eq!(days_from_date(year, month, day), days);
            assert_eq!(year_and_month(days), (year, month));
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + i64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
        assert_eq!(days_from_date(1970, 1, 1), 0);
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        // 2024-02-10T12:00Z
        let (start, end) = month_of(WallTime(1_707_566_400_000.0));
        assert_eq!(start, WallTime(1_706_745_600_000.0));
        assert_eq!(end - start, DAY * 29.0);
        assert_eq!(month_of(end).0, end);
        assert_eq!(month_of(end - Millis(1.0)).0, start);
    }

    #[test]
    fn a_clock_never_goes_back() {
        let advance = |clock, now| advance(SteadyTime(clock), SteadyTime(now)).0;
        assert_eq!(advance(5.0, 7.0), 7.0);
        for now in [4.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(advance(5.0, now), 5.0);
        }
    }
}
