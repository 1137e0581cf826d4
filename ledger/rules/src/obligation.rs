//! An obligation: one body owes one limb of one finding an answer. Its state machine.
//!
//! ```text
//! created ─► responded ─► in progress ─► assessed complete ─► evidence submitted ─► under review ─┐
//!    │            │             ▲                                    insufficient │             │
//!    │            │             └───────────────────────────────────────────────┘             │
//!    │            └──► not addressed ──────────────────────────────────────────────────────────┤
//!    └─────────────────────────────────────────────────────────────── inspectorate only ─► closed ─► reopened
//! ```
//!
//! A force moves along the upper line in any order, because paper does. It never reaches "closed": what it
//! holds to be complete is its own claim, and stands beside the inspectorate's status (INV-04).

use ledger_core::ids::StatementId;
use scrutiny_proto::inspection::v1::{ClosureOutcome, ObligationClosed};
use scrutiny_proto::response::v1::{ForceResponseRecorded, ObligationCreated, ResponseType};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::refusal::{Code, Refusal, refuse};
use crate::report::{self, WHOLE};
use crate::signers::effective_role;
use crate::state::State;

/// What the rules remember of an obligation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obligation {
    /// Where it stands.
    pub stage: Stage,
    /// The answers given, by statement id: what a correction may name.
    pub answers: Vec<StatementId>,
}

/// Where an obligation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// No answer yet.
    Created,
    /// Answered.
    Responded,
    /// The body holds that it is not addressed to it. Visible, and never overdue.
    NotAddressed,
    /// Progress was recorded.
    InProgress,
    /// The body holds that it is done.
    AssessedComplete,
    /// The body handed evidence to the inspectorate.
    EvidenceSubmitted,
    /// The inspectorate has the evidence.
    UnderReview,
    /// Closed by the inspectorate.
    Closed,
    /// Reopened by the inspectorate.
    Reopened,
}

/// INV-02, before the charter is asked: no charter could allow it.
pub(crate) fn only_inspectorate(case: &Case<'_>) -> Result<(), Refusal> {
    let signers = &case.statement.signers;
    if signers.iter().any(|signer| matches!(effective_role(signer), "HMI" | "HMI-T")) {
        return Ok(());
    }
    let got: Vec<_> = signers.iter().map(effective_role).collect();
    refuse(
        Code::Inv02,
        format!(
            "only the inspectorate (HMI), or two people attesting its document (HMI-T), closes or reopens an \
             obligation; got {}",
            got.join(" and ")
        ),
    )
}

pub(crate) fn decide_created(case: &Case<'_>) -> Result<(), Refusal> {
    let _: ObligationCreated = case.body()?;
    let stream = case.stream();
    let finding = report::known_finding(case)?;
    let limb = case.param("limb");
    if !finding.limbs.iter().any(|known| known == limb) {
        let limbs = finding.limbs.join(", ");
        return refuse(
            Code::Limb,
            format!("the finding has limb {limbs} ({WHOLE} for the whole), not {limb}"),
        );
    }
    if !case.state.has_body(case.param("body")) {
        return refuse(Code::UnknownBody, format!("no body/{} is registered", case.param("body")));
    }
    if case.state.obligations.contains_key(stream) {
        return refuse(Code::ObligationExists, format!("{stream} exists already"));
    }
    Ok(())
}

pub(crate) fn evolve_created(state: &mut State, stream: &str, finding: &str, limb: &str) {
    if let Some(finding) = state.findings.get_mut(finding) {
        finding.owed.insert(limb.to_owned());
    }
    state.obligations.insert(stream.to_owned(), Obligation { stage: Stage::Created, answers: Vec::new() });
}

/// INV-01: the obligation that the stream names.
fn existing<'a>(case: &Case<'a>) -> Result<&'a Obligation, Refusal> {
    match case.state.obligations.get(case.stream()) {
        Some(obligation) => Ok(obligation),
        None => refuse(Code::Inv01, format!("no {} exists; an obligation is created first", case.stream())),
    }
}

/// INV-01 and INV-03: the obligation, and it is open.
pub(crate) fn open<'a>(case: &Case<'a>) -> Result<&'a Obligation, Refusal> {
    let obligation = existing(case)?;
    if obligation.stage == Stage::Closed {
        return refuse(
            Code::Inv03,
            format!(
                "{} is closed; the inspectorate may reopen it, until then it takes no answer",
                case.stream()
            ),
        );
    }
    Ok(obligation)
}

pub(crate) fn decide_response(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ForceResponseRecorded = case.body()?;
    let obligation = open(case)?;
    if body.supersedes.is_empty() {
        if !body.correction_reason.is_empty() {
            return refuse(Code::Inv30, "a correction names the answer it corrects in supersedes");
        }
        return addressed(case, obligation);
    }
    if body.correction_reason.is_empty() {
        return refuse(Code::Inv30, "a correction says why in correction_reason");
    }
    let corrected: Option<StatementId> = body.supersedes.parse().ok();
    if corrected.is_some_and(|id| obligation.answers.contains(&id)) {
        return Ok(());
    }
    refuse(Code::Inv30, format!("{} is no answer to {}", body.supersedes, case.stream()))
}

fn addressed(case: &Case<'_>, obligation: &Obligation) -> Result<(), Refusal> {
    if obligation.stage != Stage::NotAddressed {
        return Ok(());
    }
    refuse(
        Code::NotAddressed,
        format!("{} was answered as not addressed; correct that answer first", case.stream()),
    )
}

/// Progress and the force's own assessment.
pub(crate) fn decide_progress(case: &Case<'_>) -> Result<(), Refusal> {
    addressed(case, open(case)?)
}

pub(crate) fn decide_closed(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ObligationClosed = case.body()?;
    if existing(case)?.stage == Stage::Closed {
        return refuse(Code::ObligationState, format!("{} is closed already", case.stream()));
    }
    let superseded = body.outcome() == ClosureOutcome::Superseded;
    match (superseded, body.successor.as_str()) {
        (false, "") => Ok(()),
        (false, other) => {
            refuse(Code::Inv12, format!("only a superseded obligation has a successor, got {other}"))
        }
        (true, "") => refuse(Code::Inv12, "a superseded obligation names its successor, got none"),
        (true, own) if own == case.stream() => refuse(Code::Inv12, "an obligation does not succeed itself"),
        (true, other) if !case.state.obligations.contains_key(other) => {
            refuse(Code::Inv12, format!("the successor {other} does not exist; create it first"))
        }
        (true, _) => Ok(()),
    }
}

pub(crate) fn decide_reopened(case: &Case<'_>) -> Result<(), Refusal> {
    match existing(case)?.stage {
        Stage::Closed => Ok(()),
        _ => refuse(Code::ObligationState, format!("{} is not closed", case.stream())),
    }
}

pub(crate) fn evolve_response(
    state: &mut State,
    stream: &str,
    id: StatementId,
    body: &ForceResponseRecorded,
) {
    let Some(obligation) = state.obligations.get_mut(stream) else { return };
    obligation.answers.push(id);
    obligation.stage = match body.r#type() {
        ResponseType::NotAddressed => Stage::NotAddressed,
        // A better answer to what is under way does not set it back.
        _ if !matches!(obligation.stage, Stage::Created | Stage::NotAddressed | Stage::Reopened) => {
            obligation.stage
        }
        _ => Stage::Responded,
    };
}

pub(crate) fn evolve_stage(state: &mut State, stream: &str, stage: Stage) {
    if let Some(obligation) = state.obligations.get_mut(stream) {
        obligation.stage = stage;
    }
}
