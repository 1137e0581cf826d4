//! The Merkle tree of RFC 6962 §2.1, over SHA-256.
//!
//! ```text
//!              root(5)                 leaf = SHA-256(00 ‖ entry)
//!             /       \                node = SHA-256(01 ‖ left ‖ right)
//!         (2,0)       leaf 4           a range of n splits at the largest power of two below n
//!        /     \
//!    (1,0)     (1,1)                   (level, n) names the complete subtree over
//!    /   \     /   \                   leaves n·2^level .. (n+1)·2^level
//!   l0   l1   l2   l3
//! ```
//!
//! In scope: roots, the growing right edge ([`Frontier`]), proofs and their verification. Out of scope:
//! where hashes are kept ([`HashReader`] is the only way in; [`crate::tile`] reads them from tiles), and
//! what the leaves mean.
//!
//! Proofs are *made* from hashes that nobody has checked: whoever supplies false ones gets a proof that
//! fails, never one that wrongly holds. Only [`verify_inclusion`] and [`verify_consistency`] decide.

mod frontier;
mod proof;

pub use frontier::{Frontier, MemoryTree};
pub use proof::{ProofError, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};

use crate::hash::Hash;
use crate::ids::TreeSize;

/// Names the complete subtree over leaves `n·2^level .. (n+1)·2^level`, as (level, n).
pub type Coord = (u8, u64);

/// Where the hashes of complete subtrees come from.
pub trait HashReader {
    /// What can go wrong in reading.
    type Error;

    /// Reads the hashes at `coords`, in the same order. Every proof and root asks once for all it needs.
    ///
    /// # Errors
    /// Whatever the storage behind it reports, and any coordinate outside the tree.
    fn read_hashes(&self, coords: &[Coord]) -> Result<Vec<Hash>, Self::Error>;
}

/// Why a root or a proof could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError<E> {
    /// The storage failed.
    #[error("reading tree hashes: {0}")]
    Read(E),
    /// The storage answered with another number of hashes than it was asked for.
    #[error("asked for {asked} tree hashes, got {got}")]
    Count {
        /// Hashes asked for.
        asked: usize,
        /// Hashes received.
        got: usize,
    },
    /// The entry is not in a tree of this size.
    #[error("entry {index} is not in a tree of {size} entries")]
    Index {
        /// 0-based index asked for.
        index: u64,
        /// Size of the tree.
        size: u64,
    },
    /// The older tree is larger than the newer one.
    #[error("a tree of {old} entries cannot come before one of {new}")]
    Order {
        /// Size said to be older.
        old: u64,
        /// Size said to be newer.
        new: u64,
    },
}

/// Root of the tree without entries: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Hash::of(b"")
}

/// Root of the tree over these leaf hashes.
#[must_use]
pub fn root_of_leaves(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.push(*leaf);
    }
    frontier.root()
}

/// Root of the tree's first `size` entries, from one read of at most 64 hashes.
///
/// # Errors
/// When the reader fails.
pub fn tree_root<R: HashReader>(size: TreeSize, reader: &R) -> Result<Hash, TreeError<R::Error>> {
    if size.0 == 0 {
        return Ok(empty_root());
    }
    Ok(read_ranges(&[(0, size.0)], reader)?[0])
}

/// Hash of each `[start, end)` range, all read at once. Ranges are those that RFC 6962 splits a tree into:
/// not empty, and `start` a multiple of the power of two that the range fits in.
fn read_ranges<R: HashReader>(ranges: &[(u64, u64)], reader: &R) -> Result<Vec<Hash>, TreeError<R::Error>> {
    let coords: Vec<Coord> = ranges.iter().flat_map(|&(start, end)| complete_subtrees(start, end)).collect();
    if coords.is_empty() {
        return Ok(Vec::new());
    }
    let hashes = reader.read_hashes(&coords).map_err(TreeError::Read)?;
    if hashes.len() != coords.len() {
        return Err(TreeError::Count { asked: coords.len(), got: hashes.len() });
    }
    let mut rest = hashes.as_slice();
    let mut roots = Vec::with_capacity(ranges.len());
    for &(start, end) in ranges {
        let (parts, after) = rest.split_at((end - start).count_ones() as usize);
        roots.push(join(parts).expect("a range is not empty, so it has a complete subtree"));
        rest = after;
    }
    Ok(roots)
}

/// The complete subtrees that make up `[start, end)`, largest first: one for each bit of its length.
fn complete_subtrees(start: u64, end: u64) -> impl Iterator<Item = Coord> {
    let mut at = start;
    std::iter::from_fn(move || {
        let level = (end - at).checked_ilog2()?;
        let coord = (u8::try_from(level).expect("a 64-bit number has at most 64 bits"), at >> level);
        at += 1 << level;
        Some(coord)
    })
}

/// Joins complete subtrees, largest first, into the hash of the range they cover.
fn join(parts: &[Hash]) -> Option<Hash> {
    let (last, before) = parts.split_last()?;
    Some(before.iter().rev().fold(*last, |right, left| Hash::node(left, &right)))
}

/// The largest power of two smaller than `n`, which is at least 2: where RFC 6962 splits.
fn split_point(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}
