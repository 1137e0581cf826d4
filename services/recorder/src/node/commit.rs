//! Recording: decide, seal, append to the commit log, append to this disk, answer.

use std::collections::VecDeque;

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_core::limits::MAX_MESSAGE_BYTES;
use ledger_core::statement::Statement;
use ledger_core::wire::{SealedBatch, Submission};
use ledger_rules::{Code, Context, Refusal, decide, evolve};
use ledger_store::{SealedEntry, StoreError};
use prost::Message as _;
use scrutiny_proto::ledger::v1::RefusalRecord;
use scrutiny_proto::privacy::v1::ErasureExecuted;

use super::{Node, Role, Trouble};
use crate::batch::{Placed, Staged, seal};
use crate::commit_log::Fate;
use crate::intake::{Checked, refusal, verify_unless_known};
use crate::recorder::{Answer, Durable, Failure};
use crate::seed;

/// Bytes of entries in one message: what is left of [`MAX_MESSAGE_BYTES`] for a checkpoint of the usual two
/// signatures (4 kB) and the framing of the entries, with room to spare.
pub(crate) const ENTRIES_BYTES: usize = MAX_MESSAGE_BYTES - (64 << 10);

/// The kind by which a recorder takes over.
const EPOCH: &str = "scrutiny.registry.v1.RecorderEpochStarted";

/// The kind whose statements make the recorder erase something.
const ERASURE: &str = "scrutiny.privacy.v1.ErasureExecuted";

impl Node {
    /// Checks, decides and records submissions, in order. What is answered as recorded or refused will be so for
    /// every recorder there is; [`Failure::Unavailable`] promises nothing: hand it in again.
    pub async fn submit(&mut self, submissions: Vec<Submission>) -> Vec<Answer> {
        let keys = std::mem::take(&mut self.keys);
        let check = |submission: Submission| {
            let statement = verify_unless_known(&submission, &keys);
            Checked { submission, statement }
        };
        let mut queue: VecDeque<Checked> = submissions.into_iter().map(check).collect();
        self.keys = keys;
        let mut answers = Vec::with_capacity(queue.len());
        while !queue.is_empty() {
            answers.extend(self.commit(&mut queue).await);
        }
        answers
    }

    /// Records what fits one batch from the front of the queue; one answer for each that was taken from it.
    pub(crate) async fn commit(&mut self, queue: &mut VecDeque<Checked>) -> Vec<Answer> {
        if let Err(why) = self.able().await {
            let unavailable = |_| Err(Failure::Unavailable(why.to_string()));
            return queue.drain(..).map(unavailable).collect();
        }
        let mut staged = Staged::on(self.store.head());
        while queue.front().is_some_and(|next| staged.has_room_for(&next.submission)) {
            let checked = queue.pop_front().expect("it has a front");
            let checked = self.without_epochs(checked);
            self.place_one(&mut staged, checked);
        }
        match self.settle(&mut staged).await {
            Ok(()) => staged.answers(),
            Err(why) => staged.given_up(&why.to_string()),
        }
    }

    /// Whether it leads and stands on firm ground: nothing is in the log that this disk lacks, or the other way round.
    pub(super) async fn able(&mut self) -> Result<(), Trouble> {
        self.running()?;
        let is_read_anew = self.log.is_some() && !self.place.known;
        if is_read_anew {
            self.leading()?;
            self.catch_up().await?;
        }
        self.leading()?;
        // Whoever read the log, the log may lack what this disk has: entries, or a checkpoint at their end.
        if self.log.is_some() && (is_read_anew || self.place.size < self.store.head().size) {
            self.give_back().await?;
        }
        Ok(())
    }

    fn leading(&self) -> Result<(), Trouble> {
        match self.role {
            Role::Leading { .. } => Ok(()),
            _ => Err(Trouble::NotNow("this recorder does not lead".to_owned())),
        }
    }

    /// Behind a commit log an epoch begins by taking over, and never by handing in the statement: the recorder that leads
    /// would go on in the epoch of another.
    fn without_epochs(&self, Checked { submission, statement }: Checked) -> Checked {
        let statement = statement.and_then(|statement| {
            if self.log.is_none() || statement.kind != EPOCH {
                return Ok(statement);
            }
            let sentence = "an epoch is recorded by the recorder that takes over, and by nobody for it";
            Err(refusal(Code::EpochSigner, sentence.to_owned()))
        });
        Checked { submission, statement }
    }

    /// Finds a submission its place.
    pub(super) fn place_one(&mut self, staged: &mut Staged, Checked { submission, statement }: Checked) {
        let placed = match statement {
            Ok(statement) => self.stage(staged, &submission, statement),
            Err(refusal) => Placed::Refused(refusal),
        };
        if let Placed::Refused(refusal) = &placed {
            staged.refusals.push(refusal_record(&submission, refusal, (self.config.clock)()));
        }
        staged.places.push(placed);
    }

    /// Decides on one statement and gives it the next place. Changes the state, nothing on disk.
    fn stage(&mut self, staged: &mut Staged, submission: &Submission, statement: Statement) -> Placed {
        match self.find(staged, submission, &statement) {
            Ok(None) => {}
            Ok(Some(placed)) => return placed,
            Err(error) => return Placed::Unavailable(error.to_string()),
        }
        let recorded_at_ms = (self.config.clock)();
        let sealed = self.judge(staged, &statement, recorded_at_ms).and_then(|context| {
            let sealed = seal(staged.head.last_leaf_hash, submission, &statement, &context);
            Ok((sealed.map_err(Failure::Refused)?, context))
        });
        let ((sealed, durable), context) = match sealed {
            Ok(sealed) => sealed,
            Err(Failure::Refused(refusal)) => return Placed::Refused(refusal),
            Err(Failure::Unavailable(why)) => return Placed::Unavailable(why),
        };
        evolve(&mut self.state, &statement, &context);
        let at = staged.entries.len();
        staged.addenda.extend(submission.addenda.iter().map(|a| (at, Hash::of(a), a.clone())));
        staged.erasures.extend(erasures(&statement));
        staged.push(sealed);
        staged.durables.push(durable);
        Placed::New(at)
    }

    /// Whether the rules let a statement stand behind what is staged: the same question whether it is to be recorded
    /// here or was by whoever leads.
    pub(super) fn judge(
        &self,
        staged: &Staged,
        statement: &Statement,
        recorded_at_ms: u64,
    ) -> Result<Context, Failure> {
        let stream_version = match staged.streams.get(&statement.stream) {
            Some(version) => *version,
            None => self.store.stream_version(&statement.stream).map_err(unavailable)?,
        };
        let (index, previous) = (EntryIndex(staged.head.size.0), staged.head.last_leaf_hash);
        let context = Context { index, previous, stream_version, recorded_at_ms };
        decide(&self.state, statement, &context).map_err(Failure::Refused)?;
        seed::check(&*self.store, &self.state, statement)?;
        Ok(context)
    }

    /// Whether the statement is recorded or staged already. The same id with other bytes is an alarm.
    fn find(
        &self,
        staged: &Staged,
        submission: &Submission,
        statement: &Statement,
    ) -> Result<Option<Placed>, StoreError> {
        let reused = || {
            tracing::error!(id = %statement.id, "a statement id was used again with other bytes");
            let sentence = format!("the id {} belongs to another statement", statement.id);
            Ok(Some(Placed::Refused(refusal(Code::IdReused, sentence))))
        };
        if let Some(&at) = staged.ids.get(&statement.id) {
            let first = &staged.entries[at];
            let same = Entry::parse(&first.bytes).is_ok_and(|e| e.statement_bytes == submission.statement);
            return if same { Ok(Some(Placed::Again(at))) } else { reused() };
        }
        let Some(index) = self.store.find(&statement.id)? else { return Ok(None) };
        let damaged = || StoreError::Damaged { what: format!("entry {index}") };
        let bytes = self.store.entry(index)?.ok_or_else(damaged)?;
        let entry = Entry::parse(&bytes).map_err(|_| damaged())?;
        if entry.statement_bytes != submission.statement {
            return reused();
        }
        Ok(Some(Placed::Recorded(Durable {
            id: statement.id,
            index,
            leaf_hash: Hash::leaf(&bytes),
            recorded_at_ms: entry.recorded_at_ms,
            already: true,
        })))
    }

    /// Makes a batch count, and keeps its refusals. Nothing of it counts after an error.
    pub(super) async fn settle(&mut self, staged: &mut Staged) -> Result<(), Trouble> {
        if !staged.entries.is_empty() {
            self.append(staged).await?;
        } else if !staged.refusals.is_empty() && self.log.is_some() {
            self.hold().await?;
        }
        self.keep_decided(staged);
        Ok(())
    }

    /// A leader that slept may have decided on what is no longer so.
    async fn hold(&mut self) -> Result<(), Trouble> {
        let mark = if self.alone { None } else { self.mark()? };
        let fate = match mark {
            Some(mark) => self.log().hold(&mark).await,
            None => self.log().confirm().await,
        };
        self.believe(fate).await
    }

    /// The last entry once more: nothing new to whoever reads it, and compared like every other.
    fn mark(&mut self) -> Result<Option<SealedBatch>, Trouble> {
        let Some(last) = self.store.head().size.0.checked_sub(1).map(EntryIndex) else { return Ok(None) };
        let entry = self.store.entry(last).map_err(|error| self.failed(&error))?;
        Ok(entry.map(|entry| SealedBatch { first: last, entries: vec![entry], checkpoint: None }))
    }

    /// Makes the entries durable: sealed content first, then the commit log, then this disk.
    async fn append(&mut self, staged: &mut Staged) -> Result<(), Trouble> {
        for (_, digest, bytes) in &staged.addenda {
            if let Err(error) = self.store.put_addendum(*digest, bytes.clone()) {
                self.forget(staged, 0);
                return Err(self.failed(&error));
            }
        }
        if let Err(why) = self.share_addenda(staged).await {
            self.forget(staged, 0);
            self.state_from_store()?;
            return Err(why);
        }
        let mut logged = 0;
        if self.log.is_some()
            && let Err(why) = self.append_to_log(&staged.entries, staged.head.size.0, &mut logged).await
        {
            self.forget(staged, logged);
            return Err(why);
        }
        let entries = std::mem::take(&mut staged.entries);
        let count = entries.len() as u64;
        if let Err(error) = self.store.append(entries) {
            tracing::error!(%error, entries = count, "a batch was not recorded on this disk");
            // What is in the log counts, and after a failed flush nobody knows: there its content stays.
            if self.log.is_none() && !matches!(error, StoreError::Poisoned { .. }) {
                self.forget(staged, 0);
            }
            return Err(self.failed(&error));
        }
        self.disk_refuses = false;
        self.counters.commits += 1;
        self.counters.entries += count;
        self.erase(&staged.erasures);
        self.snapshot_when_due();
        Ok(())
    }

    /// Before the entries that commit to it: whoever takes over may need it.
    async fn share_addenda(&mut self, staged: &Staged) -> Result<(), Trouble> {
        if self.log.is_none() || staged.addenda.is_empty() {
            return Ok(());
        }
        let shared: Vec<_> =
            staged.addenda.iter().map(|(_, digest, bytes)| (*digest, bytes.clone())).collect();
        Ok(self.log().put_addenda(&shared).await?)
    }

    /// Appends entries that end at `end` behind the fence, a message full at a time. Counts those that are there.
    async fn append_to_log(
        &mut self,
        mut entries: &[SealedEntry],
        end: u64,
        logged: &mut usize,
    ) -> Result<(), Trouble> {
        while !entries.is_empty() {
            let (some, rest) = entries.split_at(a_message_full(entries));
            let first = EntryIndex(end - entries.len() as u64);
            let entries_of = some.iter().map(|entry| entry.bytes.clone()).collect();
            let batch = SealedBatch { first, entries: entries_of, checkpoint: None };
            let fate = self.log().append(&batch).await;
            self.believe(fate).await?;
            self.place.size = batch.end();
            *logged += some.len();
            entries = rest;
        }
        Ok(())
    }

    /// What the fate of an append, or of the question whether one would succeed, makes of this node.
    pub(super) async fn believe(&mut self, fate: Fate) -> Result<(), Trouble> {
        match fate {
            Fate::Committed => Ok(()),
            Fate::Fenced => Err(self.fenced().await),
            Fate::Shortened => {
                self.place.known = false;
                self.state_from_store()?;
                Err(Trouble::NotNow("the sealed stream has lost its end; it is given back".to_owned()))
            }
        }
    }

    /// Sealed content of what was not recorded has no business on the disk.
    fn forget(&mut self, staged: &Staged, logged: usize) {
        let unrecorded = staged.addenda.iter().filter(|(at, ..)| *at >= logged);
        self.erase(&unrecorded.map(|(_, digest, _)| *digest).collect::<Vec<_>>());
    }

    /// Keeps the refusals of a batch. One that cannot be kept is none.
    fn keep_decided(&mut self, staged: &mut Staged) {
        let mut records = std::mem::take(&mut staged.refusals).into_iter();
        for placed in &mut staged.places {
            let Placed::Refused(refusal) = placed else { continue };
            let record = records.next().expect("each refusal has its record");
            if let Err(error) = self.keep_refusals(std::slice::from_ref(&record)) {
                *placed =
                    Placed::Unavailable(format!("{refusal} (and the refusal could not be kept: {error})"));
            }
        }
    }

    /// Keeps refusals that were given elsewhere, or of what is no statement at all.
    ///
    /// # Errors
    /// When one could not be kept; those before it are.
    pub fn keep_refusals(&mut self, records: &[RefusalRecord]) -> Result<(), StoreError> {
        for record in records {
            self.store.put_refusal(record.encode_to_vec().into())?;
            self.counters.refusals += 1;
        }
        Ok(())
    }
}

/// How many entries from the front one message takes.
fn a_message_full(entries: &[SealedEntry]) -> usize {
    let mut bytes = 0;
    let fits = entries.iter().take_while(|entry| {
        bytes += entry.bytes.len() + 4;
        bytes <= ENTRIES_BYTES
    });
    fits.count()
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
pub(super) fn erasures(statement: &Statement) -> Vec<Hash> {
    if statement.kind != ERASURE {
        return Vec::new();
    }
    let body = ErasureExecuted::decode(statement.body.clone()).unwrap_or_default();
    body.digests.iter().filter_map(|digest| Hash::from_slice(digest)).collect()
}

fn unavailable(error: impl std::fmt::Display) -> Failure {
    Failure::Unavailable(error.to_string())
}
