//! The recorder on the bus, and what the bus does to it.

mod among;
mod broker;
mod scene;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use host::bus::{DeliveryFault, PublishFault, Rates};
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::tlog_proof::TlogProof;
use ledger_core::wire::{
    EntriesRequest, Head, Outcome, Receipts, RefusalClass, RefusalNotice, RefusalNotices, Refused,
    SealedBatch, Versions, VersionsRequest,
};
use ledger_store::{MemoryStore, Store};
use load::Signed;
use prost::Message as _;
use recorder::Recorder;
use recorder::service::ServiceError;
use scene::{Running, Scene, caught_up, config, force, message, signer};
use scrutiny_proto::ledger::v1::RefusalRecord;

fn is_published(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Published(_))
}

fn refusals(store: &MemoryStore) -> Vec<RefusalRecord> {
    let kept = store.refusals(0, usize::MAX).expect("refusals are readable");
    kept.into_iter().map(|record| RefusalRecord::decode(record).expect("a refusal")).collect()
}

/// Each of these is in the ledger exactly once, and nothing else besides the founding.
fn holds_exactly(store: &MemoryStore, founding: usize, facts: &[Signed]) {
    let mut ids = BTreeSet::new();
    for index in 0..store.head().size.0 {
        let bytes = store.entry(EntryIndex(index)).expect("readable").expect("there");
        assert!(
            ids.insert(Entry::parse(&bytes).expect("an entry").statement.id),
            "entry {index} is there twice"
        );
    }
    assert_eq!(ids.len(), founding + facts.len());
    assert!(facts.iter().all(|fact| ids.contains(&fact.id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_durable_then_published_and_its_receipts_are_the_same_when_asked_for() {
    let (mut scene, running) = Scene::founded().await;
    let fact = scene.load.fact(1);
    scene
        .publish(
            &force().event("review", "ScrutinyFactRecorded", fact.id),
            message(std::slice::from_ref(&fact)),
        )
        .await;
    let durable = scene.next_receipt().await;
    assert_eq!((durable.id, durable.digest), (Some(fact.id), Hash::of(&fact.statement)));
    let Outcome::Durable(place) = durable.outcome else { panic!("{durable:?}") };
    let told = loop {
        let told = scene.next_told().await;
        if told.id == Some(fact.id) {
            break told;
        }
    };
    let Outcome::Published(published) = &told.outcome else { panic!("{told:?}") };
    assert_eq!(published.durable, place);
    let proof = TlogProof::parse(published.proof.as_bytes()).expect("a proof");
    let entries = EntriesRequest { from: place.index, max: 1 }.to_bytes();
    let batch = SealedBatch::parse(&scene.ask("entries", entries).await.expect("an answer").payload);
    let entry = batch.expect("a batch").entries.remove(0);
    assert_eq!(Hash::leaf(&entry), place.leaf_hash);
    proof.verify(&entry, &signer().verifier()).expect("the proof holds");
    assert_eq!(scene.receipt(&fact, is_published).await, told, "byte for byte");
    // Twice in another message: the stream would drop the very same one.
    scene.send(&[fact.clone(), fact.clone()]).await;
    for _ in 0..2 {
        let again = scene.next_receipt().await.outcome;
        assert_eq!(again, Outcome::Durable(place), "the same statement, the same receipt");
    }
    scene.inbox_is_empty().await;
    running.stop().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_in_one_message_are_decided_in_order_and_a_mirror_holds_the_same() {
    let (scene, running) = Scene::founded().await;
    let (mirror, _following) = scene.mirror();
    let facts: Vec<Signed> = (1..300).map(|n| scene.load.fact(n)).collect();
    let mut together =
        scene.bus.listen(&force().receipt("review", "several")).await.expect("the bus is open");
    scene.send(&facts).await;
    let mut receipts = Vec::new();
    while receipts.len() < facts.len() {
        let told = tokio::time::timeout(scene::SOON, together.next()).await.expect("somebody tells");
        receipts.extend(Receipts::parse(&told.expect("the bus is open").payload).expect("receipts").0);
    }
    let mut last = None;
    for (fact, receipt) in facts.iter().zip(receipts) {
        let Outcome::Durable(place) = receipt.outcome else { panic!("{receipt:?}") };
        assert_eq!(receipt.id, Some(fact.id));
        assert!(last.replace(place.index) < Some(place.index), "in the order of the message");
    }
    running.stop().await.expect("an orderly end");
    caught_up(&mirror, &scene.store()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_nothing_ends_as_a_recorded_refusal_and_is_given_up() {
    let (mut scene, running) = Scene::founded().await;
    let several = force().several("review");
    let garbage = Bytes::from_static(b"\xffgarbage");
    scene.publish(&several, garbage.clone()).await;
    scene.publish("ev.cambridgeshire.review.no", message(&[scene.load.fact(1)])).await;
    scene.publish(&force().refused("review"), garbage.slice(1..)).await;
    // Statements that read, and may not be recorded.
    let elsewhere = scene.load.fact_with(2, |s| s.ledger = "elsewhere.example/x".to_owned());
    let too_long = Signed { statement: vec![0; 70_000].into(), ..scene.load.fact(3) };
    scene.send(&[elsewhere.clone(), too_long.clone(), scene.load.fact(4)]).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(scene.next_receipt().await);
    }
    let codes: Vec<_> = told
        .iter()
        .map(|receipt| match &receipt.outcome {
            Outcome::Refused(refused) => refused.code.as_str(),
            _ => "durable",
        })
        .collect();
    assert_eq!(codes, ["WRONG-LEDGER", "TOO-LONG", "durable"], "a bad one does not spoil its neighbours");
    assert_eq!(told[1].id, None, "nothing can be read of it but its digest");
    scene.inbox_is_empty().await;
    let again = scene.receipt(&elsewhere, |outcome| matches!(outcome, Outcome::Refused(_))).await;
    assert_eq!(again, told[0]);
    running.stop().await.expect("an orderly end");
    let kept: BTreeSet<_> = refusals(&scene.store()).into_iter().map(|r| r.statement_sha256).collect();
    let digests = [&garbage[..], &garbage[1..], &elsewhere.statement, &too_long.statement];
    for digest in digests.map(Hash::of) {
        assert!(kept.contains(&digest.0[..]), "{digest}");
    }
    assert_eq!(kept.len(), 5, "and the one under a subject that is none");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_desk_refused_is_kept_and_found_again_after_a_restart() {
    let (scene, running) = Scene::founded().await;
    let fact = scene.load.fact(1);
    let refused = Refused {
        code: "INV-02".to_owned(),
        sentence: "only the inspectorate closes".to_owned(),
        class: RefusalClass::Refused,
    };
    let notice = RefusalNotice {
        id: Some(fact.id),
        digest: Hash::of(&fact.statement),
        key_ids: Vec::new(),
        refused: refused.clone(),
        refused_at_ms: 7,
    };
    scene.publish(&force().refused("response"), RefusalNotices(vec![notice]).to_bytes()).await;
    scene.inbox_is_empty().await;
    running.stop().await.expect("an orderly end");
    let kept = refusals(&scene.store()).pop().expect("it is kept");
    assert_eq!((kept.code.as_str(), kept.told_by.as_str(), kept.refused_at_ms), ("INV-02", "response", 7));
    let running = scene.start();
    let receipt = scene.receipt(&fact, |outcome| matches!(outcome, Outcome::Refused(_))).await;
    assert_eq!(receipt.outcome, Outcome::Refused(refused));
    running.stop().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_out_of_the_stream_is_appended_at_the_start() {
    let (scene, running) = Scene::founded().await;
    running.stop().await.expect("an orderly end");
    // Durable on the disk, and the process stops before the stream has it.
    let facts: Vec<Signed> = (1..40).map(|n| scene.load.fact(n)).collect();
    let alone = Recorder::open(Box::new(scene.store()), config()).expect("opens");
    for fact in &facts {
        alone.submit(one(fact)).await.expect("in order");
    }
    drop(alone);
    scene.disk.crash();
    let (mirror, _following) = scene.mirror();
    let running = scene.start();
    scene.send(&facts).await;
    for fact in &facts {
        scene.receipt(fact, is_published).await;
    }
    running.stop().await.expect("an orderly end");
    holds_exactly(&scene.store(), scene.load.founding().len(), &facts);
    caught_up(&mirror, &scene.store()).await;
}

fn one(signed: &Signed) -> recorder::Submission {
    recorder::Submission {
        statement: signed.statement.clone(),
        signatures: signed.signatures.clone(),
        addenda: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_of_an_append_is_found_out_and_nobody_hears_of_it() {
    let (mut scene, running) = Scene::founded().await;
    let (mirror, _following) = scene.mirror();
    let sealed = force().sealed();
    for n in 1..30 {
        let fault = if n % 2 == 0 { PublishFault::StoredButUnknown } else { PublishFault::LostAndUnknown };
        scene.faults.on_publish(&sealed, fault, 1);
        scene.send(&[scene.load.fact(n)]).await;
        assert!(matches!(scene.next_receipt().await.outcome, Outcome::Durable(_)));
    }
    running.stop().await.expect("an orderly end");
    caught_up(&mirror, &scene.store()).await;
    // The stream holds every entry once and in order: no append was built on an end that was not known.
    let mut next = 0;
    for sequence in 1..=scene.bus.tail(&force().sealed_log().name).await.expect("there").last_sequence {
        let message =
            scene.bus.message(&force().sealed_log().name, sequence).await.expect("read").expect("there");
        let batch = SealedBatch::parse(&message.payload).expect("a batch");
        assert_eq!(batch.first, EntryIndex(next));
        next = batch.end().0;
    }
    assert_eq!(TreeSize(next), scene.store().head().size);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_that_was_fenced_out_stops_and_says_why() {
    let (scene, running) = Scene::founded().await;
    let other =
        SealedBatch { first: EntryIndex(1_000), entries: vec![Bytes::from_static(b"x")], checkpoint: None };
    scene.publish(&force().sealed(), other.to_bytes()).await;
    scene.send(&[scene.load.fact(1)]).await;
    let ended = tokio::time::timeout(scene::SOON, running.task).await.expect("it stops").expect("no panic");
    let Err(ServiceError::Diverged(why)) = ended else { panic!("{ended:?}") };
    assert!(why.contains("up to 1001 entries"), "{why}");
    let again = scene.start();
    let ended = tokio::time::timeout(scene::SOON, again.task).await.expect("it stops").expect("no panic");
    assert!(matches!(ended, Err(ServiceError::Diverged(_))), "and it does not start on it: {ended:?}");
}

/// With an officer's key, a question to any service, its answer to `ledger.cambridgeshire.sealed`, stored the answer in
/// the sealed stream; the recorder took it for another recorder's history and stopped for good.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_recorder_sent_to_the_sealed_stream_does_not_stop_this_one() {
    let (scene, running) = Scene::founded().await;
    let (mirror, _following) = scene.mirror();
    let sealed = force().sealed();
    scene.publish(&sealed, Bytes::from_static(b"{\"stream\":\"INBOX_CAMBRIDGESHIRE\",\"seq\":1}")).await;
    scene.publish(&sealed, Bytes::new()).await;
    let facts = [scene.load.fact(1), scene.load.fact(2)];
    scene.send(&facts[..1]).await;
    scene.receipt(&facts[0], is_published).await;
    scene.publish(&sealed, Bytes::from_static(b"more")).await;
    running.stop().await.expect("an orderly end");
    scene.publish(&sealed, Bytes::from_static(b"and more")).await;
    let running = scene.start();
    scene.send(&facts[1..]).await;
    scene.receipt(&facts[1], is_published).await;
    // It asks the recorder whether that was a damaged batch, so before the end.
    let all = TreeSize(scene.load.founding().len() as u64 + 2);
    let mut standing = mirror.watch();
    let reached = tokio::time::timeout(scene::SOON, standing.wait_for(|now| now.covered == all)).await;
    assert!(reached.is_ok(), "{:?}", mirror.standing());
    running.stop().await.expect("an orderly end");
    holds_exactly(&scene.store(), scene.load.founding().len(), &facts);
}

/// The founding's first three entries, recorded without the bus by a clock that is so far ahead.
async fn older_copy(scene: &Scene, ahead_ms: u64) -> ledger_store::MemoryDisk {
    let disk = ledger_store::MemoryDisk::new();
    let ahead = config();
    let clock = std::sync::Arc::clone(&ahead.clock);
    let ahead = recorder::Config { clock: std::sync::Arc::new(move || clock() + ahead_ms), ..ahead };
    let alone = Recorder::open(Box::new(MemoryStore::open(&disk).expect("opens")), ahead).expect("opens");
    for signed in &scene.load.founding()[..3] {
        alone.submit(one(signed)).await.expect("in order");
    }
    disk
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_another_history_does_not_start_on_the_stream_of_what_came_after() {
    let (scene, running) = Scene::founded().await;
    running.stop().await.expect("an orderly end");
    let disk = older_copy(&scene, 7).await;
    let restored = Scene { disk, ..scene }.start();
    let ended = tokio::time::timeout(scene::SOON, restored.task).await.expect("it stops").expect("no panic");
    assert!(matches!(ended, Err(ServiceError::Diverged(_))), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_reads_on_in_the_stream_and_goes_on_where_the_stream_ends() {
    let (scene, running) = Scene::founded().await;
    running.stop().await.expect("an orderly end");
    let whole = scene.store().head();
    let disk = older_copy(&scene, 0).await;
    let restored = Scene { disk, ..scene };
    let running = restored.start();
    let fact = restored.load.fact(1);
    restored.send(std::slice::from_ref(&fact)).await;
    restored.receipt(&fact, is_published).await;
    running.stop().await.expect("an orderly end");
    assert_eq!(restored.store().head().size.0, whole.size.0 + 1);
    holds_exactly(&restored.store(), restored.load.founding().len(), &[fact]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_lets_messages_wait_and_says_so_until_there_is_room() {
    let (mut scene, running) = Scene::founded().await;
    scene.disk.fill(Some((1, 2)));
    let fact = scene.load.fact(1);
    scene.send(std::slice::from_ref(&fact)).await;
    running.says("the disk is nearly full").await;
    scene.disk.fill(None);
    let receipt = scene.next_receipt().await;
    assert!(matches!(receipt.outcome, Outcome::Durable(_)), "{receipt:?}");
    scene.inbox_is_empty().await;
    assert_eq!(running.health.now().reasons, Vec::<String>::new(), "and it is ready again");
    running.stop().await.expect("an orderly end");
    holds_exactly(&scene.store(), scene.load.founding().len(), &[fact]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_whose_flush_failed_ends_the_service_and_what_the_stream_has_is_there_after_the_check() {
    let (scene, running) = Scene::founded().await;
    scene.disk.inject(ledger_store::Fault::FailSync);
    let fact = scene.load.fact(1);
    scene.send(std::slice::from_ref(&fact)).await;
    let ended = tokio::time::timeout(scene::SOON, running.task).await.expect("it ends").expect("no panic");
    assert!(matches!(ended, Err(ServiceError::Disk(_))), "{ended:?}");
    assert!(MemoryStore::open(&scene.disk).is_err(), "it stays shut until it was checked");
    assert!(scene.disk.scrub().is_empty());
    let running = scene.start();
    scene.receipt(&fact, is_published).await;
    running.stop().await.expect("an orderly end");
    holds_exactly(&scene.store(), scene.load.founding().len(), &[fact]);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_from_what_is_committed_and_bad_ones_are_refused() {
    let (scene, running) = Scene::founded().await;
    let size = scene.load.founding().len() as u64;
    let head =
        Head::parse(&scene.ask("head", Bytes::new()).await.expect("an answer").payload).expect("a head");
    assert_eq!(
        (head.size, head.origin.map(|o| o.to_string())),
        (TreeSize(size), Some(load::ORIGIN.to_owned()))
    );
    let streams =
        VersionsRequest(vec!["charter/ledger".parse().expect("one"), "report/x".parse().expect("one")]);
    let versions =
        Versions::parse(&scene.ask("versions", streams.to_bytes()).await.expect("an answer").payload);
    assert_eq!(versions.expect("versions").versions, [1, 0]);
    let beyond = EntriesRequest { from: EntryIndex(1_000), max: 0 }.to_bytes();
    let batch = SealedBatch::parse(&scene.ask("entries", beyond).await.expect("an answer").payload);
    assert_eq!((batch.as_ref().expect("a batch").first.0, batch.expect("a batch").entries.len()), (size, 0));
    for endpoint in ["entries", "receipt", "versions"] {
        assert!(scene.ask(endpoint, Bytes::from_static(b"\xff")).await.is_err(), "{endpoint}");
    }
    running.stop().await.expect("an orderly end");
}

/// At random: messages lost, doubled, out of order, appends of unknown fate, and the recorder killed.
async fn survive(seed: u64, kills: u64) {
    let (scene, mut running) = Scene::founded().await;
    let (mirror, _following) = scene.mirror();
    let rates =
        Rates { stored_but_unknown: 60, lost_and_unknown: 60, dropped: 30, duplicated: 60, reordered: 60 };
    scene.faults.at_random(seed, rates);
    let facts: Vec<Signed> = (1..160).map(|n| scene.load.fact(n + 1_000 * seed)).collect();
    for (n, some) in facts.chunks(4).enumerate() {
        scene.send(some).await;
        if n as u64 % 10 < kills {
            running.kill(&scene.disk).await;
            scene.disk.crash();
            running = scene.start();
        }
    }
    scene.faults.stop();
    // What was handed out and dropped comes again after half a minute; whoever has no receipt sends again before.
    for some in facts.chunks(16) {
        scene.send(some).await;
    }
    for fact in &facts {
        scene.receipt(fact, is_published).await;
    }
    running.stop().await.expect("an orderly end");
    holds_exactly(&scene.store(), scene.load.founding().len(), &facts);
    caught_up(&mirror, &scene.store()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_at_its_worst_changes_nothing_of_what_is_recorded() {
    for seed in 1..4 {
        survive(seed, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_on_a_bad_bus_it_keeps_every_statement_exactly_once() {
    for seed in 4..7 {
        survive(seed, 3).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_twice_is_acknowledged_twice_and_recorded_once() {
    let (mut scene, running) = Scene::founded().await;
    scene.faults.on_delivery("ev.>", DeliveryFault::Duplicate, 1);
    scene.send(&[scene.load.fact(1)]).await;
    let (first, second) = (scene.next_receipt().await, scene.next_receipt().await);
    assert_eq!(first, second);
    scene.inbox_is_empty().await;
    running.stop().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_orderly_end_everything_is_published_and_a_new_start_says_ready() {
    let (scene, running) = Scene::founded().await;
    running.stop().await.expect("an orderly end");
    let latest = scene.store().latest_checkpoint().expect("readable").expect("there is one").0;
    assert_eq!(latest, scene.store().head().size);
    let running: Running = scene.start();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(running.health.now().reasons, Vec::<String>::new());
    running.stop().await.expect("an orderly end");
}
