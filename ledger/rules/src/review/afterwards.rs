//! What follows a completed review: feedback, its acknowledgement, escalation, good practice.

use scrutiny_proto::review::v1::{
    ConcernEscalated, EscalatedTo, FeedbackAcknowledged, FeedbackGiven, GoodPracticeRecognised, Recipient,
    ReviewLevel,
};

use super::subject::subject;
use super::{Review, place};
use crate::case::Case;
use crate::powers::ESCALATED;
use crate::pseudonym;
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

pub(crate) fn decide_feedback(case: &Case<'_>) -> Result<(), Refusal> {
    let body: FeedbackGiven = case.body()?;
    let subject = subject(case)?;
    if body.debrief {
        if subject.level != ReviewLevel::Supervisor || body.to() != Recipient::Officer {
            return refuse(
                Code::ReviewState,
                "a debrief is a supervisor's with the officer, at the supervisor's level",
            );
        }
    } else {
        subject.must_be_completed(case)?;
    }
    if body.to() == Recipient::Officer && subject.record.officer.is_none() {
        return refuse(Code::ReviewState, "an imported row names no officer who could be told");
    }
    subject.check_signers(case)
}

pub(crate) fn decide_acknowledged(case: &Case<'_>) -> Result<(), Refusal> {
    let body: FeedbackAcknowledged = case.body()?;
    let subject = subject(case)?;
    let mask = recipient_bit(body.recipient());
    if subject.review.told & mask == 0 {
        return refuse(Code::ReviewState, "nobody told them anything yet on this stream");
    }
    if subject.review.acknowledged & mask != 0 {
        return refuse(Code::ReviewState, "what they were told is acknowledged already");
    }
    let role = match body.recipient() {
        Recipient::Officer => return subject.check_own(case),
        Recipient::Supervisor => "SUP",
        Recipient::TrainingUnit | Recipient::Unspecified => "LEAD",
    };
    if pseudonym::signing(case).any(|(signs, _)| signs == role) {
        return Ok(());
    }
    refuse(Code::ReviewLevel, format!("who was told says so: {role} signs"))
}

pub(crate) fn decide_escalated(case: &Case<'_>) -> Result<(), Refusal> {
    let _: ConcernEscalated = case.body()?;
    let subject = subject(case)?;
    subject.must_be_completed(case)?;
    subject.check_signers(case)
}

pub(crate) fn decide_good_practice(case: &Case<'_>) -> Result<(), Refusal> {
    let _: GoodPracticeRecognised = case.body()?;
    let subject = subject(case)?;
    subject.must_be_completed(case)?;
    subject.check_signers(case)
}

fn recipient_bit(recipient: Recipient) -> u8 {
    1u8.checked_shl(recipient as u32).unwrap_or(0)
}

pub(crate) fn evolve_feedback(review: &mut Review, body: &FeedbackGiven) {
    review.told |= recipient_bit(body.to());
    review.acknowledged &= !recipient_bit(body.to());
}

pub(crate) fn evolve_acknowledged(review: &mut Review, body: &FeedbackAcknowledged) {
    review.acknowledged |= recipient_bit(body.recipient());
}

pub(crate) fn evolve_escalated(state: &mut State, stream: &str, body: &ConcernEscalated) {
    let asked = body.to() == EscalatedTo::Superintendent;
    let record = place(stream).filter(|_| asked).and_then(|(key, _)| state.powers.get_mut(&key));
    if let Some(record) = record {
        record.marks |= ESCALATED;
    }
}
