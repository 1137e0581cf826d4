//! Following: what the commit log has and this disk lacks is checked as if it were to be recorded here, and kept.

use bytes::Bytes;
use ledger_core::checkpoint::{CheckpointError, SignedCheckpoint};
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::limits::MAX_BATCH_ENTRIES;
use ledger_core::merkle;
use ledger_core::sshsig::KeyCache;
use ledger_core::statement::Statement;
use ledger_core::wire::{SealedBatch, Submission};
use ledger_rules::{Refusal, evolve};
use ledger_store::{SealedEntry, Store, StoreError, TreeOf};
use rayon::prelude::*;

use super::commit::erasures;
use super::{Node, Place, Role, Trouble};
use crate::batch::Staged;
use crate::commit_log::{Away, Next};
use crate::intake::verify_unless_known;
use crate::recorder::Failure;
use crate::replay::log_at;

/// Times that the log may shorten while it is read once: then it is asked again later.
const SHORTENED_AT_MOST: usize = 3;

/// Entries that one core checks at a time.
const TOGETHER: usize = 8;

/// Why a batch of the log is not kept.
enum Break {
    /// Two histories, or one that no recorder may have written.
    Wrong(String),
    Store(StoreError),
    Away(Away),
}

impl From<StoreError> for Break {
    fn from(error: StoreError) -> Self {
        Break::Store(error)
    }
}

impl Node {
    /// Reads the commit log to its end, as its leader has it, and keeps what this disk lacks: checked for chain,
    /// stream versions, signatures of statements, charter and rules, seeds, and the log's own checkpoints. Returns how
    /// many entries there are. A disk that holds more than the log is as it may be: see [`Node::take_over`].
    ///
    /// # Errors
    /// [`Trouble::NotNow`] when the log is away or has lost what nobody else has; [`Trouble::Stopped`] where two
    /// histories meet, or the log has what no recorder may have recorded.
    pub async fn catch_up(&mut self) -> Result<TreeSize, Trouble> {
        self.running()?;
        if self.log.is_none() {
            return Ok(self.store.head().size);
        }
        for _ in 0..SHORTENED_AT_MOST {
            if !self.place.known {
                let head = self.store.head().size;
                // Entries may have come from whoever leads, ahead of the checkpoints in the stream: those are read again.
                let from = head.min(TreeSize(self.published.0 + 1));
                self.log().seek(from).await?;
                self.place = Place { known: true, ..Place::default() };
            }
            match self.read_to_end().await {
                Ok(true) => {
                    self.give_way();
                    return Ok(self.store.head().size);
                }
                Ok(false) => self.place.known = false,
                Err(trouble) => {
                    self.place.known = false;
                    return Err(trouble);
                }
            }
        }
        Err(Trouble::NotNow("the sealed stream loses its end while it is read".to_owned()))
    }

    /// A leader that has read a later epoch than its own leads no more: it would be let through the fence, and record in
    /// the epoch of another.
    fn give_way(&mut self) {
        let current = self.state.recorders().current();
        if let Role::Leading { epoch } = self.role
            && !self.alone
            && epoch != current
        {
            tracing::warn!(epoch, current, "another recorder has taken over; this one follows");
            self.role = Role::Following;
        }
    }

    /// False when the log has shortened.
    async fn read_to_end(&mut self) -> Result<bool, Trouble> {
        loop {
            match self.log().next().await? {
                Next::Batch(batch) => {
                    self.fill_gap_before(&batch).await?;
                    self.keep(&batch).await?;
                    self.place.size = self.place.size.max(batch.end());
                    if batch.checkpoint.is_some() {
                        self.place.noted = self.place.noted.max(batch.end());
                    }
                }
                Next::End { lost } => {
                    self.place.lost = lost;
                    return Ok(true);
                }
                Next::Shortened => return Ok(false),
                Next::Torn(why) => return Err(self.diverged(why)),
            }
        }
    }

    /// What the log has lost, or never had (a new stream for an old ledger), whoever leads has.
    async fn fill_gap_before(&mut self, batch: &SealedBatch) -> Result<(), Trouble> {
        while self.store.head().size.0 < batch.first.0 {
            let head = self.store.head().size;
            if self.alone {
                let why = format!("it goes up to {} entries, and the ledger has {head}", batch.end());
                return Err(self.diverged(why));
            }
            let without = |why: String| {
                let begins = batch.first;
                Trouble::NotNow(format!(
                    "the sealed stream goes on at entry {begins} and this ledger ends at {head}; {why}"
                ))
            };
            let asked = self.log().ask(EntryIndex(head.0)).await;
            let given = asked.map_err(|e| without(format!("nobody helps: {e}")))?;
            if given.end() <= head || given.first.0 > head.0 {
                return Err(without("whoever leads has no more either".to_owned()));
            }
            self.keep(&given).await?;
        }
        Ok(())
    }

    /// Checks a batch and keeps what is new of it.
    async fn keep(&mut self, batch: &SealedBatch) -> Result<(), Trouble> {
        match self.keep_checked(batch).await {
            Ok(()) => {
                self.snapshot_when_due();
                Ok(())
            }
            Err(Break::Wrong(why)) => Err(self.diverged(why)),
            Err(Break::Store(error)) => {
                // Whoever took over leads, also where that cannot be kept.
                self.give_way();
                Err(self.failed(&error))
            }
            Err(Break::Away(why)) => {
                self.state_from_store()?;
                Err(why.into())
            }
        }
    }

    async fn keep_checked(&mut self, batch: &SealedBatch) -> Result<(), Break> {
        let head = self.store.head().size;
        let known = usize::try_from(head.0 - batch.first.0).unwrap_or(usize::MAX).min(batch.entries.len());
        let (known, new) = batch.entries.split_at(known);
        for (index, entry) in (batch.first.0..).map(EntryIndex).zip(known) {
            if self.store.entry(index)?.as_ref() != Some(entry) {
                return Err(Break::Wrong(format!("it has another entry {index}")));
            }
        }
        for some in new.chunks(MAX_BATCH_ENTRIES) {
            let staged = self.check_entries(some)?;
            self.fetch_addenda(&staged.wanted).await?;
            self.store.append(staged.entries)?;
            self.disk_refuses = false;
            self.erase(&staged.erasures);
        }
        match &batch.checkpoint {
            Some(note) if batch.end() <= self.store.head().size => self.meet_note(batch.end(), note),
            _ => Ok(()),
        }
    }

    /// Whether entries may stand behind the head: the same checks that they met where they were recorded.
    fn check_entries(&mut self, entries: &[Bytes]) -> Result<Staged, Break> {
        let mut staged = Staged::on(self.store.head());
        for (bytes, read) in entries.iter().zip(self.read_entries(entries)) {
            let index = EntryIndex(staged.head.size.0);
            let wrong = |why: String| Break::Wrong(format!("its entry {index} {why}"));
            let (entry, statement) = read.map_err(&wrong)?;
            if entry.index != index || entry.previous != staged.head.last_leaf_hash {
                return Err(wrong(format!(
                    "calls itself {} and follows {}, and here that would be {}",
                    entry.index, entry.previous, staged.head.last_leaf_hash
                )));
            }
            if staged.ids.contains_key(&statement.id) || self.store.find(&statement.id)?.is_some() {
                return Err(wrong(format!("records the statement {} a second time", statement.id)));
            }
            let context = match self.judge(&staged, &statement, entry.recorded_at_ms) {
                Ok(context) => context,
                Err(Failure::Refused(refusal)) => {
                    return Err(wrong(format!("may not be recorded: {refusal}")));
                }
                Err(Failure::Unavailable(reason)) => return Err(Break::Store(StoreError::Index { reason })),
            };
            if entry.stream_version != context.stream_version + 1 {
                let (got, stream) = (entry.stream_version, &statement.stream);
                let held = context.stream_version;
                return Err(wrong(format!("is number {got} of {stream}, which holds {held}")));
            }
            evolve(&mut self.state, &statement, &context);
            staged.erasures.extend(erasures(&statement));
            staged.wanted.extend(statement.sealed.iter().map(|commitment| commitment.digest));
            staged.push(sealed(bytes, &entry));
        }
        Ok(staged)
    }

    /// Sealed content goes on the disk before the entries that commit to it, as where they were recorded. A statement
    /// may commit to content that was never handed in: what nobody gives is left out, and asked for again later.
    async fn fetch_addenda(&mut self, wanted: &[Hash]) -> Result<(), Break> {
        for digest in wanted {
            if self.state.is_erased(digest) || self.store.addendum(digest)?.is_some() {
                continue;
            }
            match self.log().addendum(*digest).await {
                Ok(Some(bytes)) => self.store.put_addendum(*digest, bytes)?,
                Ok(None) => {
                    self.lacking.insert(*digest);
                }
                Err(why) => return Err(Break::Away(why)),
            }
        }
        Ok(())
    }

    /// Parses entries and checks their statements' signatures, on all threads there are.
    fn read_entries(&self, entries: &[Bytes]) -> Vec<Result<(Entry, Statement), String>> {
        let keys = &self.keys;
        let read = |bytes: &Bytes| read(bytes, keys);
        match &self.pool {
            Some(pool) => pool.install(|| entries.par_iter().with_min_len(TOGETHER).map(read).collect()),
            None => entries.iter().map(read).collect(),
        }
    }

    /// A checkpoint of the log: over this very tree, and signed by the log. The first of its size is the one.
    fn meet_note(&mut self, size: TreeSize, note: &Bytes) -> Result<(), Break> {
        let root = root_at(&*self.store, size)?;
        let unsigned = |e: CheckpointError| {
            Break::Wrong(format!("its checkpoint of {size} entries is not signed by the log: {e}"))
        };
        let stranger = SignedCheckpoint::parse(note).map_err(unsigned)?;
        let log = log_at(&self.state, size, self.config.signer.verifier());
        let signed = stranger.open(&log).map_err(unsigned)?;
        if signed.size != size || signed.root != root {
            return Err(Break::Wrong(format!("it has another checkpoint of {size} entries")));
        }
        if self.store.published_checkpoint(size)?.is_none() {
            self.keep_note(size, note.clone())?;
        }
        Ok(())
    }
}

fn read(bytes: &Bytes, keys: &KeyCache) -> Result<(Entry, Statement), String> {
    let entry = Entry::parse(bytes).map_err(|e| format!("does not read: {e}"))?;
    let submission = Submission {
        statement: entry.statement_bytes.clone(),
        signatures: entry.signatures.clone(),
        addenda: Vec::new(),
    };
    let refused = |refusal: Refusal| format!("may not be recorded: {refusal}");
    let statement = verify_unless_known(&submission, keys).map_err(refused)?;
    Ok((entry, statement))
}

fn sealed(bytes: &Bytes, entry: &Entry) -> SealedEntry {
    SealedEntry {
        bytes: bytes.clone(),
        leaf_hash: Hash::leaf(bytes),
        statement_id: entry.statement.id,
        stream: entry.statement.stream.clone(),
        stream_version: entry.stream_version,
    }
}

fn root_at(store: &dyn Store, size: TreeSize) -> Result<Hash, StoreError> {
    merkle::tree_root(size, &TreeOf(store))
        .map_err(|error| StoreError::Damaged { what: format!("the tree ({error})") })
}
