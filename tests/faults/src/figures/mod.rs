//! What one force does alone and through a hub, what eight do at once, and what an entry costs in bytes.
//!
//! Everything of one run is measured in that run, on the same statements, so that ratios mean something on a machine that
//! others use as well. Recorders and brokers are processes of their own, with the configuration that `scrutiny bus
//! provision` writes; whoever hands in and the mirrors are in this one. All of them share this machine.

mod bytes;
mod pump;
mod runs;

use std::time::Duration;

use host::bus::names::Force;
use load::Signed;

use crate::{Nation, Outcome, Programs, Scene, Setting, force, statements};
use bytes::Bytes;
use runs::{away, embedded, side_by_side};

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Statements of each run; eight forces share them.
    pub entries: u64,
    /// How often each run is repeated.
    pub rounds: u32,
    /// Forces at once.
    pub forces: usize,
    /// Statements on their way at once, of all forces together.
    pub in_flight: usize,
}

/// Runs everything and prints tables.
///
/// # Errors
/// When something does not start, or what was handed in does not come out.
pub async fn run(programs: &Programs, asked: Asked) -> Outcome {
    println!("Signing {} statements of {} bytes.\n", asked.entries, load::FACT_BYTES);
    let facts = statements(&force()).facts(0..asked.entries);
    rates(programs, &facts, asked).await?;
    at_once(programs, &facts, asked).await
}

/// One force: embedded, alone, through the hub; what the hub missed; bytes.
async fn rates(programs: &Programs, facts: &[Signed], asked: Asked) -> Outcome {
    println!(
        "| Round | Embedded | Force alone | of embedded | With hub | of alone | At the hub, verified | of alone |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let count = facts.len() as f64;
    let mut last = None;
    for round in 1..=asked.rounds {
        let embedded = count / embedded(facts, asked.in_flight).await?.as_secs_f64();
        let Some(mut scene) = Scene::start(programs.clone(), setting(force())).await? else {
            return no_server();
        };
        let alone = count
            / side_by_side(&mut [&mut scene], &[], facts, asked.in_flight).await?.recorded[0].as_secs_f64();
        drop(scene);
        let Some(mut nation) = Nation::start(programs.clone(), vec![setting(force())]).await? else {
            return no_server();
        };
        nation.kill_hub();
        let before = Bytes::of(&nation, 0);
        let mirror = runs::mirror(&nation, 0).await?;
        let mut scenes: Vec<&mut Scene> = nation.forces.iter_mut().collect();
        let through = side_by_side(&mut scenes, &[&mirror], facts, asked.in_flight).await?;
        let (with, there) =
            (count / through.recorded[0].as_secs_f64(), count / through.held[0].as_secs_f64());
        println!(
            "| {round} | {embedded:.0}/s | {alone:.0}/s | {:.2} | {with:.0}/s | {:.2} | {there:.0}/s | {:.2} |",
            alone / embedded,
            with / alone,
            there / alone,
        );
        let now = Bytes::of(&nation, 0).with_mirror(mirror.folder());
        last = Some((nation, mirror, before, now));
    }
    let Some((mut nation, mirror, before, now)) = last else { return Ok(()) };
    println!("\n{}", now.table(&before, facts.len() as u64));
    let more = nation.forces[0].load.facts(asked.entries..2 * asked.entries);
    let missed = away(&mut nation, &mirror, &more, asked.in_flight).await?;
    println!(
        "A hub that was away for {} entries: the first of them came {} after the link was back, and then {:.0} entries/s, each verified.\n",
        more.len(),
        seconds(missed.first),
        more.len() as f64 / (missed.all - missed.first).as_secs_f64(),
    );
    Ok(())
}

/// Several forces at once on this machine.
async fn at_once(programs: &Programs, facts: &[Signed], asked: Asked) -> Outcome {
    let slug = |n| Force::parse(&format!("force-{n}")).expect("a slug");
    let settings = (0..asked.forces).map(|n| setting(slug(n))).collect();
    let Some(mut nation) = Nation::start(programs.clone(), settings).await? else { return no_server() };
    nation.kill_hub();
    let mut mirrors = Vec::new();
    for at in 0..asked.forces {
        mirrors.push(runs::mirror(&nation, at).await?);
    }
    let some = &facts[..facts.len() / asked.forces];
    let mut scenes: Vec<&mut Scene> = nation.forces.iter_mut().collect();
    let mirrors: Vec<_> = mirrors.iter().collect();
    let ran = side_by_side(&mut scenes, &mirrors, some, asked.in_flight / asked.forces).await?;
    let longest = |times: &[Duration]| times.iter().max().copied().unwrap_or_default();
    let (recorded, held) = (longest(&ran.recorded), longest(&ran.held));
    let all = (some.len() * asked.forces) as f64;
    println!("| {} forces at once | |\n|---|---|", asked.forces);
    println!("| recorded, all together | {:.0} entries/s |", all / recorded.as_secs_f64());
    let of = |time: &Duration| some.len() as f64 / time.as_secs_f64();
    let (slowest, quickest) = (of(&recorded), ran.recorded.iter().map(of).fold(0.0, f64::max));
    println!("| of one force, the slowest and the quickest | {slowest:.0}/s, {quickest:.0}/s |");
    println!("| verified at the hub, all together | {:.0} entries/s |", all / held.as_secs_f64());
    println!("| the hub's lag when the last receipt was told | {} entries |", ran.lag);
    println!("| it had caught up after | {} |\n", seconds(held.saturating_sub(recorded)));
    Ok(())
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

fn no_server() -> Outcome {
    Err("there is no nats-server; tests/nats/obtain.sh brings one".to_owned())
}

/// As a deployment runs it, with a checkpoint every half second.
fn setting(force: Force) -> Setting {
    Setting { force, checkpoint_ms: 500, ..Setting::default() }
}
