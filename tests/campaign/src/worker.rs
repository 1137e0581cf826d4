//! The process that things happen to: a recorder on a ledger, and four clients.

use std::fs::File;
use std::io::{ErrorKind, IoSlice, Write as _};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use load::{Load, Signed};
use recorder::{Failure, Recorder};

use crate::answers::Line;
use crate::random::Random;
use crate::scene::{self, Unopened};

/// Clients, each a thread.
const CLIENTS: u64 = 4;

/// Statements that one client has on their way at most.
const WINDOW: u64 = 64;

/// Statements on their way at most: what may have been recorded beyond the answers that arrived.
pub(crate) const ON_THEIR_WAY: u64 = CLIENTS * WINDOW;

/// What a worker is told to do.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// The ledger's folder.
    pub(crate) dir: PathBuf,
    /// The first fact to submit.
    pub(crate) from: u64,
    /// How many; it stops earlier when a hundred were not taken and `patient` is false.
    pub(crate) count: u64,
    /// Which of the possible behaviours.
    pub(crate) seed: u64,
    /// The store's watermark.
    pub(crate) watermark_bytes: u64,
    /// Keep trying while the recorder cannot take anything.
    pub(crate) patient: bool,
}

impl Order {
    pub(crate) fn to_args(&self) -> Vec<String> {
        let Self { dir, from, count, seed, watermark_bytes, patient } = self;
        let dir = dir.to_str().expect("a path made here is text").to_owned();
        let numbers = [*from, *count, *seed, *watermark_bytes, u64::from(*patient)];
        ["work".to_owned(), dir].into_iter().chain(numbers.map(|n| n.to_string())).collect()
    }

    fn from_args(args: &[String]) -> Option<Self> {
        let number = |at: usize| args.get(at)?.parse::<u64>().ok();
        Some(Self {
            dir: args.first()?.into(),
            from: number(1)?,
            count: number(2)?,
            seed: number(3)?,
            watermark_bytes: number(4)?,
            patient: number(5)? == 1,
        })
    }
}

pub(crate) fn work(args: &[String]) -> ExitCode {
    let Some(order) = Order::from_args(args) else { return ExitCode::FAILURE };
    say(&Line::Pid(std::process::id()));
    let begun = Instant::now();
    let recorder = match scene::open(&order.dir, order.watermark_bytes, order.seed) {
        Ok((recorder, _)) => recorder,
        Err(Unopened::Poisoned(why) | Unopened::Refused(why)) => {
            say(&Line::Unopened(why));
            return ExitCode::FAILURE;
        }
    };
    say(&Line::Opened { ms: begun.elapsed().as_millis().try_into().expect("it opens within an age") });
    let load = scene::statements();
    let shift = Shift { recorder: &recorder, load: &load, next: AtomicU64::new(order.from), order: &order };
    if shift.found() {
        shift.run();
    }
    drop(recorder);
    say(&Line::Done);
    ExitCode::SUCCESS
}

/// One worker's time at the ledger.
struct Shift<'a> {
    recorder: &'a Recorder,
    load: &'a Load,
    next: AtomicU64,
    order: &'a Order,
}

impl Shift<'_> {
    /// Founds the ledger, or finds that it is. Each statement is tried a few times.
    fn found(&self) -> bool {
        self.load.founding().iter().all(|signed| {
            (0..20).any(|_| {
                let answer = self.recorder.submit_blocking(scene::submission(signed));
                let line = line_of(signed, &answer);
                say(&line);
                matches!(line, Line::Ack { .. })
            })
        })
    }

    fn run(&self) {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let onlooker = scope.spawn(|| self.look_on(&over));
            let clients: Vec<_> = (0..CLIENTS).map(|c| scope.spawn(move || self.client(c))).collect();
            for client in clients {
                client.join().expect("a client does not panic");
            }
            over.store(true, Ordering::Relaxed);
            onlooker.join().expect("the onlooker does not panic");
        });
    }

    fn client(&self, client: u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let window = 1 + Random(self.order.seed * CLIENTS + client).below(WINDOW);
        let lanes = (0..window).map(|_| self.lane());
        runtime.expect("a thread may run tasks").block_on(futures::future::join_all(lanes));
    }

    /// Submits one fact after the other, and now and then one a second time.
    async fn lane(&self) {
        let mut not_taken = 0;
        loop {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            if n >= self.order.from + self.order.count {
                return;
            }
            let signed = scene::fact(self.load, n);
            let line = self.submit(&signed).await;
            say(&line);
            match line {
                Line::No(_) => {
                    not_taken += 1;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                // The same statement gets the same place.
                Line::Ack { .. } if n % 16 == 3 => say(&self.submit(&signed).await),
                _ => {}
            }
            if not_taken > 100 && !self.order.patient {
                return;
            }
        }
    }

    async fn submit(&self, signed: &Signed) -> Line {
        line_of(signed, &self.recorder.submit(scene::submission(signed)).await)
    }

    /// What anybody sees from outside: checkpoints, and entries that can be read whatever happens.
    fn look_on(&self, over: &AtomicBool) {
        let mut random = Random(self.order.seed);
        while !over.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(15));
            let draw = random.next();
            let (latest, entry) = self.recorder.read(move |store, _| {
                let size = store.head().size.0;
                (store.latest_checkpoint(), (size > 0).then(|| store.entry(EntryIndex(draw % size))))
            });
            if let Ok(Some((size, note))) = latest
                && let Ok(signed) = SignedCheckpoint::parse(&note)
                && let Ok(checkpoint) = signed.open(&scene::signer().verifier())
            {
                say(&Line::Seen { size, root: checkpoint.root });
            }
            match entry {
                Some(Ok(Some(_))) => say(&Line::Read(Ok(()))),
                Some(Ok(None)) => say(&Line::Read(Err("an entry below the head is missing".to_owned()))),
                Some(Err(error)) => say(&Line::Read(Err(error.to_string()))),
                None => {}
            }
        }
    }
}

fn line_of(signed: &Signed, answer: &recorder::Answer) -> Line {
    match answer {
        Ok(durable) => {
            Line::Ack { index: durable.index, leaf: durable.leaf_hash, id: durable.id.to_string() }
        }
        Err(Failure::Refused(_)) => Line::Refused(Hash::of(&signed.statement)),
        Err(Failure::Unavailable(reason)) => Line::No(reason.clone()),
    }
}

/// Says a line at once and whole. By `writev`, which nothing else here calls, so that a campaign that makes
/// `write` fail does not fail what is said about it.
fn say(line: &Line) {
    let text = line.to_text();
    let Ok(out) = std::io::stdout().as_fd().try_clone_to_owned() else { return };
    let said = File::from(out).write_vectored(&[IoSlice::new(text.as_bytes())]);
    if said.is_err_and(|e| e.kind() == ErrorKind::BrokenPipe) {
        // Nobody listens any more: the campaign was stopped.
        std::process::exit(1);
    }
}
