//! The review that a statement is about, and who may have a part in it (INV-15).

use scrutiny_proto::review::v1::ReviewLevel;

use super::{LEVELS, Review, bit, level, roles};
use crate::case::Case;
use crate::keys::Key;
use crate::powers::{self, ESCALATED, FIRED, JOINT, PowerRecord, RecordKey, TASER};
use crate::pseudonym::{self, Pseudonym};
use crate::refusal::{Code, Refusal, refuse};

/// The review that a stream is, and the record it is of.
pub(super) struct Subject {
    pub(super) key: RecordKey,
    pub(super) record: PowerRecord,
    pub(super) level: ReviewLevel,
    pub(super) review: Review,
}

pub(super) fn subject(case: &Case<'_>) -> Result<Subject, Refusal> {
    let Some(level) = level(case.param("level")) else {
        let words: Vec<_> = LEVELS.iter().map(|(word, _)| *word).collect();
        let got = case.param("level");
        return refuse(Code::StreamMismatch, format!("a level is one of {}; got {got}", words.join(", ")));
    };
    let (key, record) = powers::named(case)?;
    let review = case.state.reviews.get(&(key, level as u8)).copied().unwrap_or_default();
    Ok(Subject { key, record, level, review })
}

impl Subject {
    /// Why this level reviews this record without its having been drawn.
    pub(super) fn is_due(&self, case: &Case<'_>) -> bool {
        let record = self.record;
        match self.level {
            ReviewLevel::Self_ => record.officer.is_some(),
            ReviewLevel::TaserTl => {
                let counts_joint = || {
                    case.statement.signers.iter().any(|signer| case.state.joint_taser.contains(&signer.body))
                };
                record.is(TASER) && (!record.is(JOINT) || counts_joint())
            }
            ReviewLevel::TaserTtt => record.is(TASER | FIRED),
            ReviewLevel::Jps => record.is(JOINT),
            ReviewLevel::Superintendent => record.is(ESCALATED),
            _ => false,
        }
    }

    pub(super) fn check_open(&self, case: &Case<'_>) -> Result<(), Refusal> {
        if self.is_due(case) || self.record.drawn & bit(self.level as u8) != 0 {
            return Ok(());
        }
        let (power, record, level) = (case.param("power"), case.param("record"), case.param("level"));
        refuse(
            Code::NotDrawn,
            format!(
                "{power}/{record} was not drawn in a sample for {level}, which need not review it otherwise"
            ),
        )
    }

    /// INV-15: nobody who used the power, supervised or saw it, or stepped back, has a part in its review.
    pub(super) fn check_person(&self, case: &Case<'_>, person: Pseudonym) -> Result<(), Refusal> {
        if self.record.officer == Some(person) {
            return refuse(
                Code::Inv15,
                "the record is the reviewer's own; a self-review is all they may sign of it",
            );
        }
        if case.state.involved.get(&self.key).is_some_and(|others| others.contains(&person)) {
            return refuse(
                Code::Inv15,
                "the reviewer supervised or witnessed the incident, used force in it, or has stepped back",
            );
        }
        Ok(())
    }

    /// INV-15, by the keys that sign. A key that is bound to nobody could be the officer's.
    pub(super) fn check_signers(&self, case: &Case<'_>) -> Result<(), Refusal> {
        for (role, key) in pseudonym::signing(case) {
            if role == "OFF" {
                return refuse(
                    Code::Inv15,
                    "an officer signs the review of their own record, and no other (OFF)",
                );
            }
            if key.pseudonyms.is_empty() && self.record.officer.is_some() {
                return refuse(
                    Code::Inv15,
                    format!(
                        "the {role} key that signs is bound to no pseudonym, so it could be the officer's"
                    ),
                );
            }
            for person in &key.pseudonyms {
                self.check_person(case, *person)?;
            }
        }
        Ok(())
    }

    /// The self-review: INV-15 the other way round.
    pub(super) fn check_own(&self, case: &Case<'_>) -> Result<(), Refusal> {
        let own = |(role, key): (&str, &Key)| {
            role == "OFF" && self.record.officer.is_some_and(|officer| key.pseudonyms.contains(&officer))
        };
        if pseudonym::signing(case).all(own) {
            return Ok(());
        }
        refuse(Code::Inv15, "a self-review is signed by the officer whose record it is, and nobody else")
    }

    pub(super) fn check_role(&self, case: &Case<'_>) -> Result<(), Refusal> {
        let allowed = roles(self.level);
        if pseudonym::signing(case).any(|(role, _)| allowed.contains(&role)) {
            return Ok(());
        }
        let level = case.param("level");
        refuse(
            Code::ReviewLevel,
            format!("a review at the level {level} is signed by {}", allowed.join(" or ")),
        )
    }

    pub(super) fn must_be_completed(&self, case: &Case<'_>) -> Result<(), Refusal> {
        if self.review.completed.is_some() {
            return Ok(());
        }
        refuse(Code::ReviewState, format!("{} is not completed yet", case.stream()))
    }

    pub(super) fn must_not_be_completed(&self, case: &Case<'_>) -> Result<(), Refusal> {
        if self.review.completed.is_none() {
            return Ok(());
        }
        refuse(Code::ReviewState, format!("{} is completed already", case.stream()))
    }
}
