//! Several recorders of one ledger on a bus: who leads, who takes over, and who follows again.

use std::time::{Duration, Instant};

use bytes::Bytes;
use host::bus::{Bus, Headers, Outgoing};
use host::health::State;
use ledger_core::hash::Hash;
use ledger_core::wire::{Outcome, Submission, Submissions};
use ledger_store::{Fault, MemoryDisk, MemoryStore, Store as _};
use load::Signed;

use crate::scene::{Running, Scene, caught_up, force};
use crate::{holds_exactly, is_published};

/// A takeover from a silent leader, receipt included, takes no longer.
pub(crate) const TAKEOVER: Duration = Duration::from_secs(5);

/// A founded ledger with two recorders enrolled, and both of them at work, the first of them leading.
struct Two {
    scene: Scene,
    enrolled: usize,
    first: (Running, host::bus::Link),
    second: (Running, host::bus::Link),
    disk: MemoryDisk,
}

impl Two {
    async fn started() -> Self {
        let (mut scene, alone) = Scene::founded().await;
        let enrolment: Vec<Signed> = (0..2).flat_map(|number| scene.load.recorder(number).1).collect();
        scene.send(&enrolment).await;
        for _ in &enrolment {
            assert!(matches!(scene.next_receipt().await.outcome, Outcome::Durable(_)));
        }
        alone.stop().await.expect("an orderly end");
        let first = scene.start_among(0, &scene.disk);
        first.0.notes("leads in epoch 1").await;
        let disk = MemoryDisk::new();
        let second = scene.start_among(1, &disk);
        second.0.notes("standby of epoch 1, 0 entries behind").await;
        // Every takeover is an entry, too.
        let enrolled = scene.load.founding().len() + enrolment.len();
        Self { scene, enrolled, first, second, disk }
    }
}

/// How long it takes from handing in to the published receipt.
pub(crate) async fn record(scene: &Scene, fact: &Signed) -> Duration {
    let began = Instant::now();
    scene.send(std::slice::from_ref(fact)).await;
    scene.receipt(fact, is_published).await;
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_over_from_a_leader_that_died_and_nothing_is_lost_or_twice() {
    let two = Two::started().await;
    assert_eq!(two.second.0.health.now().state, State::Ready, "a standby is ready");
    let facts: Vec<Signed> = (1..60).map(|n| two.scene.load.fact(n)).collect();
    two.scene.send(&facts[..20]).await;
    two.first.0.kill(&two.scene.disk).await;
    two.scene.send(&facts[20..40]).await;
    let took = record(&two.scene, &facts[40]).await;
    assert!(took < TAKEOVER, "{took:?}");
    two.second.0.notes("leads in epoch 2").await;
    // The dead one comes back, and follows.
    let (first, _link) = two.scene.start_among(0, &two.scene.disk);
    first.notes("standby of epoch 2").await;
    two.scene.send(&facts[41..]).await;
    for fact in &facts {
        two.scene.receipt(fact, is_published).await;
    }
    two.scene.inbox_is_empty().await;
    first.notes("standby of epoch 2, 0 entries behind").await;
    two.second.0.stop().await.expect("an orderly end");
    first.notes("leads in epoch 3").await;
    first.stop().await.expect("an orderly end");
    holds_exactly(&two.scene.store(), two.enrolled + 3, &facts);
    let (mirror, _following) = two.scene.mirror();
    caught_up(&mirror, &two.scene.store()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_whose_disk_is_full_is_silent_and_the_standby_records() {
    let two = Two::started().await;
    let facts = [two.scene.load.fact(1), two.scene.load.fact(2)];
    two.scene.disk.fill(Some((1, 2)));
    record(&two.scene, &facts[0]).await;
    two.second.0.notes("leads in epoch 2").await;
    two.first.0.says("the disk is nearly full").await;
    two.scene.disk.fill(None);
    two.first.0.notes("standby of epoch 2, 0 entries behind").await;
    record(&two.scene, &facts[1]).await;
    two.second.0.stop().await.expect("an orderly end");
    two.first.0.notes("leads in epoch 3").await;
    two.first.0.stop().await.expect("an orderly end");
    holds_exactly(&two.scene.store(), two.enrolled + 3, &facts);
}

/// Who leads said so from a task of its own, and went on saying so while its disk did not answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_whose_disk_hangs_is_silent_and_the_standby_records() {
    let two = Two::started().await;
    let facts = [two.scene.load.fact(1), two.scene.load.fact(2), two.scene.load.fact(3)];
    two.scene.disk.inject(Fault::Hang(TAKEOVER * 3 / 2));
    // Appended to the stream, and then the disk hangs: it counts, and the standby is who tells.
    two.scene.send(&facts[..1]).await;
    two.second.0.notes("leads in epoch 2").await;
    let took = record(&two.scene, &facts[1]).await;
    assert!(took < Duration::from_secs(2), "nothing waits for the disk that hangs: {took:?}");
    two.first.0.notes("standby of epoch 2, 0 entries behind").await;
    record(&two.scene, &facts[2]).await;
    two.second.0.stop().await.expect("an orderly end");
    two.first.0.notes("leads in epoch 3").await;
    two.first.0.stop().await.expect("an orderly end");
    holds_exactly(&two.scene.store(), two.enrolled + 3, &facts);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_leader_leaves_in_order_the_standby_leads_at_once() {
    let two = Two::started().await;
    two.first.0.stop().await.expect("an orderly end");
    let took = record(&two.scene, &two.scene.load.fact(1)).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    two.second.0.stop().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_was_cut_off_is_fenced_and_follows_once_it_is_back() {
    let two = Two::started().await;
    let Two { scene, first: (first, link), second: (second, _), .. } = &two;
    link.cut();
    let took = record(scene, &scene.load.fact(1)).await;
    assert!(took < TAKEOVER, "{took:?}");
    second.notes("leads in epoch 2").await;
    link.heal();
    first.notes("standby of epoch 2, 0 entries behind").await;
    assert_eq!(first.health.now().state, State::Ready, "{:?}", first.health.now());
    let took = record(scene, &scene.load.fact(2)).await;
    assert!(took < Duration::from_secs(2), "nothing waits for the one that was cut off: {took:?}");
    let Two { scene, enrolled, first, second, .. } = two;
    second.0.stop().await.expect("an orderly end");
    first.0.notes("leads in epoch 3").await;
    first.0.stop().await.expect("an orderly end");
    holds_exactly(&scene.store(), enrolled + 3, &[scene.load.fact(1), scene.load.fact(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_one_that_leads_answers_and_a_standby_is_seen_all_the_same() {
    let two = Two::started().await;
    let seen = two.scene.bus.survey(Duration::from_millis(100)).await.expect("the bus is open");
    let recorders: Vec<_> = seen.iter().filter(|seen| seen.name == "recorder").collect();
    assert_eq!(recorders.len(), 2);
    let leads = |leads: bool| recorders.iter().filter(|r| r.figures["leads"] == leads).count();
    assert_eq!((leads(true), leads(false)), (1, 1));
    let answering = recorders.iter().filter(|r| r.endpoints.iter().any(|e| e.name == "head")).count();
    assert_eq!(answering, 1);
    let standby = two.scene.ask("standby", Bytes::new()).await.expect("an answer").payload;
    let leader = two.scene.ask("head", Bytes::new()).await.expect("an answer").payload;
    assert_eq!(standby, leader, "it holds the same");
    two.first.0.stop().await.expect("an orderly end");
    two.second.0.notes("leads in epoch 2").await;
    two.second.0.stop().await.expect("an orderly end");
    assert!(MemoryStore::open(&two.disk).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_without_a_key_does_not_write_where_several_do() {
    let two = Two::started().await;
    two.second.0.stop().await.expect("an orderly end");
    let disk = two.disk;
    let third = Scene { disk, ..Scene::new().await };
    let third = Scene { bus: two.scene.bus.clone(), ..third }.start();
    third.says("this one has no recorder-key").await;
    third.stop().await.expect("an orderly end");
    two.first.0.stop().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_goes_from_the_stream_as_well_also_when_the_leader_died_in_between() {
    let two = Two::started().await;
    let (enrolled, addendum) = two.scene.load.sealed_enrolment(1);
    let subject = force().addendum(Hash::of(&addendum).to_hex());
    let (stream, bus) = (force().addenda().name, two.scene.bus.clone());
    let in_stream = || async { bus.last_on(&stream, &subject).await.expect("the bus is open").is_some() };
    two.scene.publish(&force().several("review"), with_addenda(&enrolled, &addendum)).await;
    two.scene.receipt(&enrolled, is_published).await;
    assert!(in_stream().await);
    let (erasers, enrolment) = two.scene.load.erasers();
    two.scene.send(&enrolment).await;
    let erasure = two.scene.load.erasure(1, &erasers, Hash::of(&addendum));
    two.scene.receipt(&enrolment[3], is_published).await;
    two.scene.send(std::slice::from_ref(&erasure)).await;
    two.scene.receipt(&erasure, is_published).await;
    two.first.0.kill(&two.scene.disk).await;
    two.second.0.notes("leads in epoch 2").await;
    for _ in 0..500 {
        if !in_stream().await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!in_stream().await);
    two.second.0.stop().await.expect("an orderly end");
    for disk in [&two.scene.disk, &two.disk] {
        let store = MemoryStore::open(disk).expect("the disk opens");
        assert_eq!(store.addendum(&Hash::of(&addendum)).expect("readable"), None);
    }
}

/// Who led before may have slept, and puts it there once more.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_and_comes_again_goes_again() {
    let two = Two::started().await;
    let (enrolled, addendum) = two.scene.load.sealed_enrolment(1);
    let digest = Hash::of(&addendum);
    let subject = force().addendum(digest.to_hex());
    let (stream, bus) = (force().addenda().name, two.scene.bus.clone());
    let is_there = || async { bus.last_on(&stream, &subject).await.expect("the bus is open").is_some() };
    let gone = || async {
        for _ in 0..1_000 {
            if !is_there().await {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    };
    two.scene.publish(&force().several("review"), with_addenda(&enrolled, &addendum)).await;
    two.scene.receipt(&enrolled, is_published).await;
    let (erasers, enrolment) = two.scene.load.erasers();
    two.scene.send(&enrolment).await;
    two.scene.receipt(&enrolment[3], is_published).await;
    two.scene.send(&[two.scene.load.erasure(1, &erasers, digest)]).await;
    assert!(gone().await);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    put_again(&bus, &subject, &addendum).await;
    assert!(is_there().await);
    assert!(gone().await);
    two.second.0.stop().await.expect("an orderly end");
    two.first.0.stop().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_content_that_nobody_gave_is_counted_and_asked_for_again() {
    let two = Two::started().await;
    let Two { scene, first, second, disk, .. } = two;
    second.0.stop().await.expect("an orderly end");
    let (enrolled, addendum) = scene.load.sealed_enrolment(1);
    let digest = Hash::of(&addendum);
    let subject = force().addendum(digest.to_hex());
    scene.publish(&force().several("review"), with_addenda(&enrolled, &addendum)).await;
    scene.receipt(&enrolled, is_published).await;
    first.0.kill(&scene.disk).await;
    // Older than thirty days.
    let stream = force().addenda().name;
    let message = scene.bus.last_on(&stream, &subject).await.expect("the bus is open").expect("it is there");
    scene.bus.erase(&stream, message.sequence.expect("it is kept")).await.expect("erased");
    let (second, _link) = scene.start_among(1, &disk);
    second.notes("nobody says that it leads, 1 addenda missing").await;
    put_again(&scene.bus, &subject, &addendum).await;
    let took = record(&scene, &scene.load.fact(1)).await;
    assert!(took < TAKEOVER, "{took:?}");
    tokio::time::sleep(Duration::from_secs(6)).await;
    second.stop().await.expect("an orderly end");
    let store = MemoryStore::open(&disk).expect("the disk opens");
    assert_eq!(store.addendum(&digest).expect("readable"), Some(addendum));
}

/// So late that the broker has forgotten that it had it.
async fn put_again(bus: &Bus, subject: &str, addendum: &Bytes) {
    let message = Outgoing {
        subject: subject.to_owned(),
        id: "much later".to_owned(),
        headers: Headers::new(),
        payload: addendum.clone(),
        expect_last: None,
    };
    bus.publish(message).await.expect("the stream takes it");
}

pub(crate) fn with_addenda(signed: &Signed, addendum: &Bytes) -> Bytes {
    let (statement, signatures) = (signed.statement.clone(), signed.signatures.clone());
    Submissions(vec![Submission { statement, signatures, addenda: vec![addendum.clone()] }]).to_bytes()
}
