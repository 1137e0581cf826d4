//! A force whose streams are kept three times over: one fault a test, while statements are handed in. Each ends with
//! everything held to every promise ([`Scene::all_agree`]).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use faults::{Outcome, Programs, Scene, Setting, force};
use host::bus::{Bus, Headers};
use host::provision::Identity;

/// How long something is left as it is, with statements being handed in.
const A_WHILE: Duration = Duration::from_secs(2);

fn programs() -> Programs {
    Programs {
        recorder: PathBuf::from(env!("CARGO_BIN_EXE_faulty-recorder")),
        response: PathBuf::from(env!("CARGO_BIN_EXE_faulty-response")),
        hub: PathBuf::from(env!("CARGO_BIN_EXE_faulty-hub")),
    }
}

async fn a_while() {
    tokio::time::sleep(A_WHILE).await;
}

/// Everything that was handed in, and the bad ones among it refused.
fn all_answered(scene: &Scene, sent: u64) {
    let answered = scene.officer.durable.len() + scene.officer.refused.len();
    assert_eq!(answered as u64, sent);
    let bad = (0..sent).filter(|n| n % 97 == 96).count();
    assert_eq!(scene.officer.refused.len(), bad, "{:?}", scene.officer.refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_that_leads_the_stream_is_killed() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::clustered(1)).await? else { return Ok(()) };
    let mut sent = 0;
    for _ in 0..2 {
        let running = scene.begin_load().await?;
        a_while().await;
        let leader = scene.servers.until_leader(&force().sealed_log().name);
        scene.servers.nodes[leader].kill();
        let next = scene.servers.until_leader(&force().sealed_log().name);
        assert_ne!(next, leader);
        a_while().await;
        scene.servers.start_again();
        sent += scene.end_load(running).await?;
        scene.all_agree().await?;
    }
    all_answered(&scene, sent);
    scene.servers.until_equal(&force().sealed_log().name);
    Ok(())
}

/// It wakes up, believes that it leads, and another one does.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_that_leads_the_stream_is_paused_and_woken() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::clustered(1)).await? else { return Ok(()) };
    let running = scene.begin_load().await?;
    a_while().await;
    let leader = scene.servers.until_leader(&force().sealed_log().name);
    scene.servers.nodes[leader].pause();
    let next = scene.servers.until_leader(&force().sealed_log().name);
    assert_ne!(next, leader);
    a_while().await;
    scene.servers.nodes[leader].resume();
    a_while().await;
    let sent = scene.end_load(running).await?;
    scene.all_agree().await?;
    all_answered(&scene, sent);
    scene.servers.until_equal(&force().sealed_log().name);
    Ok(())
}

/// A disk has flipped a bit, and no server notices; not even when the damaged copy leads. Whoever follows from the start
/// does, and comes to the same root.
#[tokio::test(flavor = "multi_thread")]
async fn one_copy_of_the_stream_is_damaged_and_then_leads() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::clustered(1)).await? else { return Ok(()) };
    let running = scene.begin_load().await?;
    a_while().await;
    let stream = force().sealed_log().name;
    let damaged = (scene.servers.until_leader(&stream) + 1) % 3;
    scene.servers.nodes[damaged].until_written(&stream);
    scene.servers.nodes[damaged].stop();
    scene.servers.nodes[damaged].damage(&stream);
    scene.servers.start_again();
    a_while().await;
    lead(&scene, &stream, damaged).await?;
    let projector = scene.bus(Identity::Projector).await?;
    assert!(lost(&projector, &stream).await? > 0, "the flip has cost nothing");
    a_while().await;
    let sent = scene.end_load(running).await?;
    let size = scene.all_agree().await?;
    all_answered(&scene, sent);
    let (anew, _following) = scene.another_mirror().await?;
    let begun = Instant::now();
    while anew.standing().root != scene.mirror.standing().root {
        if begun.elapsed() > faults::SETTLE || anew.halted().is_some() {
            return Err(format!("{:?} of {size}: {:?}", anew.standing(), anew.halted()));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Has one server lead a stream.
async fn lead(scene: &Scene, stream: &str, node: usize) -> Outcome {
    let bus = scene.bus(Identity::Provisioning).await?;
    let name = scene.servers.nodes[node].name();
    let body = Bytes::from(format!("{{\"placement\": {{\"preferred\": \"{name}\"}}}}"));
    let subject = format!("$JS.API.STREAM.LEADER.STEPDOWN.{stream}");
    let begun = Instant::now();
    while scene.servers.until_leader(stream) != node {
        if begun.elapsed() > faults::SETTLE {
            return Err(format!("{name} does not lead: {:?}", scene.servers.copies(stream)));
        }
        // A server that is not current yet cannot lead, and the answer says so.
        let _ = bus.request(&subject, Headers::new(), body.clone(), Duration::from_secs(5)).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// How many of a stream's messages its leader cannot read any more.
async fn lost(bus: &Bus, stream: &str) -> Outcome<u64> {
    let (mut lost, were) = (0, bus.tail(stream).await.map_err(|e| e.to_string())?.last_sequence);
    for sequence in 1..=were {
        let message = bus.message(stream, sequence).await.map_err(|e| e.to_string())?;
        lost += u64::from(message.is_none());
    }
    Ok(lost)
}
