//! Reviews as tables.

use super::view::{ReviewView, ReviewsView};
use crate::table::{Table, or_empty};

impl ReviewsView {
    /// Feedback that nobody acknowledged, with the review it belongs to.
    pub fn unacknowledged(&self) -> impl Iterator<Item = (&ReviewView, &super::FeedbackView)> {
        let waiting = |feedback: &&super::FeedbackView| feedback.acknowledged.is_none();
        self.reviews
            .iter()
            .flat_map(move |review| review.feedback.iter().filter(waiting).map(move |f| (review, f)))
    }

    fn title(&self, what: &str) -> String {
        let period =
            self.period.as_ref().map_or_else(String::new, |[from, to]| format!(" of {from} to {to}"));
        format!("{what}{period}, as of {}", self.as_of)
    }

    /// One line for each force and level.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let of =
            |reviewed: u64, all: u64| if all == 0 { String::new() } else { format!("{reviewed} of {all}") };
        let line = |level: &super::LevelView| {
            vec![
                level.body.clone(),
                level.level.to_owned(),
                of(level.mandatory_reviewed, level.mandatory),
                of(level.drawn_reviewed, level.drawn),
                of(level.asked_for_reviewed, level.asked_for),
                level.percent.as_ref().map_or_else(String::new, |percent| format!("{percent} %")),
                level.overdue.to_string(),
                level.days.map_or_else(|| "none adopted".to_owned(), |days| days.to_string()),
            ]
        };
        Table {
            title: self.title("Reviews"),
            columns: vec!["Force", "Level", "Mandatory", "Drawn", "Asked for", "Reviewed", "Overdue", "Days"],
            rows: self.levels.iter().map(line).collect(),
            notes: self.notes(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let recusals: usize = self.reviews.iter().map(|review| review.recusals.len()).sum();
        let waiting = self.unacknowledged().count();
        let unseen = self.reviews.iter().filter(|review| {
            review.outcome.is_some() && review.level.starts_with("taser") && review.materials.len() < 2
        });
        let counts = [
            (self.outstanding.len(), "outstanding: `scrutiny reviews --outstanding` lists them"),
            (recusals, "recusals"),
            (waiting, "pieces of feedback without an acknowledgement"),
            (unseen.count(), "Taser reviews that did not see both the record and footage"),
        ];
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect()
    }

    /// One line for each review that is outstanding.
    #[must_use]
    pub fn outstanding_table(&self) -> Table {
        let line = |waiting: &super::Outstanding| {
            vec![
                waiting.level.clone(),
                waiting.record.clone(),
                waiting.why.words().to_owned(),
                or_empty(waiting.since.as_ref()),
                waiting.state(),
                waiting.body.clone(),
            ]
        };
        Table {
            title: self.title("Outstanding reviews"),
            columns: vec!["Level", "Record", "Why", "Since", "State", "Force"],
            rows: self.outstanding.iter().map(line).collect(),
            notes: Vec::new(),
        }
    }

    /// One line for each review of one record.
    #[must_use]
    pub fn record_table(&self, record: &str) -> Table {
        let line = |review: &ReviewView| {
            let findings: Vec<_> =
                review.findings.iter().map(|(name, found)| format!("{name}: {found}")).collect();
            vec![
                review.level.clone(),
                review.state.to_owned(),
                or_empty(review.completed.as_ref()),
                or_empty(review.outcome),
                findings.join("; "),
                review.materials.join(", "),
                review.feedback.iter().map(told).collect::<Vec<_>>().join("; "),
                review.signed_by.clone(),
            ]
        };
        let of_record = |review: &&ReviewView| review.record == record;
        let waiting = self.outstanding.iter().filter(|waiting| waiting.record == record);
        Table {
            title: self.title(&format!("Reviews of {record}")),
            columns: vec!["Level", "State", "Completed", "Outcome", "Found", "Seen", "Told", "Signed by"],
            rows: self.reviews.iter().filter(of_record).map(line).collect(),
            notes: waiting.map(|w| format!("{}: {} ({})", w.level, w.state(), w.why.words())).collect(),
        }
    }
}

fn told(feedback: &super::FeedbackView) -> String {
    let seen = if feedback.acknowledged.is_some() { ", acknowledged" } else { "" };
    format!("{} ({}){seen}", feedback.to, feedback.tone)
}
