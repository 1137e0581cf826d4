//! Reviews on a day.

use std::collections::BTreeSet;

use ledger_rules::civil::Day;
use scrutiny_proto::review::v1::{Answer, Assessment, Grounds, ReviewOutcome};
use serde::Serialize;

use super::{Completed, Review, Reviews, Sample, Told};
use crate::Provenance;
use crate::when::When;

/// Reviews on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewsView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The day it was computed for.
    pub as_of: String,
    /// First and last day of what happened; null for all of it.
    pub period: Option<[String; 2]>,
    /// Counts for each force and level.
    pub levels: Vec<LevelView>,
    /// What waits for a review, the longest overdue first.
    pub outstanding: Vec<Outstanding>,
    /// Every review that somebody had a hand in.
    pub reviews: Vec<ReviewView>,
    /// Samples, drawn or not.
    pub samples: Vec<SampleView>,
}

/// One level of review of one force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelView {
    /// The force whose records they are.
    pub body: String,
    /// The level, as streams write it.
    pub level: &'static str,
    /// How many days it has (R9); null where the force adopted no number.
    pub days: Option<i32>,
    /// Records that it must review.
    pub mandatory: u64,
    /// Of these, reviewed.
    pub mandatory_reviewed: u64,
    /// Others that were drawn for it.
    pub drawn: u64,
    /// Of these, reviewed.
    pub drawn_reviewed: u64,
    /// Others that a completed review asked for.
    pub asked_for: u64,
    /// Of these, reviewed.
    pub asked_for_reviewed: u64,
    /// All three together.
    pub all: u64,
    /// Of these, reviewed.
    pub reviewed: u64,
    /// Percent reviewed, one decimal.
    pub percent: Option<String>,
    /// Of those that wait, past their last day.
    pub overdue: u64,
}

/// Why a record waits at a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The officer reviews every record of their own.
    OwnRecord,
    /// A Taser was used, drawn counts.
    Taser,
    /// A Taser was fired.
    TaserFired,
    /// A joint unit used force.
    JointUnit,
    /// It was drawn in a sample.
    Drawn,
    /// A completed review asked for it.
    AskedFor,
}

impl Why {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OwnRecord => "own record",
            Self::Taser => "a Taser was used",
            Self::TaserFired => "a Taser was fired",
            Self::JointUnit => "used by a joint unit",
            Self::Drawn => "drawn in a sample",
            Self::AskedFor => "asked for by a review",
        }
    }
}

/// A record that waits for a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outstanding {
    /// The stream that the review belongs on.
    pub review: String,
    /// The record's stream.
    pub record: String,
    /// The level.
    pub level: String,
    /// The force whose record it is.
    pub body: String,
    /// Why it waits.
    pub why: Why,
    /// The day it happened, was drawn or was asked for; null where it is not known.
    pub since: Option<String>,
    /// The last day in time; null where the force adopted no number of days, or the day is not known.
    pub due_by: Option<String>,
    /// Days past it; null where it is not overdue, or nobody can tell.
    pub days_overdue: Option<i32>,
    /// Every entry it rests on.
    pub entries: Vec<u64>,
}

impl Outstanding {
    /// "overdue by 3 days", "due by …", or why nobody can tell.
    #[must_use]
    pub fn state(&self) -> String {
        match (&self.days_overdue, &self.due_by, &self.since) {
            (Some(days), ..) => format!("overdue by {days} days"),
            (None, Some(day), _) => format!("due by {day}"),
            (None, None, Some(_)) => "outstanding; no number of days was adopted".to_owned(),
            (None, None, None) => "outstanding; the day is not known".to_owned(),
        }
    }
}

/// A review of one record at one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewView {
    /// Its stream.
    pub review: String,
    /// The record's stream.
    pub record: String,
    /// The level.
    pub level: String,
    /// The force whose record it is.
    pub body: String,
    /// "completed", "assigned", "recused", "opened".
    pub state: &'static str,
    /// "no concern", "learning", "concern"; null while it is not completed.
    pub outcome: Option<&'static str>,
    /// What was seen: "record", "footage", and what else in words.
    pub materials: Vec<String>,
    /// True where footage is recorded as missing.
    pub footage_missing: bool,
    /// What the reviewer found, by name: "grounds" → "reasonable".
    pub findings: Vec<(&'static str, &'static str)>,
    /// The review of another level that was taken into account.
    pub prior_review: String,
    /// Whether it agrees with that one; null where it does not say.
    pub concurs: Option<bool>,
    /// The sample it was drawn in; empty where it was mandatory or asked for.
    pub sample: String,
    /// When it was completed first.
    pub completed: Option<When>,
    /// How often it was corrected since.
    pub corrections: usize,
    /// Who stepped back.
    pub recusals: Vec<RecusalView>,
    /// Who was told what.
    pub feedback: Vec<FeedbackView>,
    /// To whom it was escalated.
    pub escalated_to: Vec<&'static str>,
    /// How often good practice was recognised in it.
    pub good_practice: usize,
    /// Who signed what stands now.
    pub signed_by: String,
    /// Every entry it rests on.
    pub entries: Vec<u64>,
}

/// A reviewer stepped back. Who, nobody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecusalView {
    /// Why.
    pub reason: &'static str,
    /// When.
    pub when: When,
    /// The entry.
    pub entry: u64,
}

/// Somebody was told what a review found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedbackView {
    /// "officer", "supervisor", "training unit".
    pub to: &'static str,
    /// "positive", "negative", "mixed".
    pub tone: &'static str,
    /// What about.
    pub topics: Vec<String>,
    /// True for a supervisor's debrief with footage.
    pub debrief: bool,
    /// When.
    pub when: When,
    /// When it was acknowledged; null while it was not.
    pub acknowledged: Option<When>,
    /// The entry.
    pub entry: u64,
}

/// A sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SampleView {
    /// Its stream.
    pub sample: String,
    /// The level it is for.
    pub level: &'static str,
    /// How many records it is drawn from.
    pub frame_size: u64,
    /// How many are drawn.
    pub n: u64,
    /// What was drawn; empty while it was not.
    pub drawn: Vec<String>,
    /// Every entry it rests on: the frame, and the draw.
    pub entries: Vec<u64>,
}

impl Reviews {
    /// None for a review that nothing of had happened by then.
    pub(super) fn review_view(
        &self,
        (record, level): &(String, String),
        review: &Review,
        as_of: Day,
    ) -> Option<ReviewView> {
        let known = self.records.get(record)?;
        let completed: Vec<&Completed> = review.completed.iter().filter(|c| c.happened.by(as_of)).collect();
        let recused = review.recused.iter().filter(|(happened, ..)| happened.by(as_of));
        let told = review.told.iter().filter(|told| told.happened.by(as_of));
        let escalated = review.escalated.iter().filter(|(happened, ..)| happened.by(as_of));
        let latest = completed.last().copied();
        let recusals: Vec<RecusalView> = recused
            .map(|(happened, reason, entry)| RecusalView { reason, when: happened.view(), entry: *entry })
            .collect();
        let last = |entries: &[u64]| entries.last().copied();
        let state = match (latest, last(&review.assigned) > recusals.last().map(|r| r.entry)) {
            (Some(_), _) => "completed",
            (None, true) => "assigned",
            (None, false) if !recusals.is_empty() => "recused",
            (None, false) => "opened",
        };
        Some(ReviewView {
            review: format!("review/{level}/{record}"),
            record: record.clone(),
            level: level.clone(),
            body: known.force.clone(),
            state,
            outcome: latest.map(|c| outcome(c.body.outcome())),
            materials: latest.map_or_else(Vec::new, materials),
            footage_missing: known.footage_missing.is_some(),
            findings: latest.map_or_else(Vec::new, findings),
            prior_review: latest.map_or_else(String::new, |c| c.body.prior_review.clone()),
            concurs: latest.and_then(|c| answer(c.body.concurs())),
            sample: latest.map_or_else(String::new, |c| c.body.sample.clone()),
            completed: completed.first().map(|c| c.happened.view()),
            corrections: completed.len().saturating_sub(1),
            recusals,
            feedback: told.map(|told| told.view(as_of)).collect(),
            escalated_to: escalated.map(|(_, to, _)| *to).collect(),
            good_practice: review.good_practice.len(),
            signed_by: latest.map_or_else(String::new, |c| c.signed_by.clone()),
            entries: known
                .entry
                .into_iter()
                .chain(review.entries())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        })
    }
}

impl Told {
    fn view(&self, as_of: Day) -> FeedbackView {
        let acknowledged = self.acknowledged.as_ref().filter(|(happened, _)| happened.by(as_of));
        FeedbackView {
            to: self.to,
            tone: self.tone,
            topics: self.topics.clone(),
            debrief: self.debrief,
            when: self.happened.view(),
            acknowledged: acknowledged.map(|(happened, _)| happened.view()),
            entry: self.entry,
        }
    }
}

impl Sample {
    pub(super) fn view(&self, stream: &str, as_of: Day) -> SampleView {
        let drawn = self.drawn.as_ref().filter(|(happened, ..)| happened.by(as_of));
        SampleView {
            sample: stream.to_owned(),
            level: self.level,
            frame_size: self.frame_size,
            n: self.n,
            drawn: drawn.map_or_else(Vec::new, |(_, _, records)| records.clone()),
            entries: std::iter::once(self.committed).chain(drawn.map(|(_, entry, _)| *entry)).collect(),
        }
    }
}

fn materials(completed: &Completed) -> Vec<String> {
    let body = &completed.body;
    let mut all = Vec::new();
    if body.saw_record {
        all.push("record".to_owned());
    }
    if body.saw_footage {
        all.push("footage".to_owned());
    }
    if !body.saw_other.is_empty() {
        all.push(body.saw_other.clone());
    }
    all
}

fn findings(completed: &Completed) -> Vec<(&'static str, &'static str)> {
    let body = &completed.body;
    let grounds = match body.grounds() {
        Grounds::Unspecified => None,
        Grounds::Reasonable => Some("reasonable as recorded"),
        Grounds::NotReasonable => Some("not reasonable as recorded"),
        Grounds::Unclear => Some("unclear"),
    };
    let entire = answer(body.footage_entire()).map(|yes| if yes { "yes" } else { "no" });
    let all = [
        ("grounds", grounds),
        ("consistency", assessment(body.consistency())),
        ("accuracy", assessment(body.accuracy())),
        ("proportionality", assessment(body.proportionality())),
        ("communication", assessment(body.communication())),
        ("quality", assessment(body.quality())),
        ("footage entire", entire),
    ];
    all.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}

fn assessment(assessment: Assessment) -> Option<&'static str> {
    match assessment {
        Assessment::Unspecified => None,
        Assessment::Yes => Some("yes"),
        Assessment::No => Some("no"),
        Assessment::Unclear => Some("unclear"),
    }
}

fn outcome(outcome: ReviewOutcome) -> &'static str {
    match outcome {
        ReviewOutcome::NoConcern => "no concern",
        ReviewOutcome::Learning => "learning",
        ReviewOutcome::Concern => "concern",
        ReviewOutcome::Unspecified => "not stated",
    }
}

fn answer(answer: Answer) -> Option<bool> {
    match answer {
        Answer::Unspecified => None,
        Answer::Yes => Some(true),
        Answer::No => Some(false),
    }
}
