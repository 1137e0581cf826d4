//! Publishing: a checkpoint over what is committed, in the commit log first, so that every recorder has the same ones.

use bytes::Bytes;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::wire::SealedBatch;
use ledger_store::StoreError;

use super::{Node, Trouble};
use crate::replay::own_keys_in_force;

impl Node {
    /// Signs a checkpoint over the head and keeps it, unless the latest one covers it already.
    ///
    /// # Errors
    /// When it does not lead, or the checkpoint could not be appended or kept.
    pub async fn publish(&mut self) -> Result<TreeSize, Trouble> {
        self.running()?;
        if self.log.is_none() {
            return self.publish_here().map_err(|error| self.failed(&error));
        }
        self.able().await?;
        let Some((size, note)) = self.sign() else { return Ok(self.published) };
        let batch =
            SealedBatch { first: EntryIndex(size.0), entries: Vec::new(), checkpoint: Some(note.clone()) };
        let fate = self.log().append(&batch).await;
        self.believe(fate).await?;
        self.place.noted = size;
        self.keep_note(size, note).map_err(|error| self.failed(&error))?;
        Ok(size)
    }

    /// Without a commit log.
    pub(super) fn publish_here(&mut self) -> Result<TreeSize, StoreError> {
        if let Some((size, note)) = self.sign() {
            self.keep_note(size, note)?;
        }
        Ok(self.published)
    }

    /// A checkpoint over the head; none where the latest one covers it.
    fn sign(&self) -> Option<(TreeSize, Bytes)> {
        let head = self.store.head();
        if head.size <= self.published {
            return None;
        }
        // An epoch that brought other keys into force: whoever holds those signs it.
        if let Err(why) = own_keys_in_force(&self.state, &self.config.signer.verifier()) {
            tracing::warn!(%why, "no checkpoint is signed");
            return None;
        }
        let signed = self.config.signer.sign(head.size, head.root);
        let signed = signed.expect("a tree that the store holds has a checkpoint");
        Some((head.size, signed.to_bytes().into()))
    }

    pub(super) fn keep_note(&mut self, size: TreeSize, note: Bytes) -> Result<(), StoreError> {
        self.store.put_checkpoint(size, note)?;
        self.disk_refuses = false;
        self.published = self.published.max(size);
        Ok(())
    }
}
