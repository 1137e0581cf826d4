//! A review is completed, or a completed one corrected (INV-15, INV-16, INV-17).

use scrutiny_proto::review::v1::{Answer, ReviewCompleted, ReviewLevel};

use super::level;
use super::subject::{Subject, subject};
use crate::case::Case;
use crate::powers::FOOTAGE_MISSING;
use crate::pseudonym;
use crate::refusal::{Code, Refusal, refuse};

pub(crate) fn decide_completed(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ReviewCompleted = case.body()?;
    let subject = subject(case)?;
    if subject.level == ReviewLevel::Self_ {
        subject.check_own(case)?;
    } else {
        subject.check_signers(case)?;
    }
    subject.check_role(case)?;
    subject.check_open(case)?;
    check_assignee(case, &subject)?;
    check_correction(case, &subject, &body)?;
    check_materials(case, &subject, &body)?;
    check_prior(case, &subject, &body)?;
    check_sample(case, &subject, &body)
}

fn check_assignee(case: &Case<'_>, subject: &Subject) -> Result<(), Refusal> {
    let groups = matches!(subject.level, ReviewLevel::Irg | ReviewLevel::Rgrg);
    match subject.review.assigned {
        None if groups => refuse(Code::ReviewState, format!("{} is assigned to nobody", case.stream())),
        None => Ok(()),
        Some(person) if pseudonym::signing(case).any(|(_, key)| key.pseudonyms.contains(&person)) => Ok(()),
        Some(_) => refuse(Code::ReviewState, format!("{} is assigned to somebody else", case.stream())),
    }
}

/// A correction is a new review that names the one it corrects; both stay.
fn check_correction(case: &Case<'_>, subject: &Subject, body: &ReviewCompleted) -> Result<(), Refusal> {
    match subject.review.completed {
        None if body.corrects.is_empty() && body.correction_reason.is_empty() => Ok(()),
        None => refuse(
            Code::Inv30,
            format!("{} is not completed yet; there is nothing to correct", case.stream()),
        ),
        Some(latest) if body.corrects[..] == latest && !body.correction_reason.is_empty() => Ok(()),
        Some(_) if body.corrects.is_empty() => refuse(
            Code::ReviewState,
            format!("{} is completed already; a correction names it and says why", case.stream()),
        ),
        Some(_) => {
            refuse(Code::Inv30, "a correction names the latest review on its stream by id, and says why")
        }
    }
}

/// INV-16.
fn check_materials(case: &Case<'_>, subject: &Subject, body: &ReviewCompleted) -> Result<(), Refusal> {
    if subject.level != ReviewLevel::Irg || case.param("power") != "uof" {
        return Ok(());
    }
    if !body.saw_record {
        return refuse(
            Code::Inv16,
            "the group reviews force from the written record and the footage; see the record",
        );
    }
    if body.saw_footage || subject.record.is(FOOTAGE_MISSING) {
        return Ok(());
    }
    refuse(
        Code::Inv16,
        "the group reviews force from the written record and the footage; where footage is missing, that is recorded \
         first",
    )
}

fn check_prior(case: &Case<'_>, subject: &Subject, body: &ReviewCompleted) -> Result<(), Refusal> {
    let stream = body.prior_review.as_str();
    if stream.is_empty() {
        return match body.concurs() {
            Answer::Unspecified => Ok(()),
            _ => refuse(
                Code::ReviewState,
                "a review agrees or disagrees with another one; name it in prior_review",
            ),
        };
    }
    let of_this = format!("/{}/{}", case.param("power"), case.param("record"));
    let prior =
        stream.strip_prefix("review/").and_then(|rest| rest.strip_suffix(of_this.as_str())).and_then(level);
    let completed = |prior: ReviewLevel| {
        let review = case.state.reviews.get(&(subject.key, prior as u8));
        prior != subject.level && review.is_some_and(|review| review.completed.is_some())
    };
    if prior.is_some_and(completed) {
        return Ok(());
    }
    refuse(Code::ReviewState, format!("{stream} is no completed review of this record at another level"))
}

/// INV-17: what is reviewed because it was drawn says in which sample.
fn check_sample(case: &Case<'_>, subject: &Subject, body: &ReviewCompleted) -> Result<(), Refusal> {
    if body.sample.is_empty() {
        return if subject.is_due(case) {
            Ok(())
        } else {
            refuse(Code::Inv17, "the record is reviewed because it was drawn; name the sample")
        };
    }
    let sample = case.state.samples.get(&body.sample);
    let drawn = sample.filter(|sample| sample.level == subject.level as u8).and_then(|s| s.drawn.as_ref());
    if drawn.is_some_and(|drawn| drawn.contains(&subject.key)) {
        return Ok(());
    }
    refuse(Code::Inv17, format!("the record was not drawn for this level in {}", body.sample))
}
