//! A campaign of kills: `faults --rounds 50`. Each round kills the recorder at a random moment under load.

use std::process::ExitCode;
use std::time::Duration;

use faults::{Outcome, Programs, Scene};

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
    let Some(mut scene) = Scene::start(Programs::beside_this()?).await? else {
        return Err("there is no nats-server; tests/nats/obtain.sh brings one".to_owned());
    };
    for round in 0..rounds {
        scene.kill_at_random(round, 400, Duration::from_millis(1_500)).await?;
        println!("round {round}: {} acknowledged statements, all kept", scene.officer.durable.len());
    }
    let durable = scene.officer.durable.len();
    Ok(format!(
        "{rounds} kills: {durable} statements acknowledged, each in the ledger exactly once, audits clean"
    ))
}
