//! Cosignatures: what they cover, and what they do not.

mod common;

use common::seed;
use ledger_core::checkpoint::{Body, Checkpoint, CheckpointError, LogSigner, SignedCheckpoint};
use ledger_core::cosignature::{CosignatureError, cosign, ed25519_message, mldsa44_message};
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_core::note::{NoteError, SignedNote};
use ledger_core::skey::SigningKey;
use ledger_core::vkey::KeyKind::{self, CosignatureEd25519, CosignatureMlDsa44};

const NOW: u64 = 1_790_000_000;

fn witness(kind: KeyKind) -> SigningKey {
    SigningKey::from_seed("witness.example/w1", kind, &seed(0x20)).expect("a key name")
}

fn checkpoint() -> Checkpoint {
    let origin = "ledger.example/test".parse().expect("an origin");
    Checkpoint { origin, size: TreeSize(5), root: Hash::of(b"root") }
}

/// The structure of the specification, written out byte by byte.
#[test]
fn the_ml_dsa_message_is_laid_out_as_specified() {
    let message = mldsa44_message("w", 0x0102, "log", 0..5, &Hash([9; 32])).expect("it fits");
    let expected = [
        &b"subtree/v1\n\0"[..],
        b"\x01w",
        b"\0\0\0\0\0\0\x01\x02",
        b"\x03log",
        b"\0\0\0\0\0\0\0\0",
        b"\0\0\0\0\0\0\0\x05",
        &[9; 32],
    ];
    assert_eq!(message, expected.concat());
}

#[test]
fn the_ed25519_message_is_laid_out_as_specified() {
    let text = checkpoint().to_text();
    let message = ed25519_message(1_679_315_147, &text).expect("a checkpoint");
    assert_eq!(message, format!("cosignature/v1\ntime 1679315147\n{text}").into_bytes());
    assert!(matches!(ed25519_message(1, "no checkpoint\n"), Err(CosignatureError::Checkpoint(_))));
}

#[test]
fn a_subtree_that_begins_later_has_no_time() {
    let message = |time, leaves| mldsa44_message("w", time, "log", leaves, &Hash::ZERO);
    assert!(message(0, 4..8).is_ok());
    assert_eq!(message(NOW, 4..8), Err(CosignatureError::Range { start: 4, end: 8, timestamp: NOW }));
    assert!(message(NOW, 0..8).is_ok());
    #[expect(clippy::reversed_empty_ranges, reason = "that is what must be refused")]
    let reversed = message(0, 8..4);
    assert_eq!(reversed, Err(CosignatureError::Range { start: 8, end: 4, timestamp: 0 }));
}

#[test]
fn names_that_do_not_fit_in_the_message_are_refused() {
    let long = "x".repeat(256);
    for (cosigner, origin, bytes) in [("", "log", 0), ("w", "", 0), (&*long, "log", 256), ("w", &*long, 256)]
    {
        let message = mldsa44_message(cosigner, 0, origin, 0..1, &Hash::ZERO);
        assert_eq!(message, Err(CosignatureError::Name(bytes)));
    }
}

#[test]
fn a_cosignature_says_when_and_covers_when() {
    for kind in [CosignatureEd25519, CosignatureMlDsa44] {
        let key = witness(kind);
        let line = cosign(&key, &checkpoint(), NOW).expect("a witness's key");
        let note = SignedNote::with_signatures(&checkpoint().to_text(), vec![line.clone()]).expect("a note");
        let keys = [key.verifier().clone()];
        assert_eq!(note.open(&keys).expect("cosigned").verified, [(&keys[0], Some(NOW))]);
        // The same signature with the time of another one: the time stands right behind the key id.
        let other = cosign(&key, &checkpoint(), NOW + 1).expect("a witness's key").to_string();
        let (head, other) = other.split_at(other.rfind(' ').expect("a space") + 1);
        let line = line.to_string();
        let spliced = format!("{head}{}{}", &other[..16], &line[head.len() + 16..]);
        let note = format!("{}\n{spliced}\n", checkpoint().to_text());
        let note = SignedNote::parse(note.as_bytes()).expect("a note");
        assert!(matches!(note.open(&keys), Err(NoteError::BadSignature { .. })));
    }
}

/// An ML-DSA cosignature does not cover extension lines, so one under a text that has them says nothing about
/// that text and must not hold; an Ed25519 one covers them.
#[test]
fn extension_lines_are_covered_or_refused() {
    let text = checkpoint().to_text();
    let extended = format!("{text}something else\n");
    assert_eq!(Body::parse(&extended).expect("any log's").extension, "something else\n");
    for kind in [CosignatureEd25519, CosignatureMlDsa44] {
        let key = witness(kind);
        let keys = [key.verifier().clone()];
        let line = cosign(&key, &checkpoint(), NOW).expect("a witness's key");
        let note = SignedNote::with_signatures(&extended, vec![line]).expect("a note");
        assert!(matches!(note.open(&keys), Err(NoteError::BadSignature { .. })), "{kind:?}");
    }
    let log = LogSigner::new(checkpoint().origin, &seed(0), &seed(1)).expect("seeds");
    let line = log.sign(TreeSize(5), Hash::of(b"root")).expect("a tree").note().signatures()[0].clone();
    let note = SignedNote::with_signatures(&extended, vec![line]).expect("a note").to_string();
    assert_eq!(SignedCheckpoint::parse(note.as_bytes()), Err(CheckpointError::Extension));
}

#[test]
fn the_witnesss_key_in_the_logs_place_does_not_open_a_checkpoint() {
    // The witness takes the log's name: same name, another key, another id.
    let log = LogSigner::new(checkpoint().origin, &seed(0), &seed(1)).expect("seeds");
    let name = checkpoint().origin.to_string();
    let imposter = SigningKey::from_seed(&name, CosignatureMlDsa44, &seed(2)).expect("a key name");
    let line = cosign(&imposter, &checkpoint(), NOW).expect("it cosigns");
    let note = SignedNote::with_signatures(&checkpoint().to_text(), vec![line]).expect("a note").to_string();
    let signed = SignedCheckpoint::parse(note.as_bytes()).expect("a checkpoint");
    assert_eq!(signed.open(&log.verifier()), Err(CheckpointError::Note(NoteError::NotSigned)));
}
