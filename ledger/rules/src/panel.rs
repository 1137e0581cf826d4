//! Panels from outside: who may rate (INV-22), what was before them, and who answers.
//!
//! A rating is a word of a scale, and neither is looked into here: what "Green-3" means is the scale's to say.

use std::collections::BTreeSet;

use scrutiny_proto::review::v1::{
    CommunityConversationHeld, PanelFeedbackGiven, PanelMemberTrained, PanelRatingGiven, PanelSessionHeld,
    PanelVoice, ReviewLevel,
};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::civil::{self, Day};
use crate::powers::RecordKey;
use crate::pseudonym::{self, Pseudonym};
use crate::refusal::{Code, Refusal, refuse};
use crate::signers::effective_role;
use crate::state::State;

/// What the rules remember of a member of a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The day of the first training.
    pub trained_on: Day,
    /// Whether the member declared last to be in no employment of the force.
    pub independent: bool,
}

/// What the rules remember of a session: a number for each case, and 20 bytes for each member's rating of one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Session {
    /// Numbers of its cases.
    pub cases: BTreeSet<u32>,
    /// Who rated which case.
    pub rated: BTreeSet<(u32, Pseudonym)>,
    /// Whether the panel has said something.
    pub spoke: bool,
}

pub(crate) fn decide_trained(case: &Case<'_>) -> Result<(), Refusal> {
    let body: PanelMemberTrained = case.body()?;
    if Pseudonym::from_hex(case.param("member")).is_none() {
        let got = case.param("member");
        return refuse(Code::Pseudonym, format!("a member is known by 32 hexadecimal digits, got {got}"));
    }
    case.not_in_future("trained_on", civil::optional(&body.trained_on))
}

pub(crate) fn evolve_trained(state: &mut State, panel: &str, member: &str, body: &PanelMemberTrained) {
    let person = Pseudonym::from_hex(member);
    let (Some(person), Some(day)) = (person, civil::optional(&body.trained_on)) else { return };
    let fresh = Member { trained_on: day, independent: body.independent_of_force };
    let known = state.panel_members.entry((panel.to_owned(), person)).or_insert(fresh);
    known.trained_on = known.trained_on.min(day);
    known.independent = body.independent_of_force;
}

pub(crate) fn decide_held(case: &Case<'_>) -> Result<(), Refusal> {
    let body: PanelSessionHeld = case.body()?;
    case.not_in_future("the session's date", Some(day_of(case)?))?;
    if case.state.sessions.contains_key(case.stream()) {
        return refuse(Code::Panel, format!("{} is recorded already", case.stream()));
    }
    let numbers: BTreeSet<u32> = body.cases.iter().map(|c| c.number).collect();
    if numbers.len() != body.cases.len() {
        return refuse(Code::Panel, "each case has a number of its own");
    }
    if body.sample.is_empty() {
        return Ok(());
    }
    let sample = case.state.samples.get(&body.sample).filter(|s| s.level == ReviewLevel::Panel as u8);
    let Some(drawn) = sample.and_then(|sample| sample.drawn.as_ref()) else {
        return refuse(Code::Inv17, format!("{} is no sample that was drawn for a panel", body.sample));
    };
    match body.cases.iter().find(|c| !drawn.contains(&RecordKey::of(&c.record))) {
        Some(other) => refuse(Code::Inv17, format!("case {} was not drawn in {}", other.number, body.sample)),
        None => Ok(()),
    }
}

pub(crate) fn evolve_held(state: &mut State, stream: &str, body: &PanelSessionHeld) {
    let cases = body.cases.iter().map(|c| c.number).collect();
    state.sessions.insert(stream.to_owned(), Session { cases, ..Session::default() });
}

/// INV-22.
pub(crate) fn decide_rating(case: &Case<'_>) -> Result<(), Refusal> {
    let body: PanelRatingGiven = case.body()?;
    let session = session(case)?;
    let date = day_of(case)?;
    check_case(session, body.case_number, false)?;
    for (i, bytes) in body.members.iter().enumerate() {
        let person = pseudonym::read(&format!("members.{i}"), bytes)?;
        if body.members[..i].contains(bytes) || session.rated.contains(&(body.case_number, person)) {
            return refuse(Code::Panel, format!("members.{i} has rated case {} already", body.case_number));
        }
        let panel = case.param("body").to_owned();
        match case.state.panel_members.get(&(panel, person)) {
            Some(member) if member.trained_on >= date => {
                let trained = member.trained_on;
                return refuse(
                    Code::Inv22,
                    format!("members.{i} was trained on {trained}, not before the session of {date}"),
                );
            }
            Some(member) if !member.independent => {
                return refuse(
                    Code::Inv22,
                    format!("members.{i} does not declare to be independent of the force"),
                );
            }
            Some(_) => {}
            None => return refuse(Code::Inv22, format!("members.{i} is no trained member of this panel")),
        }
    }
    Ok(())
}

pub(crate) fn evolve_rating(state: &mut State, stream: &str, body: &PanelRatingGiven) {
    if let Some(session) = state.sessions.get_mut(stream) {
        let people = body.members.iter().filter_map(|bytes| Pseudonym::from_bytes(bytes));
        session.rated.extend(people.map(|person| (body.case_number, person)));
    }
}

pub(crate) fn decide_feedback(case: &Case<'_>) -> Result<(), Refusal> {
    let body: PanelFeedbackGiven = case.body()?;
    let session = session(case)?;
    check_case(session, body.case_number, true)?;
    let role = match body.voice() {
        PanelVoice::Panel | PanelVoice::Unspecified => "CSP",
        PanelVoice::ForceReply => "TL",
        PanelVoice::ProfessionalStandardsReply => "HPSD",
    };
    if !case.statement.signers.iter().any(|signer| effective_role(signer) == role) {
        return refuse(Code::Speaker, format!("who speaks signs: {role}"));
    }
    if role != "CSP" && !session.spoke {
        return refuse(Code::Panel, "the panel has not said anything to reply to");
    }
    Ok(())
}

pub(crate) fn evolve_feedback(state: &mut State, stream: &str, body: &PanelFeedbackGiven) {
    if let Some(session) = state.sessions.get_mut(stream) {
        session.spoke |= body.voice() == PanelVoice::Panel;
    }
}

pub(crate) fn decide_conversation(case: &Case<'_>) -> Result<(), Refusal> {
    let _: CommunityConversationHeld = case.body()?;
    case.not_in_future("the conversation's date", Some(day_of(case)?))
}

fn session<'a>(case: &Case<'a>) -> Result<&'a Session, Refusal> {
    match case.state.sessions.get(case.stream()) {
        Some(session) => Ok(session),
        None => refuse(Code::Panel, format!("no session {} was held", case.stream())),
    }
}

fn check_case(session: &Session, number: u32, or_none: bool) -> Result<(), Refusal> {
    if session.cases.contains(&number) || (or_none && number == 0) {
        return Ok(());
    }
    refuse(Code::Panel, format!("the session had no case {number}"))
}

fn day_of(case: &Case<'_>) -> Result<Day, Refusal> {
    let date = case.param("date");
    date.parse().map_err(|_| Refusal {
        code: Code::StreamMismatch,
        sentence: format!("the stream ends in the date, YYYY-MM-DD; got {date:?}"),
    })
}
