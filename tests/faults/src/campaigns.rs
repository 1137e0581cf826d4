//! The campaigns.

use std::time::Duration;

use faults::{Nation, Outcome, Programs, Scene, Setting, force};
use host::bus::names::Force;

/// Statements of one round of [`kill`].
const FACTS: u64 = 800;

/// The recorder is killed so long after the first of them at most.
const LONGEST: Duration = Duration::from_millis(1_200);

/// Load before a fault, and behind it: not always the same, so that faults come at other moments.
async fn a_while(round: u64) {
    tokio::time::sleep(Duration::from_millis(500 + round * 379 % 2_000)).await;
}

fn no_server<T>() -> Outcome<T> {
    Err("there is no nats-server; tests/nats/obtain.sh brings one".to_owned())
}

/// The recorder behind one broker is killed.
pub(crate) async fn kill(programs: Programs, rounds: u64) -> Outcome<String> {
    let Some(mut scene) = Scene::start(programs, Setting::default()).await? else { return no_server() };
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

/// Two recorders on three brokers: whoever leads is killed or paused.
pub(crate) async fn takeover(programs: Programs, rounds: u64) -> Outcome<String> {
    let Some(mut scene) = Scene::start(programs, Setting::clustered(2)).await? else { return no_server() };
    let stream = force().sealed_log().name;
    let mut longest = Duration::ZERO;
    for round in 0..rounds {
        let (leader, epoch) = scene.until_led(0).await?;
        let running = scene.begin_load().await?;
        a_while(round).await;
        let server = scene.servers.until_leader(&stream);
        let (recorder, broker) = ([round % 5 < 3, round % 5 == 1], [round % 5 > 1, round % 5 == 4]);
        match recorder {
            [true, false] => scene.kill_recorder_at(leader),
            [true, true] => scene.recorder_at(leader)?.pause()?,
            [false, _] => {}
        }
        match broker {
            [true, false] => scene.servers.nodes[server].kill(),
            [true, true] => scene.servers.nodes[server].pause(),
            [false, _] => {}
        }
        let took = scene.is_receipted(1_000_000 + round).await?;
        longest = longest.max(took);
        match recorder {
            [true, false] => scene.start_recorder_at(leader)?,
            [true, true] => {
                scene.until_led(epoch).await?;
                scene.recorder_at(leader)?.resume()?;
            }
            [false, _] => {}
        }
        match broker {
            [true, true] => scene.servers.nodes[server].resume(),
            _ => scene.servers.start_again(),
        }
        a_while(round).await;
        scene.end_load(running).await?;
        let size = scene.all_agree().await?;
        let what = |[hit, paused]: [bool; 2]| match (hit, paused) {
            (false, _) => "left alone",
            (true, false) => "killed",
            (true, true) => "paused",
        };
        let (recorder, broker) = (what(recorder), what(broker));
        println!(
            "round {round}: recorder {recorder}, broker {broker}: the next receipt after {took:.1?}; {size} entries, both \
             ledgers and the mirror agree"
        );
    }
    Ok(format!("{rounds} rounds, {} statements, the longest wait for a receipt {longest:.1?}", scene.sent()))
}

/// Two forces and their hub.
pub(crate) async fn nation(programs: Programs, rounds: u64) -> Outcome<String> {
    let setting = |name| Setting { force: Force::parse(name).expect("a slug"), ..Setting::default() };
    let settings = ["cumbria", "kent"].map(setting).into();
    let Some(mut nation) = Nation::start(programs, settings).await? else { return no_server() };
    let stream = Force::parse("kent").expect("a slug").sealed_log().name;
    for round in 0..rounds {
        let mut running = Vec::new();
        for scene in &mut nation.forces {
            running.push(scene.begin_load().await?);
        }
        a_while(round).await;
        let leader = nation.hub.until_leader(&stream);
        let what = match round % 6 {
            0 => "the hub's servers killed",
            1 => "a link cut",
            2 => "a link silent",
            3 => "a force's server killed",
            4 => "the server that leads a copy killed",
            _ => "the server that leads a copy paused",
        };
        match round % 6 {
            0 => nation.hub.kill(),
            1 => nation.links[0].cut(),
            2 => nation.links[1].fall_silent(),
            3 => nation.forces[0].servers.nodes[0].kill(),
            4 => nation.hub.nodes[leader].kill(),
            _ => nation.hub.nodes[leader].pause(),
        }
        a_while(round).await;
        a_while(round).await;
        nation.links.iter().for_each(brokers::Link::heal);
        nation.forces[0].servers.start_again();
        match round % 6 {
            5 => nation.hub.nodes[leader].resume(),
            _ => nation.hub.start_again(),
        }
        for (scene, running) in nation.forces.iter_mut().zip(running) {
            scene.end_load(running).await?;
        }
        nation.all_agree().await?;
        println!("round {round}: {what}; every ledger, mirror and copy agrees");
    }
    let sent: u64 = nation.forces.iter().map(Scene::sent).sum();
    Ok(format!(
        "{rounds} rounds, {sent} statements at two forces, each recorded once and verified at the hub"
    ))
}
