//! The days that a force gives itself for a review.

use scrutiny_proto::review::v1::{ReviewLevel, ReviewPeriodAdopted};

use super::level;
use crate::case::Case;
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

pub(crate) fn decide_period(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ReviewPeriodAdopted = case.body()?;
    match level(case.param("level")) {
        None => refuse(Code::StreamMismatch, format!("{} is no level of review", case.param("level"))),
        Some(level) if body.includes_joint_units && level != ReviewLevel::TaserTl => {
            refuse(Code::ReviewLevel, "joint units are counted, or not, at the Tactical Lead's level only")
        }
        Some(_) => Ok(()),
    }
}

pub(crate) fn evolve_period(state: &mut State, body: &str, level_word: &str, period: &ReviewPeriodAdopted) {
    if level(level_word) != Some(ReviewLevel::TaserTl) {
        return;
    }
    if period.includes_joint_units {
        state.joint_taser.insert(body.to_owned());
    } else {
        state.joint_taser.remove(body);
    }
}
