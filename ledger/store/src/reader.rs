//! Reading a ledger folder without opening it: no lock, no index, no write.
//!
//! Works on a copy, on read-only media, and beside a running recorder. A batch that is being written is not
//! seen before it is whole. It may be seen a moment before it is durable: what must be durable is below a
//! checkpoint, so judge by that.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::HashReader;

use crate::addenda::Addenda;
use crate::checkpoints::Checkpoints;
use crate::error::StoreError;
use crate::journal::Journal;
use crate::mirror_mark::is_mirror;
use crate::open::note_checkpoint;
use crate::refusals::Refusals;
use crate::segment_file::SegmentFile;
use crate::tree::{TILE_LEAVES, Tree};
use crate::{segments, snapshot};

/// A ledger folder as it was when it was opened for reading.
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    files: Vec<Arc<SegmentFile>>,
    size: TreeSize,
    checkpoint_journal: Option<Journal>,
    checkpoints: Checkpoints<u64>,
    tree: OnceLock<Tree>,
}

impl Reader {
    /// Looks at a ledger folder: its checkpoints in full, of its segments only how far they go.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let mut checkpoints = Checkpoints::new();
        // The checkpoints first: what they cover is then in the segments, which are listed afterwards.
        let note = |record: &_| note_checkpoint(&mut checkpoints, record);
        let checkpoint_journal = Journal::open_to_read(&dir.join("checkpoints.jnl"), 0, note)?;
        let files = segments::list(&dir.join("segments"))?;
        let size = match files.last() {
            Some(last) => TreeSize(last.walk_checking_frames()?.next),
            None => TreeSize(0),
        };
        let tree = OnceLock::new();
        Ok(Self { dir: dir.to_owned(), files, size, checkpoint_journal, checkpoints, tree })
    }

    /// How many entries can be read.
    #[must_use]
    pub fn size(&self) -> TreeSize {
        self.size
    }

    /// An entry, checked against its leaf hash; `None` beyond the size.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it does not match.
    pub fn entry(&self, index: EntryIndex) -> Result<Option<Bytes>, StoreError> {
        if index.0 >= self.size.0 {
            return Ok(None);
        }
        let found = match self.file_of(index.0) {
            Some(file) => file.read(index.0)?,
            None => None,
        };
        let good = found.filter(|(leaf, bytes)| Hash::leaf(bytes) == *leaf);
        good.map(|(_, bytes)| Some(bytes)).ok_or_else(|| damaged(index.0))
    }

    /// Every entry from `from` on with its leaf hash, a frame read at a time. An entry that is damaged is an
    /// error in its place, and those behind it follow as far as they can be found.
    pub fn entries(&self, from: EntryIndex) -> Entries<'_> {
        Entries { reader: self, next: from.0, frame: Vec::new().into_iter() }
    }

    /// The note served for exactly this size.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn checkpoint(&self, size: TreeSize) -> Result<Option<Bytes>, StoreError> {
        self.checkpoints.served(size).map(|&number| self.note(number)).transpose()
    }

    /// The largest checkpoint.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn latest_checkpoint(&self) -> Result<Option<(TreeSize, Bytes)>, StoreError> {
        self.checkpoints.latest().map(|(size, &number)| Ok((size, self.note(number)?))).transpose()
    }

    /// The smallest checkpoint that covers an entry.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn first_checkpoint_covering(
        &self,
        index: EntryIndex,
    ) -> Result<Option<(TreeSize, Bytes)>, StoreError> {
        self.checkpoints.covering(index).map(|(size, &number)| Ok((size, self.note(number)?))).transpose()
    }

    /// Sizes of the checkpoints of at least `from` entries, in order.
    #[must_use]
    pub fn checkpoint_sizes(&self, from: TreeSize, limit: usize) -> Vec<TreeSize> {
        self.checkpoints.sizes(from, limit)
    }

    /// The refusals as they are now. They are read in full, so they are opened only for whoever asks.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn kept_refusals(&self) -> Result<Refusals, StoreError> {
        Refusals::open_to_read(&self.dir)
    }

    /// Refusals in order, from number `from` on.
    ///
    /// # Errors
    /// When one of them is damaged.
    pub fn refusals(&self, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError> {
        let kept = self.kept_refusals()?;
        let numbers = (from.max(kept.first())..kept.next()).take(limit);
        numbers.filter_map(|number| kept.get(number).transpose()).collect()
    }

    /// An addendum, checked against its digest; `None` when it was erased or never here.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it does not match.
    pub fn addendum(&self, digest: &Hash) -> Result<Option<Bytes>, StoreError> {
        Addenda::new(&self.dir).get(digest)
    }

    /// Whether this is a copy of somebody else's ledger, so that sealed content is withheld and not missing.
    #[must_use]
    pub fn is_mirror(&self) -> bool {
        is_mirror(&self.dir)
    }

    /// The derived state saved last; `None` when there is none, or it is damaged.
    #[must_use]
    pub fn snapshot(&self) -> Option<(TreeSize, Bytes)> {
        snapshot::load(&self.dir.join("snapshot")).ok().flatten()
    }

    fn note(&self, number: u64) -> Result<Bytes, StoreError> {
        let journal = self.checkpoint_journal.as_ref().expect("a checkpoint is known from the journal");
        let record = journal.read(number)?.expect("the record was there when the journal was read");
        Ok(record.payload)
    }

    fn file_of(&self, index: u64) -> Option<&Arc<SegmentFile>> {
        let after = self.files.partition_point(|file| file.first() <= index);
        self.files.get(after.checked_sub(1)?)
    }

    /// The tree, made of all leaf hashes when the first proof is asked for.
    fn tree(&self) -> Result<&Tree, StoreError> {
        if let Some(tree) = self.tree.get() {
            return Ok(tree);
        }
        let mut tree = Tree::new();
        while tree.size() < self.size {
            let from = tree.size().0;
            self.leaves(from / TILE_LEAVES)?.into_iter().for_each(|leaf| tree.push(leaf));
            if tree.size().0 == from {
                return Err(damaged(from));
            }
        }
        Ok(self.tree.get_or_init(|| tree))
    }

    /// Leaf hashes of a tile, as many as there are of it.
    fn leaves(&self, tile: u64) -> Result<Vec<Hash>, StoreError> {
        let from = tile * TILE_LEAVES;
        let until = (from + TILE_LEAVES).min(self.size.0);
        let mut leaves = Vec::new();
        while from + (leaves.len() as u64) < until {
            let index = from + leaves.len() as u64;
            let file = self.file_of(index).ok_or_else(|| damaged(index))?;
            let found = file.leaves(index, until)?;
            if found.is_empty() {
                return Err(damaged(index));
            }
            leaves.extend(found);
        }
        Ok(leaves)
    }
}

impl HashReader for Reader {
    type Error = StoreError;

    fn read_hashes(&self, coords: &[(u8, u64)]) -> Result<Vec<Hash>, StoreError> {
        self.tree()?.hashes(coords, &|tile| self.leaves(tile))
    }
}

/// Entries in order: index, leaf hash, bytes.
#[derive(Debug)]
pub struct Entries<'a> {
    reader: &'a Reader,
    next: u64,
    frame: std::vec::IntoIter<(Hash, Option<Bytes>)>,
}

impl Iterator for Entries<'_> {
    type Item = Result<(EntryIndex, Hash, Bytes), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.next;
        if index >= self.reader.size.0 {
            return None;
        }
        if self.frame.len() == 0 {
            match self.load() {
                Ok(frame) => self.frame = frame,
                Err(error) => {
                    self.next += 1;
                    return Some(Err(error));
                }
            }
        }
        self.next += 1;
        let (leaf, bytes) = self.frame.next()?;
        Some(bytes.map(|bytes| (EntryIndex(index), leaf, bytes)).ok_or_else(|| damaged(index)))
    }
}

impl Entries<'_> {
    fn load(&self) -> Result<std::vec::IntoIter<(Hash, Option<Bytes>)>, StoreError> {
        let lost = || damaged(self.next);
        let file = self.reader.file_of(self.next).ok_or_else(lost)?;
        let (at, header) = file.locate(self.next)?.ok_or_else(lost)?;
        let (header, found) = file.frame_at(at, header.first)?.ok_or_else(lost)?;
        let mut frame = found.entries.into_iter();
        (header.first..self.next).for_each(|_| drop(frame.next()));
        Ok(frame)
    }
}

fn damaged(index: u64) -> StoreError {
    StoreError::Damaged { what: format!("entry {index} in the segments") }
}
