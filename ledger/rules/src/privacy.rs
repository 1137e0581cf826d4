//! Erasure, redaction, rectification and disclosure. The commitments stay, and every proof with them.
//!
//! Only digests that are erased, held or restricted are remembered here; that a digest is committed to by some
//! entry, and that a statement named is on the ledger, is checked by the recorder, which has the index of
//! them, and by an audit, which has the entries.

use std::collections::BTreeSet;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::StatementId;
use scrutiny_proto::privacy::v1::{
    DisclosureLogged, ErasureExecuted, Rectification, RectificationRecorded, RedactionApplied,
};

use crate::case::Case;
use crate::envelope;
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

/// INV-32 and INV-33: a hold or a restriction beats an erasure.
pub(crate) fn decide_erasure(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ErasureExecuted = case.body()?;
    if !body.legal_hold_checked {
        return refuse(
            Code::LegalHold,
            "check that no legal hold covers the content, and say legal_hold_checked: true",
        );
    }
    if body.digests.is_empty() {
        return refuse(Code::Erasure, "an erasure names what was erased, got no digest");
    }
    for digest in digests(&body.digests)? {
        if case.state.erased.contains(&digest) {
            return refuse(Code::Erasure, format!("{} is erased already", hex(&digest)));
        }
        if let Some((name, _)) = case.state.holds.iter().find(|(_, hold)| hold.digests.contains(&digest)) {
            return refuse(
                Code::Inv33,
                format!("{} is under legal hold {name}; restrict its processing instead", hex(&digest)),
            );
        }
        if case.state.restricted.contains(&digest) {
            return refuse(
                Code::Inv33,
                format!("{} is kept and restricted; lift the restriction first", hex(&digest)),
            );
        }
    }
    Ok(())
}

pub(crate) fn evolve_erasure(state: &mut State, body: &ErasureExecuted) {
    state.erased.extend(body.digests.iter().filter_map(|d| <[u8; 32]>::try_from(&d[..]).ok()));
}

pub(crate) fn decide_redaction(case: &Case<'_>) -> Result<(), Refusal> {
    let body: RedactionApplied = case.body()?;
    known_reason(&body.reason_code)?;
    statement_id("target", &body.target)
}

pub(crate) fn decide_rectification(case: &Case<'_>) -> Result<(), Refusal> {
    let body: RectificationRecorded = case.body()?;
    statement_id("target", &body.target)?;
    let corrected = body.result() == Rectification::Corrected;
    match (corrected, body.corrected_by.is_empty()) {
        (true, false) => statement_id("corrected_by", &body.corrected_by),
        (false, true) => Ok(()),
        _ => {
            refuse(Code::Privacy, "corrected_by names the statement that corrects it, exactly when one does")
        }
    }
}

pub(crate) fn decide_disclosure(case: &Case<'_>) -> Result<(), Refusal> {
    let body: DisclosureLogged = case.body()?;
    statement_id("target", &body.target)
}

/// A reason that the law knows.
pub(crate) fn known_reason(code: &str) -> Result<(), Refusal> {
    if envelope::is_reason_code(code) {
        return Ok(());
    }
    refuse(Code::Privacy, format!("no reason code {code:?}"))
}

fn statement_id(field: &str, text: &str) -> Result<(), Refusal> {
    match text.parse::<StatementId>() {
        Ok(_) => Ok(()),
        Err(_) => refuse(Code::Privacy, format!("{field} names a statement by its id, got {text:?}")),
    }
}

/// Digests of 32 bytes, each named once.
pub(crate) fn digests(named: &[Bytes]) -> Result<BTreeSet<[u8; 32]>, Refusal> {
    let mut seen = BTreeSet::new();
    for digest in named {
        let Ok(bytes) = <[u8; 32]>::try_from(&digest[..]) else {
            return refuse(Code::Erasure, format!("a digest has 32 bytes, got {}", digest.len()));
        };
        if !seen.insert(bytes) {
            return refuse(Code::Erasure, format!("{} is named twice", hex(&bytes)));
        }
    }
    Ok(seen)
}

pub(crate) fn hex(digest: &[u8; 32]) -> String {
    Hash(*digest).to_hex()
}
