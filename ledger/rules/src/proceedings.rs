//! From the case to answer to the lists of the College of Policing.

use scrutiny_proto::conduct::v1::{
    AppealRecorded, CaseToAnswer, CaseToAnswerDetermined, ConductFinding, ConductOutcome, Forum,
    InvestigationReported, ListReported, ListStep, PoliceList, ProceedingsConcluded, ProceedingsStarted,
};

use crate::case::Case;
use crate::civil;
use crate::conduct::{self, ConductCase, Proceedings};
use crate::refusal::{Code, Refusal, refuse};

pub(crate) fn decide_reported(case: &Case<'_>) -> Result<(), Refusal> {
    let body: InvestigationReported = case.body()?;
    conduct::open(case)?;
    case.not_in_future("submitted_on", civil::optional(&body.submitted_on))
}

/// INV-25.
pub(crate) fn decide_answer(case: &Case<'_>) -> Result<(), Refusal> {
    let body: CaseToAnswerDetermined = case.body()?;
    let known = conduct::open(case)?;
    case.not_in_future("determined_on", civil::optional(&body.determined_on))?;
    match known.serious {
        None => return refuse(Code::CaseState, "severity is assessed before a case to answer is determined"),
        Some(true) if !known.has_investigator => {
            return refuse(
                Code::Inv25,
                "misconduct or gross misconduct is investigated: an investigator is appointed first",
            );
        }
        Some(_) => {}
    }
    if body.answer() == CaseToAnswer::None && body.forum() != Forum::Unspecified {
        return refuse(Code::CaseState, "without a case to answer there are no proceedings");
    }
    Ok(())
}

pub(crate) fn evolve_answer(known: &mut ConductCase, body: &CaseToAnswerDetermined) {
    known.to_answer = Some(body.answer() != CaseToAnswer::None);
}

pub(crate) fn decide_started(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ProceedingsStarted = case.body()?;
    let known = conduct::open(case)?;
    case.not_in_future("started_on", civil::optional(&body.started_on))?;
    if known.proceedings != Proceedings::None {
        return refuse(Code::CaseState, "proceedings have started already");
    }
    if known.to_answer == Some(true) {
        return Ok(());
    }
    refuse(Code::CaseState, "proceedings start when there is a case to answer")
}

pub(crate) fn decide_concluded(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ProceedingsConcluded = case.body()?;
    let known = conduct::open(case)?;
    case.not_in_future("concluded_on", civil::optional(&body.concluded_on))?;
    if known.proceedings != Proceedings::Started {
        return refuse(Code::CaseState, "proceedings are concluded once, after they have started");
    }
    let proven = body.finding() != ConductFinding::NotProven;
    if proven == (body.outcome() != ConductOutcome::Unspecified) {
        return Ok(());
    }
    refuse(Code::CaseState, "an outcome is imposed exactly where something was found")
}

pub(crate) fn evolve_concluded(known: &mut ConductCase, body: &ProceedingsConcluded) {
    known.proceedings = match body.outcome() {
        ConductOutcome::Dismissed | ConductOutcome::WouldHaveBeenDismissed => Proceedings::Dismissed,
        _ => Proceedings::Concluded,
    };
}

pub(crate) fn decide_appeal(case: &Case<'_>) -> Result<(), Refusal> {
    let body: AppealRecorded = case.body()?;
    let known = conduct::open(case)?;
    case.not_in_future("the day of the appeal", civil::optional(&body.on))?;
    match known.proceedings {
        Proceedings::Concluded | Proceedings::Dismissed => Ok(()),
        _ => refuse(Code::CaseState, "there is nothing to appeal against before proceedings are concluded"),
    }
}

/// INV-29. A late report is recorded, and shown as late (R11).
pub(crate) fn decide_list(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ListReported = case.body()?;
    let known = conduct::open(case)?;
    let (trigger, done) = (civil::optional(&body.trigger_on), civil::optional(&body.done_on));
    case.not_in_future("done_on", done)?;
    if body.step() != ListStep::Sent {
        return if known.listed[slot(body.list())] {
            Ok(())
        } else {
            refuse(Code::CaseState, "a report to the list is sent before it is acknowledged or withdrawn")
        };
    }
    if body.list() == PoliceList::Barred && known.proceedings != Proceedings::Dismissed {
        return refuse(
            Code::Inv29,
            "a barred list report follows a dismissal, or the finding that there would have been one",
        );
    }
    match (trigger, done) {
        (Some(trigger), Some(done)) if done < trigger => {
            refuse(Code::DateOrder, format!("sent on {done}, before what it reports, {trigger}"))
        }
        (None, _) => {
            refuse(Code::CaseState, "a report to a list names the day of what it reports, trigger_on")
        }
        _ => Ok(()),
    }
}

pub(crate) fn evolve_list(known: &mut ConductCase, body: &ListReported) {
    match body.step() {
        ListStep::Sent => known.listed[slot(body.list())] = true,
        ListStep::Withdrawn => known.listed[slot(body.list())] = false,
        ListStep::Acknowledged | ListStep::Unspecified => {}
    }
}

fn slot(list: PoliceList) -> usize {
    usize::from(list == PoliceList::Advisory)
}
