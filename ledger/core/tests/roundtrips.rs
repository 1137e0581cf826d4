//! What is written reads back the same, for every format; and a receipt with any one bit changed is refused.

mod common;

use bytes::Bytes;
use common::{json, seed, shared, text};
use ledger_core::bundle::{self, BundleError};
use ledger_core::checkpoint::{Body, Checkpoint, LogSigner, SignedCheckpoint};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::limits::{
    MAX_ENTRY_BYTES, MAX_NOTE_SIGNATURES, MAX_PROOF_EXTRA_BYTES, MAX_PROOF_HASHES, MAX_TREE_SIZE,
};
use ledger_core::note::{NoteError, NoteSignature, SignedNote, VerifierKey};
use ledger_core::policy::Policy;
use ledger_core::skey::SigningKey;
use ledger_core::tile::{TileKind, TilePath};
use ledger_core::tlog_proof::{TlogProof, TlogProofError};
use ledger_core::vkey::KeyKind;
use proptest::prelude::*;

fn kinds() -> impl Strategy<Value = KeyKind> {
    prop::sample::select(vec![KeyKind::Ed25519, KeyKind::CosignatureEd25519, KeyKind::CosignatureMlDsa44])
}

/// Key names: anything but spaces, control characters and '+'.
fn names() -> impl Strategy<Value = String> {
    "[^\\s\\p{Cc}+]{1,40}"
}

proptest! {
    #[test]
    fn roundtrip_tile_path(level in prop::option::of(0u8..=63), n in any::<u64>(), shift in 0u32..64,
                           width in 1u16..=256) {
        let kind = level.map_or(TileKind::Entries, TileKind::Hashes);
        let path = TilePath { kind, n: n >> shift, width };
        prop_assert_eq!(path.to_string().parse(), Ok(path));
    }

    #[test]
    fn roundtrip_bundle(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..=256)) {
        let bytes = Bytes::from(bundle::encode(&entries).expect("short"));
        prop_assert_eq!(bundle::parse(&bytes).expect("its own bytes"), entries);
        // Cut anywhere, it is another bundle or none; never the same entries.
        let cut = bytes.slice(..bytes.len() - 1);
        prop_assert_ne!(bundle::parse(&cut), bundle::parse(&bytes));
    }

    #[test]
    fn roundtrip_note(body in "([^\\p{Cc}]{0,30}\n){1,6}", name in names(), key in any::<[u8; 32]>()) {
        let key = SigningKey::from_seed(&name, KeyKind::Ed25519, &key).expect("a key name");
        let note = SignedNote::sign(&body, &key).expect("a text for a note");
        let read = SignedNote::parse(note.to_string().as_bytes()).expect("its own bytes");
        prop_assert_eq!(&read, &note);
        let keys = [key.verifier().clone()];
        prop_assert_eq!(read.open(&keys).expect("signed").text, body);
        let line = read.signatures()[0].to_string();
        prop_assert_eq!(NoteSignature::parse(&line), Some(read.signatures()[0].clone()));
    }

    #[test]
    fn roundtrip_checkpoint(size in 1..=MAX_TREE_SIZE, root in any::<[u8; 32]>(), origin in "[a-z0-9./-]{1,255}") {
        let origin = origin.parse().expect("an origin");
        let log = LogSigner::new(origin, &seed(0), &seed(1)).expect("seeds");
        let signed = log.sign(TreeSize(size), Hash(root)).expect("a tree");
        let opened = SignedCheckpoint::parse(&signed.to_bytes()).expect("its own bytes").open(&log.verifier());
        let Checkpoint { origin, size: read_size, root: read_root } = opened.expect("signed");
        prop_assert_eq!((&origin, read_size, read_root), (log.origin(), TreeSize(size), Hash(root)));
    }

    #[test]
    fn roundtrip_keys(name in names(), kind in kinds(), seed in any::<[u8; 32]>()) {
        let key = SigningKey::from_seed(&name, kind, &seed).expect("a key name");
        let read = SigningKey::parse(&key.to_private_text()).expect("its own text");
        prop_assert_eq!(read.verifier(), key.verifier());
        let vkey = key.verifier().to_string();
        prop_assert_eq!(vkey.parse::<VerifierKey>().expect("its own text").to_string(), vkey);
    }

    #[test]
    fn roundtrip_tlog_proof(extra in prop::option::of(prop::collection::vec(any::<u8>(), 1..99)),
                            index in any::<u64>(), path in prop::collection::vec(any::<[u8; 32]>(), 0..=63),
                            checkpoint in "[^\\p{Cc}]{1,9}\n") {
        let path = path.into_iter().map(Hash).collect();
        let proof = TlogProof { extra, index: EntryIndex(index), path, checkpoint: checkpoint.into() };
        prop_assert_eq!(TlogProof::parse(&proof.to_bytes()), Ok(proof));
    }
}

#[test]
fn a_witnessed_receipt_with_any_one_bit_changed_is_refused() {
    let Some(path) = shared("vectors/notes/worked-example.json") else { return };
    let example = json(&path);
    let policy = format!(
        "log {}\nwitness W {}\nquorum W\n",
        text(&example["log_vkey"]),
        text(&example["witness_vkey"])
    );
    let policy = Policy::parse(policy.as_bytes()).expect("a policy");
    let receipt = text(&example["tlog_proof"]).as_bytes();
    let holds = |bytes: &[u8], entry: &[u8]| {
        TlogProof::parse(bytes).is_ok_and(|proof| policy.verify(&proof, entry).is_ok())
    };
    assert!(holds(receipt, b"entry-3"));
    for bit in 0..receipt.len() * 8 {
        let mut changed = receipt.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!holds(&changed, b"entry-3"), "bit {bit}: {}", String::from_utf8_lossy(&changed));
    }
    for bit in 0..b"entry-3".len() * 8 {
        let mut entry = *b"entry-3";
        entry[bit / 8] ^= 1 << (bit % 8);
        assert!(!holds(receipt, &entry), "bit {bit} of the entry");
    }
}

#[test]
fn bundles_refuse_what_does_not_fit() {
    assert!(bundle::encode(&[vec![0; MAX_ENTRY_BYTES]]).is_ok());
    let too_long = bundle::encode(&[vec![0; MAX_ENTRY_BYTES + 1]]);
    assert_eq!(too_long, Err(BundleError::EntryTooLong(MAX_ENTRY_BYTES + 1)));
    assert!(bundle::encode(&[b""; 257]).is_err());
    assert!(bundle::encode::<&[u8]>(&[]).is_err());
    let parse = |bytes: &'static [u8]| bundle::parse(&Bytes::from_static(bytes));
    assert_eq!(parse(b"\0\x01a\0"), Err(BundleError::Truncated(1)));
    assert_eq!(parse(b"\0\x01a\0\x01"), Err(BundleError::Truncated(1)));
    assert_eq!(parse(b""), Err(BundleError::Count { expected: 256, got: 0 }));
    assert_eq!(parse(&[0; 2 * 256]).map(|entries| entries.len()), Ok(256));
    assert_eq!(parse(&[0; 2 * 257]), Err(BundleError::Count { expected: 256, got: 257 }));
    let two = bundle::parse_exact(&Bytes::from_static(b"\0\x01a"), 2);
    assert_eq!(two, Err(BundleError::Count { expected: 2, got: 1 }));
}

#[test]
fn a_note_takes_a_hundred_signatures_and_no_more() {
    let keys: Vec<SigningKey> = (0..=MAX_NOTE_SIGNATURES)
        .map(|i| SigningKey::from_seed(&format!("w{i}"), KeyKind::Ed25519, &seed(1)).expect("a key name"))
        .collect();
    let line = |key| SignedNote::sign("text\n", key).expect("a text").signatures()[0].clone();
    let mut note = SignedNote::sign("text\n", &keys[0]).expect("a text");
    for key in &keys[1..MAX_NOTE_SIGNATURES] {
        note.add(line(key)).expect("room");
    }
    note.add(line(&keys[0])).expect("it is there already");
    assert_eq!(note.signatures().len(), MAX_NOTE_SIGNATURES);
    assert!(SignedNote::parse(note.to_string().as_bytes()).is_ok());
    assert_eq!(note.add(line(&keys[MAX_NOTE_SIGNATURES])), Err(NoteError::TooMany(MAX_NOTE_SIGNATURES + 1)));
}

#[test]
fn a_proof_has_no_more_hashes_than_a_tree_has_levels() {
    let proof = |count| TlogProof {
        extra: None,
        index: EntryIndex(0),
        path: vec![Hash::ZERO; count],
        checkpoint: b"x\n".to_vec(),
    };
    assert!(TlogProof::parse(&proof(MAX_PROOF_HASHES).to_bytes()).is_ok());
    let long = TlogProof::parse(&proof(MAX_PROOF_HASHES + 1).to_bytes());
    assert_eq!(long, Err(TlogProofError::TooManyHashes));
}

#[test]
fn extra_data_has_bounds() {
    let proof = |count| TlogProof {
        extra: Some(vec![7; count]),
        index: EntryIndex(0),
        path: Vec::new(),
        checkpoint: b"x\n".to_vec(),
    };
    for good in [1, MAX_PROOF_EXTRA_BYTES] {
        assert_eq!(TlogProof::parse(&proof(good).to_bytes()), Ok(proof(good)));
    }
    for bad in [0, MAX_PROOF_EXTRA_BYTES + 1] {
        assert_eq!(TlogProof::parse(&proof(bad).to_bytes()), Err(TlogProofError::Extra));
    }
}

#[test]
fn names_of_keys_have_no_spaces_and_no_plus() {
    assert!(NoteSignature::parse("— log.example AAAAAAE=").is_some());
    for name in ["", "a+b", "a b", "a\u{a0}b", "a\u{2003}b", "a\tb", "a\nb"] {
        assert_eq!(NoteSignature::parse(&format!("— {name} AAAAAAE=")), None, "{name:?}");
        assert!(SigningKey::from_seed(name, KeyKind::Ed25519, &seed(0)).is_err(), "{name:?}");
    }
    assert!(SigningKey::from_seed(&"x".repeat(256), KeyKind::Ed25519, &seed(0)).is_err());
    for line in
        ["— log.example AAAAAA==", "- log.example AAAAAAE=", "—log.example AAAAAAE=", "— log.example AAAAAAE"]
    {
        assert_eq!(NoteSignature::parse(line), None, "{line}");
    }
}

#[test]
fn sizes_stay_below_two_to_the_62nd_and_have_one_spelling() {
    let body = |size: &str| format!("log.example\n{size}\n{}\n", Hash::of(b"root"));
    assert_eq!(Body::parse(&body(&MAX_TREE_SIZE.to_string())).map(|b| b.size), Ok(TreeSize(MAX_TREE_SIZE)));
    for bad in [&(MAX_TREE_SIZE + 1).to_string(), "01", "+1", "1 ", "", "0x1", "١", "18446744073709551616"] {
        assert!(Body::parse(&body(bad)).is_err(), "{bad:?}");
    }
}

#[test]
fn an_ed25519_key_of_small_order_is_no_verifier_key() {
    // The neutral element, and a point of order 8: for both anyone can make signatures.
    let order_8 =
        hex::decode("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a").expect("hex");
    let neutral = [&[1][..], &[0; 31]].concat();
    for key in [&neutral, &order_8] {
        assert!(VerifierKey::new("log.example", KeyKind::Ed25519, key).is_err());
    }
}

#[test]
fn a_cosigners_key_does_not_sign_plain_notes() {
    for kind in [KeyKind::CosignatureEd25519, KeyKind::CosignatureMlDsa44] {
        let key = SigningKey::from_seed("witness.example/w1", kind, &seed(0)).expect("a key name");
        assert_eq!(SignedNote::sign("text\n", &key), Err(NoteError::KeyKind(kind)));
    }
}

#[test]
fn a_signing_key_does_not_show_its_seed_in_a_debug_print() {
    let key = SigningKey::from_seed("log.example", KeyKind::Ed25519, &seed(0)).expect("a key name");
    assert_eq!(format!("{key:?}"), format!("SigningKey(log.example+{}, Ed25519)", key.verifier().id()));
}
