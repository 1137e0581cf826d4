//! When an entry's matter happened, for comparing it with a view's day.

use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use ledger_rules::occurred;
use serde::{Serialize, Serializer};

/// The days in which something happened, and the words as written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Happened {
    pub(crate) days: Option<(Day, Day)>,
    words: String,
}

/// When something happened, as a view shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct When {
    /// First day, YYYY-MM-DD; null when unknown.
    #[serde(serialize_with = "as_text")]
    pub from: Option<Day>,
    /// Last day: the same one where the day is known.
    #[serde(serialize_with = "as_text")]
    pub to: Option<Day>,
    /// The words of the source, where they were kept.
    pub words: String,
}

impl Happened {
    pub(crate) fn of(statement: &Statement) -> Self {
        let days = occurred::read(&statement.occurred).and_then(occurred::When::days);
        Self { days, words: statement.occurred.words.clone() }
    }

    /// Whether it had happened by the end of `day`; what has no day is never left out.
    pub(crate) fn by(&self, day: Day) -> bool {
        self.days.is_none_or(|(first, _)| first <= day)
    }

    pub(crate) fn first(&self) -> Option<Day> {
        self.days.map(|(first, _)| first)
    }

    pub(crate) fn last(&self) -> Option<Day> {
        self.days.map(|(_, last)| last)
    }

    pub(crate) fn view(&self) -> When {
        When { from: self.first(), to: self.last(), words: self.words.clone() }
    }
}

/// A day as a document has it. In a view it stays a day, since a register has tens of thousands and shows few.
#[expect(clippy::ref_option, reason = "serde passes a field like this")]
fn as_text<S: Serializer>(day: &Option<Day>, to: S) -> Result<S::Ok, S::Error> {
    match day {
        Some(day) => to.collect_str(day),
        None => to.serialize_none(),
    }
}

impl std::fmt::Display for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) if from == to => write!(f, "{from}"),
            (Some(from), Some(to)) => write!(f, "{from} to {to}"),
            _ => f.write_str("unknown"),
        }
    }
}
