//! When a thing happened, as precisely as is known (INV-38).
//!
//! A decision is recorded when it is taken: its instant lies within the last 24 hours, or its day is today
//! or yesterday in London. Five minutes are forgiven, because clocks differ. What is entered later than
//! that says `imported: true`, with any precision, and then only the future is refused. The recorder's own
//! time stands beside it in every entry, so nobody mistakes the one for the other.

use jiff::Timestamp;
use ledger_core::statement::{Occurred, Precision};

use crate::case::Case;
use crate::civil::Day;
use crate::refusal::{Code, Refusal, refuse};

/// How long ago a decision may have been taken without being an import.
pub const LIVE_MS: u64 = 24 * 60 * 60 * 1000;
/// How far clocks may differ.
pub const SKEW_MS: u64 = 5 * 60 * 1000;

/// What a well-formed value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A moment, milliseconds since the Unix epoch; 0 for any moment before it.
    Instant(u64),
    /// A span of days in London, both ends included: a day, a month, a season, a year.
    Days(Day, Day),
    /// Not known.
    Unknown,
}

impl When {
    /// First and last day in London; none when unknown.
    #[must_use]
    pub fn days(self) -> Option<(Day, Day)> {
        match self {
            Self::Instant(ms) => Some((Day::in_london(ms), Day::in_london(ms))),
            Self::Days(first, last) => Some((first, last)),
            Self::Unknown => None,
        }
    }
}

/// Reads a value as its precision demands; `None` when it is not well-formed.
#[must_use]
pub fn read(occurred: &Occurred) -> Option<When> {
    let value = occurred.value.as_str();
    match occurred.precision {
        Precision::Instant => instant(value).map(When::Instant),
        Precision::Day => value.parse().ok().map(|day| When::Days(day, day)),
        Precision::Month => {
            let (year, month) = value.split_once('-')?;
            let (year, month) = (number(year, 4)?, i8::try_from(number(month, 2)?).ok()?);
            Some(When::Days(Day::first_of(year, month)?, Day::last_of(year, month)?))
        }
        Precision::Season => {
            let (year, name) = value.split_once('-')?;
            let (first, last) = season(number(year, 4)?, name)?;
            Some(When::Days(first, last))
        }
        Precision::Year => {
            let year = number(value, 4)?;
            Some(When::Days(Day::first_of(year, 1)?, Day::last_of(year, 12)?))
        }
        Precision::Unknown => Some(When::Unknown),
        Precision::Unspecified => None,
    }
}

/// Meteorological seasons; a winter runs into February of the year after the one it is named by.
pub(crate) fn season(year: i16, name: &str) -> Option<(Day, Day)> {
    let (first, last_year, last) = match name {
        "spring" => (3, year, 5),
        "summer" => (6, year, 8),
        "autumn" => (9, year, 11),
        "winter" => (12, year.checked_add(1)?, 2),
        _ => return None,
    };
    Some((Day::first_of(year, first)?, Day::last_of(last_year, last)?))
}

fn instant(text: &str) -> Option<u64> {
    let shaped = text.len() >= 20 && text.as_bytes()[10] == b'T' && !text.contains('[');
    let at: Timestamp = shaped.then(|| text.parse().ok()).flatten()?;
    Some(u64::try_from(at.as_millisecond()).unwrap_or(0))
}

fn number(text: &str, digits: usize) -> Option<i16> {
    let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

pub(crate) fn check(case: &Case<'_>) -> Result<(), Refusal> {
    let occurred = &case.statement.occurred;
    let Some(when) = read(occurred) else {
        let Occurred { precision, value, .. } = occurred;
        return refuse(
            Code::Occurred,
            format!("{value:?} is not written as {} asks", precision.as_str_name()),
        );
    };
    let now = case.context.recorded_at_ms;
    let in_future = match when {
        When::Instant(ms) => ms > now.saturating_add(SKEW_MS),
        When::Days(first, _) => first > case.today,
        When::Unknown => false,
    };
    if in_future {
        return refuse(
            Code::Occurred,
            format!("{:?} has not come yet; today is {}", occurred.value, case.today),
        );
    }
    let is_live = match when {
        When::Instant(ms) => ms.saturating_add(LIVE_MS + SKEW_MS) >= now,
        When::Days(first, last) => first == last && case.today.since(first) <= 1,
        When::Unknown => false,
    };
    if case.statement.imported || is_live {
        return Ok(());
    }
    refuse(
        Code::Inv38,
        format!(
            "it occurred {:?} and is recorded on {}; say imported: true, or give the instant or day if it is under \
             a day old",
            occurred.value, case.today
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_its_precision_demands() {
        let rows = [
            (Precision::Instant, "2022-08-15T23:30:00Z", Some("2022-08-16 2022-08-16")),
            (Precision::Instant, "2022-08-15T23:30:00+01:00", Some("2022-08-15 2022-08-15")),
            (Precision::Instant, "2022-08-15", None),
            (Precision::Instant, "2022-08-15T25:00:00Z", None),
            (Precision::Day, "2021-04-13", Some("2021-04-13 2021-04-13")),
            (Precision::Day, "2021-04", None),
            (Precision::Month, "2021-06", Some("2021-06-01 2021-06-30")),
            (Precision::Month, "2021-13", None),
            (Precision::Month, "2021-6", None),
            (Precision::Season, "2022-autumn", Some("2022-09-01 2022-11-30")),
            (Precision::Season, "2023-winter", Some("2023-12-01 2024-02-29")),
            (Precision::Season, "2022-Autumn", None),
            (Precision::Year, "2022", Some("2022-01-01 2022-12-31")),
            (Precision::Year, "22", None),
        ];
        for (precision, value, expected) in rows {
            let occurred = Occurred { precision, value: value.to_owned(), words: String::new() };
            let got = read(&occurred).and_then(When::days).map(|(a, b)| format!("{a} {b}"));
            assert_eq!(got.as_deref(), expected, "{precision:?} {value}");
        }
    }
}
