//! What stands beside the figures: tactics that nobody looked at, samples with their proof, figures as they were
//! tabled, and issues with the data. Which reviews wait, and since when, is for `reviews`.

use std::collections::BTreeMap;

use ledger_core::statement::Statement;
use scrutiny_proto::review::v1::{
    DataQualityIssueRecorded, FiguresTabled, QualityStep, SampleDrawn, SampleFrameCommitted,
};
use serde::Serialize;

use super::Dataset;
use super::month::Period;
use super::rows::Subject;
use super::words::{Dimension, LEVELS};
use crate::{Provenance, Standing, decode, kind_of};

/// What is kept of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Fold {
    samples: BTreeMap<String, SampleView>,
    tabled: Vec<Tabled>,
    issues: BTreeMap<String, Issue>,
}

/// What was looked at in one body and period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoverageView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// Tactics that were used and that the Internal Review Group never looked at.
    pub uncovered: Vec<&'static str>,
    /// Samples, whichever period they are of.
    pub samples: Vec<SampleView>,
    /// Figures of the period as they were put before meetings, in the order of the ledger.
    pub tabled: Vec<Tabled>,
}

/// A sample and its proof: what it was drawn from was fixed before the seed existed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct SampleView {
    /// Its stream.
    pub sample: String,
    /// For which level.
    pub level: &'static str,
    /// How many records the frame has.
    pub frame_size: u64,
    /// Digest of the frame.
    pub frame_sha256: String,
    /// How many were to be drawn.
    pub n: u32,
    /// The method.
    pub method: String,
    /// The root that was the seed; empty while nothing is drawn.
    pub root: String,
    /// What was drawn, by pseudonym.
    pub drawn: Vec<String>,
    /// How many of them are reviewed at the level.
    pub reviewed: u64,
    /// The entries.
    pub entries: Vec<u64>,
}

/// Figures put before a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tabled {
    /// The meeting.
    pub meeting: String,
    /// The dataset and its version.
    pub dataset: String,
    /// The period.
    pub period: String,
    /// How many entries they were computed from.
    pub tree_size: u64,
    /// Digest of their bytes.
    pub sha256: String,
    /// Digest of those that they revise.
    pub revises: String,
    /// Why.
    pub reason: String,
    /// The body of who tabled them.
    pub body: String,
    /// The entry.
    pub entry: u64,
}

/// Something wrong with data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Issue {
    /// Its stream.
    pub issue: String,
    /// The data.
    pub dataset: String,
    /// What is wrong.
    pub text: String,
    /// The stated total less what its parts come to; null where it is no matter of a sum.
    pub difference: Option<i128>,
    /// The stated total and its parts: "581 stated; compliant 339 + non-compliant 254 = 593".
    pub sum: String,
    /// "raised", "reviewed", "resolved".
    pub state: &'static str,
    /// The entries.
    pub entries: Vec<u64>,
}

impl Fold {
    pub(super) fn take(&mut self, entry: u64, statement: &Statement) {
        match kind_of(statement) {
            "SampleFrameCommitted" => self.frame(entry, statement),
            "SampleDrawn" => self.drawn(entry, statement),
            "FiguresTabled" => self.figures(entry, statement),
            "DataQualityIssueRecorded" => self.issue(entry, statement),
            _ => {}
        }
    }

    fn frame(&mut self, entry: u64, statement: &Statement) {
        let Some(frame) = decode::<SampleFrameCommitted>(statement) else { return };
        let stream = statement.stream.as_str().to_owned();
        let level = usize::try_from(frame.level as i64 - 1).ok().and_then(|at| LEVELS.get(at).copied());
        let sample = SampleView {
            sample: stream.clone(),
            level: level.unwrap_or_default(),
            frame_size: frame.frame_size,
            frame_sha256: frame.frame_sha256,
            n: frame.n,
            method: frame.method,
            entries: vec![entry],
            ..SampleView::default()
        };
        self.samples.insert(stream, sample);
    }

    fn drawn(&mut self, entry: u64, statement: &Statement) {
        let Some(drawn) = decode::<SampleDrawn>(statement) else { return };
        let Some(sample) = self.samples.get_mut(statement.stream.as_str()) else { return };
        sample.root = drawn.root;
        sample.drawn = drawn.drawn.into_iter().map(|d| d.record).collect();
        sample.entries.push(entry);
    }

    fn figures(&mut self, entry: u64, statement: &Statement) {
        let Some(tabled) = decode::<FiguresTabled>(statement) else { return };
        self.tabled.push(Tabled {
            meeting: statement.stream.as_str().to_owned(),
            dataset: tabled.dataset,
            period: tabled.period,
            tree_size: tabled.tree_size,
            sha256: tabled.sha256,
            revises: tabled.revises,
            reason: tabled.revision_reason,
            body: statement.signers.first().map(|s| s.body.clone()).unwrap_or_default(),
            entry,
        });
    }

    fn issue(&mut self, entry: u64, statement: &Statement) {
        let Some(step) = decode::<DataQualityIssueRecorded>(statement) else { return };
        let stream = statement.stream.as_str();
        let issue = self.issues.entry(stream.to_owned()).or_default();
        if issue.entries.is_empty() {
            issue.issue = stream.to_owned();
            issue.text = step.text.clone();
            issue.dataset = step.dataset.clone();
        }
        if let Some(sum) = &step.sum {
            issue.difference = Some(i128::from(sum.stated) - i128::from(sum.computed));
            issue.sum = format!("{} stated; {} = {}", sum.stated, sum.parts, sum.computed);
        }
        issue.state = match step.step() {
            QualityStep::Resolved => "resolved",
            QualityStep::Reviewed => "reviewed",
            QualityStep::Raised | QualityStep::Unspecified => "raised",
        };
        issue.entries.push(entry);
    }
}

impl Dataset {
    /// Every issue with data, in the order of their names.
    #[must_use]
    pub fn issues(&self) -> Vec<Issue> {
        self.oversight.issues.values().cloned().collect()
    }

    /// What was looked at in a body and period, from a tree of this size and root.
    #[must_use]
    pub fn coverage(&self, body: &str, period: Period, at: &Standing) -> CoverageView {
        let subjects: Vec<_> = self.subjects(body, period).collect();
        let of_period = |t: &&Tabled| t.period == period.to_string() && t.body == body;
        CoverageView {
            provenance: Self::standing(at),
            uncovered: self.uncovered(&subjects),
            samples: self.oversight.samples.values().map(|sample| self.with_reviews(sample)).collect(),
            tabled: self.oversight.tabled.iter().filter(of_period).cloned().collect(),
        }
    }

    fn uncovered(&self, subjects: &[Subject]) -> Vec<&'static str> {
        let irg = Dimension::Level.code("irg");
        let (mut used, mut seen) = (0_u16, 0_u16);
        for &subject in subjects {
            if let Subject::Force(at) = subject {
                let tactics = self.forces[at as usize].tactics;
                used |= tactics;
                if self.reviews.contains_key(&(subject, irg)) {
                    seen |= tactics;
                }
            }
        }
        let values = Dimension::Tactic.values().iter().enumerate();
        values.filter(|(at, _)| used & !seen & (1 << at) != 0).map(|(_, tactic)| *tactic).collect()
    }

    fn with_reviews(&self, sample: &SampleView) -> SampleView {
        let level = Dimension::Level.code(sample.level);
        let reviewed = sample.drawn.iter().filter(|record| {
            let subject = self.places.get(&super::fold::name(record));
            subject.is_some_and(|subject| self.reviews.contains_key(&(*subject, level)))
        });
        SampleView { reviewed: reviewed.count() as u64, ..sample.clone() }
    }
}
