//! Forces, each with a recorder on a bus of its own, as behind a line to the hub's bus; and the hub.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Bus, Headers, Outgoing, ServiceError, ServiceSpec};
use host::config::Given;
use host::{Board, Clock, Config, Host, Stopping};
use hub::{ForceReport, ROLE, Report, State, serve};
use ledger_core::checkpoint::LogSigner;
use ledger_core::hash::Hash;
use ledger_core::wire::{Head, Submission, Submissions};
use ledger_store::{Options, SegmentStore};
use load::{Load, START_MS, Signed};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A force: its recorder on a bus of its own.
pub(crate) struct Place {
    pub(crate) force: Force,
    pub(crate) load: Load,
    pub(crate) ledger: PathBuf,
    pub(crate) bus: Bus,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// What goes from a force's bus to the hub's. Dropping it cuts the line.
pub(crate) struct Line(pub(crate) Vec<JoinHandle<()>>);

impl Drop for Line {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

pub(crate) fn force(name: &str) -> Force {
    Force::parse(name).expect("a force")
}

pub(crate) fn signer() -> LogSigner {
    signer_from(1)
}

pub(crate) fn signer_from(seed: u8) -> LogSigner {
    LogSigner::new(load::ORIGIN.parse().expect("an origin"), &[seed; 32], &[2; 32]).expect("log keys")
}

impl Place {
    /// A founded ledger with so many facts, in a folder of this name.
    pub(crate) async fn founded(dir: &TempDir, name: &str, facts: u64) -> Self {
        let mut place = Self::at(name, dir.path().join("ledgers").join(name)).await;
        place.start().await;
        let mut all = place.load.founding();
        all.extend(place.load.facts(1..facts + 1));
        place.record(&all).await;
        place
    }

    /// The same force with the ledger of a folder, on a bus that knows nothing of it.
    pub(crate) async fn at(name: &str, ledger: PathBuf) -> Self {
        let (force, bus) = (force(name), Bus::in_process());
        bus.ensure(&force.inbox()).await.expect("the inbox is made");
        bus.ensure(&force.sealed_log()).await.expect("the sealed stream is made");
        Self { force, load: Load::new(3, signer().verifier().vkeys()), ledger, bus, running: None }
    }

    pub(crate) async fn start(&mut self) {
        let ticks = AtomicU64::new(START_MS);
        let config = recorder::Config {
            signer: signer(),
            clock: Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed)),
            checkpoint_every: Duration::from_millis(30),
            verify_threads: 1,
        };
        let options = Options { watermark_bytes: 0, ..Options::default() };
        let (store, _) = SegmentStore::open(&self.ledger, options).expect("the ledger opens");
        let (stop, stopped) = oneshot::channel();
        let health = Board::default().role("recorder");
        let stopped = async move { drop(stopped.await) };
        let run = recorder::service::run(
            Box::new(store),
            config,
            self.bus.clone(),
            self.force.clone(),
            health,
            stopped,
        );
        let task = tokio::spawn(async move { run.await.expect("an orderly end") });
        self.running = Some((stop, task));
    }

    pub(crate) async fn stop(&mut self) {
        let (stop, task) = self.running.take().expect("it runs");
        let _ = stop.send(());
        tokio::time::timeout(SOON, task).await.expect("it stops").expect("it does not panic");
    }

    pub(crate) async fn record(&self, signed: &[Signed]) {
        let before = self.head().await.map_or(0, |head| head.size.0);
        for some in signed.chunks(100) {
            let submission = |signed: &Signed| Submission {
                statement: signed.statement.clone(),
                signatures: signed.signatures.clone(),
                addenda: Vec::new(),
            };
            let payload = Submissions(some.iter().map(submission).collect()).to_bytes();
            publish(&self.bus, self.force.several("review"), payload).await;
        }
        self.reaches(before + signed.len() as u64).await;
    }

    pub(crate) async fn facts(&self, range: std::ops::Range<u64>) {
        self.record(&self.load.facts(range)).await;
    }

    /// Waits until so many entries are recorded and under a checkpoint.
    pub(crate) async fn reaches(&self, size: u64) {
        for _ in 0..3000 {
            let covered = self.head().await.and_then(|head| {
                let note = ledger_core::checkpoint::SignedCheckpoint::parse(&head.checkpoint?).ok()?;
                Some(note.claimed_size().0)
            });
            if covered.is_some_and(|covered| covered >= size) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} does not reach {size}: {:?}", self.force, self.head().await);
    }

    pub(crate) async fn head(&self) -> Option<Head> {
        let subject = self.force.endpoint("recorder", "head");
        let answer = self.bus.request(&subject, Headers::new(), Bytes::new(), SOON).await.ok()?;
        Some(Head::parse(&answer.payload).expect("a head"))
    }

    /// Sealed batches and questions, to the hub's bus and back.
    pub(crate) async fn line(&self, hub: &Bus) -> Line {
        Line(vec![self.sealed_to(hub).await, self.questions_from(hub).await])
    }

    pub(crate) async fn sealed_to(&self, hub: &Bus) -> JoinHandle<()> {
        self.sealed_as(hub, self.force.as_str()).await
    }

    /// The same under another force's name.
    pub(crate) async fn sealed_as(&self, hub: &Bus, name: &str) -> JoinHandle<()> {
        let (hub, stream, force) = (hub.clone(), self.force.sealed_log().name, force(name));
        let mut follower = self.bus.follow(&stream, 1).await.expect("the stream is there");
        tokio::spawn(async move {
            while let Some(Ok(message)) = follower.next().await {
                publish(&hub, force.sealed(), message.payload).await;
            }
        })
    }

    pub(crate) async fn questions_from(&self, hub: &Bus) -> JoinHandle<()> {
        self.questions_as(hub, self.force.as_str()).await
    }

    /// The same under another force's name.
    pub(crate) async fn questions_as(&self, hub: &Bus, name: &str) -> JoinHandle<()> {
        let mut requests = hub.serve(self.service(&force(name))).await.expect("the bus is open");
        let (there, own) = (self.bus.clone(), self.force.clone());
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                let subject = own.endpoint("recorder", &request.endpoint);
                let answer = there.request(&subject, Headers::new(), request.payload.clone(), SOON).await;
                let away = |e: host::bus::RequestError| ServiceError::new(503, e.to_string());
                request.reply(answer.map(|message| message.payload).map_err(away));
            }
        })
    }

    /// Somebody at the hub's end who always answers this.
    pub(crate) async fn answers(&self, hub: &Bus, head: Head) -> JoinHandle<()> {
        let mut requests = hub.serve(self.service(&self.force)).await.expect("the bus is open");
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                request.reply(Ok(head.to_bytes()));
            }
        })
    }

    fn service(&self, force: &Force) -> ServiceSpec {
        ServiceSpec {
            name: "recorder".to_owned(),
            version: "0.1.0".to_owned(),
            description: "A line to a force.".to_owned(),
            subject: force.service("recorder"),
            endpoints: vec!["head".to_owned(), "entries".to_owned()],
            metadata: BTreeMap::new(),
            figures: None,
        }
    }
}

async fn publish(bus: &Bus, subject: String, payload: Bytes) {
    let id = Hash::of(&payload).to_hex();
    let message = Outgoing { subject, id, headers: Headers::new(), payload, expect_last: None };
    bus.publish(message).await.expect("the stream takes it");
}

/// The hub on its bus.
pub(crate) struct Hub {
    pub(crate) bus: Bus,
    pub(crate) folder: PathBuf,
    stopping: Stopping,
    task: JoinHandle<host::Outcome>,
}

impl Hub {
    /// The hub's bus with a sealed stream for each force.
    pub(crate) async fn bus(forces: &[&str]) -> Bus {
        let bus = Bus::in_process();
        for name in forces {
            bus.ensure(&force(name).sealed_log()).await.expect("the stream is made");
        }
        bus
    }

    pub(crate) fn start(bus: &Bus, dir: &Path, forces: &[&str], more: &[(&str, &str)]) -> Self {
        let folder = dir.join("hub");
        let mut flags = vec![
            ("hub.forces".to_owned(), forces.join(",")),
            ("hub.folder".to_owned(), folder.display().to_string()),
        ];
        flags.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let config = Config::gather(&ROLE, Given { flags, ..Given::default() }).expect("it is configured");
        let (stopping, board) = (Stopping::new(), Board::default());
        let host = Host::new(&ROLE, config, bus.clone(), Clock::system(), &board, stopping.clone());
        let task = tokio::spawn(host.run(serve));
        Self { bus: bus.clone(), folder, stopping, task }
    }

    pub(crate) async fn stop(self) {
        self.stopping.ask(SOON);
        tokio::time::timeout(SOON, self.task).await.expect("it stops").expect("no panic").expect("in order");
    }

    pub(crate) async fn report(&self) -> Option<Report> {
        let answer = self.bus.request("svc.hub.hub.status", Headers::new(), Bytes::new(), SOON).await.ok()?;
        Some(serde_json::from_slice(&answer.payload).expect("a report"))
    }

    /// Waits until a force is so, and says what the hub says of it.
    pub(crate) async fn sees(&self, name: &str, is: impl Fn(&ForceReport) -> bool) -> ForceReport {
        let mut last = None;
        for _ in 0..600 {
            let report = self.report().await;
            last = report.and_then(|report| report.forces.into_iter().find(|f| f.force == name));
            if let Some(found) = last.as_ref().filter(|found| is(found)) {
                return found.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{name} does not come to it: {last:#?}");
    }

    pub(crate) async fn sees_state(&self, name: &str, state: State) -> ForceReport {
        self.sees(name, |force| force.state == state).await
    }

    pub(crate) async fn evidence(&self, name: &str) -> Option<String> {
        let subject = "svc.hub.hub.evidence";
        let answer = self.bus.request(subject, Headers::new(), name.to_owned().into(), SOON).await.ok()?;
        Some(String::from_utf8(answer.payload.to_vec()).expect("text"))
    }

    pub(crate) fn mirror_of(&self, name: &str) -> PathBuf {
        self.folder.join("mirrors").join(name)
    }
}

/// Puts the log's keys where the hub looks for them.
pub(crate) fn pin(dir: &Path, names: &[&str]) {
    let policies = dir.join("hub").join("policies");
    std::fs::create_dir_all(&policies).expect("a folder");
    let keys = signer().verifier().vkeys();
    let policy: String = keys.iter().map(|key| format!("log {key}\n")).collect::<String>() + "quorum none\n";
    for name in names {
        std::fs::write(policies.join(format!("{name}.policy")), &policy).expect("a file");
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("a copy");
        }
    }
}
