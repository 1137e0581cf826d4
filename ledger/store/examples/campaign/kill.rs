//! kill -9 at random moments, on one ledger that grows through all rounds.

use std::time::Duration;

use ledger_store::{Event, scrub};

use crate::testing::Random;
use crate::worker::{Worker, check, fresh};

pub(crate) fn campaign(rounds: u64) {
    let dir = fresh("kill");
    let mut random = Random(0x6b69_6c6c);
    let (mut size, mut cut, mut set_aside, mut unacknowledged) = (0, 0, 0, 0);
    for round in 0..rounds {
        let worker = Worker::start(&[], &dir, round, u64::MAX);
        // One in five is killed while it opens, the others while they write.
        if random.below(5) > 0 {
            worker.wait_for_a_word(Duration::from_secs(30));
        }
        std::thread::sleep(Duration::from_millis(random.below(350)));
        let acknowledged = worker.kill();
        let events = check(&dir, &acknowledged, &mut random);
        let events =
            events.unwrap_or_else(|e| panic!("round {round}: {e}; the ledger is in {}", dir.display()));
        size = size.max(acknowledged.size);
        for event in &events {
            match event {
                Event::TailCut { .. } => cut += 1,
                Event::IndexSetAside { .. } => set_aside += 1,
                Event::LeftoverRemoved { .. } | Event::IndexRebuilt { .. } => {}
                other => panic!("round {round}: a kill does not damage anything, but: {other}"),
            }
        }
        unacknowledged += u64::from(acknowledged.size == 0);
        if round % 50 == 49 {
            let report = scrub(&dir, &mut |_, _| ()).unwrap();
            assert_eq!(report.findings, [], "round {round}");
            println!("{} rounds, {} entries, scrubbed: {:?}", round + 1, report.entries, report.events);
        }
    }
    println!(
        "kill: {rounds} rounds, {size} entries acknowledged, none lost; {cut} unfinished writes cut, \
         {set_aside} indexes set aside, {unacknowledged} rounds killed before anything was acknowledged"
    );
}
