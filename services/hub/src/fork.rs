//! Two notes of one log that cannot both be true, and how anybody can see that.
//!
//! A log promises with each checkpoint that every later one only adds to it. Two notes of one size with different
//! roots break that by themselves. Of two sizes, the larger tree begins with *one* tree of the smaller size, whose root
//! a consistency proof (RFC 6962 §2.1.2) shows; when that is not the root in the smaller note, no tree fits both.

use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_core::merkle::{self, HashReader, TreeError};

use crate::note::Note;

/// Two notes that contradict each other. Made only by [`Fork::of`], which checks that they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The smaller one.
    pub smaller: Note,
    /// The larger one, or the other of the same size.
    pub larger: Note,
    /// The root that the larger tree has at the smaller size.
    pub begins_with: Hash,
    /// The proof of that; empty when the sizes are the same.
    pub proof: Vec<Hash>,
}

impl Fork {
    /// Two notes, and how the larger one's tree begins. `None` when they can both be true, or the proof does not hold.
    #[must_use]
    pub fn of(smaller: Note, larger: Note, begins_with: Hash, proof: Vec<Hash>) -> Option<Self> {
        let begins =
            merkle::verify_consistency(smaller.size, &begins_with, larger.size, &larger.root, &proof);
        let contradict = begins.is_ok() && begins_with != smaller.root;
        contradict.then_some(Self { smaller, larger, begins_with, proof })
    }

    /// The same, with the larger tree at hand.
    ///
    /// # Errors
    /// When the tree cannot be read.
    pub fn in_tree<R: HashReader>(
        smaller: Note,
        larger: Note,
        tree: &R,
    ) -> Result<Option<Self>, TreeError<R::Error>> {
        let begins_with = merkle::tree_root(smaller.size, tree)?;
        let proof = merkle::consistency_proof(smaller.size, larger.size, tree)?;
        Ok(Self::of(smaller, larger, begins_with, proof))
    }

    /// In one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let (smaller, larger) = (&self.smaller, &self.larger);
        if smaller.size == larger.size {
            return format!(
                "the log signed two roots for {} entries: {} and {}",
                smaller.size, smaller.root, larger.root
            );
        }
        format!(
            "the log signed the root {} for {} entries, and {} entries that begin otherwise",
            smaller.root, smaller.size, larger.size
        )
    }
}

/// Somebody else's tree: it begins as the tree here, up to `from`, and goes on with these leaf hashes.
#[derive(Debug)]
pub(crate) struct Theirs<'a, R> {
    pub(crate) here: &'a R,
    pub(crate) from: TreeSize,
    pub(crate) leaves: &'a [Hash],
}

impl<R: HashReader> Theirs<'_, R> {
    fn hash(&self, level: u8, n: u64) -> Result<Hash, R::Error> {
        let end = (n + 1).checked_shl(level.into()).unwrap_or(u64::MAX);
        if end <= self.from.0 {
            return Ok(self.here.read_hashes(&[(level, n)])?[0]);
        }
        match level.checked_sub(1) {
            None => Ok(self.leaves[(n - self.from.0) as usize]),
            Some(below) => Ok(Hash::node(&self.hash(below, 2 * n)?, &self.hash(below, 2 * n + 1)?)),
        }
    }
}

impl<R: HashReader> HashReader for Theirs<'_, R> {
    type Error = R::Error;

    fn read_hashes(&self, coords: &[(u8, u64)]) -> Result<Vec<Hash>, R::Error> {
        coords.iter().map(|(level, n)| self.hash(*level, *n)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use bytes::Bytes;
    use ledger_core::checkpoint::LogSigner;

    use super::*;

    struct Leaves(Vec<Hash>);

    impl HashReader for Leaves {
        type Error = Infallible;

        fn read_hashes(&self, coords: &[(u8, u64)]) -> Result<Vec<Hash>, Infallible> {
            let root = |level: u8, n: u64| {
                merkle::root_of_leaves(&self.0[(n << level) as usize..((n + 1) << level) as usize])
            };
            Ok(coords.iter().map(|(level, n)| root(*level, *n)).collect())
        }
    }

    fn leaves(n: u64, other_from: u64) -> Vec<Hash> {
        (0..n)
            .map(|i| Hash::leaf(format!("{i}{}", if i >= other_from { "'" } else { "" }).as_bytes()))
            .collect()
    }

    fn note(leaves: &[Hash]) -> Note {
        let signer = LogSigner::new("ledger.example/x".parse().unwrap(), &[1; 32], &[2; 32]).unwrap();
        let signed = signer.sign(TreeSize(leaves.len() as u64), merkle::root_of_leaves(leaves)).unwrap();
        Note::open(Bytes::from(signed.to_bytes()), &signer.verifier().vkeys()).unwrap()
    }

    #[test]
    fn notes_contradict_exactly_when_their_trees_do() {
        for (a, b) in [(1, 1), (5, 5), (1, 7), (4, 9), (7, 20), (16, 33)] {
            for part in 0..=b {
                let (first, second) = (leaves(a, b), leaves(b, part));
                let found = Fork::in_tree(note(&first), note(&second), &Leaves(second)).unwrap();
                assert_eq!(found.is_some(), part < a, "{a} entries, and {b} that differ from {part} on");
            }
        }
    }

    #[test]
    fn a_proof_that_does_not_hold_makes_no_fork() {
        let (first, second) = (leaves(5, 9), leaves(9, 3));
        let fork = Fork::in_tree(note(&first), note(&second), &Leaves(second)).unwrap().unwrap();
        let Fork { smaller, larger, begins_with, proof } = fork;
        assert_eq!(Fork::of(smaller.clone(), larger.clone(), smaller.root, proof.clone()), None);
        assert_eq!(Fork::of(smaller.clone(), larger.clone(), begins_with, proof[1..].to_vec()), None);
        assert!(Fork::of(smaller, larger, begins_with, proof).is_some());
    }

    #[test]
    fn a_tree_that_goes_on_otherwise_is_that_tree() {
        for (held, from, end) in [(10, 3, 12), (8, 8, 9), (33, 0, 5), (20, 16, 40)] {
            let (here, theirs) = (leaves(held, 99), leaves(end, from));
            let tree = Theirs { here: &Leaves(here), from: TreeSize(from), leaves: &theirs[from as usize..] };
            let root = merkle::tree_root(TreeSize(end), &tree).unwrap();
            assert_eq!(root, merkle::root_of_leaves(&theirs), "{held} {from} {end}");
        }
    }
}
