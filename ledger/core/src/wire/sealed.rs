//! Sealed entries on their way out.

use bytes::Bytes;
use scrutiny_proto::wire::v1 as wire;

use super::{WireError, at_most, encode, field, strict};
use crate::hash::Hash;
use crate::ids::{EntryIndex, TreeSize};
use crate::limits::{MAX_ENTRY_BYTES, MAX_MESSAGE_BYTES, MAX_NOTE_BYTES, MAX_TREE_SIZE};

/// Entries in order, as the recorder sealed them, and the checkpoint over the log up to the last of them where one
/// was signed there. The entries are strangers: whoever takes them checks chain, leaf hashes and tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBatch {
    /// Position of the first entry.
    pub first: EntryIndex,
    /// The entries, byte for byte.
    pub entries: Vec<Bytes>,
    /// A signed note whose size is [`SealedBatch::end`]; not checked here.
    pub checkpoint: Option<Bytes>,
}

impl SealedBatch {
    /// Reads the message.
    ///
    /// # Errors
    /// Says which field is wrong, that the encoding is not the canonical one, or that the last entry was damaged on
    /// the way.
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        let wire::SealedBatch { first_index, entries, checkpoint, last_leaf_hash } =
            strict("sealed batch", MAX_MESSAGE_BYTES, bytes)?;
        for entry in &entries {
            at_most("entries", entry.len(), MAX_ENTRY_BYTES)?;
        }
        at_most("checkpoint", checkpoint.len(), MAX_NOTE_BYTES)?;
        if first_index.checked_add(entries.len() as u64).is_none_or(|end| end > MAX_TREE_SIZE) {
            return Err(field("first_index", format!("{first_index} lies beyond every log")));
        }
        if last_leaf(&entries) != last_leaf_hash {
            return Err(field("last_leaf_hash", "is not that of the last entry: the message was damaged"));
        }
        let checkpoint = Some(checkpoint).filter(|note| !note.is_empty());
        Ok(Self { first: EntryIndex(first_index), entries, checkpoint })
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::SealedBatch {
            first_index: self.first.0,
            entries: self.entries.clone(),
            checkpoint: self.checkpoint.clone().unwrap_or_default(),
            last_leaf_hash: last_leaf(&self.entries),
        })
    }

    /// The log's size with these entries.
    #[must_use]
    pub fn end(&self) -> TreeSize {
        TreeSize(self.first.0 + self.entries.len() as u64)
    }
}

fn last_leaf(entries: &[Bytes]) -> Bytes {
    entries.last().map_or_else(Bytes::new, |entry| Bytes::copy_from_slice(Hash::leaf(entry).as_bytes()))
}
