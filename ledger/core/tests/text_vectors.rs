//! Checkpoint texts, tile paths and proofs as transparency-dev/formats and golang/mod have them.

mod common;

use common::{base64, json, list, number, shared, text};
use ledger_core::checkpoint::{Body, CheckpointError};
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_core::tile::{TileKind, TilePath};
use ledger_core::tlog_proof::{TlogProof, TlogProofError};
use serde_json::Value;

/// Those tests have roots that are not 32 bytes long, which C2SP does not allow: with a real one in its place
/// the rest must read.
fn with_a_real_root(body: &str) -> String {
    let mut lines: Vec<&str> = body.split('\n').collect();
    let root = Hash::of(b"root").to_string();
    lines[2] = &root;
    lines.join("\n")
}

#[test]
fn checkpoint_texts_read_as_the_formats_tests_say() {
    let Some(path) = shared("vectors/notes/checkpoint-body.json") else { return };
    for case in list(&json(&path)["cases"]) {
        let (name, body) = (text(&case["name"]), text(&case["body"]));
        let read = Body::parse(body);
        match &case["valid"] {
            Value::Bool(true) if matches!(read, Err(CheckpointError::Root(_))) => {
                let body = with_a_real_root(body);
                assert_eq!(Body::parse(&body).expect(name).extension, text(&case["rest"]), "{name}");
            }
            Value::Bool(true) => assert_eq!(read.expect(name).extension, text(&case["rest"]), "{name}"),
            Value::Bool(false) => assert!(read.is_err(), "{name}"),
            // Empty extension lines: C2SP forbids them, formats does not. We side with C2SP.
            _ => assert_eq!(Body::parse(&with_a_real_root(body)), Err(CheckpointError::Shape), "{name}"),
        }
    }
}

/// Distributors name a log by SHA-256("o:" ‖ origin); witnesses, in C2SP, by SHA-256(origin).
#[test]
fn origins_hash_to_their_published_ids() {
    let Some(path) = shared("vectors/notes/checkpoint-body.json") else { return };
    for vector in list(&json(&path)["origin_ids"]) {
        let named = format!("o:{}", text(&vector["origin"]));
        assert_eq!(Hash::of(named.as_bytes()).to_hex(), text(&vector["sha256"]));
    }
}

/// golang/mod writes `tile/<height>/<level>/…` and `data`; C2SP drops the height and says `entries`.
fn from_sumdb(path: &str) -> String {
    let (_, rest) = path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).expect("a height");
    format!("tile/{}", rest.replace("data/", "entries/"))
}

/// The growth rows of the same file are for tiles of 1,024 hashes: `src/tile.rs` has them.
#[test]
fn tile_paths_read_as_go_reads_them() {
    let Some(path) = shared("vectors/notes/tile-paths.json") else { return };
    let expected = [
        Some(TilePath::hashes(0, 1, 256)),
        Some(TilePath::hashes(0, 1, 5)),
        Some(TilePath::hashes(5, 123_456_078, 256)),
        Some(TilePath::hashes(5, 123_456_078, 2)),
        Some(TilePath::hashes(0, 3_057_500, 256)),
        None,
        None,
        Some(TilePath { kind: TileKind::Entries, n: 3_057_500, width: 256 }),
    ];
    let vectors = json(&path);
    let paths = list(&vectors["sumdb_paths_seed"]);
    assert_eq!(paths.len(), expected.len());
    for (path, expected) in paths.iter().zip(expected) {
        let path = from_sumdb(text(path));
        assert_eq!(path.parse().ok(), expected, "{path}");
        assert!(expected.is_none_or(|tile| tile.to_string() == path));
    }
}

#[test]
fn proofs_read_and_write_as_the_formats_tests_say() {
    let Some(path) = shared("vectors/notes/tlog-proof.json") else { return };
    let vectors = json(&path);
    for vector in list(&vectors["marshal"]) {
        let proof = TlogProof {
            extra: (!vector["extra"].is_null()).then(|| base64(&vector["extra"])),
            index: EntryIndex(number(&vector["index"])),
            path: list(&vector["hashes"])
                .iter()
                .map(|h| Hash::from_base64(text(h)).expect("a hash"))
                .collect(),
            checkpoint: text(&vector["checkpoint"]).into(),
        };
        assert_eq!(proof.to_bytes(), text(&vector["text"]).as_bytes(), "{}", vector["name"]);
        assert_eq!(TlogProof::parse(text(&vector["text"]).as_bytes()), Ok(proof), "{}", vector["name"]);
    }
    for vector in list(&vectors["reject"]) {
        let error = TlogProof::parse(text(&vector["text"]).as_bytes()).expect_err(text(&vector["name"]));
        let as_expected = match text(&vector["name"]) {
            "missing header" => error == TlogProofError::Header,
            "bad extra" => error == TlogProofError::Extra,
            name if name.contains("index") => error == TlogProofError::Index,
            _ => matches!(error, TlogProofError::Hash(0)),
        };
        assert!(as_expected, "{}: {error}", vector["name"]);
    }
}
