//! The cases, written against the seam alone. Each gets a bus with the streams of [`provision`].

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{
    Bus, BusError, BusEvent, Consumer, ConsumerSpec, Delivery, EXPECTED_LAST_ID, Headers, Keeps, MESSAGE_ID,
    Outgoing, PublishError, RequestError, Requests, ServiceError, ServiceSpec, StreamSpec,
};

const SOON: Duration = Duration::from_secs(5);
const AT_ONCE: Duration = Duration::from_millis(200);

pub(crate) fn force() -> Force {
    Force::parse("cambridgeshire").unwrap()
}

/// A queue small enough to be filled.
fn small() -> StreamSpec {
    StreamSpec {
        name: "SMALL".to_owned(),
        subjects: vec!["small.>".to_owned()],
        max_bytes: Some(4_000),
        memory_bytes: 4_000,
        ..force().inbox()
    }
}

pub(crate) async fn provision(bus: &Bus) {
    let (log, addenda) = (force().sealed_log(), force().addenda());
    for spec in [force().inbox(), log, addenda, small(), forgetful(), fleeting()] {
        bus.ensure(&spec).await.unwrap();
        bus.ensure(&spec).await.unwrap();
    }
}

fn outgoing(subject: &str, text: &str) -> Outgoing {
    Outgoing {
        subject: subject.to_owned(),
        id: format!("{subject}/{text}"),
        headers: Headers::new().with("ce-id", text),
        payload: Bytes::from(text.to_owned()),
        expect_last: None,
    }
}

async fn send(bus: &Bus, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let subject = force().event("review", "BodyRegistered", number);
        bus.publish(outgoing(&subject, &number.to_string())).await.unwrap();
    }
}

async fn reader(bus: &Bus, max_in_flight: usize, ack_wait: Duration) -> Consumer {
    let spec = ConsumerSpec {
        stream: force().inbox().name,
        durable: "recorder".to_owned(),
        max_in_flight,
        ack_wait,
    };
    bus.consume(spec).await.unwrap()
}

/// Takes until `count` have come or nothing comes any more.
async fn take(consumer: &mut Consumer, count: usize) -> Vec<Delivery> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let more = consumer.next(count - taken.len(), SOON).await.unwrap();
        if more.is_empty() {
            break;
        }
        taken.extend(more);
    }
    taken
}

fn texts(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(|d| String::from_utf8(d.payload.to_vec()).unwrap()).collect()
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| n.to_string()).collect()
}

pub(crate) async fn what_is_published_is_delivered_in_order_until_acknowledged(bus: Bus) {
    send(&bus, 0..40).await;
    let mut consumer = reader(&bus, 100, SOON).await;
    let taken = take(&mut consumer, 40).await;
    assert_eq!(texts(&taken), numbers(0..40));
    assert!(taken.iter().all(|d| d.delivered == 1 && d.headers.get("ce-id").is_some()));
    assert_eq!(bus.tail(&force().inbox().name).await.unwrap().messages, 40);
    host::bus::ack_all(&taken).await.unwrap();
    let tail = bus.tail(&force().inbox().name).await.unwrap();
    assert_eq!((tail.messages, tail.last_sequence), (0, 40));
    assert!(consumer.next(10, AT_ONCE).await.unwrap().is_empty());
}

pub(crate) async fn what_is_not_acknowledged_comes_again(bus: Bus) {
    send(&bus, 0..2).await;
    let mut consumer = reader(&bus, 10, Duration::from_millis(500)).await;
    let first = take(&mut consumer, 2).await;
    first[1].ack().await.unwrap();
    let again = take(&mut consumer, 1).await;
    assert_eq!((texts(&again), again[0].delivered), (vec!["0".to_owned()], 2));
    // A late acknowledgement of the first delivery is as good as one of the second.
    first[0].ack().await.unwrap();
    assert!(consumer.next(10, Duration::from_secs(1)).await.unwrap().is_empty());
}

/// The process that read the queue was killed; the next one does not wait for what that one had in hand.
pub(crate) async fn a_reader_made_anew_gets_at_once_what_was_out(bus: Bus) {
    send(&bus, 0..5).await;
    let mut first = reader(&bus, 10, 60 * SOON).await;
    let taken = take(&mut first, 3).await;
    taken[0].ack().await.unwrap();
    drop(first);
    let mut second = reader(&bus, 10, 60 * SOON).await;
    let again = take(&mut second, 4).await;
    let mut got = texts(&again);
    got.sort();
    assert_eq!(got, numbers(1..5));
    // What the first one still acknowledges is done, too.
    taken[1].ack().await.unwrap();
    host::bus::ack_all(&again).await.unwrap();
    assert!(second.next(10, AT_ONCE).await.unwrap().is_empty());
    assert_eq!(bus.tail(&force().inbox().name).await.unwrap().messages, 0);
}

pub(crate) async fn what_is_put_off_comes_again_and_what_is_given_up_does_not(bus: Bus) {
    send(&bus, 0..2).await;
    let mut consumer = reader(&bus, 10, SOON).await;
    let taken = take(&mut consumer, 2).await;
    taken[0].again(Duration::from_millis(100)).await;
    taken[1].give_up().await;
    let again = take(&mut consumer, 1).await;
    assert_eq!((texts(&again), again[0].delivered), (vec!["0".to_owned()], 2));
    again[0].ack().await.unwrap();
    assert!(consumer.next(10, AT_ONCE).await.unwrap().is_empty());
    assert_eq!(bus.tail(&force().inbox().name).await.unwrap().messages, 0);
}

pub(crate) async fn a_reader_gets_no_more_than_it_may_have_in_flight(bus: Bus) {
    send(&bus, 0..10).await;
    let mut consumer = reader(&bus, 3, SOON).await;
    let taken = take(&mut consumer, 3).await;
    assert_eq!(texts(&taken), numbers(0..3));
    assert!(consumer.next(10, AT_ONCE).await.unwrap().is_empty());
    taken[0].ack().await.unwrap();
    assert_eq!(texts(&take(&mut consumer, 1).await), numbers(3..4));
}

pub(crate) async fn the_same_id_is_stored_once(bus: Bus) {
    let subject = force().several("review");
    let first = bus.publish(outgoing(&subject, "a")).await.unwrap();
    let second = bus.publish(outgoing(&subject, "a")).await.unwrap();
    assert_eq!((first.duplicate, second.duplicate), (false, true));
    assert_eq!((first.sequence, &first.stream), (second.sequence, &second.stream));
    assert_eq!(bus.tail(&force().inbox().name).await.unwrap().messages, 1);
}

/// A stream that remembers ids for a second only.
fn forgetful() -> StreamSpec {
    StreamSpec {
        name: "FORGETFUL".to_owned(),
        subjects: vec!["forgetful.>".to_owned()],
        duplicate_window: Duration::from_secs(1),
        ..force().inbox()
    }
}

pub(crate) async fn an_id_is_forgotten_after_its_window(bus: Bus) {
    bus.publish(outgoing("forgetful.a", "a")).await.unwrap();
    assert!(bus.publish(outgoing("forgetful.a", "a")).await.unwrap().duplicate);
    // A server forgets now and then, not to the millisecond.
    let forgotten = async {
        while bus.publish(outgoing("forgetful.a", "a")).await.unwrap().duplicate {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    tokio::time::timeout(SOON, forgotten).await.unwrap();
    assert_eq!(bus.tail("FORGETFUL").await.unwrap().messages, 2);
}

/// Once nobody answers any more, the outcome is unknown; the same bytes with the same id make it known.
pub(crate) async fn an_unknown_outcome_is_made_known_by_sending_again(bus: Bus, silence: impl AsyncFnOnce()) {
    let message = outgoing(&force().several("review"), "a");
    let (unknown, ()) = tokio::join!(bus.publish(message.clone()), silence());
    assert!(matches!(unknown, Err(PublishError::Unknown(_))), "{unknown:?}");
    let again = bus.publish(message).await.unwrap();
    let tail = bus.tail(&force().inbox().name).await.unwrap();
    assert_eq!((again.sequence, tail.messages, tail.last_sequence), (1, 1, 1));
}

pub(crate) async fn the_fence_refuses_whoever_believes_in_an_older_end(bus: Bus) {
    let at = |expected, text| Outgoing { expect_last: Some(expected), ..outgoing(&force().sealed(), text) };
    bus.publish(at(0, "a")).await.unwrap();
    assert_eq!(bus.publish(at(1, "b")).await.unwrap().sequence, 2);
    assert_eq!(bus.publish(at(1, "c")).await, Err(PublishError::Fenced { expected: 1 }));
    assert_eq!(bus.publish(at(0, "a")).await, Err(PublishError::Fenced { expected: 0 }));
    let tail = bus.tail(&force().sealed_log().name).await.unwrap();
    assert_eq!((tail.last_sequence, tail.messages, tail.deleted), (2, 2, 0));
    assert_eq!(tail.last.unwrap().payload, "b");
}

/// Numbers come again when a stream loses its end; ids that are made from content do not. In process that is refused;
/// NATS is not asked, and takes what fits the number.
pub(crate) async fn the_id_of_the_last_message_is_kept_and_compared_in_process(bus: Bus, is_compared: bool) {
    let behind = |id: &str, text| {
        let message = outgoing(&force().sealed(), text);
        Outgoing { headers: Headers::new().with(EXPECTED_LAST_ID, id), expect_last: Some(1), ..message }
    };
    let first = outgoing(&force().sealed(), "a");
    let id = first.id.clone();
    bus.publish(first).await.unwrap();
    let text = if is_compared { "b" } else { "c" };
    let refused = matches!(bus.publish(behind("another", "c")).await, Err(PublishError::Fenced { .. }));
    assert_eq!(refused, is_compared);
    if is_compared {
        assert_eq!(bus.publish(behind(&id, "b")).await.unwrap().sequence, 2);
    }
    let last = bus.tail(&force().sealed_log().name).await.unwrap().last.unwrap();
    assert_eq!(last.headers.get(MESSAGE_ID), Some(outgoing(&force().sealed(), text).id.as_str()));
    assert_eq!(last.headers.get(EXPECTED_LAST_ID).is_some(), is_compared);
}

pub(crate) async fn a_follower_sees_every_message_once_and_in_order(bus: Bus) {
    let sealed = force().sealed();
    for number in 0..20 {
        bus.publish(outgoing(&sealed, &number.to_string())).await.unwrap();
    }
    let mut late = bus.follow(&force().sealed_log().name, 11).await.unwrap();
    let mut all = bus.follow(&force().sealed_log().name, 1).await.unwrap();
    for number in 20..300 {
        bus.publish(outgoing(&sealed, &number.to_string())).await.unwrap();
    }
    for (follower, from) in [(&mut all, 0), (&mut late, 10)] {
        for number in from..300u64 {
            let message = tokio::time::timeout(SOON, follower.next()).await.unwrap().unwrap().unwrap();
            assert_eq!(message.sequence, Some(number + 1));
            assert_eq!(message.payload, number.to_string());
        }
        assert!(tokio::time::timeout(AT_ONCE, follower.next()).await.is_err());
    }
}

pub(crate) async fn a_message_is_read_back_as_it_was_sent(bus: Bus) {
    let stored = bus.publish(outgoing(&force().sealed(), "a")).await.unwrap();
    let stream = force().sealed_log().name;
    let message = bus.message(&stream, stored.sequence).await.unwrap().unwrap();
    assert_eq!((message.subject, message.headers.get("ce-id")), (force().sealed(), Some("a")));
    assert_eq!((message.payload, message.sequence), (Bytes::from("a"), Some(stored.sequence)));
    assert_eq!(bus.message(&stream, 99).await.unwrap(), None);
}

pub(crate) async fn a_message_that_is_too_large_is_refused(bus: Bus) {
    let large = "x".repeat(host::bus::names::MAX_MESSAGE_BYTES);
    let mut message = outgoing(&force().sealed(), "large");
    message.payload = Bytes::from(large);
    assert!(matches!(bus.publish(message).await, Err(PublishError::Refused(_))));
    assert_eq!(bus.tail(&force().sealed_log().name).await.unwrap().messages, 0);
}

/// What can be erased is in a stream of its own; from no other can anything be taken out.
pub(crate) async fn what_can_be_erased_is_found_by_its_subject_and_goes(bus: Bus) {
    let (stream, subject) = (force().addenda().name, force().addendum("00ff"));
    let other = bus.publish(outgoing(&force().addendum("ff00"), "b")).await.unwrap();
    let stored = bus.publish(outgoing(&subject, "a")).await.unwrap();
    let found = bus.last_on(&stream, &subject).await.unwrap().unwrap();
    assert_eq!((found.payload, found.sequence), (Bytes::from("a"), Some(stored.sequence)));
    for _ in 0..2 {
        bus.erase(&stream, stored.sequence).await.unwrap();
        assert_eq!(bus.last_on(&stream, &subject).await.unwrap(), None);
        assert_eq!(bus.message(&stream, stored.sequence).await.unwrap(), None);
    }
    assert!(bus.message(&stream, other.sequence).await.unwrap().is_some());
    bus.publish(outgoing(&force().sealed(), "a")).await.unwrap();
    let kept = bus.erase(&force().sealed_log().name, 1).await;
    assert!(matches!(kept, Err(BusError::Refused(_))), "{kept:?}");
    assert!(bus.message(&force().sealed_log().name, 1).await.unwrap().is_some());
    assert!(bus.copies(&stream).await.unwrap().followers.is_empty());
    assert!(matches!(bus.copies("NONE").await, Err(BusError::NoStream(_))));
}

/// A stream that keeps messages for a second only.
fn fleeting() -> StreamSpec {
    StreamSpec {
        name: "FLEETING".to_owned(),
        subjects: vec!["fleeting.>".to_owned()],
        keeps: Keeps::AtMost(Duration::from_secs(1)),
        duplicate_window: Duration::from_secs(1),
        ..force().addenda()
    }
}

pub(crate) async fn what_is_old_goes_where_it_may_not_stay(bus: Bus) {
    bus.publish(outgoing("fleeting.a", "a")).await.unwrap();
    assert_eq!(bus.tail("FLEETING").await.unwrap().messages, 1);
    let gone = async {
        while bus.tail("FLEETING").await.unwrap().messages > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(SOON, gone).await.unwrap();
    assert_eq!(bus.publish(outgoing("fleeting.a", "b")).await.unwrap().sequence, 2);
}

pub(crate) async fn a_full_queue_says_so(bus: Bus) {
    let mut stored = 0;
    let full = loop {
        match bus.publish(outgoing("small.a", &format!("{stored:0500}"))).await {
            Ok(_) => stored += 1,
            Err(e) => break e,
        }
        assert!(stored < 10, "4,000 bytes hold fewer than ten messages of 500");
    };
    assert!(matches!(full, PublishError::Full(_)), "{full}");
    let spec = ConsumerSpec {
        stream: "SMALL".to_owned(),
        durable: "recorder".to_owned(),
        max_in_flight: 10,
        ack_wait: SOON,
    };
    let mut consumer = bus.consume(spec).await.unwrap();
    let taken = take(&mut consumer, stored).await;
    assert_eq!(taken.len(), stored, "what was stored is all there");
    host::bus::ack_all(&taken).await.unwrap();
    bus.publish(outgoing("small.a", "there is room again")).await.unwrap();
}

pub(crate) async fn what_is_told_is_heard_by_those_who_listen(bus: Bus) {
    let mut listener = bus.listen("rcpt.cambridgeshire.*.1").await.unwrap();
    for id in [2, 1] {
        let subject = force().receipt("review", id);
        bus.tell(&subject, Headers::new().with("traceparent", "00-a"), Bytes::from("receipt")).await.unwrap();
    }
    let heard = tokio::time::timeout(SOON, listener.next()).await.unwrap().unwrap();
    assert_eq!(
        (heard.subject, heard.headers.get("traceparent")),
        (force().receipt("review", 1), Some("00-a"))
    );
    assert_eq!((heard.payload, heard.sequence), (Bytes::from("receipt"), None));
}

fn service() -> ServiceSpec {
    ServiceSpec {
        name: "review".to_owned(),
        version: "0.1.0".to_owned(),
        description: "takes reviews".to_owned(),
        subject: force().service("review"),
        endpoints: vec!["submit".to_owned(), "versions".to_owned()],
        metadata: BTreeMap::from([("force".to_owned(), "cambridgeshire".to_owned())]),
        figures: Some(std::sync::Arc::new(|| serde_json::json!({"head": 7}))),
    }
}

/// Answers with the endpoint's name and the payload, refuses `no`, and drops `silence`.
async fn answer(mut requests: Requests) {
    while let Some(request) = requests.next().await {
        match &request.payload[..] {
            b"no" => request.reply(Err::<Bytes, _>(ServiceError::new(422, "not like that"))),
            b"silence" => drop(request),
            text => {
                let text = format!("{} {}", request.endpoint, String::from_utf8_lossy(text));
                request.reply(Ok(text));
            }
        }
    }
}

async fn ask(bus: &Bus, endpoint: &str, text: &'static str) -> Result<Bytes, RequestError> {
    let subject = force().endpoint("review", endpoint);
    bus.request(&subject, Headers::new(), Bytes::from(text), SOON).await.map(|message| message.payload)
}

pub(crate) async fn a_request_is_answered_refused_or_nobody_is_there(bus: Bus) {
    let nobody = ask(&bus, "submit", "hello").await;
    assert_eq!(nobody, Err(RequestError::NobodyThere(force().endpoint("review", "submit"))));
    let requests = bus.serve(service()).await.unwrap();
    tokio::spawn(answer(requests));
    assert_eq!(ask(&bus, "submit", "hello").await.unwrap(), "submit hello");
    assert_eq!(ask(&bus, "versions", "hello").await.unwrap(), "versions hello");
    let no = RequestError::Refused { code: 422, sentence: "not like that".to_owned() };
    assert_eq!(ask(&bus, "submit", "no").await, Err(no));
    let silence = ask(&bus, "submit", "silence").await;
    assert!(matches!(silence, Err(RequestError::Refused { code: 500, .. })), "{silence:?}");
}

pub(crate) async fn a_survey_finds_services_and_what_they_did(bus: Bus) {
    assert_eq!(bus.survey(AT_ONCE).await.unwrap(), []);
    tokio::spawn(answer(bus.serve(service()).await.unwrap()));
    ask(&bus, "submit", "hello").await.unwrap();
    ask(&bus, "submit", "no").await.unwrap_err();
    let seen = bus.survey(AT_ONCE).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].name.as_str(), seen[0].version.as_str()), ("review", "0.1.0"));
    assert_eq!(seen[0].metadata["force"], "cambridgeshire");
    assert_eq!(seen[0].figures["head"], 7);
    let submit = seen[0].endpoints.iter().find(|e| e.name == "submit").unwrap();
    assert_eq!((submit.requests, submit.errors), (2, 1));
    assert_eq!(submit.subject, force().endpoint("review", "submit"));
}

pub(crate) async fn draining_ends_everything(bus: Bus) {
    let mut events = bus.events();
    let mut listener = bus.listen("rcpt.>").await.unwrap();
    let mut requests = bus.serve(service()).await.unwrap();
    let mut follower = bus.follow(&force().sealed_log().name, 1).await.unwrap();
    bus.drain(SOON).await.unwrap();
    let end = async {
        assert!(listener.next().await.is_none());
        assert!(requests.next().await.is_none());
        assert!(follower.next().await.is_none());
        while events.recv().await.unwrap() != BusEvent::Closed {}
    };
    tokio::time::timeout(SOON, end).await.unwrap();
    assert!(!bus.is_connected());
}
