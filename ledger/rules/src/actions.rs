//! Actions on an obligation, and the steps by which the inspectorate verifies what came of them.

use std::collections::BTreeMap;

use scrutiny_proto::inspection::v1::{
    InspectorateVerificationRecorded, MonitoringPhase, MonitoringPhaseChanged, VerificationStep,
};
use scrutiny_proto::response::v1::{
    ActionRecorded, ActionStep, EvidenceSubmitted, ObligationOversightAssigned,
};

use crate::case::Case;
use crate::civil;
use crate::obligation::{self, Stage};
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

/// Action → whether it is completed.
pub(crate) type Actions = BTreeMap<String, bool>;

pub(crate) fn decide(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ActionRecorded = case.body()?;
    obligation::decide_progress(case)?;
    let key = body.action.as_str();
    let known = case.state.actions.get(case.stream()).and_then(|actions| actions.get(key));
    match (body.step(), known) {
        (ActionStep::Allocated, Some(_)) => refuse(
            Code::ActionState,
            format!("action {key} exists; rebaseline it, or give a new one its own key"),
        ),
        (ActionStep::Allocated, None) if body.owner_role.is_empty() || body.what.is_empty() => {
            refuse(Code::ActionState, "an action is allocated to a role and says what is to be done")
        }
        (ActionStep::Allocated, None) => Ok(()),
        (_, None) => refuse(Code::ActionState, format!("no action {key} was allocated on {}", case.stream())),
        (_, Some(true)) => refuse(Code::ActionState, format!("action {key} is completed")),
        (ActionStep::Rebaselined, Some(false)) if body.due_words.is_empty() || body.reason.is_empty() => {
            refuse(Code::ActionState, "an action gets a new date, due_words, for a reason")
        }
        (_, Some(false)) => Ok(()),
    }
}

pub(crate) fn evolve(state: &mut State, stream: &str, body: &ActionRecorded) {
    let done = body.step() == ActionStep::Completed;
    state.actions.entry(stream.to_owned()).or_default().insert(body.action.clone(), done);
    if done {
        obligation::evolve_stage(state, stream, Stage::InProgress);
    }
}

pub(crate) fn decide_evidence(case: &Case<'_>) -> Result<(), Refusal> {
    let body: EvidenceSubmitted = case.body()?;
    obligation::decide_progress(case)?;
    case.not_in_future("submitted_on", civil::optional(&body.submitted_on))
}

pub(crate) fn decide_oversight(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ObligationOversightAssigned = case.body()?;
    obligation::open(case)?;
    match body.oversight.iter().find(|body| !case.state.has_body(body)) {
        Some(body) => refuse(Code::UnknownBody, format!("no body/{body} is registered")),
        None => Ok(()),
    }
}

pub(crate) fn decide_verification(case: &Case<'_>) -> Result<(), Refusal> {
    let _: InspectorateVerificationRecorded = case.body()?;
    obligation::open(case).map(drop)
}

/// Where an obligation stands once the inspectorate has looked.
pub(crate) fn stage_after(body: &InspectorateVerificationRecorded) -> Option<Stage> {
    match body.step() {
        VerificationStep::EvidenceReceived | VerificationStep::Verified => Some(Stage::UnderReview),
        VerificationStep::EvidenceInsufficient => Some(Stage::InProgress),
        VerificationStep::EvidenceRequested | VerificationStep::Unspecified => None,
    }
}

/// The default phase is Scan, so the first change is to Engage.
pub(crate) fn decide_phase(case: &Case<'_>) -> Result<(), Refusal> {
    let body: MonitoringPhaseChanged = case.body()?;
    let force = case.param("body");
    if !case.state.has_body(force) {
        return refuse(Code::UnknownBody, format!("no body/{force} is registered"));
    }
    let engaged = body.phase() == MonitoringPhase::Engage;
    if case.state.engaged.contains(force) == engaged {
        let phase = if engaged { "Engage" } else { "Scan" };
        return refuse(Code::MonitoringState, format!("{force} is in {phase} already"));
    }
    Ok(())
}

pub(crate) fn evolve_phase(state: &mut State, force: &str, body: &MonitoringPhaseChanged) {
    if body.phase() == MonitoringPhase::Engage {
        state.engaged.insert(force.to_owned());
    } else {
        state.engaged.remove(force);
    }
}
