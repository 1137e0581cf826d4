//! Erasure of sealed content. The commitments stay, and every proof with them.
//!
//! Only erased digests are remembered here; that a digest is committed to by some entry is checked by the
//! recorder, which has the index of them, and by an audit, which has the entries.

use std::collections::BTreeSet;

use scrutiny_proto::privacy::v1::ErasureExecuted;

use crate::case::Case;
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

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
    let mut seen = BTreeSet::new();
    for digest in &body.digests {
        let Ok(bytes) = <[u8; 32]>::try_from(&digest[..]) else {
            return refuse(Code::Erasure, format!("a digest has 32 bytes, got {}", digest.len()));
        };
        if !seen.insert(bytes) || case.state.erased.contains(&bytes) {
            let digest = ledger_core::hash::Hash(bytes).to_hex();
            return refuse(Code::Erasure, format!("{digest} is erased already, or is named twice"));
        }
    }
    Ok(())
}

pub(crate) fn evolve_erasure(state: &mut State, body: &ErasureExecuted) {
    state.erased.extend(body.digests.iter().filter_map(|d| <[u8; 32]>::try_from(&d[..]).ok()));
}
