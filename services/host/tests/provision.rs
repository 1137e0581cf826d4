//! Least privilege, against a real server that runs with the configuration we write.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use brokers::Server;
use bytes::Bytes;
use futures::StreamExt as _;
use host::bus::names::Force;
use host::bus::{
    Bus, BusError, Connection, ConsumerSpec, Headers, Message, Outgoing, PublishError, RequestError,
    ServiceSpec,
};
use host::provision::{self, Existing, Identity, Plan, Tls, seed_file};

const SOON: Duration = Duration::from_secs(5);

fn force() -> Force {
    Force::parse("cambridgeshire").unwrap()
}

fn plan(tls: Option<Tls>) -> Plan {
    Plan { tls, ..Plan::alone(force(), "127.0.0.1:-1", Path::new("{folder}/jetstream")) }
}

/// A broker as provisioned, with its streams, and the folder with everybody's key.
struct Deployment {
    server: Server,
    folder: tempfile::TempDir,
}

impl Deployment {
    async fn new() -> Option<Deployment> {
        let deployment = Deployment::with(None)?;
        let made =
            provision::streams(&force(), 1, &deployment.settings(Identity::Provisioning)).await.unwrap();
        assert_eq!(made, ["INBOX_CAMBRIDGESHIRE", "SEALED_CAMBRIDGESHIRE", "ADDENDA_CAMBRIDGESHIRE"]);
        Some(deployment)
    }

    fn with(tls: Option<Tls>) -> Option<Deployment> {
        let folder = tempfile::tempdir().unwrap();
        let written = provision::write(&plan(tls), folder.path(), Existing::Keep).unwrap();
        let server = Server::with_config(&fs::read_to_string(written.config()).unwrap())?;
        assert!(!server.log().contains("Plaintext"), "{}", server.log());
        Some(Deployment { server, folder })
    }

    fn settings(&self, identity: Identity) -> Connection {
        Connection {
            nkey_file: Some(seed_file(self.folder.path(), identity)),
            ..Connection::to(self.server.url(), identity.name())
        }
    }

    async fn connect(&self, identity: Identity) -> Bus {
        let bus = Bus::connect(&self.settings(identity)).await.unwrap();
        bus.connected(SOON).await.unwrap();
        bus
    }
}

fn outgoing(subject: String) -> Outgoing {
    Outgoing {
        id: subject.clone(),
        subject,
        headers: Headers::new(),
        payload: Bytes::from("x"),
        expect_last: None,
    }
}

fn service(identity: Identity) -> ServiceSpec {
    ServiceSpec {
        name: identity.name().to_owned(),
        version: "0.1.0".to_owned(),
        description: "a test".to_owned(),
        subject: force().service(identity.name()),
        endpoints: vec!["submit".to_owned()],
        metadata: [].into(),
        figures: None,
    }
}

fn reader() -> ConsumerSpec {
    ConsumerSpec {
        stream: force().inbox().name,
        durable: "recorder".to_owned(),
        max_in_flight: 10,
        ack_wait: SOON,
    }
}

/// Asks until the broker has heard that somebody answers.
async fn ask(bus: &Bus, subject: &str) -> Result<Message, RequestError> {
    let started = Instant::now();
    loop {
        match bus.request(subject, Headers::new(), Bytes::from("statement"), SOON).await {
            Err(RequestError::NobodyThere(_)) if started.elapsed() < SOON => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            answer => return answer,
        }
    }
}

/// A statement's whole way, each step by who has to take it.
#[tokio::test]
async fn everybody_can_do_their_work() {
    let Some(deployment) = Deployment::new().await else { return };
    let recorder = deployment.connect(Identity::Recorder).await;
    let officer = deployment.connect(Identity::Officer).await;
    let projector = deployment.connect(Identity::Projector).await;
    for spec in [force().inbox(), force().sealed_log(), force().addenda()] {
        recorder.check(&spec).await.unwrap();
    }
    let mut consumer = recorder.consume(reader()).await.unwrap();
    let mut follower = projector.follow(&force().sealed_log().name, 1).await.unwrap();
    let mut receipts = officer.listen("rcpt.cambridgeshire.review.*").await.unwrap();
    for desk in [Identity::Review, Identity::Inspection, Identity::Response] {
        let bus = deployment.connect(desk).await;
        bus.check(&force().inbox()).await.unwrap();
        let mut requests = bus.serve(service(desk)).await.unwrap();
        let serving = tokio::spawn(async move {
            requests.next().await.unwrap().reply(Ok::<_, host::bus::ServiceError>("accepted"));
        });
        let answer = ask(&officer, &force().endpoint(desk.name(), "submit")).await;
        assert_eq!(answer.unwrap().payload, "accepted");
        serving.await.unwrap();
        bus.publish(outgoing(force().several(desk.name()))).await.unwrap();
        let taken = consumer.next(1, SOON).await.unwrap();
        taken[0].ack().await.unwrap();
        recorder.publish(outgoing(force().sealed())).await.unwrap();
        assert_eq!(bus.tail(&force().sealed_log().name).await.unwrap().last_sequence, 1);
    }
    let followed = tokio::time::timeout(SOON, follower.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(followed.payload, "x");
    recorder.tell(&force().receipt("review", 1), Headers::new(), Bytes::from("receipt")).await.unwrap();
    let addendum = recorder.publish(outgoing(force().addendum("00ff"))).await.unwrap();
    recorder.erase(&force().addenda().name, addendum.sequence).await.unwrap();
    let receipt = tokio::time::timeout(SOON, receipts.next()).await.unwrap().unwrap();
    assert_eq!(receipt.payload, "receipt");
    let _serving = recorder.serve(service(Identity::Recorder)).await.unwrap();
    let status = deployment.connect(Identity::Status).await;
    let seen = status.survey(Duration::from_millis(500)).await.unwrap();
    assert_eq!(seen.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["recorder"]);
    assert_eq!(status.extent(&force().inbox().name).await.unwrap().messages, 0);
}

/// Everything that only some may send, and who.
fn reserved() -> Vec<(String, &'static str)> {
    let (inbox, sealed) = (force().inbox().name, force().sealed_log().name);
    let mut table = vec![
        (force().several("review"), "review"),
        (force().several("inspection"), "inspection"),
        (force().event("response", "BodyRegistered", 1), "response"),
        (force().sealed(), "recorder"),
        ("ev.met.review.several".to_owned(), ""),
        ("ledger.met.sealed".to_owned(), ""),
        (force().endpoint("review", "submit"), "officer"),
        (force().endpoint("projector", "view"), "officer status"),
        ("svc.review.met.submit".to_owned(), ""),
        (format!("$JS.API.CONSUMER.CREATE.{inbox}.recorder"), "recorder provisioning"),
        (format!("$JS.API.CONSUMER.CREATE.{inbox}.other"), "provisioning"),
        (format!("$JS.API.CONSUMER.DELETE.{inbox}.recorder"), "provisioning"),
        (format!("$JS.API.CONSUMER.MSG.NEXT.{inbox}.recorder"), "recorder provisioning"),
        (format!("$JS.ACK.{inbox}.recorder.1.1.1.1.1"), "recorder"),
        // A reader may deliver to `$JS.API.STREAM.DELETE.<stream>`: nobody makes one but the recorder, its own.
        (format!("$JS.API.CONSUMER.CREATE.{sealed}"), "provisioning"),
        (format!("$JS.API.CONSUMER.CREATE.{sealed}.other"), "provisioning"),
        (format!("$JS.API.CONSUMER.MSG.NEXT.{sealed}.other"), "provisioning"),
        (format!("$JS.API.STREAM.MSG.GET.{inbox}"), "recorder provisioning"),
        // Whoever serves answers there.
        ("_INBOX_officer.x".to_owned(), "recorder review inspection response projector"),
        ("_INBOX_review.x".to_owned(), "recorder"),
        ("_INBOX.officer.x".to_owned(), ""),
        ("$SRV.PING".to_owned(), "status"),
        ("$SYS.REQ.SERVER.PING.VARZ".to_owned(), ""),
    ];
    let addenda = force().addenda().name;
    table.extend([
        (force().leading(), "recorder"),
        (force().addendum("00ff"), "recorder"),
        (force().endpoint("recorder", "addenda"), "recorder"),
        (
            force().endpoint("recorder", "head"),
            "recorder review inspection response projector officer status",
        ),
        (format!("$JS.API.STREAM.MSG.GET.{addenda}"), "recorder provisioning"),
        (format!("$JS.API.STREAM.MSG.DELETE.{addenda}"), "recorder provisioning"),
        (format!("$JS.API.STREAM.PURGE.{addenda}"), "provisioning"),
        (force().outlet().deliver, ""),
        (format!("$JS.API.CONSUMER.RESET.{sealed}.hub"), "provisioning"),
    ]);
    for verb in ["CREATE", "UPDATE", "DELETE", "PURGE", "MSG.DELETE", "RESTORE", "SNAPSHOT"] {
        table.push((format!("$JS.API.STREAM.{verb}.{sealed}"), "provisioning"));
        table.push((format!("$JS.API.STREAM.{verb}.{inbox}"), "provisioning"));
    }
    table
}

#[tokio::test]
async fn nobody_can_do_anything_else() {
    let Some(deployment) = Deployment::new().await else { return };
    for identity in Identity::ALL {
        let bus = deployment.connect(identity).await;
        for (subject, who) in reserved() {
            // The provisioning identity would really do it.
            let may = who.split(' ').any(|name| name == identity.name());
            if may && identity == Identity::Provisioning {
                continue;
            }
            let started = Instant::now();
            let wait = Duration::from_millis(if may { 200 } else { 1_000 });
            let asked = bus.request(&subject, Headers::new(), Bytes::from("{}"), wait).await;
            let denied = matches!(asked, Err(RequestError::Refused { code: 403, .. }));
            assert_eq!(denied, !may, "{identity} sends to {subject}: {asked:?}");
            assert!(may || started.elapsed() < Duration::from_secs(1), "{identity} waits for {subject}");
        }
        for pattern in [
            "ev.>",
            "_INBOX_>",
            "_INBOX.>",
            "rcpt.met.>",
            "addenda.>",
            "deliver.>",
            "svc.>",
            ">",
            "$JS.EVENT.>",
        ] {
            let mut listener = bus.listen(pattern).await.unwrap();
            let heard = tokio::time::timeout(SOON, listener.next()).await;
            assert_eq!(heard, Ok(None), "{identity} listens to {pattern}");
        }
    }
}

/// `allow_responses` let whoever answers send anything anywhere, if only somebody asked and wanted the answer there: a
/// desk's key and an officer's together could fill the sealed stream, or delete it.
#[tokio::test]
async fn an_answer_goes_to_an_inbox_and_nowhere_else() {
    let Some(deployment) = Deployment::new().await else { return };
    let connect = async |identity| {
        let seed = fs::read_to_string(seed_file(deployment.folder.path(), identity)).unwrap();
        async_nats::ConnectOptions::with_nkey(seed.trim().to_owned())
            .connect(deployment.server.url())
            .await
            .unwrap()
    };
    let (desk, officer) = (connect(Identity::Review).await, connect(Identity::Officer).await);
    let asked = force().endpoint("review", "submit");
    let mut questions = desk.subscribe(asked.clone()).await.unwrap();
    desk.flush().await.unwrap();
    let (inbox, sealed) = (force().inbox().name, force().sealed_log().name);
    for elsewhere in [
        force().sealed(),
        force().leading(),
        force().addendum("00ff"),
        format!("$JS.API.STREAM.PURGE.{inbox}"),
        format!("$JS.API.STREAM.DELETE.{sealed}"),
    ] {
        // The broker may not have heard yet that the desk listens.
        let question = loop {
            officer.publish_with_reply(asked.clone(), elsewhere.clone(), "".into()).await.unwrap();
            let soon = tokio::time::timeout(Duration::from_millis(200), questions.next()).await;
            if let Ok(question) = soon {
                break question.unwrap();
            }
        };
        assert_eq!(question.reply.as_deref(), Some(elsewhere.as_str()));
        desk.publish(elsewhere, "{}".into()).await.unwrap();
        desk.flush().await.unwrap();
    }
    let recorder = deployment.connect(Identity::Recorder).await;
    assert_eq!(recorder.tail(&sealed).await.unwrap().last_sequence, 0);
    assert_eq!(recorder.tail(&force().addenda().name).await.unwrap().last_sequence, 0);
    let log = deployment.server.log();
    assert_eq!(log.matches("Publish Violation").count(), 5, "{log}");
}

/// Measured trap: with permission to update a stream, `max_age: 1s` erases it, whatever it denies.
#[tokio::test]
async fn the_age_of_messages_is_nobodys_to_limit_but_the_provisioners() {
    let Some(deployment) = Deployment::new().await else { return };
    let recorder = deployment.connect(Identity::Recorder).await;
    recorder.publish(outgoing(force().sealed())).await.unwrap();
    let update = format!("$JS.API.STREAM.UPDATE.{}", force().sealed_log().name);
    let body = Bytes::from(
        r#"{"name":"SEALED_CAMBRIDGESHIRE","subjects":["ledger.cambridgeshire.sealed"],"max_age":1000000000}"#,
    );
    for identity in Identity::ALL.into_iter().filter(|identity| *identity != Identity::Provisioning) {
        let bus = deployment.connect(identity).await;
        let asked = bus.request(&update, Headers::new(), body.clone(), SOON).await;
        assert!(matches!(asked, Err(RequestError::Refused { code: 403, .. })), "{identity}: {asked:?}");
        assert!(matches!(bus.ensure(&force().inbox()).await, Err(BusError::Refused(_))), "{identity}");
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(recorder.tail(&force().sealed_log().name).await.unwrap().messages, 1);
}

#[tokio::test]
async fn a_second_run_keeps_the_keys_and_a_stranger_is_not_let_in() {
    let Some(deployment) = Deployment::new().await else { return };
    let folder = deployment.folder.path();
    let seeds = || -> Vec<_> {
        Identity::ALL.map(|identity| fs::read_to_string(seed_file(folder, identity)).unwrap()).into()
    };
    let before = (fs::read(folder.join("nats.conf")).unwrap(), seeds());
    assert_eq!(provision::write(&plan(None), folder, Existing::Keep).unwrap().kept, Identity::ALL.len());
    assert_eq!((fs::read(folder.join("nats.conf")).unwrap(), seeds()), before);
    for identity in Identity::ALL {
        let mode = fs::metadata(seed_file(folder, identity)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{identity}");
    }
    let other = tempfile::tempdir().unwrap();
    provision::write(&plan(None), other.path(), Existing::Keep).unwrap();
    for seed in [Some(seed_file(other.path(), Identity::Recorder)), None] {
        let settings = Connection { nkey_file: seed, ..deployment.settings(Identity::Recorder) };
        let bus = Bus::connect(&settings).await.unwrap();
        let why = bus.connected(Duration::from_millis(500)).await.unwrap_err().to_string();
        assert!(why.contains("does not accept our credentials"), "{why}");
    }
    fs::write(seed_file(folder, Identity::Review), "not a seed").unwrap();
    assert!(
        provision::write(&plan(None), folder, Existing::Keep).unwrap_err().to_string().contains("review.nk")
    );
}

/// Whoever may not answer for a service learns it, and does not wait for questions that never come.
#[tokio::test]
async fn a_service_that_may_not_answer_ends() {
    let Some(deployment) = Deployment::new().await else { return };
    let officer = deployment.connect(Identity::Officer).await;
    let mut requests = officer.serve(service(Identity::Review)).await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(1), requests.next()).await;
    assert!(matches!(ended, Ok(None)), "{ended:?}");
}

/// Making the streams with `--to` and without the first run's `--listen` wrote the default address, and no TLS, into
/// the configuration of a broker that was running.
#[test]
fn what_was_written_is_found_again_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    assert!(provision::written(folder.path()).unwrap().is_none());
    let first = provision::write(&plan(None), folder.path(), Existing::Keep).unwrap();
    let before = fs::read(first.config()).unwrap();
    let again = provision::written(folder.path()).unwrap().unwrap();
    assert_eq!(fs::read(again.config()).unwrap(), before);
    assert_eq!((again.kept, again.seeds), (Identity::ALL.len(), first.seeds));
}

/// A publish of somebody who lost a permission says so at once, in words.
#[tokio::test]
async fn a_service_that_publishes_for_another_is_told_so() {
    let Some(deployment) = Deployment::new().await else { return };
    let review = deployment.connect(Identity::Review).await;
    let started = Instant::now();
    let refused = review.publish(outgoing(force().several("inspection"))).await.unwrap_err();
    assert_eq!(
        refused,
        PublishError::Refused("no permission for ev.cambridgeshire.inspection.several".to_owned())
    );
    assert!(started.elapsed() < Duration::from_secs(1));
}

/// An authority, and what it vouched for, as files.
struct Authority {
    folder: tempfile::TempDir,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let folder = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Authority { folder, issuer: rcgen::Issuer::new(params, key) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn issue(&self, name: &str, host: &str) -> (PathBuf, PathBuf) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let (cert, private) = (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")));
        fs::write(&cert, certificate.pem()).unwrap();
        fs::write(&private, key.serialize_pem()).unwrap();
        (cert, private)
    }
}

fn trusting(settings: Connection, ca: &Path) -> Connection {
    Connection { ca_file: Some(ca.to_owned()), ..settings }
}

#[tokio::test]
async fn tls_lets_in_whom_both_sides_trust() {
    let authority = Authority::new();
    let (cert, key) = authority.issue("server", "127.0.0.1");
    let tls = Tls { cert, key, client_ca: Some(authority.path("ca.pem")), peer_ca: None };
    let Some(deployment) = Deployment::with(Some(tls)) else { return };
    let (cert, key) = authority.issue("provisioning", "provisioning");
    let good = Connection {
        cert_file: Some(cert),
        key_file: Some(key),
        ..trusting(deployment.settings(Identity::Provisioning), &authority.path("ca.pem"))
    };
    provision::streams(&force(), 1, &good).await.unwrap();
    let uncertified = Connection { cert_file: None, key_file: None, ..good.clone() };
    let stranger = Authority::new();
    let distrusting = trusting(good.clone(), &stranger.path("ca.pem"));
    for (settings, what) in [(uncertified, "without a certificate"), (distrusting, "with another authority")]
    {
        let bus = Bus::connect(&settings).await.unwrap();
        assert!(bus.connected(Duration::from_secs(1)).await.is_err(), "{what}");
    }
    let half = Connection { key_file: None, ..good };
    assert!(matches!(Bus::connect(&half).await, Err(BusError::Settings(_))));
}

/// "correct horse battery staple" by bcrypt with cost 10, as crypt(3) writes it.
const HASH: &str = "$2b$10$abcdefghijklmnopqrstuuGGgFFcYeueaAql8Z7U7CnCTRw4DR77W";

/// A broker of somebody else's make: a user with a password, and TLS from the first byte.
#[tokio::test]
async fn a_password_and_tls_from_the_first_byte_do_as_well() {
    let authority = Authority::new();
    let (cert, key) = authority.issue("server", "127.0.0.1");
    let config = format!(
        "listen: \"127.0.0.1:-1\"\njetstream {{ store_dir: \"{{folder}}/jetstream\", max_file: 8G }}
         tls {{ cert_file: {cert:?}, key_file: {key:?}, handshake_first: true }}
         authorization {{ user: recorder, password: \"{HASH}\" }}"
    );
    let Some(server) = Server::with_config(&config) else { return };
    let secret = authority.path("password");
    fs::write(&secret, "correct horse battery staple\n").unwrap();
    let good = Connection {
        user: Some("recorder".to_owned()),
        password_file: Some(secret.clone()),
        tls_first: true,
        ..trusting(Connection::to(server.url(), "recorder"), &authority.path("ca.pem"))
    };
    let bus = Bus::connect(&good).await.unwrap();
    bus.connected(SOON).await.unwrap();
    bus.ensure(&force().inbox()).await.unwrap();
    fs::write(&secret, "wrong").unwrap();
    let bus = Bus::connect(&good).await.unwrap();
    let why = bus.connected(Duration::from_secs(1)).await.unwrap_err().to_string();
    assert!(why.contains("does not accept our credentials"), "{why}");
}
