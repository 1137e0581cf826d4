//! A checkpoint from elsewhere, beside what is held.

use ledger_core::checkpoint::{Checkpoint, LogVerifier, SignedCheckpoint};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::{self, Frontier};
use ledger_core::wire::SealedBatch;
use ledger_store::TreeOf;

use crate::Break;
use crate::held::{Held, tree};

/// What a checkpoint that the log signed says of the entries held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgment {
    /// They have its root at its size.
    Agrees(Checkpoint),
    /// It covers more than is held: nothing can be said yet.
    Beyond(Checkpoint),
    /// They have another root at its size.
    Contradicts {
        /// What the log signed.
        signed: Checkpoint,
        /// The root of as many entries here.
        held: Hash,
    },
}

impl Held {
    /// Whether the log signed this note, and whether it fits.
    pub(crate) fn judge(&self, note: &[u8]) -> Result<Judgment, Break> {
        let signed = self.opened(note)?;
        if signed.size > self.standing().size {
            return Ok(Judgment::Beyond(signed));
        }
        let held = merkle::tree_root(signed.size, &TreeOf(self.store())).map_err(tree)?;
        if signed.root == held {
            Ok(Judgment::Agrees(signed))
        } else {
            Ok(Judgment::Contradicts { signed, held })
        }
    }

    /// Whether the note of a batch that broke was signed by the log, over another history than the one held here.
    pub(crate) fn is_contradicted_by(&self, batch: &SealedBatch) -> bool {
        let Some(note) = &batch.checkpoint else { return false };
        match self.judge(note) {
            Ok(Judgment::Contradicts { .. }) => true,
            Ok(Judgment::Beyond(signed)) => self.has_another_beginning(batch, &signed),
            Ok(Judgment::Agrees(_)) | Err(_) => false,
        }
    }

    /// Whether the note covers the batch's entries behind the entries held before it, and one of those is held otherwise.
    fn has_another_beginning(&self, batch: &SealedBatch, signed: &Checkpoint) -> bool {
        let before = TreeSize(batch.first.0);
        if before > self.standing().size || batch.end() != signed.size {
            return false;
        }
        let Ok(mut theirs) = Frontier::read(before, &TreeOf(self.store())) else { return false };
        batch.entries.iter().for_each(|bytes| theirs.push(Hash::leaf(bytes)));
        let differs = (batch.first.0..)
            .map(EntryIndex)
            .zip(&batch.entries)
            .any(|(index, bytes)| matches!(self.store().entry(index), Ok(Some(held)) if held != *bytes));
        differs && theirs.root() == signed.root
    }

    fn opened(&self, note: &[u8]) -> Result<Checkpoint, Break> {
        let unsigned = |size, problem| Break::Signature { size, problem };
        let stranger = SignedCheckpoint::parse(note).map_err(|e| unsigned(TreeSize(0), e.to_string()))?;
        let size = stranger.claimed_size();
        stranger.open(self.known().at(size)?).map_err(|e| unsigned(size, e.to_string()))
    }

    /// The keys that sign checkpoints of this size; `None` while they are not known.
    pub(crate) fn log_at(&self, size: TreeSize) -> Option<LogVerifier> {
        self.known().at(size).ok().cloned()
    }
}
