//! Ledgers with nothing wrong: the audit says so, and says what it rests on.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fixture;

use fixture::{Ledger, log_signer, trust};
use ledger_audit::{Code, Export, Folder, KeyBasis, Report, Source, Trust, Verdict, Witnessed, audit};
use ledger_core::hash::Hash;
use ledger_core::policy::Policy;

fn audit_export(ledger: &Ledger, trust: &Trust) -> Report {
    audit(&Export::open(ledger.export()).unwrap(), trust, &mut |_| {})
}

fn breaches(report: &Report) -> Vec<&ledger_audit::Finding> {
    report.findings.iter().filter(|f| f.severity == ledger_audit::Severity::Breach).collect()
}

#[test]
fn an_untouched_export_is_clean() {
    let ledger = Ledger::small();
    let report = audit_export(&ledger, &trust());
    assert_eq!(report.verdict, Verdict::Clean, "{report}");
    assert_eq!(report.entries, ledger.entries.len() as u64);
    assert_eq!(report.root, Some(ledger.root_at(report.entries)));
    assert_eq!(report.counts.links, report.entries);
    assert_eq!(report.counts.rules, report.entries);
    assert_eq!(report.counts.checkpoints, 5, "four kept, one served: {report}");
    assert_eq!(report.counts.cosignatures, 5);
    assert_eq!((report.counts.addenda.present, report.counts.addenda.erased), (1, 1));
    assert_eq!(report.head.as_ref().unwrap().log_signature, KeyBasis::Given);
}

#[test]
fn an_export_on_disk_reads_like_one_in_memory() {
    let ledger = Ledger::small();
    let dir = tempfile::tempdir().unwrap();
    for (path, bytes) in &ledger.export().0 {
        let full = dir.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, bytes).unwrap();
    }
    let source = Export::open(Folder::new(dir.path())).unwrap();
    let on_disk = audit(&source, &trust(), &mut |_| {});
    let in_memory = audit_export(&ledger, &trust());
    assert_eq!(Report { source: in_memory.source.clone(), ..on_disk }, in_memory);
    assert_eq!(source.name(), dir.path().display().to_string());
}

#[test]
fn without_a_key_from_outside_nothing_is_called_clean() {
    let report = audit_export(&Ledger::small(), &Trust::default());
    let Verdict::CannotDecide(reason) = &report.verdict else { panic!("{report}") };
    assert!(reason.contains("taken from the ledger itself"), "{reason}");
    assert_eq!(breaches(&report), Vec::<&ledger_audit::Finding>::new(), "{report}");
}

#[test]
fn knowing_entry_0_is_as_good_as_knowing_the_log_key() {
    let ledger = Ledger::small();
    let trust = Trust { genesis: Some(Hash::leaf(&ledger.entries[0])), ..Trust::default() };
    let report = audit_export(&ledger, &trust);
    assert_eq!(report.verdict, Verdict::Clean, "{report}");
    assert_eq!(report.head.unwrap().log_signature, KeyBasis::KnownGenesis);
}

#[test]
fn a_policy_says_whether_enough_witnesses_confirmed() {
    let ledger = Ledger::small();
    let log = log_signer("log").verifier().vkeys()[0].clone();
    let w1 = fixture::witness().verifier().to_string();
    let text = |quorum: &str| format!("log {log}\nwitness w1 {w1}\ngroup g all w1\nquorum {quorum}\n");
    let with = |quorum| {
        let policy = Policy::parse(text(quorum).as_bytes()).unwrap();
        audit_export(&ledger, &Trust { policy: Some(policy), ..Trust::default() })
    };
    let report = with("g");
    assert_eq!(report.verdict, Verdict::Clean, "{report}");
    assert_eq!(report.head.as_ref().unwrap().witnessed, Witnessed::ByQuorum);
    assert!(
        report.to_string().starts_with("This record has not been changed since 21 November 2026"),
        "{report}"
    );
    assert_eq!(with("none").head.unwrap().witnessed, Witnessed::NotAsked);
}

#[test]
fn a_key_compromised_later_puts_its_last_entries_in_doubt_and_no_earlier_ones() {
    // bob signs entries 12 and 15; his key is revoked as compromised since entry 12 and, elsewhere, since 13.
    let report = audit_export(&Ledger::small(), &trust());
    let suspects: Vec<u64> =
        report.findings.iter().filter(|f| f.code == Code::KeySuspect).map(|f| f.index.unwrap().0).collect();
    assert_eq!(suspects, [12, 15], "{report}");
    assert_eq!(report.verdict, Verdict::Clean, "the past is not un-signed: {report}");
}

#[test]
fn withheld_addenda_are_not_missed() {
    let mut files = Ledger::small().export();
    files.0.retain(|path, _| !path.starts_with("addenda/"));
    files.0.insert("withheld".to_owned(), bytes::Bytes::new());
    let report = audit(&Export::open(files).unwrap(), &trust(), &mut |_| {});
    assert_eq!(report.verdict, Verdict::Clean, "{report}");
    assert_eq!((report.counts.addenda.withheld, report.counts.addenda.erased), (1, 1));
}

#[test]
fn entries_beyond_the_last_checkpoint_are_walked_and_named() {
    let mut ledger = Ledger::small();
    let covered = ledger.entries.len() as u64;
    let export = ledger.export();
    ledger.fact("alice", "G&I", "training");
    ledger.publish();
    let mut files = ledger.export();
    files.0.insert("checkpoint".to_owned(), export.0["checkpoint"].clone());
    files.0.remove(&format!("checkpoints/{}", covered + 1));
    let report = audit(&Export::open(files).unwrap(), &trust(), &mut |_| {});
    let uncovered = report.findings.iter().find(|f| f.code == Code::Uncovered).unwrap();
    assert_eq!(uncovered.index.unwrap().0, covered);
    assert_eq!(report.verdict, Verdict::Clean, "{report}");
}

#[test]
fn a_ledger_of_several_tiles_is_clean() {
    let mut ledger = Ledger::small();
    ledger.published.clear();
    for i in 0..520 {
        ledger.fact("alice", "G&I", &format!("topic-{}", i % 7));
        if [100, 255, 300].contains(&i) {
            ledger.publish();
        }
    }
    ledger.publish();
    let report = audit_export(&ledger, &trust());
    assert_eq!(report.verdict, Verdict::Clean, "{report}");
    assert!(report.counts.tiles >= 7, "{report}");
}

#[test]
fn the_report_reads_as_json_and_as_plain_english() {
    let report = audit_export(&Ledger::small(), &trust());
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["layout"], 1);
    assert_eq!(json["verdict"]["state"], "clean");
    assert_eq!(json["finding_counts"]["KEY-SUSPECT"], 2);
    assert_eq!(json["findings"][0]["severity"], "note");
    let text = report.to_string();
    assert!(text.contains("which key signed"), "{text}");
    assert!(!text.to_lowercase().contains("verified"), "a bare 'verified' misleads: {text}");
}

#[test]
fn nothing_at_all_cannot_be_decided() {
    let report = audit(&Export::open(ledger_audit::MemoryFiles::default()).unwrap(), &trust(), &mut |_| {});
    assert!(matches!(report.verdict, Verdict::CannotDecide(_)), "{report}");
}

#[test]
fn a_checkpoint_of_no_entries_is_compared_too() {
    let mut ledger = Ledger::small();
    ledger.published.insert(0);
    let report = audit_export(&ledger, &trust());
    assert_eq!(report.verdict, Verdict::Clean, "{report}");
    assert_eq!(report.counts.checkpoints, 6, "{report}");
}
