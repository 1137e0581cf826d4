//! Who may not what: at the hub, through a link that lies about itself, and from a hub that does.

use std::fs;
use std::time::Duration;

use brokers::{Server, free_ports};
use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Bus, BusError, Connection, Headers, Outgoing, RequestError, ServiceError, ServiceSpec};
use host::provision::hub::{HubIdentity, force_folder, leaf_seed_file};
use host::provision::{Identity, named_seed_file};

use super::nation::{Nation, connect, force};

const NOBODY: Duration = Duration::from_millis(400);

/// Everything that somebody at the hub could want to do to a force, or to the hub, and who may.
fn reserved(kent: &Force) -> Vec<(String, &'static str)> {
    let (stream, inbox) = (kent.sealed_log().name, kent.inbox().name);
    let mut table = vec![
        (kent.endpoint("recorder", "head"), "hub"),
        (kent.endpoint("recorder", "entries"), "hub"),
        (kent.endpoint("recorder", "receipt"), ""),
        (kent.endpoint("recorder", "addenda"), ""),
        (kent.endpoint("review", "submit"), ""),
        ("svc.hub.status".to_owned(), "status"),
        (kent.several("review"), ""),
        (kent.sealed(), ""),
        (kent.leading(), ""),
        (kent.addendum("00ff"), ""),
        (kent.receipt("review", "x"), ""),
        (kent.outlet().deliver, ""),
        // Of the hub's own JetStream.
        (format!("$JS.API.STREAM.INFO.{stream}"), "hub status provisioning"),
        (format!("$JS.API.STREAM.MSG.GET.{stream}"), "hub status provisioning"),
        (format!("$JS.API.STREAM.DELETE.{stream}"), "provisioning"),
        (format!("$JS.API.STREAM.UPDATE.{stream}"), "provisioning"),
        (format!("$JS.API.STREAM.PURGE.{stream}"), "provisioning"),
        (format!("$JS.API.CONSUMER.CREATE.{stream}"), "provisioning"),
        ("$JS.API.STREAM.CREATE.OTHER".to_owned(), "provisioning"),
        ("_INBOX_hub.x".to_owned(), ""),
        ("$SYS.REQ.SERVER.PING.VARZ".to_owned(), ""),
        ("$SRV.PING".to_owned(), "status"),
    ];
    // Of the force's: by whatever name it has here.
    for api in ["JS.kent.API", "$JS.kent.API"] {
        for verb in ["STREAM.INFO", "STREAM.DELETE", "STREAM.MSG.GET", "STREAM.PURGE", "CONSUMER.CREATE"] {
            table.push((format!("{api}.{verb}.{stream}"), ""));
            table.push((format!("{api}.{verb}.{inbox}"), ""));
        }
        table.push((format!("{api}.CONSUMER.RESET.{stream}.hub"), ""));
        table.push((format!("{api}.INFO"), ""));
    }
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_the_hub_can_do_anything_but_look_and_make_its_own_streams() {
    let Some(nation) = Nation::start(&["kent"]).await else { return };
    let kent = force("kent");
    nation.seal(&kent, 0..5).await;
    nation.until_hub_has(&kent, 5).await;
    for identity in HubIdentity::ALL {
        let bus = connect(&nation.at_hub(identity)).await;
        for (subject, who) in reserved(&kent) {
            let may = who.split(' ').any(|name| name == identity.name());
            // The provisioning identity would really do it.
            if may && identity == HubIdentity::Provisioning {
                continue;
            }
            let wait = if may { NOBODY } else { Duration::from_secs(2) };
            let asked = bus.request(&subject, Headers::new(), Bytes::from("{}"), wait).await;
            let denied = matches!(asked, Err(RequestError::Refused { code: 403, .. }));
            assert_eq!(denied, !may, "{identity} sends to {subject}: {asked:?}");
        }
        for pattern in ["ev.>", "rcpt.>", "addenda.>", "deliver.>", "ledger.>", "JS.>", "$JS.>", "_R_.>", ">"]
        {
            let mut listener = bus.listen(pattern).await.unwrap();
            let heard = tokio::time::timeout(Duration::from_secs(5), listener.next()).await;
            assert_eq!(heard, Ok(None), "{identity} listens to {pattern}");
        }
    }
    nation.until_hub_has(&kent, 5).await;
}

/// The key of a link is for a link: it opens no door for clients, here or at another force.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_fits_one_door() {
    let Some(nation) = Nation::start(&["kent", "west-mercia"]).await else { return };
    let (kent, folder) = (force("kent"), nation.folder.path());
    let mercia = &nation.forces[&force("west-mercia")];
    let (leaf, officer) =
        (leaf_seed_file(folder, &kent), named_seed_file(&force_folder(folder, &kent), "officer"));
    let hub = named_seed_file(folder, "hub");
    let doors = [nation.hub.nodes[0].url(), nation.forces[&kent].url(), mercia.url()];
    for (seed, door) in
        [(&leaf, 0), (&leaf, 1), (&leaf, 2), (&officer, 0), (&officer, 2), (&hub, 1), (&hub, 2)]
    {
        let settings =
            Connection { nkey_file: Some(seed.clone()), ..Connection::to(doors[door], "somebody") };
        let bus = Bus::connect(&settings).await.unwrap();
        let there = bus.connected(Duration::from_millis(700)).await;
        assert!(matches!(there, Err(BusError::Unreachable(_))), "{} at {}", seed.display(), doors[door]);
    }
}

/// A server that a force's link key fell to, whose clients may do anything, in place of the force's own.
#[tokio::test(flavor = "multi_thread")]
async fn a_force_that_lies_about_itself_reaches_nobody_else() {
    let Some(mut nation) = Nation::start(&["kent", "west-mercia"]).await else { return };
    let (kent, mercia) = (force("kent"), force("west-mercia"));
    nation.seal(&mercia, 0..5).await;
    nation.seal(&kent, 0..5).await;
    nation.until_hub_has(&mercia, 5).await;
    nation.until_hub_has(&kent, 5).await;
    nation.forces.get_mut(&kent).unwrap().stop();
    let rogue = rogue_force(&nation, &kent);
    let bus = connect(&Connection::to(rogue.url(), "rogue")).await;
    let mut heard = bus.listen(">").await.unwrap();
    until_linked(&rogue).await;
    let (stream, other) = (kent.sealed_log().name, mercia.sealed_log().name);
    for subject in [
        mercia.sealed(),
        mercia.outlet().deliver,
        mercia.several("review"),
        mercia.endpoint("recorder", "head"),
        mercia.endpoint("review", "submit"),
        "svc.hub.status".to_owned(),
        format!("JS.west-mercia.API.CONSUMER.RESET.{other}.hub"),
        format!("$JS.west-mercia.API.STREAM.DELETE.{other}"),
        format!("$JS.hub.API.STREAM.DELETE.{other}"),
        format!("$JS.hub.API.STREAM.DELETE.{stream}"),
        format!("$JS.hub.API.STREAM.PURGE.{stream}"),
        format!("$JS.API.STREAM.DELETE.{stream}"),
        "_INBOX_hub.x".to_owned(),
        "$SYS.REQ.SERVER.PING.VARZ".to_owned(),
    ] {
        let asked = bus.request(&subject, Headers::new(), Bytes::new(), NOBODY).await;
        assert!(asked.is_err(), "{subject}: {asked:?}");
    }
    nation.seal(&mercia, 5..9).await;
    nation.until_hub_has(&mercia, 9).await;
    nation.until_hub_has(&kent, 5).await;
    while let Ok(Some(message)) = tokio::time::timeout(NOBODY, heard.next()).await {
        let subject = message.subject;
        assert!(!subject.contains("mercia") || !message.payload.starts_with(b"west-mercia"), "{subject}");
    }
}

async fn until_linked(server: &Server) {
    super::until(async || server.page("/leafz").is_some_and(|leafz| leafz["leafnodes"] != 0)).await;
}

fn rogue_force(nation: &Nation, kent: &Force) -> Server {
    let seed = fs::read_to_string(leaf_seed_file(nation.folder.path(), kent)).unwrap();
    let urls = nation.plan.link().urls.join("\", \"");
    Server::with_config(&format!(
        "server_name: rogue\nlisten: \"127.0.0.1:-1\"\nno_auth_user: rogue\n\
         leafnodes {{ remotes: [ {{ urls: [\"{urls}\"], account: R, nkey: {} }} ] }}\n\
         accounts {{ R {{ users: [ {{ user: rogue, password: rogue }} ] }} }}\n",
        seed.trim()
    ))
    .unwrap()
}

/// A hub whose operator lets somebody into the account of a force's link, with every right that a hub can give.
#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_lies_about_itself_gets_what_is_sealed_and_nothing_else() {
    let Some(rogue) = RogueHub::start() else { return };
    let kent = force("kent");
    let recorder = connect(&rogue.kent.at(Identity::Recorder)).await;
    let desk = connect(&rogue.kent.at(Identity::Review)).await;
    put(&recorder, kent.sealed(), "sealed").await;
    serve(&recorder, &kent, "recorder", &["head", "entries", "receipt", "addenda"]).await;
    serve(&desk, &kent, "review", &["submit"]).await;
    let bus = connect(&Connection::to(rogue.server.url(), "rogue")).await;
    let mut delivered = bus.listen("deliver.>").await.unwrap();
    let mut secrets = Vec::new();
    for pattern in ["addenda.>", "rcpt.>", "ledger.>", "ev.>", "svc.>", "_INBOX_review.>"] {
        secrets.push((pattern, bus.listen(pattern).await.unwrap()));
    }
    until_linked(&rogue.server).await;
    let (stream, inbox) = (kent.sealed_log().name, kent.inbox().name);
    super::until(async || {
        bus.request(&kent.endpoint("recorder", "head"), Headers::new(), Bytes::new(), NOBODY).await.is_ok()
    })
    .await;
    let mut forbidden = vec![
        kent.endpoint("recorder", "receipt"),
        kent.endpoint("recorder", "addenda"),
        kent.endpoint("review", "submit"),
        kent.several("review"),
        kent.sealed(),
        kent.addendum("00ff"),
        kent.leading(),
        "$SRV.PING".to_owned(),
    ];
    for api in ["JS.kent.API", "$JS.kent.API", "$JS.API"] {
        for verb in ["INFO", "DELETE", "MSG.GET", "PURGE", "UPDATE", "SNAPSHOT"] {
            forbidden.push(format!("{api}.STREAM.{verb}.{stream}"));
            forbidden.push(format!("{api}.STREAM.{verb}.{inbox}"));
        }
        forbidden.push(format!("{api}.CONSUMER.CREATE.{stream}"));
        forbidden.push(format!("{api}.CONSUMER.CREATE.{stream}.hub.{}", kent.sealed()));
        forbidden.push(format!("{api}.CONSUMER.DELETE.{stream}.hub"));
        forbidden.push(format!("{api}.CONSUMER.MSG.NEXT.{inbox}.recorder"));
    }
    for subject in forbidden {
        let asked = bus.request(&subject, Headers::new(), Bytes::new(), NOBODY).await;
        assert!(asked.is_err(), "{subject}: {asked:?}");
    }
    // What does pass, even with an answer to somewhere it should not go: the broker puts its own address there.
    let reset = format!("JS.kent.API.CONSUMER.RESET.{stream}.hub");
    assert!(bus.request(&reset, Headers::new(), Bytes::new(), Duration::from_secs(2)).await.is_ok());
    put(&recorder, kent.addendum("00ff"), "secret").await;
    recorder.tell(&kent.receipt("review", "x"), Headers::new(), Bytes::from("secret")).await.unwrap();
    let until = tokio::time::Instant::now() + Duration::from_secs(3);
    let mut sealed = false;
    while let Ok(Some(message)) = tokio::time::timeout_at(until, delivered.next()).await {
        assert!(message.payload.is_empty() || message.subject == kent.sealed(), "{message:?}");
        sealed |= message.payload == "sealed";
    }
    assert!(sealed, "what is sealed is the hub's to have");
    for (pattern, mut listener) in secrets {
        // One hears oneself; the others never.
        while let Ok(Some(message)) = tokio::time::timeout(NOBODY, listener.next()).await {
            assert!(message.payload.is_empty(), "{pattern}: {message:?}");
        }
    }
    let status = connect(&rogue.kent.at(Identity::Status)).await;
    assert_eq!(status.tail(&stream).await.unwrap().messages, 1);
    assert_eq!(status.tail(&inbox).await.unwrap().messages, 0);
}

/// Answers every question.
pub(crate) async fn serve(bus: &Bus, force: &Force, name: &str, endpoints: &[&str]) {
    let spec = ServiceSpec {
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        description: "a test".to_owned(),
        subject: force.service(name),
        endpoints: endpoints.iter().map(|endpoint| (*endpoint).to_owned()).collect(),
        metadata: [].into(),
        figures: None,
    };
    let mut requests = bus.serve(spec).await.unwrap();
    tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            request.reply(Ok::<_, ServiceError>("answer"));
        }
    });
}

async fn put(bus: &Bus, subject: String, text: &'static str) {
    let (id, headers, payload) = (subject.clone(), Headers::new(), Bytes::from(text));
    bus.publish(Outgoing { subject, id, headers, payload, expect_last: None }).await.unwrap();
}

struct RogueHub {
    server: Server,
    kent: AtKent,
}

/// The force as provisioned, linked to that hub.
struct AtKent {
    server: Server,
    folder: tempfile::TempDir,
}

impl AtKent {
    fn at(&self, identity: Identity) -> Connection {
        Connection {
            nkey_file: Some(host::provision::seed_file(self.folder.path(), identity)),
            ..Connection::to(self.server.url(), identity.name())
        }
    }
}

impl RogueHub {
    fn start() -> Option<RogueHub> {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_ports(1)[0]);
        let (server, leaf) = super::nation::linked_to(folder.path(), &force("kent"), port)?;
        let config = format!(
            "server_name: rogue\nlisten: \"127.0.0.1:-1\"\nno_auth_user: rogue\n\
             leafnodes {{ listen: \"127.0.0.1:{port}\" }}\n\
             accounts {{ F {{ users: [ {{ user: rogue, password: rogue }}, {{ nkey: {leaf} }} ] }} }}\n"
        );
        let rogue = Server::with_config(&config)?;
        let kent = AtKent { server, folder };
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                let provisioning = kent.at(Identity::Provisioning);
                host::provision::streams(&force("kent"), 1, &provisioning).await.unwrap();
            });
        });
        Some(RogueHub { server: rogue, kent })
    }
}
