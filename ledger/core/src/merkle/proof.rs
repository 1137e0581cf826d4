//! Inclusion and consistency proofs: RFC 6962 §2.1.1 and §2.1.2 make them, RFC 9162 §2.1.3.2 and §2.1.4.2
//! say how to check them in one pass over the bits.

use super::{HashReader, TreeError, empty_root, read_ranges, split_point};
use crate::hash::Hash;
use crate::ids::{EntryIndex, TreeSize};

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The entry is not in a tree of this size.
    #[error("entry {index} is not in a tree of {size} entries")]
    Index {
        /// 0-based index.
        index: EntryIndex,
        /// Size of the tree.
        size: TreeSize,
    },
    /// The older tree is larger than the newer one.
    #[error("a tree of {old} entries cannot come before one of {new}")]
    Order {
        /// Size said to be older.
        old: TreeSize,
        /// Size said to be newer.
        new: TreeSize,
    },
    /// More or fewer hashes than this position in this tree needs.
    #[error("the proof has the wrong number of hashes ({0})")]
    Length(usize),
    /// The hashes lead to another root.
    #[error("the proof leads to root {computed}, not to {claimed}")]
    Root {
        /// What the proof leads to.
        computed: Hash,
        /// What it should lead to.
        claimed: Hash,
    },
}

/// Proof that entry `index` is in the tree of `size` entries: the leaf's sibling first, the root's child
/// last. One read of at most 2·log₂(size) hashes.
///
/// # Errors
/// When the entry is not in the tree, or the reader fails.
pub fn inclusion_proof<R: HashReader>(
    index: EntryIndex,
    size: TreeSize,
    reader: &R,
) -> Result<Vec<Hash>, TreeError<R::Error>> {
    if index.0 >= size.0 {
        return Err(TreeError::Index { index: index.0, size: size.0 });
    }
    let mut siblings = Vec::new();
    let (mut start, mut end) = (0, size.0);
    while end - start > 1 {
        let middle = start + split_point(end - start);
        if index.0 < middle {
            siblings.push((middle, end));
            end = middle;
        } else {
            siblings.push((start, middle));
            start = middle;
        }
    }
    siblings.reverse();
    read_ranges(&siblings, reader)
}

/// Proof that the tree of `new` entries begins with the tree of `old` entries. Empty when `old` is 0 or
/// equal to `new`. One read of at most 2·log₂(new) hashes.
///
/// # Errors
/// When `old` is larger than `new`, or the reader fails.
pub fn consistency_proof<R: HashReader>(
    old: TreeSize,
    new: TreeSize,
    reader: &R,
) -> Result<Vec<Hash>, TreeError<R::Error>> {
    if old.0 > new.0 {
        return Err(TreeError::Order { old: old.0, new: new.0 });
    }
    if old.0 == 0 || old == new {
        return Ok(Vec::new());
    }
    let mut ranges = Vec::new();
    let (mut start, mut end) = (0, new.0);
    while end != old.0 {
        let middle = start + split_point(end - start);
        if old.0 <= middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((start, middle));
            start = middle;
        }
    }
    // What is left is a subtree of both trees. The verifier has its hash already when it is the whole old
    // tree; otherwise it is the proof's first hash.
    if start != 0 {
        ranges.push((start, end));
    }
    ranges.reverse();
    read_ranges(&ranges, reader)
}

/// Checks that the entry with this leaf hash stands at `index` in the tree of `size` entries with `root`.
///
/// # Errors
/// When it is not proved.
pub fn verify_inclusion(
    leaf: &Hash,
    index: EntryIndex,
    size: TreeSize,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index.0 >= size.0 {
        return Err(ProofError::Index { index, size });
    }
    let mut climb = Climb { node: index.0, last: size.0 - 1 };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match climb.step().ok_or(ProofError::Length(proof.len()))? {
            Side::Left => Hash::node(sibling, &hash),
            Side::Right => Hash::node(&hash, sibling),
        };
    }
    climb.at_root(proof)?;
    same_root(hash, root)
}

/// Checks that the tree of `new` entries with `new_root` begins with the tree of `old` entries with
/// `old_root`.
///
/// # Errors
/// When it is not proved.
pub fn verify_consistency(
    old: TreeSize,
    old_root: &Hash,
    new: TreeSize,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old.0 > new.0 {
        return Err(ProofError::Order { old, new });
    }
    if old.0 == 0 || old == new {
        return verify_trivial(old, old_root, new, new_root, proof);
    }
    // The common subtree is the whole old tree when that one is complete; otherwise the proof opens with it.
    let (first, rest) = if old.0.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(ProofError::Length(0))?
    };
    let shared_levels = (old.0 - 1).trailing_ones();
    let mut climb = Climb { node: (old.0 - 1) >> shared_levels, last: (new.0 - 1) >> shared_levels };
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        match climb.step().ok_or(ProofError::Length(proof.len()))? {
            Side::Left => {
                old_hash = Hash::node(sibling, &old_hash);
                new_hash = Hash::node(sibling, &new_hash);
            }
            Side::Right => new_hash = Hash::node(&new_hash, sibling),
        }
    }
    climb.at_root(proof)?;
    same_root(old_hash, old_root)?;
    same_root(new_hash, new_root)
}

/// From the empty tree everything follows, and a tree follows from itself; neither needs a hash.
fn verify_trivial(
    old: TreeSize,
    old_root: &Hash,
    new: TreeSize,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::Length(proof.len()));
    }
    if old.0 == 0 {
        same_root(empty_root(), old_root)?;
    }
    if old == new { same_root(*old_root, new_root) } else { Ok(()) }
}

fn same_root(computed: Hash, claimed: &Hash) -> Result<(), ProofError> {
    if computed == *claimed { Ok(()) } else { Err(ProofError::Root { computed, claimed: *claimed }) }
}

/// Which side of the path a proof's hash stands on.
enum Side {
    Left,
    Right,
}

/// A climb from a node to the root: its position and the last position, both on the present level.
struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    /// Goes up past the next sibling, and says on which side that stood; `None` at the root.
    fn step(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let side = if self.node & 1 == 1 {
            Side::Left
        } else if self.node == self.last {
            // The last node of a level without a right sibling rises unchanged until it has a left one.
            let levels = self.node.trailing_zeros();
            self.node >>= levels;
            self.last >>= levels;
            Side::Left
        } else {
            Side::Right
        };
        self.node >>= 1;
        self.last >>= 1;
        Some(side)
    }

    fn at_root(&self, proof: &[Hash]) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::Length(proof.len())) }
    }
}
