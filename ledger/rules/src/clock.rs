//! Clocks: from a rule and a day to the last day that keeps it.
//!
//! [`reckon`] answers for every rule, R1 to R14, over civil days in London and, where the law counts working
//! days, over the bank holidays of England and Wales. Words about dates ("By July 2021") are read by
//! [`crate::due`]. The rule that everything else here turns on has a type of its own, [`StatutoryClock`]:
//!
//! Rule R1: the 56 days of the Police Act 1996, section 55(5A). Comments must be published "before the end of the period of 56 days beginning with the day on which
//! the report is published". The publication day is day 1, so the last day is publication + 55; weekends
//! and bank holidays count. Everyday counting says + 56, and is shown beside it because letters use it.

pub mod calendar;
mod reckon;
mod rule;

pub use reckon::{Cadence, ClockError, Options, Reckoned, Start, reckon};
pub use rule::{NoRule, Rule};

use serde::{Deserialize, Serialize};

use crate::civil::Day;

/// Length of the period, in days, the publication day included.
pub const STATUTORY_DAYS: i32 = 56;

/// Days after publication when a copy not yet sent (s.55(6)) is worth a warning. The Act sets no limit.
pub const COPY_WARNING_DAYS: i32 = 7;

/// The clock that a report's publication starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatutoryClock {
    /// Day 1.
    pub published_on: Day,
}

/// Whether a publication kept the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// On or before the last day.
    InTime,
    /// So many days after the last day.
    Late {
        /// 1 for the day after the last day.
        days: i32,
    },
}

impl StatutoryClock {
    /// The clock of a report published on this day.
    #[must_use]
    pub fn beginning(published_on: Day) -> Self {
        Self { published_on }
    }

    /// The last day on which publishing keeps the limit: until 23:59:59 in London.
    #[must_use]
    pub fn last_day(self) -> Day {
        self.published_on.plus(STATUTORY_DAYS - 1)
    }

    /// What "56 days later" means in everyday counting: one day too late in law.
    #[must_use]
    pub fn plain_56(self) -> Day {
        self.published_on.plus(STATUTORY_DAYS)
    }

    /// Which day of the period it is: 1 on the day of publication, 57 on the first day after the end.
    #[must_use]
    pub fn day_number(self, on: Day) -> i32 {
        on.since(self.published_on) + 1
    }

    /// Days from `on` to the last day: 0 on the last day, negative after it.
    #[must_use]
    pub fn days_left(self, on: Day) -> i32 {
        self.last_day().since(on)
    }

    /// Whether publishing on this day keeps the limit.
    #[must_use]
    pub fn verdict(self, published: Day) -> Verdict {
        match published.since(self.last_day()) {
            days if days > 0 => Verdict::Late { days },
            _ => Verdict::InTime,
        }
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod statutory {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn the_publication_day_is_day_one() {
        for (published, last, plain) in [
            ("2022-06-21", "2022-08-15", "2022-08-16"),
            ("2021-02-26", "2021-04-22", "2021-04-23"),
            // A bank holiday is still the last day.
            ("2024-03-12", "2024-05-06", "2024-05-07"),
        ] {
            let clock = StatutoryClock::beginning(day(published));
            assert_eq!((clock.last_day(), clock.plain_56()), (day(last), day(plain)));
            assert_eq!((clock.day_number(clock.last_day()), clock.days_left(clock.last_day())), (56, 0));
        }
    }

    #[test]
    fn the_board_of_13_april_2021_met_on_day_47_with_9_days_left() {
        let clock = StatutoryClock::beginning(day("2021-02-26"));
        assert_eq!((clock.day_number(day("2021-04-13")), clock.days_left(day("2021-04-13"))), (47, 9));
    }

    #[test]
    fn a_response_on_16_august_2022_is_one_day_late() {
        let clock = StatutoryClock::beginning(day("2022-06-21"));
        assert_eq!(clock.verdict(day("2022-08-15")), Verdict::InTime);
        assert_eq!(clock.verdict(day("2022-08-16")), Verdict::Late { days: 1 });
    }
}
