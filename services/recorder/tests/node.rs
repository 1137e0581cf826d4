//! Several recorders of one ledger, polled by hand: who writes, who follows, and what a crash between stream and disk
//! leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use futures::FutureExt as _;
use host::bus::names::Force;
use host::bus::{Broker, Bus, Faults, Headers, Link, Outgoing, PublishFault};
use ledger_core::checkpoint::LogSigner;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::sshsig::sign;
use ledger_core::statement::NAMESPACE;
use ledger_core::wire::SealedBatch;
use ledger_rules::Code;
use ledger_rules::recorders::Takeover;
use ledger_store::{Fault, MemoryDisk, MemoryStore};
use load::{Load, START_MS, Signed};
use recorder::service::StreamLog;
use recorder::{Answer, Config, Failure, Node, RecorderKey, Role, Stop, Submission, Trouble};

fn force() -> Force {
    Force::parse("cambridgeshire").expect("a force")
}

fn signer() -> LogSigner {
    LogSigner::new(load::ORIGIN.parse().expect("an origin"), &[1; 32], &[2; 32]).expect("log keys")
}

fn submission(signed: &Signed) -> Submission {
    Submission {
        statement: signed.statement.clone(),
        signatures: signed.signatures.clone(),
        addenda: Vec::new(),
    }
}

/// One recorder: its disk outlives it.
struct Seat {
    disk: MemoryDisk,
    key: RecorderKey,
    bus: Bus,
    link: Link,
    clock: Arc<AtomicU64>,
}

struct Scene {
    load: Load,
    broker: Broker,
    faults: Faults,
    seats: Vec<Seat>,
}

impl Seat {
    fn open(&self) -> Node {
        let ticks = Arc::clone(&self.clock);
        let config = Config {
            signer: signer(),
            clock: Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed)),
            checkpoint_every: Duration::from_millis(30),
            verify_threads: 1,
        };
        let store = MemoryStore::open(&self.disk).expect("the disk opens");
        let log = StreamLog::new(self.bus.clone(), force()).sharing_addenda();
        Node::open(Box::new(store), config, Some(Box::new(log))).expect("replays")
    }
}

impl Seat {
    /// Another seat at the same bus.
    fn like(&self) -> Self {
        let (bus, link) = self.bus.broker().expect("it is in this process").handle();
        let key = RecorderKey::from_seed(&[8; 32]).expect("a key");
        Self { disk: MemoryDisk::new(), key, bus, link, clock: Arc::clone(&self.clock) }
    }
}

impl Scene {
    /// Two recorders, enrolled; the first leads in epoch 1, and nobody else has read anything.
    async fn new() -> (Self, Node) {
        let (bus, faults) = Bus::in_process_with_faults();
        bus.ensure(&force().inbox()).await.expect("the inbox is made");
        bus.ensure(&force().sealed_log()).await.expect("the sealed stream is made");
        bus.ensure(&force().addenda()).await.expect("the addenda stream is made");
        let broker = bus.broker().expect("it is in this process");
        let load = Load::new(3, signer().verifier().vkeys());
        let clock = Arc::new(AtomicU64::new(START_MS));
        let seat = |number| {
            let (bus, link) = broker.handle();
            let key = RecorderKey::from_seed(&load.recorder(number).0).expect("a key");
            Seat { disk: MemoryDisk::new(), key, bus, link, clock: Arc::clone(&clock) }
        };
        let seats = vec![seat(0), seat(1)];
        let scene = Self { load, broker, faults, seats };
        let mut first = scene.seats[0].open();
        first.lead_alone().await.expect("nobody else is there");
        let founding = scene.load.founding();
        let enrolled = (0..2).flat_map(|number| scene.load.recorder(number).1);
        for signed in founding.into_iter().chain(enrolled) {
            recorded(first.submit(vec![submission(&signed)]).await.remove(0));
        }
        assert_eq!(first.take_over(&scene.seats[0].key).await, Ok(1));
        (scene, first)
    }

    fn fact(&self, n: u64) -> Vec<Submission> {
        vec![submission(&self.load.fact(n))]
    }

    fn stream(&self) -> String {
        force().sealed_log().name
    }
}

fn recorded(answer: Answer) -> EntryIndex {
    answer.expect("recorded").index
}

fn size(node: &Node) -> TreeSize {
    node.store().head().size
}

fn checkpoints(node: &Node) -> Vec<TreeSize> {
    node.store().checkpoint_sizes(TreeSize(0), usize::MAX)
}

#[tokio::test]
async fn who_follows_holds_the_same_entries_and_checkpoints_and_records_nothing() {
    let (scene, mut first) = Scene::new().await;
    let mut second = scene.seats[1].open();
    assert_eq!(second.role(), &Role::Following);
    for n in 1..5 {
        recorded(first.submit(scene.fact(n)).await.remove(0));
        first.publish().await.expect("it leads");
        assert_eq!(second.catch_up().await, Ok(size(&first)));
    }
    assert_eq!(second.store().head(), first.store().head());
    assert_eq!(checkpoints(&second), checkpoints(&first));
    let answer = second.submit(scene.fact(9)).await.remove(0);
    assert!(matches!(answer, Err(Failure::Unavailable(_))), "{answer:?}");
    assert_eq!(size(&second), size(&first));
}

#[tokio::test]
async fn after_a_takeover_the_one_before_is_refused_and_follows() {
    let (scene, mut first) = Scene::new().await;
    recorded(first.submit(scene.fact(1)).await.remove(0));
    let mut second = scene.seats[1].open();
    assert_eq!(second.take_over(&scene.seats[1].key).await, Ok(2));
    let place = recorded(second.submit(scene.fact(2)).await.remove(0));
    // It slept, and knows nothing of all that.
    assert_eq!(first.role(), &Role::Leading { epoch: 1 });
    let answer = first.submit(scene.fact(3)).await.remove(0);
    assert!(matches!(answer, Err(Failure::Unavailable(_))), "{answer:?}");
    assert_eq!(first.role(), &Role::Following);
    first.catch_up().await.expect("it follows");
    assert_eq!(first.store().head(), second.store().head());
    // What was handed to both has one place.
    assert_eq!(first.take_over(&scene.seats[0].key).await, Ok(3));
    let again = first.submit(scene.fact(2)).await.remove(0).expect("recorded before");
    assert_eq!((again.index, again.already), (place, true));
}

#[tokio::test]
async fn a_refusal_on_a_stale_state_is_never_told_and_never_kept() {
    let (scene, mut first) = Scene::new().await;
    let mut second = scene.seats[1].open();
    second.take_over(&scene.seats[1].key).await.expect("it takes over");
    // The first one sleeps while an officer is enrolled, and would refuse what that officer signs.
    let (importer, enrolment) = scene.load.importer();
    drop(importer);
    for signed in &enrolment {
        recorded(second.submit(vec![submission(signed)]).await.remove(0));
    }
    // The role before its key: a refusal to whoever does not know the key.
    let answer = first.submit(vec![submission(&enrolment[1])]).await.remove(0);
    assert!(matches!(answer, Err(Failure::Unavailable(_))), "{answer:?}");
    assert_eq!(first.store().refusal_count(), 0);
    first.catch_up().await.expect("it follows");
    assert_eq!(first.store().head(), second.store().head());
}

/// The server that it asks was cut off together with it, and tells what was so before another one took over.
#[tokio::test]
async fn a_refusal_is_not_told_on_the_word_of_a_server_that_was_left_behind() {
    let (scene, mut first) = Scene::new().await;
    let (_, enrolment) = scene.load.importer();
    let mut second = scene.seats[1].open();
    scene.seats[0].link.leave_behind();
    second.take_over(&scene.seats[1].key).await.expect("it takes over");
    for signed in &enrolment {
        recorded(second.submit(vec![submission(signed)]).await.remove(0));
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let mut asked = Box::pin(first.submit(vec![submission(&enrolment[1])]));
    let told = tokio::time::timeout(Duration::from_secs(1), &mut asked).await;
    assert!(told.is_err(), "nobody can know: {told:?}");
    scene.seats[0].link.bring_back();
    let answer = asked.await.remove(0);
    assert!(matches!(answer, Err(Failure::Unavailable(_))), "{answer:?}");
    assert_eq!((first.store().refusal_count(), first.role()), (0, &Role::Following));
    first.catch_up().await.expect("it follows");
    assert_eq!(first.store().head(), second.store().head());
}

#[tokio::test]
async fn a_refusal_after_a_while_leaves_a_mark_in_the_stream_that_is_nothing_new_to_anybody() {
    let (scene, mut first) = Scene::new().await;
    let mut second = scene.seats[1].open();
    second.catch_up().await.expect("it follows");
    let (_, enrolment) = scene.load.importer();
    let told = size(&first);
    let ends = || scene.broker.look(&scene.stream(), u64::MAX).0;
    let before = ends();
    for marks in 1..3 {
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        for _ in 0..5 {
            let answer = first.submit(vec![submission(&enrolment[1])]).await.remove(0);
            assert!(matches!(answer, Err(Failure::Refused(_))), "{answer:?}");
        }
        assert_eq!(ends(), before + marks, "one for all that are refused within a second");
    }
    assert_eq!(second.catch_up().await, Ok(told));
    // One that looks for its place behind the marks, and one that reads all of it.
    drop(second);
    let mut second = scene.seats[1].open();
    for anew in [&mut second, &mut scene.seats[0].like().open()] {
        assert_eq!(anew.catch_up().await, Ok(told));
        assert_eq!(anew.store().head(), first.store().head());
    }
    recorded(first.submit(scene.fact(1)).await.remove(0));
    assert_eq!(second.take_over(&scene.seats[1].key).await, Ok(2));
    assert_eq!(size(&second).0, told.0 + 2);
}

#[tokio::test]
async fn a_stream_that_contradicts_itself_however_often_it_is_read_stops_its_reader() {
    let (scene, mut first) = Scene::new().await;
    recorded(first.submit(scene.fact(1)).await.remove(0));
    let nothing = SealedBatch { first: EntryIndex(size(&first).0), entries: Vec::new(), checkpoint: None };
    let message = Outgoing {
        subject: force().sealed(),
        id: "late".to_owned(),
        headers: Headers::new().with("Scrutiny-After", "what was lost"),
        payload: nothing.to_bytes(),
        expect_last: None,
    };
    scene.seats[0].bus.publish(message).await.expect("the stream takes it");
    let mut second = scene.seats[1].open();
    let stopped = second.catch_up().await;
    let Err(Trouble::Stopped(Stop::Diverged(why))) = &stopped else { panic!("{stopped:?}") };
    assert!(why.contains("was sent behind the message what was lost"), "{why}");
}

#[tokio::test]
async fn a_recorder_dropped_at_any_await_loses_nothing_that_was_answered_and_reads_the_rest_from_the_stream()
{
    let (scene, mut first) = Scene::new().await;
    let mut told = Vec::new();
    scene.seats[0].link.stepwise();
    for n in 1..40 {
        let facts: Vec<_> = (0..3).map(|m| submission(&scene.load.fact(3 * n + m))).collect();
        let polls = n % 7;
        let mut submitting = Box::pin(first.submit(facts));
        let mut done = None;
        for _ in 0..polls {
            done = done.or_else(|| (&mut submitting).now_or_never());
            if done.is_some() {
                break;
            }
        }
        drop(submitting);
        told.extend(done.into_iter().flatten().map(|answer| answer.expect("in order")));
        drop(first);
        scene.seats[0].disk.crash();
        first = scene.seats[0].open();
        first.take_over(&scene.seats[0].key).await.expect("it goes on");
    }
    assert!(!told.is_empty());
    for durable in told {
        let again = first.store().find(&durable.id).expect("readable");
        assert_eq!(again, Some(durable.index));
    }
    let mut second = scene.seats[1].open();
    second.catch_up().await.expect("it follows");
    assert_eq!(second.store().head(), first.store().head());
    assert_eq!(checkpoints(&second), checkpoints(&first));
}

#[tokio::test]
async fn what_is_in_the_stream_and_not_on_the_disk_counts_once_there_is_room() {
    let (scene, mut first) = Scene::new().await;
    let before = size(&first);
    scene.seats[0].disk.inject(Fault::FailWrite);
    let answer = first.submit(scene.fact(1)).await.remove(0);
    assert!(matches!(answer, Err(Failure::Unavailable(_))), "nobody is told before it is on the disk");
    assert_eq!(size(&first), before);
    let again = first.submit(scene.fact(1)).await.remove(0).expect("recorded");
    assert_eq!((again.index.0, again.already), (before.0, true));
    assert_eq!(first.role(), &Role::Leading { epoch: 1 }, "and it leads on");
}

#[tokio::test]
async fn what_the_stream_lost_is_given_back_by_who_holds_it() {
    let (scene, mut first) = Scene::new().await;
    for n in 1..6 {
        recorded(first.submit(scene.fact(n)).await.remove(0));
        first.publish().await.expect("it leads");
    }
    scene.broker.lose_tail(&scene.stream(), 5, false);
    // A place that was not seen for a while is looked at before anything is built on it.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let answer = first.submit(scene.fact(7)).await.remove(0);
    assert!(matches!(answer, Err(Failure::Unavailable(_))), "{answer:?}");
    recorded(first.submit(scene.fact(7)).await.remove(0));
    let mut second = scene.seats[1].open();
    second.catch_up().await.expect("it follows");
    assert_eq!(second.store().head(), first.store().head());
    assert_eq!(checkpoints(&second), checkpoints(&first));
}

#[tokio::test]
async fn two_histories_stop_whoever_holds_the_one_that_the_stream_does_not() {
    let (scene, mut first) = Scene::new().await;
    let mut second = scene.seats[1].open();
    second.catch_up().await.expect("it follows");
    recorded(first.submit(scene.fact(1)).await.remove(0));
    // The stream loses what the second has not seen, and the second takes over.
    scene.broker.lose_tail(&scene.stream(), 1, false);
    second.take_over(&scene.seats[1].key).await.expect("nothing stands in its way");
    recorded(second.submit(scene.fact(2)).await.remove(0));
    tokio::time::sleep(Duration::from_millis(600)).await;
    let answer = first.submit(scene.fact(3)).await.remove(0);
    assert!(matches!(answer, Err(Failure::Unavailable(_))), "{answer:?}");
    let stopped = first.catch_up().await;
    assert!(matches!(stopped, Err(Trouble::Stopped(Stop::Diverged(_)))), "{stopped:?}");
    assert!(first.take_over(&scene.seats[0].key).await.is_err());
}

#[tokio::test]
async fn a_damaged_or_lost_batch_is_fetched_from_nobody_else_and_never_built_over() {
    let (scene, mut first) = Scene::new().await;
    recorded(first.submit(scene.fact(1)).await.remove(0));
    let (last, _) = scene.broker.look(&scene.stream(), u64::MAX);
    scene.broker.flip_bit(&scene.stream(), last, 400);
    drop(first);
    let mut second = scene.seats[1].open();
    let no = second.take_over(&scene.seats[1].key).await;
    assert!(
        matches!(&no, Err(Trouble::NotNow(why)) if why.contains("lost messages at its very end")),
        "{no:?}"
    );
    // The one that led holds what was told.
    let mut first = scene.seats[0].open();
    assert_eq!(first.take_over(&scene.seats[0].key).await, Ok(2));
    recorded(first.submit(scene.fact(2)).await.remove(0));
}

/// Whoever may ask the broker anything can have the answer stored in the sealed stream, as often as he likes. A standby
/// that had been away took all of it for old, found nothing behind, and began an epoch where it had ended before.
#[tokio::test]
async fn however_much_no_recorder_sent_a_standby_reads_every_batch_before_it_takes_over() {
    let (scene, mut first) = Scene::new().await;
    let mut second = scene.seats[1].open();
    let behind = second.catch_up().await.expect("it follows");
    drop(second);
    for n in 1..6 {
        recorded(first.submit(scene.fact(n)).await.remove(0));
    }
    let told = size(&first);
    for n in 0..200 {
        let message = Outgoing {
            subject: force().sealed(),
            id: format!("foreign-{n}"),
            headers: Headers::new(),
            payload: "{}".into(),
            expect_last: None,
        };
        scene.seats[0].bus.publish(message).await.expect("the stream takes it");
    }
    drop(first);
    let mut second = scene.seats[1].open();
    assert_eq!(size(&second), behind);
    assert_eq!(second.catch_up().await, Ok(told));
    assert_eq!(scene.seats[0].like().open().catch_up().await, Ok(told), "one that begins reads all of it");
    assert_eq!(second.take_over(&scene.seats[1].key).await, Ok(2));
    assert_eq!(recorded(second.submit(scene.fact(7)).await.remove(0)).0, told.0 + 1);
}

#[tokio::test]
async fn nobody_starts_an_epoch_by_handing_it_in() {
    let (scene, mut first) = Scene::new().await;
    let (key, _) = scene.load.recorder(1);
    let (own, head, now_ms) = (signer().verifier(), first.store().head(), START_MS);
    let takeover = Takeover {
        recorder: scene.seats[1].key.id(),
        log: &own,
        tail_size: head.size,
        tail_leaf_hash: head.last_leaf_hash,
        now_ms,
        random: [7; 10],
    };
    let statement = takeover.statement(first.state()).expect("the rules have nothing against it");
    let key = SigningKey::from_bytes(&key);
    let signatures = vec![sign(&key, NAMESPACE, &statement).into()];
    let handed_in = Submission { statement, signatures, addenda: Vec::new() };
    let answer = first.submit(vec![handed_in]).await.remove(0);
    let Err(Failure::Refused(refusal)) = &answer else { panic!("{answer:?}") };
    assert_eq!(refusal.code, Code::EpochSigner);
    assert_eq!((size(&first), first.role()), (head.size, &Role::Leading { epoch: 1 }));
}

#[tokio::test]
async fn sealed_content_is_on_the_standbys_disk_before_its_entry_and_an_erasure_takes_it_away() {
    let (scene, mut first) = Scene::new().await;
    let mut second = scene.seats[1].open();
    let (enrolled, addendum) = scene.load.sealed_enrolment(1);
    let digest = Hash::of(&addendum);
    let sealed = Submission { addenda: vec![addendum.clone()], ..submission(&enrolled) };
    recorded(first.submit(vec![sealed]).await.remove(0));
    // Committed to and never handed in: nobody has it, and nobody waits for it.
    recorded(first.submit(vec![submission(&scene.load.sealed_enrolment(2).0)]).await.remove(0));
    second.catch_up().await.expect("it follows");
    assert_eq!(second.store().head(), first.store().head());
    assert_eq!(second.store().addendum(&digest).expect("readable"), Some(addendum));
    let (erasers, enrolment) = scene.load.erasers();
    for signed in &enrolment {
        recorded(first.submit(vec![submission(signed)]).await.remove(0));
    }
    recorded(first.submit(vec![submission(&scene.load.erasure(1, &erasers, digest))]).await.remove(0));
    second.catch_up().await.expect("it follows");
    for node in [&first, &second] {
        assert_eq!(node.store().addendum(&digest).expect("readable"), None);
    }
    // One that comes late reads the entry while the stream still has its content, and what erases it after that.
    let mut late = scene.seats[1].like().open();
    late.catch_up().await.expect("it follows");
    assert_eq!(late.store().head(), first.store().head());
    assert_eq!(late.store().addendum(&digest).expect("readable"), None);
}

#[tokio::test]
async fn nothing_is_recorded_while_its_sealed_content_cannot_be_shared() {
    let (scene, mut first) = Scene::new().await;
    let before = size(&first);
    let (enrolled, addendum) = scene.load.sealed_enrolment(1);
    let digest = Hash::of(&addendum);
    let sealed = || Submission { addenda: vec![addendum.clone()], ..submission(&enrolled) };
    scene.faults.on_publish("addenda.>", PublishFault::LostAndUnknown, 1);
    let answer = first.submit(vec![sealed()]).await.remove(0);
    assert!(matches!(answer, Err(Failure::Unavailable(_))), "{answer:?}");
    assert_eq!((size(&first), first.store().addendum(&digest).expect("readable")), (before, None));
    recorded(first.submit(vec![sealed()]).await.remove(0));
}

#[tokio::test]
async fn a_recorder_that_is_not_enrolled_does_not_take_over() {
    let (scene, first) = Scene::new().await;
    drop(first);
    let mut second = scene.seats[1].open();
    let stranger = RecorderKey::from_seed(&[9; 32]).expect("a key");
    let no = second.take_over(&stranger).await;
    assert!(matches!(&no, Err(Trouble::NotNow(why)) if why.contains("not enrolled")), "{no:?}");
    assert_eq!(second.role(), &Role::Following);
}

#[test]
fn without_a_commit_log_nothing_ever_waits() {
    let disk = MemoryDisk::new();
    let load = Load::new(1, signer().verifier().vkeys());
    let config = Config {
        signer: signer(),
        clock: Arc::new(|| START_MS),
        checkpoint_every: Duration::from_millis(30),
        verify_threads: 1,
    };
    let store = MemoryStore::open(&disk).expect("opens");
    let mut node = Node::open(Box::new(store), config, None).expect("replays");
    let founding = load.founding().iter().map(submission).collect();
    let answers = node.submit(founding).now_or_never().expect("nothing waits");
    assert!(answers.into_iter().all(|answer| answer.is_ok()));
    assert!(node.publish().now_or_never().expect("nothing waits").is_ok());
}
