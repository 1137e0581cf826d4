//! Whether a receipt proves that this very statement is in this very log.

use bytes::Bytes;
use ledger_core::checkpoint::LogVerifier;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::policy::Policy;
use ledger_core::tlog_proof::TlogProof;
use ledger_core::wire::Durable;

use crate::outbox::Kept;

/// Checks a published receipt: the entry carries the statement and the signatures that were sent, the proof leads from
/// that entry to a root, and the log, whose keys were known before, signed that root.
pub(super) fn check(
    kept: &Kept,
    durable: &Durable,
    proof: &[u8],
    entry: &Bytes,
    policy: &Policy,
) -> Result<(), String> {
    let proof = TlogProof::parse(proof).map_err(|e| e.to_string())?;
    let parsed = Entry::parse(entry).map_err(|e| format!("the entry does not read: {e}"))?;
    if parsed.statement_bytes != kept.submission.statement || parsed.signatures != kept.submission.signatures
    {
        return Err(format!("entry #{} holds another statement", durable.index));
    }
    if parsed.index != proof.index || parsed.index != durable.index || Hash::leaf(entry) != durable.leaf_hash
    {
        return Err(format!(
            "the receipt says #{}, the proof #{}, the entry #{}",
            durable.index, proof.index, parsed.index
        ));
    }
    let witnessed = policy.verify(&proof, entry).map_err(|e| e.to_string())?;
    if witnessed.checkpoint.origin != kept.statement.ledger {
        return Err(format!(
            "it is a proof of {}, the statement is for {}",
            witnessed.checkpoint.origin, kept.statement.ledger
        ));
    }
    // A policy is content with any key of the log; this log signs with all of them.
    let signed = proof.signed_checkpoint().map_err(|e| e.to_string())?;
    for log in policy.logs().iter().filter(|log| log.key.name() == witnessed.checkpoint.origin.as_str()) {
        let key = LogVerifier::new(vec![log.key.clone()]).map_err(|e| e.to_string())?;
        signed.open(&key).map_err(|e| e.to_string())?;
    }
    Ok(())
}
