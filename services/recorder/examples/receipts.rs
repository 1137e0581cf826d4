//! Receipts of a large ledger: `cargo run --release -p recorder --example receipts -- [ENTRIES] [FOLDER]`.
//!
//! Records facts, then asks for the receipts of entries all over the log and checks them as a stranger would.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ledger_core::checkpoint::LogSigner;
use ledger_core::ids::EntryIndex;
use ledger_core::tlog_proof::TlogProof;
use ledger_store::{Options, SegmentStore};
use load::{Load, START_MS, Signed};
use recorder::{Config, Recorder, Submission};

/// Receipts that are made and checked.
const RECEIPTS: u64 = 20_000;

/// Facts that are signed and submitted together.
const AT_ONCE: u64 = 20_000;

fn main() {
    let mut args = std::env::args().skip(1);
    let entries: u64 = args.next().map_or(1_000_000, |n| n.parse().expect("ENTRIES is a number"));
    let folder = args.next().map_or_else(|| std::env::temp_dir().join("scrutiny-receipts"), PathBuf::from);
    let _ = std::fs::remove_dir_all(&folder);
    let recorder = open(&folder);
    record(&recorder, entries);
    recorder.publish().expect("a checkpoint is published");

    let (made, size) = recorder.read(|store, _| {
        let size = store.head().size.0;
        let make = |n: u64| {
            // A stride that visits the whole log and no two neighbours in a row.
            let index = EntryIndex(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % size);
            let begun = Instant::now();
            let receipt = recorder::receipt(store, index).expect("readable").expect("covered").to_bytes();
            let took = begun.elapsed();
            let entry = store.entry(index).expect("readable").expect("there");
            (took, receipt, entry)
        };
        ((0..RECEIPTS).map(make).collect::<Vec<_>>(), size)
    });
    let log = signer().verifier();
    let (mut checked, mut paths) = (Vec::new(), Vec::new());
    for (_, receipt, entry) in &made {
        let begun = Instant::now();
        let proof = TlogProof::parse(receipt).expect("a receipt");
        let checkpoint = proof.verify(entry, &log).expect("it holds");
        checked.push(begun.elapsed());
        let begun = Instant::now();
        let leaf = ledger_core::hash::Hash::leaf(entry);
        proof.verify_path(&leaf, &checkpoint).expect("it holds");
        paths.push(begun.elapsed());
    }
    println!("{size} entries, {RECEIPTS} receipts all over them\n");
    println!("| | p50 µs | p99 µs | most µs |");
    println!("|---|---|---|---|");
    row("making a receipt", made.into_iter().map(|(took, ..)| took).collect());
    row("checking it: both log signatures and the path", checked);
    row("checking the leaf hash and the path alone", paths);
    drop(recorder);
    let _ = std::fs::remove_dir_all(&folder);
}

fn row(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    println!("| {what} | {:.0} | {:.0} | {:.0} |", at(0.50), at(0.99), at(1.0));
}

fn signer() -> LogSigner {
    let origin = load::ORIGIN.parse().expect("the load's origin is one");
    LogSigner::new(origin, &[1; 32], &[2; 32]).expect("two seeds make a log's keys")
}

fn open(folder: &std::path::Path) -> Recorder {
    let (store, _) = SegmentStore::open(folder, Options::default()).expect("an empty folder opens");
    let ticks = AtomicU64::new(START_MS);
    let config = Config {
        signer: signer(),
        clock: Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed)),
        checkpoint_every: Duration::from_millis(500),
        verify_threads: 0,
    };
    Recorder::open(Box::new(store), config).expect("an empty ledger opens")
}

fn record(recorder: &Recorder, entries: u64) {
    let load = Load::new(64, signer().verifier().vkeys());
    for signed in load.founding() {
        recorder.submit_blocking(submission(&signed)).expect("the founding is in order");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a thread may run tasks");
    for from in (0..entries).step_by(usize::try_from(AT_ONCE).expect("it fits")) {
        let facts = load.facts(from..entries.min(from + AT_ONCE));
        let all = facts.iter().map(|fact| recorder.submit(submission(fact)));
        for answer in runtime.block_on(futures::future::join_all(all)) {
            answer.expect("a fact is in order");
        }
    }
}

fn submission(signed: &Signed) -> Submission {
    Submission {
        statement: signed.statement.clone(),
        signatures: signed.signatures.clone(),
        addenda: Vec::new(),
    }
}
