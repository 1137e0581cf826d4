//! Several recorders around a real nats-server, each with what the provisioned permissions leave it.

use std::path::Path;
use std::time::Duration;

use brokers::Server;
use host::bus::{Bus, Connection, Faults};
use host::provision::{self, Existing, Identity, Plan, seed_file};
use ledger_core::hash::Hash;
use ledger_core::wire::Outcome;
use ledger_store::{MemoryDisk, MemoryStore, Store as _};
use load::{Load, Signed};

use crate::among::{TAKEOVER, record, with_addenda};
use crate::scene::{SOON, Scene, force, signer};
use crate::{holds_exactly, is_published};

struct Deployment {
    server: Server,
    folder: tempfile::TempDir,
}

impl Deployment {
    async fn new() -> Option<Self> {
        Self::configured(|text| text).await
    }

    /// With a configuration that somebody changed.
    async fn configured(change: impl FnOnce(String) -> String) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let plan = Plan::alone(force(), "127.0.0.1:-1", Path::new("{folder}/jetstream"));
        let written = provision::write(&plan, folder.path(), Existing::Keep).expect("a configuration");
        let text = std::fs::read_to_string(written.config()).expect("it was written");
        let deployment = Self { server: Server::with_config(&change(text))?, folder };
        let provisioner = deployment.settings(Identity::Provisioning);
        provision::streams(&force(), 1, &provisioner).await.expect("the streams are made");
        Some(deployment)
    }

    fn settings(&self, identity: Identity) -> Connection {
        let nkey_file = Some(seed_file(self.folder.path(), identity));
        Connection { nkey_file, ..Connection::to(self.server.url(), identity.name()) }
    }

    async fn connect(&self, identity: Identity) -> Bus {
        let bus = Bus::connect(&self.settings(identity)).await.expect("a connection");
        bus.connected(SOON).await.expect("the broker is there");
        bus
    }

    /// Somebody at a desk, who sends and hears.
    async fn scene(&self) -> Scene {
        let bus = self.connect(Identity::Review).await;
        let receipts = bus.listen(&force().receipt("review", "*")).await.expect("the bus is open");
        let load = Load::new(3, signer().verifier().vkeys());
        Scene { load, disk: MemoryDisk::new(), bus, faults: Faults::default(), receipts }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_real_broker_a_standby_follows_takes_over_and_erases() {
    let Some(deployment) = Deployment::new().await else { return };
    let mut scene = deployment.scene().await;
    let alone = scene.start_on(deployment.connect(Identity::Recorder).await);
    let mut founding = scene.load.founding();
    founding.extend((0..2).flat_map(|number| scene.load.recorder(number).1));
    let (erasers, enrolment) = scene.load.erasers();
    founding.extend(enrolment);
    scene.send(&founding).await;
    for _ in &founding {
        assert!(matches!(scene.next_receipt().await.outcome, Outcome::Durable(_)));
    }
    alone.stop().await.expect("an orderly end");

    let first = scene.start_among_on(deployment.connect(Identity::Recorder).await, 0, &scene.disk);
    first.notes("leads in epoch 1").await;
    let disk = MemoryDisk::new();
    let second = scene.start_among_on(deployment.connect(Identity::Recorder).await, 1, &disk);
    second.notes("standby of epoch 1, 0 entries behind").await;

    let (person, addendum) = scene.load.sealed_enrolment(1);
    scene.publish(&force().several("review"), with_addenda(&person, &addendum)).await;
    scene.receipt(&person, is_published).await;
    let facts: Vec<Signed> = (1..120).map(|n| scene.load.fact(n)).collect();
    scene.send(&facts[..50]).await;
    first.kill(&scene.disk).await;
    scene.send(&facts[50..118]).await;
    let took = record(&scene, &facts[118]).await;
    assert!(took < TAKEOVER, "{took:?}");
    second.notes("leads in epoch 2").await;
    for fact in &facts {
        scene.receipt(fact, is_published).await;
    }
    scene.inbox_is_empty().await;

    let erasure = scene.load.erasure(1, &erasers, Hash::of(&addendum));
    record(&scene, &erasure).await;
    let first = scene.start_among_on(deployment.connect(Identity::Recorder).await, 0, &scene.disk);
    first.notes("standby of epoch 2, 0 entries behind").await;
    let (looking, subject) =
        (deployment.connect(Identity::Recorder).await, force().addendum(Hash::of(&addendum).to_hex()));
    for _ in 0..500 {
        if looking.last_on(&force().addenda().name, &subject).await.expect("readable").is_none() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(looking.last_on(&force().addenda().name, &subject).await, Ok(None));
    second.stop().await.expect("an orderly end");
    first.notes("leads in epoch 3").await;
    first.stop().await.expect("an orderly end");
    let all: Vec<Signed> = facts.into_iter().chain([person, erasure]).collect();
    holds_exactly(&scene.store(), founding.len() + 3, &all);
    let second = MemoryStore::open(&disk).expect("the disk opens");
    assert!(second.head().size.0 >= scene.store().head().size.0 - 1, "all but the last epoch");
    for store in [scene.store(), second] {
        assert_eq!(store.addendum(&Hash::of(&addendum)).expect("readable"), None);
    }
}

/// A broker that was provisioned before recorders told each other who leads. Each took over from the other, every two
/// seconds and for ever, because it heard nobody.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_hear_who_leads_does_not_try_to() {
    let nobody = |text: String| text.replace(&force().leading(), "ledger.of.nobody");
    let Some(deployment) = Deployment::configured(nobody).await else { return };
    let mut scene = deployment.scene().await;
    let alone = scene.start_on(deployment.connect(Identity::Recorder).await);
    let mut founding = scene.load.founding();
    founding.extend((0..2).flat_map(|number| scene.load.recorder(number).1));
    scene.send(&founding).await;
    for _ in &founding {
        assert!(matches!(scene.next_receipt().await.outcome, Outcome::Durable(_)));
    }
    alone.stop().await.expect("an orderly end");

    let disk = MemoryDisk::new();
    let first = scene.start_among_on(deployment.connect(Identity::Recorder).await, 0, &scene.disk);
    let second = scene.start_among_on(deployment.connect(Identity::Recorder).await, 1, &disk);
    tokio::time::sleep(Duration::from_secs(5)).await;
    for recorder in [&first, &second] {
        let said = recorder.health.now().reasons.join("; ");
        assert!(said.contains("whoever leads cannot be heard"), "{said}");
    }
    first.stop().await.expect("an orderly end");
    second.stop().await.expect("an orderly end");
    assert_eq!(scene.store().head().size.0 as usize, founding.len(), "no epoch was recorded");
}
