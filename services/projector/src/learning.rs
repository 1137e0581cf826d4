//! Lessons: what was issued, on which channels it went out, and which bodies took it on.

use std::collections::BTreeMap;

use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use scrutiny_proto::review::v1::{
    LearningAdopted, LearningChannel, LearningChannelled, LearningPointIssued, LearningSource,
};
use serde::Serialize;

use crate::table::Table;
use crate::when::{Happened, When};
use crate::{Projection, Provenance, Standing, decode, kind_of, signed_by};

/// Lessons, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Learning {
    /// Stream → the lesson.
    points: BTreeMap<String, (Happened, PointView)>,
    issues: Vec<(Happened, IssueView)>,
    adopted: Vec<(Happened, String, Adoption)>,
}

/// Lessons on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LearningView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The day it was computed for.
    pub as_of: String,
    /// Lessons, by stream.
    pub points: Vec<PointView>,
    /// What went out, in the order of the ledger.
    pub issues: Vec<IssueView>,
}

/// A lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PointView {
    /// Its stream.
    pub point: String,
    /// The lesson.
    pub text: String,
    /// For whom.
    pub audience: String,
    /// "review", "professional standards", "panel", "other".
    pub source: &'static str,
    /// When it was issued.
    pub when: When,
    /// Who signed: two people at least.
    pub signed_by: String,
    /// Channels that it went out on.
    pub channels: Vec<&'static str>,
    /// Bodies that took it on.
    pub adopted: Vec<Adoption>,
    /// Every entry it rests on.
    pub entries: Vec<u64>,
}

/// A body took a lesson on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adoption {
    /// The body.
    pub by: String,
    /// What it will do.
    pub text: String,
    /// The entry.
    pub entry: u64,
}

/// Lessons that went out together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssueView {
    /// Its stream.
    pub issue: String,
    /// The channel.
    pub channel: &'static str,
    /// The lessons.
    pub points: Vec<String>,
    /// The month of the issue; empty where it has none.
    pub month: String,
    /// When.
    pub when: When,
    /// The entry.
    pub entry: u64,
}

impl Projection for Learning {
    const NAME: &'static str = "learning";
    const DEFINITION_VERSION: u32 = 1;

    fn apply(&mut self, index: EntryIndex, _recorded_at_ms: u64, statement: &Statement) {
        let happened = Happened::of(statement);
        match kind_of(statement) {
            "LearningPointIssued" => self.issued(index.0, statement, happened),
            "LearningChannelled" => self.channelled(index.0, statement, happened),
            "LearningAdopted" => {
                let Some(body) = decode::<LearningAdopted>(statement) else { return };
                let adoption = Adoption { by: body.by, text: body.text, entry: index.0 };
                self.adopted.push((happened, statement.stream.as_str().to_owned(), adoption));
            }
            _ => {}
        }
    }
}

impl Learning {
    fn issued(&mut self, entry: u64, statement: &Statement, happened: Happened) {
        let Some(body) = decode::<LearningPointIssued>(statement) else { return };
        let source = match body.source() {
            LearningSource::Review => "review",
            LearningSource::ProfessionalStandards => "professional standards",
            LearningSource::Panel => "panel",
            LearningSource::Other | LearningSource::Unspecified => "other",
        };
        let point = PointView {
            point: statement.stream.as_str().to_owned(),
            text: body.text,
            audience: body.audience,
            source,
            when: happened.view(),
            signed_by: signed_by(&statement.signers),
            channels: Vec::new(),
            adopted: Vec::new(),
            entries: vec![entry],
        };
        self.points.entry(point.point.clone()).or_insert((happened, point));
    }

    fn channelled(&mut self, entry: u64, statement: &Statement, happened: Happened) {
        let Some(body) = decode::<LearningChannelled>(statement) else { return };
        let issue = IssueView {
            issue: statement.stream.as_str().to_owned(),
            channel: channel(body.channel()),
            points: body.points,
            month: body.month,
            when: happened.view(),
            entry,
        };
        self.issues.push((happened, issue));
    }

    /// Lessons on a day, from a tree of this size and root.
    #[must_use]
    pub fn view(&self, as_of: Day, at: &Standing) -> LearningView {
        let issues: Vec<&IssueView> =
            self.issues.iter().filter(|(happened, _)| happened.by(as_of)).map(|(_, issue)| issue).collect();
        let points = self.points.values().filter(|(happened, _)| happened.by(as_of));
        LearningView {
            provenance: <Self as Projection>::provenance(at),
            as_of: as_of.to_string(),
            points: points.map(|(_, point)| self.point(point, &issues, as_of)).collect(),
            issues: issues.into_iter().cloned().collect(),
        }
    }

    fn point(&self, point: &PointView, issues: &[&IssueView], as_of: Day) -> PointView {
        let mut point = point.clone();
        for issue in issues.iter().filter(|issue| issue.points.contains(&point.point)) {
            point.channels.push(issue.channel);
            point.entries.push(issue.entry);
        }
        let adopted =
            self.adopted.iter().filter(|(happened, of, _)| *of == point.point && happened.by(as_of));
        for (_, _, adoption) in adopted {
            point.entries.push(adoption.entry);
            point.adopted.push(adoption.clone());
        }
        point.entries.sort_unstable();
        point
    }
}

fn channel(channel: LearningChannel) -> &'static str {
    match channel {
        LearningChannel::LearningHub => "learning hub",
        LearningChannel::Newsletter => "newsletter",
        LearningChannel::TopThreeTips => "top three tips",
        LearningChannel::Nimbus => "nimbus",
        LearningChannel::Shield => "shield",
        LearningChannel::Bulletin => "bulletin",
        LearningChannel::Blog => "blog",
        LearningChannel::Unspecified => "unknown",
    }
}

impl LearningView {
    /// One line for each lesson.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let line = |point: &PointView| {
            let by: Vec<_> = point.adopted.iter().map(|adoption| adoption.by.clone()).collect();
            vec![
                point.when.to_string(),
                point.point.trim_start_matches("learning/").to_owned(),
                point.text.clone(),
                point.audience.clone(),
                point.source.to_owned(),
                if point.channels.is_empty() { "none yet".to_owned() } else { point.channels.join(", ") },
                by.join(", "),
            ]
        };
        let unseen = self.points.iter().filter(|point| point.channels.is_empty()).count();
        Table {
            title: format!("Lessons, as of {}", self.as_of),
            columns: vec!["Issued", "Lesson", "Text", "For", "From", "Went out on", "Taken on by"],
            rows: self.points.iter().map(line).collect(),
            notes: (unseen > 0).then(|| format!("{unseen} went out on no channel yet")).into_iter().collect(),
        }
    }
}
