//! What can be said about the 56 days, and what cannot.

use ledger_rules::civil::Day;
use ledger_rules::clock::{self, StatutoryClock};
use serde::Serialize;

/// The clock on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Clock {
    /// Rule R1: Police Act 1996 s.55(5A).
    pub rule: &'static str,
    /// Day 1.
    pub published_on: String,
    /// Day 56: until 23:59:59 in London.
    pub last_day: String,
    /// What "56 days later" means in everyday counting; one day too late in law.
    pub plain_56: String,
    /// Which day of the period the view's day is.
    pub day: i32,
    /// Days from the view's day to the last day; negative after it.
    pub days_left: i32,
}

/// What the ledger allows to be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The limit has not come, and no publication is on the ledger.
    Running,
    /// Published on or before the last day.
    InTime {
        /// The day.
        published_on: String,
    },
    /// Published after the last day.
    Late {
        /// The day.
        published_on: String,
        /// 1 for the day after the last day.
        days_late: i32,
        /// The duty was broken when this day ended.
        breached_at_end_of: String,
    },
    /// The last day has passed and neither a publication nor a letter is on the ledger.
    Breached {
        /// The duty was broken when this day ended.
        breached_at_end_of: String,
    },
    /// A date that decides it is unknown.
    CannotDecide {
        /// Which, in words.
        because: String,
    },
}

/// What a verdict is taken from.
pub(super) struct Facts {
    pub(super) report_published: Option<Day>,
    /// One for each publication that the ledger holds; none where its day is unknown.
    pub(super) publications: Vec<Option<Day>>,
    pub(super) letter: Option<Letter>,
}

/// A response that was prepared, with the date on its letter where it bears one.
#[derive(Clone, Copy)]
pub(super) struct Letter(pub(super) Option<Day>);

impl Clock {
    pub(super) fn on(as_of: Day, report_published: Day) -> Self {
        let clock = StatutoryClock::beginning(report_published);
        Self {
            rule: "R1",
            published_on: report_published.to_string(),
            last_day: clock.last_day().to_string(),
            plain_56: clock.plain_56().to_string(),
            day: clock.day_number(as_of),
            days_left: clock.days_left(as_of),
        }
    }
}

impl Verdict {
    pub(super) fn on(as_of: Day, facts: &Facts) -> Self {
        let Some(report) = facts.report_published else {
            return cannot("the day on which the report was published is unknown, so no clock runs");
        };
        let clock = StatutoryClock::beginning(report);
        if let Some(first) = facts.publications.iter().flatten().min() {
            return match clock.verdict(*first) {
                clock::Verdict::InTime => Self::InTime { published_on: first.to_string() },
                clock::Verdict::Late { days } => Self::Late {
                    published_on: first.to_string(),
                    days_late: days,
                    breached_at_end_of: clock.last_day().to_string(),
                },
            };
        }
        if !facts.publications.is_empty() {
            return cannot("it was published, and the source does not say on which day");
        }
        match facts.letter {
            _ if as_of <= clock.last_day() => Self::Running,
            Some(letter) => cannot(&prepared_only(clock, letter)),
            None => Self::Breached { breached_at_end_of: clock.last_day().to_string() },
        }
    }

    /// The verdict in a few words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Running => "running".to_owned(),
            Self::InTime { published_on } => format!("in time, published {published_on}"),
            Self::Late { published_on, days_late, breached_at_end_of } => {
                let days = if *days_late == 1 { "day" } else { "days" };
                format!(
                    "late by {days_late} {days}, published {published_on}; breached at the end of {breached_at_end_of}"
                )
            }
            Self::Breached { breached_at_end_of } => {
                format!(
                    "breached at the end of {breached_at_end_of}, as far as the ledger shows: no publication is on it"
                )
            }
            Self::CannotDecide { because } => format!("cannot decide: {because}"),
        }
    }
}

fn prepared_only(clock: StatutoryClock, Letter(dated): Letter) -> String {
    let letter = dated.map_or_else(
        || "a response was prepared, on an unknown day".to_owned(),
        |day| format!("the letter is dated {day}, day {} of 56", clock.day_number(day)),
    );
    format!("{letter}; when it was published is not on the ledger, and the letter's date is not that day")
}

fn cannot(because: &str) -> Verdict {
    Verdict::CannotDecide { because: because.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn check(as_of: &str, publications: &[Option<&str>], letter: Option<&str>, expected: &str) {
        let facts = Facts {
            report_published: Some(day("2022-06-21")),
            publications: publications.iter().map(|p| p.map(day)).collect(),
            letter: letter.map(|l| Letter(l.parse().ok())),
        };
        assert_eq!(Verdict::on(day(as_of), &facts).words(), expected);
    }

    #[test]
    fn inv_07_only_a_publication_is_held_against_the_last_day() {
        check("2022-08-15", &[], None, "running");
        check(
            "2022-08-16",
            &[],
            None,
            "breached at the end of 2022-08-15, as far as the ledger shows: no publication is on it",
        );
        check("2022-08-20", &[Some("2022-08-15")], Some("2022-08-16"), "in time, published 2022-08-15");
        check(
            "2022-08-20",
            &[Some("2022-08-16")],
            None,
            "late by 1 day, published 2022-08-16; breached at the end of 2022-08-15",
        );
        let letter = "cannot decide: the letter is dated 2022-08-16, day 57 of 56; when it was published is not on \
                      the ledger, and the letter's date is not that day";
        check("2022-08-20", &[], Some("2022-08-16"), letter);
        let undated = "cannot decide: it was published, and the source does not say on which day";
        check("2022-08-20", &[None], None, undated);
    }

    #[test]
    fn a_report_without_a_publication_day_starts_no_clock() {
        let facts =
            Facts { report_published: None, publications: vec![Some(day("2020-01-21"))], letter: None };
        let words = Verdict::on(day("2021-01-01"), &facts).words();
        assert!(words.starts_with("cannot decide: the day on which the report was published"), "{words}");
    }
}
