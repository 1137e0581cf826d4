//! The recorder as a process: what it is told, and where its ledger and its keys are.

use std::path::{Path, PathBuf};
use std::time::Duration;

use host::bus::names::Force;
use host::config::read_secret;
use host::{Host, Key, Outcome, Role, Shape};
use ledger_core::checkpoint::LogSigner;
use ledger_store::{Options, SegmentStore, StoreError};
use serde::Deserialize;

use crate::{Config, RecorderKey};

/// The recorder.
pub static ROLE: Role = Role {
    name: "recorder",
    about: "The single writer: takes signed statements, decides, seals, and tells",
    defaults: &[("ops.listen", "127.0.0.1:9461")],
    keys: &[
        Key::required("ledger", Shape::Path, "The ledger's folder; nobody else may write to it"),
        Key::required(
            "log-key",
            Shape::Secret,
            "The file with the log's signing keys, as `scrutiny init` makes it",
        ),
        Key::optional(
            "recorder-key",
            Shape::Secret,
            "The file with this recorder's own key, where several share a ledger: it stands by, and takes over",
        ),
        Key::with_default(
            "checkpoint-ms",
            Shape::Count,
            "500",
            "A checkpoint is published at most so long after an entry became durable",
        ),
        Key::with_default(
            "free-mib",
            Shape::Count,
            "256",
            "Space that must stay free on the ledger's disk; below it, new work waits",
        ),
    ],
};

/// Between two looks at streams that are not as they should be.
const CHECK_AGAIN: Duration = Duration::from_millis(500);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Settings {
    ledger: PathBuf,
    log_key: PathBuf,
    recorder_key: Option<PathBuf>,
    checkpoint_ms: u64,
    free_mib: u64,
}

/// Serves until it is asked to stop.
///
/// # Errors
/// When the keys or the ledger do not open, or the sealed stream tells another history.
pub async fn serve(host: Host) -> Outcome {
    let settings: Settings = host.config.settings()?;
    host.health.waiting("ledger", "it is being opened");
    let signer = log_keys(&settings.log_key)?;
    let key = settings.recorder_key.as_deref().map(recorder_key).transpose()?;
    let options = Options { what: ROLE.name.to_owned(), watermark_bytes: settings.free_mib << 20 };
    let ledger = settings.ledger.clone();
    let store = tokio::task::spawn_blocking(move || open(&ledger, options)).await??;
    let config = Config {
        signer,
        clock: host.clock.as_fn(),
        checkpoint_every: Duration::from_millis(settings.checkpoint_ms),
        verify_threads: 0,
    };
    let force = host.common().force();
    if !streams_are_right(&host, &force, key.is_some()).await {
        return Ok(());
    }
    let stopping = host.stopping.clone();
    let (store, stop) = (Box::new(store), async move { stopping.asked().await });
    match key {
        None => super::run(store, config, host.bus, force, host.health, stop).await?,
        Some(key) => super::run_among(store, config, key, host.bus, force, host.health, stop).await?,
    }
    Ok(())
}

/// The start gate: waits until the streams, and the server below them, are such that we may rely on them. False when
/// it was asked to stop before.
async fn streams_are_right(host: &Host, force: &Force, among: bool) -> bool {
    let mut streams = vec![("inbox", force.inbox()), ("sealed stream", force.sealed_log())];
    if among {
        streams.push(("addenda stream", force.addenda()));
    }
    let checked = async {
        for (part, spec) in streams {
            while let Err(complaints) = host.bus.check(&spec).await {
                let why: Vec<String> = complaints.iter().map(ToString::to_string).collect();
                host.health.waiting(part, &why.join("; "));
                tokio::time::sleep(CHECK_AGAIN).await;
            }
            // From here on it is for others to say how it is.
            host.health.without(part);
        }
    };
    tokio::select! {
        () = checked => true,
        () = host.stopping.asked() => false,
    }
}

fn log_keys(path: &Path) -> Result<LogSigner, Box<dyn std::error::Error + Send + Sync>> {
    let signer = LogSigner::parse_key_file(&read_secret(path)?);
    signer.ok_or_else(|| format!("{}: these are no log keys", path.display()).into())
}

fn recorder_key(path: &Path) -> Result<RecorderKey, Box<dyn std::error::Error + Send + Sync>> {
    RecorderKey::parse(&read_secret(path)?).map_err(|e| format!("{}: {e}", path.display()).into())
}

fn open(ledger: &Path, options: Options) -> Result<SegmentStore, StoreError> {
    let (store, report) = SegmentStore::open(ledger, options)?;
    for event in &report.healed {
        tracing::warn!("{event}");
    }
    for finding in &report.findings {
        tracing::error!("{finding}; run `scrutiny scrub`");
    }
    Ok(store)
}
