//! A campaign of kills: `faults --rounds 50`. Each round kills the recorder at a random moment under load.

use std::process::ExitCode;
use std::time::Duration;

use faults::{Outcome, Programs, Scene, Setting};

/// Statements of one round.
const FACTS: u64 = 800;

/// The recorder is killed so long after the first of them at most.
const LONGEST: Duration = Duration::from_millis(1_200);

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rounds = match &args[..] {
        [] => 50,
        [flag, number] if flag == "--rounds" && number.parse::<u64>().is_ok() => {
            number.parse().expect("it has just been read")
        }
        _ => {
            eprintln!("usage: faults [--rounds 50]");
            return ExitCode::from(2);
        }
    };
    match campaign(rounds).await {
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

async fn campaign(rounds: u64) -> Outcome<String> {
    let Some(mut scene) = Scene::start(Programs::beside_this()?, Setting::default()).await? else {
        return Err("there is no nats-server; tests/nats/obtain.sh brings one".to_owned());
    };
    let mut under_load = 0;
    for round in 0..rounds {
        let recorded = scene.kill_at_random(round, FACTS, LONGEST).await?;
        under_load += u64::from((1..FACTS).contains(&recorded));
        let durable = scene.officer.durable.len();
        println!(
            "round {round}: killed when {recorded} of {FACTS} were entries; {durable} acknowledged, all kept"
        );
    }
    let durable = scene.officer.durable.len();
    Ok(format!(
        "{rounds} kills, {under_load} of them between the first and the last entry of a round: {durable} statements \
         acknowledged, each in the ledger exactly once, audits clean"
    ))
}
