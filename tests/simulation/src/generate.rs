//! Schedules from seeds.
//!
//! Each schedule has its own mix: half of the kinds of faults, drawn anew, so that some runs have one kind often and
//! others have many seldom. What a schedule may contain says nothing of what is survived: see [`crate::excuse`].

use ledger_store::Copy;

use crate::pool;
use crate::random::Random;
use crate::schedule::Schedule;
use crate::step::{Append, Delivery, Disk, Step, Who};

/// Steps of one schedule.
const SHORTEST: u64 = 25;
const LONGEST: u64 = 110;

/// What may be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Draw {
    Run,
    Submit,
    Lead,
    Publish,
    Watch,
    Pass,
    Mirror,
    Crash,
    CrashInStore,
    Start,
    Pause,
    Cut,
    Append,
    Arrive,
    Deliver,
    LoseTail,
    LoseMessage,
    FlipMessage,
    LoseInbox,
    FlipEntry,
    Disk,
    Clock,
}

/// Always there.
const WORK: [(u32, Draw); 8] = [
    (40, Draw::Run),
    (18, Draw::Submit),
    (6, Draw::Lead),
    (5, Draw::Publish),
    (5, Draw::Watch),
    (4, Draw::Pass),
    (4, Draw::Mirror),
    (4, Draw::Start),
];

/// Each is there in half of the schedules. Losing messages and bits of the sealed stream is rarer.
const FAULTS: [(u32, u64, Draw); 14] = [
    (5, 2, Draw::Crash),
    (6, 2, Draw::CrashInStore),
    (6, 2, Draw::Pause),
    (6, 2, Draw::Cut),
    (6, 2, Draw::Append),
    (4, 2, Draw::Arrive),
    (5, 2, Draw::Deliver),
    (3, 4, Draw::LoseTail),
    (2, 8, Draw::LoseMessage),
    (2, 8, Draw::FlipMessage),
    (2, 4, Draw::LoseInbox),
    (3, 4, Draw::FlipEntry),
    (5, 3, Draw::Disk),
    (3, 2, Draw::Clock),
];

/// The schedule of a seed.
#[must_use]
pub fn schedule(seed: u64) -> Schedule {
    let mut random = Random::new(seed);
    let recorders = random.weighted(&[(1, 1), (6, 2), (3, 3)]);
    let mut mix = WORK.to_vec();
    for (weight, one_in, draw) in FAULTS {
        if random.once_in(one_in) {
            mix.push((weight, draw));
        }
    }
    let length = SHORTEST + random.below(LONGEST - SHORTEST);
    let mut maker = Maker { random, recorders, used: Vec::new() };
    let mut steps = vec![Step::Lead(Who(0)), Step::Run(Who(0), 40)];
    while (steps.len() as u64) < length {
        let draw = maker.random.weighted(&mix);
        maker.draw(draw, &mut steps);
    }
    Schedule { recorders, steps }
}

struct Maker {
    random: Random,
    recorders: u8,
    used: Vec<u16>,
}

impl Maker {
    fn draw(&mut self, draw: Draw, steps: &mut Vec<Step>) {
        let who = self.who();
        let step = match draw {
            Draw::Run => Step::Run(who, self.turns()),
            Draw::Submit => Step::Submit(self.statements()),
            Draw::Lead => Step::Lead(who),
            Draw::Publish => Step::Publish(who),
            Draw::Watch => Step::Watch(who),
            Draw::Pass => Step::Pass(self.random.weighted(&[(4, 50), (3, 700), (2, 3_000), (1, 130_000)])),
            Draw::Mirror => Step::Mirror(self.byte(1, 6)),
            Draw::Crash => Step::Crash(who),
            Draw::CrashInStore => {
                Step::CrashInStore(who, self.random.below(6) as u16, self.random.once_in(2))
            }
            Draw::Start => Step::Start(who),
            Draw::Pause if self.random.once_in(2) => Step::Wake(who),
            Draw::Pause => Step::Pause(who),
            Draw::Cut if self.random.once_in(2) => Step::Heal(who),
            Draw::Cut => Step::Cut(who),
            Draw::Append => {
                let what = self.random.weighted(&[(1, Append::Stored), (1, Append::Lost), (1, Append::Late)]);
                Step::Append(what, self.byte(1, 2))
            }
            Draw::Arrive => Step::Arrive,
            Draw::Deliver => {
                let what =
                    self.random.weighted(&[(1, Delivery::Drop), (1, Delivery::Twice), (1, Delivery::Behind)]);
                Step::Deliver(what, self.byte(1, 3))
            }
            Draw::LoseTail => Step::LoseTail(self.byte(1, 4), self.random.once_in(2)),
            Draw::LoseMessage => Step::LoseMessage(self.byte(0, 6)),
            Draw::FlipMessage => Step::FlipMessage(self.byte(0, 6), self.random.below(10_000) as u16),
            Draw::LoseInbox => Step::LoseInbox(self.byte(1, 3)),
            Draw::FlipEntry => {
                let copy = if self.random.once_in(2) { Copy::Segments } else { Copy::Index };
                Step::FlipEntry(who, self.random.below(40) as u16, copy)
            }
            Draw::Disk => Step::Disk(who, self.disk()),
            Draw::Clock => {
                Step::Clock(who, self.random.weighted(&[(1, -7_200_000), (1, -40), (1, 40), (1, 90_000_000)]))
            }
        };
        steps.push(step);
    }

    fn who(&mut self) -> Who {
        Who(self.random.below(u64::from(self.recorders)) as u8)
    }

    fn byte(&mut self, from: u64, to: u64) -> u8 {
        (from + self.random.below(to - from + 1)) as u8
    }

    /// Few, so that others come in between, or enough to finish what was begun.
    fn turns(&mut self) -> u16 {
        let most = self.random.weighted(&[(3, 4), (4, 15), (3, 60)]);
        (1 + self.random.below(most)) as u16
    }

    /// One to four; a quarter of them were handed in before.
    fn statements(&mut self) -> Vec<u16> {
        let count = self.byte(1, 4);
        (0..count).map(|_| self.statement()).collect()
    }

    fn statement(&mut self) -> u16 {
        if !self.used.is_empty() && self.random.once_in(4) {
            return self.used[self.random.below(self.used.len() as u64) as usize];
        }
        let statement = self.random.below(pool::COUNT as u64) as u16;
        self.used.push(statement);
        statement
    }

    fn disk(&mut self) -> Disk {
        self.random.weighted(&[
            (3, Disk::FailWrite),
            (1, Disk::FailFlush),
            (2, Disk::Tear),
            (2, Disk::Full),
            (3, Disk::Room),
            (1, Disk::Scrub),
        ])
    }
}
