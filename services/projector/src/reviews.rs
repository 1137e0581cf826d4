//! Reviews of searches and uses of force: what must be reviewed and was, what is outstanding and since when.
//!
//! A record waits at a level for one of three reasons: its review is mandatory, it was drawn in a sample for that
//! level, or a completed review asked for one. How many days a level has is the force's own number
//! (`ReviewPeriodAdopted`, R9): where it adopted none, a review is outstanding and nothing says when it is late.
//! Levels stand beside each other: a missing supervisor's review says nothing about the group's.
//!
//! **Mandatory** are the officer's own review of every record of the force's own; the Tactical Lead's of each Taser
//! use, drawn counts (INV-19), of joint units only where the force adopted that (INV-21); the Taser Training Team's of
//! each Taser fired (INV-20); Joint Protective Services' of each use by a joint unit (INV-21).

mod due;
mod fold;
mod table;
mod view;

use std::collections::BTreeMap;

use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use scrutiny_proto::review::v1::ReviewCompleted;

use crate::when::Happened;
use crate::{Projection, Standing, kind_of};

pub use view::{FeedbackView, LevelView, Outstanding, RecusalView, ReviewView, ReviewsView, SampleView, Why};

/// Levels in the order of their reviews, as streams write them.
pub(crate) const LEVELS: [&str; 8] =
    ["self", "supervisor", "irg", "rgrg", "taser_tl", "taser_ttt", "jps", "superintendent"];

/// Reviews, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Reviews {
    /// Record's stream → a record of a force's own, or a row that was drawn.
    records: BTreeMap<String, Record>,
    /// (record's stream, level) → its review.
    reviews: BTreeMap<(String, String), Review>,
    samples: BTreeMap<String, Sample>,
    /// (body, level) → how many days, and whether joint units count.
    periods: BTreeMap<(String, String), Period>,
}

#[derive(Debug, Clone, Default)]
struct Record {
    /// The force whose record it is; empty for a row until its file says.
    force: String,
    happened: Happened,
    /// None for an imported row.
    entry: Option<u64>,
    taser: bool,
    fired: bool,
    joint: bool,
    footage_missing: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Period {
    days: i32,
    joint_units: bool,
}

#[derive(Debug, Clone, Default)]
struct Review {
    assigned: Vec<u64>,
    recused: Vec<(Happened, &'static str, u64)>,
    completed: Vec<Completed>,
    told: Vec<Told>,
    escalated: Vec<(Happened, &'static str, u64)>,
    good_practice: Vec<u64>,
}

#[derive(Debug, Clone)]
struct Completed {
    happened: Happened,
    body: ReviewCompleted,
    signed_by: String,
    entry: u64,
}

#[derive(Debug, Clone)]
struct Told {
    happened: Happened,
    to: &'static str,
    tone: &'static str,
    topics: Vec<String>,
    debrief: bool,
    entry: u64,
    acknowledged: Option<(Happened, u64)>,
}

#[derive(Debug, Clone)]
struct Sample {
    level: &'static str,
    frame_size: u64,
    n: u64,
    committed: u64,
    /// When it was drawn, the entry, and the records.
    drawn: Option<(Happened, u64, Vec<String>)>,
}

impl Projection for Reviews {
    const NAME: &'static str = "reviews";
    const DEFINITION_VERSION: u32 = 1;

    fn apply(&mut self, index: EntryIndex, _recorded_at_ms: u64, statement: &Statement) {
        match kind_of(statement) {
            "StopSearchRecorded" => self.search(index.0, statement),
            "UseOfForceRecorded" => self.force(index.0, statement),
            "FootageRecorded" => self.footage(index.0, statement),
            "SampleFrameCommitted" => self.frame(index.0, statement),
            "SampleDrawn" => self.drawn(index.0, statement),
            "ReviewAssigned" => self.assigned(index.0, statement),
            "ReviewRecused" => self.recused(index.0, statement),
            "ReviewCompleted" => self.completed(index.0, statement),
            "FeedbackGiven" => self.told(index.0, statement),
            "FeedbackAcknowledged" => self.acknowledged(index.0, statement),
            "ConcernEscalated" => self.escalated(index.0, statement),
            "GoodPracticeRecognised" => self.good_practice(index.0, statement),
            "ReviewPeriodAdopted" => self.period(statement),
            _ => {}
        }
    }
}

impl Reviews {
    /// Reviews on a day, from a tree of this size and root.
    #[must_use]
    pub fn view(&self, as_of: Day, at: &Standing) -> ReviewsView {
        self.view_of(as_of, at, None)
    }

    /// The same for records of what happened from the first day through the last. A record whose day is not known
    /// is in none.
    #[must_use]
    pub fn view_of(&self, as_of: Day, at: &Standing, period: Option<(Day, Day)>) -> ReviewsView {
        let (levels, outstanding) = self.due(as_of, period);
        let within = |record: &str| self.records.get(record).is_some_and(|r| r.within(as_of, period));
        let reviews = self.reviews.iter().filter(|((record, _), _)| within(record));
        ReviewsView {
            provenance: <Self as Projection>::provenance(at),
            as_of: as_of.to_string(),
            period: period.map(|(first, last)| [first.to_string(), last.to_string()]),
            levels,
            outstanding,
            reviews: reviews.filter_map(|(key, review)| self.review_view(key, review, as_of)).collect(),
            samples: self.samples.iter().map(|(stream, sample)| sample.view(stream, as_of)).collect(),
        }
    }
}

impl Record {
    fn within(&self, as_of: Day, period: Option<(Day, Day)>) -> bool {
        let inside =
            |(first, last): (Day, Day)| self.happened.last().is_some_and(|day| (first..=last).contains(&day));
        self.happened.by(as_of) && period.is_none_or(inside)
    }
}
