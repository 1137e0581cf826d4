//! A ledger's own folder as the auditor reads it: from the segments, beside a writer or without one.
//!
//! It stands here and not in `ledger-audit`, so that the auditor links no store.

use std::path::Path;

use bytes::Bytes;
use ledger_audit::Source;
use ledger_audit::source::{AddendaPolicy, Checkpoints, Kept, Presence, SourceError, Tile};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::tile::TilePath;
use ledger_store::{Reader, StoreError};

/// A live ledger.
pub(crate) struct LiveLedger {
    name: String,
    reader: Reader,
}

impl LiveLedger {
    pub(crate) fn new(dir: &Path, reader: Reader) -> Self {
        Self { name: dir.display().to_string(), reader }
    }
}

impl Source for LiveLedger {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn checkpoint(&self) -> Result<Option<Bytes>, SourceError> {
        Ok(self.reader.latest_checkpoint().map_err(fault)?.map(|(_, note)| note))
    }

    fn checkpoints(&self) -> Checkpoints<'_> {
        let sizes = self.reader.checkpoint_sizes(TreeSize(0), usize::MAX);
        Box::new(sizes.into_iter().map(|size| match self.reader.checkpoint(size).map_err(fault)? {
            Some(note) => Ok(Kept { size, note }),
            None => Err(damaged(format!("the checkpoint of {size} entries"), "it is gone")),
        }))
    }

    /// Stops before an entry that cannot be read, unless it is the first: then it says so.
    fn entries(&self, from: EntryIndex, limit: usize) -> Result<Vec<Bytes>, SourceError> {
        let mut found = Vec::new();
        for item in self.reader.entries(from).take(limit) {
            match item {
                // A copy of its own, or each entry would hold on to the whole frame it was read in.
                Ok((_, _, bytes)) => found.push(Bytes::copy_from_slice(&bytes)),
                Err(error) if found.is_empty() => return Err(fault(error)),
                Err(_) => break,
            }
        }
        Ok(found)
    }

    /// Each entry can be found by itself.
    fn after_damage(&self, from: EntryIndex) -> EntryIndex {
        EntryIndex(from.0 + 1)
    }

    /// A live ledger makes its tiles when it is exported.
    fn tile(&self, _path: &TilePath) -> Result<Tile, SourceError> {
        Ok(Tile::NotKept)
    }

    fn addenda_policy(&self) -> AddendaPolicy {
        if self.reader.is_mirror() { AddendaPolicy::Withheld } else { AddendaPolicy::Served }
    }

    fn addendum(&self, digest: &Hash) -> Result<Presence, SourceError> {
        Ok(self.reader.addendum(digest).map_err(fault)?.map_or(Presence::Absent, Presence::Present))
    }
}

fn fault(error: StoreError) -> SourceError {
    match error {
        StoreError::Damaged { what } => damaged(what, "it is damaged"),
        other => SourceError::Unreachable { what: "the ledger".to_owned(), problem: other.to_string() },
    }
}

fn damaged(what: String, problem: &str) -> SourceError {
    SourceError::Damaged { what, problem: problem.to_owned() }
}
