//! A desk at work, with what can go wrong around it.

mod world;

use std::sync::atomic::Ordering;
use std::time::Duration;

use desk::{Desk, Limits, Service, WRONG_DESK};
use host::bus::{PublishFault, TRACEPARENT};
use ledger_core::wire::{Answered, Refused, Submission, Submissions};
use load::Signed;
use scrutiny_proto::ledger::v1::statement::Expected;
use world::{World, submission};

const INBOX: &str = "ev.cambridgeshire.>";

async fn take(desk: &Desk, signed: &Signed) -> Answered {
    take_raw(desk, submission(signed)).await
}

async fn take_raw(desk: &Desk, submission: Submission) -> Answered {
    desk.take(vec![submission], None).await.remove(0).answered
}

fn refused(answered: &Answered) -> &Refused {
    match answered {
        Answered::Refused(refused) => refused,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_stands_in_the_inbox_and_ends_in_the_ledger() {
    let world = World::new(true).await;
    world.away.store(true, Ordering::Relaxed);
    let mut inbox = world.bus.listen(INBOX).await.expect("the bus is there");
    let desk = world.desk(Service::Response);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let fact = world.load.fact(1);
    let verdicts = desk.take(vec![submission(&fact)], Some(trace)).await;
    assert_eq!((verdicts[0].id, &verdicts[0].answered), (Some(fact.id), &Answered::Accepted));
    let message = inbox.next().await.expect("it was told");
    assert_eq!(message.subject, format!("ev.cambridgeshire.response.scrutiny-fact-recorded.{}", fact.id));
    let header = |name: &str| message.headers.get(name).unwrap_or_default().to_owned();
    assert_eq!(header(TRACEPARENT), trace);
    assert_eq!(header("ce-id"), fact.id.to_string());
    assert_eq!(header("ce-type"), "scrutiny.response.v1.ScrutinyFactRecorded");
    assert_eq!(header("ce-source"), "/force/cambridgeshire/response");
    assert_eq!(header("ce-subject"), "fact/cambridgeshire/topic-1");
    let before = world.size();
    world.away.store(false, Ordering::Relaxed);
    world.settle().await;
    assert_eq!(world.size(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_travels_together_and_in_order() {
    let world = World::new(true).await;
    let mut inbox = world.bus.listen(INBOX).await.expect("the bus is there");
    let heard = tokio::spawn(async move {
        let (mut carried, mut messages) = (Vec::new(), 0);
        while carried.len() < 600 {
            let message = inbox.next().await.expect("it was told");
            assert!(message.payload.len() <= ledger_core::limits::SEND_TOGETHER_BYTES);
            carried.extend(Submissions::parse(&message.payload).expect("submissions").0);
            messages += 1;
        }
        (carried, messages)
    });
    let desk = world.desk(Service::Response);
    let facts: Vec<Submission> = world.load.facts(0..600).iter().map(submission).collect();
    let verdicts = desk.take(facts.clone(), None).await;
    assert!(verdicts.iter().all(|v| v.answered == Answered::Accepted));
    let (carried, messages) = heard.await.expect("no panic");
    assert_eq!(carried, facts);
    // How many depends on how quickly signatures are checked; a desk that never waits for company sends 600.
    assert!(messages < 600, "600 statements went in {messages} messages");
    world.settle().await;
    assert_eq!(world.size(), 600 + world.load.founding().len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_code_and_is_told_to_the_recorder() {
    let world = World::new(true).await;
    let desk = world.desk(Service::Response);
    let load = &world.load;
    let with =
        |n, change: fn(&mut scrutiny_proto::ledger::v1::Statement)| submission(&load.fact_with(n, change));
    let mut stranger = submission(&load.fact(1));
    stranger.signatures = load.fact(2).signatures;
    let mut unsigned = submission(&load.fact(1));
    unsigned.signatures.clear();
    let cut = Submission { statement: load.fact(1).statement.slice(..50), ..submission(&load.fact(1)) };
    let addendum = Submission { addenda: vec![vec![0; 40].into()], ..submission(&load.fact(1)) };
    let cases = [
        ("MALFORMED", cut),
        ("SIGNATURE", stranger),
        ("UNSIGNED", unsigned),
        ("ADDENDUM", addendum),
        ("WRONG-LEDGER", with(1, |s| s.ledger = "scrutiny.example/other".to_owned())),
        ("UNKNOWN-KIND", with(1, |s| s.kind = "scrutiny.response.v1.Nothing".to_owned())),
        ("STREAM-MISMATCH", with(1, |s| s.stream = "report/x".to_owned())),
        ("BODY-MALFORMED", with(1, |s| s.body = vec![8, 1].into())),
        ("VERSION", with(1, |s| s.expected = Some(Expected::ExpectedVersion(7)))),
        ("ROLE-NOT-HELD", with(1, |s| s.signers[0].role = "CC".to_owned())),
        ("INV-38", with(1, |s| s.imported = false)),
    ];
    let size = world.size();
    for (n, (code, submission)) in cases.into_iter().enumerate() {
        let answered = take_raw(&desk, submission.clone()).await;
        let refused = refused(&answered).clone();
        assert_eq!(refused.code, code, "{}", refused.sentence);
        assert!(refused.sentence.len() > 10, "{}", refused.sentence);
        world.settle().await;
        let told = world.told.lock().expect("no panic")[n].clone();
        assert_eq!((told.digest, &told.refused), (submission.digest(), &refused));
    }
    assert_eq!(world.size(), size, "nothing that is refused is recorded");
    assert!(world.late.lock().expect("no panic").is_empty(), "and the recorder need not refuse it again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_of_another_desk_is_sent_there() {
    let world = World::new(true).await;
    let answered = take(&world.desk(Service::Review), &world.load.fact(1)).await;
    let refused = refused(&answered);
    assert_eq!(refused.code, WRONG_DESK);
    assert!(refused.sentence.contains("at the desk \"response\""), "{}", refused.sentence);
}

/// A finding and its answer, handed in one behind the other: every statement of a founding needs those before it,
/// and the replica sees none of them before the last is in the inbox.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_never_refused_because_the_replica_lags() {
    for seed in 0..8_u64 {
        let world = World::new(false).await;
        let mut desk = world.desk(Service::Response);
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut draw = |below: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % below
        };
        let founding = world.load.founding();
        let mut left = &founding[..];
        while !left.is_empty() {
            world.replica.held_back.store(draw(2) == 0, Ordering::Relaxed);
            world.away.store(draw(2) == 0, Ordering::Relaxed);
            if draw(4) == 0 {
                desk = world.desk(Service::Response);
            }
            let (now, later) = left.split_at((1 + draw(3) as usize).min(left.len()));
            let (away, held_back) = (world.away.clone(), world.replica.clone());
            let wakes = Duration::from_millis(1 + draw(60));
            let waker = tokio::spawn(async move {
                tokio::time::sleep(wakes).await;
                away.store(false, Ordering::Relaxed);
                held_back.held_back.store(false, Ordering::Relaxed);
            });
            let verdicts = desk.take(now.iter().map(submission).collect(), None).await;
            for verdict in verdicts {
                assert_eq!(verdict.answered, Answered::Accepted, "seed {seed}");
            }
            waker.await.expect("no panic");
            left = later;
        }
        world.settle().await;
        assert_eq!(world.size(), founding.len() as u64, "seed {seed}");
        assert!(world.told.lock().expect("no panic").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_sure_leaves_the_decision_to_the_recorder() {
    let world = World::new(true).await;
    let limits = Limits { freshness: Duration::from_millis(60), ..Limits::default() };
    let desk = world.desk_with(Service::Response, limits);
    world.caught_up().await;
    world.replica.held_back.store(true, Ordering::Relaxed);
    assert_eq!(take(&desk, &world.load.fact(2)).await, Answered::Accepted);
    world.settle().await;
    let bad = world.load.fact_with(1, |s| s.signers[0].role = "CC".to_owned());
    assert_eq!(take(&desk, &bad).await, Answered::Accepted);
    world.settle().await;
    assert_eq!(*world.late.lock().expect("no panic"), ["ROLE-NOT-HELD"]);
    assert_eq!(desk.figures().unsure.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_statement_is_accepted_again_and_recorded_once() {
    let world = World::new(true).await;
    let desk = world.desk(Service::Response);
    let fact = world.load.fact_with(1, |s| s.expected = Some(Expected::ExpectedVersion(0)));
    let before = world.size();
    for _ in 0..3 {
        assert_eq!(take(&desk, &fact).await, Answered::Accepted);
    }
    world.settle().await;
    world.caught_up().await;
    // By now its stream has moved on, and it is still the same statement.
    assert_eq!(take(&desk, &fact).await, Answered::Accepted);
    let other = world.load.fact_with(1, |s| s.stream = "fact/cambridgeshire/other".to_owned());
    let answered = take(&desk, &other).await;
    assert_eq!(refused(&answered).code, "ID-REUSED");
    world.settle().await;
    assert_eq!(world.size(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_of_the_bus_is_asked_for_again() {
    for fault in [PublishFault::StoredButUnknown, PublishFault::LostAndUnknown] {
        let world = World::new(true).await;
        let desk = world.desk(Service::Response);
        world.faults.on_publish(INBOX, fault, 3);
        let before = world.size();
        assert_eq!(take(&desk, &world.load.fact(1)).await, Answered::Accepted);
        world.settle().await;
        assert_eq!(world.size(), before + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_that_cannot_be_reached_is_said_so_and_nothing_is_promised() {
    let world = World::new(true).await;
    let limits = Limits { passing_on: Duration::from_millis(50), ..Limits::default() };
    let desk = world.desk_with(Service::Response, limits);
    world.faults.on_publish(INBOX, PublishFault::LostAndUnknown, u32::MAX);
    let answered = take(&desk, &world.load.fact(1)).await;
    assert!(matches!(&answered, Answered::Unavailable(why) if why.contains("send it again")), "{answered:?}");
    world.faults.stop();
    world.faults.on_publish(INBOX, PublishFault::Refused, 1);
    let answered = take(&desk, &world.load.fact(1)).await;
    assert!(matches!(&answered, Answered::Unavailable(why) if why.contains("operator")), "{answered:?}");
    // A refusal that nobody could be told of is none either.
    world.faults.on_publish(INBOX, PublishFault::Refused, 1);
    let bad = world.load.fact_with(1, |s| s.signers[0].role = "CC".to_owned());
    assert!(matches!(take(&desk, &bad).await, Answered::Unavailable(_)));
    assert_eq!(refused(&take(&desk, &bad).await).code, "ROLE-NOT-HELD");
}
