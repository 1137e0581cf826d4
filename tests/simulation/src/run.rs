//! One schedule from its beginning to its end, on a runtime whose clock stands until it is moved.

use ledger_core::hash::Hash;

use crate::broken::Broken;
use crate::schedule::Schedule;
use crate::world::World;

/// What a schedule came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Of everything that happened, in order.
    pub digest: Hash,
    /// Everything that happened, where it was asked for.
    pub text: Option<String>,
    /// How much of it there was.
    pub counts: Counts,
    /// The first promise that was not kept.
    pub broken: Option<Broken>,
}

/// How much happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Steps that were taken.
    pub steps: u64,
    /// Entries of the history in the end.
    pub entries: u64,
    /// Acknowledgements that were checked.
    pub acknowledgements: u64,
    /// Refusals that were checked.
    pub refusals: u64,
    /// Takeovers.
    pub epochs: u64,
    /// Times that a lost tail was forgiven (see [`crate::excuse`]).
    pub forks_forgiven: u64,
    /// Schedules that ended because two histories met after the stream had lost things twice.
    pub beyond_help: u64,
    /// Acknowledged statements that it took.
    pub losses_forgiven: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.entries += other.entries;
        self.acknowledgements += other.acknowledgements;
        self.refusals += other.refusals;
        self.epochs += other.epochs;
        self.forks_forgiven += other.forks_forgiven;
        self.beyond_help += other.beyond_help;
        self.losses_forgiven += other.losses_forgiven;
    }
}

/// Runs a schedule. With `tell`, everything that happens is kept as text.
#[must_use]
pub fn run(schedule: &Schedule, tell: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without input and output needs nothing");
    runtime.block_on(async {
        let mut world = World::new(schedule, tell).await;
        let mut counts = Counts::default();
        let broken = take_steps(&mut world, schedule, &mut counts).await.err();
        counts.beyond_help = u64::from(world.truth.is_beyond_help());
        let broken = broken.filter(|_| !world.truth.is_beyond_help());
        if let Some(broken) = &broken {
            world.trace.note(&broken.to_string());
        }
        counts.entries = world.truth.size();
        counts.acknowledgements = world.book.acknowledgements;
        counts.refusals = world.book.refusals;
        counts.epochs = world.truth.epochs();
        counts.forks_forgiven = world.truth.branches().len() as u64;
        counts.losses_forgiven = world.book.forgiven;
        Outcome { digest: world.trace.digest, text: world.trace.text, counts, broken }
    })
}

async fn take_steps(world: &mut World, schedule: &Schedule, counts: &mut Counts) -> Result<(), Broken> {
    for step in &schedule.steps {
        world.step(step).await?;
        counts.steps += 1;
    }
    world.settle().await
}
