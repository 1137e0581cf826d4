//! The runs: what is started, what goes through it, and when it is done.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use host::provision::hub::HubIdentity;
use ledger_core::ids::TreeSize;
use ledger_core::wire::Submission;
use ledger_store::{Options, SegmentStore};
use load::Signed;
use mirror::{Following, LogKey, Mirror};
use recorder::{Config, Recorder};
use tempfile::TempDir;

use super::pump::Pump;
use crate::ledger::signer_of;
use crate::{Nation, Outcome, Scene, force, signer, statements};

/// A mirror on this disk, as the hub keeps it.
pub(super) struct Held {
    mirror: Mirror,
    folder: TempDir,
    _following: Following,
}

impl Held {
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn size(&self) -> u64 {
        self.mirror.standing().size.0
    }

    async fn until(&self, size: u64) -> Outcome {
        let mut standing = self.mirror.watch();
        let there = standing.wait_for(|standing| standing.size >= TreeSize(size));
        let there = tokio::time::timeout(Duration::from_secs(300), there).await;
        there
            .map_err(|_| format!("the mirror stands at {:?} of {size}", self.mirror.standing()))?
            .map_err(|e| e.to_string())?;
        Ok(())
    }
}

/// A verified mirror of a force at the hub.
pub(super) async fn mirror(nation: &Nation, at: usize) -> Outcome<Held> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let options = Options { what: "figures".to_owned(), watermark_bytes: 0 };
    let (store, _) = SegmentStore::open(folder.path(), options).map_err(|e| e.to_string())?;
    let force = nation.forces[at].force.clone();
    let log = LogKey::Given(Box::new(signer_of(&force).verifier()));
    let mirror = Mirror::open(Box::new(store), log).map_err(|e| e.to_string())?;
    let bus = nation.bus(HubIdentity::Hub).await?;
    let following = mirror::follow(mirror.clone(), bus, force);
    let held = Held { mirror, folder, _following: following };
    held.until(nation.forces[at].head().await?.size.0).await?;
    Ok(held)
}

/// The same statements into a recorder within this process, without any broker.
pub(super) async fn embedded(facts: &[Signed], in_flight: usize) -> Outcome<Duration> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let (store, _) = SegmentStore::open(folder.path(), Options::default()).map_err(|e| e.to_string())?;
    let ticks = AtomicU64::new(load::START_MS);
    let clock = Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed));
    let checkpoint_every = Duration::from_millis(500);
    let config = Config { signer: signer(), clock, checkpoint_every, verify_threads: 0 };
    let recorder = Arc::new(Recorder::open(Box::new(store), config).map_err(|e| e.to_string())?);
    for signed in statements(&force()).founding() {
        recorder.submit(submission(&signed)).await.map_err(|e| e.to_string())?;
    }
    let (next, facts) = (Arc::new(AtomicUsize::new(0)), Arc::new(facts.to_vec()));
    let begun = Instant::now();
    let lane = |recorder: Arc<Recorder>, facts: Arc<Vec<Signed>>, next: Arc<AtomicUsize>| async move {
        while let Some(fact) = facts.get(next.fetch_add(1, Ordering::Relaxed)) {
            recorder.submit(submission(fact)).await.map_err(|e| e.to_string())?;
        }
        Ok::<(), String>(())
    };
    let lanes: Vec<_> = (0..in_flight)
        .map(|_| tokio::spawn(lane(Arc::clone(&recorder), Arc::clone(&facts), Arc::clone(&next))))
        .collect();
    for lane in lanes {
        lane.await.map_err(|e| e.to_string())??;
    }
    let took = begun.elapsed();
    tokio::task::spawn_blocking(move || drop(recorder)).await.map_err(|e| e.to_string())?;
    Ok(took)
}

fn submission(signed: &Signed) -> Submission {
    let Signed { statement, signatures, .. } = signed.clone();
    Submission { statement, signatures, addenda: Vec::new() }
}

/// What became of a run, force by force, counted from its beginning.
pub(super) struct Ran {
    /// Until the last receipt.
    pub(super) recorded: Vec<Duration>,
    /// Until the hub's mirror held the last entry.
    pub(super) held: Vec<Duration>,
    /// Entries that the mirrors did not hold when the last receipt of all was told.
    pub(super) lag: u64,
}

/// The same statements into several forces at once.
pub(super) async fn side_by_side(
    scenes: &mut [&mut Scene],
    mirrors: &[&Held],
    facts: &[Signed],
    in_flight: usize,
) -> Outcome<Ran> {
    let mut pumps = Vec::new();
    for scene in scenes.iter_mut() {
        scene.only_recorder();
        let size = scene.head().await?.size.0 + facts.len() as u64;
        pumps.push((&**scene, Pump::new(scene).await?, size));
    }
    let ends: Vec<u64> = pumps.iter().map(|(_, _, size)| *size).collect();
    let begun = Instant::now();
    let recording = pumps.into_iter().map(|(scene, pump, _)| async move {
        pump.run(scene, facts, in_flight).await?;
        Ok::<_, String>(begun.elapsed())
    });
    let holding = mirrors.iter().zip(&ends).map(|(mirror, size)| async move {
        mirror.until(*size).await?;
        Ok::<_, String>(begun.elapsed())
    });
    let behind = || mirrors.iter().zip(&ends).map(|(mirror, size)| size.saturating_sub(mirror.size())).sum();
    let recorded = async {
        let recorded = futures::future::try_join_all(recording).await?;
        Ok::<_, String>((recorded, behind()))
    };
    let ((recorded, lag), held) = tokio::try_join!(recorded, futures::future::try_join_all(holding))?;
    Ok(Ran { recorded, held, lag })
}

/// What a hub missed.
pub(super) struct Missed {
    /// From the moment the link was back to the first entry.
    pub(super) first: Duration,
    /// To the last.
    pub(super) all: Duration,
}

/// The first force goes on with its link cut; then it is whole again.
pub(super) async fn away(
    nation: &mut Nation,
    mirror: &Held,
    facts: &[Signed],
    in_flight: usize,
) -> Outcome<Missed> {
    nation.links[0].cut();
    // What the hub's server still holds of the link comes first.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = mirror.size();
    let mut scenes: Vec<&mut Scene> = nation.forces.iter_mut().take(1).collect();
    side_by_side(&mut scenes, &[], facts, in_flight).await?;
    let begun = Instant::now();
    nation.links[0].heal();
    mirror.until(before + 1).await?;
    let first = begun.elapsed();
    mirror.until(before + facts.len() as u64).await?;
    Ok(Missed { first, all: begun.elapsed() })
}
