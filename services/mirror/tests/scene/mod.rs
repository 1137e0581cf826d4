//! A recorder in memory, what it would put on the sealed stream, and an answer to whoever asks it for entries.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Bus, Headers, Outgoing, ServiceSpec};
use ledger_core::checkpoint::{LogSigner, LogVerifier};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::wire::{EntriesRequest, SealedBatch};
use ledger_store::{MemoryDisk, MemoryStore};
use load::{Load, START_MS};
use mirror::{LogKey, Mirror};
use recorder::{Config, Recorder, Submission};

pub(crate) fn signer_from(seed: u8) -> LogSigner {
    LogSigner::new(load::ORIGIN.parse().expect("an origin"), &[seed; 32], &[2; 32]).expect("log keys")
}

pub(crate) fn log() -> LogVerifier {
    signer_from(1).verifier()
}

pub(crate) fn force() -> Force {
    Force::parse("cambridgeshire").expect("a force")
}

/// A recorder that publishes only when it is asked to.
pub(crate) struct Scene {
    pub(crate) load: Load,
    pub(crate) recorder: Arc<Recorder>,
}

impl Scene {
    pub(crate) fn founded() -> Self {
        let load = Load::new(3, log().vkeys());
        let ticks = AtomicU64::new(START_MS);
        let config = Config {
            signer: signer_from(1),
            clock: Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed)),
            checkpoint_every: Duration::from_secs(3600),
            verify_threads: 1,
        };
        let store = MemoryStore::open(&MemoryDisk::new()).expect("opens");
        let recorder = Arc::new(Recorder::open(Box::new(store), config).expect("an empty ledger opens"));
        for signed in load.founding() {
            submit(&recorder, signed);
        }
        Self { load, recorder }
    }

    pub(crate) fn record(&self, facts: std::ops::Range<u64>) {
        facts.for_each(|n| submit(&self.recorder, self.load.fact(n)));
    }

    pub(crate) fn size(&self) -> u64 {
        self.recorder.read(|store, _| store.head().size.0)
    }

    pub(crate) fn root(&self) -> Hash {
        self.recorder.read(|store, _| store.head().root)
    }

    /// Entries `from..until`, with the checkpoint of exactly that size where one was published.
    pub(crate) fn batch(&self, from: u64, until: u64) -> SealedBatch {
        self.recorder.read(move |store, _| SealedBatch {
            first: EntryIndex(from),
            entries: (from..until)
                .map(|i| store.entry(EntryIndex(i)).expect("read").expect("there"))
                .collect(),
            checkpoint: store.checkpoint(TreeSize(until)).expect("readable"),
        })
    }

    /// Everything in batches of `each`, published at the end.
    pub(crate) fn batches(&self, each: u64) -> Vec<SealedBatch> {
        self.recorder.publish().expect("a checkpoint");
        let size = self.size();
        (0..size).step_by(each as usize).map(|from| self.batch(from, size.min(from + each))).collect()
    }

    /// Answers requests for entries, so many at a time.
    pub(crate) async fn serve_entries(&self, bus: &Bus, at_once: u64) -> tokio::task::JoinHandle<()> {
        let spec = ServiceSpec {
            name: "recorder".to_owned(),
            version: "0.1.0".to_owned(),
            description: "Answers for entries.".to_owned(),
            subject: force().service("recorder"),
            endpoints: vec!["entries".to_owned()],
            metadata: BTreeMap::new(),
            figures: None,
        };
        let mut requests = bus.serve(spec).await.expect("the bus is open");
        let (load, recorder) = (Load::new(3, log().vkeys()), self.recorder.clone());
        let scene = Self { load, recorder };
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                let from = EntriesRequest::parse(&request.payload).expect("a request").from.0;
                let size = tokio::task::block_in_place(|| scene.size());
                let from = from.min(size);
                let batch = tokio::task::block_in_place(|| scene.batch(from, size.min(from + at_once)));
                request.reply(Ok(batch.to_bytes()));
            }
        })
    }
}

fn submit(recorder: &Recorder, signed: load::Signed) {
    let submission =
        Submission { statement: signed.statement, signatures: signed.signatures, addenda: Vec::new() };
    recorder.submit_blocking(submission).expect("it is in order");
}

pub(crate) fn empty_mirror() -> Mirror {
    let store = MemoryStore::open(&MemoryDisk::new()).expect("opens");
    Mirror::open(Box::new(store), LogKey::Given(Box::new(log()))).expect("an empty copy opens")
}

pub(crate) async fn publish(bus: &Bus, payload: Bytes) {
    let id = Hash::of(&payload).to_hex();
    let subject = force().sealed();
    let message = Outgoing { subject, id, headers: Headers::new(), payload, expect_last: None };
    bus.publish(message).await.expect("the stream takes it");
}

pub(crate) fn take_all(mirror: &Mirror, batches: &[SealedBatch]) {
    for batch in batches {
        mirror.take(batch).expect("it follows");
    }
}
