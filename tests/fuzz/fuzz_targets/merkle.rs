//! Proofs for any position in a tree of any size: checking ends, and a proof holds for one root only.

#![no_main]

use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::{ProofError, verify_consistency, verify_inclusion};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((numbers, hashes)) = data.split_first_chunk::<16>() else { return };
    let (a, b) = numbers.split_at(8);
    let number = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().expect("8 bytes"));
    let (a, b) = (number(a), number(b));
    let proof: Vec<Hash> = hashes.as_chunks::<32>().0.iter().map(|h| Hash(*h)).collect();
    let (leaf, other) = (Hash::of(b"leaf"), Hash::of(b"other"));
    let inclusion = |root: &Hash| verify_inclusion(&leaf, EntryIndex(a), TreeSize(b), &proof, root);
    // The root that the proof leads to is the one for which it holds.
    if let Err(ProofError::Root { computed, .. }) = inclusion(&other) {
        assert_eq!(inclusion(&computed), Ok(()));
    }
    let _ = verify_consistency(TreeSize(a), &leaf, TreeSize(b), &other, &proof);
});
