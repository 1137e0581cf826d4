//! Hashes out of tiles.

use std::collections::{BTreeMap, btree_map};
use std::ops::Range;

use bytes::Bytes;

use super::{HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, TilePath};
use crate::hash::Hash;
use crate::ids::TreeSize;
use crate::merkle::{Coord, HashReader};

/// Why hashes could not be read from tiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError<E> {
    /// Fetching failed.
    #[error("fetching {path}: {error}")]
    Fetch {
        /// Which tile.
        path: TilePath,
        /// What the source said.
        error: E,
    },
    /// The tile is not there.
    #[error("{0} is missing")]
    Missing(TilePath),
    /// The tile has another length than its path says.
    #[error("{path} has {got} bytes")]
    Length {
        /// Which tile.
        path: TilePath,
        /// Bytes in it.
        got: usize,
    },
    /// The subtree asked for is not in a tree of this size.
    #[error("a tree of {size} entries has no complete subtree {n} on level {level}")]
    NotInTree {
        /// Level asked for.
        level: u8,
        /// Position asked for.
        n: u64,
        /// The tree's size.
        size: TreeSize,
    },
}

/// Reads the hashes of a tree of a given size out of its tiles.
///
/// The tiles are not trusted: an attacker who can modify them can make a proof or a root come out wrong,
/// which the check against a signed checkpoint then finds.
#[derive(Debug, Clone)]
pub struct TileReader<F> {
    size: TreeSize,
    tile: F,
}

impl<F, E> TileReader<F>
where
    F: Fn(&TilePath) -> Result<Option<Bytes>, E>,
{
    /// Reads the tree of `size` entries; `tile` returns a tile's bytes, or `None` where there is none.
    pub fn new(size: TreeSize, tile: F) -> Self {
        Self { size, tile }
    }

    /// The tile as this tree size has it. Where a partial tile is gone the full one stands in for it.
    fn fetch(&self, path: TilePath) -> Result<Bytes, TileError<E>> {
        let get = |path: TilePath| (self.tile)(&path).map_err(|error| TileError::Fetch { path, error });
        let found = match get(path)? {
            Some(bytes) => Some((path, bytes)),
            None if path.is_partial() => get(path.full())?.map(|bytes| (path.full(), bytes)),
            None => None,
        };
        let (path_found, bytes) = found.ok_or(TileError::Missing(path))?;
        if bytes.len() != usize::from(path_found.width) * HASH_BYTES {
            return Err(TileError::Length { path: path_found, got: bytes.len() });
        }
        Ok(bytes.slice(..usize::from(path.width) * HASH_BYTES))
    }

    /// Which tile has the subtree at `coord`, and which of its hashes lie under it.
    fn locate(&self, (level, n): Coord) -> Option<(TilePath, Range<usize>)> {
        let count = 1u64 << (level % TILE_HEIGHT);
        let first = n.checked_mul(count)?;
        let mut path = TilePath::hashes(level / TILE_HEIGHT, first / u64::from(TILE_WIDTH), TILE_WIDTH);
        path.width = path.width_in(self.size)?;
        let start = usize::try_from(first % u64::from(TILE_WIDTH)).ok()?;
        let end = start + usize::try_from(count).ok()?;
        (end <= usize::from(path.width)).then_some((path, start..end))
    }
}

impl<F, E> HashReader for TileReader<F>
where
    F: Fn(&TilePath) -> Result<Option<Bytes>, E>,
{
    type Error = TileError<E>;

    /// Fetches each tile once, however many of the coordinates lie in it.
    fn read_hashes(&self, coords: &[Coord]) -> Result<Vec<Hash>, TileError<E>> {
        let mut tiles: BTreeMap<TilePath, Bytes> = BTreeMap::new();
        let mut hashes = Vec::with_capacity(coords.len());
        for &(level, n) in coords {
            let (path, range) =
                self.locate((level, n)).ok_or(TileError::NotInTree { level, n, size: self.size })?;
            let bytes = match tiles.entry(path) {
                btree_map::Entry::Occupied(known) => known.into_mut(),
                btree_map::Entry::Vacant(place) => place.insert(self.fetch(path)?),
            };
            hashes.push(subtree_root(&bytes[range.start * HASH_BYTES..range.end * HASH_BYTES]));
        }
        Ok(hashes)
    }
}

/// Hash over a power of two of hashes, written one after the other.
fn subtree_root(bytes: &[u8]) -> Hash {
    let (hashes, _) = bytes.as_chunks::<HASH_BYTES>();
    let mut row: Vec<Hash> = hashes.iter().map(|h| Hash(*h)).collect();
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| Hash::node(&pair[0], &pair[1])).collect();
    }
    row[0]
}
