//! The tracker on a day.

use serde::Serialize;

use super::verdict::{Clock, Verdict};
use crate::Provenance;
use crate::table::{Table, or_empty};
use crate::when::When;

/// The tracker on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrackerView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The day it was computed for.
    pub as_of: String,
    /// One row for each local policing body and report.
    pub rows: Vec<TrackerRow>,
}

/// One local policing body and one report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrackerRow {
    /// The local policing body.
    pub body: String,
    /// The report's stream.
    pub report: String,
    /// The report's title.
    pub title: String,
    /// The clock; null while the report's day of publication is unknown.
    pub clock: Option<Clock>,
    /// What can be said about the limit.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The day by which the chief officer's comments were wanted, as asked last.
    pub comments_wanted_by: Option<String>,
    /// When the chief officer's comments came.
    pub comments_received: Vec<When>,
    /// Letters prepared. Their dates decide nothing.
    pub letters: Vec<Letter>,
    /// Publications.
    pub publications: Vec<Publication>,
    /// What the last publication covers, or the last letter where nothing is published.
    pub coverage: CoverageView,
    /// Copies under s.55(6).
    pub copies: Copies,
    /// The law as each document cites it, and as it applies.
    pub citations: Vec<Citation>,
    /// Papers about the report before this body's meetings.
    pub papers: Vec<PaperView>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
    /// Every entry it rests on.
    pub entries: Vec<u64>,
}

/// A response prepared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// The date on it.
    pub dated: Option<String>,
    /// Which day of the period that date is.
    pub day: Option<i32>,
    /// To whom, by office.
    pub addressed_to: String,
    /// Who signed.
    pub signed_by: String,
    /// SHA-256 of the documents, hexadecimal.
    pub documents: Vec<String>,
    /// The entry.
    pub entry: u64,
}

/// A response published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Publication {
    /// The day; null when the source does not say.
    pub published_on: Option<String>,
    /// Where.
    pub url: String,
    /// Who signed.
    pub signed_by: String,
    /// SHA-256 of the documents, hexadecimal.
    pub documents: Vec<String>,
    /// The entry.
    pub entry: u64,
}

/// What a response covers, counted by obligation and by finding.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CoverageView {
    /// Obligations that should be covered.
    pub obligations: usize,
    /// Of these, covered at all.
    pub covered: usize,
    /// Covered with an answer of their own.
    pub specific: usize,
    /// Covered by a blanket answer only.
    pub blanket: usize,
    /// Findings that these obligations rest on.
    pub findings: usize,
    /// Findings of which every obligation is covered.
    pub findings_covered: usize,
    /// Findings of which every obligation has an answer of its own.
    pub findings_specific: usize,
    /// Each obligation that should be covered, and how it is.
    pub each: Vec<ObligationCoverage>,
    /// Obligations that nothing covers: streams.
    pub missing: Vec<String>,
    /// True where s.55(5B) asks for more than the response gives: something is missing or blanket.
    pub gap_55_5b: bool,
}

/// How a response covers one obligation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObligationCoverage {
    /// The obligation's stream.
    pub obligation: String,
    /// "specific", "blanket"; null where nothing covers it.
    pub mode: Option<&'static str>,
}

/// Copies of the published comments.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Copies {
    /// To the Secretary of State.
    pub secretary_of_state: Vec<Copy>,
    /// To the inspectors.
    pub inspectors: Vec<Copy>,
}

/// One copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copy {
    /// The day; null when the source does not say.
    pub sent_on: Option<String>,
    /// How.
    pub channel: String,
    /// The entry.
    pub entry: u64,
}

/// The law as cited, kept as written, and as it applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Citation {
    /// As the document cites it.
    pub as_written: String,
    /// The law that applies.
    pub normalised: String,
    /// The entry.
    pub entry: u64,
}

/// A paper before a meeting. To note is not to approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaperView {
    /// The meeting's body.
    pub meeting: String,
    /// Its day.
    pub on: Option<String>,
    /// Which day of the period that was.
    pub day: Option<i32>,
    /// Days from then to the last day.
    pub days_left: Option<i32>,
    /// The paper.
    pub title: String,
    /// What it asks: "note", "approve", "refer".
    pub ask: &'static str,
    /// What the meeting did; null while nothing is recorded.
    pub decision: Option<&'static str>,
    /// The entry.
    pub entry: u64,
}

impl TrackerView {
    /// One line for each row; warnings are its notes.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let line =
            |row: &TrackerRow| {
                let clock = row.clock.as_ref();
                let coverage = &row.coverage;
                vec![
                    row.body.clone(),
                    row.report.trim_start_matches("report/").to_owned(),
                    or_empty(clock.map(|c| &c.published_on)),
                    or_empty(clock.map(|c| &c.last_day)),
                    or_empty(clock.map(|c| &c.plain_56)),
                    or_empty(clock.map(|c| {
                        if c.days_left < 0 { "over".to_owned() } else { format!("{} of 56", c.day) }
                    })),
                    or_empty(clock.map(|c| c.days_left)),
                    row.verdict.words(),
                    format!("{} of {}", coverage.covered, coverage.obligations),
                    format!("{} specific, {} blanket", coverage.specific, coverage.blanket),
                    format!("{} / {}", row.copies.secretary_of_state.len(), row.copies.inspectors.len()),
                ]
            };
        let note = |row: &TrackerRow| {
            let (body, report) = (row.body.clone(), row.report.clone());
            row.warnings.iter().map(move |w| format!("{body}, {report}: {w}")).collect::<Vec<_>>()
        };
        Table {
            title: format!("Statutory responses, as of {}", self.as_of),
            columns: vec![
                "Body",
                "Report",
                "Published",
                "Last day",
                "Plain +56",
                "Day",
                "Days left",
                "Verdict",
                "Covered",
                "How",
                "Copies SoS / inspectors",
            ],
            rows: self.rows.iter().map(line).collect(),
            notes: self.rows.iter().flat_map(note).collect(),
        }
    }
}
