//! One byte anywhere in an export, changed at random: the audit never misses it, and never panics.
//!
//! Every file counts: also the narrower tiles that earlier checkpoints left behind, and every signature line. So
//! there is no byte in an export that somebody could change unnoticed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fixture;

use std::collections::BTreeMap;

use fixture::{Ledger, trust};
use ledger_audit::{Export, Finding, MemoryFiles, Severity, Verdict, audit};
use rayon::prelude::*;

/// As many flips as this, and a byte of every file besides.
const FLIPS: u64 = 2_000;

/// A well-mixed number (splitmix64), so that the same run changes the same bytes.
fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn findings(files: MemoryFiles) -> (Vec<Finding>, Verdict) {
    // An export that cannot even be opened is not taken for a clean one.
    match Export::open(files) {
        Ok(export) => {
            let report = audit(&export, &trust(), &mut |_| {});
            (report.findings, report.verdict)
        }
        Err(e) => (Vec::new(), Verdict::CannotDecide(e.to_string())),
    }
}

/// What the audit of an export with one byte changed says beyond what it says of the untouched one.
fn check_flip(
    clean: &MemoryFiles,
    before: &[Finding],
    path: &str,
    at: usize,
    change: u8,
) -> Result<Verdict, String> {
    let mut files = clean.clone();
    let mut bytes = files.0[path].to_vec();
    bytes[at] ^= change;
    files.0.insert(path.to_owned(), bytes.into());
    match findings(files) {
        (found, Verdict::Clean) if found.iter().all(|f| before.contains(f)) => {
            Err(format!("{path}: byte {at} changed by {change:#04x} was not noticed"))
        }
        (_, verdict) => Ok(verdict),
    }
}

/// Every flip must be seen; the outcomes, counted.
fn flip_everywhere(ledger: &Ledger, flips: u64) -> BTreeMap<&'static str, u64> {
    let clean = ledger.export();
    let (before, verdict) = findings(clean.clone());
    assert_eq!(verdict, Verdict::Clean);
    assert!(before.iter().all(|f| f.severity == Severity::Note));
    let files: Vec<(&String, usize)> =
        clean.0.iter().map(|(path, bytes)| (path, bytes.len())).filter(|(_, length)| *length > 0).collect();
    let one = |n: u64| {
        // Files in turn, so that each kind is met however small it is.
        let (path, length) = files[usize::try_from(n).unwrap() % files.len()];
        let at = usize::try_from(mixed(n) % length as u64).unwrap();
        let change = u8::try_from(mixed(n ^ (1 << 40)) % 255 + 1).unwrap();
        check_flip(&clean, &before, path, at, change)
    };
    let outcomes: Vec<Result<Verdict, String>> =
        (0..flips.max(files.len() as u64)).into_par_iter().map(one).collect();
    let mut counts = BTreeMap::new();
    for outcome in outcomes {
        let name = match outcome.unwrap_or_else(|missed| panic!("{missed}")) {
            Verdict::Clean => "noted",
            Verdict::Findings => "found",
            Verdict::CannotDecide(_) => "undecided",
        };
        *counts.entry(name).or_default() += 1;
    }
    counts
}

#[test]
fn no_byte_of_a_small_export_can_change_unnoticed() {
    let counts = flip_everywhere(&Ledger::small(), FLIPS);
    assert!(counts["found"] > FLIPS * 9 / 10, "{counts:?}");
}

#[test]
fn no_byte_of_an_export_with_several_tiles_can_change_unnoticed() {
    let mut ledger = Ledger::small();
    for i in 0..270 {
        ledger.fact("alice", "G&I", &format!("topic-{}", i % 5));
        if i == 200 {
            ledger.publish();
        }
    }
    ledger.publish();
    let counts = flip_everywhere(&ledger, 200);
    assert!(counts["found"] > 180, "{counts:?}");
}

#[test]
fn no_truncated_or_lengthened_file_passes() {
    let ledger = Ledger::small();
    let clean = ledger.export();
    let (before, _) = findings(clean.clone());
    for (path, bytes) in &clean.0 {
        let mut changed = vec![[&bytes[..], b"\0"].concat(), [&bytes[..], b"\n"].concat()];
        if !bytes.is_empty() {
            changed.push(bytes[..bytes.len() - 1].to_vec());
            changed.push(Vec::new());
        }
        for bytes in changed {
            let mut files = clean.clone();
            let length = bytes.len();
            files.0.insert(path.clone(), bytes.into());
            let (found, _) = findings(files);
            assert!(found.iter().any(|f| !before.contains(f)), "{path} with {length} bytes was not noticed");
        }
    }
}
