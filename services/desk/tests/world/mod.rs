//! A force in one process: the bus, a recorder at the end of the inbox, a replica that may lag, desks.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use desk::{Desk, Limits, Replica, Service};
use host::Clock;
use host::bus::names::{Force, Subject};
use host::bus::{Bus, ConsumerSpec, Delivery, Faults, ServiceSpec};
use ledger_core::checkpoint::LogSigner;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::wire::{Head, RefusalNotice, RefusalNotices, Submission, Submissions};
use ledger_rules::{State, evolve_entry};
use ledger_store::{MemoryDisk, MemoryStore, SealedEntry, Store};
use load::{Load, START_MS, Signed};
use recorder::{Config, Failure, Recorder};
use tokio::sync::watch;

/// The names that every test uses.
pub(crate) const FORCE: &str = "cambridgeshire";

/// The services' side of a ledger, all of it in memory.
pub(crate) struct World {
    pub(crate) bus: Bus,
    pub(crate) faults: Faults,
    pub(crate) force: Force,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) replica: Arc<Lagging>,
    pub(crate) load: Load,
    /// Refusals that desks told of.
    pub(crate) told: Arc<Mutex<Vec<RefusalNotice>>>,
    /// Codes of the recorder's own refusals.
    pub(crate) late: Arc<Mutex<Vec<String>>>,
    /// While it is set, the recorder takes nothing.
    pub(crate) away: Arc<AtomicBool>,
}

impl World {
    /// A founded ledger with three officers, or an empty one.
    pub(crate) async fn new(founded: bool) -> Self {
        let (bus, faults) = Bus::in_process_with_faults();
        let force = Force::parse(FORCE).expect("a slug");
        bus.ensure(&force.inbox()).await.expect("a stream");
        let load = Load::new(3, signer().verifier().vkeys());
        let recorder = Arc::new(open());
        if founded {
            let founding = load.founding();
            let recorder = recorder.clone();
            let done = tokio::task::spawn_blocking(move || {
                founding.iter().map(|s| recorder.submit_blocking(submission(s))).all(|answer| answer.is_ok())
            });
            assert!(done.await.expect("no panic"), "the founding is in order");
        }
        let replica = Arc::new(Lagging::new());
        let world = Self {
            bus,
            faults,
            force,
            recorder,
            replica,
            load,
            told: Arc::default(),
            late: Arc::default(),
            away: Arc::default(),
        };
        world.run_recorder().await;
        world.run_replica();
        world
    }

    pub(crate) fn desk(&self, service: Service) -> Desk {
        self.desk_with(service, Limits::default())
    }

    pub(crate) fn desk_with(&self, service: Service, limits: Limits) -> Desk {
        let clock = Clock::by_hand(START_MS + 60_000).0;
        Desk::open(&self.bus, self.force.clone(), service, self.replica.clone(), clock, limits)
    }

    /// Waits until the recorder has taken everything.
    pub(crate) async fn settle(&self) {
        let inbox = self.force.inbox().name;
        for _ in 0..2_000 {
            if self.bus.tail(&inbox).await.expect("the stream is there").messages == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("the inbox is never empty");
    }

    /// Waits until the recorder has taken everything, and the replica holds it.
    pub(crate) async fn caught_up(&self) {
        self.settle().await;
        let size = self.size();
        assert!(self.replica.caught_up_to(TreeSize(size), Duration::from_secs(20)).await);
    }

    pub(crate) fn size(&self) -> u64 {
        tokio::task::block_in_place(|| self.recorder.read(|store, _| store.head().size.0))
    }

    async fn run_recorder(&self) {
        let spec = ConsumerSpec {
            stream: self.force.inbox().name,
            durable: "recorder".to_owned(),
            max_in_flight: 64,
            ack_wait: Duration::from_secs(30),
        };
        let mut inbox = self.bus.consume(spec).await.expect("the stream is there");
        let (recorder, told, late) = (self.recorder.clone(), self.told.clone(), self.late.clone());
        let away = self.away.clone();
        tokio::spawn(async move {
            while let Ok(deliveries) = inbox.next(1, Duration::from_millis(50)).await {
                for delivery in deliveries {
                    while away.load(Ordering::Relaxed) {
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                    take(&recorder, &told, &late, &delivery).await;
                    delivery.ack().await.expect("the bus is there");
                }
            }
        });
        let spec = ServiceSpec {
            name: "recorder".to_owned(),
            version: "0.0.0".to_owned(),
            description: String::new(),
            subject: self.force.service("recorder"),
            endpoints: vec!["head".to_owned()],
            metadata: Default::default(),
            figures: None,
        };
        let mut questions = self.bus.serve(spec).await.expect("the bus is there");
        let recorder = self.recorder.clone();
        tokio::spawn(async move {
            while let Some(question) = questions.next().await {
                let recorder = recorder.clone();
                let head = tokio::task::spawn_blocking(move || recorder.read(|store, _| store.head())).await;
                let head = head.expect("no panic");
                let said = Head {
                    origin: None,
                    size: head.size,
                    root: head.root,
                    last_leaf_hash: head.last_leaf_hash,
                    checkpoint: None,
                };
                question.reply(Ok(said.to_bytes()));
            }
        });
    }

    fn run_replica(&self) {
        let (recorder, replica) = (self.recorder.clone(), self.replica.clone());
        tokio::spawn(async move {
            loop {
                let (recorder, replica) = (recorder.clone(), replica.clone());
                tokio::task::spawn_blocking(move || replica.catch_up(&recorder)).await.expect("no panic");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }
}

async fn take(
    recorder: &Recorder,
    told: &Mutex<Vec<RefusalNotice>>,
    late: &Mutex<Vec<String>>,
    delivery: &Delivery,
) {
    if let Some(Subject::Refused { .. }) = Subject::parse(&delivery.subject) {
        let RefusalNotices(notices) = RefusalNotices::parse(&delivery.payload).expect("notices");
        told.lock().expect("no panic").extend(notices);
        return;
    }
    let Submissions(submissions) = Submissions::parse(&delivery.payload).expect("submissions");
    for submission in submissions {
        match recorder.submit(submission).await {
            Ok(_) => {}
            Err(Failure::Refused(refusal)) => late.lock().expect("no panic").push(refusal.code.to_string()),
            Err(Failure::Unavailable(why)) => panic!("{why}"),
        }
    }
}

/// A replica that holds what it was given, as long as it is not held back.
pub(crate) struct Lagging {
    kept: Mutex<(MemoryStore, State)>,
    size: watch::Sender<u64>,
    pub(crate) held_back: AtomicBool,
}

impl Lagging {
    fn new() -> Self {
        let store = MemoryStore::open(&MemoryDisk::new()).expect("opens");
        let size = watch::Sender::new(0);
        Self { kept: Mutex::new((store, State::default())), size, held_back: AtomicBool::new(false) }
    }

    fn catch_up(&self, recorder: &Recorder) {
        if self.held_back.load(Ordering::Relaxed) {
            return;
        }
        let from = *self.size.borrow();
        let new = recorder.read(move |store, _| {
            (from..store.head().size.0)
                .map(|i| store.entry(EntryIndex(i)).expect("reads").expect("is there"))
                .collect::<Vec<_>>()
        });
        if new.is_empty() {
            return;
        }
        let mut kept = self.kept.lock().expect("no panic");
        let (store, state) = &mut *kept;
        for bytes in new {
            let entry = Entry::parse(&bytes).expect("an entry");
            let sealed = SealedEntry {
                leaf_hash: Hash::leaf(&bytes),
                bytes,
                statement_id: entry.statement.id,
                stream: entry.statement.stream.clone(),
                stream_version: entry.stream_version,
            };
            store.append(vec![sealed]).expect("memory takes it");
            evolve_entry(state, &entry);
        }
        let TreeSize(size) = store.head().size;
        drop(kept);
        self.size.send_replace(size);
    }
}

impl Replica for Lagging {
    fn look(&self, see: &mut dyn FnMut(&dyn Store, &State)) {
        let kept = self.kept.lock().expect("no panic");
        see(&kept.0, &kept.1);
    }

    fn caught_up_to<'a>(
        &'a self,
        size: TreeSize,
        within: Duration,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        let mut held = self.size.subscribe();
        Box::pin(
            async move { tokio::time::timeout(within, held.wait_for(|held| *held >= size.0)).await.is_ok() },
        )
    }
}

fn signer() -> LogSigner {
    LogSigner::new(load::ORIGIN.parse().expect("an origin"), &[1; 32], &[2; 32]).expect("log keys")
}

fn open() -> Recorder {
    let config = Config {
        signer: signer(),
        clock: Clock::by_hand(START_MS + 60_000).0.as_fn(),
        checkpoint_every: Duration::from_millis(20),
        verify_threads: 1,
    };
    Recorder::open(Box::new(MemoryStore::open(&MemoryDisk::new()).expect("opens")), config).expect("replays")
}

pub(crate) fn submission(signed: &Signed) -> Submission {
    Submission {
        statement: signed.statement.clone(),
        signatures: signed.signatures.clone(),
        addenda: Vec::new(),
    }
}
