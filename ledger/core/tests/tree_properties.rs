//! The tree against the words of RFC 6962 §2.1, and against its own tiles at the sizes where tiles change.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::convert::Infallible;

use bytes::Bytes;
use ledger_core::bundle;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::{
    Coord, Frontier, HashReader, MemoryTree, TreeError, consistency_proof, inclusion_proof, root_of_leaves,
    tree_root, verify_consistency, verify_inclusion,
};
use ledger_core::tile::{TileError, TilePath, TileReader, bundles_for, tile_bytes, tiles_for};
use proptest::prelude::*;

/// Sizes around which a level of tiles fills up or begins.
const EDGES: [u64; 10] = [1, 2, 255, 256, 257, 511, 513, 65_535, 65_536, 65_537];

fn entry(i: u64) -> Vec<u8> {
    format!("entry {i}").into_bytes()
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|i| Hash::leaf(&entry(i))).collect()
}

/// MTH of RFC 6962 §2.1, word for word.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(b""),
        [one] => *one,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            Hash::node(&mth(&leaves[..k]), &mth(&leaves[k..]))
        }
    }
}

/// PATH of RFC 6962 §2.1.1, word for word.
fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (mut proof, other) = if m < k {
        (path(m, &leaves[..k]), mth(&leaves[k..]))
    } else {
        (path(m - k, &leaves[k..]), mth(&leaves[..k]))
    };
    proof.push(other);
    proof
}

/// SUBPROOF of RFC 6962 §2.1.2, word for word.
fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (mut proof, other) = if m <= k {
        (subproof(m, &leaves[..k], whole), mth(&leaves[k..]))
    } else {
        (subproof(m - k, &leaves[k..], false), mth(&leaves[..k]))
    };
    proof.push(other);
    proof
}

fn flip(hash: &mut Hash, bit: usize) {
    hash.0[bit / 8 % 32] ^= 1 << (bit % 8);
}

/// A log on a shelf: its tiles and bundles by path, written as it grew from edge to edge.
struct Shelf {
    files: BTreeMap<String, Bytes>,
    tree: MemoryTree,
}

impl Shelf {
    fn grown_along(edges: &[u64]) -> Self {
        let mut shelf = Self { files: BTreeMap::new(), tree: MemoryTree::new() };
        for &size in edges {
            let old = shelf.tree.frontier().size();
            (old.0..size).for_each(|i| shelf.tree.push(Hash::leaf(&entry(i))));
            for path in tiles_for(old, TreeSize(size)) {
                let tile = tile_bytes(&shelf.tree, &path).expect("the tree has what it needs");
                shelf.files.insert(path.to_string(), tile);
            }
            for path in bundles_for(old, TreeSize(size)) {
                let first = path.n * 256;
                let entries: Vec<_> = (first..first + u64::from(path.width)).map(entry).collect();
                shelf.files.insert(path.to_string(), bundle::encode(&entries).expect("short").into());
            }
        }
        shelf
    }

    fn tile(&self, path: &TilePath) -> Result<Option<Bytes>, Infallible> {
        Ok(self.files.get(&path.to_string()).cloned())
    }
}

#[test]
fn roots_and_proofs_from_tiles_agree_with_the_tree_where_tiles_fill_up() {
    let shelf = Shelf::grown_along(&EDGES);
    let all = leaves(65_537);
    let roots = EDGES.map(|size| mth(&all[..usize::try_from(size).expect("small")]));
    for (&size, root) in EDGES.iter().zip(&roots) {
        let tiles = TileReader::new(TreeSize(size), |path: &TilePath| shelf.tile(path));
        assert_eq!(tree_root(TreeSize(size), &tiles).expect("on the shelf"), *root);
        assert_eq!(Frontier::read(TreeSize(size), &tiles).expect("on the shelf").root(), *root);
        for index in [0, 1, 254, 255, 256, 257, size / 2, size - 1].into_iter().filter(|&i| i < size) {
            let proof = inclusion_proof(EntryIndex(index), TreeSize(size), &tiles).expect("on the shelf");
            let leaf = all[usize::try_from(index).expect("small")];
            verify_inclusion(&leaf, EntryIndex(index), TreeSize(size), &proof, root).expect("included");
        }
        for (&old, old_root) in EDGES.iter().zip(&roots).filter(|(old, _)| **old <= size) {
            let proof = consistency_proof(TreeSize(old), TreeSize(size), &tiles).expect("on the shelf");
            verify_consistency(TreeSize(old), old_root, TreeSize(size), root, &proof).expect("consistent");
        }
    }
}

#[test]
fn bundles_hold_every_entry_where_tiles_fill_up() {
    let shelf = Shelf::grown_along(&EDGES);
    for size in EDGES {
        let mut found = 0;
        for path in bundles_for(TreeSize(0), TreeSize(size)) {
            let bytes = shelf.tile(&path).expect("in memory").unwrap_or_else(|| panic!("{path} is missing"));
            for bytes in bundle::parse_exact(&bytes, path.width).expect("a bundle") {
                assert_eq!(bytes, entry(found));
                found += 1;
            }
        }
        assert_eq!(found, size);
    }
}

#[test]
fn growing_step_by_step_writes_what_growing_at_once_needs() {
    let shelf = Shelf::grown_along(&EDGES);
    for size in EDGES {
        for path in tiles_for(TreeSize(0), TreeSize(size)) {
            assert_eq!(path.width_in(TreeSize(size)), Some(path.width));
            assert_eq!(shelf.files.get(&path.to_string()), tile_bytes(&shelf.tree, &path).as_ref(), "{path}");
        }
    }
    assert_eq!(tiles_for(TreeSize(257), TreeSize(257)), []);
}

#[test]
fn a_partial_tile_that_is_gone_is_read_from_the_full_one() {
    let mut shelf = Shelf::grown_along(&EDGES);
    shelf.files.retain(|path, _| !path.contains(".p/") || path.contains("tile/2/"));
    let tiles = TileReader::new(TreeSize(255), |path: &TilePath| shelf.tile(path));
    assert_eq!(tree_root(TreeSize(255), &tiles).expect("the full tile is there"), mth(&leaves(255)));
    let tiles = TileReader::new(TreeSize(65_537), |path: &TilePath| shelf.tile(path));
    let missing = TilePath::hashes(0, 256, 1);
    assert_eq!(tree_root(TreeSize(65_537), &tiles), Err(TreeError::Read(TileError::Missing(missing))));
}

#[test]
fn tiles_of_the_wrong_length_and_subtrees_outside_the_tree_are_refused() {
    let short =
        TileReader::new(TreeSize(5), |_: &TilePath| Ok::<_, Infallible>(Some(Bytes::from(vec![0; 159]))));
    assert!(matches!(short.read_hashes(&[(0, 0)]), Err(TileError::Length { got: 159, .. })));
    for coord in [(0, 5), (2, 1), (3, 0), (63, 1), (255, u64::MAX)] {
        assert!(matches!(short.read_hashes(&[coord]), Err(TileError::NotInTree { .. })), "{coord:?}");
    }
}

/// Counts what a proof costs: one read, and each tile once.
#[test]
fn a_proof_reads_once_and_a_handful_of_tiles() {
    struct Counting<'a>(&'a MemoryTree, Cell<usize>, Cell<usize>);
    impl HashReader for Counting<'_> {
        type Error = Infallible;
        fn read_hashes(&self, coords: &[Coord]) -> Result<Vec<Hash>, Infallible> {
            self.1.set(self.1.get() + 1);
            self.2.set(self.2.get().max(coords.len()));
            self.0.read_hashes(coords)
        }
    }
    let shelf = Shelf::grown_along(&[65_537]);
    for size in [65_535, 65_536, 65_537] {
        for index in [0, 12_345, 65_534] {
            let reader = Counting(&shelf.tree, Cell::new(0), Cell::new(0));
            let (index, size) = (EntryIndex(index), TreeSize(size));
            inclusion_proof(index, size, &reader).expect("in memory");
            assert_eq!(reader.1.get(), 1);
            assert!(reader.2.get() <= 34, "{} hashes", reader.2.get());

            let fetched = Cell::new(0);
            let tiles = TileReader::new(size, |path: &TilePath| {
                fetched.set(fetched.get() + 1);
                Ok::<_, Infallible>(tile_bytes(&shelf.tree, path))
            });
            inclusion_proof(index, size, &tiles).expect("in memory");
            // The leaf's own tile, the one above it, and their right edges; a tile is fetched once.
            assert!(fetched.get() <= 5, "{} tiles", fetched.get());
        }
    }
}

#[test]
fn a_frontier_is_saved_and_taken_up_again() {
    let all = leaves(300);
    let mut frontier = Frontier::new();
    for (n, leaf) in all.iter().enumerate() {
        let (size, edge) = frontier.parts();
        let mut again = Frontier::from_parts(size, edge.to_vec()).expect("its own parts");
        assert_eq!(again.root(), mth(&all[..n]));
        again.push(*leaf);
        frontier.push(*leaf);
        assert_eq!(again, frontier);
    }
    assert_eq!(Frontier::from_parts(TreeSize(3), vec![Hash::ZERO]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn roots_and_proofs_are_those_of_the_rfc(size in 1u64..600, at in any::<prop::sample::Index>(),
                                             to in any::<prop::sample::Index>()) {
        let all = leaves(size);
        let tree: MemoryTree = all.iter().copied().collect();
        let n = all.len();
        prop_assert_eq!(tree.frontier().root(), mth(&all));
        prop_assert_eq!(root_of_leaves(&all), mth(&all));
        let index = at.index(n);
        let proof = inclusion_proof(EntryIndex(index as u64), TreeSize(size), &tree).expect("in memory");
        prop_assert_eq!(proof, path(index, &all));
        let old = to.index(n) + 1;
        let proof = consistency_proof(TreeSize(old as u64), TreeSize(size), &tree).expect("in memory");
        prop_assert_eq!(proof, subproof(old, &all, true));
    }

    #[test]
    fn an_inclusion_proof_with_any_bit_changed_is_refused(
        size in 1u64..5000, at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(),
        bit in 0usize..256, other in any::<prop::sample::Index>(),
    ) {
        let all = leaves(size);
        let tree: MemoryTree = all.iter().copied().collect();
        let (index, root) = (at.index(all.len()), tree.frontier().root());
        let leaf = all[index];
        let check = |leaf: &Hash, index: usize, proof: &[Hash], root: &Hash| {
            verify_inclusion(leaf, EntryIndex(index as u64), TreeSize(size), proof, root)
        };
        let proof = inclusion_proof(EntryIndex(index as u64), TreeSize(size), &tree).expect("in memory");
        prop_assert_eq!(check(&leaf, index, &proof, &root), Ok(()));

        let mut parts = [&[leaf, root], &proof[..]].concat();
        let part = which.index(parts.len());
        flip(&mut parts[part], bit);
        prop_assert!(check(&parts[0], index, &parts[2..], &parts[1]).is_err());

        let wrong = other.index(all.len());
        prop_assert_eq!(check(&leaf, wrong, &proof, &root).is_ok(), wrong == index);
        prop_assert!(check(&leaf, all.len(), &proof, &root).is_err());
        let longer = [&proof[..], &[root]].concat();
        prop_assert!(check(&leaf, index, &longer, &root).is_err());
        if let Some((_, shorter)) = proof.split_last() {
            prop_assert!(check(&leaf, index, shorter, &root).is_err());
        }
    }

    #[test]
    fn a_consistency_proof_with_any_bit_changed_is_refused(
        size in 2u64..5000, cut in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(),
        bit in 0usize..256,
    ) {
        let all = leaves(size);
        let tree: MemoryTree = all.iter().copied().collect();
        let (old, new) = (TreeSize(cut.index(all.len() - 1) as u64 + 1), TreeSize(size));
        let (old_root, new_root) = (tree_root(old, &tree).expect("in memory"), tree.frontier().root());
        let proof = consistency_proof(old, new, &tree).expect("in memory");
        prop_assert_eq!(verify_consistency(old, &old_root, new, &new_root, &proof), Ok(()));

        let mut parts = [&[old_root, new_root], &proof[..]].concat();
        let part = which.index(parts.len());
        flip(&mut parts[part], bit);
        prop_assert!(verify_consistency(old, &parts[0], new, &parts[1], &parts[2..]).is_err());
        let longer = [&proof[..], &[new_root]].concat();
        prop_assert!(verify_consistency(old, &old_root, new, &new_root, &longer).is_err());
        let shorter = &proof[..proof.len() - 1];
        prop_assert!(verify_consistency(old, &old_root, new, &new_root, shorter).is_err());
        prop_assert!(verify_consistency(new, &new_root, old, &old_root, &proof).is_err());
    }
}

#[test]
fn equal_and_empty_trees_need_no_hashes_and_take_none() {
    let (five, root) = (TreeSize(5), mth(&leaves(5)));
    assert_eq!(verify_consistency(five, &root, five, &root, &[]), Ok(()));
    assert!(verify_consistency(five, &root, five, &Hash::ZERO, &[]).is_err());
    assert!(verify_consistency(five, &root, five, &root, &[root]).is_err());
    let (none, empty) = (TreeSize(0), Hash::of(b""));
    assert_eq!(verify_consistency(none, &empty, five, &root, &[]), Ok(()));
    assert!(verify_consistency(none, &root, five, &root, &[]).is_err());
    assert!(verify_consistency(none, &empty, five, &root, &[root]).is_err());
    assert!(verify_consistency(none, &empty, none, &root, &[]).is_err());
    assert!(verify_inclusion(&root, EntryIndex(0), none, &[], &root).is_err());
}
