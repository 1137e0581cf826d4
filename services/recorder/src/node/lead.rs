//! Beginning to lead, giving back what the log lost, and ceasing to lead.

use bytes::Bytes;
use ledger_core::checkpoint::LogVerifier;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::limits::MAX_NOTE_BYTES;
use ledger_core::wire::{SealedBatch, Submission};
use ledger_rules::Refusal;
use ledger_rules::recorders::Takeover;
use ledger_store::{Store, StoreError};

use super::commit::ENTRIES_BYTES;
use super::{Node, Role, Trouble};
use crate::batch::{Placed, Staged};
use crate::commit_log::{Fate, Next};
use crate::intake::{Checked, verify_unless_known};
use crate::recorder_key::RecorderKey;
use crate::replay::own_keys_in_force;

/// Entries that are given back to a log. One that lacks more (a new one for an old ledger) goes on with a mark
/// instead, and followers ask for what came before.
const GIVE_BACK: u64 = 65_536;

impl Node {
    /// Leads as the only recorder of its ledger: no epoch is recorded, and whoever else appends to the log is an
    /// alarm that stops this one.
    ///
    /// # Errors
    /// As [`Node::catch_up`].
    pub async fn lead_alone(&mut self) -> Result<(), Trouble> {
        self.alone = true;
        self.catch_up().await?;
        let epoch = self.state.recorders().current();
        if epoch > 0 {
            return Err(Trouble::NotNow(format!(
                "several recorders share this ledger (epoch {epoch}), and this one has no recorder-key"
            )));
        }
        own_keys_in_force(&self.state, &self.config.signer.verifier()).map_err(Trouble::NotNow)?;
        self.give_back().await?;
        self.role = Role::Leading { epoch: 0 };
        self.publish().await?;
        Ok(())
    }

    /// Takes over: catches up, gives the log back what it lost, and starts the next epoch behind the fence, signed by
    /// this recorder's key. From then on every other recorder is refused. Returns the epoch.
    ///
    /// # Errors
    /// [`Trouble::NotNow`] when the rules do not let this recorder lead (its key is not enrolled in the role REC, or
    /// its log keys are not those in force), when the log is away or has lost messages at its end, or when another
    /// one was quicker. Otherwise as [`Node::catch_up`].
    pub async fn take_over(&mut self, key: &RecorderKey) -> Result<u64, Trouble> {
        self.alone = false;
        self.catch_up().await?;
        self.may_build_on_the_end(key)?;
        let mut staged = self.stage_takeover(key)?;
        if let Err(trouble) = self.give_back().await {
            self.state_from_store()?;
            return Err(trouble);
        }
        self.settle(&mut staged).await?;
        let epoch = self.state.recorders().current();
        tracing::info!(epoch, entries = self.store.head().size.0, "this recorder has taken over");
        self.role = Role::Leading { epoch };
        if let Err(error @ Trouble::NotNow(_)) = self.publish().await {
            tracing::warn!(%error, "the epoch's first checkpoint is still to come");
        }
        self.running()?;
        Ok(epoch)
    }

    /// What a recorder does now and then when it has nothing else to do. One that leads looks whether it still does, and
    /// whether the log still has what was given to it: a broker that lost the end of its stream tells nobody. One that
    /// follows catches up.
    ///
    /// # Errors
    /// As [`Node::catch_up`].
    pub async fn watch(&mut self) -> Result<(), Trouble> {
        self.running()?;
        if self.log.is_none() || !matches!(self.role, Role::Leading { .. }) {
            return self.catch_up().await.map(drop);
        }
        self.able().await?;
        match self.log().confirm().await {
            Fate::Shortened => {
                self.place.known = false;
                self.able().await
            }
            fate => self.believe(fate).await,
        }
    }

    /// Messages that the log lost at its very end may have been batches that somebody was told of. Who led last holds
    /// what was told; everybody else waits for it, or for somebody to look.
    fn may_build_on_the_end(&mut self, key: &RecorderKey) -> Result<(), Trouble> {
        if self.place.noted > self.store.head().size {
            let noted = self.place.noted;
            let why = format!("it has a checkpoint of {noted} entries, more than it has entries");
            return Err(self.diverged(why));
        }
        let led_last = self.state.recorders().epochs().last().is_none_or(|epoch| epoch.recorder == key.id());
        if self.place.lost && !led_last {
            return Err(Trouble::NotNow(
                "the sealed stream has lost messages at its very end, and only the recorder that led last can know                  what they were: start that one"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Whether the rules would let this recorder take over now.
    ///
    /// # Errors
    /// Why not.
    pub fn may_take_over(&self, key: &RecorderKey) -> Result<(), Refusal> {
        let log = self.config.signer.verifier();
        self.takeover(key, &log).statement(&self.state).map(drop)
    }

    fn takeover<'a>(&self, key: &RecorderKey, log: &'a LogVerifier) -> Takeover<'a> {
        let head = self.store.head();
        let now_ms = (self.config.clock)();
        Takeover {
            recorder: key.id(),
            log,
            tail_size: head.size,
            tail_leaf_hash: head.last_leaf_hash,
            now_ms,
            random: unlike_any_other(key, head.last_leaf_hash, now_ms),
        }
    }

    /// The statement that starts the next epoch, decided on and not yet committed.
    fn stage_takeover(&mut self, key: &RecorderKey) -> Result<Staged, Trouble> {
        let log = self.config.signer.verifier();
        let takeover = self.takeover(key, &log);
        let statement = takeover.statement(&self.state).map_err(|no| Trouble::NotNow(no.to_string()))?;
        let signatures = vec![key.sign(&statement).into()];
        let submission = Submission { statement, signatures, addenda: Vec::new() };
        let statement = verify_unless_known(&submission, &self.keys);
        let mut staged = Staged::on(self.store.head());
        self.place_one(&mut staged, Checked { submission, statement });
        match staged.places.first() {
            Some(Placed::New(_)) => Ok(staged),
            Some(Placed::Refused(no)) => Err(Trouble::NotNow(no.to_string())),
            _ => Err(Trouble::NotNow("the epoch could not be decided on".to_owned())),
        }
    }

    /// Appends to the log what this disk holds and the log has lost, with the checkpoints that belong there.
    pub(super) async fn give_back(&mut self) -> Result<(), Trouble> {
        let head = self.store.head().size;
        if head.0 - self.place.size.0 > GIVE_BACK {
            tracing::info!(
                entries = head.0,
                "the stream goes on with a mark; followers ask for what came before"
            );
            let checkpoint = self.note_of(head)?;
            return self
                .give(SealedBatch { first: EntryIndex(head.0), entries: Vec::new(), checkpoint })
                .await;
        }
        if self.place.size < head {
            let (from, to) = (self.place.size, head);
            // A stream that is empty is a new one: a bus within one process always is.
            if from.0 == 0 {
                tracing::info!(%to, "the sealed stream is empty; it gets the entries that are there");
            } else {
                tracing::warn!(%from, %to, "the sealed stream lacks entries; they are given back");
            }
        }
        loop {
            let from = self.place.size;
            let noted = self.store.checkpoint_sizes(from, 2);
            let noted = noted.into_iter().find(|size| *size > self.place.noted);
            if from == head && noted != Some(head) {
                return Ok(());
            }
            let until = noted.unwrap_or(head).min(head);
            let read = entries_of(&*self.store, from.0, until.0).map_err(|error| self.failed(&error))?;
            let end = TreeSize(from.0 + read.len() as u64);
            let checkpoint = if noted == Some(end) { self.note_of(end)? } else { None };
            if noted == Some(end) {
                self.place.noted = end;
            }
            self.give(SealedBatch { first: EntryIndex(from.0), entries: read, checkpoint }).await?;
        }
    }

    async fn give(&mut self, batch: SealedBatch) -> Result<(), Trouble> {
        if batch.entries.is_empty() && batch.checkpoint.is_none() && batch.end() == self.place.size {
            return Ok(());
        }
        let fate = self.log().append(&batch).await;
        self.believe(fate).await?;
        self.place.size = batch.end();
        Ok(())
    }

    fn note_of(&mut self, size: TreeSize) -> Result<Option<Bytes>, Trouble> {
        let note = self.store.published_checkpoint(size).map_err(|error| self.failed(&error))?;
        Ok(note.filter(|note| note.len() <= MAX_NOTE_BYTES))
    }

    /// Somebody else has appended. One of several recorders follows from here; one that is alone stops.
    pub(super) async fn fenced(&mut self) -> Trouble {
        self.place.known = false;
        if self.alone {
            let why = self.what_stands_there().await;
            return self.diverged(why);
        }
        tracing::warn!("another recorder has appended; this one follows");
        self.role = Role::Following;
        match self.state_from_store() {
            Ok(()) => Trouble::NotNow("another recorder leads".to_owned()),
            Err(stopped) => stopped,
        }
    }

    async fn what_stands_there(&mut self) -> String {
        let head = self.store.head().size;
        if self.log().seek(TreeSize(head.0 + 1)).await.is_ok()
            && let Ok(Next::Batch(batch)) = self.log().next().await
            && batch.end() > head
        {
            return format!("it goes up to {} entries, and the ledger has {head}", batch.end());
        }
        format!("somebody has appended behind the {head} entries of the ledger")
    }
}

/// The chance in the statement's id. It only has to differ where key, place or time does.
fn unlike_any_other(key: &RecorderKey, tail: Hash, now_ms: u64) -> [u8; 10] {
    let mut of = Vec::from(key.id().0);
    of.extend_from_slice(tail.as_bytes());
    of.extend_from_slice(&now_ms.to_be_bytes());
    let hash = Hash::of(&of);
    std::array::from_fn(|at| hash.as_bytes()[at])
}

/// As many entries from `from` on as one message takes, none beyond `until`.
pub(crate) fn entries_of(store: &dyn Store, from: u64, until: u64) -> Result<Vec<Bytes>, StoreError> {
    let (mut entries, mut bytes) = (Vec::new(), 0);
    for index in (from..until).map(EntryIndex) {
        let Some(entry) = store.entry(index)? else { break };
        bytes += entry.len() + 4;
        if bytes > ENTRIES_BYTES {
            break;
        }
        entries.push(entry);
    }
    Ok(entries)
}
