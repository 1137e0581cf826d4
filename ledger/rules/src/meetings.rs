//! Meetings, the papers put before them, and what they did with each.
//!
//! To note is not to approve (INV-39): a paper that asks to be noted cannot be approved, a decision cannot
//! rest on a paper that was noted, and nothing here touches an obligation.

use std::collections::BTreeMap;

use scrutiny_proto::governance::v1::{
    Ask, Cadence, DecisionTaken, MeetingHeld, PaperDecided, PaperDecision, PaperTabled,
    StandingItemConfigured,
};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::civil::{self, Day};
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

/// Title of a paper → what the rules remember of it.
pub(crate) type Papers = BTreeMap<String, Paper>;

/// A paper that was put before a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Paper {
    /// Whether it asks for no more than to be noted.
    pub to_note: bool,
    /// Whether the meeting approved or referred it: noting and deferring decide nothing.
    pub decided: bool,
}

pub(crate) fn decide_held(case: &Case<'_>) -> Result<(), Refusal> {
    let _: MeetingHeld = case.body()?;
    let date = meeting_day(case)?;
    case.not_in_future("the meeting's date", Some(date))
}

/// A paper may be put before a meeting that is still to come.
pub(crate) fn decide_tabled(case: &Case<'_>) -> Result<(), Refusal> {
    let _: PaperTabled = case.body()?;
    meeting_day(case).map(drop)
}

pub(crate) fn evolve_tabled(state: &mut State, stream: &str, body: &PaperTabled) {
    let paper = Paper { to_note: body.ask() == Ask::Note, decided: false };
    state.papers.entry(stream.to_owned()).or_default().insert(body.title.clone(), paper);
}

pub(crate) fn decide_decided(case: &Case<'_>) -> Result<(), Refusal> {
    let body: PaperDecided = case.body()?;
    let date = meeting_day(case)?;
    case.not_in_future("the meeting's date", Some(date))?;
    let paper = tabled(case, &body.title)?;
    if paper.to_note && body.decision() == PaperDecision::Approved {
        return refuse(
            Code::Inv39,
            format!("{:?} asks to be noted, and to note is not to approve", body.title),
        );
    }
    Ok(())
}

fn tabled(case: &Case<'_>, title: &str) -> Result<Paper, Refusal> {
    match case.state.papers.get(case.stream()).and_then(|papers| papers.get(title)) {
        Some(paper) => Ok(*paper),
        None => refuse(Code::UnknownPaper, format!("no paper {title:?} was put before {}", case.stream())),
    }
}

pub(crate) fn evolve_decided(state: &mut State, stream: &str, body: &PaperDecided) {
    if let Some(paper) = state.papers.get_mut(stream).and_then(|papers| papers.get_mut(&body.title)) {
        paper.decided = matches!(body.decision(), PaperDecision::Approved | PaperDecision::Referred);
    }
}

/// A decision may rest on no paper at all; where it rests on one, the meeting did more than note it.
pub(crate) fn decide_taken(case: &Case<'_>) -> Result<(), Refusal> {
    let body: DecisionTaken = case.body()?;
    let date = meeting_day(case)?;
    case.not_in_future("the meeting's date", Some(date))?;
    if body.paper.is_empty() || tabled(case, &body.paper)?.decided {
        return Ok(());
    }
    refuse(
        Code::Inv39,
        format!("the meeting has not approved or referred {:?}; to note decides nothing", body.paper),
    )
}

/// What is expected of a body, and when not.
pub(crate) fn decide_standing(case: &Case<'_>) -> Result<(), Refusal> {
    let body: StandingItemConfigured = case.body()?;
    let named = |month: &&String| civil::month_number(month).is_none();
    if let Some(other) =
        body.except_months.iter().chain(Some(&body.in_month).filter(|m| !m.is_empty())).find(named)
    {
        return refuse(Code::Cadence, format!("a month is called by its name, \"December\"; got {other:?}"));
    }
    if !body.in_month.is_empty() && body.cadence() != Cadence::Annual {
        return refuse(Code::Cadence, "only what is annual has a month of its own");
    }
    Ok(())
}

fn meeting_day(case: &Case<'_>) -> Result<Day, Refusal> {
    let date = case.param("date");
    date.parse().map_err(|_| Refusal {
        code: Code::StreamMismatch,
        sentence: format!("a meeting's stream ends in its date, YYYY-MM-DD; got {date:?}"),
    })
}
