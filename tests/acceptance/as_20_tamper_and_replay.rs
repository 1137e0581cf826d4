//! AS-20: whatever is changed in the record is found and named.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Scene, copy_dir};

/// A ledger with a real inspection in it, its export, and its log key from elsewhere.
struct Exported {
    scene: Scene,
    vkey: String,
}

impl Exported {
    fn new() -> Self {
        let scene = Scene::with_people();
        scene.record_file("02-spotlight-report.yaml");
        let exported = scene.json(["export", "ledger", "export", "--with-addenda"]);
        Self { vkey: exported["vkeys"][0].as_str().expect("a vkey").to_owned(), scene }
    }

    /// A copy of the export to tamper with.
    fn copy(&self, name: &str) -> PathBuf {
        let to = self.scene.path(name);
        copy_dir(&self.scene.path("export"), &to);
        to
    }

    /// The codes of what `scrutiny verify` finds there, with the indexes it names.
    fn findings(&self, folder: &Path) -> Vec<(String, Option<u64>)> {
        let folder = folder.to_str().expect("a path in UTF-8");
        let answer = self.scene.run(["verify", folder, "--vkey", &self.vkey, "--json"]);
        assert_eq!(answer.code, 3, "{answer:?}");
        let findings = answer.result()["findings"].as_array().cloned().unwrap_or_default();
        assert!(!findings.is_empty(), "{answer:?}");
        let read = |f: &Value| (f["code"].as_str().unwrap_or_default().to_owned(), f["index"].as_u64());
        findings.iter().map(read).collect()
    }
}

/// Where each entry stands in a bundle: behind its length in two bytes.
fn entries_of(bundle: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bundle.len() {
        let length = usize::from(u16::from_be_bytes([bundle[at], bundle[at + 1]]));
        found.push(at + 2..at + 2 + length);
        at += 2 + length;
    }
    found
}

fn bundle_of(export: &Path) -> PathBuf {
    let partial = export.join("tile/entries/000.p");
    let first = fs::read_dir(partial).expect("a partial bundle").next().expect("one file");
    first.expect("one file").path()
}

#[test]
fn an_untouched_export_has_no_findings() {
    let exported = Exported::new();
    let answer = exported.scene.run(["verify", "export", "--vkey", &exported.vkey]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.stdout.contains("does not show"), "it says what it does not prove: {}", answer.stdout);
    let untrusting = exported.scene.run(["verify", "export"]);
    assert_eq!(untrusting.code, 4, "without a trusted key nobody can decide: {untrusting:?}");
}

#[test]
fn one_changed_byte_is_found_at_its_index() {
    let exported = Exported::new();
    let export = exported.copy("changed");
    let bundle = bundle_of(&export);
    let mut bytes = fs::read(&bundle).expect("a bundle");
    let index = 7;
    let entry = entries_of(&bytes)[index].clone();
    bytes[entry.start + entry.len() / 2] ^= 0x20;
    fs::write(&bundle, bytes).expect("written");
    let findings = exported.findings(&export);
    assert!(findings.iter().any(|(_, at)| *at == Some(index as u64)), "{findings:?}");
}

#[test]
fn a_removed_tail_does_not_reach_the_checkpoint() {
    let exported = Exported::new();
    let export = exported.copy("cut");
    let bundle = bundle_of(&export);
    let bytes = fs::read(&bundle).expect("a bundle");
    let entries = entries_of(&bytes);
    let keep = entries.len() - 5;
    let end = entries[keep - 1].end;
    fs::write(bundle.with_file_name(keep.to_string()), &bytes[..end]).expect("written");
    fs::remove_file(&bundle).expect("removed");
    let findings = exported.findings(&export);
    assert!(findings.iter().any(|(code, _)| code == "CHECKPOINT-AHEAD"), "{findings:?}");
}

#[test]
fn a_rolled_back_history_is_caught_by_whoever_kept_a_checkpoint() {
    let Exported { scene, vkey } = Exported::new();
    scene.record_file("03-cambridgeshire-april-2021.yaml");
    scene.json(["export", "ledger", "later"]);
    // The earlier export is whole in itself: nothing in it says that more was recorded.
    let alone = scene.run(["verify", "export", "--vkey", &vkey]);
    assert_eq!(alone.code, 0, "{alone:?}");
    let remembering = scene.run(["verify", "export", "--vkey", &vkey, "--remember", "later/checkpoint"]);
    assert_eq!(remembering.code, 3, "{remembering:?}");
    assert!(remembering.stdout.contains("CHECKPOINT-AHEAD"), "{remembering:?}");
}

#[test]
fn two_swapped_entries_break_the_chain() {
    let exported = Exported::new();
    let export = exported.copy("swapped");
    let bundle = bundle_of(&export);
    let bytes = fs::read(&bundle).expect("a bundle");
    let entries = entries_of(&bytes);
    let (a, b) = (entries[9].clone(), entries[10].clone());
    let mut swapped = bytes[..a.start - 2].to_vec();
    swapped.extend_from_slice(&bytes[b.start - 2..b.end]);
    swapped.extend_from_slice(&bytes[a.start - 2..a.end]);
    swapped.extend_from_slice(&bytes[b.end..]);
    fs::write(&bundle, swapped).expect("written");
    let findings = exported.findings(&export);
    assert!(findings.iter().any(|(_, at)| matches!(at, Some(9 | 10))), "{findings:?}");
}

#[test]
fn the_same_statement_again_gets_the_same_receipt_and_other_bytes_are_refused() {
    let scene = Scene::with_people();
    let id = "id: 01890a5d-ac96-774b-bcce-b302099a8057";
    let typed = |name: &str| {
        format!(
            "kind: BodyRegistered\nstream: body/cambs.test\n{id}\noccurred: 2021-04-13\nimported: true\n\
             signed_by: governance-officer as G&I of cambridgeshire\nexpected: 0\n\
             body: {{name: {name}, level: board}}"
        )
    };
    let first = scene.accept(&typed("Test Board"));
    let again = scene.accept(&typed("Test Board"));
    assert_eq!(again[0]["already"], true);
    assert_eq!(again[0]["proof"], first[0]["proof"], "byte for byte");
    scene.refuse("ID-REUSED", &typed("Another Board"));
}

#[test]
fn a_compromised_key_leaves_the_past_valid_and_marks_what_came_after() {
    let scene = Scene::with_people();
    let before = scene.size();
    let body = |n: u32| {
        format!(
            "kind: BodyRegistered\nstream: body/cambs.test{n}\n\
             signed_by: governance-officer as G&I of cambridgeshire\nbody: {{name: Test {n}, level: board}}"
        )
    };
    scene.accept(&body(1));
    scene.accept(&body(2));
    scene.json([
        "key",
        "revoke",
        "governance-officer",
        "--reason",
        "a lost laptop",
        "--compromised-since",
        &(before + 1).to_string(),
        "--by",
        "first-registrar as KA of ledger-office",
        "--by",
        "second-registrar as KA of ledger-office",
    ]);
    scene.refuse("KEY-REVOKED", &body(3));
    let report = scene.json(["verify", "ledger"]);
    let suspects: Vec<u64> = report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|f| f["code"] == "KEY-SUSPECT")
        .filter_map(|f| f["index"].as_u64())
        .collect();
    assert_eq!(suspects, [before + 1], "the second statement is in doubt, the first is not");
}
