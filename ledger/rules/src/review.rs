//! Reviews of single records. Their state machine, and who may review (INV-15, INV-16, INV-17).
//!
//! ```text
//! drawn, mandatory or asked for ─► (assigned ─► recused ─► assigned anew) ─► completed ─► corrected
//!                                                                                ├─► feedback ─► acknowledged
//!                                                                                ├─► escalated
//!                                                                                └─► good practice
//! ```
//!
//! Each level has a stream, and so a state, of its own: none overwrites another. The Internal Review Group and the
//! Reasonable Grounds Review Group review what they were assigned; at the other levels the role says who reviews, and
//! an assignment, where there is one, says who exactly. A new assignment takes the place of an earlier one.
//!
//! **Mandatory**: the officer's review of their own record; the Tactical Lead's of every Taser use, drawn counts, by
//! the force's own officers, and of joint units only where the force adopted that (INV-19, INV-21); the Taser Training
//! Team's of every Taser fired (INV-20); Joint Protective Services' of every use by its officers (INV-21). A mandatory
//! review that is missing refuses nothing: it is overdue, and the projection of reviews says so. **Asked for**: the
//! Superintendent's, when a completed review was escalated there. Everything else is reviewed because it was drawn.

mod afterwards;
mod assigned;
mod completed;
mod period;
mod subject;

use scrutiny_proto::review::v1::ReviewLevel;
use serde::{Deserialize, Serialize};

pub(crate) use afterwards::{
    decide_acknowledged, decide_escalated, decide_feedback, decide_good_practice, evolve_acknowledged,
    evolve_escalated, evolve_feedback,
};
pub(crate) use assigned::{decide_assigned, decide_recused, evolve_assigned, evolve_recused};
pub(crate) use completed::decide_completed;
pub(crate) use period::{decide_period, evolve_period};

use crate::powers::RecordKey;
use crate::pseudonym::Pseudonym;

/// Levels as streams write them.
const LEVELS: &[(&str, ReviewLevel)] = &[
    ("self", ReviewLevel::Self_),
    ("supervisor", ReviewLevel::Supervisor),
    ("irg", ReviewLevel::Irg),
    ("rgrg", ReviewLevel::Rgrg),
    ("taser_tl", ReviewLevel::TaserTl),
    ("taser_ttt", ReviewLevel::TaserTtt),
    ("jps", ReviewLevel::Jps),
    ("superintendent", ReviewLevel::Superintendent),
];

/// The level that a stream names.
#[must_use]
pub fn level(word: &str) -> Option<ReviewLevel> {
    LEVELS.iter().find(|(name, _)| *name == word).map(|(_, level)| *level)
}

/// The roles that review at a level.
#[must_use]
pub fn roles(level: ReviewLevel) -> &'static [&'static str] {
    match level {
        ReviewLevel::Self_ => &["OFF"],
        ReviewLevel::Supervisor => &["SUP"],
        ReviewLevel::Irg | ReviewLevel::Rgrg => &["REV", "TL"],
        ReviewLevel::TaserTl => &["TL"],
        ReviewLevel::TaserTtt => &["TTT"],
        ReviewLevel::Jps => &["JPS"],
        ReviewLevel::Superintendent => &["SPT"],
        ReviewLevel::Unspecified | ReviewLevel::Panel => &[],
    }
}

/// A level's bit among those that a record was drawn for.
pub(crate) fn bit(level: u8) -> u16 {
    1u16.checked_shl(u32::from(level)).unwrap_or(0)
}

/// What the rules remember of a review: about 60 bytes, and only of records that are reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Review {
    /// To whom it is assigned now.
    pub assigned: Option<Pseudonym>,
    /// The statement that completed it last.
    pub completed: Option<[u8; 16]>,
    /// Recipients who were told, one bit each.
    pub told: u8,
    /// Recipients who acknowledged what they were told last.
    pub acknowledged: u8,
}

/// Where a review's stream leads in the state.
pub(crate) fn place(stream: &str) -> Option<(RecordKey, u8)> {
    let (word, record) = stream.strip_prefix("review/")?.split_once('/')?;
    Some((RecordKey::of(record), level(word)? as u8))
}
