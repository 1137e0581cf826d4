//! One fault a test. Each ends with everything held to every promise ([`Scene::all_is_well`]).

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use faults::{Outcome, Programs, Scene, Setting, force, good_and_bad};
use host::bus::{Headers, Outgoing};
use host::provision::Identity;
use load::Signed;

fn programs() -> Programs {
    Programs {
        recorder: PathBuf::from(env!("CARGO_BIN_EXE_faulty-recorder")),
        response: PathBuf::from(env!("CARGO_BIN_EXE_faulty-response")),
        hub: PathBuf::from(env!("CARGO_BIN_EXE_faulty-hub")),
    }
}

/// Statements while something happens to the broker.
async fn send_while(scene: &mut Scene, facts: Vec<Signed>, fault: impl AsyncFnOnce(&mut brokers::Server)) {
    let (officer, server) = (&mut scene.officer, &mut scene.servers.nodes[0]);
    tokio::join!(officer.send(facts), fault(server));
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_fault_everything_sent_is_recorded_or_refused() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::default()).await? else { return Ok(()) };
    let facts = good_and_bad(&scene.load, 0..200);
    scene.officer.send(facts).await;
    scene.all_is_well().await?;
    assert_eq!((scene.officer.durable.len(), scene.officer.refused.len()), (198, 2));
    scene.stop_desk()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_and_started_again() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::default()).await? else { return Ok(()) };
    for round in 0..2 {
        let facts = good_and_bad(&scene.load, round * 200..round * 200 + 200);
        let kill = async |server: &mut brokers::Server| {
            pause(100).await;
            server.kill();
            pause(500).await;
            server.start_again();
        };
        send_while(&mut scene, facts, kill).await;
        scene.all_is_well().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_down_when_the_services_start() -> Outcome {
    let Some(mut scene) = Scene::set_up(programs(), Setting::default()).await? else { return Ok(()) };
    scene.servers.nodes[0].stop();
    scene.start_services()?;
    pause(1_000).await;
    assert!(scene.recorder_runs(), "a service waits for its broker");
    scene.servers.nodes[0].start_again();
    scene.found().await?;
    let facts = good_and_bad(&scene.load, 0..100);
    scene.officer.send(facts).await;
    scene.all_is_well().await
}

/// The desk's publish times out, and what it published is stored when the broker goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_publish_that_timed_out_and_was_stored() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::default()).await? else { return Ok(()) };
    let facts = good_and_bad(&scene.load, 0..200);
    let silence = async |server: &mut brokers::Server| {
        pause(50).await;
        server.pause();
        // Longer than any acknowledgement is waited for.
        pause(7_000).await;
        server.resume();
    };
    send_while(&mut scene, facts, silence).await;
    scene.all_is_well().await
}

/// How many of a stream's first messages cannot be read any more.
async fn lost(bus: &host::bus::Bus, stream: &str, were: u64) -> Outcome<u64> {
    let mut lost = 0;
    for sequence in 1..=were {
        let message = bus.message(stream, sequence).await.map_err(|e| e.to_string())?;
        lost += u64::from(message.is_none());
    }
    Ok(lost)
}

/// The broker loses sealed batches; a mirror that begins anew still comes to the recorder's root.
#[tokio::test(flavor = "multi_thread")]
async fn a_bit_flipped_in_the_sealed_stream() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::default()).await? else { return Ok(()) };
    let facts = good_and_bad(&scene.load, 0..300);
    scene.officer.send(facts).await;
    scene.all_is_well().await?;
    scene.stop_recorder()?;
    let stream = force().sealed_log().name;
    let projector = scene.bus(Identity::Projector).await?;
    let were = projector.tail(&stream).await.map_err(|e| e.to_string())?.last_sequence;
    scene.servers.nodes[0].stop();
    scene.servers.nodes[0].damage(&stream);
    scene.servers.nodes[0].start_again();
    let projector = scene.bus(Identity::Projector).await?;
    assert!(lost(&projector, &stream, were).await? > 0, "the flip has cost nothing");
    scene.start_recorder()?;
    let facts = good_and_bad(&scene.load, 300..400);
    scene.officer.send(facts).await;
    scene.officer.settle(faults::SETTLE).await?;
    let (anew, _following) = scene.another_mirror().await?;
    let begun = Instant::now();
    while anew.standing().root != scene.mirror.standing().root {
        if begun.elapsed() > faults::SETTLE {
            return Err(format!(
                "{:?} of {:?}, {:?}",
                anew.standing(),
                scene.mirror.standing(),
                anew.halted()
            ));
        }
        pause(50).await;
    }
    scene.all_is_well().await
}

/// The broker loses statements that wait for a recorder; whoever sent them sends them again.
#[tokio::test(flavor = "multi_thread")]
async fn a_bit_flipped_in_the_inbox() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::default()).await? else { return Ok(()) };
    scene.stop_recorder()?;
    let facts = good_and_bad(&scene.load, 0..100);
    scene.officer.send(facts).await;
    let stream = force().inbox().name;
    let reader = scene.bus(Identity::Recorder).await?;
    let were = reader.tail(&stream).await.map_err(|e| e.to_string())?;
    scene.servers.nodes[0].stop();
    scene.servers.nodes[0].damage(&stream);
    scene.servers.nodes[0].start_again();
    let reader = scene.bus(Identity::Recorder).await?;
    let kept = were.last_sequence - lost(&reader, &stream, were.last_sequence).await?;
    assert!(kept < were.messages, "the flip has cost nothing of {}", were.messages);
    scene.start_recorder()?;
    scene.all_is_well().await
}

/// Runs a command of the system.
fn system(program: &str, args: &[&str]) -> Outcome {
    let said = Command::new(program).args(args).output().map_err(|e| format!("{program}: {e}"))?;
    if said.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&said.stderr).into_owned()) }
}

/// A small disk in memory, gone when it is dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<SmallDisk> {
        let folder = tempfile::tempdir().expect("the folder for temporary files can be written");
        let at = folder.path().display().to_string();
        match system("mount", &["-t", "tmpfs", "-o", "size=16m", "tmpfs", &at]) {
            Ok(()) => Some(SmallDisk(folder)),
            Err(why) => {
                eprintln!("SKIPPED: a small disk needs the right to mount one: {}", why.trim());
                None
            }
        }
    }

    /// Writes until nothing more fits.
    fn fill(&self) -> PathBuf {
        let ballast = self.0.path().join("ballast");
        // It ends with "no space left", which is what is wanted.
        let _ = fs::write(&ballast, vec![0; 16 << 20]);
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = system("umount", &["-l", &self.0.path().display().to_string()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_at_the_recorder() -> Outcome {
    let Some(disk) = SmallDisk::mount() else { return Ok(()) };
    let ledger = disk.0.path().join("ledger");
    let setting = Setting { ledger: Some(ledger), ..Setting::default() };
    let Some(mut scene) = Scene::set_up(programs(), setting).await? else { return Ok(()) };
    scene.start_services()?;
    scene.found().await?;
    let facts = good_and_bad(&scene.load, 0..50);
    scene.officer.send(facts).await;
    scene.all_is_well().await?;
    let ballast = disk.fill();
    let facts = good_and_bad(&scene.load, 50..90);
    scene.officer.send(facts).await;
    pause(2_000).await;
    scene.officer.look().await?;
    let before = scene.officer.durable.len();
    fs::remove_file(ballast).map_err(|e| e.to_string())?;
    if !scene.recorder_runs() {
        scene.start_recorder()?;
    }
    scene.all_is_well().await?;
    assert_eq!(
        (before, scene.officer.durable.len()),
        (50, 90),
        "a full disk takes nothing, and refuses nothing"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_without_permission() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::default()).await? else { return Ok(()) };
    scene.stop_desk()?;
    scene.start_desk(Identity::Status)?;
    pause(1_000).await;
    let facts = good_and_bad(&scene.load, 0..50);
    scene.officer.send(facts).await;
    scene.officer.look().await?;
    assert!(scene.officer.durable.is_empty(), "nothing passed a desk that may not speak");
    scene.stop_desk()?;
    scene.start_desk(Identity::Response)?;
    scene.all_is_well().await
}

/// Somebody follows and does not read. Nobody else notices, and nothing is left out for them.
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_and_a_listener_that_do_not_read() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::default()).await? else { return Ok(()) };
    let projector = scene.bus(Identity::Projector).await?;
    let stream = force().sealed_log().name;
    let mut follower = projector.follow(&stream, 1).await.map_err(|e| e.to_string())?;
    let officer = scene.bus(Identity::Officer).await?;
    let _listener = officer.listen("rcpt.cambridgeshire.>").await.map_err(|e| e.to_string())?;
    for n in 0..10 {
        let facts = good_and_bad(&scene.load, n * 60..n * 60 + 60);
        scene.officer.send(facts).await;
    }
    scene.all_is_well().await?;
    let last = projector.tail(&stream).await.map_err(|e| e.to_string())?.last_sequence;
    for sequence in 1..=last {
        let next = tokio::time::timeout(Duration::from_secs(10), follower.next()).await;
        let message = next.map_err(|e| e.to_string())?.ok_or("it goes on")?.map_err(|e| e.to_string())?;
        assert_eq!(message.sequence, Some(sequence));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_that_is_killed_five_times_under_load() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::default()).await? else { return Ok(()) };
    let mut under_load = 0;
    for round in 0..5 {
        let recorded = scene.kill_at_random(round, 300, Duration::from_millis(400)).await?;
        under_load += u64::from(recorded < 300);
    }
    assert_eq!(scene.officer.durable.len(), 1_500);
    assert!(under_load > 0, "every kill came after the last statement");
    Ok(())
}

/// The recorder's clock jumps an hour back and two days ahead, again and again. Order is the log's, not the clock's.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_steps() -> Outcome {
    let Some(mut scene) = Scene::set_up(programs(), Setting::default()).await? else { return Ok(()) };
    scene.start_desk(Identity::Response)?;
    let ticks = AtomicU64::new(0);
    let clock: recorder::Clock = Arc::new(move || {
        let tick = ticks.fetch_add(1, Ordering::Relaxed);
        let step = match tick % 7 {
            3 => -3_600_000,
            5 => 2 * 86_400_000,
            _ => 0,
        };
        (load::START_MS + tick).saturating_add_signed(step)
    });
    let recorder = scene.recorder_here(clock).await?;
    scene.found().await?;
    let facts = good_and_bad(&scene.load, 0..200);
    scene.officer.send(facts).await;
    scene.officer.settle(faults::SETTLE).await?;
    recorder.stop().await?;
    // From now on with the machine's own clock, years ahead.
    scene.start_recorder()?;
    let facts = good_and_bad(&scene.load, 200..250);
    scene.officer.send(facts).await;
    scene.all_is_well().await
}

/// Messages that come twice, out of order, late or not at all at first, and publishers who are not answered. On the
/// in-process bus, where these faults are made on demand; the seed is in the message of a failure.
#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_come_twice_out_of_order_or_late() -> Outcome {
    for seed in 0..4 {
        faults::in_process::run(seed, 300).await.map_err(|why| format!("seed {seed}: {why}"))?;
    }
    Ok(())
}

/// A machine that loses power takes all three with it; and each goes on where it was.
#[tokio::test(flavor = "multi_thread")]
async fn broker_recorder_and_desk_killed_together() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::default()).await? else { return Ok(()) };
    for round in 0..2 {
        let facts = good_and_bad(&scene.load, round * 150..round * 150 + 150);
        let some = facts[..100].to_vec();
        send_while(&mut scene, some, async |server| {
            pause(150).await;
            server.kill();
        })
        .await;
        scene.kill_recorder();
        scene.kill_desk();
        scene.servers.nodes[0].start_again();
        scene.start_services()?;
        scene.officer.send(facts[100..].to_vec()).await;
        scene.all_is_well().await?;
    }
    Ok(())
}

/// Somebody starts a second recorder on a copy of the ledger. The fence lets one of them write; which one does not
/// matter, there is one history, and whoever was acknowledged is in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_recorder_on_a_copy_of_the_ledger() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::default()).await? else { return Ok(()) };
    let facts = good_and_bad(&scene.load, 0..50);
    scene.officer.send(facts).await;
    scene.all_is_well().await?;
    scene.stop_recorder()?;
    let mut second = scene.start_second_recorder()?;
    scene.start_recorder()?;
    let facts = good_and_bad(&scene.load, 50..250);
    scene.officer.send(facts).await;
    let begun = Instant::now();
    while scene.recorder_runs() && second.is_running() {
        scene.officer.look().await?;
        if begun.elapsed() > faults::SETTLE {
            return Err("two recorders go on side by side".to_owned());
        }
        pause(50).await;
    }
    if !scene.recorder_runs() {
        scene.take_over(second);
    }
    scene.all_is_well().await
}

/// What is no message of ours ends as a refusal that is kept, and holds nobody up.
#[tokio::test(flavor = "multi_thread")]
async fn a_poisonous_message_in_the_inbox() -> Outcome {
    let Some(mut scene) = Scene::start(programs(), Setting::default()).await? else { return Ok(()) };
    let desk = scene.bus(Identity::Response).await?;
    let message = Outgoing {
        subject: force().several("response"),
        id: "poison".to_owned(),
        headers: Headers::new(),
        payload: Bytes::from(vec![0xff; 10_000]),
        expect_last: None,
    };
    desk.publish(message).await.map_err(|e| e.to_string())?;
    let facts = good_and_bad(&scene.load, 0..50);
    scene.officer.send(facts).await;
    scene.all_is_well().await?;
    let left = desk.extent(&force().inbox().name).await.map_err(|e| e.to_string())?;
    assert_eq!(left.messages, 0, "it does not come again for ever");
    Ok(())
}
