//! Whether a receipt proves that this very statement is in this very log.

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::policy::{Policy, QuorumError};
use ledger_core::tlog_proof::TlogProof;
use ledger_core::wire::Durable;

use crate::outbox::Kept;

/// Why a receipt is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It does not hold, and whoever runs the log has to explain it.
    Bad(String),
    /// The log may have rotated its keys since this officer got the policy: nobody here can tell.
    Open(String),
}

impl From<String> for Doubt {
    fn from(why: String) -> Self {
        Self::Bad(why)
    }
}

/// Checks a published receipt: the entry carries the statement and the signatures that were sent, the proof leads from
/// that entry to a root, and the log, whose keys were known before, signed that root.
pub(super) fn check(
    kept: &Kept,
    durable: &Durable,
    proof: &[u8],
    entry: &Bytes,
    policy: &Policy,
) -> Result<(), Doubt> {
    let proof = TlogProof::parse(proof).map_err(|e| e.to_string())?;
    let parsed = Entry::parse(entry).map_err(|e| format!("the entry does not read: {e}"))?;
    if parsed.statement_bytes != kept.submission.statement || parsed.signatures != kept.submission.signatures
    {
        return Err(Doubt::Bad(format!("entry #{} holds another statement", durable.index)));
    }
    if parsed.index != proof.index || parsed.index != durable.index || Hash::leaf(entry) != durable.leaf_hash
    {
        return Err(Doubt::Bad(format!(
            "the receipt says #{}, the proof #{}, the entry #{}",
            durable.index, proof.index, parsed.index
        )));
    }
    let witnessed = policy.verify_strictly(&proof, entry).map_err(|error| match error {
        QuorumError::UnknownKeys(_) => Doubt::Open(error.to_string()),
        error => Doubt::Bad(error.to_string()),
    })?;
    if witnessed.checkpoint.origin != kept.statement.ledger {
        return Err(Doubt::Bad(format!(
            "it is a proof of {}, the statement is for {}",
            witnessed.checkpoint.origin, kept.statement.ledger
        )));
    }
    Ok(())
}
