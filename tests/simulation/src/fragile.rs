//! A store whose machine may lose its power in any call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, StatementId, StreamId, TreeSize};
use ledger_store::{Event, Head, MemoryStore, SealedEntry, Store, StoreError};

/// What a power cut unwinds with.
pub(crate) struct PowerCut;

/// When the power is cut, as a count of the calls that are left.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fuse(Arc<Burning>);

#[derive(Debug, Default)]
struct Burning {
    /// Calls until it blows; 0 when it does not burn.
    calls: AtomicU32,
    after: AtomicU32,
}

impl Fuse {
    /// It blows in the call after so many, before or after that has done its work.
    pub(crate) fn light(&self, calls: u16, after: bool) {
        self.0.after.store(u32::from(after), Ordering::Relaxed);
        self.0.calls.store(u32::from(calls) + 1, Ordering::Relaxed);
    }

    pub(crate) fn put_out(&self) {
        self.0.calls.store(0, Ordering::Relaxed);
    }

    fn around<T>(&self, call: impl FnOnce() -> T) -> T {
        let left = self.0.calls.load(Ordering::Relaxed);
        self.0.calls.store(left.saturating_sub(1), Ordering::Relaxed);
        let after = self.0.after.load(Ordering::Relaxed) == 1;
        if left == 1 && !after {
            std::panic::resume_unwind(Box::new(PowerCut));
        }
        let result = call();
        if left == 1 {
            std::panic::resume_unwind(Box::new(PowerCut));
        }
        result
    }
}

/// A store with a fuse. Only calls that change something burn it: a cut between two of those is a cut in the first
/// half of the second.
pub(crate) struct Fragile {
    pub(crate) store: MemoryStore,
    pub(crate) fuse: Fuse,
}

impl Store for Fragile {
    fn head(&self) -> Head {
        self.store.head()
    }

    fn append(&mut self, batch: Vec<SealedEntry>) -> Result<Head, StoreError> {
        self.fuse.around(|| self.store.append(batch))
    }

    fn entry(&self, index: EntryIndex) -> Result<Option<Bytes>, StoreError> {
        self.store.entry(index)
    }

    fn read_hashes(&self, coords: &[(u8, u64)]) -> Result<Vec<Hash>, StoreError> {
        self.store.read_hashes(coords)
    }

    fn find(&self, id: &StatementId) -> Result<Option<EntryIndex>, StoreError> {
        self.store.find(id)
    }

    fn stream_version(&self, stream: &StreamId) -> Result<u64, StoreError> {
        self.store.stream_version(stream)
    }

    fn stream(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Vec<EntryIndex>, StoreError> {
        self.store.stream(stream, from, limit)
    }

    fn put_checkpoint(&mut self, size: TreeSize, note: Bytes) -> Result<(), StoreError> {
        self.fuse.around(|| self.store.put_checkpoint(size, note))
    }

    fn put_cosigned(&mut self, size: TreeSize, note: Bytes) -> Result<(), StoreError> {
        self.fuse.around(|| self.store.put_cosigned(size, note))
    }

    fn checkpoint(&self, size: TreeSize) -> Result<Option<Bytes>, StoreError> {
        self.store.checkpoint(size)
    }

    fn published_checkpoint(&self, size: TreeSize) -> Result<Option<Bytes>, StoreError> {
        self.store.published_checkpoint(size)
    }

    fn latest_checkpoint(&self) -> Result<Option<(TreeSize, Bytes)>, StoreError> {
        self.store.latest_checkpoint()
    }

    fn first_checkpoint_covering(&self, index: EntryIndex) -> Result<Option<(TreeSize, Bytes)>, StoreError> {
        self.store.first_checkpoint_covering(index)
    }

    fn checkpoint_sizes(&self, from: TreeSize, limit: usize) -> Vec<TreeSize> {
        self.store.checkpoint_sizes(from, limit)
    }

    fn put_refusal(&mut self, refusal: Bytes) -> Result<u64, StoreError> {
        self.fuse.around(|| self.store.put_refusal(refusal))
    }

    fn refusal_count(&self) -> u64 {
        self.store.refusal_count()
    }

    fn refusals(&self, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError> {
        self.store.refusals(from, limit)
    }

    fn put_addendum(&mut self, digest: Hash, addendum: Bytes) -> Result<(), StoreError> {
        self.fuse.around(|| self.store.put_addendum(digest, addendum))
    }

    fn addendum(&self, digest: &Hash) -> Result<Option<Bytes>, StoreError> {
        self.store.addendum(digest)
    }

    fn erase_addendum(&mut self, digest: &Hash) -> Result<bool, StoreError> {
        self.fuse.around(|| self.store.erase_addendum(digest))
    }

    fn save_snapshot(&mut self, size: TreeSize, state: Bytes) -> Result<(), StoreError> {
        self.fuse.around(|| self.store.save_snapshot(size, state))
    }

    fn load_snapshot(&self) -> Option<(TreeSize, Bytes)> {
        self.store.load_snapshot()
    }

    fn take_events(&mut self) -> Vec<Event> {
        self.store.take_events()
    }
}
