//! What a batch must be before any store takes it.

use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::limits::{MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, MAX_ENTRY_BYTES, MAX_TREE_SIZE};

use crate::SealedEntry;
use crate::error::StoreError;

/// Checks the bounds, and every leaf hash against its bytes: a wrong one would be signed into the tree.
pub(crate) fn check_batch(size: TreeSize, batch: &[SealedEntry]) -> Result<(), StoreError> {
    let bytes = batch.iter().map(|entry| entry.bytes.len()).sum();
    if batch.is_empty() || batch.len() > MAX_BATCH_ENTRIES || bytes > MAX_BATCH_BYTES {
        let (max_entries, max_bytes) = (MAX_BATCH_ENTRIES, MAX_BATCH_BYTES);
        return Err(StoreError::BadBatch { entries: batch.len(), bytes, max_entries, max_bytes });
    }
    for (index, entry) in (size.0..).zip(batch) {
        let bad = |problem| StoreError::BadEntry { index: EntryIndex(index), problem };
        if index >= MAX_TREE_SIZE {
            return Err(bad("the log is full"));
        }
        if entry.bytes.len() > MAX_ENTRY_BYTES {
            return Err(bad("it is longer than an entry may be"));
        }
        if Hash::leaf(&entry.bytes) != entry.leaf_hash {
            return Err(bad("its leaf hash is not the hash of its bytes"));
        }
    }
    Ok(())
}
