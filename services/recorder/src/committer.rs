//! The commit: one thread that decides, seals, appends, signs and tells, in that order.
//!
//! The fences, and what a crash at each means:
//!
//! 1. *before the append*: nothing happened. Nobody was told; a retry records the statement.
//! 2. *between the append and the answer*: the entry is on disk and nobody knows. A retry finds the id and
//!    gets the receipt.
//! 3. *between the answer and the checkpoint*: the entry is durable and not yet published. The next start
//!    signs a checkpoint over it.
//! 4. *between an erasure's entry and the erasing*: the entry is durable, the addendum still there. The
//!    next start erases it (see [`Committer::open`]).

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::statement::Statement;
use ledger_core::wire::Submission;
use ledger_rules::{Code, Context, Refusal, State, decide, evolve};
use ledger_store::{Store, StoreError};
use prost::Message as _;
use scrutiny_proto::ledger::v1::RefusalRecord;
use scrutiny_proto::privacy::v1::ErasureExecuted;
use tokio::sync::{mpsc, oneshot};

use crate::batch::{Placed, Staged, seal};
use crate::intake::{Checked, refusal};
use crate::recorder::{Answer, Config, Durable, Failure, OpenError, Question, Sealed, WAITING, Work};
use crate::replay::{check_latest_checkpoint, replay};
use crate::seed;

/// Entries between two snapshots of the state: replaying this many takes well under a second.
const SNAPSHOT_EVERY: u64 = 65_536;

/// The kind whose statements make the recorder erase something.
const ERASURE: &str = "scrutiny.privacy.v1.ErasureExecuted";

pub(crate) struct Committer {
    store: Box<dyn Store>,
    state: State,
    config: Config,
    pub(crate) counters: Counters,
    published: TreeSize,
    snapshot_at: TreeSize,
    /// When the oldest entry that no checkpoint covers became durable.
    unpublished_since: Option<Instant>,
    listener: Option<mpsc::Sender<Sealed>>,
}

/// What a recorder has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Entries made durable.
    pub entries: u64,
    /// Batches they were made durable in.
    pub commits: u64,
    /// Statements refused.
    pub refusals: u64,
}

impl Committer {
    pub(crate) fn open(
        store: Box<dyn Store>,
        config: Config,
        listener: Option<mpsc::Sender<Sealed>>,
    ) -> Result<Self, OpenError> {
        let (state, snapshot_at) = replay(&*store)?;
        let published = check_latest_checkpoint(&*store, &config)?;
        let counters = Counters::default();
        let mut committer = Self {
            store,
            state,
            config,
            counters,
            published,
            snapshot_at,
            unpublished_since: None,
            listener,
        };
        for digest in committer.state.erased() {
            committer.store.erase_addendum(&digest)?;
        }
        if committer.store.head().size > published {
            committer.publish()?;
        }
        Ok(committer)
    }

    pub(crate) fn run(mut self, work: &Receiver<Work>) {
        loop {
            match work.recv_timeout(self.until_checkpoint()) {
                Ok(Work::Batch(batch)) => {
                    // A question is asked of what was recorded before it, so it waits for that.
                    if let Some(question) = self.commit(batch, work) {
                        question(&mut self);
                    }
                }
                Ok(Work::Ask(question)) => question(&mut self),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.until_checkpoint().is_zero() {
                self.publish_or_log();
            }
        }
        self.publish_or_log();
        self.save_snapshot();
    }

    pub(crate) fn look<R>(&self, look: impl FnOnce(&dyn Store, &State) -> R) -> R {
        look(&*self.store, &self.state)
    }

    /// Signs and keeps a checkpoint over the head, unless the latest one covers it already.
    pub(crate) fn publish(&mut self) -> Result<TreeSize, StoreError> {
        let head = self.store.head();
        if head.size > self.published {
            let signed = self
                .config
                .signer
                .sign(head.size, head.root)
                .expect("a tree that the store holds has a checkpoint");
            let note = Bytes::from(signed.to_bytes());
            self.store.put_checkpoint(head.size, note.clone())?;
            self.published = head.size;
            self.tell(Sealed::Checkpoint { size: head.size, note });
        }
        self.unpublished_since = None;
        Ok(self.published)
    }

    /// Tells whoever listens. One that is behind finds the rest in the store.
    fn tell(&self, sealed: Sealed) {
        if let Some(listener) = &self.listener {
            let _ = listener.try_send(sealed);
        }
    }

    fn publish_or_log(&mut self) {
        if let Err(error) = self.publish() {
            tracing::error!(%error, "no checkpoint could be published");
            // Asked again when the next interval is over, not at once.
            self.unpublished_since = Some(Instant::now());
        }
    }

    fn until_checkpoint(&self) -> Duration {
        match self.unpublished_since {
            Some(since) => self.config.checkpoint_every.saturating_sub(since.elapsed()),
            None => Duration::from_secs(3600),
        }
    }

    /// Commits a batch together with those that wait behind it: they share one flush of the disk. Returns the
    /// question that stood among them.
    fn commit(&mut self, batch: Vec<Checked>, work: &Receiver<Work>) -> Option<Question> {
        let mut staged = Staged::on(self.store.head());
        let mut next = Some(batch);
        // Not for ever: a checkpoint may be due.
        for more in (0..=WAITING).rev() {
            for checked in next.take().into_iter().flatten() {
                if !staged.has_room_for(&checked.job.submission) {
                    self.append(staged);
                    staged = Staged::on(self.store.head());
                }
                self.take(&mut staged, checked);
            }
            match (more > 0).then(|| work.try_recv()) {
                Some(Ok(Work::Batch(batch))) => next = Some(batch),
                Some(Ok(Work::Ask(question))) => {
                    self.append(staged);
                    return Some(question);
                }
                Some(Err(_)) | None => break,
            }
        }
        self.append(staged);
        None
    }

    /// Stages one statement, or answers at once if it gets no new place.
    fn take(&mut self, staged: &mut Staged, Checked { job, statement }: Checked) {
        let outcome =
            statement.map_err(Failure::Refused).and_then(|s| self.stage(staged, &job.submission, s));
        match outcome {
            Ok(Placed::New(durable)) => staged.replies.push((job.reply, durable)),
            Ok(Placed::Recorded(durable)) => {
                let _ = job.reply.send(Ok(durable));
            }
            // The same statement twice in one batch: answered together with the first, or not at all.
            Ok(Placed::Staged(at)) => staged.waiting.push((job.reply, at)),
            Err(Failure::Refused(refusal)) => self.refuse(&job.submission, refusal, job.reply),
            Err(unavailable) => {
                let _ = job.reply.send(Err(unavailable));
            }
        }
    }

    /// Decides on one statement and gives it the next place. Changes the state, nothing on disk.
    fn stage(
        &mut self,
        staged: &mut Staged,
        submission: &Submission,
        statement: Statement,
    ) -> Result<Placed, Failure> {
        if let Some(placed) = self.find(staged, submission, &statement)? {
            return Ok(placed);
        }
        let stream_version = match staged.streams.get(&statement.stream) {
            Some(version) => *version,
            None => self.store.stream_version(&statement.stream).map_err(unavailable)?,
        };
        let context = Context {
            index: EntryIndex(staged.head.size.0),
            previous: staged.head.last_leaf_hash,
            stream_version,
            recorded_at_ms: (self.config.clock)(),
        };
        decide(&self.state, &statement, &context).map_err(Failure::Refused)?;
        seed::check(&*self.store, &self.state, &statement)?;
        let (sealed, durable) = seal(staged.head.last_leaf_hash, submission, &statement, &context)?;
        evolve(&mut self.state, &statement, &context);
        staged.erasures.extend(erasures(&statement));
        staged.push(sealed, submission);
        staged.ids.insert(statement.id, staged.replies.len());
        Ok(Placed::New(durable))
    }

    /// Whether the statement is recorded or staged already. The same id with other bytes is an alarm.
    fn find(
        &self,
        staged: &Staged,
        submission: &Submission,
        statement: &Statement,
    ) -> Result<Option<Placed>, Failure> {
        let reused = || {
            tracing::error!(id = %statement.id, "a statement id was used again with other bytes");
            let sentence = format!("the id {} belongs to another statement", statement.id);
            Failure::Refused(refusal(Code::IdReused, sentence))
        };
        if let Some(&at) = staged.ids.get(&statement.id) {
            let first = &staged.entries[at];
            let same = Entry::parse(&first.bytes).is_ok_and(|e| e.statement_bytes == submission.statement);
            return if same { Ok(Some(Placed::Staged(at))) } else { Err(reused()) };
        }
        let Some(index) = self.store.find(&statement.id).map_err(unavailable)? else {
            return Ok(None);
        };
        let bytes = self.store.entry(index).map_err(unavailable)?;
        let bytes = bytes.ok_or_else(|| Failure::Unavailable(format!("entry {index} cannot be read")))?;
        let entry = Entry::parse(&bytes).map_err(|e| Failure::Unavailable(e.to_string()))?;
        if entry.statement_bytes != submission.statement {
            return Err(reused());
        }
        Ok(Some(Placed::Recorded(Durable {
            id: statement.id,
            index,
            leaf_hash: Hash::leaf(&bytes),
            recorded_at_ms: entry.recorded_at_ms,
            already: true,
        })))
    }

    /// Makes a batch durable, then tells. Fences 1 and 2 stand around the store's `append`.
    fn append(&mut self, mut staged: Staged) {
        if staged.entries.is_empty() {
            return;
        }
        staged.answer_repeated_ones();
        let count = staged.entries.len() as u64;
        let told = self.listener.is_some().then(|| staged.entries.iter().map(|e| e.bytes.clone()).collect());
        match self.write(&mut staged) {
            Ok(()) => {
                if let Some(entries) = told {
                    let first = EntryIndex(self.store.head().size.0 - count);
                    self.tell(Sealed::Entries { first, entries });
                }
                self.unpublished_since.get_or_insert_with(Instant::now);
                self.counters.commits += 1;
                self.counters.entries += count;
                for (reply, durable) in staged.replies {
                    let _ = reply.send(Ok(durable));
                }
                self.erase(&staged.erasures);
                if self.store.head().size.0 - self.snapshot_at.0 >= SNAPSHOT_EVERY {
                    self.save_snapshot();
                }
            }
            Err(error) => {
                tracing::error!(%error, entries = count, "a batch was not recorded");
                // Sealed content of what was not recorded has no business on the disk. After a failed flush
                // nobody knows what was recorded, so there it stays.
                if !matches!(error, StoreError::Poisoned { .. }) {
                    self.erase(&staged.addenda.iter().map(|(digest, _)| *digest).collect::<Vec<_>>());
                }
                for (reply, _) in staged.replies {
                    let _ = reply.send(Err(unavailable(&error)));
                }
                self.state_from_store();
            }
        }
    }

    fn write(&mut self, staged: &mut Staged) -> Result<(), StoreError> {
        for (digest, bytes) in &staged.addenda {
            self.store.put_addendum(*digest, bytes.clone())?;
        }
        self.store.append(std::mem::take(&mut staged.entries))?;
        Ok(())
    }

    fn erase(&mut self, digests: &[Hash]) {
        for digest in digests {
            if let Err(error) = self.store.erase_addendum(digest) {
                tracing::error!(%error, digest = %digest.to_hex(), "an addendum is still to be erased");
            }
        }
    }

    /// After a failed append the state is ahead of the disk: it is made again from what is there.
    fn state_from_store(&mut self) {
        match replay(&*self.store) {
            Ok((state, snapshot_at)) => (self.state, self.snapshot_at) = (state, snapshot_at),
            Err(error) => {
                tracing::error!(%error, "the ledger does not replay; stopping");
                std::process::abort();
            }
        }
    }

    fn refuse(&mut self, submission: &Submission, refusal: Refusal, reply: oneshot::Sender<Answer>) {
        let record = refusal_record(submission, &refusal, (self.config.clock)());
        self.counters.refusals += 1;
        let kept = self.store.put_refusal(record.encode_to_vec().into());
        let _ = reply.send(Err(match kept {
            Ok(_) => Failure::Refused(refusal),
            Err(error) => {
                Failure::Unavailable(format!("{refusal} (and the refusal could not be kept: {error})"))
            }
        }));
    }

    pub(crate) fn keep_refusals(&mut self, records: &[RefusalRecord]) -> Result<(), StoreError> {
        for record in records {
            self.store.put_refusal(record.encode_to_vec().into())?;
            self.counters.refusals += 1;
        }
        Ok(())
    }

    fn save_snapshot(&mut self) {
        let size = self.store.head().size;
        match self.store.save_snapshot(size, self.state.to_bytes().into()) {
            Ok(()) => self.snapshot_at = size,
            Err(error) => tracing::warn!(%error, "no snapshot was saved; the next start replays more"),
        }
    }
}

fn refusal_record(submission: &Submission, refusal: &Refusal, now_ms: u64) -> RefusalRecord {
    let statement = Statement::parse(&submission.statement).ok();
    RefusalRecord {
        refused_at_ms: now_ms,
        statement_sha256: Bytes::copy_from_slice(Hash::of(&submission.statement).as_bytes()),
        statement_id: statement.as_ref().map_or_else(Bytes::new, |s| Bytes::copy_from_slice(s.id.as_bytes())),
        key_ids: statement.iter().flat_map(|s| s.key_ids()).map(|k| Bytes::copy_from_slice(&k.0)).collect(),
        code: refusal.code.to_string(),
        sentence: refusal.sentence.clone(),
        told_by: String::new(),
    }
}

/// The addenda that a statement says are erased.
fn erasures(statement: &Statement) -> Vec<Hash> {
    if statement.kind != ERASURE {
        return Vec::new();
    }
    let body = ErasureExecuted::decode(statement.body.clone()).unwrap_or_default();
    body.digests.iter().filter_map(|digest| Hash::from_slice(digest)).collect()
}

fn unavailable(error: impl std::fmt::Display) -> Failure {
    Failure::Unavailable(error.to_string())
}
