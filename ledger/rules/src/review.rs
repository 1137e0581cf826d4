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

use scrutiny_proto::review::v1::{
    Answer, ConcernEscalated, EscalatedTo, FeedbackAcknowledged, FeedbackGiven, GoodPracticeRecognised,
    Recipient, ReviewAssigned, ReviewCompleted, ReviewLevel, ReviewPeriodAdopted, ReviewRecused,
};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::keys::Key;
use crate::powers::{self, ESCALATED, FIRED, FOOTAGE_MISSING, JOINT, PowerRecord, RecordKey, TASER};
use crate::pseudonym::{self, Pseudonym};
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

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

/// The review that a stream is, and the record it is of.
struct Subject {
    key: RecordKey,
    record: PowerRecord,
    level: ReviewLevel,
    review: Review,
}

fn subject(case: &Case<'_>) -> Result<Subject, Refusal> {
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
    fn is_due(&self, case: &Case<'_>) -> bool {
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

    fn check_open(&self, case: &Case<'_>) -> Result<(), Refusal> {
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
    fn check_person(&self, case: &Case<'_>, person: Pseudonym) -> Result<(), Refusal> {
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
    fn check_signers(&self, case: &Case<'_>) -> Result<(), Refusal> {
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
    fn check_own(&self, case: &Case<'_>) -> Result<(), Refusal> {
        let own = |(role, key): (&str, &Key)| {
            role == "OFF" && self.record.officer.is_some_and(|officer| key.pseudonyms.contains(&officer))
        };
        if pseudonym::signing(case).all(own) {
            return Ok(());
        }
        refuse(Code::Inv15, "a self-review is signed by the officer whose record it is, and nobody else")
    }

    fn check_role(&self, case: &Case<'_>) -> Result<(), Refusal> {
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

    fn must_be_completed(&self, case: &Case<'_>) -> Result<(), Refusal> {
        if self.review.completed.is_some() {
            return Ok(());
        }
        refuse(Code::ReviewState, format!("{} is not completed yet", case.stream()))
    }

    fn must_not_be_completed(&self, case: &Case<'_>) -> Result<(), Refusal> {
        if self.review.completed.is_none() {
            return Ok(());
        }
        refuse(Code::ReviewState, format!("{} is completed already", case.stream()))
    }
}

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

fn recipient_bit(recipient: Recipient) -> u8 {
    1u8.checked_shl(recipient as u32).unwrap_or(0)
}

/// Where a review's stream leads in the state.
pub(crate) fn place(stream: &str) -> Option<(RecordKey, u8)> {
    let (word, record) = stream.strip_prefix("review/")?.split_once('/')?;
    Some((RecordKey::of(record), level(word)? as u8))
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
