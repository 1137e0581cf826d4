//! A desk as a role: its replica, its place on the bus, its health.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use host::bus::{Bus, StreamSpec};
use host::health::Health;
use host::{Host, Key, Outcome, Shape};
use ledger_store::{MemoryDisk, MemoryStore, Options, SegmentStore, Store};
use mirror::{Following, LogKey, Mirror, follow};
use serde::Deserialize;
use serde_json::json;

use crate::{Desk, Limits, SUBMIT, Service, VERSIONS, serve};

/// What every desk can be told beyond what every role knows.
pub const KEYS: &[Key] = &[
    Key::optional(
        "mirror",
        Shape::Path,
        "Where it keeps its copy of the ledger; in memory where nothing is said",
    ),
    Key::optional(
        "policy",
        Shape::Path,
        "The log's keys, as `scrutiny policy` prints them; else those of entry 0",
    ),
];

/// Between two looks at what may be amiss.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct Settings {
    mirror: Option<PathBuf>,
    policy: Option<PathBuf>,
}

/// Runs the desk of a service until the process is asked to stop, and finishes what is in hand.
///
/// # Errors
/// When its settings do not do, or its copy of the ledger is not of this log.
pub async fn run(host: Host, service: Service) -> Outcome {
    let settings: Settings = host.config.settings()?;
    let force = host.common().force();
    let policy = settings.policy.as_deref();
    let log = policy.map_or(Ok(LogKey::FromFirstEntry), LogKey::from_policy_file)?;
    let store = store(settings.mirror.as_deref(), service)?;
    // Replaying a large copy takes its time.
    let mirror = tokio::task::spawn_blocking(move || Mirror::open(store, log)).await??;
    let following = follow(mirror.clone(), host.bus.clone(), force.clone());
    let replica = Arc::new(mirror.clone());
    let desk = Desk::open(&host.bus, force.clone(), service, replica, host.clock.clone(), Limits::default());
    let desk = Arc::new(desk);
    let (figures, standing) = (desk.figures(), mirror.clone());
    let spec = host.service(&[SUBMIT, VERSIONS], move || {
        json!({
            "accepted": figures.accepted.load(Relaxed),
            "refused": figures.refused.load(Relaxed),
            "unavailable": figures.unavailable.load(Relaxed),
            "left_to_the_recorder": figures.unsure.load(Relaxed),
            "mirror_size": standing.standing().size.0,
        })
    });
    let inbox = force.inbox();
    let watching = watch(&host.health, &host.bus, &inbox, &mirror, &following);
    let done = tokio::select! {
        served = serve(desk, &host.bus, spec, host.stopping.asked()) => served,
        () = watching => Ok(()),
    };
    following.stop().await;
    tokio::task::spawn_blocking(move || mirror.save()).await?;
    Ok(done?)
}

fn store(folder: Option<&Path>, service: Service) -> Result<Box<dyn Store>, ledger_store::StoreError> {
    let Some(folder) = folder else {
        return Ok(Box::new(MemoryStore::open(&MemoryDisk::new())?));
    };
    let options = Options { what: service.name().to_owned(), ..Options::default() };
    Ok(Box::new(SegmentStore::open(folder, options)?.0))
}

/// Says how the inbox and the mirror are, for as long as it is polled.
async fn watch(health: &Health, bus: &Bus, inbox: &StreamSpec, mirror: &Mirror, following: &Following) {
    let mut inbox_checked = false;
    loop {
        if !inbox_checked {
            match bus.check(inbox).await {
                Ok(()) => inbox_checked = true,
                Err(complaints) => {
                    let why: Vec<String> = complaints.iter().map(ToString::to_string).collect();
                    health.waiting("inbox", &why.join(" "));
                }
            }
            if inbox_checked {
                health.ready("inbox");
            }
        }
        match (mirror.halted(), following.trouble()) {
            (Some(why), _) => health.halted("mirror", &why),
            (None, Some(why)) => health.waiting("mirror", &why),
            (None, None) => health.ready("mirror"),
        }
        health.turns("watch", 20 * LOOK_EVERY);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
