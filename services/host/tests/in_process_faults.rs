//! The faults of the in-process bus: each does what it says, and the contract holds around it.

use std::time::Duration;

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{
    Bus, BusEvent, Consumer, ConsumerSpec, Delivery, DeliveryFault, Faults, FollowError, Headers, Outgoing,
    PublishError, PublishFault, Rates,
};

async fn world() -> (Bus, Faults, Consumer) {
    let (bus, faults) = Bus::in_process_with_faults();
    for spec in [force().inbox(), force().sealed_log()] {
        bus.ensure(&spec).await.expect("nothing is there yet");
    }
    let spec = ConsumerSpec {
        stream: force().inbox().name,
        durable: "recorder".to_owned(),
        max_in_flight: 1_000,
        ack_wait: Duration::from_millis(100),
    };
    let consumer = bus.consume(spec).await.expect("the stream is there");
    (bus, faults, consumer)
}

fn force() -> Force {
    Force::parse("cambridgeshire").expect("a slug")
}

fn outgoing(text: &str) -> Outgoing {
    Outgoing {
        subject: force().several("review"),
        id: text.to_owned(),
        headers: Headers::new(),
        payload: Bytes::from(text.to_owned()),
        expect_last: None,
    }
}

async fn send(bus: &Bus, texts: &[&str]) {
    for text in texts {
        bus.publish(outgoing(text)).await.expect("no fault is planned");
    }
}

async fn next(consumer: &mut Consumer) -> Vec<Delivery> {
    consumer.next(100, Duration::from_secs(5)).await.expect("the bus is open")
}

fn texts(deliveries: &[Delivery]) -> String {
    deliveries.iter().map(|d| String::from_utf8_lossy(&d.payload)).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_publish_without_an_answer_may_have_been_stored_or_not() {
    let (bus, faults, mut consumer) = world().await;
    faults.on_publish("ev.>", PublishFault::StoredButUnknown, 1);
    assert!(matches!(bus.publish(outgoing("stored")).await, Err(PublishError::Unknown(_))));
    faults.on_publish("ev.>", PublishFault::LostAndUnknown, 1);
    assert!(matches!(bus.publish(outgoing("lost")).await, Err(PublishError::Unknown(_))));
    assert_eq!(texts(&next(&mut consumer).await), "stored");
    assert!(bus.publish(outgoing("stored")).await.expect("no fault is left").duplicate);
    assert!(!bus.publish(outgoing("lost")).await.expect("no fault is left").duplicate);
}

#[tokio::test]
async fn a_refused_publish_is_an_event_too() {
    let (bus, faults, _consumer) = world().await;
    let mut events = bus.events();
    faults.on_publish("ev.*.review.>", PublishFault::Refused, 1);
    assert!(matches!(bus.publish(outgoing("a")).await, Err(PublishError::Refused(_))));
    let subject = force().several("review");
    assert_eq!(events.recv().await.expect("the bus is open"), BusEvent::Denied { subject });
}

#[tokio::test]
async fn a_dropped_delivery_comes_again() {
    let (bus, faults, mut consumer) = world().await;
    faults.on_delivery("ev.>", DeliveryFault::Drop, 1);
    send(&bus, &["a", "b"]).await;
    assert_eq!(texts(&next(&mut consumer).await), "b");
    let again = next(&mut consumer).await;
    assert_eq!(again.iter().find(|d| d.payload == "a").map(|d| d.delivered), Some(2));
}

#[tokio::test]
async fn deliveries_come_twice_out_of_order_and_late() {
    let (bus, faults, mut consumer) = world().await;
    faults.on_delivery("ev.>", DeliveryFault::Duplicate, 1);
    faults.on_delivery("ev.>", DeliveryFault::Reorder, 1);
    faults.on_delivery("ev.>", DeliveryFault::Delay(Duration::from_millis(50)), 1);
    send(&bus, &["a", "b", "c", "d"]).await;
    let first = next(&mut consumer).await;
    assert_eq!(texts(&first), "a a d b");
    host::bus::ack_all(&first).await.expect("the bus is open");
    assert_eq!(texts(&next(&mut consumer).await), "c");
}

#[tokio::test]
async fn a_listener_that_is_too_slow_loses_messages_and_is_named() {
    let (bus, _faults, _consumer) = world().await;
    let mut events = bus.events();
    let mut listener = bus.listen("rcpt.>").await.expect("the bus is open");
    let subject = force().receipt("review", "1");
    for _ in 0..=host::bus::WAITING {
        bus.tell(&subject, Headers::new(), Bytes::new()).await.expect("the bus is open");
    }
    assert_eq!(events.recv().await.expect("the bus is open"), BusEvent::SlowConsumer { subject });
    assert!(listener.next().await.is_some(), "the older ones are there");
}

/// In memory a log keeps the newest 64 MiB: whoever wants older ones has to ask elsewhere, and knows it.
#[tokio::test]
async fn a_log_that_forgets_tells_whoever_wanted_the_oldest() {
    let (bus, _faults, _consumer) = world().await;
    let payload = Bytes::from(vec![0; 1_000_000]);
    for number in 0..80 {
        let message =
            Outgoing { subject: force().sealed(), payload: payload.clone(), ..outgoing(&number.to_string()) };
        bus.publish(message).await.expect("a log is never full");
    }
    let stream = force().sealed_log().name;
    let mut follower = bus.follow(&stream, 1).await.expect("the stream is there");
    let Some(Err(FollowError::Gap { expected: 1, got, .. })) = follower.next().await else {
        panic!("the oldest of 80 MB are gone");
    };
    let mut follower = bus.follow(&stream, got).await.expect("the stream is there");
    let first = follower.next().await.expect("the bus is open").expect("it is the oldest there is");
    assert_eq!(first.sequence, Some(got));
}

#[tokio::test]
async fn the_same_seed_makes_the_same_faults_and_nothing_is_lost() {
    let rates =
        Rates { stored_but_unknown: 100, lost_and_unknown: 100, dropped: 50, duplicated: 50, reordered: 50 };
    let mut runs = Vec::new();
    for _ in 0..2 {
        let (bus, faults, mut consumer) = world().await;
        faults.at_random(7, rates);
        let mut story = String::new();
        for number in 0..200 {
            while let Err(e) = bus.publish(outgoing(&number.to_string())).await {
                assert!(matches!(e, PublishError::Unknown(_)));
                story.push_str(&format!("{number} again; "));
            }
        }
        faults.stop();
        let mut seen = std::collections::BTreeSet::new();
        while seen.len() < 200 {
            let taken = next(&mut consumer).await;
            seen.extend(taken.iter().map(|d| d.payload.clone()));
            host::bus::ack_all(&taken).await.expect("the bus is open");
        }
        assert!(story.len() > 100, "a tenth of two hundred is lost, another has no answer");
        runs.push(story);
    }
    assert_eq!(runs[0], runs[1]);
}

fn sealed(text: &str, expect_last: Option<u64>) -> Outgoing {
    Outgoing { subject: force().sealed(), expect_last, ..outgoing(text) }
}

#[tokio::test]
async fn a_handle_that_is_cut_off_knows_nothing_while_others_go_on() {
    let (bus, _faults, mut consumer) = world().await;
    let broker = bus.broker().expect("this bus is in process");
    let (other, link) = broker.handle();
    link.cut();
    assert!(matches!(other.publish(outgoing("a")).await, Err(PublishError::Unknown(_))));
    assert!(other.tail(&force().sealed_log().name).await.is_err());
    send(&bus, &["b"]).await;
    assert_eq!(texts(&next(&mut consumer).await), "b");
    link.heal();
    assert!(!other.publish(outgoing("a")).await.expect("the way is there again").duplicate);
}

#[tokio::test]
async fn a_way_that_is_cut_while_a_call_is_under_way_leaves_it_done_and_unanswered() {
    let (bus, _faults, mut consumer) = world().await;
    let (other, link) = bus.broker().expect("this bus is in process").handle();
    link.stepwise();
    let mut publish = std::pin::pin!(other.publish(outgoing("a")));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..2 {
        assert!(publish.as_mut().poll(&mut context).is_pending(), "there, and back");
    }
    link.cut();
    assert!(matches!(publish.await, Err(PublishError::Unknown(_))));
    assert_eq!(texts(&next(&mut consumer).await), "a");
}

/// The numbers of lost messages come again, so a writer that knows only numbers would be let through the fence.
#[tokio::test]
async fn a_stream_that_loses_its_tail_gives_the_same_numbers_again() {
    let (bus, _faults, _consumer) = world().await;
    let broker = bus.broker().expect("this bus is in process");
    let name = force().sealed_log().name;
    for (text, last) in [("a", 0), ("b", 1), ("c", 2)] {
        bus.publish(sealed(text, Some(last))).await.expect("the fence is open");
    }
    let mut follower = bus.follow(&name, 4).await.expect("the stream is there");
    broker.lose_tail(&name, 2, true);
    assert!(matches!(follower.next().await, Some(Err(FollowError::WentBack { expected: 4, last: 1, .. }))));
    assert!(
        bus.publish(sealed("b", Some(1))).await.expect("the fence is open").duplicate,
        "its id is remembered"
    );
    broker.lose_tail(&name, 0, false);
    assert_eq!(bus.publish(sealed("x", Some(1))).await.expect("the fence is open").sequence, 2);
    broker.flip_bit(&name, 2, 0);
    let (last, messages) = broker.look(&name, 2);
    assert_eq!((last, messages[0].payload.as_ref()), (2, &b"y"[..]));
}

#[tokio::test]
async fn what_comes_late_meets_the_fence_as_it_is_then() {
    let (bus, faults, _consumer) = world().await;
    let broker = bus.broker().expect("this bus is in process");
    let name = force().sealed_log().name;
    faults.on_publish("ledger.>", PublishFault::LateAndUnknown, 2);
    for text in ["late", "too late"] {
        assert!(matches!(bus.publish(sealed(text, Some(0))).await, Err(PublishError::Unknown(_))));
    }
    assert_eq!(broker.look(&name, 1).0, 0);
    assert_eq!(broker.arrive(), 2);
    let (last, messages) = broker.look(&name, 1);
    assert_eq!((last, messages[0].payload.as_ref()), (1, &b"late"[..]));
}
