//! System calls that fail, one after the other; and a disk that fills up.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_store::{SegmentStore, Store, StoreError};

use crate::power::run;
use crate::testing::{Maker, Random};
use crate::worker::{Acknowledged, Worker, check, fresh, options};

/// What is made to fail, and how.
const FAULTS: [(&str, &str); 8] = [
    ("fdatasync", "EIO"),
    ("fsync", "EIO"),
    ("pwrite64", "EIO"),
    ("pwrite64", "ENOSPC"),
    ("write", "ENOSPC"),
    ("fallocate", "ENOSPC"),
    ("ftruncate", "EIO"),
    ("sync_file_range", "EIO"),
];

/// The Nth call of each kind fails, or every one from the Nth on, for N = 1, 2, …, until a child ends without
/// having met the fault or the rounds for the kind are used up. strace counts for each thread by itself.
pub(crate) fn strace(rounds: u64) {
    if !run("strace", &["-V"]) {
        eprintln!("SKIPPED: this campaign needs strace");
        return;
    }
    let mut random = Random(0x0073_7472_6163);
    for (call, error) in FAULTS {
        for onwards in ["", "+"] {
            let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
            for nth in 1..=rounds / (2 * FAULTS.len() as u64) {
                let inject = format!("inject={call}:error={error}:when={nth}{onwards}");
                let outcome = one_fault(call, &inject, nth, &mut random);
                *outcomes.entry(outcome).or_default() += 1;
                if outcome == "not met" {
                    break;
                }
            }
            let when = if onwards.is_empty() { "once" } else { "from then on" };
            println!("strace: {call} with {error}, {when}: nothing acknowledged was lost; {outcomes:?}");
        }
    }
}

fn one_fault(call: &str, inject: &str, seed: u64, random: &mut Random) -> &'static str {
    let dir = fresh("strace");
    let log = dir.join("calls");
    let trace = format!("trace={call}");
    let before = ["strace", "-f", "-qq", "-o", log.to_str().unwrap(), "-e", &trace, "-e", inject];
    let worker = Worker::start(&before, &dir.join("ledger"), seed, 6);
    let (acknowledged, ended) = worker.wait(Duration::from_secs(60));
    let met = fs::read_to_string(&log).unwrap_or_default().contains("INJECTED");
    if let Err(problem) = check(&dir.join("ledger"), &acknowledged, random) {
        panic!("{inject}: {problem}");
    }
    match (&acknowledged, ended, met) {
        (_, false, _) => "hung and was killed",
        (_, _, false) => "not met",
        (Acknowledged { poisoned: Some(_), .. }, ..) => "poisoned",
        (Acknowledged { done: true, refused, .. }, ..) if refused.is_empty() => "not felt by the writer",
        (Acknowledged { done: true, .. }, ..) => "refused",
        _ => "stopped",
    }
}

/// Fills a small file system to the last byte under a ledger, frees it, and goes on.
pub(crate) fn disk_full(rounds: u64) {
    let mount = fresh("diskfull");
    let place = mount.to_str().unwrap();
    let mut random = Random(0x6675_6c6c);
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    let mut reopened_full = 0;
    for round in 0..rounds {
        if !run("mount", &["-t", "tmpfs", "-o", "size=96m", "tmpfs", place]) {
            eprintln!("SKIPPED: this campaign needs root and tmpfs mounts");
            return;
        }
        let result = fill(&mount, round, &mut kinds, &mut reopened_full, &mut random);
        assert!(run("umount", &[place]));
        result.unwrap_or_else(|problem| panic!("round {round}: {problem}"));
    }
    println!(
        "diskfull: {rounds} disks filled and freed, nothing acknowledged was lost; opened while full: {reopened_full}"
    );
    for (kind, count) in kinds {
        println!("  {count:6} × {kind}");
    }
}

fn fill(
    mount: &Path,
    round: u64,
    kinds: &mut BTreeMap<String, u64>,
    reopened_full: &mut u64,
    random: &mut Random,
) -> Result<(), String> {
    let (dir, ballast) = (mount.join("ledger"), mount.join("ballast"));
    fs::write(&ballast, vec![1; 24 << 20]).map_err(|e| e.to_string())?;
    // With a watermark in every other round; without it the disk fills to the last byte.
    let watermark = if round.is_multiple_of(2) { 0 } else { 8 << 20 };
    let (mut store, _) = SegmentStore::open(&dir, options(watermark)).map_err(|e| e.to_string())?;
    let mut maker = Maker::new(round, 0, Hash::ZERO);
    let mut said = Acknowledged::default();
    let mut refusals = 0;
    while refusals < 40 {
        let before = maker.clone();
        match store.append(maker.batch(1 + random.below(400) as usize)) {
            Ok(head) => (said.size, said.root) = (head.size.0, Some(head.root)),
            Err(error) => {
                refusals += 1;
                maker = before;
                *kinds.entry(kind(&error)).or_default() += 1;
            }
        }
        if said.size > 0 {
            let index = EntryIndex(random.below(said.size));
            store.entry(index).map_err(|e| format!("reading while full: {e}"))?;
        }
    }
    let _ = store.put_refusal(Bytes::from_static(b"full"));
    if round % 4 < 2 {
        drop(store);
        // It may or may not open while the disk is full; it must afterwards.
        *reopened_full += u64::from(SegmentStore::open(&dir, options(watermark)).is_ok());
        fs::remove_file(&ballast).map_err(|e| e.to_string())?;
        check(&dir, &said, random)?;
        store = SegmentStore::open(&dir, options(watermark)).map_err(|e| format!("after freeing: {e}"))?.0;
    } else {
        fs::remove_file(&ballast).map_err(|e| e.to_string())?;
    }
    let head = store.head();
    let mut maker = Maker::new(round + 1_000, head.size.0, head.last_leaf_hash);
    for _ in 0..10 {
        let head = store.append(maker.batch(100)).map_err(|e| format!("appending after freeing: {e}"))?;
        (said.size, said.root) = (head.size.0, Some(head.root));
    }
    drop(store);
    check(&dir, &said, random).map(|_| ())
}

fn kind(error: &StoreError) -> String {
    match error {
        StoreError::DiskFull { .. } => "refused at the watermark".into(),
        other => other.to_string().split(" /").next().unwrap_or_default().to_owned(),
    }
}
