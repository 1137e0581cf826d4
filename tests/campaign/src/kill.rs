//! `kill -9` at any moment.

use std::time::Duration;

use ledger_store::Event;

use crate::check::{How, Subject};
use crate::child::Worker;
use crate::random::Random;
use crate::worker::Order;

/// Kills that one ledger goes through. Each round reads the whole ledger, so an endless one would only show
/// less in more time.
const ROUNDS_A_LEDGER: u64 = 25;

/// The same in every round: far below what a healthy disk has free.
const WATERMARK: u64 = 16 << 20;

/// Kills so many recorders, each within `longest_ms` of its opening.
pub(crate) fn campaign(rounds: u64, longest_ms: u64, audit_every: u64) -> Result<String, String> {
    let mut random = Random(0x6b69_6c6c);
    let mut tally = Tally::default();
    let mut round = 0;
    while round < rounds {
        let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
        let mut subject = Subject::new(&scratch.path().join("ledger"), scratch.path(), random.next());
        for nth in 1..=ROUNDS_A_LEDGER.min(rounds - round) {
            let last = nth == ROUNDS_A_LEDGER || round + 1 == rounds;
            let how = How {
                watermark_bytes: WATERMARK,
                may_be_poisoned: false,
                scrub: nth % 5 == 0 || last,
                audit: nth % audit_every == 0 || last,
            };
            let pause = Duration::from_micros(random.below(1_000 * longest_ms));
            one(&mut subject, how, round, pause, &mut tally)
                .map_err(|why| format!("round {round}: {why}"))?;
            round += 1;
        }
        tally.ledgers += 1;
    }
    Ok(tally.summary("kill"))
}

fn one(
    subject: &mut Subject,
    how: How,
    round: u64,
    pause: Duration,
    tally: &mut Tally,
) -> Result<(), String> {
    let order = Order {
        dir: subject.dir.clone(),
        from: subject.next_fact,
        count: 1_000_000,
        seed: 2 * round,
        watermark_bytes: WATERMARK,
        patient: false,
    };
    let worker = Worker::start(&[], &order)?;
    // Most kills hit a recorder at work; one in eight may hit one that is just opening.
    if !round.is_multiple_of(8) {
        worker.wait_until(Duration::from_secs(30), |lines| lines.len() > 1);
    }
    std::thread::sleep(pause);
    let lines = worker.kill();
    let found = subject.check(&lines, how, 2 * round + 1)?;
    tally.add(&found);
    Ok(())
}

/// What the rounds came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) ledgers: u64,
    rounds: u64,
    acknowledged: u64,
    untold: u64,
    tails_cut: u64,
    other_events: Vec<Event>,
    reopened: Vec<Duration>,
}

impl Tally {
    pub(crate) fn add(&mut self, found: &crate::check::Found) {
        self.rounds += 1;
        self.acknowledged += found.acknowledged;
        self.untold += found.untold;
        self.reopened.push(found.reopened_in);
        for event in &found.events {
            match event {
                Event::TailCut { .. } => self.tails_cut += 1,
                other => self.other_events.push(other.clone()),
            }
        }
    }

    pub(crate) fn summary(mut self, what: &str) -> String {
        self.reopened.sort_unstable();
        let at = |share: usize| self.reopened.get((self.reopened.len().max(1) - 1) * share / 100);
        let ms = |time: Option<&Duration>| time.map_or(0.0, |t| t.as_secs_f64() * 1000.0);
        let mut text = format!(
            "{what}: {} rounds over {} ledgers; {} acknowledgements, all kept; {} statements durable and untold; \
             {} unfinished writes cut; {} other things put right; reopened in {:.0} ms (p50), {:.0} ms (most)",
            self.rounds,
            self.ledgers,
            self.acknowledged,
            self.untold,
            self.tails_cut,
            self.other_events.len(),
            ms(at(50)),
            ms(at(100)),
        );
        let mut kinds: Vec<String> = self.other_events.iter().map(ToString::to_string).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for event in kinds.iter().take(20) {
            text.push_str(&format!("\n  {event}"));
        }
        text
    }
}
