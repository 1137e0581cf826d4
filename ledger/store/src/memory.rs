//! The store in memory, with faults: what simulations and the services' tests run on.
//!
//! A [`MemoryDisk`] outlives the [`MemoryStore`] that is open on it, as a disk outlives a process. Faults
//! are put on the disk beforehand; [`MemoryDisk::crash`] is the power cut. The same contract test runs on
//! this store and on the one with files.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, StatementId, StreamId, TreeSize};

use crate::batch::check_batch;
use crate::checkpoint_text::stated;
use crate::checkpoints::{Checkpoints, Verdict, check_cosigned, check_published};
use crate::error::{Copy, Event, Finding, StoreError};
use crate::tree::Tree;
use crate::{Head, SealedEntry, Store};

/// A fault that the next append meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The write fails; nothing is kept, and the next append works again.
    FailWrite,
    /// The flush fails: the bytes are there until a crash loses them, and the store is poisoned.
    FailSync,
    /// The machine stops in the middle of the write: part of the batch is on the disk, nothing is answered.
    TornWrite,
    /// The disk answers only after so long.
    Hang(Duration),
}

/// What stays when the process goes.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk {
    content: Arc<Mutex<Content>>,
}

#[derive(Debug, Default)]
struct Content {
    entries: Vec<Kept>,
    /// Entries that a flush has confirmed.
    durable: usize,
    /// Bytes of an unfinished write behind the entries.
    torn_bytes: u64,
    published: Vec<(TreeSize, Bytes)>,
    cosigned: Vec<(TreeSize, Bytes)>,
    refusals: Vec<Bytes>,
    addenda: HashMap<Hash, Bytes>,
    snapshot: Option<(TreeSize, Bytes)>,
    faults: VecDeque<Fault>,
    full: Option<(u64, u64)>,
    poisoned: Option<String>,
    open: bool,
}

/// An entry and its second copy.
#[derive(Debug)]
struct Kept {
    sealed: SealedEntry,
    copies: [Bytes; 2],
}

impl MemoryDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the next append that meets no earlier fault meet this one.
    pub fn inject(&self, fault: Fault) {
        self.content().faults.push_back(fault);
    }

    /// Fills the disk, so that appends are refused with these figures; `None` frees it.
    pub fn fill(&self, free_and_needed: Option<(u64, u64)>) {
        self.content().full = free_and_needed;
    }

    /// Flips a bit of one copy of an entry.
    pub fn flip_bit(&self, index: EntryIndex, copy: Copy) {
        let mut content = self.content();
        let place = usize::try_from(index.0).ok().and_then(|i| content.entries.get_mut(i));
        if let Some(kept) = place {
            let bytes = &mut kept.copies[copy as usize];
            let mut flipped = bytes.to_vec();
            flipped[0] ^= 1;
            *bytes = flipped.into();
        }
    }

    /// Cuts the power: what no flush has confirmed is gone, and whoever had the disk open is no more.
    pub fn crash(&self) {
        let mut content = self.content();
        let durable = content.durable;
        content.entries.truncate(durable);
        content.open = false;
    }

    /// Loses the entries from `size` on, as a restored backup would.
    pub fn roll_back_to(&self, size: TreeSize) {
        let mut content = self.content();
        content.entries.truncate(usize::try_from(size.0).unwrap_or(usize::MAX));
        content.durable = content.entries.len();
    }

    /// Entries from `from` on as they were appended, whoever has the disk open, flushed or not: for a test that compares.
    #[must_use]
    pub fn entries(&self, from: EntryIndex) -> Vec<Bytes> {
        let from = usize::try_from(from.0).unwrap_or(usize::MAX);
        self.content().entries.iter().skip(from).map(|kept| kept.sealed.bytes.clone()).collect()
    }

    /// How many entries a power cut would leave.
    #[must_use]
    pub fn durable(&self) -> TreeSize {
        TreeSize(self.content().durable as u64)
    }

    /// Published checkpoints from number `from` on, in the order in which they were kept.
    #[must_use]
    pub fn checkpoints(&self, from: usize) -> Vec<(TreeSize, Bytes)> {
        self.content().published.iter().skip(from).cloned().collect()
    }

    /// Refusals from number `from` on, in order.
    #[must_use]
    pub fn refusals(&self, from: usize) -> Vec<Bytes> {
        self.content().refusals.iter().skip(from).cloned().collect()
    }

    /// Whether a failed flush has poisoned it.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.content().poisoned.is_some()
    }

    /// Checks both copies of every entry, heals the one from the other, and lifts the poison when all is well.
    pub fn scrub(&self) -> Vec<Finding> {
        let mut content = self.content();
        let mut findings = Vec::new();
        for (index, kept) in (0..).zip(&mut content.entries) {
            let leaf = kept.sealed.leaf_hash;
            match kept.copies.iter().position(|copy| Hash::leaf(copy) == leaf) {
                Some(good) => kept.copies = [kept.copies[good].clone(), kept.copies[good].clone()],
                None => findings.push(Finding::EntryLost { index: EntryIndex(index) }),
            }
        }
        if findings.is_empty() {
            content.durable = content.entries.len();
            content.poisoned = None;
        }
        findings
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().expect("nothing panics while it holds the content")
    }
}

/// The store on a [`MemoryDisk`].
#[derive(Debug)]
pub struct MemoryStore {
    disk: MemoryDisk,
    tree: Tree,
    leaves: Vec<Hash>,
    by_id: HashMap<StatementId, EntryIndex>,
    by_stream: HashMap<StreamId, Vec<(u64, EntryIndex)>>,
    checkpoints: Checkpoints<Bytes>,
    events: Mutex<Vec<Event>>,
}

impl MemoryStore {
    /// Opens the store.
    ///
    /// # Errors
    /// As the store with files: locked, poisoned, or rolled back.
    pub fn open(disk: &MemoryDisk) -> Result<Self, StoreError> {
        let mut content = disk.content();
        if content.open {
            return Err(StoreError::Locked { holder: "another MemoryStore".into() });
        }
        if let Some(reason) = &content.poisoned {
            return Err(StoreError::Poisoned { reason: reason.clone() });
        }
        let mut store = Self {
            disk: disk.clone(),
            tree: Tree::new(),
            leaves: Vec::new(),
            by_id: HashMap::new(),
            by_stream: HashMap::new(),
            checkpoints: Checkpoints::new(),
            events: Mutex::new(Vec::new()),
        };
        if content.torn_bytes > 0 {
            let at = content.entries.iter().map(|kept| kept.sealed.bytes.len() as u64).sum();
            let bytes = std::mem::take(&mut content.torn_bytes);
            store.note(Event::TailCut { file: "memory".into(), at, bytes });
        }
        content.entries.iter().for_each(|kept| store.index(&kept.sealed));
        content.published.iter().for_each(|(size, note)| store.checkpoints.publish(*size, note.clone()));
        content.cosigned.iter().for_each(|(size, note)| store.checkpoints.cosign(*size, note.clone()));
        // Let go of the content first: a store that is refused is dropped, and dropping takes it.
        drop(content);
        store.refuse_rollback()?;
        disk.content().open = true;
        Ok(store)
    }

    fn refuse_rollback(&self) -> Result<(), StoreError> {
        let Some((published, note)) = self.checkpoints.latest() else { return Ok(()) };
        let (_, _, published_root) = stated(note).expect("only checkpoints are kept");
        let size = self.tree.size();
        let root = self.tree.root_at(published.min(size), &|tile| Ok(self.tile(tile)))?;
        if size < published || root != published_root {
            return Err(StoreError::RolledBack { size, root, published, published_root });
        }
        Ok(())
    }

    fn index(&mut self, entry: &SealedEntry) {
        let index = EntryIndex(self.tree.size().0);
        self.tree.push(entry.leaf_hash);
        self.leaves.push(entry.leaf_hash);
        self.by_id.insert(entry.statement_id, index);
        self.by_stream.entry(entry.stream.clone()).or_default().push((entry.stream_version, index));
    }

    fn tile(&self, tile: u64) -> Vec<Hash> {
        let tile = usize::try_from(tile).unwrap_or(usize::MAX);
        self.leaves.chunks(256).nth(tile).unwrap_or_default().to_vec()
    }

    fn note(&self, event: Event) {
        self.events.lock().expect("nothing panics while it holds the events").push(event);
    }
}

impl Drop for MemoryStore {
    fn drop(&mut self) {
        self.disk.content().open = false;
    }
}

impl Store for MemoryStore {
    fn head(&self) -> Head {
        Head { size: self.tree.size(), root: self.tree.root(), last_leaf_hash: self.tree.last_leaf() }
    }

    fn append(&mut self, batch: Vec<SealedEntry>) -> Result<Head, StoreError> {
        check_batch(self.tree.size(), &batch)?;
        let disk = self.disk.clone();
        let mut content = disk.content();
        if let Some(reason) = &content.poisoned {
            return Err(StoreError::Poisoned { reason: reason.clone() });
        }
        if let Some((free, needed)) = content.full {
            return Err(StoreError::DiskFull { free, needed });
        }
        content.torn_bytes = 0;
        let fault = content.faults.pop_front();
        match fault {
            Some(Fault::FailWrite) => {
                return Err(StoreError::Suspended { reason: "the write failed".into() });
            }
            Some(Fault::TornWrite) => {
                content.torn_bytes = 1 + batch[0].bytes.len() as u64 / 2;
                return Err(StoreError::Suspended { reason: "the machine stopped in the write".into() });
            }
            Some(Fault::Hang(long)) => {
                drop(content);
                std::thread::sleep(long);
                content = disk.content();
            }
            Some(Fault::FailSync) | None => {}
        }
        for sealed in &batch {
            let copies = [sealed.bytes.clone(), sealed.bytes.clone()];
            content.entries.push(Kept { sealed: sealed.clone(), copies });
        }
        if fault == Some(Fault::FailSync) {
            let reason = String::from("the flush failed");
            content.poisoned = Some(reason.clone());
            return Err(StoreError::Poisoned { reason });
        }
        content.durable = content.entries.len();
        drop(content);
        batch.iter().for_each(|entry| self.index(entry));
        Ok(self.head())
    }

    fn entry(&self, index: EntryIndex) -> Result<Option<Bytes>, StoreError> {
        if index.0 >= self.tree.size().0 {
            return Ok(None);
        }
        let content = self.disk.content();
        let kept = &content.entries[usize::try_from(index.0).expect("below the head")];
        match kept.copies.iter().position(|copy| Hash::leaf(copy) == kept.sealed.leaf_hash) {
            None => Err(StoreError::Damaged { what: format!("entry {index}") }),
            Some(good) => {
                if good == 1 {
                    self.note(Event::EntryFromOtherCopy { index, good: Copy::Index });
                }
                Ok(Some(kept.copies[good].clone()))
            }
        }
    }

    fn read_hashes(&self, coords: &[(u8, u64)]) -> Result<Vec<Hash>, StoreError> {
        self.tree.hashes(coords, &|tile| Ok(self.tile(tile)))
    }

    fn find(&self, id: &StatementId) -> Result<Option<EntryIndex>, StoreError> {
        Ok(self.by_id.get(id).copied())
    }

    fn stream_version(&self, stream: &StreamId) -> Result<u64, StoreError> {
        Ok(self.by_stream.get(stream).and_then(|list| list.last()).map_or(0, |&(version, _)| version))
    }

    fn stream(
        &self,
        stream: &StreamId,
        from_version: u64,
        limit: usize,
    ) -> Result<Vec<EntryIndex>, StoreError> {
        let list = self.by_stream.get(stream).map(Vec::as_slice).unwrap_or_default();
        let from = list.iter().filter(|&&(version, _)| version >= from_version);
        Ok(from.take(limit).map(|&(_, index)| index).collect())
    }

    fn put_checkpoint(&mut self, size: TreeSize, note: Bytes) -> Result<(), StoreError> {
        let root = match size <= self.tree.size() {
            true => self.tree.root_at(size, &|tile| Ok(self.tile(tile)))?,
            false => return Err(StoreError::BadCheckpoint { size, problem: "it is beyond the head" }),
        };
        let present = self.checkpoints.published(size).map(|note| &note[..]);
        if check_published(size, &note, root, present)? == Verdict::Keep {
            self.disk.content().published.push((size, note.clone()));
            self.checkpoints.publish(size, note);
        }
        Ok(())
    }

    fn put_cosigned(&mut self, size: TreeSize, note: Bytes) -> Result<(), StoreError> {
        let published = self.checkpoints.published(size).map(|note| &note[..]);
        let served = self.checkpoints.served(size).map(|note| &note[..]);
        if check_cosigned(size, &note, published, served)? == Verdict::Keep {
            self.disk.content().cosigned.push((size, note.clone()));
            self.checkpoints.cosign(size, note);
        }
        Ok(())
    }

    fn checkpoint(&self, size: TreeSize) -> Result<Option<Bytes>, StoreError> {
        Ok(self.checkpoints.served(size).cloned())
    }

    fn published_checkpoint(&self, size: TreeSize) -> Result<Option<Bytes>, StoreError> {
        Ok(self.checkpoints.published(size).cloned())
    }

    fn latest_checkpoint(&self) -> Result<Option<(TreeSize, Bytes)>, StoreError> {
        Ok(self.checkpoints.latest().map(|(size, note)| (size, note.clone())))
    }

    fn first_checkpoint_covering(&self, index: EntryIndex) -> Result<Option<(TreeSize, Bytes)>, StoreError> {
        Ok(self.checkpoints.covering(index).map(|(size, note)| (size, note.clone())))
    }

    fn checkpoint_sizes(&self, from: TreeSize, limit: usize) -> Vec<TreeSize> {
        self.checkpoints.sizes(from, limit)
    }

    fn put_refusal(&mut self, refusal: Bytes) -> Result<u64, StoreError> {
        let mut content = self.disk.content();
        content.refusals.push(refusal);
        Ok(content.refusals.len() as u64 - 1)
    }

    fn refusal_count(&self) -> u64 {
        self.disk.content().refusals.len() as u64
    }

    fn refusals(&self, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError> {
        let content = self.disk.content();
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(content.refusals.iter().skip(from).take(limit).cloned().collect())
    }

    fn put_addendum(&mut self, digest: Hash, addendum: Bytes) -> Result<(), StoreError> {
        let got = Hash::of(&addendum);
        if got != digest {
            return Err(StoreError::BadAddendum { expected: digest, got });
        }
        self.disk.content().addenda.insert(digest, addendum);
        Ok(())
    }

    fn addendum(&self, digest: &Hash) -> Result<Option<Bytes>, StoreError> {
        Ok(self.disk.content().addenda.get(digest).cloned())
    }

    fn erase_addendum(&mut self, digest: &Hash) -> Result<bool, StoreError> {
        Ok(self.disk.content().addenda.remove(digest).is_some())
    }

    fn save_snapshot(&mut self, size: TreeSize, state: Bytes) -> Result<(), StoreError> {
        self.disk.content().snapshot = Some((size, state));
        Ok(())
    }

    fn load_snapshot(&self) -> Option<(TreeSize, Bytes)> {
        self.disk.content().snapshot.clone()
    }

    fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events.lock().expect("nothing panics while it holds the events"))
    }
}
