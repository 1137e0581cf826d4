//! Every way of tampering that we could think of, and where the audit says it happened.
//!
//! The attacker of each test has the files, and where it says so the log's own keys as well. Nobody has the
//! officers' keys.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fixture;

use bytes::Bytes;
use fixture::{Extra, FACT, FORCE, Ledger, fact, log_signer, secret, signed_checkpoint, trust};
use ledger_audit::{Code, Export, MemoryFiles, Report, Severity, Trust, Verdict, audit};
use ledger_core::addendum::AddendumPath;
use ledger_core::bundle;
use ledger_core::hash::Hash;
use ledger_core::sshsig;
use ledger_core::statement::NAMESPACE;
use ledger_core::tile::TilePath;
use prost::Message as _;
use scrutiny_proto::ledger::v1 as wire;

fn check(files: &MemoryFiles, trust: &Trust) -> Report {
    audit(&Export::open(files.clone()).unwrap(), trust, &mut |_| {})
}

/// The breaches, as code and index. No index reads as -1.
fn breaches(report: &Report) -> Vec<(Code, i64)> {
    assert_eq!(
        report.verdict == Verdict::Findings,
        report.findings.iter().any(|f| f.severity != Severity::Note)
    );
    let breaches = report.findings.iter().filter(|f| f.severity == Severity::Breach);
    breaches.map(|f| (f.code, f.index.map_or(-1, |i| i64::try_from(i.0).unwrap()))).collect()
}

fn rules(report: &Report) -> Vec<(u64, String)> {
    let rules = report.findings.iter().filter(|f| f.code == Code::Rule);
    rules.map(|f| (f.index.unwrap().0, f.rule.clone().unwrap())).collect()
}

/// Changes entries within a bundle and nothing else.
fn edit_bundle(files: &mut MemoryFiles, ledger: &Ledger, edit: impl Fn(&mut Vec<Bytes>)) {
    let size = ledger.entries.len();
    for (path, bytes) in &mut files.0 {
        let Ok(tile) = path.parse::<TilePath>() else { continue };
        if tile != TilePath::entries(0, u16::try_from(size).unwrap()) {
            continue;
        }
        let mut entries = bundle::parse(bytes).unwrap();
        edit(&mut entries);
        *bytes = bundle::encode(&entries).unwrap().into();
    }
}

/// Removes what earlier checkpoints left behind, so that only the last tiles and bundles speak.
fn only_latest(mut files: MemoryFiles, ledger: &Ledger) -> MemoryFiles {
    let size = u64::try_from(ledger.entries.len()).unwrap();
    files.0.retain(|path, _| {
        path.parse::<TilePath>()
            .map_or(true, |tile| tile.width_in(ledger_core::ids::TreeSize(size)) == Some(tile.width))
    });
    files
}

#[test]
fn one_changed_byte_of_a_statement_is_named_by_its_entry() {
    let ledger = Ledger::small();
    let mut files = only_latest(ledger.export(), &ledger);
    edit_bundle(&mut files, &ledger, |entries| {
        let mut bytes = entries[13].to_vec();
        let at = bytes.windows(4).position(|w| w == b"Some").unwrap();
        bytes[at] = b'N';
        entries[13] = bytes.into();
    });
    let report = check(&files, &trust());
    assert_eq!(breaches(&report), [(Code::Signature, 13), (Code::LeafTile, 13)], "{report}");
    let leaf = report.findings.iter().find(|f| f.code == Code::LeafTile).unwrap();
    assert!(leaf.sentence.contains("was changed after it was recorded"), "{}", leaf.sentence);
}

#[test]
fn a_changed_entry_is_named_once_also_where_there_are_no_tiles() {
    let ledger = Ledger::small();
    let mut files = only_latest(ledger.export(), &ledger);
    files.0.retain(|path, _| !path.starts_with("tile/0"));
    edit_bundle(&mut files, &ledger, |entries| {
        let mut bytes = entries[13].to_vec();
        bytes[0] = 2;
        entries[13] = bytes.into();
    });
    let report = check(&files, &trust());
    assert_eq!(breaches(&report), [(Code::EntryMalformed, 13), (Code::TileMissing, -1)], "{report}");
}

#[test]
fn a_removed_tail_is_missed() {
    let ledger = Ledger::small();
    let size = ledger.entries.len();
    // The attacker also takes away the checkpoints and tiles of what he removed, all but the latest checkpoint.
    let mut shorter = ledger.clone();
    shorter.entries.truncate(size - 3);
    shorter.published.remove(&(size as u64));
    shorter.published.insert(size as u64 - 3);
    let mut files = shorter.export();
    files.0.remove(&format!("checkpoints/{}", size - 3));
    files.0.insert("checkpoint".to_owned(), ledger.checkpoint(size as u64));
    let report = check(&files, &trust());
    assert_eq!(breaches(&report), [(Code::CheckpointAhead, size as i64 - 3)], "{report}");
    let ahead = report.findings.iter().find(|f| f.code == Code::CheckpointAhead).unwrap();
    assert!(ahead.sentence.contains("3 were removed"), "{}", ahead.sentence);
}

#[test]
fn a_removed_tail_with_an_older_checkpoint_is_missed_by_whoever_remembers_a_newer_one() {
    let ledger = Ledger::small();
    let size = ledger.entries.len();
    let mut shorter = ledger.clone();
    shorter.entries.truncate(size - 3);
    shorter.published.remove(&(size as u64));
    shorter.published.insert(size as u64 - 3);
    let files = shorter.export();
    assert_eq!(check(&files, &trust()).verdict, Verdict::Clean, "nothing in the files tells");
    let remembering = Trust { remembered: vec![ledger.checkpoint(size as u64)], ..trust() };
    assert_eq!(breaches(&check(&files, &remembering)), [(Code::CheckpointAhead, size as i64 - 3)]);
}

#[test]
fn two_swapped_entries_are_both_named() {
    let ledger = Ledger::small();
    let mut files = only_latest(ledger.export(), &ledger);
    edit_bundle(&mut files, &ledger, |entries| entries.swap(19, 20));
    let report = check(&files, &trust());
    let expected = [
        (Code::Index, 19),
        (Code::Chain, 19),
        (Code::LeafTile, 19),
        (Code::Index, 20),
        (Code::Chain, 20),
        (Code::LeafTile, 20),
    ];
    assert_eq!(breaches(&report), expected, "{report}");
}

#[test]
fn a_dropped_entry_in_a_rebuilt_tree_breaks_link_and_root() {
    let ledger = Ledger::small();
    let mut other = ledger.clone();
    other.entries.remove(11);
    other.log = "somebody else";
    other.published = [other.entries.len() as u64].into();
    let mut files = other.export();
    files.0.insert("checkpoint".to_owned(), ledger.checkpoint(ledger.entries.len() as u64));
    let report = check(&files, &trust());
    let found = breaches(&report);
    for expected in [(Code::Index, 11), (Code::Chain, 11), (Code::CheckpointSignature, -1)] {
        assert!(found.contains(&expected), "{expected:?} in {report}");
    }
    assert!(report.findings.iter().any(|f| f.code == Code::CheckpointAhead), "{report}");
}

#[test]
fn a_substituted_entry_with_valid_signatures_does_not_give_the_signed_root() {
    let ledger = Ledger::small();
    let last = ledger.entries.len() - 1;
    // Alice made another statement with the same version; the attacker puts it in place of the recorded one, and
    // rebuilds everything but the checkpoints, whose keys he lacks.
    let mut other = ledger.rewritten(|i, _| i < last);
    other.say(FACT, &format!("fact/{FORCE}/data"), &fact("Something else."), &[("alice", "G&I", FORCE)]);
    other.published = ledger.published.clone();
    let mut files = other.export();
    for (path, bytes) in &ledger.export().0 {
        if path.starts_with("checkpoint") {
            files.0.insert(path.clone(), bytes.clone());
        }
    }
    let report = check(&files, &trust());
    assert_eq!(breaches(&report), [(Code::Root, -1)], "{report}");
    let root = report.findings.iter().find(|f| f.code == Code::Root).unwrap();
    assert_eq!(root.found.as_deref(), Some(other.root_at(last as u64 + 1).to_string().as_str()));
    assert_eq!(report.root, Some(other.root_at(last as u64 + 1)));
}

#[test]
fn a_forged_checkpoint_is_not_the_logs() {
    let ledger = Ledger::small();
    let mut forged = ledger.clone();
    forged.log = "somebody else";
    let report = check(&forged.export(), &trust());
    let found = breaches(&report);
    assert!(
        !found.is_empty() && found.iter().all(|(code, _)| *code == Code::CheckpointSignature),
        "{report}"
    );
    assert!(report.head.is_none());
}

#[test]
fn two_trees_of_one_size_signed_by_the_log_are_a_fork() {
    let ledger = Ledger::small();
    let size = ledger.entries.len() as u64;
    let other = signed_checkpoint("log", size, Hash::of(b"another history"));
    let remembering = Trust { remembered: vec![other], ..trust() };
    let report = check(&ledger.export(), &remembering);
    let found = breaches(&report);
    assert!(found.contains(&(Code::CheckpointFork, -1)), "{report}");
}

#[test]
fn the_log_key_alone_cannot_change_what_an_officer_said() {
    // The attacker has the log's keys. He alters a statement, and signs a new history all through.
    let ledger = Ledger::small().rewritten(|i, entry| {
        if i == 13 {
            let mut bytes = entry.statement_bytes.to_vec();
            let at = bytes.windows(4).position(|w| w == b"Some").unwrap();
            bytes[at] = b'N';
            entry.statement_bytes = bytes.into();
        }
        true
    });
    let report = check(&ledger.export(), &trust());
    assert_eq!(breaches(&report), [(Code::Signature, 13)], "{report}");
}

#[test]
fn the_log_key_alone_cannot_leave_out_what_an_officer_said() {
    // Alice saw three facts on the stream when she signed the next one. The attacker drops the first and renumbers
    // everything; her signature still says what she saw.
    let ledger = Ledger::small().rewritten(|i, _| i != 11);
    let report = check(&ledger.export(), &trust());
    assert_eq!(breaches(&report)[0], (Code::Rule, 11), "{report}");
    assert_eq!(rules(&report)[0], (11, "VERSION".to_owned()), "{report}");
}

#[test]
fn the_log_key_alone_cannot_speak_for_an_officer() {
    let mut ledger = Ledger::small();
    let by = [("mallory", "G&I", FORCE)];
    ledger.say(FACT, &format!("fact/{FORCE}/training"), &fact("All is well."), &by);
    ledger.publish();
    let report = check(&ledger.export(), &trust());
    let last = ledger.entries.len() as u64 - 1;
    assert_eq!(rules(&report), [(last, "UNKNOWN-KEY".to_owned())], "{report}");
}

#[test]
fn a_signature_in_somebody_elses_name_is_named() {
    let mut ledger = Ledger::small();
    let mut message = wire::Statement::decode(
        ledger_core::entry::Entry::parse(&ledger.entries[11]).unwrap().statement_bytes,
    )
    .unwrap();
    message.id = Bytes::from_static(b"\0\0\0\0\0\0\x70\0\x80\0\0\0\0\0\0\xff");
    message.expected = Some(wire::statement::Expected::ExpectedVersion(4));
    let bytes = Bytes::from(message.encode_to_vec());
    let signature = sshsig::sign(&secret("mallory"), NAMESPACE, &bytes);
    ledger.seal(bytes, vec![signature.into()]);
    ledger.publish();
    let report = check(&ledger.export(), &trust());
    let last = ledger.entries.len() as i64 - 1;
    assert_eq!(breaches(&report), [(Code::Signature, last)], "{report}");
}

#[test]
fn a_ledger_begun_anew_is_not_the_one_that_was_known() {
    // The attacker has the log's keys, and replaces the officers by people of his own. Nothing in the files tells.
    let known = Hash::leaf(&Ledger::small().entries[0]);
    let mut anew = Ledger::empty();
    let by = [("evil one", "ROOT", "home-office"), ("evil two", "ROOT", "home-office")];
    anew.found(&by);
    anew.enrol("evil three", &by);
    anew.publish();
    let files = anew.export();
    assert_eq!(check(&files, &trust()).verdict, Verdict::Clean);
    let knowing = Trust { genesis: Some(known), ..trust() };
    assert_eq!(breaches(&check(&files, &knowing)), [(Code::Genesis, 0)]);
    let remembering = Trust { remembered: vec![Ledger::small().checkpoint(5)], ..trust() };
    let report = check(&files, &remembering);
    assert!(matches!(report.verdict, Verdict::Findings), "{report}");
}

#[test]
fn a_revoked_key_signs_nothing_more() {
    let mut ledger = Ledger::small();
    ledger.fact("bob", "LEAD", "training");
    ledger.publish();
    let report = check(&ledger.export(), &trust());
    let last = ledger.entries.len() as u64 - 1;
    assert_eq!(rules(&report), [(last, "KEY-REVOKED".to_owned())], "{report}");
}

#[test]
fn a_role_that_was_not_held_is_named() {
    let mut ledger = Ledger::small();
    ledger.fact("ivy", "G&I", "training");
    ledger.publish();
    let report = check(&ledger.export(), &trust());
    let last = ledger.entries.len() as u64 - 1;
    assert_eq!(rules(&report), [(last, "ROLE-NOT-HELD".to_owned())], "{report}");
}

#[test]
fn what_an_unauthorised_entry_grants_is_not_granted() {
    // Somebody who is no key administrator enrols and appoints a friend, who then signs.
    let mut ledger = Ledger::small();
    let by = [("alice", "KA", "home-office"), ("ivy", "KA", "home-office")];
    let from = ledger.entries.len() as u64;
    ledger.enrol("friend", &by);
    ledger.assign("friend", "G&I", FORCE, &by);
    ledger.fact("friend", "G&I", "training");
    ledger.publish();
    let report = check(&ledger.export(), &trust());
    let indices: Vec<u64> = rules(&report).iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, [from, from + 1, from + 2], "{report}");
    // The first is the cause; the others say that they may follow from it.
    assert_eq!(breaches(&report), [(Code::Rule, from as i64)], "{report}");
}

#[test]
fn a_statement_recorded_twice_is_named_with_its_first_place() {
    let mut ledger = Ledger::small();
    let first = ledger_core::entry::Entry::parse(&ledger.entries[12]).unwrap();
    let id = u64::from_be_bytes(first.statement.id.as_bytes()[8..].try_into().unwrap()) & !(0x80 << 56);
    let extra = Extra { id: Some(id), ..Extra::default() };
    let by = [("alice", "G&I", FORCE)];
    ledger.say_with(FACT, &format!("fact/{FORCE}/training"), &fact("Again."), &by, extra);
    ledger.publish();
    let report = check(&ledger.export(), &trust());
    let last = ledger.entries.len() as i64 - 1;
    assert_eq!(breaches(&report), [(Code::IdTwice, last)], "{report}");
}

#[test]
fn a_missing_addendum_is_missed_and_a_wrong_one_is_wrong() {
    let ledger = Ledger::small();
    let (digest, _) = ledger.addenda.first_key_value().unwrap();
    let path = AddendumPath(*digest).to_string();

    let mut files = ledger.export();
    files.0.remove(&path);
    assert_eq!(breaches(&check(&files, &trust())), [(Code::AddendumMissing, 13)]);

    files.0.insert(path, Bytes::from_static(&[7; 40]));
    assert_eq!(breaches(&check(&files, &trust())), [(Code::AddendumDigest, 13)]);
}

#[test]
fn an_addendum_that_was_said_to_be_erased_is_named_when_it_is_still_there() {
    let mut ledger = Ledger::small();
    let digest = *ledger.addenda.first_key_value().unwrap().0;
    let content = ledger.addenda[&digest].clone();
    ledger.erase(&digest);
    ledger.publish();
    assert_eq!(check(&ledger.export(), &trust()).verdict, Verdict::Clean);
    ledger.addenda.insert(digest, content);
    assert_eq!(breaches(&check(&ledger.export(), &trust())), [(Code::AddendumErased, 13)]);
}

#[test]
fn an_erasure_of_what_nobody_sealed_is_named() {
    let mut ledger = Ledger::small();
    ledger.erase(&Hash::of(b"never there"));
    ledger.publish();
    let last = ledger.entries.len() as i64 - 1;
    assert_eq!(breaches(&check(&ledger.export(), &trust())), [(Code::ErasureUnknown, last)]);
}

#[test]
fn an_addendum_that_nobody_committed_to_is_a_note() {
    let ledger = Ledger::small();
    let mut files = ledger.export();
    files.0.insert(AddendumPath(Hash::of(&[7; 40])).to_string(), Bytes::from_static(&[7; 40]));
    let report = check(&files, &trust());
    assert!(report.findings.iter().any(|f| f.code == Code::AddendumStray), "{report}");
    assert_eq!(report.verdict, Verdict::Clean);
}

#[test]
fn a_lost_bundle_leaves_the_tree_whole_where_the_tiles_are_there() {
    let mut ledger = Ledger::small();
    for i in 0..600 {
        ledger.fact("alice", "G&I", &format!("topic-{}", i % 5));
    }
    ledger.published = [ledger.entries.len() as u64].into();
    let mut files = ledger.export();
    files.0.remove("tile/entries/001");
    let report = check(&files, &trust());
    assert_eq!(breaches(&report), [(Code::Bundle, 256)], "{report}");
    assert_eq!(report.entries, ledger.entries.len() as u64);
    assert_eq!(report.counts.entries, report.entries - 256);

    // Without the leaf tile there is no tree beyond it.
    files.0.remove("tile/0/001");
    let report = check(&files, &trust());
    assert!(breaches(&report).contains(&(Code::Bundle, 256)), "{report}");
    assert_eq!(report.root, None);
    assert!(!report.obstacles.is_empty());
}

#[test]
fn an_older_checkpoint_served_as_the_latest_is_named() {
    let ledger = Ledger::small();
    let mut files = ledger.export();
    let older = *ledger.published.iter().rev().nth(1).unwrap();
    files.0.insert("checkpoint".to_owned(), ledger.checkpoint(older));
    assert_eq!(breaches(&check(&files, &trust())), [(Code::CheckpointBehind, -1)]);
    files.0.remove("checkpoint");
    assert_eq!(breaches(&check(&files, &trust())), [(Code::CheckpointMissing, -1)]);
}

#[test]
fn missing_and_wrong_tiles_are_named_by_their_paths() {
    let mut ledger = Ledger::small();
    for i in 0..600 {
        ledger.fact("alice", "G&I", &format!("topic-{}", i % 5));
    }
    ledger.published = [ledger.entries.len() as u64].into();
    let clean = ledger.export();
    for path in clean.0.keys().filter(|path| path.starts_with("tile/") && !path.starts_with("tile/entries")) {
        let mut files = clean.clone();
        files.0.remove(path);
        let report = check(&files, &trust());
        assert_eq!(breaches(&report), [(Code::TileMissing, -1)], "{report}");
        let missing = report.findings.iter().find(|f| f.code == Code::TileMissing).unwrap();
        assert_eq!(missing.about.as_deref(), Some(path.as_str()));

        let mut bytes = clean.0[path].to_vec();
        bytes[40] ^= 1;
        files.0.insert(path.clone(), bytes.into());
        let report = check(&files, &trust());
        let level_0 = path.starts_with("tile/0/");
        let [(code, _)] = breaches(&report)[..] else { panic!("{report}") };
        assert_eq!(code, if level_0 { Code::LeafTile } else { Code::Tile }, "{report}");
    }
}

#[test]
fn another_ledgers_key_is_told_apart() {
    let ledger = Ledger::small();
    let origin = "scrutiny.example/elsewhere".parse().unwrap();
    let other = ledger_core::checkpoint::LogSigner::new(origin, &[1; 32], &[2; 32]).unwrap();
    let report = check(&ledger.export(), &Trust { log: Some(other.verifier()), ..Trust::default() });
    assert!(breaches(&report).iter().all(|(code, _)| *code == Code::Origin), "{report}");
    assert_eq!(report.verdict, Verdict::Findings);
    drop(log_signer("log"));
}

#[test]
fn a_bad_cosignature_is_named_and_does_not_hide_the_others() {
    let ledger = Ledger::small();
    let mut files = ledger.export();
    let note = String::from_utf8(files.0["checkpoint"].to_vec()).unwrap();
    let line = note.lines().find(|line| line.starts_with("— witness")).unwrap();
    let mut changed = line.to_owned().into_bytes();
    let at = changed.len() - 20;
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    let note = note.replace(line, &String::from_utf8(changed).unwrap());
    files.0.insert("checkpoint".to_owned(), note.into());
    assert_eq!(breaches(&check(&files, &trust())), [(Code::Cosignature, -1)]);
}
