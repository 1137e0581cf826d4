//! Days as London counts them.
//!
//! The duties of this domain run in calendar days, midnight to midnight in Europe/London, while the
//! recorder's clock runs in UTC: at 23:30 on 15 August in London it is 22:30 UTC, but at 00:30 on
//! 16 August it is still the 15th in UTC. One rule, in force since 1996, covers every date that this
//! vocabulary can time: summer time from 01:00 UTC on the last Sunday of March to 01:00 UTC on the last
//! Sunday of October. It is written here as a POSIX rule, so that no time zone database is needed.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

const LONDON: &str = "GMT0BST,M3.5.0/1,M10.5.0/2";
const DAY_MS: u64 = 86_400_000;

/// A civil day, held as days since 1 January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(i32);

/// A text that is not a civil day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a day is written YYYY-MM-DD, got {0:?}")]
pub struct NotADay(pub String);

impl Day {
    /// The day of a calendar date; `None` when there is no such date.
    #[must_use]
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        Date::new(year, month, day).ok().map(Self::of)
    }

    /// The day in London at a moment given in milliseconds since the Unix epoch.
    #[must_use]
    pub fn in_london(unix_ms: u64) -> Self {
        let shifted = unix_ms.saturating_add_signed(london_offset_ms(unix_ms));
        Self(i32::try_from(shifted / DAY_MS).unwrap_or(i32::MAX))
    }

    /// So many days later, or earlier when negative.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// How many days from `earlier` to this one.
    #[must_use]
    pub fn since(self, earlier: Self) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// The calendar year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.date().year()
    }

    /// The month, 1 for January.
    #[must_use]
    pub fn month(self) -> i8 {
        self.date().month()
    }

    /// The day of the week, in English.
    #[must_use]
    pub fn weekday(self) -> &'static str {
        // 1 January 1970 was a Thursday.
        const NAMES: [&str; 7] =
            ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
        NAMES[usize::try_from(self.0.rem_euclid(7)).expect("0 to 6")]
    }

    /// Whether it is a Saturday or a Sunday.
    #[must_use]
    pub fn is_weekend(self) -> bool {
        matches!(self.0.rem_euclid(7), 2 | 3)
    }

    /// The same day so many months later, or the last of that month where it has no such day.
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        Self::of(self.date().saturating_add(months.months()))
    }

    /// The last day of a period of so many months that begins with this day: the day before the corresponding
    /// one, or the last of a month that has no corresponding one.
    #[must_use]
    pub fn last_of_period(self, months: i32) -> Self {
        let corresponding = self.plus_months(months);
        if corresponding.date().day() == self.date().day() { corresponding.plus(-1) } else { corresponding }
    }

    /// The last day of the month so many months later.
    #[must_use]
    pub fn month_end(self, months: i32) -> Self {
        Self::of(self.plus_months(months).date().last_of_month())
    }

    /// First day of a month; `None` when there is no such month.
    #[must_use]
    pub fn first_of(year: i16, month: i8) -> Option<Self> {
        Self::new(year, month, 1)
    }

    /// Last day of a month; `None` when there is no such month.
    #[must_use]
    pub fn last_of(year: i16, month: i8) -> Option<Self> {
        Date::new(year, month, 1).ok().map(|first| Self::of(first.last_of_month()))
    }

    fn of(date: Date) -> Self {
        let days = epoch().until(date).expect("both are civil dates").get_days();
        Self(days)
    }

    fn date(self) -> Date {
        epoch().saturating_add(self.0.days())
    }
}

fn epoch() -> Date {
    Date::constant(1970, 1, 1)
}

fn london_offset_ms(unix_ms: u64) -> i64 {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    let zone = ZONE.get_or_init(|| TimeZone::posix(LONDON).expect("the rule is a valid POSIX time zone"));
    let at = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.map_or(0, |at| i64::from(zone.to_offset(at).seconds()) * 1000)
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

impl FromStr for Day {
    type Err = NotADay;
    fn from_str(text: &str) -> Result<Self, NotADay> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10
            && bytes
                .iter()
                .enumerate()
                .all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() });
        let read = |range: std::ops::Range<usize>| text[range].parse::<i16>().ok();
        let day = || {
            let (month, day) = (i8::try_from(read(5..7)?).ok()?, i8::try_from(read(8..10)?).ok()?);
            Self::new(read(0..4)?, month, day)
        };
        shaped.then(day).flatten().ok_or_else(|| NotADay(text.to_owned()))
    }
}

/// The months by name.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// "December" → 12, in any case.
#[must_use]
pub fn month_number(name: &str) -> Option<i8> {
    let number = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
    i8::try_from(number + 1).ok()
}

/// Reads an optional day of a body: empty for none. The vocabulary has checked its format before.
pub(crate) fn optional(text: &str) -> Option<Day> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(instant: &str) -> u64 {
        u64::try_from(instant.parse::<Timestamp>().unwrap().as_millisecond()).unwrap()
    }

    #[test]
    fn the_day_turns_at_midnight_in_london() {
        for (instant, day) in [
            ("2022-08-15T22:30:00Z", "2022-08-15"),
            ("2022-08-15T22:59:59.999Z", "2022-08-15"),
            ("2022-08-15T23:00:00Z", "2022-08-16"),
            ("2022-01-15T23:59:59Z", "2022-01-15"),
            ("2022-01-16T00:00:00Z", "2022-01-16"),
            // Summer time began at 01:00 UTC on 27 March 2022 and ended at 01:00 UTC on 30 October.
            ("2022-03-27T00:30:00Z", "2022-03-27"),
            ("2022-03-27T23:00:00Z", "2022-03-28"),
            ("2022-10-29T23:30:00Z", "2022-10-30"),
            ("2022-10-30T23:30:00Z", "2022-10-30"),
            ("1970-01-01T00:00:00Z", "1970-01-01"),
        ] {
            assert_eq!(Day::in_london(ms(instant)).to_string(), day, "{instant}");
        }
    }

    #[test]
    fn days_are_read_strictly_and_read_back() {
        for good in ["2021-02-26", "2024-02-29", "1969-12-31"] {
            assert_eq!(good.parse::<Day>().unwrap().to_string(), good);
        }
        for bad in ["", "2021-2-26", "2023-02-29", "2021-13-01", "21-02-2021", "2021-02-26 ", "+021-02-26"] {
            assert!(bad.parse::<Day>().is_err(), "{bad:?}");
        }
    }
}
