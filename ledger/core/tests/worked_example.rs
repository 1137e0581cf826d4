//! The worked example, byte for byte: five entries, a log and a witness with known seeds. Go's own
//! `sumdb/note` and `sumdb/tlog` accept these bytes.

mod common;

use bytes::Bytes;
use common::{json, list, seed, shared, text};
use ledger_core::checkpoint::{Checkpoint, LogVerifier, SignedCheckpoint};
use ledger_core::cosignature::cosign;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::{
    MemoryTree, consistency_proof, inclusion_proof, root_of_leaves, tree_root, verify_consistency,
};
use ledger_core::note::SignedNote;
use ledger_core::skey::SigningKey;
use ledger_core::tile::{TilePath, tile_bytes};
use ledger_core::tlog_proof::TlogProof;
use ledger_core::vkey::KeyKind;
use ledger_core::{bundle, merkle};
use serde_json::Value;

/// Time of the example's cosignature, seconds since the Unix epoch: 2023-11-14.
const COSIGNED_AT: u64 = 1_700_000_000;

fn example() -> Option<Value> {
    shared("vectors/notes/worked-example.json").map(|path| json(&path))
}

fn entries() -> Vec<String> {
    (0..5).map(|i| format!("entry-{i}")).collect()
}

fn tree() -> MemoryTree {
    entries().iter().map(|entry| Hash::leaf(entry.as_bytes())).collect()
}

fn log() -> SigningKey {
    SigningKey::from_seed("ledger.example/test", KeyKind::Ed25519, &seed(0)).expect("a key name")
}

fn witness() -> SigningKey {
    SigningKey::from_seed("witness.example/w1", KeyKind::CosignatureEd25519, &seed(0x20)).expect("a key name")
}

#[test]
fn keys_come_out_of_their_seeds() {
    let Some(example) = example() else { return };
    assert_eq!(log().verifier().to_string(), text(&example["log_vkey"]));
    assert_eq!(witness().verifier().to_string(), text(&example["witness_vkey"]));
    assert_eq!(*log().to_private_text(), text(&example["skey"]));
    let read = SigningKey::parse(text(&example["skey"])).expect("Go's text of a private key");
    assert_eq!(read.verifier(), log().verifier());
}

#[test]
fn hashes_roots_tile_and_bundle_are_those_of_the_example() {
    let Some(example) = example() else { return };
    let leaves: Vec<Hash> = entries().iter().map(|e| Hash::leaf(e.as_bytes())).collect();
    let written: Vec<String> = leaves.iter().map(ToString::to_string).collect();
    let expected: Vec<&str> = list(&example["leaf_hashes"]).iter().map(text).collect();
    assert_eq!(written, expected);
    assert_eq!(root_of_leaves(&leaves).to_string(), text(&example["root5"]));
    assert_eq!(tree_root(TreeSize(3), &tree()).expect("in memory").to_string(), text(&example["root3"]));
    assert_eq!(merkle::empty_root().to_string(), text(&example["empty_root"]));

    let tile = tile_bytes(&tree(), &TilePath::hashes(0, 0, 5)).expect("five leaves");
    assert_eq!(hex::encode(tile), text(&example["tile_0_000_p5_hex"]));
    let packed = bundle::encode(&entries()).expect("five short entries");
    assert_eq!(hex::encode(&packed), text(&example["entry_bundle_hex"]));
    assert_eq!(bundle::parse_exact(&Bytes::from(packed), 5).expect("its own bytes"), entries());
}

#[test]
fn log_and_witness_sign_the_example_again() {
    let Some(example) = example() else { return };
    let checkpoint = Checkpoint {
        origin: "ledger.example/test".parse().expect("an origin"),
        size: TreeSize(5),
        root: tree().frontier().root(),
    };
    let mut note = SignedNote::sign(&checkpoint.to_text(), &log()).expect("a text");
    note.add(cosign(&witness(), &checkpoint, COSIGNED_AT).expect("a witness's key")).expect("room");
    assert_eq!(note.to_string(), text(&example["checkpoint"]));
}

#[test]
fn the_receipt_proves_its_entry_and_no_other() {
    let Some(example) = example() else { return };
    let verifier = LogVerifier::from_vkeys(&[text(&example["log_vkey"])]).expect("a log's key");
    let proof = TlogProof::parse(text(&example["tlog_proof"]).as_bytes()).expect("a proof");
    assert_eq!(proof.to_bytes(), text(&example["tlog_proof"]).as_bytes());
    assert_eq!(proof.index, EntryIndex(3));
    let path = inclusion_proof(EntryIndex(3), TreeSize(5), &tree()).expect("in memory");
    assert_eq!(proof.path, path);
    let checkpoint = proof.verify(b"entry-3", &verifier).expect("the example holds");
    assert_eq!((checkpoint.size, checkpoint.root), (TreeSize(5), tree().frontier().root()));
    assert!(proof.verify(b"entry-2", &verifier).is_err());
}

#[test]
fn the_add_checkpoint_request_proves_growth_from_three_to_five() {
    let Some(example) = example() else { return };
    let (head, checkpoint) = text(&example["add_checkpoint_body"]).split_once("\n\n").expect("an empty line");
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("old 3"));
    let proof: Vec<Hash> = lines.map(|line| Hash::from_base64(line).expect("a hash")).collect();
    assert_eq!(proof, consistency_proof(TreeSize(3), TreeSize(5), &tree()).expect("in memory"));

    let verifier = LogVerifier::from_vkeys(&[text(&example["log_vkey"])]).expect("a log's key");
    let new = SignedCheckpoint::parse(checkpoint.as_bytes()).and_then(|c| c.open(&verifier)).expect("signed");
    let old_root = Hash::from_base64(text(&example["root3"])).expect("a hash");
    verify_consistency(TreeSize(3), &old_root, new.size, &new.root, &proof).expect("it grew");
    assert_eq!(Hash::of(new.origin.as_str().as_bytes()).to_hex(), text(&example["origin_hash"]));
}
