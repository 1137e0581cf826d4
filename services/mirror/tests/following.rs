//! A mirror on a bus that loses, doubles, reorders and damages.

#[allow(dead_code, reason = "each test file needs a part of the scene")]
mod scene;

use std::time::Duration;

use bytes::Bytes;
use host::bus::{Bus, DeliveryFault, Faults};
use ledger_core::entry::Entry;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::wire::SealedBatch;
use mirror::{Mirror, follow};
use scene::{Scene, empty_mirror, force, publish, signer_from, take_all};

const SOON: Duration = Duration::from_secs(10);

async fn bus() -> (Bus, Faults) {
    let (bus, faults) = Bus::in_process_with_faults();
    bus.ensure(&force().sealed_log()).await.expect("the stream is made");
    (bus, faults)
}

fn scene_with(facts: u64) -> Scene {
    let scene = tokio::task::block_in_place(Scene::founded);
    tokio::task::block_in_place(|| scene.record(1..facts + 1));
    scene
}

fn batches(scene: &Scene, each: u64) -> Vec<SealedBatch> {
    tokio::task::block_in_place(|| scene.batches(each))
}

async fn agrees(mirror: &Mirror, scene: &Scene) {
    let (size, root) = tokio::task::block_in_place(|| (TreeSize(scene.size()), scene.root()));
    let mut standing = mirror.watch();
    let reached = tokio::time::timeout(SOON, standing.wait_for(|now| now.covered == size)).await;
    assert!(reached.is_ok(), "{:?} is not {size}; halted: {:?}", mirror.standing(), mirror.halted());
    assert_eq!(mirror.standing().root, root);
    assert_eq!(mirror.halted(), None);
}

async fn halts(mirror: &Mirror) -> String {
    for _ in 0..1500 {
        if let Some(reason) = mirror.halted() {
            return reason;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it goes on at {:?}", mirror.standing());
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_and_losses_on_the_way_leave_no_trace() {
    let (bus, faults) = bus().await;
    let scene = scene_with(60);
    let _serving = scene.serve_entries(&bus, 9).await;
    let sealed = force().sealed();
    for (fault, times) in
        [(DeliveryFault::Duplicate, 3), (DeliveryFault::Drop, 2), (DeliveryFault::Reorder, 2)]
    {
        faults.on_delivery(&sealed, fault, times);
    }
    let mirror = empty_mirror();
    let following = follow(mirror.clone(), bus.clone(), force());
    for batch in batches(&scene, 3) {
        publish(&bus, batch.to_bytes()).await;
    }
    agrees(&mirror, &scene).await;
    assert_eq!(following.trouble(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stream_lost_is_fetched_from_the_recorder() {
    let (bus, _) = bus().await;
    let scene = scene_with(40);
    let _serving = scene.serve_entries(&bus, 4).await;
    let batches = batches(&scene, 5);
    // The stream begins in the middle and has a hole.
    for batch in batches.iter().skip(2).step_by(2) {
        publish(&bus, batch.to_bytes()).await;
    }
    let mirror = empty_mirror();
    let _following = follow(mirror.clone(), bus.clone(), force());
    agrees(&mirror, &scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_was_away_goes_on_where_it_stood() {
    let (bus, _) = bus().await;
    let scene = scene_with(30);
    let mirror = empty_mirror();
    let all = batches(&scene, 4);
    for batch in &all {
        publish(&bus, batch.to_bytes()).await;
    }
    take_all(&mirror, &all[..3]);
    let following = follow(mirror.clone(), bus.clone(), force());
    agrees(&mirror, &scene).await;
    drop(following);
    tokio::task::block_in_place(|| scene.record(100..110));
    for batch in batches(&scene, 4) {
        publish(&bus, batch.to_bytes()).await;
    }
    let _following = follow(mirror.clone(), bus.clone(), force());
    agrees(&mirror, &scene).await;
}

/// Every message, with one byte of one of them flipped.
async fn publish_with_a_flip(bus: &Bus, scene: &Scene) {
    for (n, batch) in batches(scene, 6).iter().enumerate() {
        let mut payload = batch.to_bytes().to_vec();
        if n == 2 {
            let middle = payload.len() / 2;
            payload[middle] ^= 1;
        }
        publish(bus, payload.into()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_is_taken_from_nobody_and_mended_with_the_recorders_own_entries() {
    let (bus, _) = bus().await;
    let scene = scene_with(30);
    publish_with_a_flip(&bus, &scene).await;
    let mirror = empty_mirror();
    let following = follow(mirror.clone(), bus.clone(), force());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(mirror.standing().size, TreeSize(12), "nobody is there to explain it, so it stops before it");
    let trouble = following.trouble().expect("and says why");
    assert!(trouble.contains("the recorder does not help"), "{trouble}");
    let _serving = scene.serve_entries(&bus, 50).await;
    agrees(&mirror, &scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_that_the_recorder_has_as_well_halts_the_mirror_with_the_reason() {
    let (bus, _) = bus().await;
    let scene = scene_with(30);
    publish_with_a_flip(&bus, &scene).await;
    let spec_of = scene.serve_entries(&bus, 50).await;
    spec_of.abort();
    // In the recorder's place somebody answers with the damaged entry.
    let damaged = {
        let mut batch = tokio::task::block_in_place(|| scene.batch(12, 20));
        let mut entry = batch.entries[1].to_vec();
        let middle = entry.len() / 2;
        entry[middle] ^= 1;
        batch.entries[1] = entry.into();
        batch
    };
    serve_always(&bus, damaged.to_bytes()).await;
    let mirror = empty_mirror();
    let following = follow(mirror.clone(), bus.clone(), force());
    let reason = halts(&mirror).await;
    assert!(reason.contains("entry 1"), "it names the entry: {reason}");
    assert_eq!(mirror.standing().size, TreeSize(12), "what it had it keeps");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(following.trouble(), Some(reason));
}

async fn serve_always(bus: &Bus, answer: Bytes) {
    let spec = host::bus::ServiceSpec {
        name: "recorder".to_owned(),
        version: "0.1.0".to_owned(),
        description: "Answers for entries.".to_owned(),
        subject: force().service("recorder"),
        endpoints: vec!["entries".to_owned()],
        metadata: std::collections::BTreeMap::new(),
        figures: None,
    };
    let mut requests = bus.serve(spec).await.expect("the bus is open");
    tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            request.reply(Ok(answer.clone()));
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_somebody_else_sealed_halts_the_mirror() {
    let (bus, _) = bus().await;
    let scene = scene_with(10);
    let size = tokio::task::block_in_place(|| scene.size());
    let real = tokio::task::block_in_place(|| scene.batch(size - 1, size));
    publish(&bus, tokio::task::block_in_place(|| scene.batch(0, size - 1)).to_bytes()).await;
    let entry = Entry::parse(&real.entries[0]).expect("an entry");
    let forged = Entry { recorded_at_ms: entry.recorded_at_ms + 1, ..entry }.seal().expect("it fits");
    publish(&bus, SealedBatch { entries: vec![forged.into()], ..real.clone() }.to_bytes()).await;
    let _serving = scene.serve_entries(&bus, 50).await;
    let mirror = empty_mirror();
    let _following = follow(mirror.clone(), bus.clone(), force());
    assert!(mirror.caught_up_to(TreeSize(size), SOON).await, "nobody can tell yet");
    tokio::task::block_in_place(|| scene.record(50..55));
    batches(&scene, 100);
    publish(&bus, tokio::task::block_in_place(|| scene.batch(size - 1, size + 5)).to_bytes()).await;
    let reason = halts(&mirror).await;
    assert!(reason.contains(&format!("entry {size}")), "{reason}");
    assert!(
        !mirror.caught_up_to(TreeSize(size + 5), SOON).await,
        "it takes nothing more, and says so at once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_the_log_did_not_sign_is_left_out_and_the_mirror_goes_on() {
    let (bus, _) = bus().await;
    let scene = scene_with(10);
    let (size, root) = tokio::task::block_in_place(|| (scene.size(), scene.root()));
    let all = batches(&scene, 100);
    let forged = signer_from(9).sign(TreeSize(size), root).expect("it signs").to_bytes();
    publish(&bus, SealedBatch { checkpoint: Some(forged.into()), ..all[0].clone() }.to_bytes()).await;
    let _serving = scene.serve_entries(&bus, 50).await;
    let mirror = empty_mirror();
    let _following = follow(mirror.clone(), bus.clone(), force());
    agrees(&mirror, &scene).await;
    let nothing = SealedBatch { first: EntryIndex(size), entries: Vec::new(), checkpoint: None };
    publish(&bus, nothing.to_bytes()).await;
    agrees(&mirror, &scene).await;
}
