//! The write path, on the store in memory with its faults.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use ledger_core::checkpoint::LogSigner;
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_store::{Fault, MemoryDisk, MemoryStore};
use load::{Load, START_MS, Signed};
use prost::Message as _;
use recorder::{Answer, Config, Durable, Failure, Recorder, Submission};
use scrutiny_proto::ledger::v1::statement::Expected;
use scrutiny_proto::ledger::v1::{Document, RefusalRecord};

struct Scene {
    load: Load,
    disk: MemoryDisk,
    recorder: Recorder,
}

fn signer() -> LogSigner {
    LogSigner::new(load::ORIGIN.parse().expect("an origin"), &[1; 32], &[2; 32]).expect("log keys")
}

fn open(disk: &MemoryDisk) -> Recorder {
    open_with_pause(disk, Duration::ZERO)
}

/// A recorder whose clock takes its time, and with it the committer.
fn open_with_pause(disk: &MemoryDisk, pause: Duration) -> Recorder {
    let ticks = AtomicU64::new(START_MS);
    let config = Config {
        signer: signer(),
        clock: Arc::new(move || {
            std::thread::sleep(pause);
            ticks.fetch_add(1, Ordering::Relaxed)
        }),
        checkpoint_every: Duration::from_millis(20),
        verify_threads: 0,
    };
    Recorder::open(Box::new(MemoryStore::open(disk).expect("opens")), config).expect("replays")
}

impl Scene {
    fn founded() -> Self {
        let load = Load::new(3, signer().verifier().vkeys());
        let disk = MemoryDisk::new();
        let recorder = open(&disk);
        for signed in load.founding() {
            recorder.submit_blocking(submission(&signed)).expect("the founding is in order");
        }
        Self { load, disk, recorder }
    }

    fn submit(&self, signed: &Signed) -> Answer {
        self.recorder.submit_blocking(submission(signed))
    }

    fn size(&self) -> u64 {
        self.recorder.read(|store, _| store.head().size.0)
    }

    fn refusals(&self) -> Vec<RefusalRecord> {
        let kept =
            self.recorder.read(|store, _| store.refusals(0, usize::MAX)).expect("refusals are readable");
        kept.into_iter().map(|r| RefusalRecord::decode(r).expect("a refusal decodes")).collect()
    }

    fn receipt(&self, index: EntryIndex) -> Vec<u8> {
        self.recorder.publish().expect("a checkpoint is published");
        let receipt = self.recorder.read(move |store, _| recorder::receipt(store, index));
        receipt.expect("the tree is readable").expect("a checkpoint covers it").to_bytes()
    }

    /// Refused under `code`, the refusal kept, and nothing else changed.
    fn refuses(&self, code: &str, submission: Submission) {
        let (size, before) = (self.size(), self.refusals().len());
        let digest = Hash::of(&submission.statement);
        match self.recorder.submit_blocking(submission) {
            Err(Failure::Refused(refusal)) => assert_eq!(refusal.code.as_str(), code, "{}", refusal.sentence),
            other => panic!("{code}: {other:?}"),
        }
        assert_eq!(self.size(), size, "{code}: nothing is recorded");
        let refusals = self.refusals();
        assert_eq!(refusals.len(), before + 1, "{code}: the refusal is kept");
        let kept = refusals.last().expect("one more");
        assert_eq!((kept.code.as_str(), &kept.statement_sha256[..]), (code, &digest.0[..]));
        assert!(!kept.sentence.is_empty());
    }
}

fn submission(signed: &Signed) -> Submission {
    Submission {
        statement: signed.statement.clone(),
        signatures: signed.signatures.clone(),
        addenda: Vec::new(),
    }
}

fn durable(answer: Answer) -> Durable {
    answer.expect("recorded")
}

#[test]
fn a_receipt_proves_the_entry_under_the_logs_own_signature() {
    let scene = Scene::founded();
    let fact = durable(scene.submit(&scene.load.fact(1)));
    let entry =
        scene.recorder.read(move |store, _| store.entry(fact.index)).expect("readable").expect("there");
    let receipt = scene.receipt(fact.index);
    let proof = ledger_core::tlog_proof::TlogProof::parse(&receipt).expect("a proof");
    let checkpoint = proof.verify(&entry, &signer().verifier()).expect("the proof holds");
    assert!(checkpoint.size.0 > fact.index.0);
    assert!(proof.verify(b"another entry", &signer().verifier()).is_err());
}

#[test]
fn the_same_statement_gets_the_same_receipt_for_ever() {
    let scene = Scene::founded();
    let first = durable(scene.submit(&scene.load.fact(1)));
    let receipt = scene.receipt(first.index);
    for n in 2..600 {
        durable(scene.submit(&scene.load.fact(n)));
    }
    let again = durable(scene.submit(&scene.load.fact(1)));
    assert_eq!(again, Durable { already: true, ..first.clone() });
    assert_eq!(scene.receipt(first.index), receipt, "byte for byte, under a larger tree");
    let Scene { load, disk, recorder } = scene;
    drop(recorder);
    let reopened = Scene { recorder: open(&disk), load, disk };
    assert_eq!(durable(reopened.submit(&reopened.load.fact(1))).index, first.index);
    assert_eq!(reopened.receipt(first.index), receipt, "and after a restart");
}

#[test]
fn each_kind_of_bad_statement_has_its_own_refusal() {
    let scene = Scene::founded();
    let good = scene.load.fact(1);
    let other = scene.load.fact(2);
    durable(scene.submit(&other));

    let with = |signed: &Signed| submission(signed);
    let mut junk = submission(&good);
    junk.statement = Bytes::from_static(b"\xff\xff\xff");
    scene.refuses("MALFORMED", junk);

    let mut padded = submission(&good);
    // A field that the vocabulary does not have: prost would read past it without a word.
    padded.statement = [&good.statement[..], &[0xf8, 0x07, 0x01]].concat().into();
    scene.refuses("MALFORMED", padded);

    let mut huge = submission(&good);
    huge.statement = vec![0x0a; 70_000].into();
    scene.refuses("TOO-LONG", huge);

    let mut unsigned = submission(&good);
    unsigned.signatures.clear();
    scene.refuses("UNSIGNED", unsigned);

    let mut twice = submission(&good);
    twice.signatures.push(twice.signatures[0].clone());
    scene.refuses("UNSIGNED", twice);

    let mut borrowed = submission(&good);
    borrowed.signatures = other.signatures.clone();
    scene.refuses("SIGNATURE", borrowed);

    let mut stray = submission(&good);
    stray.addenda.push(vec![7; 40].into());
    scene.refuses("ADDENDUM", stray);

    scene.refuses(
        "WRONG-LEDGER",
        with(&scene.load.fact_with(1, |s| s.ledger = "scrutiny.example/other".to_owned())),
    );
    scene.refuses("UNKNOWN-KIND", with(&scene.load.fact_with(1, |s| s.kind = "scrutiny.x.v1.Y".to_owned())));
    scene.refuses("STREAM-MISMATCH", with(&scene.load.fact_with(1, |s| s.stream = "report/x".to_owned())));
    scene.refuses("BODY-MALFORMED", with(&scene.load.fact_with(1, |s| s.body = Bytes::from_static(b"\x0a"))));
    scene.refuses("ROLE-NOT-HELD", with(&scene.load.fact_with(1, |s| s.signers[0].role = "CC".to_owned())));
    scene.refuses(
        "VERSION",
        with(&scene.load.fact_with(1, |s| s.expected = Some(Expected::ExpectedVersion(9)))),
    );
    scene.refuses("ID-REUSED", with(&scene.load.fact_with(2, |s| s.imported = false)));
    let stranger = Load::new(9, Vec::new());
    scene.refuses("UNKNOWN-KEY", with(&stranger.fact(8)));

    durable(scene.submit(&good));
}

#[test]
fn a_batch_keeps_its_order_and_answers_a_statement_sent_twice_with_one_place() {
    let scene = Scene::founded();
    let facts = scene.load.facts(10..400);
    let before = scene.size();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let answers: Vec<Answer> = runtime.block_on(async {
        let twice = facts.iter().chain(&facts).map(|fact| scene.recorder.submit(submission(fact)));
        futures::future::join_all(twice).await
    });
    let (first, second) = answers.split_at(facts.len());
    for (n, (a, b)) in first.iter().zip(second).enumerate() {
        let (a, b) = (durable(a.clone()), durable(b.clone()));
        assert_eq!((a.index, a.leaf_hash), (b.index, b.leaf_hash), "fact {n}");
        assert!(a.already != b.already, "one of them was first");
    }
    assert_eq!(scene.size(), before + facts.len() as u64);
}

#[test]
fn a_failed_write_records_nothing_and_the_retry_succeeds() {
    let scene = Scene::founded();
    let before = scene.size();
    scene.disk.inject(Fault::FailWrite);
    assert!(matches!(scene.submit(&scene.load.fact(1)), Err(Failure::Unavailable(_))));
    assert_eq!(scene.size(), before);
    let retried = durable(scene.submit(&scene.load.fact(1)));
    assert_eq!(retried.index.0, before, "no gap where the failed one would have stood");
    assert!(!retried.already);
}

#[test]
fn a_full_disk_refuses_with_its_reason_and_recovers_when_space_returns() {
    let scene = Scene::founded();
    scene.disk.fill(Some((10, 1000)));
    match scene.submit(&scene.load.fact(1)) {
        Err(Failure::Unavailable(reason)) => assert!(reason.contains("full"), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert!(scene.recorder.read(|store, _| store.entry(EntryIndex(0))).expect("reads go on").is_some());
    scene.disk.fill(None);
    durable(scene.submit(&scene.load.fact(1)));
}

#[test]
fn after_a_failed_flush_nothing_more_is_recorded() {
    let scene = Scene::founded();
    scene.disk.inject(Fault::FailSync);
    assert!(matches!(scene.submit(&scene.load.fact(1)), Err(Failure::Unavailable(_))));
    assert!(matches!(scene.submit(&scene.load.fact(2)), Err(Failure::Unavailable(_))));
    drop(scene.recorder);
    assert!(MemoryStore::open(&scene.disk).is_err(), "a poisoned store stays shut until it was checked");
    assert!(scene.disk.scrub().is_empty());
    let reopened = open(&scene.disk);
    reopened.submit_blocking(submission(&scene.load.fact(2))).expect("recorded after the check");
}

#[test]
fn a_recorder_with_other_log_keys_does_not_open_the_ledger() {
    let Scene { disk, recorder, .. } = Scene::founded();
    drop(recorder);
    let other =
        LogSigner::new(load::ORIGIN.parse().expect("an origin"), &[3; 32], &[4; 32]).expect("log keys");
    let config = Config {
        signer: other,
        clock: Arc::new(|| START_MS),
        checkpoint_every: Duration::from_millis(20),
        verify_threads: 0,
    };
    let store = MemoryStore::open(&disk).expect("opens");
    assert!(Recorder::open(Box::new(store), config).is_err());
}

#[test]
fn many_large_statements_at_once_go_to_the_disk_in_batches_that_it_takes() {
    // The intake once counted the statements' bytes and not those of their entries. 280 statements of 60,000
    // bytes went on as one batch of more than 16 MiB, which the store refuses; every retry met the same end.
    let scene = Scene::founded();
    let large = |n: u64| {
        scene.load.fact_with(n, |statement| {
            statement.documents = (0..16)
                .map(|part| Document {
                    sha256: vec![part; 32].into(),
                    title: "x".repeat(3_600),
                    ..Document::default()
                })
                .collect();
        })
    };
    let facts: Vec<Signed> = (0..300).map(large).collect();
    let before = scene.recorder.counters();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let all = facts.iter().map(|fact| scene.recorder.submit(submission(fact)));
    let answers = runtime.block_on(futures::future::join_all(all));
    let bytes: usize = facts.iter().map(|fact| fact.statement.len()).sum();
    assert!(bytes > 17_000_000, "{bytes}");
    assert!(answers.into_iter().all(|answer| answer.is_ok()));
    let after = scene.recorder.counters();
    assert_eq!(after.entries - before.entries, 300);
    assert!(after.commits - before.commits >= 2);
}

#[test]
fn what_gathers_behind_a_slow_commit_shares_the_next_one_and_everybody_is_answered() {
    let Scene { load, disk, recorder } = Scene::founded();
    drop(recorder);
    let recorder = open_with_pause(&disk, Duration::from_micros(200));
    let facts = load.facts(0..640);
    std::thread::scope(|scope| {
        for client in facts.chunks(40) {
            let recorder = &recorder;
            scope.spawn(move || {
                for (n, fact) in client.iter().enumerate() {
                    let recorded = durable(recorder.submit_blocking(submission(fact)));
                    // A question among the batches is answered in its turn: after what was asked about.
                    if n % 8 == 0 {
                        assert!(recorder.read(|store, _| store.head().size.0) > recorded.index.0);
                    }
                }
            });
        }
    });
    let counters = recorder.counters();
    assert_eq!(counters.entries, 640);
    assert!(counters.commits < 640 / 2, "{} commits", counters.commits);
}

#[test]
fn many_are_answered_in_their_order_and_nothing_follows_where_the_caller_stops() {
    let scene = Scene::founded();
    let before = scene.size();
    let mut seen = Vec::new();
    scene.recorder.submit_many(
        0..3_000,
        |n| submission(&scene.load.fact(n)),
        |answer| {
            seen.push(durable(answer).index.0);
            ControlFlow::Continue(())
        },
    );
    assert_eq!(seen, (before..before + 3_000).collect::<Vec<_>>(), "in the order of the items");

    // The caller stops at the first answer. What was on its way by then is recorded and told, and nothing after it.
    let mut told = 0;
    scene.recorder.submit_many(
        3_000..100_000,
        |n| submission(&scene.load.fact(n)),
        |answer| {
            durable(answer);
            told += 1;
            ControlFlow::Break(())
        },
    );
    assert_eq!(scene.size(), before + 3_000 + told, "what was told is what is recorded");
    assert!(told < 20_000, "{told} of 97,000 were handed in");
}
