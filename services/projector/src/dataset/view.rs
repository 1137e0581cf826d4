//! The dataset of one body and period, as a reader needs it.

use serde::Serialize;

use super::disparity::{DisparityView, Persons};
use super::measure::MEASURES;
use super::month::Period;
use super::population::Population;
use super::rows::Subject;
use super::words::Dimension;
use super::{Cell, Dataset};
use crate::svg::{Bar, Bars};
use crate::table::Table;
use crate::{Provenance, Standing};

/// What is asked of the dataset.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Whose records.
    pub body: &'a str,
    /// Of which months.
    pub period: Period,
    /// Against which population.
    pub population: &'a Population,
}

/// Every figure of a body and period. A function of the tree alone: no day, no clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatasetView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// Whose records.
    pub body: String,
    /// "2024-03", or "ye-2024-03" for the year ending with it.
    pub period: String,
    /// Records of searches and of force in the period.
    pub records: [u64; 2],
    /// Records of the body whose month nobody can tell, and so in no figure.
    pub without_month: u64,
    /// Files that say they are about the same month of the period, as streams: a search that stands in two of them is
    /// counted twice.
    pub same_month: Vec<Vec<String>>,
    /// Each measure under each of its breakdowns.
    pub measures: Vec<MeasureView>,
    /// Rates against the population; empty where none is known for the body.
    pub disparities: Vec<DisparityView>,
}

/// A measure under one breakdown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeasureView {
    /// The measure's name.
    pub measure: &'static str,
    /// What it is broken down by; empty for nothing.
    pub by: Vec<&'static str>,
    /// What it is, with what it is of.
    pub title: &'static str,
    /// What is counted, what is not, and what cannot be told.
    pub words: [&'static str; 3],
    /// What it does not say. It travels with the figures.
    pub caveat: &'static str,
    /// True for a plain count, whose share is of all records of the period.
    pub is_count: bool,
    /// Headings of the breakdown's columns.
    pub headings: Vec<&'static str>,
    /// The figures.
    pub cells: Vec<Cell>,
}

impl Dataset {
    /// The view of one body and period, from a tree of this size and root.
    #[must_use]
    pub fn view(&self, question: &Question<'_>, at: &Standing) -> DatasetView {
        let Question { body, period, population } = *question;
        let subjects: Vec<_> = self.subjects(body, period).collect();
        let searches = subjects.iter().filter(|s| matches!(s, Subject::Search(_))).count() as u64;
        let forces = subjects.len() as u64 - searches;
        let mut measures = Vec::new();
        for measure in MEASURES {
            for by in measure.by {
                measures.push(MeasureView {
                    measure: measure.id,
                    by: by.iter().map(|d| d.name()).collect(),
                    title: measure.title,
                    words: measure.words,
                    caveat: measure.caveat,
                    is_count: measure.is_count,
                    headings: by.iter().map(|d| d.heading()).collect(),
                    cells: self.cells(measure, by, &subjects),
                });
            }
        }
        DatasetView {
            provenance: Self::standing(at),
            body: body.to_owned(),
            period: period.to_string(),
            records: [searches, forces],
            without_month: self.without_month(body) as u64,
            same_month: self.same_month(body, period),
            measures,
            disparities: self.disparities(body, &subjects, population),
        }
    }

    fn same_month(&self, body: &str, period: Period) -> Vec<Vec<String>> {
        let number = self.number(body);
        let covers = |words: &str| words.parse().is_ok_and(|month| period.covers(month));
        let several = self
            .files
            .iter()
            .filter(|((of, words), streams)| Some(*of) == number && streams.len() > 1 && covers(words));
        several.map(|(_, streams)| streams.clone()).collect()
    }

    fn disparities(&self, body: &str, subjects: &[Subject], population: &Population) -> Vec<DisparityView> {
        let Some(residents) = population.of(body) else { return Vec::new() };
        let mut searched = Persons::default();
        let mut forced = Persons::default();
        let officer = Dimension::Basis.code("Officer-defined");
        for subject in subjects {
            match *subject {
                Subject::Search(at) => {
                    let search = &self.searches[at as usize];
                    if matches!(search.search_type, 0 | 2) {
                        searched.by_group[usize::from(search.ethnicity)] += 1;
                        searched.officer_defined += u64::from(search.basis == officer);
                    }
                }
                Subject::Force(at) => {
                    let force = &self.forces[at as usize];
                    forced.by_group[usize::from(force.ethnicity)] += 1;
                    forced.officer_defined += 1;
                }
            }
        }
        vec![
            DisparityView::new("searches", SEARCHES_TITLE, SEARCHES, &searched, residents),
            DisparityView::new("force", FORCE_TITLE, FORCE, &forced, residents),
        ]
    }
}

const SEARCHES_TITLE: &str = "Searches of persons and the resident population, by ethnicity";
const FORCE_TITLE: &str =
    "Officers' records of force and the resident population, by ethnicity as officers saw it";
const SEARCHES: &str = "Residents are not those who were about: visitors, workers and students are searched and not \
    counted. The population is that of its year and has changed since. Searches cluster where officers are sent. \
    Ethnicity that nobody stated is in no group.";
const FORCE: &str = "One record for each officer and person, so persons are counted more than once. Residents are not \
    those who were about, and the population is that of its year.";

impl DatasetView {
    /// A measure under a breakdown: `find("find-rate", &["ethnicity"])`.
    #[must_use]
    pub fn find(&self, measure: &str, by: &[&str]) -> Option<&MeasureView> {
        self.measures.iter().find(|m| m.measure == measure && m.by == by)
    }

    /// What has to be known of the records before any figure of them is used.
    pub fn warnings(&self) -> impl Iterator<Item = String> + '_ {
        self.same_month.iter().map(|streams| {
            format!(
                "{} are about the same month: a search that stands in two of them is counted twice.",
                streams.join(" and ")
            )
        })
    }

    /// One row for each figure, empty ones left out.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let mut rows = Vec::new();
        for measure in &self.measures {
            for cell in measure.cells.iter().filter(|c| measure.says(c)) {
                let interval =
                    cell.wilson_95.as_ref().map_or_else(String::new, |(a, b)| format!("{a} to {b}"));
                rows.push(vec![
                    measure.measure.to_owned(),
                    cell.name.clone(),
                    cell.numerator.to_string(),
                    cell.denominator.to_string(),
                    if measure.is_count { String::new() } else { cell.unknown.to_string() },
                    cell.percent.clone().unwrap_or_default(),
                    interval,
                ]);
            }
        }
        let mut notes: Vec<String> = Vec::new();
        if self.without_month > 0 {
            notes.push(format!(
                "{} records have no month that can be told, and are in no figure.",
                self.without_month
            ));
        }
        notes.extend(self.warnings());
        for measure in &self.measures {
            let note =
                format!("{}: {}. {}", measure.measure, measure.title, measure.caveat).trim_end().to_owned();
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        Table {
            title: format!("{}, {}", self.body, self.period),
            columns: vec!["Measure", "Cell", "Count", "Of", "Do not say", "Percent", "95 % interval"],
            rows,
            notes,
        }
    }
}

impl MeasureView {
    /// Whether there is any record behind a cell.
    #[must_use]
    pub fn says(&self, cell: &Cell) -> bool {
        cell.numerator > 0 || (!self.is_count && cell.denominator + cell.unknown > 0)
    }

    /// Its percentages as bars, the counts beside each; empty cells are left out.
    #[must_use]
    pub fn chart(&self, of: &str) -> Bars {
        let cells = self.cells.iter().filter(|c| self.says(c));
        let bars = cells.map(|cell| {
            let words = match &cell.percent {
                Some(percent) => format!("{} of {} ({percent} %)", cell.numerator, cell.denominator),
                None => format!("{} do not say", cell.unknown),
            };
            let label = if cell.values.is_empty() { "All".to_owned() } else { cell.values.join(", ") };
            Bar { label, percent: cell.percent.clone(), interval: cell.wilson_95.clone(), words }
        });
        let interval = if self.is_count { "" } else { " A line across a bar's end is its 95 % interval." };
        Bars {
            title: format!("{}, {of}", self.title),
            description: format!("A bar for each figure, from 0 to 100 percent.{interval} {}", self.caveat),
            bars: bars.collect(),
        }
    }
}

impl DisparityView {
    /// One row for each group.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let rows = self.groups.iter().map(|group| {
            let or = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
            vec![
                group.group.to_owned(),
                group.records.to_string(),
                group.population.to_string(),
                or(&group.per_thousand),
                or(&group.relative),
                group.withheld.unwrap_or_default().to_owned(),
            ]
        });
        let share = self.not_stated_percent.as_deref().unwrap_or("0.0");
        Table {
            title: format!("{}, census {}", self.title, self.population_year),
            columns: vec!["Group", "Records", "Residents", "Per 1,000", "Times White", "Why none"],
            rows: rows.collect(),
            notes: vec![
                format!("Ethnicity is not stated in {} of {} ({share} %).", self.not_stated, self.records),
                format!("In {} it is the officer's view alone.", self.officer_defined),
                self.caveat.to_owned(),
            ],
        }
    }
}
