//! Months and periods, as London's calendar has them.

use std::fmt;
use std::str::FromStr;

use ledger_rules::civil::Day;

/// A calendar month, held as months since January of the year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(u16);

/// One month or several in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// The first.
    pub from: Month,
    /// The last.
    pub to: Month,
}

/// A text that is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a period is a month, \"2024-03\", or a year by its last month, \"ye-2024-03\"; this is {0:?}")]
pub struct NotAPeriod(pub String);

impl Month {
    /// The month of a day.
    #[must_use]
    pub fn of(day: Day) -> Self {
        let text = day.to_string();
        text[..7].parse().expect("a day opens with its month")
    }

    /// So many months later, or earlier when negative.
    #[must_use]
    pub fn plus(self, months: i16) -> Self {
        Self(self.0.saturating_add_signed(months))
    }
}

impl FromStr for Month {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let wrong = || NotAPeriod(text.to_owned());
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        let digits = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(wrong());
        }
        let (year, month): (u16, u16) =
            (year.parse().map_err(|_| wrong())?, month.parse().map_err(|_| wrong())?);
        if year > 5000 || !(1..=12).contains(&month) {
            return Err(wrong());
        }
        Ok(Self(year * 12 + month - 1))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0 / 12, self.0 % 12 + 1)
    }
}

impl Period {
    /// A single month.
    #[must_use]
    pub fn month(month: Month) -> Self {
        Self { from: month, to: month }
    }

    /// Whether it covers a month.
    #[must_use]
    pub fn covers(self, month: Month) -> bool {
        self.from <= month && month <= self.to
    }

    /// In words: "March 2024", "April 2023 to March 2024".
    #[must_use]
    pub fn words(self) -> String {
        if self.from == self.to {
            return words(self.from);
        }
        format!("{} to {}", words(self.from), words(self.to))
    }
}

/// "2024-03", or "ye-2024-03" for the year ending in that month.
impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        match text.strip_prefix("ye-") {
            Some(last) => {
                let to: Month = last.parse().map_err(|_| NotAPeriod(text.to_owned()))?;
                Ok(Self { from: to.plus(-11), to })
            }
            None => text.parse().map(Self::month),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to { write!(f, "{}", self.from) } else { write!(f, "ye-{}", self.to) }
    }
}

fn words(month: Month) -> String {
    const NAMES: [&str; 12] = [
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
    format!("{} {}", NAMES[usize::from(month.0 % 12)], month.0 / 12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_month_or_a_year_by_its_last_month() {
        let march: Period = "2024-03".parse().unwrap();
        assert_eq!((march.to_string(), march.words()), ("2024-03".to_owned(), "March 2024".to_owned()));
        let year: Period = "ye-2024-03".parse().unwrap();
        assert_eq!(year.words(), "April 2023 to March 2024");
        assert_eq!(year.to_string(), "ye-2024-03");
        assert!(year.covers("2023-04".parse().unwrap()) && !year.covers("2023-03".parse().unwrap()));
        for bad in ["", "2024", "2024-00", "2024-13", "24-03", "ye-2024", "2024-03-01", "2024-3"] {
            assert!(bad.parse::<Period>().is_err(), "{bad}");
        }
    }
}
