//! Signed notes and keys as Go's `sumdb/note` and the C2SP specification have them.

mod common;

use common::{base64, json, list, number, shared, text};
use ledger_core::note::{NoteError, SignedNote, VerifierKey};
use ledger_core::skey::SigningKey;
use serde_json::Value;

fn vectors() -> Option<Value> {
    shared("vectors/notes/signed-note-open.json").map(|path| json(&path))
}

/// Every proper substring of a key's text, and every text with one byte raised by one.
fn manglings(good: &str) -> impl Iterator<Item = String> {
    let n = good.len();
    let cut = (0..n).flat_map(move |i| (i..=n).map(move |j| (i, j))).filter(move |&(i, j)| (i, j) != (0, n));
    let raised = (0..n).map(|i| {
        let mut bytes = good.as_bytes().to_vec();
        bytes[i] += 1;
        String::from_utf8(bytes).expect("keys are ASCII below 7f")
    });
    cut.map(|(i, j)| good[i..j].to_owned()).chain(raised)
}

#[test]
fn good_keys_read_and_write_back_and_bad_ones_do_not_read() {
    let Some(vectors) = vectors() else { return };
    for vkey in list(&vectors["good_vkeys"]).iter().map(text) {
        assert_eq!(vkey.parse::<VerifierKey>().expect(vkey).to_string(), vkey);
    }
    for vkey in list(&vectors["bad_vkeys"]).iter().map(text) {
        assert!(vkey.parse::<VerifierKey>().is_err(), "{vkey}");
    }
}

#[test]
fn a_mangled_key_does_not_read() {
    let Some(vectors) = vectors() else { return };
    for vkey in list(&vectors["good_vkeys"]).iter().map(text) {
        for mangled in manglings(vkey) {
            assert!(mangled.parse::<VerifierKey>().is_err(), "{mangled}");
        }
    }
    for skey in list(&vectors["sign"]).iter().map(|vector| text(&vector["signer_key"])) {
        assert_eq!(*SigningKey::parse(skey).expect(skey).to_private_text(), skey);
        for mangled in manglings(skey) {
            assert!(SigningKey::parse(&mangled).is_err(), "{mangled}");
        }
    }
}

#[test]
fn notes_are_signed_as_go_signs_them() {
    let Some(vectors) = vectors() else { return };
    for vector in list(&vectors["sign"]) {
        let key = SigningKey::parse(text(&vector["signer_key"])).expect("a key");
        let body = String::from_utf8(base64(&vector["text_b64"])).expect("text");
        let note = SignedNote::sign(&body, &key).expect("a text for a note");
        assert_eq!(note.to_string().into_bytes(), base64(&vector["signed_b64"]), "{}", vector["name"]);
    }
}

#[test]
fn notes_open_as_go_opens_them() {
    let Some(vectors) = vectors() else { return };
    for vector in list(&vectors["open"]) {
        let name = text(&vector["name"]);
        let bytes = base64(&vector["msg_b64"]);
        let keys: Vec<VerifierKey> =
            list(&vector["verifiers"]).iter().map(|key| text(key).parse().expect("a key")).collect();
        let note = SignedNote::parse(&bytes);
        let opened = note.as_ref().map_err(Clone::clone).and_then(|note| note.open(&keys));
        match (text(&vector["result"]), opened) {
            ("ok", Ok(opened)) => {
                assert_eq!(opened.verified.len() as u64, number(&vector["verified"]), "{name}");
                assert_eq!(opened.unknown as u64, number(&vector["unverified"]), "{name}");
            }
            ("reject", Err(error)) => check_reason(name, &error),
            (expected, opened) => panic!("{name}: should be {expected}, is {opened:?}"),
        }
        // A note that reads, good or bad, writes itself as it was.
        if let Ok(note) = note {
            assert_eq!(note.to_string().into_bytes(), bytes, "{name}");
        }
    }
}

fn check_reason(name: &str, error: &NoteError) {
    let as_expected = match name {
        "no known key" => *error == NoteError::NotSigned,
        "ambiguous duplicate verifier" => matches!(error, NoteError::Ambiguous { .. }),
        "invalid signature of a known key" => matches!(error, NoteError::BadSignature { .. }),
        "101 signatures" | "101 signatures unknown" => *error == NoteError::TooMany(101),
        _ => matches!(error, NoteError::Shape | NoteError::Characters | NoteError::Line(_)),
    };
    assert!(as_expected, "{name}: {error}");
}
