//! The tree's growing right edge, and a whole tree in memory.

use std::convert::Infallible;

use super::{Coord, HashReader, TreeError, complete_subtrees, empty_root, join};
use crate::hash::Hash;
use crate::ids::TreeSize;

/// The right edge of a tree: one hash for each bit of its size, which is all that appending needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, largest and leftmost first.
    edge: Vec<Hash>,
}

impl Frontier {
    /// The edge of the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a saved edge; `None` when the number of hashes is not the number of bits set in `size`.
    ///
    /// Nothing can tell from the hashes whether they are the right ones: compare [`Frontier::root`] with a
    /// signed checkpoint.
    #[must_use]
    pub fn from_parts(size: TreeSize, edge: Vec<Hash>) -> Option<Self> {
        (edge.len() == size.0.count_ones() as usize).then_some(Self { size: size.0, edge })
    }

    /// Reads the edge of the tree's first `size` entries.
    ///
    /// # Errors
    /// When the reader fails.
    pub fn read<R: HashReader>(size: TreeSize, reader: &R) -> Result<Self, TreeError<R::Error>> {
        let coords: Vec<Coord> = complete_subtrees(0, size.0).collect();
        let edge = reader.read_hashes(&coords).map_err(TreeError::Read)?;
        let got = edge.len();
        Self::from_parts(size, edge).ok_or(TreeError::Count { asked: coords.len(), got })
    }

    /// The size and the edge's hashes, largest subtree first: what [`Frontier::from_parts`] takes.
    #[must_use]
    pub fn parts(&self) -> (TreeSize, &[Hash]) {
        (TreeSize(self.size), &self.edge)
    }

    /// Appends one leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        self.push_each(leaf, |_, _| ());
    }

    /// Appends one leaf hash, and tells of every complete subtree that it finishes, the leaf first.
    ///
    /// Those are exactly the hashes that a store has to keep: each is told once and never changes.
    pub fn push_each(&mut self, leaf: Hash, mut finished: impl FnMut(Coord, Hash)) {
        let (mut level, mut n, mut hash) = (0, self.size, leaf);
        finished((level, n), hash);
        // Each set bit at the low end is a subtree that the new one completes to the next level.
        while n & 1 == 1 {
            let left = self.edge.pop().expect("the edge has one hash for each set bit of the size");
            hash = Hash::node(&left, &hash);
            level += 1;
            n >>= 1;
            finished((level, n), hash);
        }
        self.edge.push(hash);
        self.size += 1;
    }

    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> TreeSize {
        TreeSize(self.size)
    }

    /// Root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        join(&self.edge).unwrap_or_else(empty_root)
    }
}

/// A whole tree in memory, two hashes for each leaf: for small ledgers, mirrors and tests.
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    frontier: Frontier,
    /// `levels[l][n]` is the hash at coordinate (l, n).
    levels: Vec<Vec<Hash>>,
}

impl MemoryTree {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        let levels = &mut self.levels;
        self.frontier.push_each(leaf, |(level, _), hash| {
            if levels.len() <= usize::from(level) {
                levels.push(Vec::new());
            }
            levels[usize::from(level)].push(hash);
        });
    }

    /// The right edge: size and root.
    #[must_use]
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The hash of one complete subtree, or `None` where the tree has none.
    #[must_use]
    pub fn get(&self, (level, n): Coord) -> Option<Hash> {
        self.levels.get(usize::from(level))?.get(usize::try_from(n).ok()?).copied()
    }
}

impl FromIterator<Hash> for MemoryTree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = Self::new();
        for leaf in leaves {
            tree.push(leaf);
        }
        tree
    }
}

/// Answers with fewer hashes than asked for when a coordinate lies outside the tree; the callers in this
/// module report that as [`TreeError::Count`].
impl HashReader for MemoryTree {
    type Error = Infallible;

    fn read_hashes(&self, coords: &[Coord]) -> Result<Vec<Hash>, Infallible> {
        Ok(coords.iter().filter_map(|&coord| self.get(coord)).collect())
    }
}
