//! Meetings, the papers put before them, and what they did with each. To note is not to approve (INV-39):
//! nothing here touches an obligation.

use scrutiny_proto::governance::v1::{MeetingHeld, PaperDecided, PaperTabled};

use crate::case::Case;
use crate::civil::Day;
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

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
    state.papers.entry(stream.to_owned()).or_default().insert(body.title.clone());
}

pub(crate) fn decide_decided(case: &Case<'_>) -> Result<(), Refusal> {
    let body: PaperDecided = case.body()?;
    let date = meeting_day(case)?;
    case.not_in_future("the meeting's date", Some(date))?;
    if case.state.papers.get(case.stream()).is_some_and(|papers| papers.contains(&body.title)) {
        return Ok(());
    }
    refuse(Code::UnknownPaper, format!("no paper {:?} was put before {}", body.title, case.stream()))
}

fn meeting_day(case: &Case<'_>) -> Result<Day, Refusal> {
    let date = case.param("date");
    date.parse().map_err(|_| Refusal {
        code: Code::StreamMismatch,
        sentence: format!("a meeting's stream ends in its date, YYYY-MM-DD; got {date:?}"),
    })
}
