//! The hub as a process: what it is told, a task for each force, and what it answers.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Request, ServiceError};
use host::{Host, Key, Outcome, Role, Shape};
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::bounds::{MAX_EVIDENCE_BYTES, MAX_FORCES, raise_file_handles};
use crate::folder::Folder;
use crate::force::{Given, watch};
use crate::report::Report;
use crate::reports::Reports;
use crate::watch::Limits;

/// The hub's own name where a force's stands in a subject: it answers at `svc.hub.hub`.
pub const NAME: &str = "hub";

/// The hub.
pub static ROLE: Role = Role {
    name: "hub",
    about: "Keeps a verified mirror of every force's ledger, and raises an alarm where one is not what it was",
    defaults: &[("ops.listen", "127.0.0.1:9468"), ("force", NAME)],
    keys: &[
        Key::required("forces", Shape::Text, "Whose ledgers: short names with commas between them"),
        Key::with_default(
            "folder",
            Shape::Path,
            "hub",
            "Where mirrors, what is remembered and evidence are kept",
        ),
        Key::optional(
            "policies",
            Shape::Path,
            "Each force's log keys: <force>.policy, as `scrutiny policy` prints it; `policies` in the folder if unsaid",
        ),
        Key::with_default("silence-seconds", Shape::Count, "60", "A force not heard for so long is silent"),
        Key::with_default(
            "behind-seconds",
            Shape::Count,
            "30",
            "A force with an entry outstanding for so long is behind",
        ),
    ],
};

const ENDPOINTS: [&str; 2] = ["status", "evidence"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Settings {
    forces: String,
    folder: PathBuf,
    policies: Option<PathBuf>,
    silence_seconds: u64,
    behind_seconds: u64,
}

/// Why the hub does not start.
#[derive(Debug, thiserror::Error)]
enum NotSet {
    #[error("forces: {0}")]
    Force(#[from] host::bus::names::BadToken),
    #[error("forces: {0} stands there twice")]
    Twice(Force),
    #[error("forces: {0}, and one hub watches {MAX_FORCES} at most")]
    TooMany(usize),
}

/// Serves until it is asked to stop.
///
/// # Errors
/// When the settings do not go together. What is wrong with one force is that force's state, and stops nobody.
pub async fn serve(host: Host) -> Outcome {
    let settings: Settings = host.config.settings()?;
    let forces = forces(&settings.forces)?;
    let policies = settings.policies.clone().unwrap_or_else(|| settings.folder.join("policies"));
    let folders: Vec<Folder> =
        forces.iter().map(|force| Folder::of(force, &settings.folder, &policies)).collect();
    raise_file_handles(&folders.iter().map(|folder| folder.mirror.clone()).collect::<Vec<_>>());
    let reports = Reports::default();
    let limits = Limits {
        silence: Duration::from_secs(settings.silence_seconds),
        behind: Duration::from_secs(settings.behind_seconds),
    };
    let mut watching = JoinSet::new();
    for (force, folder) in forces.into_iter().zip(folders) {
        let span = tracing::info_span!("force", name = %force);
        let given = Given {
            force,
            folder,
            bus: host.bus.clone(),
            clock: host.clock.clone(),
            limits,
            reports: reports.clone(),
            stopping: host.stopping.clone(),
        };
        watching.spawn(watch(given).instrument(span));
    }
    let silence_seconds = settings.silence_seconds;
    let answered = tokio::select! {
        answered = answer_all(&host, &reports, silence_seconds) => answered,
        () = host.stopping.asked() => Ok(()),
        () = ended_early(&mut watching) => Err("a force's task ended early".into()),
    };
    while watching.join_next().await.is_some() {}
    answered
}

/// Each force's task ends when the process stops. One that panicked is an error of ours: the process ends, so that
/// whoever runs it starts it again, and no force is left without a watch in silence.
async fn ended_early(watching: &mut JoinSet<()>) {
    match watching.join_next().await {
        Some(Err(panic)) => tracing::error!("a force's task ended early: {panic}"),
        _ => std::future::pending().await,
    }
}

fn forces(text: &str) -> Result<BTreeSet<Force>, NotSet> {
    let mut forces = BTreeSet::new();
    for name in text.split(',') {
        let force = Force::parse(name.trim())?;
        if !forces.insert(force.clone()) {
            return Err(NotSet::Twice(force));
        }
    }
    if forces.len() > MAX_FORCES { Err(NotSet::TooMany(forces.len())) } else { Ok(forces) }
}

async fn answer_all(host: &Host, reports: &Reports, silence_seconds: u64) -> Outcome {
    let counted = reports.clone();
    let figures = move || {
        let all = counted.all();
        let alarms = all.iter().filter(|force| force.state.is_alarm()).count();
        json!({ "forces": all.len(), "alarms": alarms })
    };
    let mut spec = host.service(&ENDPOINTS, figures);
    spec.subject = Force::parse(NAME).expect("a constant that is a token").service(ROLE.name);
    let mut requests = host.bus.serve(spec).await?;
    host.health.ready("questions");
    while let Some(request) = requests.next().await {
        let answer = answer(reports, &request, host.clock.now_ms(), silence_seconds);
        request.reply(answer);
    }
    host.stopping.asked().await;
    Ok(())
}

fn answer(
    reports: &Reports,
    request: &Request,
    at_ms: u64,
    silence_seconds: u64,
) -> Result<Bytes, ServiceError> {
    match request.endpoint.as_str() {
        "status" => {
            let report = Report { at_ms, silence_seconds, forces: reports.all() };
            Ok(serde_json::to_vec(&report).expect("a report of our own serialises").into())
        }
        "evidence" => {
            let force = std::str::from_utf8(&request.payload).unwrap_or_default();
            let none = || ServiceError::new(404, format!("there is no evidence about {force:?}"));
            let file = reports.evidence_of(force).ok_or_else(none)?;
            let text = std::fs::read(&file).map_err(|e| ServiceError::new(503, format!("{file}: {e}")))?;
            if text.len() > MAX_EVIDENCE_BYTES {
                return Err(ServiceError::new(413, format!("{file} is too long to be sent")));
            }
            Ok(text.into())
        }
        other => Err(ServiceError::new(404, format!("the hub has no endpoint {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::State;

    #[test]
    fn forces_are_named_once_and_not_too_many() {
        assert_eq!(forces("cumbria, cambridgeshire").unwrap().len(), 2);
        let many: Vec<String> = (0..=MAX_FORCES).map(|n| format!("f{n}")).collect();
        for (text, why) in [("a,a", "twice"), ("A", "a-z"), ("", "a-z"), (&many.join(","), "at most")] {
            let refused = forces(text).unwrap_err().to_string();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }

    #[test]
    fn every_state_has_a_word_of_its_own() {
        let words: BTreeSet<&str> = State::ALL.iter().map(|state| state.word()).collect();
        assert_eq!(words.len(), State::ALL.len());
        for state in State::ALL {
            assert_eq!(json!(state), state.label());
        }
    }
}
