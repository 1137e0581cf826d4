//! Where a ledger's bytes come from: the auditor's only way in.
//!
//! A source is not trusted: an attacker who can modify what it returns can make an audit report findings,
//! or fail to reach a decision. What they cannot do is make it come out clean.

mod export;
mod files;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::tile::{TILE_WIDTH, TilePath};

pub use export::Export;
pub use files::{Files, Folder, Listed, MemoryFiles};

/// Why a source did not give what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// What should be there is gone or has the wrong shape: a finding.
    #[error("{what}: {problem}")]
    Damaged {
        /// The file or record.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Nobody can say, because the place did not answer: no finding, and no clean verdict either.
    #[error("{what} could not be read: {problem}")]
    Unreachable {
        /// The file or record.
        what: String,
        /// What the place said.
        problem: String,
    },
}

/// A tile of hashes or of entries, as a source has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tile {
    /// Its bytes.
    Present(Bytes),
    /// The source keeps tiles, and not this one.
    Missing,
    /// The source keeps no tiles at all, so nothing is missing.
    NotKept,
}

/// An addendum, as a source has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// Its bytes, which nobody has compared with the digest yet.
    Present(Bytes),
    /// Not there: erased, withheld or lost.
    Absent,
}

/// Whether a source is meant to have the sealed content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddendaPolicy {
    /// Every addendum that was not erased should be there.
    Served,
    /// They were left out on purpose; none is missed.
    Withheld,
}

/// A checkpoint that a source keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The size under which it is kept.
    pub size: TreeSize,
    /// The signed note.
    pub note: Bytes,
}

/// Something that a source has, told by [`Source::inventory`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An addendum under this digest.
    Addendum(Hash),
    /// Something that belongs to no ledger of this size: its path, and what is wrong with it.
    Stray(String, &'static str),
}

/// The checkpoints of a source, in ascending order of size.
pub type Checkpoints<'a> = Box<dyn Iterator<Item = Result<Kept, SourceError>> + Send + 'a>;

/// Where a ledger's bytes come from. Every method may be called from several threads at once.
pub trait Source: Sync {
    /// What a reader of the report should call it: a path or an address.
    fn name(&self) -> String;

    /// The checkpoint served as the latest one; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn checkpoint(&self) -> Result<Option<Bytes>, SourceError>;

    /// Every checkpoint that is kept, by ascending size. Two of one size are allowed: a ledger may keep what it
    /// published first and what witnesses added.
    fn checkpoints(&self) -> Checkpoints<'_>;

    /// Entries from `from` on: 1 to `limit` of them, or none where the log ends.
    ///
    /// # Errors
    /// When what stands at `from` cannot be read. After [`SourceError::Damaged`] the auditor goes on at
    /// [`Source::after_damage`].
    fn entries(&self, from: EntryIndex, limit: usize) -> Result<Vec<Bytes>, SourceError>;

    /// Where entries may be readable again behind a damaged one at `from`, which is always later. Unless a source
    /// knows better: where the next bundle of 256 begins.
    fn after_damage(&self, from: EntryIndex) -> EntryIndex {
        let width = u64::from(TILE_WIDTH);
        EntryIndex((from.0 / width + 1) * width)
    }

    /// A tile or bundle under exactly this path.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn tile(&self, path: &TilePath) -> Result<Tile, SourceError>;

    /// Widths of the partial tiles kept beside this full path; none where the source cannot tell.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn partials(&self, _path: &TilePath) -> Result<Vec<u16>, SourceError> {
        Ok(Vec::new())
    }

    /// Whether addenda are served or withheld.
    fn addenda_policy(&self) -> AddendaPolicy;

    /// One addendum.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn addendum(&self, digest: &Hash) -> Result<Presence, SourceError>;

    /// Tells of every addendum, and of everything that has no place in a ledger of `size` entries. A source that
    /// cannot list itself tells nothing.
    ///
    /// # Errors
    /// When it cannot be listed.
    fn inventory(&self, _size: TreeSize, _tell: &mut dyn FnMut(Item)) -> Result<(), SourceError> {
        Ok(())
    }
}
