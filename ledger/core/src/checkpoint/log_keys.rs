//! A log's keys over time: which of them sign the checkpoints of which sizes.
//!
//! ```text
//! size   0 ──────────── 912 │ 913 ──────────►
//! keys   the first          │ the second            the entry at index 912 brought them into force
//! ```
//!
//! Where the sets come from, and why the later ones are to be believed, is for whoever reads the entries
//! (`ledger-rules`, `recorders`). Here they are only held against checkpoints.

use super::{Checkpoint, CheckpointError, LogVerifier, SignedCheckpoint};
use crate::ids::TreeSize;

/// The sets of keys that a log has signed with, each from a size on. There is always one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKeys {
    first: LogVerifier,
    /// Ascending.
    later: Vec<(TreeSize, LogVerifier)>,
}

impl LogKeys {
    /// Keys that sign checkpoints of every size.
    #[must_use]
    pub fn always(keys: LogVerifier) -> Self {
        Self { first: keys, later: Vec::new() }
    }

    /// From this size on, these keys sign instead. Sizes ascend: one that does not is left out.
    #[must_use]
    pub fn then(mut self, from: TreeSize, keys: LogVerifier) -> Self {
        if self.later.last().is_none_or(|(last, _)| *last < from) {
            self.later.push((from, keys));
        }
        self
    }

    /// The keys that sign checkpoints of this size.
    #[must_use]
    pub fn at(&self, size: TreeSize) -> &LogVerifier {
        let begun = self.later.partition_point(|(from, _)| *from <= size);
        begun.checked_sub(1).map_or(&self.first, |last| &self.later[last].1)
    }

    /// The keys in force now.
    #[must_use]
    pub fn now(&self) -> &LogVerifier {
        self.later.last().map_or(&self.first, |(_, keys)| keys)
    }

    /// Every set, and the size from which on it signs.
    pub fn sets(&self) -> impl Iterator<Item = (TreeSize, &LogVerifier)> {
        std::iter::once((TreeSize(0), &self.first)).chain(self.later.iter().map(|(from, keys)| (*from, keys)))
    }

    /// Opens a checkpoint with the keys that are in force at the size it claims.
    ///
    /// # Errors
    /// As [`SignedCheckpoint::open`]; and [`CheckpointError::NotInForce`] where the log's keys of another time signed.
    pub fn open(&self, signed: &SignedCheckpoint) -> Result<Checkpoint, CheckpointError> {
        let size = signed.claimed_size();
        signed.open(self.at(size)).map_err(|error| {
            let other = self.sets().find(|(_, keys)| signed.open(keys).is_ok());
            other.map_or(error, |(from, _)| CheckpointError::NotInForce { size, from })
        })
    }
}
