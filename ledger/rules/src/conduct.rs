//! A conduct case, from the allegation to its end. Its state machine.
//!
//! ```text
//! received ─► severity assessed ◄─┐ revised, until proceedings start (INV-26)
//!                 │   └───────────┘
//!                 ├─► investigator appointed ─► case to answer (INV-25) ─► proceedings started
//!                 │                                   └─► concluded ─► barred list, if dismissed (INV-29)
//!                 └─► disposed of otherwise ─► closed: the stream takes no more
//! ```
//!
//! Who the subject and the line manager are is sealed, and stays so: the rules see roles and signed
//! declarations, not people. A case belongs to the body whose key opened it, and that body decides it.

use ledger_core::statement::{Marking, Precision, Statement};
use scrutiny_proto::conduct::v1::{
    AllegationReceived, AllegationRoute, CaseDisposed, CaseNotice, CaseNoticeRecorded, Disposal,
    InvestigatorAppointed, RestrictedAccessGranted,
};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::civil;
use crate::envelope;
use crate::refusal::{Code, Refusal, refuse};
use crate::roles;
use crate::state::State;

/// Hexadecimal digits in a case's pseudonym, at least: 64 bits, so that nobody can try them all.
const PSEUDONYM_DIGITS: usize = 16;

/// What the rules remember of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConductCase {
    /// The body that decides it.
    pub body: String,
    /// True when its severity is for the investigator to assess: a complaint, or an investigation that the
    /// Independent Office directs or carries out.
    pub under_complaints: bool,
    /// Whether its severity was assessed, and as misconduct at least.
    pub serious: Option<bool>,
    /// Whether an investigator was appointed.
    pub has_investigator: bool,
    /// Whether a case to answer was determined, and there is one.
    pub to_answer: Option<bool>,
    /// How far proceedings have come.
    pub proceedings: Proceedings,
    /// Reports to the barred and the advisory list that were sent.
    pub listed: [bool; 2],
    /// Whether it is closed.
    pub closed: bool,
}

/// How far proceedings have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proceedings {
    /// Not started.
    None,
    /// Started: the severity stands from here on.
    Started,
    /// Concluded without a dismissal.
    Concluded,
    /// Concluded by a dismissal, or by the finding that the subject would have been dismissed.
    Dismissed,
}

/// What holds for everything on a case's stream.
fn check_envelope(case: &Case<'_>) -> Result<(), Refusal> {
    let pseudonym = case.param("case");
    let hex = pseudonym.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !hex || pseudonym.len() < PSEUDONYM_DIGITS {
        return refuse(
            Code::Pseudonym,
            format!(
                "a case is known by {PSEUDONYM_DIGITS} random hexadecimal digits or more, got {pseudonym}"
            ),
        );
    }
    if case.statement.marking != Marking::OfficialSensitive {
        return refuse(Code::Marking, "what professional standards record is marked official-sensitive");
    }
    Ok(())
}

/// The open case that the stream names, signed by the body that decides it.
pub(crate) fn open<'a>(case: &Case<'a>) -> Result<&'a ConductCase, Refusal> {
    check_envelope(case)?;
    let Some(known) = case.state.cases.get(case.param("case")) else {
        return refuse(Code::CaseState, format!("no {} is open; an allegation comes first", case.stream()));
    };
    if known.closed {
        return refuse(Code::CaseState, format!("{} is closed", case.stream()));
    }
    if !case.statement.signers.iter().any(|signer| signer.body == known.body) {
        return refuse(
            Code::CaseState,
            format!("{} is decided by {}, and none of its roles signs", case.stream(), known.body),
        );
    }
    Ok(known)
}

pub(crate) fn decide_received(case: &Case<'_>) -> Result<(), Refusal> {
    let body: AllegationReceived = case.body()?;
    check_envelope(case)?;
    if case.state.cases.contains_key(case.param("case")) {
        return refuse(Code::CaseState, format!("{} is open already", case.stream()));
    }
    if body.route() != AllegationRoute::Anonymous {
        return Ok(());
    }
    if case.statement.sealed.iter().any(|commitment| commitment.field == "source") {
        return refuse(Code::CaseState, "an anonymous report has no source, not even a sealed one");
    }
    if case.statement.occurred.precision == Precision::Instant {
        return refuse(
            Code::CaseState,
            "the moment of an anonymous report points at who made it; give the day",
        );
    }
    Ok(())
}

pub(crate) fn evolve_received(
    state: &mut State,
    name: &str,
    statement: &Statement,
    body: &AllegationReceived,
) {
    let opened = ConductCase {
        body: statement.signers.first().map_or_else(String::new, |signer| signer.body.clone()),
        under_complaints: body.route() == AllegationRoute::Complaint,
        serious: None,
        has_investigator: false,
        to_answer: None,
        proceedings: Proceedings::None,
        listed: [false; 2],
        closed: false,
    };
    state.cases.insert(name.to_owned(), opened);
}

/// INV-28.
pub(crate) fn decide_investigator(case: &Case<'_>) -> Result<(), Refusal> {
    let body: InvestigatorAppointed = case.body()?;
    open(case)?;
    if body.independence_declared {
        return Ok(());
    }
    refuse(
        Code::Inv28,
        "an investigator is no interested party and not managed by the subject; say independence_declared: true",
    )
}

pub(crate) fn decide_notice(case: &Case<'_>) -> Result<(), Refusal> {
    let body: CaseNoticeRecorded = case.body()?;
    open(case)?;
    case.not_in_future("given_on", civil::optional(&body.given_on))?;
    let timeliness = body.notice() == CaseNotice::Timeliness;
    match (body.withheld, body.withheld_code.as_str(), body.given_on.as_str()) {
        (true, _, _) if timeliness => {
            refuse(Code::CaseState, "the report to the local policing body (reg 19) is not withheld from it")
        }
        (true, code, "") if envelope::is_reason_code(code) => Ok(()),
        (true, code, "") => refuse(Code::CaseState, format!("withheld, but {code:?} is no reason code")),
        (false, "", given) if !given.is_empty() => Ok(()),
        _ => refuse(Code::CaseState, "a notice was given on a day, or withheld under a code: one of the two"),
    }
}

pub(crate) fn decide_disposed(case: &Case<'_>) -> Result<(), Refusal> {
    let body: CaseDisposed = case.body()?;
    let known = open(case)?;
    if known.proceedings == Proceedings::Started {
        return refuse(Code::CaseState, "proceedings have started and are concluded first");
    }
    if body.disposal() == Disposal::Closed || known.proceedings == Proceedings::None {
        return Ok(());
    }
    refuse(Code::CaseState, "proceedings have been concluded; what is left is to close the case")
}

pub(crate) fn decide_access(case: &Case<'_>) -> Result<(), Refusal> {
    let body: RestrictedAccessGranted = case.body()?;
    open(case)?;
    if roles::is_role(case.state, &body.role) {
        return Ok(());
    }
    refuse(Code::UnknownRole, format!("no role {:?}; see the charter for the codes", body.role))
}

pub(crate) fn evolve_disposed(known: &mut ConductCase, body: &CaseDisposed) {
    known.closed |= body.disposal() == Disposal::Closed;
}
