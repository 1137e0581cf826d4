//! To whom a review is assigned, and who steps back from it.

use scrutiny_proto::review::v1::{ReviewAssigned, ReviewLevel, ReviewRecused};

use super::subject::subject;
use super::{Review, place};
use crate::case::Case;
use crate::keys::Key;
use crate::pseudonym::{self, Pseudonym};
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

pub(crate) fn decide_assigned(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ReviewAssigned = case.body()?;
    let subject = subject(case)?;
    let person = pseudonym::read("reviewer_pseudonym", &body.reviewer_pseudonym)?;
    if subject.level == ReviewLevel::Self_ {
        return refuse(Code::ReviewState, "the officer reviews their own record; nobody assigns it");
    }
    subject.check_open(case)?;
    subject.must_not_be_completed(case)?;
    let own = |key: &Key| subject.record.officer.is_some_and(|officer| key.pseudonyms.contains(&officer));
    if pseudonym::signing(case).any(|(_, key)| own(key)) {
        return refuse(Code::Inv15, "who used the power does not choose who reviews it");
    }
    subject.check_person(case, person)
}

pub(crate) fn decide_recused(case: &Case<'_>) -> Result<(), Refusal> {
    let _: ReviewRecused = case.body()?;
    let subject = subject(case)?;
    subject.must_not_be_completed(case)?;
    if pseudonym::signing(case).all(|(_, key)| !key.pseudonyms.is_empty()) {
        return Ok(());
    }
    refuse(Code::Inv15, "a key that is bound to no pseudonym has nobody to step back for")
}

pub(crate) fn evolve_assigned(review: &mut Review, body: &ReviewAssigned) {
    review.assigned = Pseudonym::from_bytes(&body.reviewer_pseudonym);
}

/// The assignment ends, and the person stays away from the record for good.
pub(crate) fn evolve_recused(state: &mut State, stream: &str, people: &[Pseudonym]) {
    let Some(place) = place(stream) else { return };
    let review = state.reviews.entry(place).or_default();
    if review.assigned.is_some_and(|person| people.contains(&person)) {
        review.assigned = None;
    }
    let others = state.involved.entry(place.0).or_default();
    for person in people {
        if !others.contains(person) {
            others.push(*person);
        }
    }
}
