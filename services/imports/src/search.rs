//! One stop and search as a row of the public file says it: words first, codes by the dated tables.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil;
use ledger_rules::civil::Day;

/// What a row says of one search. Every text is verbatim; an empty one was empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search<'a> {
    /// "Person search", "Vehicle search", "Person and Vehicle search".
    pub search_type: Cow<'a, str>,
    /// When, as written: mostly an instant, "2024-06-01T02:52:00+00:00".
    pub date: Cow<'a, str>,
    /// Part of a policing operation.
    pub operation: YesNo<'a>,
    /// The operation's name.
    pub operation_name: Cow<'a, str>,
    /// Degrees north of a map point near by: the publisher moves it, so that it names no address.
    pub latitude: Cow<'a, str>,
    /// Degrees east.
    pub longitude: Cow<'a, str>,
    /// "Male", "Female", "Other".
    pub gender: Cow<'a, str>,
    /// "10-17", "over 34".
    pub age_range: Cow<'a, str>,
    /// Ethnicity as the person searched defined it, in the public words.
    pub self_defined_ethnicity: Cow<'a, str>,
    /// Ethnicity as the officer saw it, in the public words.
    pub officer_defined_ethnicity: Cow<'a, str>,
    /// The power: an Act and its section.
    pub legislation: Cow<'a, str>,
    /// What was searched for.
    pub object: Cow<'a, str>,
    /// What came of it.
    pub outcome: Cow<'a, str>,
    /// Whether the outcome had to do with what was searched for.
    pub outcome_linked: YesNo<'a>,
    /// Whether more than outer clothing was removed.
    pub removal_of_clothing: YesNo<'a>,
    /// Some value was not UTF-8: its text here is what could be read of it.
    pub not_text: bool,
}

/// Yes, no, nothing said, or other words. Nothing said is not no.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum YesNo<'a> {
    /// "True"
    Yes,
    /// "False"
    No,
    /// Empty.
    #[default]
    Empty,
    /// Anything else, verbatim.
    Other(Cow<'a, str>),
}

impl<'a> YesNo<'a> {
    /// Reads the words of a file.
    #[must_use]
    pub fn of(words: Cow<'a, str>) -> Self {
        match words.as_ref() {
            "" => Self::Empty,
            "True" | "true" | "TRUE" => Self::Yes,
            "False" | "false" | "FALSE" => Self::No,
            _ => Self::Other(words),
        }
    }

    /// Whether it says yes or no; `None` for nothing said and for words that say neither.
    #[must_use]
    pub fn known(&self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Empty | Self::Other(_) => None,
        }
    }
}

/// When a search took place, as precisely as the row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A moment.
    Instant(Timestamp),
    /// A day.
    Day(Day),
}

impl When {
    /// The day in London.
    #[must_use]
    pub fn day(self) -> Day {
        match self {
            Self::Day(day) => day,
            Self::Instant(at) => Day::in_london(u64::try_from(at.as_millisecond()).unwrap_or_default()),
        }
    }
}

impl Search<'_> {
    /// When it took place; `None` where the words are no date. Of a time without an offset only the day is
    /// taken: whether it is London's own time or UTC, nothing says.
    #[must_use]
    pub fn when(&self) -> Option<When> {
        let words = self.date.trim();
        if let Ok(at) = words.parse::<Timestamp>() {
            return Some(When::Instant(at));
        }
        let day = |date: civil::Date| Day::new(date.year(), date.month(), date.day()).map(When::Day);
        words.parse::<civil::DateTime>().ok().and_then(|at| day(at.date()))
    }

    /// The month in London that it is counted in, "2024-06".
    #[must_use]
    pub fn month(&self) -> Option<String> {
        let mut month = self.when()?.day().to_string();
        month.truncate("2024-06".len());
        Some(month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_turn_at_midnight_in_london() {
        for (date, month) in [
            // The first row of Bedfordshire's file for May 2021: still April in UTC, May in London.
            ("2021-04-30T23:41:00+00:00", Some("2021-05")),
            ("2021-04-30T22:59:59+00:00", Some("2021-04")),
            ("2021-12-31T23:30:00+00:00", Some("2021-12")),
            ("2022-10-31T23:30:00Z", Some("2022-10")),
            ("2024-06-01T00:30:00+01:00", Some("2024-06")),
            ("2024-06-01", Some("2024-06")),
            ("2024-06-01 12:30:00", Some("2024-06")),
            ("", None),
            ("last week", None),
        ] {
            let search = Search { date: Cow::Borrowed(date), ..Search::default() };
            assert_eq!(search.month().as_deref(), month, "{date:?}");
        }
    }

    #[test]
    fn empty_is_not_false() {
        let read = |words| YesNo::of(Cow::Borrowed(words));
        assert_eq!(read("").known(), None);
        assert_eq!(read("False").known(), Some(false));
        assert_eq!(read("Fal"), YesNo::Other(Cow::Borrowed("Fal")));
    }
}
