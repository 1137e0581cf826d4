//! The durable store: sealed entries in two independent copies, each able to rebuild the other.
//!
//! In scope: keeping bytes, proving that they are the bytes that were put in, and getting them back after a
//! crash, a power cut, a full disk or a damaged file. Out of scope: what an entry means (`ledger-rules`),
//! sealing and signing it (`recorder`), walking a whole ledger for an audit (`ledger-audit`).
//!
//! ```text
//! <ledger folder>/
//!   lock                       flock; says which process writes
//!   segments/<first index>.seg copy one: append-only frames of entries        (segments)
//!   index/                     copy two, and everything that finds entries    (sled)
//!   checkpoints.jnl            every published checkpoint, with cosignatures  (journal)
//!   refusals*.jnl              refusals, the oldest dropped at a bound        (journals)
//!   addenda/ab/cd/<64 hex>     sealed fields; erasing one removes its file
//!   snapshot                   derived state of the rules, safe to lose
//!   mirror                     present in a copy of somebody else's ledger, which has no addenda
//!   poisoned                   present after a failed flush, until a full check passed
//!   index.set-aside-<n>/       an index that could not be opened, kept for whoever wonders why
//! ```
//!
//! **Durability.** [`Store::append`] writes one frame to the last segment and calls `fdatasync`; when it
//! returns, a power cut cannot lose the batch. The index follows behind on its own thread.
//!
//! The README beside this crate says what it reaches and what was done to it in campaigns.
//!
//! **Trust.** The segments, the journals and the index are not trusted: whoever can change the folder can
//! change them. What they cannot do is go unnoticed: every entry is checked against the tree when it is read,
//! and the tree against the latest checkpoint when the ledger is opened. A [`Reader`] checks an entry against
//! the leaf hash beside it only; whoever uses one compares the tree with a checkpoint that they verified.

mod addenda;
mod applier;
mod batch;
mod checkpoint_text;
mod checkpoints;
mod error;
mod export;
mod filter;
mod follow;
mod frame;
mod heal;
mod index;
mod journal;
mod keys;
mod lock;
mod memory;
mod mirror_mark;
mod open;
mod reader;
mod refusals;
mod runs;
mod scrub;
mod second;
mod segment_file;
mod segment_store;
mod segments;
mod snapshot;
mod space;
mod tail;
#[cfg(test)]
#[allow(dead_code, unreachable_pub, reason = "each user of the shared file needs a part of it")]
mod testing;
mod tree;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, StatementId, StreamId, TreeSize};

pub use error::{Copy, Event, Finding, StoreError};
pub use export::{ExportError, Exported, export};
pub use follow::Follow;
pub use memory::{Fault, MemoryDisk, MemoryStore};
pub use mirror_mark::mark_as_mirror;
pub use open::OpenReport;
pub use reader::{Entries, Reader};
pub use refusals::{Dropped, Refusals};
pub use scrub::{ScrubReport, erase_left, scrub};
pub use segment_store::{Options, SegmentStore};

/// An entry ready to be kept. Its index is its place in the log: the head's size, then counting up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedEntry {
    /// The entry's bytes, kept exactly so.
    pub bytes: Bytes,
    /// SHA-256(`00` ‖ bytes). [`Store::append`] checks it.
    pub leaf_hash: Hash,
    /// The statement's id, for [`Store::find`].
    pub statement_id: StatementId,
    /// The statement's stream, for [`Store::stream`].
    pub stream: StreamId,
    /// How many entries the stream holds with this one: 1 for its first.
    pub stream_version: u64,
}

/// Where the log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Entries in the log.
    pub size: TreeSize,
    /// Root of the tree over them.
    pub root: Hash,
    /// Leaf hash of the last entry; zeros when there is none. The next entry carries it.
    pub last_leaf_hash: Hash,
}

/// A store as a reader of tree hashes, for `ledger_core::merkle`'s proofs.
#[derive(Debug, Clone, Copy)]
pub struct TreeOf<'a, S: Store + ?Sized>(pub &'a S);

impl<S: Store + ?Sized> ledger_core::merkle::HashReader for TreeOf<'_, S> {
    type Error = StoreError;

    fn read_hashes(&self, coords: &[(u8, u64)]) -> Result<Vec<Hash>, StoreError> {
        self.0.read_hashes(coords)
    }
}

/// The seam: what the recorder needs of a store. [`SegmentStore`] and [`MemoryStore`] pass one contract test.
pub trait Store: Send {
    /// Where the log stands, durable entries only.
    fn head(&self) -> Head;

    /// Keeps a batch behind the head, all of it or nothing. When it returns, the batch is durable.
    ///
    /// # Errors
    /// On any error nothing of the batch is kept, except after [`StoreError::Poisoned`], when nobody knows.
    fn append(&mut self, batch: Vec<SealedEntry>) -> Result<Head, StoreError>;

    /// The bytes of an entry, checked against its leaf hash; `None` beyond the head.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when no copy matches. Wrong bytes are never returned.
    fn entry(&self, index: EntryIndex) -> Result<Option<Bytes>, StoreError>;

    /// The hashes of complete subtrees, (level, n) as [`ledger_core::merkle::HashReader`] counts them.
    ///
    /// # Errors
    /// [`StoreError::NoSuchHash`] for a subtree that is not complete yet.
    fn read_hashes(&self, coords: &[(u8, u64)]) -> Result<Vec<Hash>, StoreError>;

    /// Where the statement with this id stands, if it was ever appended.
    ///
    /// # Errors
    /// When the index is out of order.
    fn find(&self, id: &StatementId) -> Result<Option<EntryIndex>, StoreError>;

    /// How many entries the stream holds; 0 for a stream never seen.
    ///
    /// # Errors
    /// When the index is out of order.
    fn stream_version(&self, stream: &StreamId) -> Result<u64, StoreError>;

    /// Where the stream's entries stand, in order, from version `from_version` (1 is the first) on.
    ///
    /// # Errors
    /// When the index is out of order.
    fn stream(
        &self,
        stream: &StreamId,
        from_version: u64,
        limit: usize,
    ) -> Result<Vec<EntryIndex>, StoreError>;

    /// Keeps a published checkpoint; durable when it returns. The same note again is no error.
    ///
    /// # Errors
    /// [`StoreError::BadCheckpoint`] when its text does not state this tree's size and root.
    fn put_checkpoint(&mut self, size: TreeSize, note: Bytes) -> Result<(), StoreError>;

    /// Keeps the same checkpoint with more signature lines, which is served from then on. The note first
    /// published is kept too: [`Store::published_checkpoint`].
    ///
    /// # Errors
    /// [`StoreError::BadCheckpoint`] when no checkpoint of this size was published, or its text differs.
    fn put_cosigned(&mut self, size: TreeSize, note: Bytes) -> Result<(), StoreError>;

    /// The checkpoint of exactly this size, with the cosignatures it has gathered.
    ///
    /// # Errors
    /// When it is damaged.
    fn checkpoint(&self, size: TreeSize) -> Result<Option<Bytes>, StoreError>;

    /// The checkpoint of exactly this size as it was first published.
    ///
    /// # Errors
    /// When it is damaged.
    fn published_checkpoint(&self, size: TreeSize) -> Result<Option<Bytes>, StoreError>;

    /// The largest checkpoint.
    ///
    /// # Errors
    /// When it is damaged.
    fn latest_checkpoint(&self) -> Result<Option<(TreeSize, Bytes)>, StoreError>;

    /// The smallest checkpoint that covers an entry.
    ///
    /// # Errors
    /// When it is damaged.
    fn first_checkpoint_covering(&self, index: EntryIndex) -> Result<Option<(TreeSize, Bytes)>, StoreError>;

    /// Sizes of the checkpoints of at least `from` entries, in order.
    fn checkpoint_sizes(&self, from: TreeSize, limit: usize) -> Vec<TreeSize>;

    /// Keeps a refusal; durable when it returns. Returns its number, 0-based.
    ///
    /// # Errors
    /// When it could not be written.
    fn put_refusal(&mut self, refusal: Bytes) -> Result<u64, StoreError>;

    /// How many refusals there ever were: the number of the next one.
    fn refusal_count(&self) -> u64;

    /// Refusals in order, from number `from` on, or from the first one that is still kept.
    ///
    /// # Errors
    /// When one of them is damaged.
    fn refusals(&self, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError>;

    /// Keeps an addendum; durable when it returns. Call it before appending the entry that commits to it.
    ///
    /// # Errors
    /// [`StoreError::BadAddendum`] when the digest is not that of the bytes.
    fn put_addendum(&mut self, digest: Hash, addendum: Bytes) -> Result<(), StoreError>;

    /// An addendum, checked against its digest; `None` when it was erased or never here.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it does not match.
    fn addendum(&self, digest: &Hash) -> Result<Option<Bytes>, StoreError>;

    /// Removes an addendum for good; durable when it returns. `false` when there was none.
    ///
    /// # Errors
    /// When it could not be removed.
    fn erase_addendum(&mut self, digest: &Hash) -> Result<bool, StoreError>;

    /// Saves derived state as of a tree size. It replaces what was saved before.
    ///
    /// # Errors
    /// When it could not be written; what was saved before is then still there.
    fn save_snapshot(&mut self, size: TreeSize, state: Bytes) -> Result<(), StoreError>;

    /// The derived state saved last; `None` when there is none, or it is damaged: replay then.
    fn load_snapshot(&self) -> Option<(TreeSize, Bytes)>;

    /// What was healed since the last call, for whoever keeps the operational log.
    fn take_events(&mut self) -> Vec<Event>;
}
