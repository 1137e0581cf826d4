//! System calls that fail, one after the other: the first of its kind, then the second, and so on.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::answers::Line;
use crate::check::{How, Subject};
use crate::child::Worker;
use crate::disk::{run, text};
use crate::worker::Order;

/// Calls that a recorder makes to keep something, and how each is made to fail.
const FAULTS: [(&str, &str); 12] = [
    ("fdatasync", "EIO"),
    ("fdatasync", "ENOSPC"),
    ("fsync", "EIO"),
    ("fsync", "ENOSPC"),
    ("pwrite64", "EIO"),
    ("pwrite64", "ENOSPC"),
    ("write", "EIO"),
    ("write", "ENOSPC"),
    ("fallocate", "ENOSPC"),
    ("ftruncate", "EIO"),
    ("sync_file_range", "EIO"),
    ("rename", "EIO"),
];

/// Facts that a worker submits: enough for some checkpoints, and for the index to take a step or two.
const FACTS: u64 = 600;
const WATERMARK: u64 = 16 << 20;

pub(crate) fn campaign(rounds: u64) -> Result<String, String> {
    if !run("strace", &["-V"]) {
        println!("SKIPPED: this campaign needs strace");
        return Ok("strace: SKIPPED".to_owned());
    }
    let mut met = 0;
    let mut acknowledged = 0;
    for (call, error) in FAULTS {
        let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
        for nth in 1..=rounds.div_ceil(FAULTS.len() as u64) {
            let (outcome, kept) =
                one(call, error, nth).map_err(|why| format!("{call} number {nth} with {error}: {why}"))?;
            *outcomes.entry(outcome).or_default() += 1;
            acknowledged += kept;
            if outcome == "not met" {
                break;
            }
            met += 1;
        }
        println!("strace: {call} with {error}: {outcomes:?}");
    }
    Ok(format!("strace: {met} calls failed; {acknowledged} acknowledgements, all kept"))
}

fn one(call: &str, error: &str, nth: u64) -> Result<(&'static str, u64), String> {
    let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut subject = Subject::new(&scratch.path().join("ledger"), scratch.path(), nth);
    let log = scratch.path().join("calls");
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:error={error}:when={nth}"));
    let before = ["strace", "-f", "-qq", "-o", text(&log), "-e", &trace, "-e", &inject];
    let order = Order {
        dir: subject.dir.clone(),
        from: 0,
        count: FACTS,
        seed: 2 * nth,
        watermark_bytes: WATERMARK,
        patient: false,
    };
    let worker = Worker::start(&before.map(str::to_owned), &order)?;
    let (lines, ended) = worker.wait(Duration::from_secs(60));
    let was_met = std::fs::read_to_string(&log).is_ok_and(|log| log.contains("INJECTED"));
    let how = How { watermark_bytes: WATERMARK, may_be_poisoned: true, scrub: true, audit: true };
    let found = subject.check(&lines, how, 2 * nth + 1)?;
    let any = |is: fn(&Line) -> bool| lines.iter().any(is);
    let outcome = match () {
        () if !ended => return Err("the worker hung".to_owned()),
        () if !was_met => "not met",
        () if found.was_poisoned => "stopped until a full check",
        () if any(|line| matches!(line, Line::Unopened(_))) => "did not open, and did the next time",
        () if any(|line| matches!(line, Line::No(_))) => "not taken for a while",
        () if any(|line| matches!(line, Line::Done)) => "nobody noticed",
        () => "ended",
    };
    Ok((outcome, found.acknowledged))
}
