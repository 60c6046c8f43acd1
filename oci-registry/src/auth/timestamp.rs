//! Dates in the form of [RFC 3339].
//!
//! [RFC 3339]: https://www.rfc-editor.org/rfc/rfc3339

use std::time::Duration;

/// The second, in UTC, that is `unix` after 1970 began.
pub(super) fn rfc3339(unix: Duration) -> String {
    let (days, second) = (unix.as_secs() / DAY, unix.as_secs() % DAY);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of the Gregorian calendar.
///
/// Years are taken to begin in March, so that the day that some years have more is the last one, and the lengths of the months before it
/// repeat every five months.
const fn date(days: u64) -> (u64, u64, u64) {
    let days = days.saturating_add(FROM_YEAR_0);
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (of_next_year, day) = (month >= 10, day - (153 * month + 2) / 5 + 1);
    if of_next_year {
        (era * 400 + year + 1, month - 9, day)
    } else {
        (era * 400 + year, month + 3, day)
    }
}

/// The seconds of a day.
const DAY: u64 = 24 * 3600;
/// The days of 400 years, after which the calendar repeats.
const ERA: u64 = 146_097;
/// The days from March of the year 0 to 1970.
const FROM_YEAR_0: u64 = 719_468;

#[cfg(test)]
mod tests;
