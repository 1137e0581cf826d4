//! Transparency-log proofs: what is read writes back the same bytes.

#![no_main]

use ledger_core::tlog_proof::TlogProof;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(proof) = TlogProof::parse(data) else { return };
    assert_eq!(proof.to_bytes(), data);
    if let Ok(checkpoint) = proof.signed_checkpoint() {
        assert_eq!(checkpoint.to_bytes(), proof.checkpoint);
    }
});
