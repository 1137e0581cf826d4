//! Policies: what reads, what does not, and when a checkpoint is witnessed.

mod common;

use common::seed;
use ledger_core::checkpoint::{CheckpointError, LogKeys, LogSigner, SignedCheckpoint};
use ledger_core::cosignature::{CosignatureError, cosign};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::limits::MAX_POLICY_NAMES;
use ledger_core::note::{NoteError, SignedNote};
use ledger_core::policy::{Policy, PolicyError, QuorumError};
use ledger_core::skey::SigningKey;
use ledger_core::tlog_proof::TlogProof;
use ledger_core::vkey::KeyKind::{self, CosignatureEd25519, CosignatureMlDsa44};
use proptest::prelude::*;

const NOW: u64 = 1_790_000_000;

fn log() -> LogSigner {
    LogSigner::new("ledger.example/test".parse().expect("an origin"), &seed(0), &seed(0x40)).expect("seeds")
}

/// Witness number `i`; every third one signs with ML-DSA.
fn witness(i: u8) -> SigningKey {
    let kind = if i % 3 == 2 { CosignatureMlDsa44 } else { CosignatureEd25519 };
    SigningKey::from_seed(&format!("witness.example/w{i}"), kind, &seed(100 + i)).expect("a key name")
}

fn vkey(i: u8) -> String {
    witness(i).verifier().to_string()
}

/// The example of the specification: two of three X and one of three Y.
fn two_groups() -> String {
    let mut text = format!("# who we trust\n\nlog {}\n", log().verifier().vkeys()[0]);
    for (i, name) in (0..).zip(["X1", "X2", "X3", "Y1", "Y2", "Y3"]) {
        text += &format!("witness {name}\t{}  https://{name}.example/\n", vkey(i));
    }
    text + "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n \
            group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
}

fn checkpoint(cosigners: &[u8]) -> SignedCheckpoint {
    let log = log();
    let mut signed = log.sign(TreeSize(1), Hash::leaf(b"entry")).expect("a tree");
    let opened = signed.open(&log.verifier()).expect("just signed");
    for &i in cosigners {
        signed.add(cosign(&witness(i), &opened, NOW).expect("a witness's key")).expect("room");
    }
    SignedCheckpoint::parse(&signed.to_bytes()).expect("its own bytes")
}

#[test]
fn a_quorum_is_two_of_one_group_and_one_of_the_other() {
    let policy = Policy::parse(two_groups().as_bytes()).expect("a policy");
    assert_eq!((policy.logs().len(), policy.witnesses().len(), policy.groups().len()), (1, 6, 3));
    assert_eq!(policy.witnesses()[0].url, b"https://X1.example/");
    for set in 0..64u8 {
        let cosigned = |i: usize| set >> i & 1 == 1;
        let expected = (set & 0b111).count_ones() >= 2 && (set >> 3).count_ones() >= 1;
        assert_eq!(policy.is_quorum(cosigned), expected, "{set:06b}");
    }
}

#[test]
fn a_checkpoint_is_witnessed_once_the_quorum_has_cosigned() {
    let policy = Policy::parse(two_groups().as_bytes()).expect("a policy");
    let witnessed = policy.open(&checkpoint(&[0, 2, 5])).expect("a quorum");
    assert_eq!(witnessed.checkpoint.size, TreeSize(1));
    assert_eq!(witnessed.cosigned, [(0, NOW), (2, NOW), (5, NOW)]);
    let too_few = policy.open(&checkpoint(&[0, 1, 2]));
    assert_eq!(too_few, Err(QuorumError::Quorum { cosigned: 3, known: 6 }));
    // One witness twice is one witness.
    assert!(policy.open(&checkpoint(&[0, 0, 3])).is_err());
    // A stranger's cosignature neither helps nor harms.
    assert!(policy.open(&checkpoint(&[0, 1, 3, 17])).is_ok());
    assert!(policy.open(&checkpoint(&[0, 17, 3])).is_err());
}

#[test]
fn a_receipt_is_witnessed_for_its_own_entry_only() {
    let policy = Policy::parse(two_groups().as_bytes()).expect("a policy");
    let checkpoint = checkpoint(&[0, 2, 5]).to_bytes();
    let proof = TlogProof { extra: None, index: EntryIndex(0), path: Vec::new(), checkpoint };
    assert!(policy.verify(&proof, b"entry").is_ok());
    assert!(matches!(policy.verify(&proof, b"other"), Err(QuorumError::Proof(_))));
}

#[test]
fn a_known_witness_with_a_bad_cosignature_condemns_the_checkpoint() {
    let policy = Policy::parse(two_groups().as_bytes()).expect("a policy");
    let other = LogSigner::new("ledger.example/test".parse().expect("an origin"), &seed(0), &seed(0x40));
    let other = other.expect("seeds").sign(TreeSize(2), Hash::of(b"another tree")).expect("a tree");
    let opened = other.open(&log().verifier()).expect("just signed");
    let mut signed = checkpoint(&[0, 2, 5]);
    signed.add(cosign(&witness(1), &opened, NOW).expect("a witness's key")).expect("room");
    assert!(matches!(policy.open(&signed), Err(QuorumError::Checkpoint(_))));
}

#[test]
fn logs_outside_the_policy_are_refused_unless_known_from_elsewhere() {
    let text = format!("witness W {}\nquorum W\n", vkey(0));
    let policy = Policy::parse(text.as_bytes()).expect("a policy");
    let signed = checkpoint(&[0]);
    assert_eq!(policy.open(&signed), Err(QuorumError::UnknownLog("ledger.example/test".to_owned())));
    assert!(policy.open_as(&signed, &log().verifier()).is_ok());
}

/// Both logs are trusted, but each only for its own origin.
#[test]
fn one_log_of_the_policy_cannot_sign_for_another() {
    let other =
        SigningKey::from_seed("ledger.example/other", KeyKind::Ed25519, &seed(0x60)).expect("a key name");
    let text = format!("log {}\nlog {}\nquorum none\n", log().verifier().vkeys()[0], other.verifier());
    let policy = Policy::parse(text.as_bytes()).expect("a policy");
    let note = SignedNote::sign(checkpoint(&[]).note().unverified_text(), &other).expect("a text");
    let signed = SignedCheckpoint::parse(note.to_string().as_bytes()).expect("a checkpoint");
    let error = QuorumError::Checkpoint(CheckpointError::Note(NoteError::NotSigned));
    assert_eq!(policy.open(&signed), Err(error));
    assert!(policy.open(&checkpoint(&[])).is_ok());
}

#[test]
fn a_policy_has_sixty_four_groups_at_most() {
    let groups = |count: usize| {
        let first = format!("witness w {}\ngroup g0 any w\n", vkey(0));
        let rest: String = (1..count).map(|i| format!("group g{i} any g{}\n", i - 1)).collect();
        Policy::parse(format!("{first}{rest}quorum g{}\n", count - 1).as_bytes())
    };
    let policy = groups(MAX_POLICY_NAMES).expect("a policy");
    assert!(policy.is_quorum(|_| true) && !policy.is_quorum(|_| false));
    assert!(groups(MAX_POLICY_NAMES + 1).is_err());
}

#[test]
fn either_key_of_a_log_may_stand_in_the_policy() {
    for vkey in log().verifier().vkeys() {
        let policy = Policy::parse(format!("log {vkey}\nquorum none\n").as_bytes()).expect("a policy");
        assert!(policy.open(&checkpoint(&[])).is_ok());
    }
}

/// The log's keys after so many rotations.
fn rotated(times: u8) -> LogSigner {
    let origin = "ledger.example/test".parse().expect("an origin");
    LogSigner::new(origin, &seed(times), &seed(0x40 + times)).expect("seeds")
}

fn signed_by(signer: &LogSigner) -> SignedCheckpoint {
    signer.sign(TreeSize(1), Hash::leaf(b"entry")).expect("a tree")
}

fn naming(signers: &[&LogSigner]) -> Policy {
    let lines = signers.iter().flat_map(|signer| signer.verifier().vkeys());
    let logs: String = lines.map(|vkey| format!("log {vkey}\n")).collect();
    Policy::parse(format!("{logs}quorum none\n").as_bytes()).expect("a policy")
}

#[test]
fn keys_that_a_policy_does_not_name_leave_the_question_open_and_an_unsigned_checkpoint_does_not() {
    let (first, second) = (rotated(0), rotated(1));
    let old = naming(&[&first]);
    let unknown = Err(QuorumError::UnknownKeys("ledger.example/test".to_owned()));
    assert_eq!(old.open(&signed_by(&second)), unknown);
    assert_eq!(old.open_strictly(&signed_by(&second)), unknown);
    let sentence = old.open(&signed_by(&second)).expect_err("unknown").to_string();
    assert!(
        sentence.starts_with(
            "cannot decide: signed by keys of ledger.example/test that this policy does not name"
        )
    );
    let both = naming(&[&first, &second]);
    for signer in [&first, &second] {
        assert!(both.open_strictly(&signed_by(signer)).is_ok());
    }
    let stranger = SigningKey::from_seed("other.example/log", KeyKind::Ed25519, &seed(3)).expect("a key");
    let note = SignedNote::sign(signed_by(&first).note().unverified_text(), &stranger).expect("a text");
    let nobody = SignedCheckpoint::parse(note.to_string().as_bytes()).expect("a checkpoint");
    let bad = Err(QuorumError::Checkpoint(CheckpointError::Note(NoteError::NotSigned)));
    assert_eq!(old.open(&nobody), bad, "nobody signed it in the log's name");
}

#[test]
fn one_of_a_set_s_two_signatures_is_not_enough_and_two_sets_do_not_make_one() {
    let (first, second) = (rotated(0), rotated(1));
    let policy = naming(&[&first, &second]);
    let lines = |signer: &LogSigner| signed_by(signer).note().signatures().to_vec();
    let with = |signatures: &[&ledger_core::note::NoteSignature]| {
        let text = signed_by(&first).note().unverified_text().to_owned();
        let signatures: String = signatures.iter().map(|line| format!("{line}\n")).collect();
        SignedCheckpoint::parse(format!("{text}\n{signatures}").as_bytes()).expect("a checkpoint")
    };
    let (a, b) = (lines(&first), lines(&second));
    for signatures in [vec![&a[0]], vec![&b[1]], vec![&a[0], &b[1]], vec![&b[0], &a[1]]] {
        let error = policy.open_strictly(&with(&signatures)).expect_err("half a set");
        assert!(matches!(error, QuorumError::Checkpoint(CheckpointError::Unsigned { .. })), "{error}");
    }
    assert!(policy.open_strictly(&with(&[&a[0], &a[1]])).is_ok());
}

#[test]
fn each_set_of_keys_signs_for_its_own_sizes() {
    let (first, second) = (rotated(0), rotated(1));
    let keys = LogKeys::always(first.verifier())
        .then(TreeSize(5), second.verifier())
        .then(TreeSize(5), first.verifier())
        .then(TreeSize(9), first.verifier());
    let whose = |size| if *keys.at(TreeSize(size)) == first.verifier() { 1 } else { 2 };
    assert_eq!(
        [0, 4, 5, 8, 9, 1 << 40].map(whose),
        [1, 1, 2, 2, 1, 1],
        "a set that goes back in size is left out"
    );
    assert_eq!((keys.now(), keys.sets().count()), (&first.verifier(), 3));
    for (size, signer, good) in
        [(4, &first, true), (4, &second, false), (5, &first, false), (5, &second, true)]
    {
        let signed = signer.sign(TreeSize(size), Hash::leaf(b"entry")).expect("a tree");
        assert_eq!(keys.open(&signed).is_ok(), good, "size {size}");
        if !good {
            let from = TreeSize(if size == 4 { 5 } else { 0 });
            assert_eq!(keys.open(&signed), Err(CheckpointError::NotInForce { size: TreeSize(size), from }));
        }
    }
    let third = rotated(2).sign(TreeSize(4), Hash::ZERO).expect("a tree");
    assert_eq!(keys.open(&third), Err(CheckpointError::Note(NoteError::NotSigned)));
}

#[test]
fn a_cosignature_has_a_time_and_a_cosigner() {
    let log = log();
    let opened = log.sign(TreeSize(1), Hash::ZERO).and_then(|s| s.open(&log.verifier())).expect("signed");
    for time in [0, 1 << 63, u64::MAX] {
        assert_eq!(cosign(&witness(0), &opened, time), Err(CosignatureError::Timestamp(time)));
    }
    assert!(cosign(&witness(0), &opened, (1 << 63) - 1).is_ok());
    let plain = SigningKey::from_seed("witness.example/w", KeyKind::Ed25519, &seed(1)).expect("a key name");
    assert_eq!(cosign(&plain, &opened, NOW), Err(CosignatureError::Kind));
}

#[test]
fn policies_that_say_something_else_are_refused_with_their_line() {
    let (a, b, log) = (vkey(0), vkey(1), log().verifier().vkeys()[0].clone());
    // The same public key under another name is the same witness.
    let again =
        SigningKey::from_seed("witness.example/other", CosignatureEd25519, &seed(100)).expect("a name");
    let again = again.verifier().to_string();
    let rows: Vec<(String, Option<usize>)> = vec![
        (String::new(), None),
        ("quorum none".into(), None),
        (format!("witness A {a}\n"), None),
        ("quorum none\nquorum none\n".into(), Some(2)),
        ("quorum A\n".into(), Some(1)),
        (format!("quorum A\nwitness A {a}\n"), Some(1)),
        (format!("witness none {a}\nquorum none\n"), Some(1)),
        (format!("witness A {a}\nwitness A {b}\nquorum A\n"), Some(2)),
        (format!("witness A {a}\nwitness B {again}\nquorum A\n"), Some(2)),
        (format!("log {log}\nlog {log}\nquorum none\n"), Some(2)),
        (format!("log {a}\nquorum none\n"), Some(1)),
        (format!("witness A {log}\nquorum A\n"), Some(1)),
        (format!("witness A {a}\ngroup G any\nquorum G\n"), Some(2)),
        (format!("witness A {a}\ngroup G 0 A\nquorum G\n"), Some(2)),
        (format!("witness A {a}\ngroup G 2 A\nquorum G\n"), Some(2)),
        (format!("witness A {a}\ngroup G +1 A\nquorum G\n"), Some(2)),
        (format!("witness A {a}\ngroup G 1 A A\nquorum G\n"), Some(2)),
        (format!("witness A {a}\ngroup G any A none\nquorum G\n"), Some(2)),
        (format!("witness A {a}\ngroup G any A\ngroup H any A\nquorum H\n"), Some(3)),
        (format!("witness A {a}\ngroup A any A\nquorum A\n"), Some(2)),
        (format!("witness A {a}\ngroup G any G\nquorum G\n"), Some(2)),
        (format!("witness A {a} http://x # why\nquorum A\n"), Some(1)),
        ("quorum none\r\n".into(), Some(1)),
        ("# \x7f\nquorum none\n".into(), Some(1)),
        ("quorum none\nwitnes A b\n".into(), Some(2)),
    ];
    for (text, line) in rows {
        let error = Policy::parse(text.as_bytes()).expect_err(&text);
        let at = if let PolicyError::Line { line, .. } = error { Some(line) } else { None };
        assert_eq!(at, line, "{text:?}: {error}");
    }
}

#[test]
fn names_are_bytes() {
    let text = [b"witness \xff\xfe ", vkey(0).as_bytes(), b"\nquorum \xff\xfe\n"].concat();
    let policy = Policy::parse(&text).expect("names need not be UTF-8");
    assert_eq!(policy.to_bytes(), text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Random trees of groups over eight witnesses: what is written reads back the same.
    #[test]
    fn roundtrip_policy(cuts in prop::collection::vec((1usize..4, any::<prop::sample::Index>()), 1..5)) {
        let mut text: String = (0..8).map(|i| format!("witness w{i} {}\n", vkey(i))).collect();
        let mut free: Vec<String> = (0..8).map(|i| format!("w{i}")).collect();
        for (i, (size, threshold)) in cuts.iter().enumerate() {
            let members: Vec<String> = free.drain(..(*size).min(free.len())).collect();
            let threshold = threshold.index(members.len()) + 1;
            text += &format!("group g{i} {threshold} {}\n", members.join(" "));
            free.push(format!("g{i}"));
        }
        text += &format!("quorum {}\n", free.last().expect("a group"));
        let policy = Policy::parse(text.as_bytes()).expect("a policy");
        prop_assert_eq!(policy.to_bytes(), text.as_bytes());
        prop_assert!(policy.is_quorum(|_| true));
        prop_assert!(!policy.is_quorum(|_| false));
    }
}
