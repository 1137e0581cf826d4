//! What holds for a statement of any kind: its ledger, stream, version, body and sealed fields.

use ledger_core::statement::Expected;

use crate::case::Case;
use crate::kinds;
use crate::refusal::{Code, Refusal, refuse};

/// Reason codes for sealing, drawn from law; `FOI_` and a section number stands for an exemption.
pub const REASON_CODES: &[&str] = &[
    "PERSONAL_DATA",
    "NATSEC",
    "SAFETY",
    "PREJUDICE_PROCEEDINGS",
    "HARM_TO_PERSON",
    "COMPLAINANT_ANONYMITY",
    "HARM_TEST",
    "DATA_SUBJECT_RIGHT",
    "LPP",
    "SMALL_NUMBERS",
];

pub(crate) fn check_ledger(case: &Case<'_>) -> Result<(), Refusal> {
    match &case.state.origin {
        Some(origin) if *origin == case.statement.ledger => Ok(()),
        Some(origin) => refuse(
            Code::WrongLedger,
            format!("this ledger is {origin}, the statement is meant for {}", case.statement.ledger),
        ),
        None => refuse(Code::Genesis, "the ledger is not founded yet; LedgerFounded comes first"),
    }
}

pub(crate) fn check_stream(case: &Case<'_>) -> Result<(), Refusal> {
    let pattern = case.known.kind.stream.as_str();
    if kinds::matches(pattern, case.stream()) {
        return Ok(());
    }
    let title = &case.known.kind.title;
    refuse(
        Code::StreamMismatch,
        format!("\"{title}\" belongs on a stream like {pattern}, got {}", case.stream()),
    )
}

pub(crate) fn check_version(case: &Case<'_>) -> Result<(), Refusal> {
    let holds = case.context.stream_version;
    match case.statement.expected {
        Expected::Version(seen) if seen == holds => Ok(()),
        Expected::Version(seen) => refuse(
            Code::Version,
            format!("the signers had seen {seen} entries of {}, it holds {holds} now", case.stream()),
        ),
        Expected::Any if case.known.kind.commutes => Ok(()),
        Expected::Any => refuse(
            Code::AnyVersion,
            format!(
                "\"{}\" depends on what came before; give the version seen, {holds} now",
                case.known.kind.title
            ),
        ),
    }
}

pub(crate) fn check_body(case: &Case<'_>) -> Result<(), Refusal> {
    use scrutiny_proto::vocabulary::BodyError;
    let kind = case.known.kind;
    kind.validate_body(&case.statement.body).map_err(|e| Refusal {
        code: if matches!(e, BodyError::Sealed { .. }) { Code::SealedField } else { Code::BodyMalformed },
        sentence: e.to_string(),
    })?;
    let sealed = &case.statement.sealed;
    for (i, commitment) in sealed.iter().enumerate() {
        let field = commitment.field.as_str();
        if !kind.sealed_fields().any(|f| f.name == field) {
            let names: Vec<_> = kind.sealed_fields().map(|f| f.name.as_str()).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return refuse(
                Code::SealedField,
                format!("{field} is not a sealed field of this kind; it has {names}"),
            );
        }
        if sealed[..i].iter().any(|earlier| earlier.field == field) {
            return refuse(Code::SealedField, format!("{field} is committed to twice"));
        }
        if !is_reason_code(&commitment.reason_code) {
            return refuse(Code::SealedField, format!("no reason code {:?}", commitment.reason_code));
        }
    }
    Ok(())
}

pub(crate) fn is_reason_code(code: &str) -> bool {
    let section = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
    REASON_CODES.contains(&code) || code.strip_prefix("FOI_").is_some_and(section)
}
