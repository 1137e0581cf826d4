//! Power cuts: a file system that is shut down below a recorder at work, so that nothing unflushed survives.

use std::time::Duration;

use crate::check::{How, Subject};
use crate::child::Worker;
use crate::disk::{Cut, Disk};
use crate::kill::Tally;
use crate::random::Random;
use crate::worker::Order;

/// Cuts that one disk goes through.
const CUTS_A_DISK: u64 = 8;

const DISK_BYTES: u64 = 1 << 30;
const WATERMARK: u64 = 16 << 20;

pub(crate) fn campaign(rounds: u64) -> Result<String, String> {
    let mut random = Random(0x0070_6f77_6572);
    let mut tally = Tally::default();
    let mut round = 0;
    while round < rounds {
        let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
        let Some(disk) = Disk::make(scratch.path(), DISK_BYTES)? else {
            return Ok("powercut: SKIPPED".to_owned());
        };
        let mut subject = Subject::new(&disk.mount.join("ledger"), scratch.path(), random.next());
        for nth in 1..=CUTS_A_DISK.min(rounds - round) {
            let cut = if nth.is_multiple_of(2) { Cut::JournalFlushed } else { Cut::AtOnce };
            let how =
                How { watermark_bytes: WATERMARK, may_be_poisoned: false, scrub: nth % 4 == 0, audit: true };
            one(&disk, cut, &mut subject, how, round, &mut random, &mut tally)
                .map_err(|why| format!("cut {round}: {why}"))?;
            round += 1;
        }
        tally.ledgers += 1;
    }
    Ok(tally.summary("powercut"))
}

fn one(
    disk: &Disk,
    cut: Cut,
    subject: &mut Subject,
    how: How,
    round: u64,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(), String> {
    let order = Order {
        dir: subject.dir.clone(),
        from: subject.next_fact,
        count: 1_000_000,
        seed: 2 * round,
        watermark_bytes: WATERMARK,
        patient: true,
    };
    let worker = Worker::start(&[], &order)?;
    worker.wait_until(Duration::from_secs(30), |lines| lines.len() > 1);
    std::thread::sleep(Duration::from_micros(random.below(900_000)));
    // What is said from here on may be said without power: the flush that is under way when ext4 is shut down can
    // come back as a success.
    let said = worker.lines();
    disk.cut_power(cut)?;
    let mut lines = worker.kill();
    lines.truncate(said);
    disk.mount_again()?;
    tally.add(&subject.check(&lines, how, 2 * round + 1)?);
    Ok(())
}
