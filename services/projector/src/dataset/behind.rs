//! Which entries a cell rests on.

use std::collections::BTreeSet;

use super::Dataset;
use super::fold::Because;
use super::measure::{MEASURES, Measure, Verdict};
use super::month::Period;
use super::rows::Subject;
use super::tally::cell_name;
use super::words::Dimension;

/// Entries behind one cell, by what they count as. Each list is in the order of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Behind {
    /// What is counted.
    pub numerator: Vec<u64>,
    /// What is in the denominator beside it.
    pub rest: Vec<u64>,
    /// What does not say.
    pub unknown: Vec<u64>,
}

impl Dataset {
    /// The entries behind a cell of a measure, by the names that a view gives them; none for a name that no
    /// view has. A record comes with what else its verdict rests on: footage, a link, a review.
    #[must_use]
    pub fn behind(&self, body: &str, period: Period, measure: &str, cell: &str) -> Option<Behind> {
        let measure = MEASURES.iter().find(|m| m.id == measure)?;
        let by = measure.by.iter().find(|by| is_name_of(by, cell))?;
        let subjects: Vec<_> = self.subjects(body, period).collect();
        let mut found: [BTreeSet<Subject>; 3] = Default::default();
        let mut levels = BTreeSet::new();
        self.each(measure, by, &subjects, |key, subject, level, verdict| {
            if cell_name(by, key) == cell {
                levels.extend(level);
                found[verdict as usize].insert(subject);
            }
        });
        let [numerator, rest, unknown] = found.map(|subjects| self.entries(measure, &subjects, &levels));
        Some(Behind { numerator, rest, unknown })
    }

    fn entries(&self, measure: &Measure, subjects: &BTreeSet<Subject>, levels: &BTreeSet<u8>) -> Vec<u64> {
        let own = subjects.iter().map(|subject| match *subject {
            Subject::Search(at) => self.searches[at as usize].entry,
            Subject::Force(at) => self.forces[at as usize].entry,
        });
        let more = self
            .behind
            .iter()
            .filter(|(subject, because, _)| subjects.contains(subject) && counts(measure, *because, levels));
        own.chain(more.map(|(.., entry)| *entry)).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Whether a measure rests on such an entry.
fn counts(measure: &Measure, because: Because, levels: &BTreeSet<u8>) -> bool {
    let level = |name: &str| Dimension::Level.code(name);
    match (because, measure.id) {
        (Because::Footage, id) => id.contains("footage"),
        (Because::Force, id) => id == "force-in-searches",
        (Because::Review(at), "reasonable-grounds" | "searches-reviewed" | "force-reviewed") => {
            levels.contains(&at)
        }
        (Because::Review(at), "taser-tl") => at == level("taser_tl"),
        (Because::Review(at), "taser-ttt-fired" | "taser-ttt-sample") => at == level("taser_ttt"),
        (Because::Review(at), "jps") => at == level("jps"),
        (Because::Review(at), "irg-coverage" | "agreement-searches" | "agreement-force") => {
            at == level("irg")
        }
        (Because::Review(_), "footage-entire" | "force-footage-entire") => true,
        (Because::Review(_), _) => false,
    }
}

fn is_name_of(by: &[Dimension], cell: &str) -> bool {
    if by.is_empty() {
        return cell == "all";
    }
    let parts: Vec<_> = cell.split('/').collect();
    parts.len() == by.len()
        && by.iter().zip(parts).all(|(dimension, part)| {
            part.split_once('=')
                .is_some_and(|(name, value)| name == dimension.name() && dimension.values().contains(&value))
        })
}

/// The order in which a cell's entries are told apart.
const _: () =
    assert!(Verdict::Yes as usize == 0 && Verdict::No as usize == 1 && Verdict::Unknown as usize == 2);
