//! A recorder on an in-process bus, somebody who sends to it, and a mirror that follows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use host::Board;
use host::Health;
use host::bus::names::Force;
use host::bus::{Bus, Faults, Headers, Link, Listener, Message, Outgoing, RequestError};
use ledger_core::checkpoint::LogSigner;
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_core::wire::{Outcome, Receipt, ReceiptRequest, Submission, Submissions};
use ledger_store::{MemoryDisk, MemoryStore, Store as _};
use load::{Load, START_MS, Signed};
use mirror::{Following, LogKey, Mirror};
use recorder::service::{self, ServiceError};
use recorder::{Config, RecorderKey};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) fn signer() -> LogSigner {
    LogSigner::new(load::ORIGIN.parse().expect("an origin"), &[1; 32], &[2; 32]).expect("log keys")
}

pub(crate) fn config() -> Config {
    let ticks = AtomicU64::new(START_MS);
    Config {
        signer: signer(),
        clock: Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed)),
        checkpoint_every: Duration::from_millis(30),
        verify_threads: 1,
    }
}

pub(crate) fn force() -> Force {
    Force::parse("cambridgeshire").expect("a force")
}

pub(crate) struct Scene {
    pub(crate) load: Load,
    pub(crate) disk: MemoryDisk,
    pub(crate) bus: Bus,
    pub(crate) faults: Faults,
    pub(crate) receipts: Listener,
}

pub(crate) struct Running {
    pub(crate) task: JoinHandle<Result<(), ServiceError>>,
    pub(crate) health: Health,
    stop: oneshot::Sender<()>,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let (bus, faults) = Bus::in_process_with_faults();
        bus.ensure(&force().inbox()).await.expect("the inbox is made");
        bus.ensure(&force().sealed_log()).await.expect("the sealed stream is made");
        bus.ensure(&force().addenda()).await.expect("the addenda stream is made");
        let receipts = bus.listen("rcpt.>").await.expect("the bus is open");
        let load = Load::new(3, signer().verifier().vkeys());
        Self { load, disk: MemoryDisk::new(), bus, faults, receipts }
    }

    /// A scene whose ledger is founded, with the recorder at work.
    pub(crate) async fn founded() -> (Self, Running) {
        let mut scene = Self::new().await;
        let running = scene.start();
        let founding = scene.load.founding();
        scene.send(&founding).await;
        for _ in &founding {
            scene.next_receipt().await;
        }
        (scene, running)
    }

    pub(crate) fn start(&self) -> Running {
        self.start_on(self.bus.clone())
    }

    pub(crate) fn start_on(&self, bus: Bus) -> Running {
        let store = MemoryStore::open(&self.disk).expect("the disk opens");
        let health = Board::default().role("recorder");
        let (stop, stopped) = oneshot::channel();
        let stopped = async move { drop(stopped.await) };
        let run = service::run(Box::new(store), config(), bus, force(), health.clone(), stopped);
        Running { task: tokio::spawn(run), health, stop }
    }

    /// One of several recorders, on a disk and a way to the bus of its own.
    pub(crate) fn start_among(&self, number: u32, disk: &MemoryDisk) -> (Running, Link) {
        let (bus, link) = self.bus.broker().expect("it is in this process").handle();
        (self.start_among_on(bus, number, disk), link)
    }

    pub(crate) fn start_among_on(&self, bus: Bus, number: u32, disk: &MemoryDisk) -> Running {
        let store = MemoryStore::open(disk).expect("the disk opens");
        let health = Board::default().role("recorder");
        let key = RecorderKey::from_seed(&self.load.recorder(number).0).expect("a key");
        let (stop, stopped) = oneshot::channel();
        let stopped = async move { drop(stopped.await) };
        let run = service::run_among(Box::new(store), config(), key, bus, force(), health.clone(), stopped);
        Running { task: tokio::spawn(run), health, stop }
    }

    /// One message with all of these.
    pub(crate) async fn send(&self, signed: &[Signed]) {
        self.publish(&force().several("review"), message(signed)).await;
    }

    pub(crate) async fn publish(&self, subject: &str, payload: Bytes) {
        let id = Hash::of(&payload).to_hex();
        let outgoing =
            Outgoing { subject: subject.to_owned(), id, headers: Headers::new(), payload, expect_last: None };
        while self.bus.publish(outgoing.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The next receipt that is no proof.
    pub(crate) async fn next_receipt(&mut self) -> Receipt {
        loop {
            let receipt = self.next_told().await;
            if !matches!(receipt.outcome, Outcome::Published(_)) {
                return receipt;
            }
        }
    }

    pub(crate) async fn next_told(&mut self) -> Receipt {
        loop {
            let told = tokio::time::timeout(SOON, self.receipts.next()).await.expect("somebody tells");
            let told = told.expect("the bus is open");
            if !told.subject.ends_with(".several") {
                return Receipt::parse(&told.payload).expect("a receipt");
            }
        }
    }

    pub(crate) async fn ask(&self, endpoint: &str, payload: Bytes) -> Result<Message, RequestError> {
        let subject = force().endpoint("recorder", endpoint);
        self.bus.request(&subject, Headers::new(), payload, SOON).await
    }

    /// The receipt on request, as soon as there is one that `is` right.
    pub(crate) async fn receipt(&self, signed: &Signed, is: impl Fn(&Outcome) -> bool) -> Receipt {
        let asked = ReceiptRequest { id: signed.id, digest: Hash::of(&signed.statement) };
        for _ in 0..500 {
            if let Ok(answer) = self.ask("receipt", asked.to_bytes()).await {
                let receipt = Receipt::parse(&answer.payload).expect("a receipt");
                if is(&receipt.outcome) {
                    return receipt;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("there is no such receipt for {}", signed.id)
    }

    pub(crate) fn mirror(&self) -> (Mirror, Following) {
        let store = MemoryStore::open(&MemoryDisk::new()).expect("opens");
        let log = LogKey::Given(Box::new(signer().verifier()));
        let mirror = Mirror::open(Box::new(store), log).expect("an empty copy opens");
        let following = mirror::follow(mirror.clone(), self.bus.clone(), force());
        (mirror, following)
    }

    /// Waits until nothing is left in the inbox.
    pub(crate) async fn inbox_is_empty(&self) {
        for _ in 0..1000 {
            let tail = self.bus.tail(&force().inbox().name).await.expect("the inbox is there");
            if tail.messages == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("something is left in the inbox");
    }

    /// What the disk holds, once nobody has it open.
    pub(crate) fn store(&self) -> MemoryStore {
        MemoryStore::open(&self.disk).expect("the disk opens")
    }
}

impl Running {
    pub(crate) async fn stop(self) -> Result<(), ServiceError> {
        let _ = self.stop.send(());
        tokio::time::timeout(SOON, self.task).await.expect("it stops").expect("it does not panic")
    }

    /// Kills the service where it stands. Its threads end by themselves, and only then does this return.
    pub(crate) async fn kill(self, disk: &MemoryDisk) {
        self.task.abort();
        let _ = self.task.await;
        while MemoryStore::open(disk).is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until it says of itself.
    pub(crate) async fn notes(&self, note: &str) {
        for _ in 0..500 {
            if self.health.now().note.is_some_and(|said| said.contains(note)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not say {note:?}: {:?}", self.health.now());
    }

    pub(crate) async fn says(&self, reason: &str) {
        for _ in 0..500 {
            if self.health.now().reasons.iter().any(|said| said.contains(reason)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not say {reason:?}: {:?}", self.health.now());
    }
}

pub(crate) fn message(signed: &[Signed]) -> Bytes {
    let submission = |signed: &Signed| Submission {
        statement: signed.statement.clone(),
        signatures: signed.signatures.clone(),
        addenda: Vec::new(),
    };
    Submissions(signed.iter().map(submission).collect()).to_bytes()
}

pub(crate) async fn caught_up(mirror: &Mirror, store: &MemoryStore) {
    let head = store.head();
    let mut standing = mirror.watch();
    let reached = tokio::time::timeout(SOON, standing.wait_for(|now| now.covered == head.size)).await;
    assert!(reached.is_ok(), "{:?} is not {:?}; halted: {:?}", mirror.standing(), head, mirror.halted());
    assert_eq!(mirror.standing().root, head.root);
    assert!(mirror.standing().size > TreeSize(0));
}
