//! Two forces and the hub of both, while statements are handed in at each: one fault after the other. Behind each,
//! everything is held to every promise ([`Nation::all_agree`]).

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use faults::{Nation, Outcome, Programs, Running, Setting};
use host::bus::Headers;
use host::bus::names::Force;
use host::provision::hub::HubIdentity;

fn programs() -> Programs {
    Programs {
        recorder: PathBuf::from(env!("CARGO_BIN_EXE_faulty-recorder")),
        response: PathBuf::from(env!("CARGO_BIN_EXE_faulty-response")),
        hub: PathBuf::from(env!("CARGO_BIN_EXE_faulty-hub")),
    }
}

fn force(name: &str) -> Force {
    Force::parse(name).expect("a slug")
}

async fn two_forces() -> Outcome<Option<Nation>> {
    let setting = |name| Setting { force: force(name), ..Setting::default() };
    Nation::start(programs(), ["cumbria", "kent"].map(setting).into()).await
}

async fn a_while() {
    tokio::time::sleep(Duration::from_secs(2)).await;
}

async fn begin_load(nation: &mut Nation) -> Outcome<Vec<Running>> {
    let mut running = Vec::new();
    for scene in &mut nation.forces {
        running.push(scene.begin_load().await?);
    }
    Ok(running)
}

async fn end_load(nation: &mut Nation, running: Vec<Running>) -> Outcome {
    for (scene, running) in nation.forces.iter_mut().zip(running) {
        let sent = scene.end_load(running).await?;
        assert!(sent > 0, "nobody handed anything in meanwhile");
    }
    nation.all_agree().await?;
    for scene in &nation.forces {
        let answered = (scene.officer.durable.len() + scene.officer.refused.len()) as u64;
        assert_eq!(answered, scene.sent(), "each statement has one answer");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_force_works_without_the_hub_and_the_hub_catches_up() -> Outcome {
    let Some(mut nation) = two_forces().await? else { return Ok(()) };
    let running = begin_load(&mut nation).await?;
    a_while().await;
    nation.hub.kill();
    a_while().await;
    // Nobody at the forces notices.
    for scene in &mut nation.forces {
        scene.is_receipted(1_000_000).await?;
    }
    a_while().await;
    nation.hub.start_again();
    end_load(&mut nation, running).await?;

    let running = begin_load(&mut nation).await?;
    nation.links[0].cut();
    a_while().await;
    let silent = |name: &'static str| {
        move |report: &hub::Report| report.forces.iter().any(|one| one.force == name && one.state.is_alarm())
    };
    let report = nation.until("the hub misses the force whose link is cut", silent("cumbria")).await?;
    assert!(!silent("kent")(&report), "{report:?}");
    nation.links[0].heal();
    nation.links[1].fall_silent();
    nation.until("the hub misses the force whose link is silent", silent("kent")).await?;
    nation.links[1].heal();
    end_load(&mut nation, running).await
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_of_forces_and_of_the_hub_are_killed_and_paused() -> Outcome {
    let Some(mut nation) = two_forces().await? else { return Ok(()) };
    let running = begin_load(&mut nation).await?;
    a_while().await;
    nation.forces[0].servers.nodes[0].kill();
    a_while().await;
    nation.forces[0].servers.start_again();
    let stream = force("kent").sealed_log().name;
    let leader = nation.hub.until_leader(&stream);
    nation.hub.nodes[leader].kill();
    assert_ne!(nation.hub.until_leader(&stream), leader);
    a_while().await;
    nation.hub.start_again();
    end_load(&mut nation, running).await?;

    let running = begin_load(&mut nation).await?;
    let leader = nation.hub.until_leader(&stream);
    nation.hub.nodes[leader].pause();
    assert_ne!(nation.hub.until_leader(&stream), leader);
    a_while().await;
    nation.hub.nodes[leader].resume();
    end_load(&mut nation, running).await
}

/// No server of the hub notices, the damaged copy leads, and the mirror is thrown away meanwhile: it is made again from
/// what the stream still has and what the force's recorder gives.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_at_the_hub_is_damaged_and_then_leads_while_the_mirror_is_made_again() -> Outcome {
    let Some(mut nation) = two_forces().await? else { return Ok(()) };
    let running = begin_load(&mut nation).await?;
    a_while().await;
    let stream = force("kent").sealed_log().name;
    let damaged = (nation.hub.until_leader(&stream) + 1) % 3;
    nation.hub.nodes[damaged].until_written(&stream);
    nation.hub.nodes[damaged].stop();
    nation.hub.nodes[damaged].damage(&stream);
    nation.hub.start_again();
    lead(&nation, &stream, damaged).await?;
    assert!(lost(&nation, &stream).await? > 0, "the flip has cost nothing");
    nation.kill_hub();
    fs::remove_dir_all(nation.mirror_of(&force("kent"))).map_err(|e| e.to_string())?;
    nation.start_hub()?;
    end_load(&mut nation, running).await
}

/// Has one server of the hub lead a stream.
async fn lead(nation: &Nation, stream: &str, node: usize) -> Outcome {
    let bus = nation.bus(HubIdentity::Provisioning).await?;
    let name = nation.hub.nodes[node].name();
    let body = Bytes::from(format!("{{\"placement\": {{\"preferred\": \"{name}\"}}}}"));
    let subject = format!("$JS.API.STREAM.LEADER.STEPDOWN.{stream}");
    for _ in 0..200 {
        if nation.hub.until_leader(stream) == node {
            return Ok(());
        }
        // A server that is not current yet cannot lead, and the answer says so.
        let _ = bus.request(&subject, Headers::new(), body.clone(), Duration::from_secs(5)).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Err(format!("{name} does not lead: {:?}", nation.hub.copies(stream)))
}

/// How many of a stream's messages its leader cannot read any more.
async fn lost(nation: &Nation, stream: &str) -> Outcome<u64> {
    let bus = nation.bus(HubIdentity::Hub).await?;
    let (mut lost, were) = (0, bus.tail(stream).await.map_err(|e| e.to_string())?.last_sequence);
    for sequence in 1..=were {
        lost += u64::from(bus.message(stream, sequence).await.map_err(|e| e.to_string())?.is_none());
    }
    Ok(lost)
}
