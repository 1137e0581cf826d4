//! The hub and the forces, as provisioned, against real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod hub {
    pub(crate) mod forbidden;
    pub(crate) mod nation;

    pub(crate) use super::until;
}

use std::time::{Duration, Instant};

use host::provision::Identity;
use host::provision::hub::HubIdentity;
use hub::forbidden::serve;
use hub::nation::{Nation, SOON, connect, force};

/// What a force has goes to the hub, whatever happens to either or to what lies between; nothing is lost or doubled.
#[tokio::test(flavor = "multi_thread")]
async fn the_hub_has_what_each_force_has_whatever_happens_to_either() {
    let Some(mut nation) = Nation::start(&["kent", "west-mercia"]).await else { return };
    let (kent, mercia) = (force("kent"), force("west-mercia"));
    nation.seal(&kent, 0..60).await;
    nation.seal(&mercia, 0..20).await;
    nation.until_hub_has(&kent, 60).await;
    nation.until_hub_has(&mercia, 20).await;

    // The hub is gone, and the force goes on.
    nation.hub.kill();
    nation.seal(&kent, 60..100).await;
    nation.hub.start_again();
    nation.until_hub_has(&kent, 100).await;

    // The link is gone, and so is the force's server for a while.
    nation.links[&mercia].cut();
    nation.seal(&mercia, 20..50).await;
    nation.forces.get_mut(&mercia).unwrap().kill();
    nation.links[&mercia].heal();
    nation.forces.get_mut(&mercia).unwrap().start_again();
    nation.until_hub_has(&mercia, 50).await;

    // Who leads the copy changes.
    let leader = nation.hub.until_leader(&kent.sealed_log().name);
    nation.hub.nodes[leader].kill();
    nation.seal(&kent, 100..120).await;
    nation.until_hub_has(&kent, 120).await;
    nation.hub.start_again();
    nation.until_hub_has(&kent, 120).await;
}

/// A force that comes later is let in by a reload; the others are not even disturbed.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_lets_one_more_force_in_while_the_hub_runs() {
    let Some(mut nation) = Nation::start(&["kent"]).await else { return };
    let (kent, essex) = (force("kent"), force("essex"));
    nation.seal(&kent, 0..10).await;
    nation.until_hub_has(&kent, 10).await;
    nation.add("essex").await;
    nation.seal(&essex, 0..10).await;
    nation.seal(&kent, 10..20).await;
    nation.until_hub_has(&essex, 10).await;
    nation.until_hub_has(&kent, 20).await;
}

/// Who leads a copy, how far the others are, and how the force's end is, is there to be asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_server_and_a_silent_force_are_complained_about_and_stop_nobody() {
    let Some(mut nation) = Nation::start(&["kent"]).await else { return };
    let kent = force("kent");
    let spec = kent.sealed_at_hub().with_replicas(3);
    nation.seal(&kent, 0..10).await;
    nation.until_hub_has(&kent, 10).await;
    let status = connect(&nation.at_hub(HubIdentity::Status)).await;
    status.check(&spec).await.unwrap();
    until(async || status.check_copies(&spec).await.is_ok()).await;
    let seen = status.copies(&spec.name).await.unwrap();
    assert_eq!(seen.followers.len(), 2);
    assert!(seen.leader.is_some_and(|name| name.starts_with("hub-")));
    assert_eq!(seen.source.map(|source| (source.stream, source.lag)), Some((spec.name.clone(), 0)));

    nation.forces.get_mut(&kent).unwrap().kill();
    until(async || complains(&status.check_copies(&spec).await, "nothing has been heard of")).await;
    nation.forces.get_mut(&kent).unwrap().start_again();
    let leader = nation.hub.until_leader(&spec.name);
    nation.hub.nodes[(leader + 1) % 3].kill();
    until(async || complains(&status.check_copies(&spec).await, "the copy on hub-")).await;
    status.check(&spec).await.unwrap();
    nation.hub.start_again();
    until(async || status.check_copies(&spec).await.is_ok()).await;
}

fn complains(checked: &Result<(), Vec<host::bus::Complaint>>, word: &str) -> bool {
    checked.as_ref().is_err_and(|all| all.iter().any(|one| one.sentence.contains(word)))
}

async fn until(mut there: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !there().await {
        assert!(begun.elapsed() < SOON);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The recorder answers the hub, at the two endpoints that are for it.
#[tokio::test(flavor = "multi_thread")]
async fn the_hub_asks_a_recorder_for_its_head_and_its_entries() {
    let Some(nation) = Nation::start(&["kent"]).await else { return };
    let kent = force("kent");
    let recorder = connect(&nation.at_force(&kent, Identity::Recorder)).await;
    serve(&recorder, &kent, "recorder", &["head", "entries", "receipt", "addenda"]).await;
    let bus = connect(&nation.at_hub(HubIdentity::Hub)).await;
    for endpoint in ["head", "entries"] {
        let subject = kent.endpoint("recorder", endpoint);
        let ask = async || {
            bus.request(&subject, Default::default(), bytes::Bytes::new(), Duration::from_secs(2)).await
        };
        until(async || ask().await.is_ok_and(|answer| answer.payload == "answer")).await;
    }
}
