//! How fast an audit is, against the least that it could cost: verifying the authors' signatures and nothing else.
//!
//! ```text
//! cargo run --release -p ledger-audit --example speed -- --entries 200000
//! ```
//!
//! Writes two exports (a quarter of the entries, and all of them) of 700-byte statements by 64 officers into a
//! temporary folder, audits each in a process of its own, and prints the rates, their ratio, and the peak of
//! resident memory at both sizes. Plain verification is `verify_strict` over the same signatures on all cores,
//! with keys and signatures parsed beforehand; it runs before and after the audit, so that a machine that is busy
//! with other things shows. On such a machine the rates by the wall clock say little: the ratio of processor time
//! (what a signature costs alone, by what an entry costs in the audit) is printed beside theirs.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use std::path::Path;
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use bytes::Bytes;
use ed25519_dalek::{Signature as RawSignature, VerifyingKey};
use ledger_audit::{Export, Folder, Trust, Verdict, audit};
use ledger_core::bundle;
use ledger_core::checkpoint::LogSigner;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::MemoryTree;
use ledger_core::sshsig::{HashAlgorithm, Signature, signed_data};
use ledger_core::statement::{NAMESPACE, Statement};
use ledger_core::tile::{bundles_for, tile_bytes, tiles_for};
use load::{Load, ORIGIN, START_MS, Signed};
use rayon::prelude::*;

/// Officers who sign in turn.
const OFFICERS: u32 = 64;

/// Statements made at a time: what is in memory while an export is written.
const BATCH: u64 = 20_000;

/// Signatures that plain verification goes over, and how often.
const SAMPLE: u64 = 20_000;
const ROUNDS: u64 = 5;

fn main() {
    let args: Vec<String> = env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("--audit") => audit_folder(Path::new(&args[2])),
        Some("--entries") => compare(args[2].parse().unwrap()),
        _ => compare(200_000),
    }
}

fn signer() -> LogSigner {
    LogSigner::new(ORIGIN.parse().unwrap(), &[1; 32], &[2; 32]).unwrap()
}

fn compare(entries: u64) {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::new(OFFICERS, signer().verifier().vkeys());
    println!("{} cores, {OFFICERS} officers, statements of {} bytes", cores(), load::FACT_BYTES);
    for size in [entries / 4, entries] {
        let folder = dir.path().join(size.to_string());
        write_export(&load, size, &folder);
        let before = plain(&load);
        let audited = child(&folder);
        let after = plain(&load);
        println!(
            "{size} entries: audit {:.0} a second; verify_strict alone {:.0} before and {:.0} after; ratio {:.3} by the \
             wall clock, {:.3} by processor time ({:.1} µs an entry); peak memory {:.1} MiB",
            audited.cost.rate(),
            before.rate(),
            after.rate(),
            2.0 * audited.cost.rate() / (before.rate() + after.rate()),
            (before.processor() + after.processor()) / (2.0 * audited.cost.processor()),
            audited.cost.processor() * 1e6,
            audited.peak_kib as f64 / 1024.0
        );
    }
}

/// What so many signatures took.
struct Cost {
    signatures: f64,
    wall: f64,
    processor: f64,
}

impl Cost {
    fn of(work: impl FnOnce() -> u64) -> Self {
        let (start, processor) = (Instant::now(), processor_seconds());
        let signatures = work() as f64;
        Self { signatures, wall: start.elapsed().as_secs_f64(), processor: processor_seconds() - processor }
    }

    /// Signatures a second.
    fn rate(&self) -> f64 {
        self.signatures / self.wall
    }

    /// Processor seconds for one signature, all cores added up.
    fn processor(&self) -> f64 {
        self.processor / self.signatures
    }
}

struct Audited {
    cost: Cost,
    peak_kib: u64,
}

fn child(folder: &Path) -> Audited {
    let output = Command::new(env::current_exe().unwrap()).arg("--audit").arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
    let [signatures, wall, processor, peak] = numbers[..] else { panic!("four numbers, not {text}") };
    Audited { cost: Cost { signatures, wall, processor }, peak_kib: peak as u64 }
}

/// Time on processors by this process so far, in seconds (proc(5): utime and stime, 100 ticks a second).
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|n| n.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

fn cores() -> usize {
    rayon::current_num_threads()
}

/// In a process of its own: prints signatures, seconds, processor seconds, and the peak of resident memory in KiB.
fn audit_folder(folder: &Path) {
    let export = Export::open(Folder::new(folder)).unwrap();
    let trust = Trust { log: Some(signer().verifier()), ..Trust::default() };
    let cost = Cost::of(|| {
        let report = audit(&export, &trust, &mut |_| {});
        assert_eq!(report.verdict, Verdict::Clean, "{report}");
        report.counts.signatures
    });
    println!("{} {} {} {}", cost.signatures, cost.wall, cost.processor, peak_kib());
}

fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Verifies a sample on all cores. Hashing the statement is part of SSHSIG and not of `verify_strict`, so it is
/// left out.
fn plain(load: &Load) -> Cost {
    let parsed: Vec<(VerifyingKey, Vec<u8>, RawSignature)> =
        load.facts(0..SAMPLE).into_par_iter().map(|signed| parts(&signed)).collect();
    Cost::of(|| {
        for _ in 0..ROUNDS {
            let all = parsed.par_iter().all(|(key, message, raw)| key.verify_strict(message, raw).is_ok());
            assert!(all, "our own signatures verify");
        }
        ROUNDS * SAMPLE
    })
}

fn parts(signed: &Signed) -> (VerifyingKey, Vec<u8>, RawSignature) {
    let blob = &signed.signatures[0];
    let signature = Signature::parse(blob).unwrap();
    let key = signature.key_blob();
    let key = VerifyingKey::from_bytes(key[key.len() - 32..].try_into().unwrap()).unwrap();
    let raw = RawSignature::from_slice(&blob[blob.len() - 64..]).unwrap();
    (key, signed_data(NAMESPACE, HashAlgorithm::Sha512, &signed.statement), raw)
}

/// Writes entries as an export, in memory that holds one batch and the tree.
fn write_export(load: &Load, size: u64, folder: &Path) {
    let mut writer = Writer::new(folder);
    for signed in load.founding() {
        writer.push(signed);
    }
    let mut n = 0;
    while writer.size() < size {
        let batch = BATCH.min(size - writer.size());
        load.facts(n..n + batch).into_iter().for_each(|signed| writer.push(signed));
        n += batch;
    }
    writer.finish();
}

struct Writer<'a> {
    folder: &'a Path,
    tree: MemoryTree,
    previous: Hash,
    streams: std::collections::HashMap<String, u64>,
    bundle: Vec<Bytes>,
}

impl<'a> Writer<'a> {
    fn new(folder: &'a Path) -> Self {
        Self {
            folder,
            tree: MemoryTree::new(),
            previous: Hash::ZERO,
            streams: std::collections::HashMap::new(),
            bundle: Vec::new(),
        }
    }

    fn size(&self) -> u64 {
        self.tree.frontier().size().0
    }

    fn push(&mut self, signed: Signed) {
        let index = self.size();
        let statement = Statement::parse(&signed.statement).unwrap();
        let version = self.streams.entry(statement.stream.to_string()).or_default();
        *version += 1;
        let entry = Entry {
            index: EntryIndex(index),
            previous: self.previous,
            stream_version: *version,
            recorded_at_ms: START_MS + index,
            statement_bytes: signed.statement,
            statement,
            signatures: signed.signatures,
        };
        let bytes = Bytes::from(entry.seal().unwrap());
        self.previous = Hash::leaf(&bytes);
        self.tree.push(self.previous);
        self.bundle.push(bytes);
        if self.bundle.len() == 256 {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let size = self.size();
        let from = size - self.bundle.len() as u64;
        for path in bundles_for(TreeSize(from), TreeSize(size)) {
            self.put(&path.to_string(), &bundle::encode(&self.bundle).unwrap());
        }
        self.bundle.clear();
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn finish(mut self) {
        if !self.bundle.is_empty() {
            self.flush();
        }
        let size = self.tree.frontier().size();
        for path in tiles_for(TreeSize(0), size) {
            self.put(&path.to_string(), &tile_bytes(&self.tree, &path).unwrap());
        }
        let checkpoint = signer().sign(size, self.tree.frontier().root()).unwrap().to_bytes();
        self.put("checkpoint", &checkpoint);
        self.put(&format!("checkpoints/{size}"), &checkpoint);
        self.put("addenda.v1", b"");
    }
}
