//! The inclusion proofs of transparency-dev/merkle's test data (Apache-2.0): each holds or fails as stated.

mod common;

use std::path::{Path, PathBuf};

use common::{base64, json, list, number, shared, text};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::verify_inclusion;
use serde_json::Value;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of vectors") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// What a vector has for a hash: 32 bytes, or something else that no proof can hold with.
fn hash(value: &Value) -> Option<Hash> {
    Hash::from_slice(&base64(value))
}

fn holds(vector: &Value) -> bool {
    let proof: Option<Vec<Hash>> = match &vector["proof"] {
        Value::Null => Some(Vec::new()),
        hashes => list(hashes).iter().map(hash).collect(),
    };
    let (Some(leaf), Some(root), Some(proof)) = (hash(&vector["leafHash"]), hash(&vector["root"]), proof)
    else {
        return false;
    };
    let (index, size) = (EntryIndex(number(&vector["leafIdx"])), TreeSize(number(&vector["treeSize"])));
    verify_inclusion(&leaf, index, size, &proof, &root).is_ok()
}

#[test]
fn every_inclusion_vector_holds_or_fails_as_it_should() {
    let Some(folder) = shared("vectors/merkle/inclusion") else { return };
    let (mut good, mut bad) = (0, 0);
    for path in files(&folder) {
        let vector = json(&path);
        let expected = !vector["wantErr"].as_bool().expect("a yes or no");
        assert_eq!(holds(&vector), expected, "{}: {}", path.display(), text(&vector["desc"]));
        if expected { good += 1 } else { bad += 1 }
    }
    println!("{good} proofs hold, {bad} fail");
    assert!(good >= 6 && bad >= 80, "{good} good and {bad} bad vectors are fewer than there were");
}
