//! What only a real server can do to us: die, fall silent, forbid, lose what it acknowledged.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::time::{Duration, Instant};

use brokers::Server;
use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{
    Bus, BusError, BusEvent, Connection, ConsumerSpec, FollowError, Headers, Keeps, Outgoing, PublishError,
    RequestError, StreamSpec,
};

const SOON: Duration = Duration::from_secs(10);

fn force() -> Force {
    Force::parse("cambridgeshire").unwrap()
}

async fn connect(server: &Server, name: &str) -> Bus {
    let bus = Bus::connect(&Connection::to(server.url(), name)).await.unwrap();
    bus.connected(SOON).await.unwrap();
    bus
}

async fn provisioned(server: &Server) -> Bus {
    let bus = connect(server, "provisioning").await;
    for spec in [force().inbox(), force().sealed_log()] {
        bus.ensure(&spec).await.unwrap();
    }
    bus
}

fn outgoing(subject: &str, number: usize) -> Outgoing {
    Outgoing {
        subject: subject.to_owned(),
        id: number.to_string(),
        headers: Headers::new(),
        payload: Bytes::from(format!("{number:0500}")),
        expect_last: None,
    }
}

async fn seal(bus: &Bus, numbers: std::ops::Range<usize>) {
    for number in numbers {
        bus.publish(outgoing(&force().sealed(), number)).await.unwrap();
    }
}

#[tokio::test]
async fn a_broker_that_is_down_at_the_start_is_found_later() {
    let Some(mut server) = Server::start() else { return };
    server.stop();
    let bus = Bus::connect(&Connection::to(server.url(), "recorder")).await.unwrap();
    let BusError::Unreachable(why) = bus.connected(Duration::from_millis(300)).await.unwrap_err() else {
        panic!("nobody is there")
    };
    assert!(why.contains("nobody listens there"), "{why}");
    server.start_again();
    bus.connected(SOON).await.unwrap();
    bus.ensure(&force().inbox()).await.unwrap();
}

/// A follower, a reader and a publisher over a broker that is killed and comes back.
#[tokio::test]
async fn everything_goes_on_after_the_broker_was_killed() {
    let Some(mut server) = Server::start() else { return };
    let bus = provisioned(&server).await;
    let mut follower = bus.follow(&force().sealed_log().name, 1).await.unwrap();
    let spec = ConsumerSpec {
        stream: force().inbox().name,
        durable: "recorder".to_owned(),
        max_in_flight: 10,
        ack_wait: Duration::from_secs(2),
    };
    let mut consumer = bus.consume(spec).await.unwrap();
    for round in 0..2 {
        seal(&bus, round * 10..round * 10 + 10).await;
        for number in round * 10..round * 10 + 10 {
            let message = tokio::time::timeout(SOON, follower.next()).await.unwrap().unwrap().unwrap();
            assert_eq!(message.sequence, Some(number as u64 + 1));
        }
        let sent = bus.publish(outgoing(&force().several("review"), round)).await.unwrap();
        let taken = read_one(&mut consumer).await;
        assert_eq!(taken.sequence, sent.sequence);
        server.kill();
        assert!(taken.ack().await.is_err(), "nobody confirms it");
        restart(&mut server, &bus).await;
        let again = read_one(&mut consumer).await;
        assert_eq!(again.sequence, sent.sequence);
        again.ack().await.unwrap();
    }
}

/// A client may take a moment to notice that the broker had gone.
async fn restart(server: &mut Server, bus: &Bus) {
    let mut events = bus.events();
    server.start_again();
    let back = async { while events.recv().await.unwrap() != BusEvent::Connected {} };
    tokio::time::timeout(SOON, back).await.unwrap();
}

async fn read_one(consumer: &mut host::bus::Consumer) -> host::bus::Delivery {
    let until = Instant::now() + 3 * SOON;
    loop {
        // An error says that the broker is away; the reader is made anew at the next call.
        let taken = consumer.next(1, Duration::from_secs(1)).await.unwrap_or_default();
        if let Some(delivery) = taken.into_iter().next() {
            return delivery;
        }
        assert!(Instant::now() < until, "the message has not come again");
    }
}

/// Measured trap: the client says "timed out", and the message is stored when the server is back.
#[tokio::test]
async fn a_publish_that_timed_out_while_the_broker_was_down_may_be_stored_later() {
    let Some(mut server) = Server::start() else { return };
    provisioned(&server).await;
    let settings = Connection { ack_timeout_ms: 500, ..Connection::to(server.url(), "review") };
    let bus = Bus::connect(&settings).await.unwrap();
    bus.connected(SOON).await.unwrap();
    server.kill();
    let message = outgoing(&force().several("review"), 1);
    assert!(matches!(bus.publish(message.clone()).await, Err(PublishError::Unknown(_))));
    restart(&mut server, &bus).await;
    let stored = bus.publish(message).await.unwrap();
    assert_eq!(stored.sequence, 1, "stored once, whether the first or the second time");
    assert_eq!(bus.tail(&force().inbox().name).await.unwrap().messages, 1);
}

/// Measured trap: one flipped bit makes the server drop the rest of a block, and call itself healthy. It still
/// counts all twenty messages, and jumps over the damaged ones as it delivers.
#[tokio::test]
async fn a_follower_learns_what_a_flipped_bit_took() {
    let Some(mut server) = Server::start() else { return };
    let bus = provisioned(&server).await;
    // Enough for three of the server's files, since the end of the last one may be lost unseen.
    for number in 0..20 {
        let payload = Bytes::from(vec![b'x'; 900_000]);
        bus.publish(Outgoing { payload, ..outgoing(&force().sealed(), number) }).await.unwrap();
    }
    server.stop();
    let block = server.blocks(&force().sealed_log().name).into_iter().next().unwrap();
    let mut bytes = fs::read(&block).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&block, bytes).unwrap();
    server.start_again();
    let bus = connect(&server, "projector").await;
    let mut follower = bus.follow(&force().sealed_log().name, 1).await.unwrap();
    let lost = async {
        loop {
            match follower.next().await.unwrap() {
                Ok(message) => assert!(message.sequence < Some(10), "what comes before the flip is there"),
                Err(lost) => return lost,
            }
        }
    };
    let lost = tokio::time::timeout(SOON, lost).await.unwrap();
    assert!(matches!(lost, FollowError::Gap { .. }), "{lost}");
}

/// A stream that was made anew counts from 1 again: a follower at 21 would wait for ever.
#[tokio::test]
async fn a_follower_learns_that_the_stream_went_back() {
    let Some(mut server) = Server::start() else { return };
    let bus = provisioned(&server).await;
    seal(&bus, 0..20).await;
    let mut follower = bus.follow(&force().sealed_log().name, 1).await.unwrap();
    for _ in 0..20 {
        follower.next().await.unwrap().unwrap();
    }
    server.stop();
    fs::remove_dir_all(server.folder().join("jetstream")).unwrap();
    restart(&mut server, &bus).await;
    bus.ensure(&force().sealed_log()).await.unwrap();
    let lost = tokio::time::timeout(3 * SOON, follower.next()).await.unwrap().unwrap().unwrap_err();
    assert!(matches!(lost, FollowError::WentBack { expected: 21, last: 0, .. }), "{lost}");
}

/// Measured trap: the library's own confirmed acknowledgement says "done" when the reader is gone.
#[tokio::test]
async fn an_acknowledgement_to_a_reader_that_is_gone_is_not_confirmed() {
    let Some(mut server) = Server::start() else { return };
    let bus = provisioned(&server).await;
    bus.publish(outgoing(&force().several("review"), 1)).await.unwrap();
    let spec = ConsumerSpec {
        stream: force().inbox().name,
        durable: "recorder".to_owned(),
        max_in_flight: 10,
        ack_wait: SOON,
    };
    let mut consumer = bus.consume(spec).await.unwrap();
    let taken = read_one(&mut consumer).await;
    server.stop();
    fs::remove_dir_all(server.folder().join("jetstream")).unwrap();
    restart(&mut server, &bus).await;
    assert!(taken.ack().await.is_err());
}

#[tokio::test]
async fn a_stream_that_may_lose_messages_does_not_pass_the_gate() {
    let Some(server) = Server::start() else { return };
    let bus = provisioned(&server).await;
    bus.check(&force().inbox()).await.unwrap();
    bus.check(&force().sealed_log()).await.unwrap();
    let other = StreamSpec { keeps: Keeps::Everything, ..force().inbox() };
    let found: Vec<_> = bus.check(&other).await.unwrap_err().iter().map(|c| c.setting).collect();
    assert_eq!(found, ["retention"]);
    assert!(matches!(bus.ensure(&other).await, Err(BusError::Refused(_))));
    let absent = Force::parse("met").unwrap().inbox();
    let absent = bus.check(&absent).await.unwrap_err();
    assert!(absent[0].sentence.contains("has it been provisioned?"), "{}", absent[0]);
}

#[tokio::test]
async fn a_server_that_does_not_sync_does_not_pass_the_gate() {
    let config = |line: &str| {
        format!(
            "listen: \"127.0.0.1:-1\"\njetstream {{ store_dir: \"{{folder}}/jetstream\", max_file: 8G }}\n{line}\n"
        )
    };
    let Some(silent) = Server::with_config(&config("")) else { return };
    let complaints = provisioned(&silent).await.check(&force().inbox()).await.unwrap_err();
    assert!(complaints[0].sentence.contains("may not ask the server how it stores"), "{}", complaints[0]);
    let asks = "system_account: SYS\nno_auth_user: u\naccounts { SYS { exports: [ { service: \"$SYS.REQ.SERVER.PING.JSZ\" } ] }
        A { jetstream: enabled, users: [ { user: u, password: p } ]
            imports: [ { service: { account: SYS, subject: \"$SYS.REQ.SERVER.PING.JSZ\" } } ] } }";
    let lazy = Server::with_config(&config(asks)).unwrap();
    let complaints = provisioned(&lazy).await.check(&force().inbox()).await.unwrap_err();
    assert!(complaints[0].sentence.contains("before they are on disk"), "{}", complaints[0]);
}

/// Measured trap: without permission, the library's publish waits for its whole timeout.
#[tokio::test]
async fn a_missing_permission_shows_within_a_second() {
    let Some(server) = Server::with_config(
        "listen: \"127.0.0.1:-1\"\njetstream { store_dir: \"{folder}/jetstream\", max_file: 8G }
         no_auth_user: u\nauthorization { users: [ { user: u, password: p, permissions: {
            publish: [ \"ev.cambridgeshire.review.>\" ], subscribe: [ \"_INBOX_review.>\" ] } } ] }",
    ) else {
        return;
    };
    let bus = connect(&server, "review").await;
    let mut events = bus.events();
    let started = Instant::now();
    let publish = bus.publish(outgoing(&force().several("inspection"), 1)).await;
    assert!(
        matches!(&publish, Err(PublishError::Refused(why)) if why.contains("no permission")),
        "{publish:?}"
    );
    let subject = force().several("inspection");
    assert_eq!(events.recv().await.unwrap(), BusEvent::Denied { subject });
    let asked = bus.request("svc.recorder.cambridgeshire.receipt", Headers::new(), Bytes::new(), SOON).await;
    assert!(matches!(asked, Err(RequestError::Refused { code: 403, .. })), "{asked:?}");
    let tail = bus.tail(&force().sealed_log().name).await;
    assert!(matches!(&tail, Err(BusError::Refused(why)) if why.contains("$JS.API.STREAM.INFO")), "{tail:?}");
    assert!(bus.listen("rcpt.>").await.unwrap().next().await.is_none(), "listening ends");
    let read = ConsumerSpec {
        stream: force().inbox().name,
        durable: "review".to_owned(),
        max_in_flight: 1,
        ack_wait: SOON,
    };
    assert!(matches!(bus.consume(read).await, Err(BusError::Refused(_))));
    assert!(matches!(bus.survey(SOON).await, Err(BusError::Refused(_))));
    assert!(started.elapsed() < Duration::from_secs(1), "six refusals took {:?}", started.elapsed());
}
