//! Figures of one force and of several, with and without their hub.

use std::process::ExitCode;

use faults::figures::{Asked, run};
use faults::{Outcome, Programs};

const HELP: &str = "\
Measures, on this machine, what one force records alone and through a hub, what several do at once, how fast a hub that
was away catches up, and what an entry costs in bytes. Needs a nats-server (tests/nats/obtain.sh brings one), some five
minutes and a few gigabytes of disk.

usage: cargo run --release -p faults --bin figures -- [OPTIONS]

  --entries N      statements of each run (100000); forces at once share them
  --rounds N       how often one force is measured (3)
  --forces N       forces at once (8)
  --in-flight N    statements on their way at once, of all forces together (4096)
  --help           this text
";

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--help") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let done = match (read(&args), Programs::beside_this()) {
        (Err(why), _) => {
            eprint!("{why}\n\n{HELP}");
            return ExitCode::from(2);
        }
        (Ok(asked), Ok(programs)) => run(&programs, asked).await,
        (Ok(_), Err(why)) => Err(why),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("FAILED: {why}");
            ExitCode::FAILURE
        }
    }
}

fn read(args: &[String]) -> Outcome<Asked> {
    let mut asked = Asked { entries: 100_000, rounds: 3, forces: 8, in_flight: 4_096 };
    for pair in args.chunks(2) {
        let number = pair.get(1).and_then(|number| number.parse::<u32>().ok()).filter(|number| *number > 0);
        let number = number.ok_or_else(|| format!("{} wants a number above 0", pair[0]))?;
        match pair[0].as_str() {
            "--entries" => asked.entries = number.into(),
            "--rounds" => asked.rounds = number,
            "--forces" => asked.forces = number as usize,
            "--in-flight" => asked.in_flight = number as usize,
            other => return Err(format!("there is no {other}")),
        }
    }
    Ok(asked)
}
