//! ML-DSA-44 checkpoints: one that Go made (torchwood), and what our own signer makes.

mod common;

use common::seed;
use ledger_core::checkpoint::{CheckpointError, LogSigner, LogVerifier, SignedCheckpoint};
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_core::merkle::empty_root;
use ledger_core::note::{NoteError, SignedNote};
use ledger_core::vkey::KeyKind;

const GO_VKEY: &str = include_str!("vectors/mldsa-log.vkey");
const GO_CHECKPOINT: &[u8] = include_bytes!("vectors/mldsa-log.checkpoint");

fn signer() -> LogSigner {
    let origin = "ledger.example/test".parse().expect("an origin");
    LogSigner::new(origin, &seed(0), &seed(0x40)).expect("two seeds")
}

#[test]
fn a_checkpoint_signed_by_go_opens() {
    let log = LogVerifier::from_vkeys(&[GO_VKEY.trim_end()]).expect("a log's key");
    assert_eq!(log.vkeys(), [GO_VKEY.trim_end()]);
    let signed = SignedCheckpoint::parse(GO_CHECKPOINT).expect("a checkpoint");
    assert_eq!(signed.to_bytes(), GO_CHECKPOINT);
    let checkpoint = signed.open(&log).expect("Go signed it");
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/mldsa-log", TreeSize(1)));
    let opened = signed.note().open(log.keys()).expect("Go signed it");
    assert_eq!(opened.verified[0].1, Some(0), "logs give no time");
}

#[test]
fn a_checkpoint_signed_by_go_does_not_open_once_a_bit_is_changed() {
    let log = LogVerifier::from_vkeys(&[GO_VKEY.trim_end()]).expect("a log's key");
    // Every 7th byte keeps this under a second and still meets the text, the id, the time and all parts of
    // the signature.
    for at in (0..GO_CHECKPOINT.len()).step_by(7) {
        for bit in [0, 3, 6] {
            let mut bytes = GO_CHECKPOINT.to_vec();
            bytes[at] ^= 1 << bit;
            let opened = SignedCheckpoint::parse(&bytes).and_then(|signed| signed.open(&log));
            assert!(opened.is_err(), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn the_log_signs_with_ed25519_first_and_ml_dsa_second_and_always_alike() {
    let signed = signer().sign(TreeSize(7), Hash::of(b"root")).expect("a tree");
    assert_eq!(signed, signer().sign(TreeSize(7), Hash::of(b"root")).expect("a tree"));
    let log = signer().verifier();
    let ids: Vec<_> = log.keys().iter().map(|key| key.id()).collect();
    assert_eq!(signed.note().signatures().iter().map(|line| line.id()).collect::<Vec<_>>(), ids);
    assert_eq!([log.keys()[0].kind(), log.keys()[1].kind()], [KeyKind::Ed25519, KeyKind::CosignatureMlDsa44]);

    let received = SignedCheckpoint::parse(&signed.to_bytes()).expect("its own bytes");
    let checkpoint = received.open(&log).expect("both signatures hold");
    assert_eq!((checkpoint.size, checkpoint.root), (TreeSize(7), Hash::of(b"root")));
    // A reader that knows one of the keys opens it too.
    for vkey in log.vkeys() {
        let one = LogVerifier::from_vkeys(&[vkey]).expect("a log's key");
        assert_eq!(received.open(&one), Ok(checkpoint.clone()));
    }
}

#[test]
fn a_checkpoint_that_lost_one_of_its_log_signatures_does_not_open() {
    let signed = signer().sign(TreeSize(7), Hash::of(b"root")).expect("a tree");
    let log = signer().verifier();
    for (line, missing) in signed.note().signatures().iter().zip(log.keys().iter().rev()) {
        let note = SignedNote::with_signatures(signed.note().unverified_text(), vec![line.clone()]);
        let stripped =
            SignedCheckpoint::parse(note.expect("a note").to_string().as_bytes()).expect("a checkpoint");
        let error = CheckpointError::Unsigned { kind: missing.kind(), id: missing.id() };
        assert_eq!(stripped.open(&log), Err(error));
    }
}

#[test]
fn a_checkpoint_of_another_log_does_not_open() {
    let other = LogSigner::new("ledger.example/other".parse().expect("an origin"), &seed(0), &seed(0x40));
    let signed = other.expect("two seeds").sign(TreeSize(7), Hash::of(b"root")).expect("a tree");
    assert!(matches!(signed.open(&signer().verifier()), Err(CheckpointError::OtherLog { .. })));
    let log = LogVerifier::from_vkeys(&[GO_VKEY.trim_end()]).expect("a log's key");
    let note = SignedNote::parse(&signed.to_bytes()).expect("a note");
    assert_eq!(note.open(log.keys()), Err(NoteError::NotSigned));
}

#[test]
fn what_is_no_checkpoint_is_not_signed() {
    assert!(signer().sign(TreeSize(0), empty_root()).is_ok());
    assert!(matches!(signer().sign(TreeSize(0), Hash::ZERO), Err(CheckpointError::EmptyRoot(_))));
    assert!(matches!(signer().sign(TreeSize(u64::MAX), Hash::ZERO), Err(CheckpointError::Size(_))));
}

#[test]
fn keys_that_cannot_be_one_logs_make_no_verifier() {
    let [ed25519, mldsa44] = signer().verifier().vkeys().try_into().expect("two keys");
    let witness = "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X".to_owned();
    let other = GO_VKEY.trim_end().to_owned();
    let sets: [&[&String]; 5] =
        [&[], &[&ed25519, &ed25519], &[&mldsa44, &mldsa44], &[&ed25519, &other], &[&witness]];
    for keys in sets {
        assert!(LogVerifier::from_vkeys(keys).is_err(), "{keys:?}");
    }
    let origin = "ledger.example/test".parse().expect("an origin");
    assert!(LogSigner::new(origin, &seed(0), &seed(0)).is_err(), "one seed for both keys");
}
