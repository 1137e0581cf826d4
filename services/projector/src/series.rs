//! Series: a body's own figures of one measure, one after the other, with what a movement does not say.
//!
//! A percentage without counts is kept as it was given, and marked: its denominator is unknown, so it has no
//! interval, and a movement between two such figures may be no more than a change of what was counted.

use std::collections::BTreeMap;

use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use scrutiny_proto::governance::v1::MetricReported;
use serde::Serialize;

use crate::figure::{FigureView, Movement, movements};
use crate::table::{Table, or_empty};
use crate::when::{Happened, When};
use crate::{Projection, Provenance, Standing, decode, is_attested, kind_of, signed_by};

/// The series, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// (stream, measure, class) → points, in the order of the ledger.
    points: BTreeMap<(String, String, String), Vec<(Happened, Point)>>,
}

/// All series on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeriesView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The day it was computed for.
    pub as_of: String,
    /// One for each metric, measure and class.
    pub series: Vec<OneSeries>,
}

/// One measure of one body, through time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OneSeries {
    /// The metric's stream.
    pub metric: String,
    /// The body whose figure it is.
    pub body: String,
    /// What was measured.
    pub measures: String,
    /// The clearance level or other class it is about; empty for all.
    pub class: String,
    /// In the order of time; what has no day comes last.
    pub points: Vec<Point>,
    /// Each percentage against the one before of the same polarity.
    pub movements: Vec<Movement>,
    /// What a reader has to know beside the figures.
    pub warnings: Vec<String>,
}

/// One figure of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// When.
    pub when: When,
    /// The figure; null for a plain count.
    pub figure: Option<FigureView>,
    /// A plain count that is part of nothing.
    pub number: Option<u64>,
    /// True where a percentage is given and nobody says of how many.
    pub denominator_unknown: bool,
    /// What else happened.
    pub context: String,
    /// The meeting it was put before.
    pub tabled_at: String,
    /// Who signed.
    pub signed_by: String,
    /// True when two people attested it from a document of the inspectorate.
    pub attested: bool,
    /// The entry.
    pub entry: u64,
}

impl Projection for Series {
    const NAME: &'static str = "series";
    const DEFINITION_VERSION: u32 = 1;

    fn apply(&mut self, index: EntryIndex, _recorded_at_ms: u64, statement: &Statement) {
        if kind_of(statement) != "MetricReported" {
            return;
        }
        let Some(metric) = decode::<MetricReported>(statement) else { return };
        let happened = Happened::of(statement);
        let figure =
            |figure| FigureView::new(figure, &metric.measures, &metric.period_words, &metric.caveat, index.0);
        let point = Point {
            when: happened.view(),
            figure: metric.figure.as_ref().map(figure),
            number: metric.figure.is_none().then_some(metric.number),
            denominator_unknown: metric.figure.as_ref().is_some_and(|f| f.population == 0),
            context: metric.context,
            tabled_at: metric.tabled_at,
            signed_by: signed_by(&statement.signers),
            attested: is_attested(&statement.signers),
            entry: index.0,
        };
        let key = (statement.stream.as_str().to_owned(), metric.measures, metric.class);
        self.points.entry(key).or_default().push((happened, point));
    }
}

impl Series {
    /// All series on a day, from a tree of this size and root.
    #[must_use]
    pub fn view(&self, as_of: Day, at: &Standing) -> SeriesView {
        let one = |((metric, measures, class), points): (&(String, String, String), &Vec<_>)| {
            let points = in_time(points, as_of);
            let figures: Vec<_> = points.iter().filter_map(|p| p.figure.clone()).collect();
            OneSeries {
                metric: metric.clone(),
                body: metric.split('/').nth(1).unwrap_or_default().to_owned(),
                measures: measures.clone(),
                class: class.clone(),
                movements: movements(&figures),
                warnings: warnings(&points),
                points,
            }
        };
        let mut series: Vec<_> = self.points.iter().map(one).collect();
        series.retain(|one| !one.points.is_empty());
        SeriesView { provenance: Self::provenance(at), as_of: as_of.to_string(), series }
    }
}

fn in_time(points: &[(Happened, Point)], as_of: Day) -> Vec<Point> {
    let mut past: Vec<_> = points.iter().filter(|(happened, _)| happened.by(as_of)).collect();
    past.sort_by_key(|(happened, point)| (happened.first().is_none(), happened.first(), point.entry));
    past.into_iter().map(|(_, point)| point.clone()).collect()
}

fn warnings(points: &[Point]) -> Vec<String> {
    let mut warnings = Vec::new();
    let without: Vec<_> =
        points.iter().filter(|p| p.denominator_unknown).map(|p| format!("#{}", p.entry)).collect();
    if !without.is_empty() {
        warnings.push(format!(
            "denominator unknown: the source gives a percentage and no counts ({}), so there is no interval",
            without.join(", ")
        ));
    }
    for point in points {
        let caveat = point.figure.as_ref().map(|f| f.caveat.as_str()).unwrap_or_default();
        if !caveat.is_empty() && !warnings.iter().any(|w| w == caveat) {
            warnings.push(caveat.to_owned());
        }
    }
    warnings
}

impl Point {
    /// The figure or the count in words.
    #[must_use]
    pub fn words(&self) -> String {
        self.figure.as_ref().map_or_else(|| or_empty(self.number), |figure| figure.words.clone())
    }
}

impl SeriesView {
    /// One line for each point; warnings are its notes.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let mut rows = Vec::new();
        for one in &self.series {
            for point in &one.points {
                let moved = one.movements.iter().find(|m| m.entries[1] == point.entry);
                let period = point.figure.as_ref().map(|f| f.period_words.clone()).unwrap_or_default();
                rows.push(vec![
                    one.metric.trim_start_matches("metric/").to_owned(),
                    one.measures.clone(),
                    one.class.clone(),
                    if period.is_empty() { point.when.to_string() } else { period },
                    point.words(),
                    or_empty(moved.map(|m| format!("{} points", m.points))),
                    if point.denominator_unknown { "unknown" } else { "" }.to_owned(),
                    point.context.clone(),
                    point.entry.to_string(),
                ]);
            }
        }
        let note = |one: &OneSeries| {
            let name = one.metric.clone();
            one.warnings.iter().map(move |w| format!("{name}: {w}")).collect::<Vec<_>>()
        };
        Table {
            title: format!("Figures that bodies report, as of {}", self.as_of),
            columns: vec![
                "Metric",
                "Measures",
                "Class",
                "Period",
                "Figure",
                "Movement",
                "Denominator",
                "Context",
                "Entry",
            ],
            rows,
            notes: self.series.iter().flat_map(note).collect(),
        }
    }
}
