//! Durable ingest, embedded: `cargo run --release -p recorder --example ingest -- [ENTRIES] [FOLDER]`.
//!
//! Statements of 700 bytes with distinct ids over 64 signer keys, from four clients, each acknowledged after
//! its entry is safe on disk. Every row is compared with what `verify_strict` alone reaches on all cores over
//! messages of the same length, measured right before and right after it: on a machine that others use too, the
//! two change together. The processor's time per entry and per verification does not depend on the others.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use ledger_core::checkpoint::LogSigner;
use ledger_store::{Options, SegmentStore};
use load::{Load, START_MS, Signed};
use rayon::prelude::*;
use recorder::{Config, Recorder, Submission};

const CLIENTS: usize = 4;
const OFFICERS: u32 = 64;

fn main() {
    let mut args = std::env::args().skip(1);
    let entries = args.next().map_or(300_000, |n| n.parse().expect("ENTRIES is a number"));
    let folder = args.next().map_or_else(|| std::env::temp_dir().join("scrutiny-ingest"), PathBuf::from);
    let load = Load::new(OFFICERS, signer().verifier().vkeys());
    println!("signing {entries} statements ...");
    let facts = Arc::new(load.facts(0..entries as u64));

    let verify = Verifications::new();
    let mut before = verify.measure();
    println!(
        "verify_strict alone, all cores: {:.0} /s, {:.1} µs of processor each\n",
        before.rate, before.cpu_us
    );
    println!(
        "| in flight | entries/s | verify_strict/s | ratio | µs of processor | caught up/s | commits/s | p50 ms | p99 ms |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (in_flight, share) in [(1, 100), (16, 10), (256, 1), (4096, 1)] {
        let run = ingest(&folder, &load, &facts, entries / share, in_flight);
        let after = verify.measure();
        let limit = f64::midpoint(before.rate, after.rate);
        before = after;
        println!(
            "| {in_flight} | {:.0} | {limit:.0} | {:.2} | {:.1} | {:.0} | {:.0} | {:.2} | {:.2} |",
            run.rate,
            run.rate / limit,
            run.cpu_us,
            run.caught_up,
            run.commits,
            run.p50_ms,
            run.p99_ms
        );
    }
    let _ = std::fs::remove_dir_all(&folder);
}

struct Run {
    rate: f64,
    /// Of the whole process, clients and index included, per entry.
    cpu_us: f64,
    caught_up: f64,
    commits: f64,
    p50_ms: f64,
    p99_ms: f64,
}

fn signer() -> LogSigner {
    let origin = load::ORIGIN.parse().expect("the load's origin is one");
    LogSigner::new(origin, &[1; 32], &[2; 32]).expect("two seeds make a log's keys")
}

fn open(folder: &Path) -> Recorder {
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

fn ingest(folder: &Path, load: &Load, facts: &Arc<Vec<Signed>>, count: usize, in_flight: usize) -> Run {
    let _ = std::fs::remove_dir_all(folder);
    let recorder = Arc::new(open(folder));
    for signed in load.founding() {
        recorder.submit_blocking(submission(&signed)).expect("the founding is in order");
    }
    let before = recorder.counters();
    let next = Arc::new(AtomicUsize::new(0));
    let cpu = cpu_seconds();
    let begun = Instant::now();
    let clients: Vec<_> = (0..CLIENTS.min(in_flight))
        .map(|_| {
            let (recorder, facts, next) = (Arc::clone(&recorder), Arc::clone(facts), Arc::clone(&next));
            let window = in_flight / CLIENTS.min(in_flight);
            std::thread::spawn(move || client(&recorder, &facts, &next, count, window))
        })
        .collect();
    let mut waits: Vec<Duration> =
        clients.into_iter().flat_map(|c| c.join().expect("a client ends")).collect();
    let acknowledged = begun.elapsed().as_secs_f64();
    let after = recorder.counters();
    drop(Arc::into_inner(recorder).expect("every client is done"));
    let caught_up = begun.elapsed().as_secs_f64();
    let cpu_us = (cpu_seconds() - cpu) / count as f64 * 1e6;
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    Run {
        rate: count as f64 / acknowledged,
        cpu_us,
        caught_up: count as f64 / caught_up,
        commits: (after.commits - before.commits) as f64 / acknowledged,
        p50_ms: at(0.50),
        p99_ms: at(0.99),
    }
}

/// One client with so many statements on their way at once. Returns how long each took to be durable.
fn client(
    recorder: &Recorder,
    facts: &[Signed],
    next: &AtomicUsize,
    count: usize,
    window: usize,
) -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a thread may run tasks");
    runtime.block_on(async {
        let lane = async || {
            let mut waits = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= count {
                    return waits;
                }
                let begun = Instant::now();
                recorder.submit(submission(&facts[n])).await.expect("a fact is in order");
                waits.push(begun.elapsed());
            }
        };
        futures::future::join_all((0..window).map(|_| lane())).await.concat()
    })
}

fn submission(signed: &Signed) -> Submission {
    Submission {
        statement: signed.statement.clone(),
        signatures: signed.signatures.clone(),
        addenda: Vec::new(),
    }
}

/// `verify_strict` on all cores and nothing else: messages of the same length, the same number of keys.
struct Verifications {
    verifiers: Vec<VerifyingKey>,
    signed: Vec<(usize, Vec<u8>, Signature)>,
}

struct Limit {
    rate: f64,
    cpu_us: f64,
}

impl Verifications {
    fn new() -> Self {
        let keys: Vec<SigningKey> =
            (0..OFFICERS).map(|n| SigningKey::from_bytes(&[n as u8 + 1; 32])).collect();
        let sign = |n: usize| {
            let key = n % keys.len();
            let mut message = vec![0; load::FACT_BYTES];
            message[..8].copy_from_slice(&n.to_be_bytes());
            let signature = keys[key].sign(&message);
            (key, message, signature)
        };
        let signed = (0..50_000_usize).into_par_iter().map(sign).collect();
        Self { verifiers: keys.iter().map(SigningKey::verifying_key).collect(), signed }
    }

    fn measure(&self) -> Limit {
        let (cpu, begun) = (cpu_seconds(), Instant::now());
        let verify = |(key, message, signature): &(usize, Vec<u8>, Signature)| {
            self.verifiers[*key].verify_strict(message, signature).is_ok()
        };
        assert!(self.signed.par_iter().all(verify), "every signature verifies");
        let count = self.signed.len() as f64;
        Limit { rate: count / begun.elapsed().as_secs_f64(), cpu_us: (cpu_seconds() - cpu) / count * 1e6 }
    }
}

/// What this process has used of the processor so far, in and for it (`proc(5)`, utime and stime in ticks).
fn cpu_seconds() -> f64 {
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux says what a process has used");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(11).take(2);
    fields.map(|ticks| ticks.parse::<f64>().expect("a number of ticks")).sum::<f64>() / TICKS_A_SECOND
}
