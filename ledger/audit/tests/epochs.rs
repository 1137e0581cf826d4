//! Recorders that took over: what an audit believes of them, and which sort of forgery it names how.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fixture;

use fixture::{Ledger, log_signer, trust};
use ledger_audit::{Code, Export, KeyBasis, Report, Severity, Trust, Verdict, audit};
use ledger_core::hash::Hash;
use ledger_core::policy::Policy;
use proptest::prelude::*;
use scrutiny_proto::registry::v1::RecorderEpochStarted;

/// Names of the recorders; the founder's log keys are called "log".
const RECORDERS: [&str; 2] = ["north", "south"];

fn check(ledger: &Ledger, trust: &Trust) -> Report {
    audit(&Export::open(ledger.export()).unwrap(), trust, &mut |_| {})
}

fn knowing(names: &[&str]) -> Trust {
    let vkeys = names.iter().flat_map(|name| log_signer(name).verifier().vkeys());
    let logs: String = vkeys.map(|vkey| format!("log {vkey}\n")).collect();
    let policy = Policy::parse(format!("{logs}quorum none\n").as_bytes()).unwrap();
    Trust { policy: Some(policy), witnesses: trust().witnesses, ..Trust::default() }
}

/// What weighs: code, rule, index.
fn told(report: &Report) -> Vec<(Code, Option<&str>, Option<u64>)> {
    let weigh = report.findings.iter().filter(|f| f.severity != Severity::Note);
    weigh.map(|f| (f.code, f.rule.as_deref(), f.index.map(|i| i.0))).collect()
}

/// Founded, with two recorders and an officer; entries 0 to 10.
fn staffed() -> Ledger {
    let mut ledger = Ledger::founded();
    for who in RECORDERS {
        ledger.hire(who, "REC", "home-office");
    }
    ledger.hire("alice", "G&I", "cambridgeshire");
    ledger.publish();
    ledger
}

/// Three epochs under keys that are handed over: entries 12, 14 and 16.
fn handed_over() -> Ledger {
    let mut ledger = staffed();
    ledger.fact("alice", "G&I", "training");
    for (number, who) in [(1, "north"), (2, "south"), (3, "north")] {
        ledger.take_over(who, number, "log");
        ledger.fact("alice", "G&I", "training");
        ledger.publish();
    }
    ledger
}

/// Three epochs under keys of their own, with checkpoints on both sides of each: entries 14, 16 and 18.
fn rotated() -> Ledger {
    let mut ledger = staffed();
    ledger.rotate();
    ledger.authorise("north", "north's");
    ledger.authorise("south", "south's");
    ledger.publish();
    for (number, who, log) in [(1, "north", "north's"), (2, "south", "south's"), (3, "north", "north's")] {
        ledger.take_over(who, number, log);
        ledger.publish_by(log);
        ledger.fact("alice", "G&I", "training");
        ledger.publish_by(log);
    }
    ledger
}

#[test]
fn three_epochs_under_keys_that_were_handed_over_are_clean_for_whoever_knows_the_keys() {
    let report = check(&handed_over(), &trust());
    assert_eq!(report.verdict, Verdict::Clean, "{report}");
    let from: Vec<_> = report.recorded.iter().map(|r| (r.epoch, r.from)).collect();
    assert_eq!(from, [(0, 0), (1, 12), (2, 14), (3, 16)]);
    assert_eq!(report.head.unwrap().log_signature, KeyBasis::Given);
}

#[test]
fn three_epochs_under_keys_of_their_own_are_clean_for_whoever_knows_any_of_them() {
    let ledger = rotated();
    for (known, basis) in [
        (vec!["log"], KeyBasis::Followed),
        (vec!["north's"], KeyBasis::Given),
        (vec!["south's"], KeyBasis::Followed),
        (vec!["log", "north's", "south's"], KeyBasis::Given),
    ] {
        let report = check(&ledger, &knowing(&known));
        assert_eq!(report.verdict, Verdict::Clean, "{known:?}: {report}");
        assert_eq!(report.head.as_ref().unwrap().log_signature, basis, "{known:?}");
    }
    let text = check(&ledger, &trust()).to_string();
    assert!(text.contains("Recorded in 4 epochs:"), "{text}");
    assert!(text.contains("epoch 0, entries 0 to 13: the recorder that founded the ledger"), "{text}");
    assert!(text.contains("epoch 3, entries 18 on: SHA256:"), "{text}");
    assert!(text.contains("You gave earlier keys: two root keys of the ledger"), "{text}");
    let genesis = Trust { genesis: Some(Hash::leaf(&ledger.entries[0])), ..Trust::default() };
    assert_eq!(check(&ledger, &genesis).head.unwrap().log_signature, KeyBasis::KnownGenesis);
    assert!(matches!(check(&ledger, &Trust::default()).verdict, Verdict::CannotDecide(_)));
}

/// Whoever forges a whole ledger can name anybody's keys in entry 0: only a checkpoint that they signed leads on.
#[test]
fn keys_that_signed_nothing_here_vouch_for_nothing() {
    let mut ledger = rotated();
    ledger.published.retain(|size| *size > 14);
    let report = check(&ledger, &knowing(&["log"]));
    let Verdict::CannotDecide(reason) = &report.verdict else { panic!("{report}") };
    assert!(reason.contains("none of the checkpoints here is signed by the keys that you gave"), "{reason}");
    assert_eq!(report.head.as_ref().unwrap().log_signature, KeyBasis::Unreached);
    assert_eq!(check(&ledger, &knowing(&["south's"])).verdict, Verdict::Clean);
}

#[test]
fn a_checkpoint_by_keys_of_another_time_is_named_at_each_size() {
    let right = rotated();
    for size in right.published.clone() {
        for other in ["log", "north's", "south's"] {
            let mut ledger = right.clone();
            let expected = *ledger.signed_by.get(&size).unwrap_or(&"log");
            ledger.signed_by.insert(size, other);
            for known in [["log"].as_slice(), &["south's"]] {
                let report = check(&ledger, &knowing(known));
                if other == expected {
                    assert_eq!(report.verdict, Verdict::Clean, "{report}");
                    continue;
                }
                // The latest is served as well as kept.
                let times = if size == *right.published.last().unwrap() { 2 } else { 1 };
                assert_eq!(
                    told(&report),
                    vec![(Code::KeysNotInForce, None, None); times],
                    "{size} {other}: {report}"
                );
                let about = Some(format!("size {size}"));
                assert!(report.findings.iter().any(|finding| finding.about == about), "{report}");
            }
        }
    }
}

#[test]
fn one_of_two_signatures_is_not_enough_after_a_rotation_either() {
    let ledger = rotated();
    let mut files = ledger.export();
    let note = String::from_utf8(files.0["checkpoints/16"].to_vec()).unwrap();
    let mut lines: Vec<_> = note.lines().collect();
    let second = lines.iter().rposition(|line| line.starts_with("— scrutiny.example")).unwrap();
    lines.remove(second);
    files.0.insert("checkpoints/16".to_owned(), format!("{}\n", lines.join("\n")).into());
    let one_key = log_signer("north's").verifier().vkeys()[0].clone();
    let policy = Policy::parse(format!("log {one_key}\nquorum none\n").as_bytes()).unwrap();
    for trust in [trust(), Trust { policy: Some(policy), ..Trust::default() }] {
        let report = audit(&Export::open(files.clone()).unwrap(), &trust, &mut |_| {});
        assert_eq!(told(&report), [(Code::CheckpointSignature, None, None)], "{report}");
    }
}

/// What somebody with a recorder's key and the log's old keys could write.
type Forgery = fn(&mut RecorderEpochStarted);

#[test]
fn each_forged_epoch_is_named_by_the_rule_that_it_breaks() {
    let forgeries: [(&str, &str, Forgery); 6] = [
        ("EPOCH-NUMBER", "epoch 1 comes next, this statement starts epoch 2", |e| e.epoch = 2),
        ("EPOCH-TAIL", "the epoch builds on 3 entries", |e| e.tail_size = 3),
        ("EPOCH-TAIL", "the entry before it has leaf hash", |e| e.tail_leaf_hash = vec![7; 32].into()),
        ("EPOCH-SIGNER", "and signed by", |e| e.recorder_key = fixture::key_id("south").to_string()),
        ("LOG-KEYS", "those that two root keys authorised for it", |e| {
            e.log_vkeys = log_signer("log").verifier().vkeys();
        }),
        ("LOG-KEYS", "those that two root keys authorised for it", |e| {
            e.log_vkeys = log_signer("nobody's").verifier().vkeys();
        }),
    ];
    for (rule, says, forge) in forgeries {
        let mut ledger = staffed();
        ledger.rotate();
        ledger.authorise("north", "north's");
        ledger.publish();
        let mut epoch = ledger.epoch("north", 1, "north's");
        forge(&mut epoch);
        ledger.start("north", &epoch);
        ledger.publish();
        let report = check(&ledger, &trust());
        assert_eq!(told(&report), [(Code::Rule, Some(rule), Some(13))], "{report}");
        assert!(report.findings.iter().any(|f| f.sentence.contains(says)), "{report}");
        assert_eq!(report.recorded.len(), 1, "it starts nothing");
    }
}

#[test]
fn an_epoch_without_authority_brings_no_keys_into_force() {
    // Nobody authorised these keys; the checkpoint behind the epoch is signed with them.
    let mut ledger = staffed();
    ledger.rotate();
    ledger.publish();
    ledger.take_over("north", 1, "north's");
    ledger.publish_by("north's");
    let report = check(&ledger, &trust());
    let expected = [(Code::Rule, Some("LOG-KEYS"), Some(12)), (Code::KeysNotInForce, None, None)];
    assert_eq!(told(&report)[..2], expected, "{report}");
    let sentence = "no two root keys authorised log keys for recorder";
    assert!(report.findings.iter().any(|f| f.sentence.contains(sentence)), "{report}");
    // Somebody whom nobody made a recorder; and a recorder whose key was revoked.
    let mut ledger = staffed();
    ledger.take_over("alice", 1, "log");
    ledger.publish();
    assert_eq!(told(&check(&ledger, &trust())), [(Code::Rule, Some("ROLE-NOT-HELD"), Some(11))]);
    let mut ledger = staffed();
    ledger.revoke("north", 11);
    ledger.take_over("north", 1, "log");
    ledger.publish();
    assert_eq!(told(&check(&ledger, &trust())), [(Code::Rule, Some("KEY-REVOKED"), Some(12))]);
}

#[test]
fn an_epoch_that_was_cut_out_is_missed_by_the_one_behind_it() {
    let whole = handed_over();
    // The log's own keys sign the shorter record; each later epoch still says where it was.
    let cut = whole.rewritten(|i, _| i != 14);
    let report = check(&cut, &trust());
    let rules: Vec<_> = told(&report).into_iter().filter(|(code, ..)| *code == Code::Rule).collect();
    assert!(rules.contains(&(Code::Rule, Some("VERSION"), Some(15))), "{report}");
}

/// What happens to a ledger, in an order that chance chooses.
#[derive(Debug, Clone, Copy)]
enum Step {
    Fact,
    Publish,
    TakeOver(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![Just(Step::Fact), Just(Step::Publish), (0..2usize).prop_map(Step::TakeOver)];
    prop::collection::vec(step, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// However recorders take turns, the record is clean; and one checkpoint by other keys than those in force is told.
    #[test]
    fn any_order_of_takeovers_is_clean_and_any_wrong_key_is_told(steps in steps(), rotated: bool, which: prop::sample::Index) {
        let own = ["north's", "south's"];
        let mut ledger = staffed();
        if rotated {
            ledger.rotate();
            ledger.authorise("north", own[0]);
            ledger.authorise("south", own[1]);
        }
        let (mut epoch, mut log) = (0, "log");
        for step in steps {
            match step {
                Step::Fact => ledger.fact("alice", "G&I", "training"),
                Step::Publish => ledger.publish_by(log),
                Step::TakeOver(who) => {
                    epoch += 1;
                    log = if rotated { own[who] } else { "log" };
                    ledger.take_over(RECORDERS[who], epoch, log);
                }
            }
        }
        ledger.publish_by(log);
        let report = check(&ledger, &trust());
        prop_assert_eq!(&report.verdict, &Verdict::Clean, "{}", report);
        prop_assert_eq!(report.recorded.len() as u64, epoch + 1);
        let sizes: Vec<_> = ledger.published.iter().copied().collect();
        let size = *which.get(&sizes);
        let right = *ledger.signed_by.get(&size).unwrap_or(&"log");
        for wrong in ["log", own[0], own[1]].into_iter().filter(|name| *name != right) {
            ledger.signed_by.insert(size, wrong);
            let report = check(&ledger, &trust());
            prop_assert_eq!(&report.verdict, &Verdict::Findings, "{} at {}: {}", wrong, size, report);
        }
    }
}
