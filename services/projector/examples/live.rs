//! How long until a statement that is recorded is in the views: `cargo run --release -p projector --example live [STATEMENTS]`.
//!
//! One statement at a time; the time from the recorder's durable answer to the moment when whoever asks is answered
//! with it. Once beside the recorder (its folder, read on), once through the sealed stream and a verified mirror on the
//! bus inside the process.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use host::Board;
use host::bus::names::Force;
use host::bus::{Bus, Headers, Outgoing};
use ledger_core::checkpoint::LogSigner;
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_core::wire::{Outcome, Receipt, Submissions};
use ledger_store::{MemoryDisk, MemoryStore, Options, SegmentStore};
use load::{Load, Signed};
use mirror::{LogKey, Mirror, follow};
use projector::service::{Live, follow_folder, follow_mirror};
use recorder::{Config, Recorder, Submission};

const WAIT: Duration = Duration::from_secs(10);

fn main() {
    let count = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_u64);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/live-benchmark");
    let _ = std::fs::remove_dir_all(&folder);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    runtime.block_on(async {
        let load = Load::new(3, signer().verifier().vkeys());
        print("beside the recorder", beside(&folder.join("a"), &load, count).await);
        print("through the sealed stream and a mirror", through(&folder.join("b"), &load, count).await);
    });
    let _ = std::fs::remove_dir_all(&folder);
}

fn signer() -> LogSigner {
    LogSigner::new(load::ORIGIN.parse().expect("an origin"), &[1; 32], &[2; 32]).expect("log keys")
}

fn config() -> Config {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
    Config {
        signer: signer(),
        clock: Arc::new(now),
        checkpoint_every: Duration::from_millis(500),
        verify_threads: 0,
    }
}

fn open(folder: &Path) -> SegmentStore {
    SegmentStore::open(folder, Options::default()).expect("an empty folder opens").0
}

fn submission(signed: &Signed) -> Submission {
    let Signed { statement, signatures, .. } = signed.clone();
    Submission { statement, signatures, addenda: Vec::new() }
}

async fn visible(live: &Live, size: TreeSize) {
    let mut standing = live.watch();
    let seen = tokio::time::timeout(WAIT, standing.wait_for(|now| now.tree_size >= size)).await;
    assert!(seen.is_ok(), "{live:?} does not come to {size}");
    live.look(|_, at| assert!(at.tree_size >= size));
}

async fn beside(folder: &Path, load: &Load, count: u64) -> Vec<Duration> {
    let recorder = Recorder::open(Box::new(open(folder)), config()).expect("an empty ledger opens");
    let live = Live::new();
    let _following = follow_folder(live.clone(), folder);
    for signed in load.founding() {
        recorder.submit(submission(&signed)).await.expect("in order");
    }
    let mut waits = Vec::new();
    for n in 0..count {
        let durable = recorder.submit(submission(&load.fact(n))).await.expect("in order");
        let answered = Instant::now();
        visible(&live, TreeSize(durable.index.0 + 1)).await;
        waits.push(answered.elapsed());
    }
    waits
}

async fn through(folder: &Path, load: &Load, count: u64) -> Vec<Duration> {
    let force = Force::parse("cambridgeshire").expect("a force");
    let bus = Bus::in_process();
    bus.ensure(&force.inbox()).await.expect("the inbox is made");
    bus.ensure(&force.sealed_log()).await.expect("the sealed stream is made");
    let mut receipts = bus.listen("rcpt.>").await.expect("the bus is open");
    let health = Board::default().role("recorder");
    let store = Box::new(open(folder));
    tokio::spawn(recorder::service::run(
        store,
        config(),
        bus.clone(),
        force.clone(),
        health,
        std::future::pending(),
    ));
    let copy = MemoryStore::open(&MemoryDisk::new()).expect("opens");
    let mirror = Mirror::open(Box::new(copy), LogKey::FromFirstEntry).expect("an empty copy opens");
    let _following = follow(mirror.clone(), bus.clone(), force.clone());
    let live = Live::new();
    tokio::spawn(follow_mirror(live.clone(), mirror));
    let mut waits = Vec::new();
    let founding = load.founding();
    let facts = (0..count).map(|n| load.fact(n));
    for (n, signed) in founding.iter().cloned().chain(facts).enumerate() {
        let payload = Submissions(vec![submission(&signed)]).to_bytes();
        let id = Hash::of(&payload).to_hex();
        let subject = force.event("review", "ScrutinyFactRecorded", signed.id);
        let message = Outgoing { subject, id, headers: Headers::new(), payload, expect_last: None };
        bus.publish(message).await.expect("the inbox takes it");
        let index = loop {
            let told = receipts.next().await.expect("the bus is open");
            if told.subject.ends_with(".several") {
                continue;
            }
            let receipt = Receipt::parse(&told.payload).expect("a receipt");
            if let (Some(id), Outcome::Durable(place)) = (receipt.id, receipt.outcome)
                && id == signed.id
            {
                break place.index;
            }
        };
        let answered = Instant::now();
        visible(&live, TreeSize(index.0 + 1)).await;
        if n >= founding.len() {
            waits.push(answered.elapsed());
        }
    }
    waits
}

fn print(what: &str, mut waits: Vec<Duration>) {
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!(
        "{what}: {} statements, visible after p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms",
        waits.len(),
        at(0.50),
        at(0.99),
        at(1.0)
    );
}
