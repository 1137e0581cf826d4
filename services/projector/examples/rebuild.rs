//! How long it takes to rebuild every projection, and to answer from it:
//! `cargo run --release -p projector --example rebuild [ENTRIES]`.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use load::history::{Country, History};
use projector::all::All;
use projector::bodies::Bodies;
use projector::conduct::Conduct;
use projector::facts::Facts;
use projector::flow::Flow;
use projector::judgments::Judgments;
use projector::register::Register;
use projector::responses::Tracker;
use projector::series::Series;
use projector::{Projection, Standing};

/// A national hub: 43 forces, each owing an answer to 200 findings.
const NATION: Country = Country { forces: 43, reports: 8, findings: 25 };
const ROUNDS: u32 = 21;

fn main() {
    let wanted = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000_usize);
    let mut history = History::new(NATION, 7);
    let mut all = history.founding();
    let founding = all.len();
    all.extend((founding..wanted).map(|_| history.any()));
    let bytes: usize = all.iter().map(Bytes::len).sum();
    println!("{} statements, {founding} of them the founding, {} bytes each", all.len(), bytes / all.len());

    let started = Watch::start();
    let statements: Vec<_> = all.iter().map(|b| Statement::parse(b).expect("a statement")).collect();
    rate("parsing statements", statements.len(), started.read());

    let started = Watch::start();
    let mut folded = All::default();
    for (index, statement) in (0..).zip(&statements) {
        folded.apply(EntryIndex(index), 0, statement);
    }
    rate("folding into all projections", statements.len(), started.read());

    one::<Register>(&statements);
    one::<Tracker>(&statements);
    one::<Bodies>(&statements);
    one::<Judgments>(&statements);
    one::<Flow>(&statements);
    one::<Conduct>(&statements);
    one::<Series>(&statements);
    one::<Facts>(&statements);

    views(&folded, statements.len(), "after all of it");
    let mut hub = All::default();
    let lived_in = &statements[..founding + 6 * 8_600];
    for (index, statement) in (0..).zip(lived_in) {
        hub.apply(EntryIndex(index), 0, statement);
    }
    views(&hub, lived_in.len(), "a hub with some six entries for each obligation");
}

fn one<P: Projection>(statements: &[Statement]) {
    let started = Watch::start();
    let mut fold = P::default();
    for (index, statement) in (0..).zip(statements) {
        fold.apply(EntryIndex(index), 0, statement);
    }
    rate(P::NAME, statements.len(), started.read());
    black_box(fold);
}

fn views(all: &All, size: usize, what: &str) {
    let standing = Standing { tree_size: TreeSize(size as u64), root: Hash::of(b"a benchmark") };
    let on = Day::new(2022, 6, 1).expect("a day");
    let rows = all.register.view(on, &standing).rows.len();
    let register = mean(|| drop(black_box(all.register.view(on, &standing))));
    let json = mean(|| drop(black_box(serde_json::to_vec(&all.register.view(on, &standing)))));
    let force = mean(|| drop(black_box(all.register.view_of(on, &standing, Some("force-7"), None))));
    println!(
        "{what}: register of {rows} obligations: view {:.1} ms, with JSON {:.1} ms, one force's {:.2} ms",
        ms(register),
        ms(json),
        ms(force)
    );
}

/// Mean processor time of a run: a single short one is below what Linux counts in.
fn mean(run: impl Fn()) -> Duration {
    let watch = Watch::start();
    (0..ROUNDS).for_each(|_| run());
    watch.read().1 / ROUNDS
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn rate(what: &str, count: usize, (wall, cpu): (Duration, Duration)) {
    let per = |time: Duration| count as f64 / time.as_secs_f64();
    println!(
        "{what}: {:.0} entries/s of processor time, {:.0} by the clock on the wall",
        per(cpu),
        per(wall)
    );
}

/// Both times: on a shared machine the wall's says how busy the others were.
struct Watch(Instant, Duration);

impl Watch {
    fn start() -> Self {
        Self(Instant::now(), on_processor())
    }

    fn read(&self) -> (Duration, Duration) {
        (self.0.elapsed(), on_processor() - self.1)
    }
}

/// How long this thread has run, as Linux counts it; a clock on the wall elsewhere.
fn on_processor() -> Duration {
    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = counted.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| BEGINNING.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}
