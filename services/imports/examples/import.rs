//! Import beside embedded ingest: `cargo run --release -p imports --example import -- [ROWS] [FOLDER]`.
//!
//! The aim: an import reaches 0.7 of what embedded ingest reaches in the same run. Ingest takes statements that were
//! signed before the clock starts, from four clients with 4,096 on their way (as `recorder`'s example `ingest`
//! measures it). Import starts from the bytes of a file: it reads it to the end, looks up every word in the tables,
//! makes, signs and hands in a statement for each row, and ends when the last is on the disk. Both rates are by the
//! wall clock; each import stands between two ingests, because a machine that others use too changes meanwhile.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use imports::Source;
use imports::record::{Batch, Rows, Service, source_stream};
use ledger_core::checkpoint::LogSigner;
use ledger_core::hash::Hash;
use ledger_core::ids::StatementId;
use ledger_core::wire::Submission;
use ledger_store::{Options, SegmentStore};
use load::{Load, START_MS, Signed};
use prost::Message as _;
use recorder::{Config, Recorder};
use scrutiny_proto::ledger::v1::{Occurred, Precision};
use scrutiny_proto::review::v1::{SourceFileImported, SourceShape};

const MONTH: &[u8] = include_bytes!("../../../demo/data/2024-04-cambridgeshire-stop-and-search.csv");
const CLIENTS: usize = 4;
const WINDOW: usize = 1_024;
const ROUNDS: usize = 3;

fn main() {
    let mut args = std::env::args().skip(1);
    let rows = args.next().map_or(250_000, |n| n.parse().expect("ROWS is a number"));
    let folder = args.next().map_or_else(|| std::env::temp_dir().join("scrutiny-import"), PathBuf::from);
    let load = Load::new(64, signer().verifier().vkeys());
    println!("signing {rows} statements for ingest, repeating a month of searches to {rows} rows ...");
    let facts = Arc::new(load.facts(0..rows as u64));
    let file = repeated(rows);

    println!(
        "\n| rows/s imported | entries/s ingested, before and after | ratio | µs of processor a row, an entry | ratio by that | bytes a row's entry |\n|---|---|---|---|---|---|"
    );
    let mut before = ingest(&folder, &load, &facts);
    for _ in 0..ROUNDS {
        let (imported, bytes) = import(&folder, &load, &file);
        let after = ingest(&folder, &load, &facts);
        let ratio = imported.rate / f64::midpoint(before.rate, after.rate);
        let entry_us = f64::midpoint(before.cpu_us, after.cpu_us);
        println!(
            "| {:.0} | {:.0}, {:.0} | {ratio:.2} | {:.1}, {entry_us:.1} | {:.2} | {bytes:.0} |",
            imported.rate,
            before.rate,
            after.rate,
            imported.cpu_us,
            entry_us / imported.cpu_us
        );
        before = after;
    }
    let _ = std::fs::remove_dir_all(&folder);
}

/// One file with so many rows: the month's, again and again.
fn repeated(rows: usize) -> Vec<u8> {
    let month = Source::read(MONTH).expect("the month is a source");
    let mut file = month.head().to_vec();
    for (_, row) in month.rows().collect::<Vec<_>>().into_iter().cycle().take(rows) {
        file.extend_from_slice(row);
    }
    file
}

fn import(folder: &Path, load: &Load, file: &[u8]) -> (Run, f64) {
    let recorder = founded(folder, load);
    let (key, enrolment) = load.importer();
    for signed in enrolment {
        recorder.submit_blocking(submission(&signed)).expect("the importer is enrolled");
    }
    let origin = load::ORIGIN.parse().expect("the load's origin is one");
    let service = Service::new(&origin, key, load::BODY).expect("a key from a seed is a good one");
    let size = recorder.read(|store, _| store.head().size.0);

    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let source = Source::read(file).expect("the file is a source");
    let digest = Hash::of(file);
    let id = begin(&recorder, &service, &source, &digest);
    let batch = Batch::new(&service, Rows::Searches, digest, id, "2026-01-01".parse().expect("a day"));
    let mut added = 0u64;
    recorder.submit_many(
        source.rows(),
        |(number, row)| {
            let (made, flags) = batch.submission(number, row);
            assert!(flags.is_empty(), "every word of the month is known");
            made
        },
        |answer| {
            answer.expect("a row is in order");
            added += 1;
            ControlFlow::Continue(())
        },
    );
    let rate = added as f64 / begun.elapsed().as_secs_f64();
    // The index is written behind; with the recorder gone, all of its work is counted.
    let bytes = recorder.read(move |store, _| {
        let length =
            |index| store.entry(ledger_core::ids::EntryIndex(index)).ok().flatten().map_or(0, |e| e.len());
        (size + 1..=size + 1_000).map(length).sum::<usize>() as f64 / 1_000.0
    });
    drop(recorder);
    (Run { rate, cpu_us: (cpu_seconds() - cpu) / added as f64 * 1e6 }, bytes)
}

fn begin(recorder: &Recorder, service: &Service, source: &Source<'_>, digest: &Hash) -> StatementId {
    let about = SourceFileImported {
        sha256: digest.to_hex(),
        file_name: "repeated.csv".to_owned(),
        shape: SourceShape::StopSearchCsv.into(),
        rows: u32::try_from(source.len()).expect("some rows"),
        head: source.head().to_vec().into(),
        ..SourceFileImported::default()
    };
    let uuid = uuid::Builder::from_unix_timestamp_millis(START_MS, &[7; 10]).into_uuid();
    let id = StatementId::from_uuid(uuid).expect("a UUID made as version 7 is one");
    let unknown = Occurred { precision: Precision::Unknown.into(), ..Default::default() };
    let kind = "scrutiny.review.v1.SourceFileImported";
    let body = about.encode_to_vec().into();
    recorder
        .submit_blocking(service.submission(id, kind, source_stream(digest), unknown, body, Vec::new()))
        .expect("a file is in order");
    id
}

fn ingest(folder: &Path, load: &Load, facts: &Arc<Vec<Signed>>) -> Run {
    let recorder = Arc::new(founded(folder, load));
    let next = Arc::new(AtomicUsize::new(0));
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let client = |_| {
        let (recorder, facts, next) = (Arc::clone(&recorder), Arc::clone(facts), Arc::clone(&next));
        std::thread::spawn(move || client(&recorder, &facts, &next))
    };
    let clients: Vec<_> = (0..CLIENTS).map(client).collect();
    clients.into_iter().for_each(|client| client.join().expect("a client ends"));
    let rate = facts.len() as f64 / begun.elapsed().as_secs_f64();
    drop(recorder);
    Run { rate, cpu_us: (cpu_seconds() - cpu) / facts.len() as f64 * 1e6 }
}

struct Run {
    rate: f64,
    /// Of the whole process, clients and index included, for each.
    cpu_us: f64,
}

/// What this process has used of the processor so far, in and for it (`proc(5)`, utime and stime in ticks).
fn cpu_seconds() -> f64 {
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux says what a process has used");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(11).take(2);
    fields.map(|ticks| ticks.parse::<f64>().expect("a number of ticks")).sum::<f64>() / TICKS_A_SECOND
}

fn client(recorder: &Recorder, facts: &[Signed], next: &AtomicUsize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a thread may run tasks");
    let lane = async || {
        while let Some(fact) = facts.get(next.fetch_add(1, Ordering::Relaxed)) {
            recorder.submit(submission(fact)).await.expect("a fact is in order");
        }
    };
    runtime.block_on(futures::future::join_all((0..WINDOW).map(|_| lane())));
}

fn founded(folder: &Path, load: &Load) -> Recorder {
    let _ = std::fs::remove_dir_all(folder);
    let (store, _) = SegmentStore::open(folder, Options::default()).expect("an empty folder opens");
    // The recorder's clock stands in 2026, so that no search lies in its future.
    let ticks = AtomicU64::new(1_780_000_000_000);
    let config = Config {
        signer: signer(),
        clock: Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed)),
        checkpoint_every: Duration::from_millis(500),
        verify_threads: 0,
    };
    let recorder = Recorder::open(Box::new(store), config).expect("an empty ledger opens");
    for signed in load.founding() {
        recorder.submit_blocking(submission(&signed)).expect("the founding is in order");
    }
    recorder
}

fn signer() -> LogSigner {
    let origin = load::ORIGIN.parse().expect("the load's origin is one");
    LogSigner::new(origin, &[1; 32], &[2; 32]).expect("two seeds make a log's keys")
}

fn submission(signed: &Signed) -> Submission {
    Submission {
        statement: signed.statement.clone(),
        signatures: signed.signatures.clone(),
        addenda: Vec::new(),
    }
}
