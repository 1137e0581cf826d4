//! A log that other software wrote: Tessera's test log of 15 entries with the checkpoint of every size on
//! the way (`testdata/log` of transparency-dev/tessera, Apache-2.0), read with our own tools.

mod common;

use std::path::PathBuf;

use bytes::Bytes;
use common::shared;
use ledger_core::bundle;
use ledger_core::checkpoint::{Checkpoint, LogVerifier, SignedCheckpoint};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::{
    consistency_proof, inclusion_proof, root_of_leaves, tree_root, verify_consistency, verify_inclusion,
};
use ledger_core::tile::{TilePath, TileReader, bundles_for, tiles_for};

/// The test log's public key, as Tessera's own tests and workflows give it.
const VKEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

struct Log(PathBuf);

impl Log {
    fn open() -> Option<Self> {
        shared("logs/tessera-testdata-log").map(Self)
    }

    fn read(&self, path: &TilePath) -> Result<Option<Bytes>, std::io::Error> {
        match std::fs::read(self.0.join(path.to_string())) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn checkpoint(&self, name: &str) -> Checkpoint {
        let bytes = std::fs::read(self.0.join(name)).expect("the checkpoint is there");
        let signed = SignedCheckpoint::parse(&bytes).expect("a checkpoint");
        assert_eq!(signed.to_bytes(), bytes, "it writes itself as it was");
        signed.open(&LogVerifier::from_vkeys(&[VKEY]).expect("a log's key")).expect("signed by the log")
    }

    fn entries(&self, size: TreeSize) -> Vec<Bytes> {
        let mut entries = Vec::new();
        for path in bundles_for(TreeSize(0), size) {
            let bundle = self.read(&path).expect("readable").expect("every size has its bundle");
            entries.extend(bundle::parse_exact(&bundle, path.width).expect("a bundle"));
        }
        entries
    }
}

#[test]
fn every_checkpoint_is_signed_and_its_root_is_that_of_the_entries_and_of_the_tiles() {
    let Some(log) = Log::open() else { return };
    assert_eq!(log.checkpoint("checkpoint"), log.checkpoint("checkpoint.15"));
    for size in (0..=15).map(TreeSize) {
        let checkpoint = log.checkpoint(&format!("checkpoint.{size}"));
        assert_eq!(checkpoint.size, size);
        let leaves: Vec<Hash> = log.entries(size).iter().map(|entry| Hash::leaf(entry)).collect();
        assert_eq!(leaves.len(), usize::try_from(size.0).expect("small"));
        assert_eq!(root_of_leaves(&leaves), checkpoint.root);
        let tiles = TileReader::new(size, |path: &TilePath| log.read(path));
        assert_eq!(tree_root(size, &tiles).expect("the tiles are there"), checkpoint.root);
    }
}

#[test]
fn every_checkpoint_is_consistent_with_every_later_one() {
    let Some(log) = Log::open() else { return };
    let checkpoints: Vec<Checkpoint> = (0..=15).map(|n| log.checkpoint(&format!("checkpoint.{n}"))).collect();
    for old in &checkpoints {
        for new in &checkpoints[usize::try_from(old.size.0).expect("small")..] {
            let tiles = TileReader::new(new.size, |path: &TilePath| log.read(path));
            let proof = consistency_proof(old.size, new.size, &tiles).expect("the tiles are there");
            verify_consistency(old.size, &old.root, new.size, &new.root, &proof).expect("consistent");
            if old.size.0 > 0 && old.size != new.size {
                let other = Hash::of(b"another tree");
                assert!(verify_consistency(old.size, &other, new.size, &new.root, &proof).is_err());
            }
        }
    }
}

#[test]
fn every_entry_is_proved_in_every_tree_that_has_it() {
    let Some(log) = Log::open() else { return };
    for size in (1..=15).map(TreeSize) {
        let checkpoint = log.checkpoint(&format!("checkpoint.{size}"));
        let tiles = TileReader::new(size, |path: &TilePath| log.read(path));
        for (index, entry) in (0..).map(EntryIndex).zip(log.entries(size)) {
            let proof = inclusion_proof(index, size, &tiles).expect("the tiles are there");
            let leaf = Hash::leaf(&entry);
            verify_inclusion(&leaf, index, size, &proof, &checkpoint.root).expect("included");
        }
    }
}

#[test]
fn the_log_has_exactly_the_tiles_that_we_would_write_for_each_size() {
    let Some(log) = Log::open() else { return };
    for size in (1..=15).map(TreeSize) {
        for path in tiles_for(TreeSize(size.0 - 1), size) {
            let tile = log.read(&path).expect("readable").unwrap_or_else(|| panic!("{path} is missing"));
            assert_eq!(tile.len(), usize::from(path.width) * 32, "{path}");
        }
    }
    assert!(log.read(&TilePath::hashes(1, 0, 1)).expect("readable").is_none());
}
