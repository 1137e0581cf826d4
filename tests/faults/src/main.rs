//! Campaigns of one fault after the other under load, for as many rounds as wanted.

mod campaigns;

use std::process::ExitCode;

use faults::Programs;

const HELP: &str = "\
One fault after the other while statements are handed in. After each, everything is held to every promise: each statement
has one receipt or one refusal, is in the ledger once, audits are clean, and recorders, mirrors and hub have the same root.
Needs a nats-server (tests/nats/obtain.sh brings one).

usage: cargo run --release -p faults -- [kill|takeover|nation] [--rounds N]

  kill       one broker; the recorder is killed at a random moment and started again (the default; 50 rounds)
  takeover   three brokers, two recorders: the recorder that leads is killed or paused, the broker that leads the stream is
             killed or paused, or both are killed at once (20 rounds)
  nation     two forces and their hub: hub, links, the forces' brokers and the hub's (12 rounds)
  --rounds   how many
  --help     this text
";

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--help") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let Some((campaign, rounds)) = read(&args) else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    let outcome = match Programs::beside_this() {
        Err(why) => Err(why),
        Ok(programs) => match campaign {
            "takeover" => campaigns::takeover(programs, rounds.unwrap_or(20)).await,
            "nation" => campaigns::nation(programs, rounds.unwrap_or(12)).await,
            _ => campaigns::kill(programs, rounds.unwrap_or(50)).await,
        },
    };
    match outcome {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("FAILED: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn read(args: &[String]) -> Option<(&str, Option<u64>)> {
    let (campaign, rest) = match args.split_first() {
        Some((name, rest)) if ["kill", "takeover", "nation"].contains(&name.as_str()) => {
            (name.as_str(), rest)
        }
        _ => ("kill", args),
    };
    match rest {
        [] => Some((campaign, None)),
        [flag, number] if flag == "--rounds" => Some((campaign, Some(number.parse().ok()?))),
        _ => None,
    }
}
