//! HTTP dates (RFC 9110, section 5.6.7) in their three forms.

use super::calendar::{day_of, days_from_date, midnight, year_and_month};
use crate::text::split;
use crate::unit::{Millis, WallTime};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The time of `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
///
/// `now` decides the century of a two-digit year. The weekday is not checked against the date.
///
/// ```
/// use hfetch::policy::http_date::parse;
/// use hfetch::unit::WallTime;
///
/// let now = WallTime(1_795_305_600_000.0);
/// let time = Some(WallTime(784_111_777_000.0));
/// assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT", now), time);
/// assert_eq!(parse("Sunday, 06-Nov-94 08:49:37 GMT", now), time);
/// assert_eq!(parse("in an hour", now), None);
/// ```
pub fn parse(text: &str, now: WallTime) -> Option<WallTime> {
    let mut words = Vec::new();
    for word in split(text, b" ,-") {
        if !word.is_empty() {
            words.push(word);
        }
    }
    let (weekday, day, name, year, time) = match words.as_slice() {
        [weekday, day, name, year, time, "GMT"] => (weekday, day, name, year, time),
        [weekday, name, day, time, year] => (weekday, day, name, year, time),
        _ => return None,
    };
    if weekday.len() < 3 || !weekday.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let month = MONTHS.iter().position(|month| month == name)? as i64 + 1;
    let day = number(day, 31)?;
    let year = match year.len() {
        4 => number(year, 9_999)?,
        2 => century(number(year, 99)?, now),
        _ => return None,
    };
    let days = days_from_date(year, month, day);
    if day == 0 || year_and_month(days) != (year, month) {
        return None;
    }
    Some(midnight(days) + time_of_day(time)?)
}

fn time_of_day(text: &str) -> Option<Millis> {
    let parts = split(text, b":");
    let [hours, minutes, seconds] = parts.as_slice() else {
        return None;
    };
    // 60 is a leap second.
    let (hours, minutes, seconds) = (
        number(hours, 23)?,
        number(minutes, 59)?,
        number(seconds, 60)?,
    );
    let seconds = (hours * 60 + minutes) * 60 + seconds;
    Some(Millis(seconds as f64 * 1_000.0))
}

/// Completes a two-digit year: one that seems more than 50 years ahead is taken for the last such year in the past (RFC 9110).
fn century(digits: i64, now: WallTime) -> i64 {
    let (this_year, _) = year_and_month(day_of(now));
    let year = this_year - this_year.rem_euclid(100) + digits;
    if year > this_year + 50 {
        year - 100
    } else {
        year
    }
}

fn number(text: &str, most: i64) -> Option<i64> {
    let value = text.bytes().try_fold(0_i64, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })?;
    (!text.is_empty() && value <= most).then_some(value)
}
