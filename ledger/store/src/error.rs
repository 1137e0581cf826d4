//! What can go wrong, and what was put right.
//!
//! A [`StoreError`] is trouble that the caller must deal with. An [`Event`] is damage that the store found
//! and healed, or worked around, by itself; it is reported because a disk that damages one byte will damage
//! another. A [`Finding`] is damage that no copy could heal.

use std::io;
use std::path::{Path, PathBuf};

use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the ledger open for writing.
    #[error("the ledger is in use by {holder}")]
    Locked {
        /// What the other process wrote about itself: its id and what it runs.
        holder: String,
    },
    /// The operating system refused. Nothing that was acknowledged is affected.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was attempted, as in "reading".
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A flush failed, so nobody knows what the disk holds. The process must stop; the ledger opens again
    /// after a full check from disk has passed (`scrub`).
    #[error("a flush failed and the ledger must be checked before anything is written: {reason}")]
    Poisoned {
        /// Which flush, and how it failed.
        reason: String,
    },
    /// Writing is suspended; what is there can be read. The next append tries again.
    #[error("writing is suspended: {reason}")]
    Suspended {
        /// What stopped it.
        reason: String,
    },
    /// Less space is free than the watermark wants. Refused before anything was promised.
    #[error("the disk is nearly full: {free} bytes are free, {needed} are needed to go on writing")]
    DiskFull {
        /// Bytes free.
        free: u64,
        /// Bytes that must be free.
        needed: u64,
    },
    /// The ledger is behind, or differs from, a checkpoint that it published. A backup was restored, or
    /// somebody changed it. Nothing may be signed on top of this.
    #[error("the ledger has {size} entries, but it published a checkpoint of {published} entries{}",
        if *.size >= *.published { " with another root" } else { "" })]
    RolledBack {
        /// Entries present.
        size: TreeSize,
        /// Root of the present entries, cut to the published size when there are as many.
        root: Hash,
        /// Size of the latest checkpoint kept.
        published: TreeSize,
        /// Root of the latest checkpoint kept.
        published_root: Hash,
    },
    /// A batch entry whose leaf hash is not the hash of its bytes, or that is longer than an entry may be.
    #[error("entry {index} of the batch: {problem}")]
    BadEntry {
        /// Where it would have stood.
        index: EntryIndex,
        /// What is wrong.
        problem: &'static str,
    },
    /// More entries or bytes than one batch may have.
    #[error(
        "a batch has 1 to {max_entries} entries and {max_bytes} bytes, this one has {entries} and {bytes}"
    )]
    BadBatch {
        /// Entries in it.
        entries: usize,
        /// Bytes in it.
        bytes: usize,
        /// Entries it may have.
        max_entries: usize,
        /// Bytes it may have.
        max_bytes: usize,
    },
    /// A checkpoint that does not fit: unreadable, beyond the head, or with another root than this tree.
    #[error("the checkpoint of {size} entries cannot be kept: {problem}")]
    BadCheckpoint {
        /// Its size.
        size: TreeSize,
        /// What is wrong.
        problem: &'static str,
    },
    /// An addendum that is not the bytes of its digest.
    #[error("the addendum's bytes hash to {got}, not to {expected}")]
    BadAddendum {
        /// The digest it was put under.
        expected: Hash,
        /// The digest it has.
        got: Hash,
    },
    /// Every copy of something is damaged. Other bytes are never served in its place.
    #[error("{what} is damaged and no good copy is left")]
    Damaged {
        /// What, with its number.
        what: String,
    },
    /// The index cannot answer just now. The next append tries to bring it back.
    #[error("the index is out of order: {reason}")]
    Index {
        /// What happened to it.
        reason: String,
    },
    /// A hash was asked for that this tree does not have yet.
    #[error("the tree of {size} entries has no complete subtree (level {level}, {n})")]
    NoSuchHash {
        /// Level asked for.
        level: u8,
        /// Number asked for.
        n: u64,
        /// Entries in the tree.
        size: TreeSize,
    },
}

impl StoreError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

/// Damage that was healed, or worked around without loss.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Event {
    /// The last batch had not been written whole, so it was never acknowledged; its bytes were cut off.
    #[error("{file}: cut {bytes} bytes of an unfinished write at byte {at}")]
    TailCut {
        /// Name of the file.
        file: String,
        /// Where the good part ends.
        at: u64,
        /// How much was cut off.
        bytes: u64,
    },
    /// A segment was damaged and was written anew from its good parts and the index.
    #[error("{file}: damaged from entry {from}; written anew")]
    SegmentHealed {
        /// Name of the file.
        file: String,
        /// The first entry that could not be read.
        from: EntryIndex,
    },
    /// A journal was damaged and was written anew from its good parts and the index.
    #[error("{file}: record {record} was damaged; written anew")]
    JournalHealed {
        /// Name of the file.
        file: String,
        /// The first record that could not be read, 0-based.
        record: u64,
    },
    /// The index could not be used and was moved away.
    #[error("the index was set aside{}: {reason}", match kept {
        Some(name) => format!(" as {name}"),
        None => String::from(", and removed for want of space"),
    })]
    IndexSetAside {
        /// Its new name in the ledger folder, if there was room to keep it.
        kept: Option<String>,
        /// What was wrong with it.
        reason: String,
    },
    /// The index was filled again from the segments.
    #[error("the index was rebuilt from the segments: {entries} entries")]
    IndexRebuilt {
        /// How many entries it took in.
        entries: u64,
    },
    /// What an interrupted opening of the index had left was removed.
    #[error("removed {name}, which an interrupted opening had left")]
    LeftoverRemoved {
        /// Name of the file.
        name: String,
    },
    /// An entry was served from the other copy because this one did not match its leaf hash.
    #[error("entry {index} was read from the {good}: the other copy is damaged")]
    EntryFromOtherCopy {
        /// Which entry.
        index: EntryIndex,
        /// The copy that was good.
        good: Copy,
    },
    /// A damaged snapshot was ignored; whoever needs it replays instead.
    #[error("the snapshot is damaged and was ignored: {reason}")]
    SnapshotIgnored {
        /// What is wrong with it.
        reason: String,
    },
    /// One copy was not what the tree says and was written again from the other.
    #[error("the copy in the {bad} was damaged from entry {from}; written again")]
    CopyHealed {
        /// The first entry of the part that was written again.
        from: EntryIndex,
        /// The copy that was damaged.
        bad: Copy,
    },
}

/// One of the two copies of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Copy {
    /// The segment files.
    #[error("segments")]
    Segments,
    /// The sled index.
    #[error("index")]
    Index,
}

/// Damage that no copy could heal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// Neither copy of an entry matches its leaf hash.
    #[error("entry {index} is lost: no copy matches its leaf hash")]
    EntryLost {
        /// Which entry.
        index: EntryIndex,
    },
    /// Both copies are whole in themselves but differ, and the checkpoint does not prove either right.
    #[error("entry {index} differs between the copies, and no checkpoint proves which is right")]
    CopiesDiffer {
        /// Which entry.
        index: EntryIndex,
    },
    /// The entries do not hash to the root that was signed.
    #[error("the tree of {size} entries has root {got}, the checkpoint says {signed}")]
    RootDiffers {
        /// Size of the checkpoint.
        size: TreeSize,
        /// Root it states.
        signed: Hash,
        /// Root the entries have.
        got: Hash,
    },
    /// There are fewer entries than a checkpoint that was published.
    #[error("{got} entries are present, the latest checkpoint covers {published}")]
    Behind {
        /// Entries present.
        got: TreeSize,
        /// Entries published.
        published: TreeSize,
    },
    /// Something cannot be read, and no copy of it is left.
    #[error("{what} is damaged and no good copy is left")]
    Unreadable {
        /// What.
        what: String,
    },
    /// A record of a journal is lost.
    #[error("{file}: record {record} is lost")]
    RecordLost {
        /// Name of the journal.
        file: String,
        /// Its number, 0-based.
        record: u64,
    },
    /// An addendum is not the bytes of its digest. It has one copy here; others may have another.
    #[error("addendum {digest} is damaged")]
    AddendumDamaged {
        /// Hexadecimal digest.
        digest: String,
    },
}
