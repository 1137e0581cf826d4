//! Figures: so many of so many, never a bare percentage that has counts behind it.
//!
//! Percentages are computed in whole tenths, rounded half up, so that every machine prints the same digit.

use ledger_rules::report::tenths_of_percent;
use scrutiny_proto::inspection::v1::{Figure, InspectorateAuditReported, Polarity};
use serde::Serialize;

use crate::rate::{self, show_tenths, wilson_95};

/// A figure as a reader needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureView {
    /// What was measured.
    pub measures: String,
    /// How many; null for a percentage only.
    pub count: Option<u64>,
    /// Of how many; null for a percentage only.
    pub population: Option<u64>,
    /// Percent with one decimal.
    pub percent: String,
    /// True where the source gives a percentage and no counts.
    pub percentage_only: bool,
    /// True where the count is of what was *not* done.
    pub counts_what_was_not_done: bool,
    /// For such a count: percent of what was done.
    pub percent_done: String,
    /// 95 % Wilson interval of `percent`, from counts only: lower and upper, one decimal each.
    pub wilson_95: Option<(String, String)>,
    /// Period in the words of the source.
    pub period_words: String,
    /// What the figure does not say. It travels with the figure.
    pub caveat: String,
    /// The entry that reports it.
    pub entry: u64,
    /// The figure in words: "41 of 79 (51.9 %)".
    pub words: String,
}

/// Two figures of the same measure, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// What was measured.
    pub measures: String,
    /// Period and percent before.
    pub before: (String, String),
    /// Period and percent after.
    pub after: (String, String),
    /// The entries that report the two.
    pub entries: [u64; 2],
    /// Difference in percentage points, one decimal, signed: "-13.4".
    pub points: String,
}

impl FigureView {
    pub(crate) fn of_audit(audit: &InspectorateAuditReported, entry: u64) -> Self {
        let figure = audit.figure.clone().unwrap_or_default();
        Self::new(&figure, &audit.measures, &audit.period_words, &audit.caveat, entry)
    }

    pub(crate) fn new(figure: &Figure, measures: &str, period_words: &str, caveat: &str, entry: u64) -> Self {
        let counted = figure.population > 0;
        let tenths = tenths(figure.count, figure.population, &figure.percentage_only);
        let not_done = figure.polarity() == Polarity::Negative;
        let percent = show_tenths(i64::from(tenths));
        let words = if counted {
            let without = if not_done { " without" } else { "" };
            format!("{} of {}{without} ({percent} %)", figure.count, figure.population)
        } else {
            format!("{percent} % (percentage only)")
        };
        Self {
            measures: measures.to_owned(),
            count: counted.then_some(figure.count),
            population: counted.then_some(figure.population),
            percentage_only: !counted,
            counts_what_was_not_done: not_done,
            percent_done: if not_done { complement(figure, tenths) } else { percent.clone() },
            wilson_95: wilson_95(figure.count, figure.population),
            period_words: period_words.to_owned(),
            caveat: caveat.to_owned(),
            entry,
            percent,
            words,
        }
    }

    fn tenths(&self) -> i64 {
        i64::from(tenths_of_percent(&self.percent).unwrap_or_default())
    }
}

fn complement(figure: &Figure, tenths: u32) -> String {
    match figure.population {
        0 => show_tenths(1000 - i64::from(tenths)),
        population => rate::percent(population.saturating_sub(figure.count), population).unwrap_or_default(),
    }
}

fn tenths(count: u64, population: u64, percentage_only: &str) -> u32 {
    rate::tenths(count, population).or_else(|| tenths_of_percent(percentage_only)).unwrap_or_default()
}

/// Each figure against the one before it of the same measure and polarity.
pub(crate) fn movements(figures: &[FigureView]) -> Vec<Movement> {
    let mut found = Vec::new();
    for (i, after) in figures.iter().enumerate() {
        let same = |f: &&FigureView| {
            f.measures == after.measures && f.counts_what_was_not_done == after.counts_what_was_not_done
        };
        if let Some(before) = figures[..i].iter().rev().find(same) {
            found.push(Movement {
                measures: after.measures.clone(),
                before: (before.period_words.clone(), before.percent.clone()),
                after: (after.period_words.clone(), after.percent.clone()),
                entries: [before.entry, after.entry],
                points: show_tenths(after.tenths() - before.tenths()),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(count: u64, population: u64, percentage_only: &str, polarity: Polarity) -> FigureView {
        let figure = Figure {
            count,
            population,
            percentage_only: percentage_only.to_owned(),
            polarity: polarity.into(),
        };
        let measures = "what was measured".to_owned();
        FigureView::of_audit(
            &InspectorateAuditReported { measures, figure: Some(figure), ..Default::default() },
            0,
        )
    }

    #[test]
    fn the_figures_of_the_thirteen_areas_come_out_as_the_letter_has_them() {
        for (count, population, percent) in [
            (41, 79, "51.9"),
            (40, 48, "83.3"),
            (27, 36, "75.0"),
            (57, 81, "70.4"),
            (30, 33, "90.9"),
            (47, 60, "78.3"),
            (43, 68, "63.2"),
        ] {
            assert_eq!(figure(count, population, "", Polarity::Positive).percent, percent);
        }
    }

    #[test]
    fn a_count_of_what_was_not_done_shows_both_sides() {
        let victims = figure(15, 59, "", Polarity::Negative);
        assert_eq!((victims.percent.as_str(), victims.percent_done.as_str()), ("25.4", "74.6"));
        assert_eq!(victims.words, "15 of 59 without (25.4 %)");
    }

    #[test]
    fn a_percentage_only_has_no_interval_and_its_fall_is_in_points() {
        let figures = [figure(0, 0, "94", Polarity::Positive), figure(0, 0, "80.6", Polarity::Positive)];
        assert!(figures.iter().all(|f| f.percentage_only && f.wilson_95.is_none() && f.count.is_none()));
        assert_eq!(movements(&figures)[0].points, "-13.4");
        let third = [figures[0].clone(), figures[1].clone(), figure(0, 0, "85", Polarity::Positive)];
        let points: Vec<_> = movements(&third).into_iter().map(|m| m.points).collect();
        assert_eq!(points, ["-13.4", "4.4"], "each against the one before it");
    }

    #[test]
    fn ninety_one_of_a_hundred_has_its_wilson_interval() {
        let audit = figure(91, 100, "", Polarity::Positive);
        assert_eq!(audit.percent, "91.0");
        assert_eq!(audit.wilson_95, Some(("83.8".to_owned(), "95.2".to_owned())));
    }
}
