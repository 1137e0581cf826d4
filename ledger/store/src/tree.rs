//! The tree over the log, in memory above the tiles.
//!
//! Of 5,000,000 entries these are 40,000 hashes (1.2 MB): every complete subtree of 256 leaves or more.
//! Below that, the 256 leaf hashes of a tile are read from a copy and hashed together when needed.

use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_core::merkle::{Frontier, HashReader, TreeError, root_of_leaves, tree_root};

use crate::error::StoreError;

/// Leaves under one full tile of level 0.
pub(crate) const TILE_LEAVES: u64 = 256;
const TILE_LEVEL: u8 = 8;

/// Where the leaf hashes of a tile come from: all that there are of it, up to [`TILE_LEAVES`].
pub(crate) type LeavesOfTile<'a> = &'a dyn Fn(u64) -> Result<Vec<Hash>, StoreError>;

/// The tree's right edge, and its complete subtrees from a tile upwards.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    frontier: Frontier,
    /// `upper[i][n]` is the hash at (8 + i, n).
    upper: Vec<Vec<Hash>>,
    last_leaf: Hash,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self { frontier: Frontier::new(), upper: Vec::new(), last_leaf: Hash::ZERO }
    }

    /// The tree over whole tiles with these roots. `last_leaf` is the last leaf hash of the last tile.
    pub(crate) fn from_tile_roots(roots: Vec<Hash>, last_leaf: Hash) -> Self {
        let size = TreeSize(roots.len() as u64 * TILE_LEAVES);
        let mut upper = vec![roots];
        while upper.last().is_some_and(|level| level.len() > 1) {
            let below = upper.last().expect("the loop's condition");
            upper.push(below.chunks_exact(2).map(|pair| Hash::node(&pair[0], &pair[1])).collect());
        }
        let mut tree = Self { frontier: Frontier::new(), upper, last_leaf };
        let no_leaves = |_| unreachable!("whole tiles have no subtree below a tile on their edge");
        tree.frontier = Frontier::read(size, &Reading { tree: &tree, leaves: &no_leaves })
            .expect("every complete subtree of whole tiles was just computed");
        tree
    }

    /// Appends a leaf hash.
    pub(crate) fn push(&mut self, leaf: Hash) {
        let upper = &mut self.upper;
        self.frontier.push_each(leaf, |(level, _), hash| {
            let Some(i) = level.checked_sub(TILE_LEVEL).map(usize::from) else { return };
            if upper.len() <= i {
                upper.push(Vec::new());
            }
            upper[i].push(hash);
        });
        self.last_leaf = leaf;
    }

    pub(crate) fn size(&self) -> TreeSize {
        self.frontier.size()
    }

    pub(crate) fn root(&self) -> Hash {
        self.frontier.root()
    }

    pub(crate) fn last_leaf(&self) -> Hash {
        self.last_leaf
    }

    /// Root of a full tile; `None` while it is not full.
    pub(crate) fn tile_root(&self, tile: u64) -> Option<Hash> {
        self.upper.first()?.get(usize::try_from(tile).ok()?).copied()
    }

    /// Root of the tree's first `size` entries.
    pub(crate) fn root_at(&self, size: TreeSize, leaves: LeavesOfTile<'_>) -> Result<Hash, StoreError> {
        tree_root(size, &Reading { tree: self, leaves }).map_err(|error| match error {
            TreeError::Read(error) => error,
            _ => StoreError::NoSuchHash { level: 0, n: size.0, size: self.size() },
        })
    }

    /// The hashes of complete subtrees, (level, n).
    pub(crate) fn hashes(
        &self,
        coords: &[(u8, u64)],
        leaves: LeavesOfTile<'_>,
    ) -> Result<Vec<Hash>, StoreError> {
        // A proof asks for up to eight hashes of one tile, one after the other.
        let mut last: Option<(u64, Vec<Hash>)> = None;
        coords.iter().map(|&coord| self.hash(coord, &mut last, leaves)).collect()
    }

    fn hash(
        &self,
        (level, n): (u8, u64),
        last: &mut Option<(u64, Vec<Hash>)>,
        leaves: LeavesOfTile<'_>,
    ) -> Result<Hash, StoreError> {
        let missing = || StoreError::NoSuchHash { level, n, size: self.size() };
        if let Some(i) = level.checked_sub(TILE_LEVEL).map(usize::from) {
            let n = usize::try_from(n).map_err(|_| missing())?;
            return self.upper.get(i).and_then(|hashes| hashes.get(n)).copied().ok_or_else(missing);
        }
        let end = n.checked_add(1).and_then(|n| n.checked_mul(1 << level)).ok_or_else(missing)?;
        if end > self.size().0 {
            return Err(missing());
        }
        let (tile, first) = ((n << level) / TILE_LEAVES, (n << level) % TILE_LEAVES);
        let first = usize::try_from(first).expect("below 256");
        if last.as_ref().is_none_or(|(read, _)| *read != tile) {
            *last = Some((tile, leaves(tile)?));
        }
        let (_, range) = last.as_ref().expect("it was just read");
        range.get(first..first + (1 << level)).map(root_of_leaves).ok_or_else(missing)
    }
}

struct Reading<'a> {
    tree: &'a Tree,
    leaves: LeavesOfTile<'a>,
}

impl HashReader for Reading<'_> {
    type Error = StoreError;

    fn read_hashes(&self, coords: &[(u8, u64)]) -> Result<Vec<Hash>, StoreError> {
        self.tree.hashes(coords, self.leaves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_from_tile_roots_is_the_tree_that_was_grown() {
        let leaves: Vec<Hash> = (0..1_500u64).map(|n| Hash::leaf(&n.to_be_bytes())).collect();
        let mut grown = Tree::new();
        for leaf in &leaves[..1_280] {
            grown.push(*leaf);
        }
        let mut loaded = Tree::from_tile_roots(grown.upper[0].clone(), leaves[1_279]);
        let of_tile = |tile: u64| Ok(leaves.chunks(256).nth(tile as usize).unwrap_or_default().to_vec());
        for leaf in &leaves[1_280..] {
            grown.push(*leaf);
            loaded.push(*leaf);
        }
        assert_eq!((grown.size(), grown.root()), (loaded.size(), loaded.root()));
        for size in [0, 1, 255, 256, 257, 1_000, 1_500] {
            let expected = root_of_leaves(&leaves[..size]);
            assert_eq!(loaded.root_at(TreeSize(size as u64), &of_tile).unwrap(), expected, "{size}");
        }
        assert!(loaded.hashes(&[(11, 0)], &of_tile).is_err());
        assert!(loaded.hashes(&[(0, 1_500)], &of_tile).is_err());
    }
}
