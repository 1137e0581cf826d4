//! Due words: what a report's phrase means as a date, with the rule that says so (R3 to R8).
//!
//! The words are kept as they stand; a date is an interpretation of them, shown with its rule and, where
//! the words allow an earlier reading, with the strict one. Words that no rule reads have no date: nothing
//! is guessed.

use serde::Serialize;

use crate::civil::Day;
use crate::occurred;

/// Days between reviews of something without a date (R6). A proposal, not law.
pub const REVIEW_EVERY_DAYS: u16 = 90;

/// Which rule read the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Rule {
    /// "By July 2021": the last day of the month; strictly, the last day of the month before.
    R3,
    /// "With immediate effect": the day of the document.
    R4,
    /// "from June 2021": begun by the last day of the month.
    R5,
    /// "as soon as possible", "ongoing": no date, reviewed every 90 days.
    R6,
    /// A season or a year: its last day.
    R7,
    /// A date written out.
    #[serde(rename = "date")]
    Date,
}

/// How precise the words are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DuePrecision {
    /// A day.
    Day,
    /// A month.
    Month,
    /// A season.
    Season,
    /// A year.
    Year,
    /// Nothing to hold a date against.
    Unknown,
}

/// What due words mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The rule.
    pub rule: Rule,
    /// How precise the words are.
    pub precision: DuePrecision,
    /// First day of the span that the words name, where they name one.
    pub opens: Option<Day>,
    /// The due date by the default reading.
    pub due: Option<Day>,
    /// The due date by the strictest reading, where it differs.
    pub strict: Option<Day>,
    /// Whether the words are about a start rather than an end (R5).
    pub is_start: bool,
    /// True where the date rests on a convention that the words do not state (R7).
    pub interpreted: bool,
}

/// Reads due words. `document` is the day of the document they stand in, where it is known.
///
/// `None` when there are no words or no rule reads them.
#[must_use]
pub fn read(words: &str, document: Option<Day>) -> Option<Due> {
    let text = normalise(words);
    undated(&text)
        .or_else(|| immediate(&text, document))
        .or_else(|| this_year(&text, document))
        .or_else(|| dated(&text))
}

fn normalise(words: &str) -> String {
    let lower = words.to_lowercase().replace(',', " ");
    let joined = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    joined.trim_end_matches('.').to_owned()
}

/// R6.
fn undated(text: &str) -> Option<Due> {
    let phrases =
        ["as soon as possible", "as soon as practicable", "ongoing", "on going", "on-going", "continuing"];
    let due = due(Rule::R6, DuePrecision::Unknown, None, None);
    phrases.contains(&text).then_some(due)
}

/// R4.
fn immediate(text: &str, document: Option<Day>) -> Option<Due> {
    let phrases = ["with immediate effect", "immediately", "immediate"];
    phrases.contains(&text).then(|| due(Rule::R4, DuePrecision::Day, document, document))
}

fn this_year(text: &str, document: Option<Day>) -> Option<Due> {
    if !matches!(text, "this year" | "by the end of this year" | "during this year") {
        return None;
    }
    let year = document.map(Day::year);
    let ends = year.and_then(|y| Day::last_of(y, 12));
    let opens = year.and_then(|y| Day::first_of(y, 1));
    Some(Due { interpreted: true, ..due(Rule::R7, DuePrecision::Year, opens, ends) })
}

fn dated(text: &str) -> Option<Due> {
    let (start, by, rest) = lead(text);
    let rest = rest.strip_prefix("the ").unwrap_or(rest);
    let (at_end, rest) = match rest.strip_prefix("end of ") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let rule = if start { Rule::R5 } else { Rule::R3 };
    if let Some(day) = one_day(rest) {
        let rule = if start { Rule::R5 } else { Rule::Date };
        return Some(Due { is_start: start, ..due(rule, DuePrecision::Day, Some(day), Some(day)) });
    }
    if let Some((year, month)) = month(rest) {
        let (opens, ends) = (Day::first_of(year, month), Day::last_of(year, month));
        // "By July" may mean before July begins; "in July" and "by the end of July" may not.
        let strict = opens.filter(|_| by && !at_end).map(|first| first.plus(-1));
        return Some(Due { strict, is_start: start, ..due(rule, DuePrecision::Month, opens, ends) });
    }
    let span = |precision, (first, last)| {
        Some(Due { is_start: start, interpreted: true, ..due(Rule::R7, precision, Some(first), Some(last)) })
    };
    if let Some(days) = season(rest) {
        return span(DuePrecision::Season, days);
    }
    let year = year(rest)?;
    span(DuePrecision::Year, (Day::first_of(year, 1)?, Day::last_of(year, 12)?))
}

/// Takes the leading preposition: is it about a start, does it say "by", and what follows.
fn lead(text: &str) -> (bool, bool, &str) {
    for (word, start, by) in [
        ("from ", true, false),
        ("starting ", true, false),
        ("by ", false, true),
        ("before ", false, true),
        ("in ", false, false),
        ("during ", false, false),
        ("on ", false, false),
    ] {
        if let Some(rest) = text.strip_prefix(word) {
            return (start, by, rest);
        }
    }
    (false, false, text)
}

fn due(rule: Rule, precision: DuePrecision, opens: Option<Day>, due: Option<Day>) -> Due {
    Due { rule, precision, opens, due, strict: None, is_start: false, interpreted: false }
}

/// "2021-07-31" or "31 July 2021" or "31st July 2021".
fn one_day(text: &str) -> Option<Day> {
    if let Ok(day) = text.parse() {
        return Some(day);
    }
    let (day, rest) = text.split_once(' ')?;
    let digits = day.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffixed = matches!(&day[digits.len()..], "" | "st" | "nd" | "rd" | "th");
    let (year, month) = month(rest)?;
    Day::new(year, month, digits.parse().ok()?).filter(|_| suffixed)
}

/// "july 2021" or "2021-07".
fn month(text: &str) -> Option<(i16, i8)> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    if let Some((y, m)) = text.split_once('-') {
        let month = m.parse().ok().filter(|m| is_month(*m) && text.len() == 7)?;
        return Some((year(y)?, month));
    }
    let (name, y) = text.split_once(' ')?;
    let at = NAMES.iter().position(|n| *n == name)?;
    Some((year(y)?, i8::try_from(at + 1).ok()?))
}

fn is_month(month: i8) -> bool {
    (1..=12).contains(&month)
}

/// "autumn of 2022" or "autumn 2022".
fn season(text: &str) -> Option<(Day, Day)> {
    let (name, rest) = text.split_once(' ')?;
    occurred::season(year(rest.strip_prefix("of ").unwrap_or(rest))?, name)
}

fn year(text: &str) -> Option<i16> {
    let plain = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str, document: &str, expected: &str) {
        let got = read(words, document.parse().ok()).map_or_else(
            || "not read".to_owned(),
            |d| {
                let day = |d: Option<Day>| d.map_or_else(|| "none".to_owned(), |d| d.to_string());
                let start = if d.is_start { " start" } else { "" };
                let strict = d.strict.map_or_else(String::new, |s| format!(" strict {s}"));
                format!("{:?}{start} {}{strict}", d.rule, day(d.due))
            },
        );
        assert_eq!(got, expected, "{words:?} in a document of {document:?}");
    }

    #[test]
    fn r3_by_a_month_is_its_last_day_and_strictly_the_month_before() {
        check("By July 2021", "2021-02-26", "R3 2021-07-31 strict 2021-06-30");
        check("By September 2021", "2021-02-26", "R3 2021-09-30 strict 2021-08-31");
        check("By July 2022", "2021-02-26", "R3 2022-07-31 strict 2022-06-30");
        check("By December 2021", "2021-02-26", "R3 2021-12-31 strict 2021-11-30");
        check("by July 2018", "", "R3 2018-07-31 strict 2018-06-30");
        check("by the end of July 2021", "", "R3 2021-07-31");
        check("By February 2024.", "", "R3 2024-02-29 strict 2024-01-31");
        check("July 2021", "", "R3 2021-07-31");
    }

    #[test]
    fn r4_immediate_effect_is_the_day_of_the_document() {
        check("With immediate effect", "2021-02-26", "R4 2021-02-26");
        check("immediately", "2021-02-26", "R4 2021-02-26");
        check("With immediate effect", "", "R4 none");
    }

    #[test]
    fn r5_from_a_month_is_about_the_start() {
        check("from June 2021", "2021-04-13", "R5 start 2021-06-30");
        check("from 1 June 2021", "2021-04-13", "R5 start 2021-06-01");
    }

    #[test]
    fn r6_has_no_date() {
        for words in ["as soon as possible", "as soon as practicable", "As soon as practicable.", "ongoing"] {
            check(words, "2021-02-26", "R6 none");
        }
    }

    #[test]
    fn r7_a_season_and_a_year_are_read_by_convention() {
        check("Autumn of 2022", "2022-08-16", "R7 2022-11-30");
        check("winter 2022", "", "R7 2023-02-28");
        check("this year", "2022-08-16", "R7 2022-12-31");
        check("this year", "", "R7 none");
        check("in 2023", "", "R7 2023-12-31");
        let autumn = read("Autumn of 2022", None).unwrap();
        assert_eq!(autumn.opens.unwrap().to_string(), "2022-09-01");
        assert!(autumn.interpreted);
    }

    #[test]
    fn a_date_written_out_is_that_date() {
        for words in ["2021-07-31", "by 2021-07-31", "By 31 July 2021", "31st July, 2021", "on 31 July 2021"]
        {
            check(words, "", "Date 2021-07-31");
        }
    }

    #[test]
    fn other_words_are_not_guessed_at() {
        for words in
            ["", "routinely and frequently", "soon", "By Julember 2021", "31 February 2021", "by July"]
        {
            check(words, "2021-02-26", "not read");
        }
    }
}
