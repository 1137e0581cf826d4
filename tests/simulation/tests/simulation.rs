//! The simulator itself, and what it looks for, in the time that a test suite has.

use std::path::Path;
use std::process::Command;

use simulation::{Schedule, Step, generate, run, shrink};

/// Schedules of the suite: some twenty seconds in a debug build.
const SCHEDULES: u64 = 60;

/// The first seed of the suite. Longer searches begin elsewhere.
const SEED: u64 = 1_000_000;

#[test]
fn every_promise_is_kept_whatever_goes_wrong() {
    for seed in SEED..SEED + SCHEDULES {
        let outcome = run(&generate::schedule(seed), false);
        if let Some(broken) = outcome.broken {
            panic!(
                "seed {seed}: {broken}\n`cargo run -p simulation -- --schedules 1 --seed {seed}` shrinks it"
            );
        }
    }
}

#[test]
fn what_was_found_once_stays_away() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let files = folder.read_dir().expect("it is there").map(|file| file.expect("readable").path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert!(files.len() >= 3, "each of the first findings is kept");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("it is readable");
        let schedule: Schedule = text.parse().unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        if let Some(broken) = run(&schedule, true).broken {
            panic!("{}: {broken}", file.display());
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in SEED..SEED + 8 {
        let (one, other) = (run(&generate::schedule(seed), true), run(&generate::schedule(seed), true));
        assert_eq!(one.text, other.text, "seed {seed}");
        assert_eq!(one.digest, other.digest, "seed {seed}");
    }
}

/// In two processes, whose maps are shuffled differently and whose memory lies elsewhere.
#[test]
fn the_same_seed_gives_the_same_run_in_another_process() {
    let digest = || {
        let arguments = ["--schedules", "8", "--seed", "1000000", "--digest"];
        let output =
            Command::new(env!("CARGO_BIN_EXE_simulation")).args(arguments).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().last().expect("the digest is the last line").to_owned()
    };
    let one = digest();
    assert!(one.starts_with("digest "), "{one}");
    assert_eq!(one, digest());
}

#[test]
fn a_schedule_comes_back_from_its_text() {
    for seed in 0..300 {
        let schedule = generate::schedule(seed);
        let text = schedule.to_string();
        assert_eq!(text.parse::<Schedule>().as_ref(), Ok(&schedule), "{text}");
    }
    for wrong in ["", "recorders 9", "recorders 2\nrun", "recorders 2\nrun a 1 2", "recorders 2\nrun z 1"] {
        assert!(wrong.parse::<Schedule>().is_err(), "{wrong:?}");
    }
}

#[test]
fn a_failure_is_shrunk_to_what_it_needs() {
    let schedule = generate::schedule(7);
    let has_a_lead_before_a_submit = |candidate: &Schedule| {
        let lead = candidate.steps.iter().position(|step| matches!(step, Step::Lead(_)));
        let submit = candidate.steps.iter().rposition(|step| matches!(step, Step::Submit(_)));
        lead.is_some_and(|lead| submit.is_some_and(|submit| lead < submit))
    };
    assert!(has_a_lead_before_a_submit(&schedule), "the seed is a good example");
    let shorter = shrink(&schedule, has_a_lead_before_a_submit);
    let [Step::Lead(_), Step::Submit(statements)] = &shorter.steps[..] else { panic!("{shorter}") };
    assert_eq!(statements.len(), 1);
}
