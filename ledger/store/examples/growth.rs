//! How the store grows: append rates, CPU, memory, disk, reopening after kill -9, proofs.
//!
//! ```text
//! cargo run --release -p ledger-store --example growth -- --entries 100000,1000000 --batch 1024 [--dir DIR]
//! ```
//!
//! Entries are made by one process and read from a file by another, which appends them; so nothing but the
//! store is measured. "Acknowledged" ends with the last append, "caught up" when the index has everything.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on should say where")]

#[path = "../src/testing.rs"]
#[allow(dead_code, unreachable_pub, reason = "each user of the shared file needs a part of it")]
mod testing;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, StatementId};
use ledger_core::merkle::inclusion_proof;
use ledger_store::{Options, SealedEntry, SegmentStore, Store, TreeOf};
use testing::{Maker, Random};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let text: Vec<&str> = args.iter().map(String::as_str).collect();
    match text[..] {
        ["make", n, file] => make(n.parse().unwrap(), Path::new(file)),
        ["append", batch, file, dir] => append(batch.parse().unwrap(), Path::new(file), Path::new(dir)),
        ["reopen", dir] => reopen(Path::new(dir)),
        _ => campaign(&text),
    }
}

fn campaign(args: &[&str]) {
    let value = |name: &str| args.iter().position(|a| *a == name).and_then(|i| args.get(i + 1).copied());
    let numbers = |text: &str| text.split(',').map(|n| n.parse::<usize>().unwrap()).collect::<Vec<_>>();
    let dir = value("--dir").map_or_else(|| std::env::temp_dir().join("ledger-growth"), PathBuf::from);
    for n in numbers(value("--entries").unwrap_or("100000,1000000")) {
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        let file = dir.join("entries");
        run(&["make", &n.to_string(), file.to_str().unwrap()], |_| false);
        for batch in numbers(value("--batch").unwrap_or("1024")) {
            let ledger = dir.join("ledger");
            let _ = fs::remove_dir_all(&ledger);
            println!("{n} entries, batches of {batch}");
            let args = ["append", &batch.to_string(), file.to_str().unwrap(), ledger.to_str().unwrap()];
            // Killed as soon as the last append was acknowledged, the index still behind.
            run(&args, |line| line.contains("acknowledged"));
            run(&["reopen", ledger.to_str().unwrap()], |_| false);
            let _ = fs::remove_dir_all(&ledger);
            run(&args, |_| false);
            run(&["reopen", ledger.to_str().unwrap()], |_| false);
        }
    }
    fs::remove_dir_all(&dir).unwrap();
}

/// Runs a part in its own process, passes on what it says, and kills it at the line that `kill` takes.
fn run(args: &[&str], kill: impl Fn(&str) -> bool) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let mut child = command.args(args).stdout(Stdio::piped()).spawn().unwrap();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        println!("  {line}");
        if kill(&line) {
            child.kill().unwrap();
            println!("  killed");
        }
    }
    child.wait().unwrap();
}

fn make(n: usize, file: &Path) {
    let mut out = BufWriter::new(File::create(file).unwrap());
    let mut maker = Maker::new(1, 0, Hash::ZERO);
    for _ in 0..n {
        let entry = maker.entry();
        let stream = entry.stream.as_str().as_bytes();
        for part in [&entry.bytes[..], stream] {
            out.write_all(&u32::try_from(part.len()).unwrap().to_le_bytes()).unwrap();
            out.write_all(part).unwrap();
        }
        out.write_all(&entry.stream_version.to_le_bytes()).unwrap();
        out.write_all(&entry.leaf_hash.0).unwrap();
        out.write_all(entry.statement_id.as_bytes()).unwrap();
    }
    out.flush().unwrap();
}

fn read_entry(input: &mut impl Read) -> Option<SealedEntry> {
    let mut part = || -> Option<Vec<u8>> {
        let mut length = [0; 4];
        input.read_exact(&mut length).ok()?;
        let mut part = vec![0; u32::from_le_bytes(length) as usize];
        input.read_exact(&mut part).unwrap();
        Some(part)
    };
    let (bytes, stream) = (part()?, part()?);
    let (mut version, mut leaf, mut id) = ([0; 8], [0; 32], [0; 16]);
    input.read_exact(&mut version).unwrap();
    input.read_exact(&mut leaf).unwrap();
    input.read_exact(&mut id).unwrap();
    Some(SealedEntry {
        bytes: bytes.into(),
        leaf_hash: Hash(leaf),
        statement_id: StatementId::from_slice(&id).unwrap(),
        stream: String::from_utf8(stream).unwrap().parse().unwrap(),
        stream_version: u64::from_le_bytes(version),
    })
}

fn append(batch: usize, file: &Path, dir: &Path) {
    let mut input = BufReader::with_capacity(1 << 20, File::open(file).unwrap());
    let (mut store, _) = SegmentStore::open(dir, Options::default()).unwrap();
    let mut times = Vec::new();
    let (mut n, mut bytes, mut queries) = (0u64, 0u64, Duration::ZERO);
    let start = Instant::now();
    loop {
        let entries: Vec<SealedEntry> = std::iter::from_fn(|| read_entry(&mut input)).take(batch).collect();
        let Some(last) = entries.last().cloned() else { break };
        n += entries.len() as u64;
        bytes += entries.iter().map(|e| e.bytes.len() as u64).sum::<u64>();
        let asked = Instant::now();
        assert_eq!(store.find(&last.statement_id).unwrap(), None);
        assert_eq!(store.stream_version(&last.stream).unwrap().min(last.stream_version), {
            store.stream_version(&last.stream).unwrap()
        });
        queries += asked.elapsed();
        let before = Instant::now();
        store.append(entries).unwrap();
        times.push(before.elapsed());
    }
    let acknowledged = start.elapsed();
    println!("acknowledged {:>8.0}/s", n as f64 / acknowledged.as_secs_f64());
    store.wait_until_caught_up();
    let caught_up = start.elapsed();
    println!("caught up    {:>8.0}/s", n as f64 / caught_up.as_secs_f64());
    times.sort();
    println!(
        "append       p50 {:.2?}  p99 {:.2?}  max {:.2?}",
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1]
    );
    println!("lookups      {:.1} µs for three", queries.as_secs_f64() * 1e6 / times.len() as f64);
    for (thread, seconds) in cpu_of_threads() {
        println!("cpu          {:.2} µs an entry in {thread}", seconds * 1e6 / n as f64);
    }
    println!("memory       {} MiB at most", status("VmHWM") / 1024);
    let (segments, index) = (disk(&dir.join("segments")), disk(&dir.join("index")));
    println!(
        "disk         {:.0} bytes an entry: segments {:.3}, index {:.3}, together {:.3} of the entries' bytes",
        bytes as f64 / n as f64,
        segments as f64 / bytes as f64,
        index as f64 / bytes as f64,
        (segments + index) as f64 / bytes as f64
    );
    proofs(&store);
}

fn proofs(store: &SegmentStore) {
    let size = store.head().size;
    let mut random = Random(9);
    let (mut proofs, mut reads) = (Vec::new(), Vec::new());
    for _ in 0..5_000 {
        let index = EntryIndex(random.below(size.0));
        let start = Instant::now();
        inclusion_proof(index, size, &TreeOf(store)).unwrap();
        proofs.push(start.elapsed());
        let start = Instant::now();
        store.entry(index).unwrap().unwrap();
        reads.push(start.elapsed());
    }
    for (name, times) in [("proof", &mut proofs), ("read", &mut reads)] {
        times.sort();
        println!("{name:12} p50 {:.1?}  p99 {:.1?}", times[2_500], times[4_950]);
    }
}

fn reopen(dir: &Path) {
    let start = Instant::now();
    let (store, report) = SegmentStore::open(dir, Options::default()).unwrap();
    println!(
        "reopened     in {:.2?}, {} entries, replayed {}, healed {:?}",
        start.elapsed(),
        report.head.size,
        report.replayed,
        report.healed
    );
    println!("memory       {} MiB after opening", status("VmHWM") / 1024);
    drop(store);
}

fn status(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Seconds of CPU that each living thread has used.
fn cpu_of_threads() -> Vec<(String, f64)> {
    let mut found = Vec::new();
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let path = task.unwrap().path();
        let name = fs::read_to_string(path.join("comm")).unwrap_or_default().trim().to_owned();
        let stat = fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        let nanos: f64 = stat.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0.0);
        found.push((name, nanos / 1e9));
    }
    found
}

fn disk(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let meta = fs::metadata(path).unwrap();
    let own = meta.blocks() * 512;
    if !meta.is_dir() {
        return own;
    }
    own + fs::read_dir(path).unwrap().map(|item| disk(&item.unwrap().path())).sum::<u64>()
}
