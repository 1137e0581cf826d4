//! Dated tables of codes: what a word of a file means, and when it meant that.
//!
//! The tables are data (`data/*.csv`), each with its source and the day it was written down. A row keeps its words
//! verbatim; a code stands beside them, never in their place. Words that no table knows are reported by [`flags`]
//! and mean nothing: nothing is guessed from their spelling.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::csv;
use crate::search::{Search, YesNo};

/// An outcome under all the names that it has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The words of the file.
    pub words: String,
    /// One code for old and new names: "arrest".
    pub code: String,
    /// First month in which the name was seen to be published, "2014-12".
    pub first: String,
    /// Whether something came of the search; false for no further action.
    pub something: bool,
}

/// A self-defined ethnicity in one of the two lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfDefined {
    /// "18+1" or "16+1".
    pub list: String,
    /// The code in that list: "W1".
    pub code: String,
    /// The census whose classification the list follows: "2011".
    pub since: String,
    /// The code in the 18+1 list: an O1 of 16+1 (Chinese) is an A4 there.
    pub current: String,
    /// "White", "Mixed", "Asian", "Black", "Other", "Not stated", as the same list groups it.
    pub group: String,
    /// The code's name.
    pub name: String,
    /// The words of the public files.
    pub words: String,
}

/// An officer-defined ethnicity: a code of a force's own records, or a word of the public files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficerDefined {
    /// "IC3"; empty for a public word, which tells no code.
    pub code: String,
    /// "White", "Black", "Asian", "Mixed", "Other", "Unknown".
    pub group: String,
    /// The name.
    pub name: String,
}

/// The outcome that words of a file mean, old or new.
#[must_use]
pub fn outcome(words: &str) -> Option<&'static Outcome> {
    tables().outcomes.get(words)
}

/// The self-defined ethnicity that words of a public file mean.
#[must_use]
pub fn self_defined(words: &str) -> Option<&'static SelfDefined> {
    tables().self_defined.get(words)
}

/// The self-defined ethnicity of a code in a list, "18+1" or "16+1".
#[must_use]
pub fn self_defined_code(list: &str, code: &str) -> Option<&'static SelfDefined> {
    tables().self_defined.values().find(|row| row.list == list && row.code == code)
}

/// The officer-defined ethnicity that a word of a public file or an IC code means.
#[must_use]
pub fn officer_defined(words: &str) -> Option<&'static OfficerDefined> {
    tables().officer_defined.get(words)
}

/// The category of search that an object belongs to: "drugs", "weapons", "stolen", "other".
#[must_use]
pub fn category(object: &str) -> Option<&'static str> {
    tables().words.get("Object of search")?.get(object).map(String::as_str)
}

/// Something in a row that no table knows: kept as it is written, and shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flag {
    /// The column's name in the public file.
    pub column: &'static str,
    /// The words, verbatim.
    pub words: String,
}

/// Every value of a row that no table knows. Empty values are known: they say nothing.
#[must_use]
pub fn flags(search: &Search<'_>) -> Vec<Flag> {
    let mut found = Vec::new();
    let mut flag = |column, words: &str| found.push(Flag { column, words: words.to_owned() });
    let known =
        |column, words: &str| tables().words.get(column).is_some_and(|known| known.contains_key(words));
    for (column, words) in [
        ("Type", &search.search_type),
        ("Gender", &search.gender),
        ("Age range", &search.age_range),
        ("Legislation", &search.legislation),
        ("Object of search", &search.object),
    ] {
        if !words.is_empty() && !known(column, words) {
            flag(column, words);
        }
    }
    if search.search_type.is_empty() {
        flag("Type", "");
    }
    if search.when().is_none() {
        flag("Date", &search.date);
    }
    let words = &search.self_defined_ethnicity;
    if !words.is_empty() && self_defined(words).is_none() {
        flag("Self-defined ethnicity", words);
    }
    let words = &search.officer_defined_ethnicity;
    if !words.is_empty() && officer_defined(words).is_none() {
        flag("Officer-defined ethnicity", words);
    }
    if !search.outcome.is_empty() && outcome(&search.outcome).is_none() {
        flag("Outcome", &search.outcome);
    }
    for (column, value) in [
        ("Part of a policing operation", &search.operation),
        ("Outcome linked to object of search", &search.outcome_linked),
        ("Removal of more than just outer clothing", &search.removal_of_clothing),
    ] {
        if let YesNo::Other(words) = value {
            flag(column, words);
        }
    }
    if search.not_text {
        flag("(the row)", "holds bytes that are not UTF-8");
    }
    found
}

struct Tables {
    outcomes: HashMap<String, Outcome>,
    self_defined: HashMap<String, SelfDefined>,
    officer_defined: HashMap<String, OfficerDefined>,
    /// By column and words; the category of a search where there is one.
    words: HashMap<String, HashMap<String, String>>,
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| Tables {
        outcomes: read(include_str!("../data/outcomes.csv"), |[words, code, _, first, _, finding]| {
            let something = finding == "something";
            (words.clone(), Outcome { words, code, first, something })
        }),
        self_defined: read(
            include_str!("../data/ethnicity-self-defined.csv"),
            |[list, code, since, later, group, name, words]| {
                let current = if later.is_empty() { code.clone() } else { later };
                (words.clone(), SelfDefined { list, code, since, current, group, name, words })
            },
        ),
        officer_defined: read(
            include_str!("../data/ethnicity-officer-defined.csv"),
            |[_, code, group, name, words]| {
                let key = if words.is_empty() { code.clone() } else { words };
                (key, OfficerDefined { code, group, name })
            },
        ),
        words: words(),
    })
}

fn words() -> HashMap<String, HashMap<String, String>> {
    let mut found: HashMap<String, HashMap<String, String>> = HashMap::new();
    for [column, words, category] in rows(include_str!("../data/words.csv")) {
        found.entry(column).or_default().insert(words, category);
    }
    found
}

/// Reads one of our own tables by the key of each row.
fn read<const N: usize, V>(text: &str, row: impl Fn([String; N]) -> (String, V)) -> HashMap<String, V> {
    rows(text).map(row).collect()
}

/// The rows of one of our own tables: comments and the line of columns are passed over.
pub(crate) fn rows<const N: usize>(text: &str) -> impl Iterator<Item = [String; N]> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| {
        let values = csv::fields(line.as_bytes()).into_iter();
        let values: Vec<String> = values.map(|v| String::from_utf8_lossy(&v).into_owned()).collect();
        values.try_into().expect("a table's rows have its columns")
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn old_and_new_names_of_an_outcome_share_a_code() {
        for (old, new) in [
            ("Suspect arrested", "Arrest"),
            ("Local resolution", "Community resolution"),
            ("Nothing found - no further action", "A no further action disposal"),
            ("Offender given drugs possession warning", "Khat or Cannabis warning"),
        ] {
            assert_eq!(outcome(old).unwrap().code, outcome(new).unwrap().code);
            assert!(outcome(old).unwrap().first < outcome(new).unwrap().first);
        }
        assert_eq!(outcome("arrest"), None, "a word is known as it is written, or not at all");
    }

    #[test]
    fn chinese_moved_from_other_to_asian_between_the_lists() {
        let old = self_defined("Chinese or other ethnic group - Chinese (O1)").unwrap();
        let new = self_defined("Asian/Asian British - Chinese").unwrap();
        assert_eq!((old.code.as_str(), old.current.as_str(), old.group.as_str()), ("O1", "A4", "Other"));
        assert_eq!((new.code.as_str(), new.current.as_str(), new.group.as_str()), ("A4", "A4", "Asian"));
        let count = |list: &str| tables().self_defined.values().filter(|row| row.list == list).count();
        assert_eq!((count("16+1"), count("18+1")), (17, 19));
        for row in tables().self_defined.values() {
            assert!(self_defined_code("18+1", &row.current).is_some(), "{row:?}");
        }
    }

    #[test]
    fn a_public_word_of_an_officer_tells_no_code() {
        assert_eq!(officer_defined("White").unwrap().code, "");
        assert_eq!(officer_defined("IC3").unwrap().group, "Black");
        assert_eq!(officer_defined("IC7"), None);
    }

    #[test]
    fn unknown_words_are_flagged_and_empty_ones_are_not() {
        let search = Search {
            search_type: Cow::Borrowed("Person search"),
            date: Cow::Borrowed("2024-06-01T02:52:00+00:00"),
            outcome: Cow::Borrowed("Told off"),
            outcome_linked: YesNo::Other(Cow::Borrowed("maybe")),
            ..Search::default()
        };
        let found = flags(&search);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!((found[0].column, found[0].words.as_str()), ("Outcome", "Told off"));
        assert_eq!(found[1].column, "Outcome linked to object of search");
        assert_eq!(flags(&Search::default()).len(), 2, "a search has a type and a date");
    }
}
