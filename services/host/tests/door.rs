//! The door of `scrutiny up`: what may go through it, what may not, and what a crash leaves.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use host::bus::{
    Bus, BusError, Door, Headers, Outgoing, PublishError, RequestError, ServiceError, ServiceSpec,
};

const SECOND: Duration = Duration::from_secs(1);

struct House {
    inside: Bus,
    outside: Bus,
    path: PathBuf,
    _door: Door,
    _dir: tempfile::TempDir,
}

fn house() -> House {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("up/bus.sock");
    let inside = Bus::in_process();
    let door = Door::open(&inside, &path).expect("a new socket");
    House { inside, outside: Bus::through_door(&path), path, _door: door, _dir: dir }
}

fn spec() -> ServiceSpec {
    ServiceSpec {
        name: "review".to_owned(),
        version: "1.0.0".to_owned(),
        description: "For tests".to_owned(),
        subject: "svc.review.kent".to_owned(),
        endpoints: vec!["submit".to_owned()],
        metadata: [("force".to_owned(), "kent".to_owned())].into(),
        figures: None,
    }
}

#[tokio::test]
async fn a_question_goes_in_and_its_answer_comes_out_with_headers_and_bytes() {
    let house = house();
    let mut requests = house.inside.serve(spec()).await.unwrap();
    tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            if request.headers.get("traceparent") == Some("00-a-b-01") && request.payload.len() > 3 {
                let payload = request.payload.clone();
                request.reply(Ok(payload));
            } else {
                request.reply(Err::<Bytes, _>(ServiceError::new(422, "INV-02: not yours to close")));
            }
        }
    });
    let payload = Bytes::from(vec![7_u8; 300_000]);
    let headers = Headers::new().with("traceparent", "00-a-b-01");
    let subject = "svc.review.kent.submit";
    let said = house.outside.request(subject, headers, payload.clone(), SECOND).await.unwrap();
    assert_eq!(said.payload, payload);
    let refused = house.outside.request(subject, Headers::new(), Bytes::new(), SECOND).await.unwrap_err();
    assert_eq!(
        refused,
        RequestError::Refused { code: 422, sentence: "INV-02: not yours to close".to_owned() }
    );
    let nobody = house.outside.request("svc.x.kent.submit", Headers::new(), Bytes::new(), SECOND).await;
    assert_eq!(nobody.unwrap_err(), RequestError::NobodyThere("svc.x.kent.submit".to_owned()));
    let seen = house.outside.survey(SECOND).await.unwrap();
    assert_eq!(seen, house.inside.survey(SECOND).await.unwrap());
    assert_eq!(seen[0].endpoints[0].requests, 2);
}

#[tokio::test]
async fn what_is_told_after_listening_began_is_heard() {
    let house = house();
    let mut listener = house.outside.listen("rcpt.kent.review.*").await.unwrap();
    house.inside.tell("rcpt.kent.review.1", Headers::new().with("n", "1"), "receipt".into()).await.unwrap();
    let heard = tokio::time::timeout(SECOND, listener.next()).await.unwrap().unwrap();
    assert_eq!((heard.subject.as_str(), &heard.payload[..]), ("rcpt.kent.review.1", &b"receipt"[..]));
    assert_eq!(heard.headers.get("n"), Some("1"));
}

#[tokio::test]
async fn what_is_for_services_does_not_go_through() {
    let house = house();
    let stream = host::bus::names::Force::parse("kent").unwrap().inbox();
    house.inside.ensure(&stream).await.unwrap();
    let message = Outgoing {
        subject: "ev.kent.review.several".to_owned(),
        id: "1".to_owned(),
        headers: Headers::new(),
        payload: Bytes::new(),
        expect_last: None,
    };
    assert!(matches!(house.outside.publish(message).await, Err(PublishError::Refused(_))));
    assert!(matches!(house.outside.ensure(&stream).await, Err(BusError::Refused(_))));
    assert!(matches!(house.outside.serve(spec()).await, Err(BusError::Refused(_))));
    assert_eq!(house.outside.tail(&stream.name).await.unwrap().messages, 0);
    assert_eq!(house.outside.tail("NONE").await.unwrap_err(), BusError::NoStream("NONE".to_owned()));
}

#[tokio::test]
async fn only_its_owner_may_open_it_and_one_process_is_behind_it() {
    let house = house();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&house.path), 0o600);
    assert_eq!(mode(house.path.parent().unwrap()), 0o700);
    assert!(Door::open(&house.inside, &house.path).is_err());
}

#[tokio::test]
async fn a_door_that_a_crash_left_is_replaced_and_one_that_is_closed_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bus.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let outside = Bus::through_door(&path);
    assert!(!outside.is_connected());
    let bus = Bus::in_process();
    let door = Door::open(&bus, &path).unwrap();
    assert!(outside.is_connected());
    door.close();
    while outside.is_connected() {
        tokio::task::yield_now().await;
    }
    assert!(path.exists(), "whoever opened it is not done yet");
    drop(door);
    assert!(!path.exists());
    assert!(matches!(outside.survey(SECOND).await, Err(BusError::Unreachable(_))));
}

#[tokio::test]
async fn a_stranger_who_says_too_much_or_nothing_costs_one_place_and_no_memory() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let house = house();
    let mut stranger = tokio::net::UnixStream::connect(&house.path).await.unwrap();
    stranger.write_all(&u32::MAX.to_be_bytes()).await.unwrap();
    let mut rest = Vec::new();
    // The door hangs up at once.
    let _ = tokio::time::timeout(SECOND, stranger.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.is_empty());
    house.outside.survey(SECOND).await.unwrap();
}
