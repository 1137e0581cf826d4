//! Two recorders of one ledger on three servers, while statements are handed in: what happens to the one that leads.
//! Behind each, both ledgers and a mirror are held to every promise ([`Scene::all_agree`]).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use faults::{Outcome, Programs, Scene, Setting, force};

/// From the death of the recorder that leads to the next receipt: five seconds on a machine with nothing else to do. A
/// test has to hold on any.
const TAKEOVER: Duration = Duration::from_secs(20);

fn programs() -> Programs {
    Programs {
        recorder: PathBuf::from(env!("CARGO_BIN_EXE_faulty-recorder")),
        response: PathBuf::from(env!("CARGO_BIN_EXE_faulty-response")),
        hub: PathBuf::from(env!("CARGO_BIN_EXE_faulty-hub")),
    }
}

async fn a_while() {
    tokio::time::sleep(Duration::from_secs(2)).await;
}

/// Everything that was handed in has one answer, and only the bad ones among it are refused.
fn all_answered(scene: &Scene, sent: u64) {
    assert_eq!((scene.officer.durable.len() + scene.officer.refused.len()) as u64, scene.sent());
    let bad = (0..sent).filter(|n| n % 97 == 96).count();
    assert_eq!(scene.officer.refused.len(), bad, "{:?}", scene.officer.refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recorder_that_leads_is_killed_and_the_other_one_takes_over() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::clustered(2)).await? else { return Ok(()) };
    let (mut leader, mut epoch) = scene.until_led(0).await?;
    let mut sent = 0;
    for round in 0..2 {
        let running = scene.begin_load().await?;
        a_while().await;
        scene.kill_recorder_at(leader);
        let took = scene.is_receipted(1_000_000 + round).await?;
        println!("killed: the next receipt came after {took:?}");
        assert!(took < TAKEOVER, "{took:?}");
        let (next, later) = scene.until_led(epoch).await?;
        assert_ne!(next, leader);
        scene.start_recorder_at(leader)?;
        a_while().await;
        sent += scene.end_load(running).await?;
        scene.all_agree().await?;
        (leader, epoch) = (next, later);
    }
    all_answered(&scene, sent);
    Ok(())
}

/// It wakes up, believes that it leads, and what it had in hand is long decided: it must neither record nor refuse.
#[tokio::test(flavor = "multi_thread")]
async fn the_recorder_that_leads_is_paused_until_the_other_one_leads_and_then_woken() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::clustered(2)).await? else { return Ok(()) };
    let (mut leader, mut epoch) = scene.until_led(0).await?;
    let mut sent = 0;
    for _ in 0..2 {
        let running = scene.begin_load().await?;
        a_while().await;
        scene.recorder_at(leader)?.pause()?;
        let begun = Instant::now();
        let (next, later) = scene.until_led(epoch).await?;
        println!("paused: another one led after {:?}", begun.elapsed());
        assert_ne!(next, leader);
        a_while().await;
        scene.recorder_at(leader)?.resume()?;
        a_while().await;
        sent += scene.end_load(running).await?;
        scene.all_agree().await?;
        (leader, epoch) = (next, later);
    }
    all_answered(&scene, sent);
    Ok(())
}

/// The stream's leader and the recorder that leads, at the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn the_recorder_and_the_server_that_lead_are_killed_together() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::clustered(2)).await? else { return Ok(()) };
    let (leader, epoch) = scene.until_led(0).await?;
    let running = scene.begin_load().await?;
    a_while().await;
    let server = scene.servers.until_leader(&force().sealed_log().name);
    scene.servers.nodes[server].kill();
    scene.kill_recorder_at(leader);
    let (next, _) = scene.until_led(epoch).await?;
    assert_ne!(next, leader);
    scene.servers.start_again();
    scene.start_recorder_at(leader)?;
    a_while().await;
    let sent = scene.end_load(running).await?;
    scene.all_agree().await?;
    all_answered(&scene, sent);
    Ok(())
}
