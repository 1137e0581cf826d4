//! The store with files: segments and journals in front, the index right behind.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, StatementId, StreamId, TreeSize};

use crate::addenda::Addenda;
use crate::applier::Applier;
use crate::batch::check_batch;
use crate::checkpoints::{Checkpoints, Verdict, check_cosigned, check_published};
use crate::error::{Copy, Event, StoreError};
use crate::index::Trouble;
use crate::journal::{Journal, Record};
use crate::lock::{Lock, mark_poisoned};
use crate::open::set_aside;
use crate::refusals::Refusals;
use crate::second::{JournalKind, Second};
use crate::segments::{AppendError, Segments};
use crate::tail::stream_key;
use crate::tree::{TILE_LEAVES, Tree};
use crate::{Head, SealedEntry, Store, snapshot, space};

/// Kinds of record in the checkpoint journal.
pub(crate) const PUBLISHED: u8 = 1;
pub(crate) const COSIGNED: u8 = 2;

/// How a ledger is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the process is, for whoever finds the ledger locked.
    pub what: String,
    /// Bytes that must stay free on the disk; below, new work is refused.
    pub watermark_bytes: u64,
}

impl Default for Options {
    /// The watermark holds a segment, the index's part of it, and a healing rewrite of one.
    fn default() -> Self {
        Self { what: "ledger-store".into(), watermark_bytes: 256 << 20 }
    }
}

/// The store on a folder.
#[derive(Debug)]
pub struct SegmentStore {
    pub(crate) dir: PathBuf,
    pub(crate) options: Options,
    pub(crate) segments: Segments,
    pub(crate) checkpoint_journal: Journal,
    pub(crate) refusals: Refusals,
    pub(crate) checkpoints: Checkpoints<u64>,
    pub(crate) addenda: Addenda,
    pub(crate) tree: Tree,
    /// `None` after the index failed, until the next append brings it back.
    pub(crate) applier: Option<Applier>,
    pub(crate) poisoned: Option<String>,
    /// The tile that was checked last: entries are mostly read one after the other.
    pub(crate) last_tile: Mutex<Option<(u64, Vec<Hash>)>>,
    pub(crate) events: Mutex<Vec<Event>>,
    /// Last, so that it is let go of last.
    pub(crate) _lock: Lock,
}

impl SegmentStore {
    /// The ledger's folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Waits until the index holds everything that is durable. Only benchmarks and tests need to.
    pub fn wait_until_caught_up(&self) {
        if let Some(applier) = &self.applier {
            applier.queue.wait_until_caught_up();
        }
    }

    /// Notes an event for [`Store::take_events`].
    pub(crate) fn note(&self, event: Event) {
        tracing::warn!(%event, "the store healed damage");
        self.events.lock().expect("nothing panics while it holds the events").push(event);
    }

    /// May anything be written? Brings the index back if it has failed.
    fn ready_to_write(&mut self, bytes: u64) -> Result<(), StoreError> {
        if let Some(reason) = &self.poisoned {
            return Err(StoreError::Poisoned { reason: reason.clone() });
        }
        space::check(&self.dir, self.options.watermark_bytes, bytes)?;
        let failed = self.applier.as_ref().map(|applier| {
            let tail = applier.queue.tail();
            (tail.failed.clone(), tail.distrusted)
        });
        match failed {
            Some((None, _)) => return Ok(()),
            Some((Some(reason), true)) => {
                self.applier = None;
                let mut events = Vec::new();
                set_aside(&self.dir, reason, &mut events)?;
                events.into_iter().for_each(|event| self.note(event));
            }
            Some((Some(_), false)) | None => self.applier = None,
        }
        self.attach_index()
    }

    /// A lookup met trouble: the next append makes a new index.
    fn distrust(&self, trouble: Trouble) -> StoreError {
        if let Some(applier) = &self.applier {
            let mut tail = applier.queue.tail();
            tail.failed.get_or_insert_with(|| trouble.clone());
            tail.distrusted = true;
        }
        out_of_order(trouble)
    }

    /// Tells a failed write, after which all is as before, from a failed flush, after which nobody knows.
    fn after_failure(&mut self, error: AppendError) -> StoreError {
        match error {
            AppendError::Write(error) => StoreError::Suspended { reason: error.to_string() },
            AppendError::Flush(error) => {
                let reason = error.to_string();
                mark_poisoned(&self.dir, &reason);
                self.poisoned = Some(reason.clone());
                StoreError::Poisoned { reason }
            }
        }
    }

    fn applier(&self) -> Result<&Applier, StoreError> {
        let reason = "it failed, and the next append brings it back";
        self.applier.as_ref().ok_or_else(|| StoreError::Index { reason: reason.into() })
    }

    fn second(&self) -> Result<&Second, StoreError> {
        self.applier().map(|applier| &*applier.second)
    }

    /// Leaf hashes of a tile: from the tail, the index, or the segments, whichever is good first.
    pub(crate) fn tile(&self, tile: u64) -> Result<Vec<Hash>, StoreError> {
        if let Some(leaves) = self.applier.as_ref().and_then(|applier| applier.queue.tail().tile(tile)) {
            return Ok(leaves);
        }
        let root = self.tree.tile_root(tile);
        let is_good = |leaves: &Vec<Hash>| match root {
            Some(root) => {
                leaves.len() as u64 == TILE_LEAVES && ledger_core::merkle::root_of_leaves(leaves) == root
            }
            None => false,
        };
        let indexed = self.second().ok().and_then(|second| second.tile(tile).ok().flatten());
        if let Some(leaves) = indexed.filter(is_good) {
            return Ok(leaves);
        }
        let from = tile * TILE_LEAVES;
        let until = (from + TILE_LEAVES).min(self.tree.size().0);
        let leaf = |index| Ok(self.segments.read(index)?.map(|(leaf, _)| leaf));
        let leaves: Option<Vec<Hash>> = (from..until).map(leaf).collect::<Result<_, StoreError>>()?;
        let good = leaves.filter(|leaves| root.is_none() || is_good(leaves));
        good.ok_or_else(|| StoreError::Damaged { what: format!("tile {tile}") })
    }

    /// The leaf hash of an entry below the head, as the tree has it.
    fn leaf(&self, index: u64) -> Result<Hash, StoreError> {
        let (tile, place) = (index / TILE_LEAVES, usize::try_from(index % TILE_LEAVES).expect("below 256"));
        let mut last = self.last_tile.lock().expect("nothing panics while it holds the tile");
        if last.as_ref().is_none_or(|(number, leaves)| *number != tile || leaves.len() <= place) {
            *last = Some((tile, self.tile(tile)?));
        }
        let leaf = last.as_ref().and_then(|(_, leaves)| leaves.get(place)).copied();
        leaf.ok_or_else(|| StoreError::Damaged { what: format!("tile {tile}") })
    }

    fn checkpoint_note(&self, number: u64) -> Result<Bytes, StoreError> {
        self.record(JournalKind::Checkpoints, number).map(|record| record.payload)
    }

    /// A journal's record, from the index when the journal's own is damaged.
    fn record(&self, kind: JournalKind, number: u64) -> Result<Record, StoreError> {
        let (own, name) = match kind {
            JournalKind::Checkpoints => (self.checkpoint_journal.read(number), "checkpoints.jnl"),
            JournalKind::Refusals => (self.refusals.read(number), "refusals.jnl"),
        };
        let damaged = || StoreError::Damaged { what: format!("{name} record {number}") };
        match own {
            Ok(Some(record)) => Ok(record),
            Ok(None) => Err(damaged()),
            Err(_) => {
                let copy = self.second()?.record(kind, number).map_err(out_of_order)?;
                let copy = copy.ok_or_else(damaged)?;
                self.note(Event::JournalHealed { file: name.to_owned(), record: number });
                Ok(copy)
            }
        }
    }

    /// Appends to a journal, and passes on to the index what it kept.
    fn put_record(
        &mut self,
        kind: JournalKind,
        append: impl FnOnce(&mut Self) -> Result<Record, AppendError>,
    ) -> Result<u64, StoreError> {
        if let Some(reason) = &self.poisoned {
            return Err(StoreError::Poisoned { reason: reason.clone() });
        }
        let record = append(self).map_err(|error| self.after_failure(error))?;
        let number = record.number;
        if let Some(applier) = &self.applier {
            let mut tail = applier.queue.tail();
            tail.push_record(kind, record);
            tail.refusals_from = self.refusals.first();
            drop(tail);
            applier.queue.wake();
        }
        Ok(number)
    }

    fn put_checkpoint_record(&mut self, what: u8, size: TreeSize, note: Bytes) -> Result<u64, StoreError> {
        self.put_record(JournalKind::Checkpoints, |store| store.checkpoint_journal.append(what, size.0, note))
    }

    fn numbered_checkpoint(
        &self,
        found: Option<(TreeSize, &u64)>,
    ) -> Result<Option<(TreeSize, Bytes)>, StoreError> {
        found.map(|(size, &number)| Ok((size, self.checkpoint_note(number)?))).transpose()
    }
}

impl Drop for SegmentStore {
    fn drop(&mut self) {
        // The applier finishes first; then what was claimed and not used is given back.
        self.applier = None;
        if self.poisoned.is_none() {
            let _ = self.segments.trim();
        }
    }
}

pub(crate) fn out_of_order(trouble: Trouble) -> StoreError {
    StoreError::Index { reason: trouble }
}

impl Store for SegmentStore {
    fn head(&self) -> Head {
        Head { size: self.tree.size(), root: self.tree.root(), last_leaf_hash: self.tree.last_leaf() }
    }

    fn append(&mut self, batch: Vec<SealedEntry>) -> Result<Head, StoreError> {
        check_batch(self.tree.size(), &batch)?;
        self.ready_to_write(batch.iter().map(|entry| entry.bytes.len() as u64).sum())?;
        let applier = self.applier.as_ref().expect("it was just brought back if it had failed");
        let queue = Arc::clone(&applier.queue);
        queue.wait_for_room()?;
        if let Err(error) = self.segments.append(&batch) {
            return Err(self.after_failure(error));
        }
        // A crash here loses nothing: the batch is durable, and opening replays it into the index.
        let mut tail = queue.tail();
        for entry in &batch {
            self.tree.push(entry.leaf_hash);
            tail.push(entry);
        }
        drop(tail);
        queue.wake();
        Ok(self.head())
    }

    fn entry(&self, index: EntryIndex) -> Result<Option<Bytes>, StoreError> {
        if index.0 >= self.tree.size().0 {
            return Ok(None);
        }
        // Not what the segment says its leaf hash is, but what the tree says: a forger can change both.
        let leaf = self.leaf(index.0)?;
        let own = self.segments.read(index.0).ok().flatten();
        if let Some((_, bytes)) = own.filter(|(_, bytes)| Hash::leaf(bytes) == leaf) {
            return Ok(Some(bytes));
        }
        let copy = self.second()?.entry(index.0).map_err(out_of_order)?;
        let copy = copy.filter(|bytes| Hash::leaf(bytes) == leaf);
        let copy = copy.ok_or_else(|| StoreError::Damaged { what: format!("entry {index}") })?;
        self.note(Event::EntryFromOtherCopy { index, good: Copy::Index });
        Ok(Some(copy))
    }

    fn read_hashes(&self, coords: &[(u8, u64)]) -> Result<Vec<Hash>, StoreError> {
        self.tree.hashes(coords, &|tile| self.tile(tile))
    }

    fn find(&self, id: &StatementId) -> Result<Option<EntryIndex>, StoreError> {
        let applier = self.applier()?;
        if let Some(index) = applier.queue.tail().find(id) {
            return Ok(Some(EntryIndex(index)));
        }
        Ok(applier.second.find(id).map_err(|trouble| self.distrust(trouble))?.map(EntryIndex))
    }

    fn stream_version(&self, stream: &StreamId) -> Result<u64, StoreError> {
        let (applier, key) = (self.applier()?, stream_key(stream));
        if let Some(version) = applier.queue.tail().stream_version(&key) {
            return Ok(version);
        }
        applier.second.stream_version(&key).map_err(|trouble| self.distrust(trouble))
    }

    fn stream(
        &self,
        stream: &StreamId,
        from_version: u64,
        limit: usize,
    ) -> Result<Vec<EntryIndex>, StoreError> {
        let (applier, key) = (self.applier()?, stream_key(stream));
        // The tail first: what leaves it between the two questions is then seen twice, never missed.
        let tail = applier.queue.tail().stream(&key, from_version, limit);
        let mut places =
            applier.second.stream(&key, from_version, limit).map_err(|trouble| self.distrust(trouble))?;
        let known = places.last().copied();
        places.extend(tail.into_iter().filter(|index| known.is_none_or(|known| *index > known)));
        places.truncate(limit);
        Ok(places.into_iter().map(EntryIndex).collect())
    }

    fn put_checkpoint(&mut self, size: TreeSize, note: Bytes) -> Result<(), StoreError> {
        if size > self.tree.size() {
            return Err(StoreError::BadCheckpoint { size, problem: "it is beyond the head" });
        }
        let root = match size == self.tree.size() {
            true => self.tree.root(),
            false => self.tree.root_at(size, &|tile| self.tile(tile))?,
        };
        let present = self.published_checkpoint(size)?;
        if check_published(size, &note, root, present.as_deref())? == Verdict::Keep {
            let number = self.put_checkpoint_record(PUBLISHED, size, note)?;
            self.checkpoints.publish(size, number);
        }
        Ok(())
    }

    fn put_cosigned(&mut self, size: TreeSize, note: Bytes) -> Result<(), StoreError> {
        let published = self.published_checkpoint(size)?;
        let served = self.checkpoint(size)?;
        if check_cosigned(size, &note, published.as_deref(), served.as_deref())? == Verdict::Keep {
            let number = self.put_checkpoint_record(COSIGNED, size, note)?;
            self.checkpoints.cosign(size, number);
        }
        Ok(())
    }

    fn checkpoint(&self, size: TreeSize) -> Result<Option<Bytes>, StoreError> {
        self.checkpoints.served(size).map(|&number| self.checkpoint_note(number)).transpose()
    }

    fn published_checkpoint(&self, size: TreeSize) -> Result<Option<Bytes>, StoreError> {
        self.checkpoints.published(size).map(|&number| self.checkpoint_note(number)).transpose()
    }

    fn latest_checkpoint(&self) -> Result<Option<(TreeSize, Bytes)>, StoreError> {
        self.numbered_checkpoint(self.checkpoints.latest())
    }

    fn first_checkpoint_covering(&self, index: EntryIndex) -> Result<Option<(TreeSize, Bytes)>, StoreError> {
        self.numbered_checkpoint(self.checkpoints.covering(index))
    }

    fn checkpoint_sizes(&self, from: TreeSize, limit: usize) -> Vec<TreeSize> {
        self.checkpoints.sizes(from, limit)
    }

    fn put_refusal(&mut self, refusal: Bytes) -> Result<u64, StoreError> {
        self.put_record(JournalKind::Refusals, |store| store.refusals.append(refusal))
    }

    fn refusal_count(&self) -> u64 {
        self.refusals.next()
    }

    fn refusals(&self, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError> {
        let all = from.max(self.refusals.first())..self.refusals.next();
        all.take(limit).map(|n| self.record(JournalKind::Refusals, n).map(|r| r.payload)).collect()
    }

    fn put_addendum(&mut self, digest: Hash, addendum: Bytes) -> Result<(), StoreError> {
        space::check(&self.dir, self.options.watermark_bytes, addendum.len() as u64)?;
        self.addenda.put(&digest, &addendum)
    }

    fn addendum(&self, digest: &Hash) -> Result<Option<Bytes>, StoreError> {
        self.addenda.get(digest)
    }

    fn erase_addendum(&mut self, digest: &Hash) -> Result<bool, StoreError> {
        self.addenda.erase(digest)
    }

    fn save_snapshot(&mut self, size: TreeSize, state: Bytes) -> Result<(), StoreError> {
        snapshot::save(&self.dir.join("snapshot"), size, &state)
    }

    fn load_snapshot(&self) -> Option<(TreeSize, Bytes)> {
        match snapshot::load(&self.dir.join("snapshot")) {
            Ok(found) => found,
            Err(reason) => {
                self.note(Event::SnapshotIgnored { reason });
                None
            }
        }
    }

    fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events.lock().expect("nothing panics while it holds the events"))
    }
}
