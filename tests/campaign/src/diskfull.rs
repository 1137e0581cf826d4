//! A disk that fills up under a recorder at work, and has room again later.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::answers::Line;
use crate::check::{How, Subject};
use crate::child::Worker;
use crate::disk::Disk;
use crate::kill::Tally;
use crate::random::Random;
use crate::scene;
use crate::worker::Order;

const DISK_BYTES: u64 = 160 << 20;

pub(crate) fn campaign(rounds: u64) -> Result<String, String> {
    let mut random = Random(0x6675_6c6c);
    let mut tally = Tally::default();
    let mut reasons = Reasons::default();
    for round in 0..rounds {
        let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
        let Some(disk) = Disk::make(scratch.path(), DISK_BYTES)? else {
            return Ok("diskfull: SKIPPED".to_owned());
        };
        one(&disk, scratch.path(), round, &mut random, &mut tally, &mut reasons)
            .map_err(|why| format!("disk {round}: {why}"))?;
        tally.ledgers += 1;
    }
    let mut text = tally.summary("diskfull");
    for (reason, count) in &reasons.said {
        text.push_str(&format!("\n  {count:7} × {reason}"));
    }
    text.push_str(&format!("\n  opened while full: {} of {}", reasons.opened_full, reasons.tried_full));
    text.push_str(&format!("\n  read while full: {} entries", reasons.read_full));
    Ok(text)
}

/// What people were told while the disk was full.
#[derive(Default)]
struct Reasons {
    said: BTreeMap<String, u64>,
    opened_full: u64,
    tried_full: u64,
    read_full: u64,
}

/// Every other disk fills to the watermark, the others to the last byte; every other pair is killed while full.
fn one(
    disk: &Disk,
    scratch: &Path,
    round: u64,
    random: &mut Random,
    tally: &mut Tally,
    reasons: &mut Reasons,
) -> Result<(), String> {
    let watermark_bytes = if round.is_multiple_of(2) { 12 << 20 } else { 0 };
    let mut subject = Subject::new(&disk.mount.join("ledger"), scratch, random.next());
    let order = Order {
        dir: subject.dir.clone(),
        from: 0,
        count: 1_000_000,
        seed: 2 * round,
        watermark_bytes,
        patient: true,
    };
    let worker = Worker::start(&[], &order)?;
    worker.wait_until(Duration::from_secs(30), |lines| lines.len() > 200);
    std::thread::sleep(Duration::from_millis(random.below(300)));
    let ballast = disk.mount.join("ballast");
    fill(&ballast, watermark_bytes / 2)?;
    let refused = |lines: &[Line]| lines.iter().filter(|line| matches!(line, Line::No(_))).count();
    if !worker.wait_until(Duration::from_secs(60), |lines| refused(lines) > 20) {
        return Err("a full disk was never refused".to_owned());
    }
    let from = worker.lines();
    let is_read = |line: &Line| matches!(line, Line::Read(_));
    if !worker
        .wait_until(Duration::from_secs(30), |lines| lines[from..].iter().filter(|l| is_read(l)).count() > 5)
    {
        return Err("reading stopped with writing".to_owned());
    }
    reasons.read_full += 5;
    let killed_full = round % 4 >= 2;
    let lines = if killed_full {
        let lines = worker.kill();
        reasons.tried_full += 1;
        match scene::open(&subject.dir, watermark_bytes, 2 * round) {
            Ok(_) => reasons.opened_full += 1,
            Err(why) => *reasons.said.entry(without_numbers(&format!("{why:?}"), disk)).or_default() += 1,
        }
        std::fs::remove_file(&ballast).map_err(|e| e.to_string())?;
        lines
    } else {
        std::fs::remove_file(&ballast).map_err(|e| e.to_string())?;
        let freed = worker.lines();
        let is_ack = |line: &Line| matches!(line, Line::Ack { .. });
        if !worker.wait_until(Duration::from_secs(60), |lines| {
            lines[freed..].iter().filter(|l| is_ack(l)).count() > 100
        }) {
            return Err("there is room again, and nothing is taken".to_owned());
        }
        worker.kill()
    };
    for line in &lines {
        if let Line::No(why) = line {
            *reasons.said.entry(without_numbers(why, disk)).or_default() += 1;
        }
    }
    let how = How { watermark_bytes: 0, may_be_poisoned: false, scrub: true, audit: true };
    tally.add(&subject.check(&lines, how, 2 * round + 1)?);
    Ok(())
}

/// Fills the disk until so many bytes are left, or none.
fn fill(ballast: &Path, leave: u64) -> Result<(), String> {
    let mut file = std::fs::File::create(ballast).map_err(|e| e.to_string())?;
    let block = vec![7; 1 << 16];
    while file.write_all(&block).is_ok() {}
    while leave == 0 && file.write_all(&block[..512]).is_ok() {}
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    file.set_len(length.saturating_sub(leave)).map_err(|e| e.to_string())?;
    file.sync_all().map_err(|e| e.to_string())
}

/// A reason with its path and numbers left out, so that equal ones are counted together.
fn without_numbers(why: &str, disk: &Disk) -> String {
    let why = why.replace(crate::disk::text(&disk.mount), "");
    let mut text = String::new();
    for c in why.chars() {
        match c {
            '0'..='9' if text.ends_with('N') => {}
            '0'..='9' => text.push('N'),
            other => text.push(other),
        }
    }
    text
}
