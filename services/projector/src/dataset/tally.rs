//! Counting: one pass over a period's records for each measure and breakdown.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Dataset;
use super::item::Item;
use super::measure::{Measure, Power, Verdict};
use super::rows::Subject;
use super::words::{Dimension, LEVELS, UNRECOGNISED};
use crate::rate;

/// One figure: so many of so many, and how many do not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Its name within its measure: "ethnicity=Black/purpose=Weapons"; "all" for no breakdown.
    pub name: String,
    /// The value in each dimension that it is broken down by.
    pub values: Vec<&'static str>,
    /// How many.
    pub numerator: u64,
    /// Of how many.
    pub denominator: u64,
    /// How many do not say.
    pub unknown: u64,
    /// Percent with one decimal; null where there is nothing to count in, or no record says.
    pub percent: Option<String>,
    /// 95 % Wilson interval; null for a plain count.
    pub wilson_95: Option<(String, String)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    yes: u64,
    no: u64,
    unknown: u64,
}

/// Places in up to two dimensions.
pub(super) type Key = [u8; 2];

impl Dataset {
    /// The cells of one breakdown of a measure. Every value of its dimensions has one, so that a table keeps its
    /// shape from month to month; unrecognised words only where there are any.
    pub(super) fn cells(&self, measure: &Measure, by: &[Dimension], subjects: &[Subject]) -> Vec<Cell> {
        let mut tallies: BTreeMap<Key, Tally> = keys(by)
            .filter(|key| is_possible(measure, *key, by))
            .map(|key| (key, Tally::default()))
            .collect();
        let mut all = 0;
        self.each(measure, by, subjects, |key, _, _, verdict| {
            let tally = tallies.entry(key).or_default();
            match verdict {
                Verdict::Yes => tally.yes += 1,
                Verdict::No => tally.no += 1,
                Verdict::Unknown => tally.unknown += 1,
            }
        });
        if measure.is_count {
            all = subjects.iter().filter(|s| is_of(**s, measure.power)).count() as u64;
        }
        let shown = tallies
            .into_iter()
            .filter(|(key, tally)| !is_unrecognised(*key, by) || tally.yes + tally.no + tally.unknown > 0);
        shown.map(|(key, tally)| cell(measure, by, key, tally, all)).collect()
    }

    /// Every record that a measure looks at, with its place in the breakdown and the verdict.
    pub(super) fn each(
        &self,
        measure: &Measure,
        by: &[Dimension],
        subjects: &[Subject],
        mut take: impl FnMut(Key, Subject, Option<u8>, Verdict),
    ) {
        let levels = if by.contains(&Dimension::Level) { LEVELS.len() } else { 0 };
        for &subject in subjects.iter().filter(|s| is_of(**s, measure.power)) {
            let each = (0..levels).map(|level| u8::try_from(level).ok());
            for level in each.chain((levels == 0).then_some(None)) {
                let item = Item { set: self, subject, level };
                let Some(verdict) = (measure.verdict)(&item) else { continue };
                let second = by.get(1);
                match by.first() {
                    None => take([0, 0], subject, level, verdict),
                    Some(&first) => {
                        for a in item.values(first) {
                            match second {
                                None => take([a, 0], subject, level, verdict),
                                Some(&second) => {
                                    item.values(second).for_each(|b| take([a, b], subject, level, verdict));
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn is_of(subject: Subject, power: Power) -> bool {
    matches!((subject, power), (Subject::Search(_), Power::Searches) | (Subject::Force(_), Power::Force))
}

fn keys(by: &[Dimension]) -> impl Iterator<Item = Key> {
    let count =
        |at: usize| by.get(at).map_or(1, |d: &Dimension| u8::try_from(d.values().len()).unwrap_or(u8::MAX));
    let (rows, columns) = (count(0), count(1));
    (0..rows).flat_map(move |a| (0..columns).map(move |b| [a, b]))
}

/// Whether a measure could ever have a record there: a row that is always empty says nothing, and whoever knows
/// that it is could compute others from it.
fn is_possible(measure: &Measure, key: Key, by: &[Dimension]) -> bool {
    by.iter().zip(key).all(|(dimension, at)| {
        let value = dimension.values()[usize::from(at)];
        match dimension {
            Dimension::TaserUse => measure.is_count || value != "No Taser",
            Dimension::Level if measure.power == Power::Searches => {
                matches!(value, "self" | "supervisor" | "irg" | "rgrg" | "superintendent")
            }
            // A panel gives ratings and no reviews.
            Dimension::Level => !matches!(value, "rgrg" | "panel"),
            _ => true,
        }
    })
}

fn is_unrecognised(key: Key, by: &[Dimension]) -> bool {
    by.iter().zip(key).any(|(d, at)| d.values().get(usize::from(at)) == Some(&UNRECOGNISED))
}

pub(super) fn cell_name(by: &[Dimension], key: Key) -> String {
    if by.is_empty() {
        return "all".to_owned();
    }
    let parts: Vec<_> =
        by.iter().zip(key).map(|(d, at)| format!("{}={}", d.name(), d.values()[usize::from(at)])).collect();
    parts.join("/")
}

fn cell(measure: &Measure, by: &[Dimension], key: Key, tally: Tally, all: u64) -> Cell {
    let Tally { yes, no, unknown } = tally;
    let denominator = match (measure.is_count, measure.of_all) {
        (true, _) => all,
        (false, true) => yes + no + unknown,
        (false, false) => yes + no,
    };
    // Where no record says anything, 0 % would be a claim that nobody made.
    let is_silent = unknown > 0 && yes == 0 && (no == 0 || measure.needs_one);
    Cell {
        name: cell_name(by, key),
        values: by.iter().zip(key).map(|(d, at)| d.values()[usize::from(at)]).collect(),
        numerator: yes,
        denominator,
        unknown,
        percent: if is_silent { None } else { rate::percent(yes, denominator) },
        wilson_95: if measure.is_count || is_silent { None } else { rate::wilson_95(yes, denominator) },
    }
}
