//! The sealed stream: everything durable goes there, in order, behind the fence.
//!
//! 1. *before the append*: the entries are on this disk and nobody knows. The next start appends them.
//! 2. *after the append, before its answer*: the end of the stream is read and compared; it is ours.
//! 3. *after the answer*: committed. Receipts may be told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use host::bus::{Headers, Outgoing, PublishError, Stored};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::limits::{MAX_MESSAGE_BYTES, MAX_NOTE_BYTES};
use ledger_core::wire::SealedBatch;
use ledger_store::{Store, StoreError};
use tokio::sync::{mpsc, watch};

use super::answers::tell_published;
use super::stream_end::{StreamEnd, find_end};
use super::{ServiceError, Shared};
use crate::Sealed;

/// Bytes of entries in one message: what is left of [`MAX_MESSAGE_BYTES`] for a checkpoint of the usual two
/// signatures (4 kB) and the framing of the entries, with room to spare.
pub(super) const ENTRIES_BYTES: usize = MAX_MESSAGE_BYTES - (64 << 10);

/// Entries that are appended after the fact. A stream that lacks more (a new one for an old ledger) begins with a mark
/// instead, and followers ask for what came before.
const CATCH_UP: u64 = 65_536;

/// Between attempts to reach the stream.
const PAUSE: Duration = Duration::from_millis(250);

pub(super) struct Appender {
    shared: Arc<Shared>,
    sealed: mpsc::Receiver<Sealed>,
    commit: watch::Sender<TreeSize>,
    finishing: watch::Receiver<bool>,
    /// Durable here and not appended yet.
    waiting: VecDeque<Bytes>,
    end: StreamEnd,
    /// Publications that went wrong, so that one sent again has another id: a stream that lost a message may
    /// still remember its id.
    failures: u64,
}

impl Appender {
    pub(super) fn new(
        shared: Arc<Shared>,
        sealed: mpsc::Receiver<Sealed>,
        commit: watch::Sender<TreeSize>,
        finishing: watch::Receiver<bool>,
    ) -> Self {
        let end = StreamEnd { sequence: 0, size: TreeSize(0), last: Bytes::new() };
        Self { shared, sealed, commit, finishing, waiting: VecDeque::new(), end, failures: 0 }
    }

    pub(super) async fn run(mut self) -> Result<(), ServiceError> {
        self.shared.health.waiting("sealed stream", "its end is not known yet");
        self.end = find_end(&self.shared).await?;
        self.catch_up().await?;
        self.shared.health.ready("sealed stream");
        self.commit.send_replace(self.end.size);
        while let Some(sealed) = self.next().await {
            self.append_with_what_follows(sealed).await?;
        }
        Ok(())
    }

    /// What the recorder tells next; `None` when it has told everything and is about to stop.
    async fn next(&mut self) -> Option<Sealed> {
        if let Ok(sealed) = self.sealed.try_recv() {
            return Some(sealed);
        }
        tokio::select! {
            biased;
            sealed = self.sealed.recv() => sealed,
            _ = self.finishing.wait_for(|finishing| *finishing) => self.sealed.try_recv().ok(),
        }
    }

    /// Appends this, together with what was told meanwhile: one flush of the broker's disk for all of it.
    async fn append_with_what_follows(&mut self, first: Sealed) -> Result<(), ServiceError> {
        let mut next = Some(first);
        while let Some(sealed) = next.take() {
            match sealed {
                Sealed::Entries { first, entries } => self.queue(first, entries).await?,
                Sealed::Checkpoint { size, note } => return self.publish_checkpoint(size, note).await,
            }
            if self.waiting.len() < ledger_core::limits::MAX_BATCH_ENTRIES {
                next = self.sealed.try_recv().ok();
            }
        }
        self.flush(None).await
    }

    /// Appends a checkpoint behind its last entry. Where that was told and missed, it is read from the store.
    async fn publish_checkpoint(&mut self, size: TreeSize, note: Bytes) -> Result<(), ServiceError> {
        if size.0 <= self.end.size.0 + self.waiting.len() as u64 {
            return self.flush(Some((size, note))).await;
        }
        self.flush(None).await?;
        self.append_from_store(size.0).await
    }

    /// Puts entries behind those that wait. What was told and missed is read from the store.
    async fn queue(&mut self, first: EntryIndex, entries: Vec<Bytes>) -> Result<(), ServiceError> {
        let next = self.end.size.0 + self.waiting.len() as u64;
        if first.0 > next {
            self.flush(None).await?;
            self.append_from_store(first.0).await?;
        }
        let next = self.end.size.0 + self.waiting.len() as u64;
        let known = usize::try_from(next.saturating_sub(first.0)).unwrap_or(usize::MAX);
        self.waiting.extend(entries.into_iter().skip(known));
        Ok(())
    }

    /// Appends all that waits, the checkpoint with the last of it.
    async fn flush(&mut self, mut checkpoint: Option<(TreeSize, Bytes)>) -> Result<(), ServiceError> {
        loop {
            let entries = take_a_message_full(&mut self.waiting);
            let end = TreeSize(self.end.size.0 + entries.len() as u64);
            let note = if self.waiting.is_empty() { checkpoint.take() } else { None };
            // An older one than the end, or one that came before its entries: the next one stands for it.
            let note = note.filter(|(size, _)| *size == end).map(|(_, note)| note);
            if entries.is_empty() && note.is_none() {
                return Ok(());
            }
            let first = EntryIndex(self.end.size.0);
            self.append(SealedBatch { first, entries, checkpoint: note }).await?;
            if self.waiting.is_empty() {
                return Ok(());
            }
        }
    }

    /// Appends one batch behind the fence, and does not return before its fate is known.
    async fn append(&mut self, batch: SealedBatch) -> Result<(), ServiceError> {
        let (payload, end) = (batch.to_bytes(), batch.end());
        let published = batch.checkpoint.is_some();
        loop {
            match self.publish(payload.clone()).await {
                Ok(stored) if !stored.duplicate => {
                    self.end = StreamEnd { sequence: stored.sequence, size: end, last: payload };
                    break;
                }
                Err(PublishError::Refused(why)) | Err(PublishError::Full(why)) => {
                    self.shared
                        .health
                        .waiting("sealed stream", &format!("it does not take what was sealed: {why}"));
                    tokio::time::sleep(PAUSE).await;
                }
                outcome => {
                    self.failures += 1;
                    tracing::warn!(
                        ?outcome,
                        "whether a batch was appended is not known; the stream's end is read"
                    );
                    self.end = find_end(&self.shared).await?;
                    if self.end.last == payload {
                        break;
                    }
                    // The stream lost its end, and with it batches that were appended before.
                    if self.end.size < TreeSize(batch.first.0) {
                        Box::pin(self.append_from_store(batch.first.0)).await?;
                    }
                }
            }
        }
        self.shared.health.ready("sealed stream");
        self.commit.send_if_modified(|size| {
            *size < end && {
                *size = end;
                true
            }
        });
        metrics::gauge!("scrutiny_recorder_committed_entries").set(end.0 as f64);
        if published {
            self.shared.age.signed_now();
            self.shared.published.send_replace(end);
            let shared = Arc::clone(&self.shared);
            tokio::spawn(async move { tell_published(&shared).await });
        }
        Ok(())
    }

    async fn publish(&self, payload: Bytes) -> Result<Stored, PublishError> {
        let id = format!("{}-{}", Hash::of(&payload).to_hex(), self.failures);
        let subject = self.shared.force.sealed();
        let expect_last = Some(self.end.sequence);
        let message = Outgoing { subject, id, headers: Headers::new(), payload, expect_last };
        self.shared.bus.publish(message).await
    }

    /// After the start: what is durable here and not in the stream, and the latest checkpoint.
    async fn catch_up(&mut self) -> Result<(), ServiceError> {
        let head = self.shared.recorder.look(|store, _| store.head().size).await;
        if head.0 - self.end.size.0 <= CATCH_UP {
            return self.append_from_store(head.0).await;
        }
        tracing::info!(entries = head.0, "the stream begins with a mark; followers ask for what came before");
        let entries = Vec::new();
        let checkpoint = self.checkpoint(head).await;
        self.append(SealedBatch { first: EntryIndex(head.0), entries, checkpoint }).await
    }

    /// Appends entries up to `until`, and the checkpoint of exactly that size where there is one.
    async fn append_from_store(&mut self, until: u64) -> Result<(), ServiceError> {
        while self.end.size.0 < until {
            let from = self.end.size.0;
            let read = self.shared.recorder.look(move |store, _| entries_of(store, from, until)).await;
            match read {
                Ok(entries) => {
                    let first = EntryIndex(from);
                    Box::pin(self.append(SealedBatch { first, entries, checkpoint: None })).await?;
                }
                Err(error) => {
                    self.shared.health.waiting("ledger", &error.to_string());
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        let size = self.end.size;
        if let Some(note) = self.checkpoint(size).await {
            let batch =
                SealedBatch { first: EntryIndex(size.0), entries: Vec::new(), checkpoint: Some(note) };
            if batch.to_bytes() != self.end.last {
                Box::pin(self.append(batch)).await?;
            }
        }
        Ok(())
    }

    async fn checkpoint(&self, size: TreeSize) -> Option<Bytes> {
        let note = self.shared.recorder.look(move |store, _| store.published_checkpoint(size)).await;
        note.ok().flatten().filter(|note| note.len() <= MAX_NOTE_BYTES)
    }
}

/// Entries for one message, from the front.
fn take_a_message_full(waiting: &mut VecDeque<Bytes>) -> Vec<Bytes> {
    let mut bytes = 0;
    let fits = waiting.iter().take_while(|entry| {
        bytes += entry.len() + 4;
        bytes <= ENTRIES_BYTES
    });
    let count = fits.count();
    waiting.drain(..count).collect()
}

/// As many entries from `from` on as one message takes, none beyond `until`.
pub(super) fn entries_of(store: &dyn Store, from: u64, until: u64) -> Result<Vec<Bytes>, StoreError> {
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
