//! `simulation --schedules 100000 --seed 1`: runs schedules, one after the other on this thread, until one breaks a
//! promise; then shrinks that one, prints it, and writes it as a regression file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use ledger_core::hash::Hash;
use simulation::{Broken, Counts, Schedule, generate, run, shrink};

/// Recorders, officers and a broker on one thread in virtual time, and everything that goes wrong, from a seed.
///
/// Runs schedules until one breaks a promise. That one is shrunk, printed, and written to
/// tests/simulation/regressions, whose files the test suite runs again. The same seed gives the same schedules and the
/// same runs, everywhere.
#[derive(Parser)]
#[command(after_help = "Exit codes: 0 every promise was kept; 1 one was broken; 2 wrong usage.")]
struct Arguments {
    /// How many schedules to run.
    #[arg(long, default_value_t = 10_000)]
    schedules: u64,
    /// The first seed; the schedules are those of this one and the ones after it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Stop after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// Run this schedule instead, and tell everything that happens.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Print the schedule of the seed and run nothing.
    #[arg(long)]
    print: bool,
    /// Stop at the first failure as it is: neither shrink nor write it.
    #[arg(long)]
    no_shrink: bool,
    /// Print one digest over everything that happened in all runs.
    #[arg(long)]
    digest: bool,
    /// Where a failing schedule is written.
    #[arg(long, value_name = "FOLDER", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/regressions"))]
    regressions: PathBuf,
}

fn main() -> ExitCode {
    // What a recorder panics with is part of the report, and shrinking would print it a thousand times.
    std::panic::set_hook(Box::new(|_| {}));
    let arguments = Arguments::parse();
    match &arguments.replay {
        Some(file) => replay(file),
        None if arguments.print => {
            print!("{}", generate::schedule(arguments.seed));
            ExitCode::SUCCESS
        }
        None => search(&arguments),
    }
}

fn replay(file: &Path) -> ExitCode {
    let schedule = std::fs::read_to_string(file).map_err(|e| e.to_string());
    let schedule = schedule.and_then(|text| text.parse::<Schedule>().map_err(|e| e.to_string()));
    let schedule = match schedule {
        Ok(schedule) => schedule,
        Err(problem) => {
            eprintln!("{}: {problem}", file.display());
            return ExitCode::from(2);
        }
    };
    let outcome = run(&schedule, true);
    print!("{}", outcome.text.unwrap_or_default());
    println!("digest {}", outcome.digest.to_hex());
    match outcome.broken {
        None => ExitCode::SUCCESS,
        Some(broken) => {
            eprintln!("BROKEN: {broken}");
            ExitCode::FAILURE
        }
    }
}

fn search(arguments: &Arguments) -> ExitCode {
    let bar = ProgressBar::new(arguments.schedules);
    let style = "{bar:30} {pos} of {len} schedules, {per_sec}, {eta} to go";
    bar.set_style(ProgressStyle::with_template(style).expect("a template that reads"));
    let (began, mut counts, mut digest, mut done) = (Instant::now(), Counts::default(), Hash::ZERO, 0);
    let patience = arguments.seconds.map_or(Duration::MAX, Duration::from_secs);
    for seed in (arguments.seed..).take(usize::try_from(arguments.schedules).unwrap_or(usize::MAX)) {
        if began.elapsed() > patience {
            break;
        }
        let schedule = generate::schedule(seed);
        let outcome = run(&schedule, false);
        done += 1;
        bar.inc(1);
        counts += outcome.counts;
        digest = Hash::node(&digest, &outcome.digest);
        if let Some(broken) = outcome.broken {
            bar.finish_and_clear();
            println!("seed {seed}, schedule {done}, after {:.1} s", began.elapsed().as_secs_f64());
            return report(arguments, seed, &schedule, &broken);
        }
    }
    bar.finish_and_clear();
    println!("{}", summary(done, began.elapsed(), &counts));
    if arguments.digest {
        println!("digest {}", digest.to_hex());
    }
    ExitCode::SUCCESS
}

fn summary(done: u64, took: Duration, counts: &Counts) -> String {
    let Counts {
        steps,
        entries,
        acknowledgements,
        refusals,
        epochs,
        forks_forgiven,
        beyond_help,
        losses_forgiven,
    } = counts;
    format!(
        "{done} schedules in {:.1} s ({:.0} a minute): {steps} steps, {entries} entries, {epochs} takeovers, \
         {acknowledgements} acknowledgements and {refusals} refusals checked; every promise was kept.\n\
         Forgiven because the stream lost its tail: {forks_forgiven} times, {losses_forgiven} acknowledged statements; \
         given up because it lost things twice: {beyond_help} schedules.",
        took.as_secs_f64(),
        done as f64 * 60.0 / took.as_secs_f64().max(0.001),
    )
}

fn report(arguments: &Arguments, seed: u64, schedule: &Schedule, broken: &Broken) -> ExitCode {
    eprintln!("BROKEN: {broken}");
    if arguments.no_shrink {
        return ExitCode::FAILURE;
    }
    eprintln!("shrinking {} steps …", schedule.steps.len());
    let shorter = shrink(schedule, |candidate| {
        run(candidate, false).broken.is_some_and(|other| other.promise == broken.promise)
    });
    let still = run(&shorter, false).broken.unwrap_or_else(|| broken.clone());
    let text = format!("# Seed {seed}: {}\n{shorter}", still.to_string().replace('\n', " "));
    println!("{text}");
    let file = arguments.regressions.join(format!("seed-{seed}.txt"));
    match std::fs::create_dir_all(&arguments.regressions).and_then(|()| std::fs::write(&file, &text)) {
        Ok(()) => eprintln!("written to {}; run it with --replay", file.display()),
        Err(error) => eprintln!("{} could not be written: {error}", file.display()),
    }
    ExitCode::FAILURE
}
