//! A receipt: the proof that an entry is under a published checkpoint.

use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_core::merkle::{self, HashReader};
use ledger_core::tlog_proof::TlogProof;
use ledger_store::{Store, StoreError};

/// The receipt for one entry, or `None` while no checkpoint covers it.
///
/// It is made from the *first* checkpoint that covers the entry, as the log signed it. Both never change,
/// so the same statement gets the same receipt, byte for byte, however often it is asked for.
///
/// # Errors
/// When the store cannot read what the proof is made of.
pub fn receipt(store: &dyn Store, index: EntryIndex) -> Result<Option<TlogProof>, StoreError> {
    let Some((size, _)) = store.first_checkpoint_covering(index)? else {
        return Ok(None);
    };
    // With the cosignatures it gathered later, the same checkpoint would make another receipt.
    let note = store.published_checkpoint(size)?;
    let note =
        note.ok_or_else(|| StoreError::Damaged { what: format!("the checkpoint of {size} entries") })?;
    let path = merkle::inclusion_proof(index, size, &Hashes(store))
        .map_err(|e| StoreError::Damaged { what: format!("the tree under entry {index} ({e})") })?;
    Ok(Some(TlogProof { extra: None, index, path, checkpoint: note.to_vec() }))
}

/// The store's tree, as proofs read it.
pub(crate) struct Hashes<'a>(pub(crate) &'a dyn Store);

impl HashReader for Hashes<'_> {
    type Error = StoreError;

    fn read_hashes(&self, coords: &[(u8, u64)]) -> Result<Vec<Hash>, StoreError> {
        self.0.read_hashes(coords)
    }
}
