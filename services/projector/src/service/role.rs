//! The projector's place among the others: what it is told, and how it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use host::{Health, Host, Key, Outcome, Role, Shape};
use ledger_store::{MemoryDisk, MemoryStore, Options, SegmentStore, Store, StoreError};
use mirror::{Following, LogKey, Mirror, follow};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;

use super::{FollowFolder, Live, NotFolded, answers, follow_folder, follow_mirror};

/// The projector.
pub static ROLE: Role = Role {
    name: "projector",
    about: "Folds the ledger into registers, clocks and figures, and answers from them",
    defaults: &[("ops.listen", "127.0.0.1:9462")],
    keys: &[
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
        Key::optional(
            "ledger",
            Shape::Path,
            "The recorder's own folder, read on beside it; then no copy is kept",
        ),
    ],
};

/// Questions answered at the same time: each may take a whole core for some milliseconds.
const AT_ONCE: usize = 8;

/// Between two looks at what may be amiss.
const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Deserialize)]
struct Settings {
    mirror: Option<PathBuf>,
    policy: Option<PathBuf>,
    ledger: Option<PathBuf>,
}

/// Where the entries come from.
enum Source {
    Folder(FollowFolder),
    Mirror { mirror: Mirror, following: Following, folding: tokio::task::JoinHandle<Result<(), NotFolded>> },
}

/// Serves until it is asked to stop.
///
/// # Errors
/// When its copy of the ledger does not open, or is not of this log.
pub async fn serve(host: Host) -> Outcome {
    let settings: Settings = host.config.settings()?;
    let live = Live::new();
    let mut source = match settings.ledger {
        Some(ledger) => Source::Folder(follow_folder(live.clone(), &ledger)),
        None => from_mirror(&host, live.clone(), settings.mirror, settings.policy.as_deref()).await?,
    };
    let (stopping, health) = (host.stopping.clone(), host.health.clone());
    let served = tokio::select! {
        served = answer_all(&host, &live) => served,
        () = watch(&health, &mut source) => Ok(()),
        () = stopping.asked() => Ok(()),
    };
    health.ended("watch");
    match source {
        Source::Mirror { mirror, following, folding } => {
            // Each holds the copy, and whoever opens it next finds it locked until all of them let go.
            following.stop().await;
            // One that ended by itself was asked for its reason already.
            if !folding.is_finished() {
                folding.abort();
                let _ = folding.await;
            }
            tokio::task::spawn_blocking(move || mirror.save()).await?;
        }
        Source::Folder(follow) => tokio::task::spawn_blocking(move || drop(follow)).await?,
    }
    served
}

async fn from_mirror(
    host: &Host,
    live: Live,
    folder: Option<PathBuf>,
    policy: Option<&Path>,
) -> Result<Source, Box<dyn std::error::Error + Send + Sync>> {
    let log = policy.map_or(Ok(LogKey::FromFirstEntry), LogKey::from_policy_file)?;
    let opened = tokio::task::spawn_blocking(move || Mirror::open(store(folder)?, log));
    let mirror = opened.await??;
    let following = follow(mirror.clone(), host.bus.clone(), host.common().force());
    let folding = tokio::spawn(follow_mirror(live, mirror.clone()));
    Ok(Source::Mirror { mirror, following, folding })
}

fn store(folder: Option<PathBuf>) -> Result<Box<dyn Store>, StoreError> {
    let Some(folder) = folder else { return Ok(Box::new(MemoryStore::open(&MemoryDisk::new())?)) };
    let options = Options { what: ROLE.name.to_owned(), ..Options::default() };
    Ok(Box::new(SegmentStore::open(&folder, options)?.0))
}

async fn answer_all(host: &Host, live: &Live) -> Outcome {
    let standing = live.clone();
    let figures = move || json!({ "size": standing.standing().tree_size.0, "covered": standing.covered().0 });
    let mut requests = host.bus.serve(host.service(&answers::ENDPOINTS, figures)).await?;
    let room = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(request) = requests.next().await {
        let permit = Arc::clone(&room).acquire_owned().await?;
        let (live, now_ms) = (live.clone(), host.clock.now_ms());
        tokio::task::spawn_blocking(move || {
            let answer = answers::answer(&live, &request, now_ms);
            request.reply(answer);
            drop(permit);
        });
    }
    host.stopping.asked().await;
    Ok(())
}

/// Says how the source is, for as long as it is polled.
async fn watch(health: &Health, source: &mut Source) {
    loop {
        match source {
            Source::Folder(follow) => match follow.trouble() {
                Some(why) => health.halted("ledger", &why),
                None => health.ready("ledger"),
            },
            Source::Mirror { mirror, following, folding } => {
                if folding.is_finished() {
                    let why = match folding.await {
                        Ok(Err(error)) => error.to_string(),
                        _ => "it has ended".to_owned(),
                    };
                    health.halted("projections", &why);
                    return std::future::pending().await;
                }
                match (mirror.halted(), following.trouble()) {
                    (Some(why), _) => health.halted("mirror", &why),
                    (None, Some(why)) => health.waiting("mirror", &why),
                    (None, None) => health.ready("mirror"),
                }
            }
        }
        health.turns("watch", 40 * LOOK_EVERY);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
