//! Severity: who assesses it, and until when it may be revised.

use scrutiny_proto::conduct::v1::{Severity, SeverityAssessed, SeverityRegulation};

use crate::case::Case;
use crate::conduct::{self, ConductCase, Proceedings};
use crate::refusal::{Code, Refusal, refuse};
use crate::signers::effective_role;

/// INV-24 and INV-26. The second assessment on a case revises the first.
pub(crate) fn decide(case: &Case<'_>) -> Result<(), Refusal> {
    let body: SeverityAssessed = case.body()?;
    let known = conduct::open(case)?;
    if known.proceedings != Proceedings::None {
        return refuse(Code::Inv26, "proceedings have started; the severity is not revised any more");
    }
    if !body.disinterest_declared {
        return refuse(
            Code::Inv24,
            "neither the subject nor the subject's line manager assesses severity; say disinterest_declared: true",
        );
    }
    check_regulation(known, body.regulation())
}

fn check_regulation(known: &ConductCase, regulation: SeverityRegulation) -> Result<(), Refusal> {
    match (known.under_complaints, regulation) {
        (true, SeverityRegulation::Conduct14) => refuse(
            Code::Inv24,
            "this is a complaint, or the Independent Office's: the investigator assesses under reg 16 of the \
             Complaints Regulations",
        ),
        (false, SeverityRegulation::Complaints16) => refuse(
            Code::Inv24,
            "this is a conduct case: the appropriate authority assesses under reg 14 of the Conduct Regulations",
        ),
        _ => Ok(()),
    }
}

/// INV-24, before the charter is asked: no charter could let a line manager assess.
pub(crate) fn only_assessor(case: &Case<'_>) -> Result<(), Refusal> {
    let body: SeverityAssessed = case.body()?;
    let (role, who) = match body.regulation() {
        SeverityRegulation::Complaints16 => ("INV", "the investigator (INV)"),
        _ => ("AA", "the appropriate authority or its delegate (AA)"),
    };
    let signers = &case.statement.signers;
    let assesses = signers.iter().any(|signer| effective_role(signer) == role);
    let managed = signers.iter().find(|signer| matches!(signer.role.as_str(), "SUP" | "OFF"));
    if assesses && managed.is_none() {
        return Ok(());
    }
    let got: Vec<_> = signers.iter().map(|signer| signer.role.as_str()).collect();
    refuse(
        Code::Inv24,
        format!(
            "severity is assessed by {who}, never by the subject or a line manager; got {}",
            got.join(" and ")
        ),
    )
}

pub(crate) fn evolve(known: &mut ConductCase, body: &SeverityAssessed) {
    known.serious = Some(matches!(body.result(), Severity::Misconduct | Severity::GrossMisconduct));
}
