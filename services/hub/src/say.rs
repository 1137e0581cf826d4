//! What is said of a force: alarms once each, figures, and its report.

use std::path::Path;
use std::time::Duration;

use host::bus::names::Force;
use tokio::time::Instant;

use crate::force::Given;
use crate::remembered::Remembered;
use crate::report::{CheckpointReport, ForceReport, State};
use crate::watch::{Change, Watch};

/// Every alarm's figure is there from the beginning, so that whoever watches it knows it when it is raised.
pub(crate) fn begin(force: &Force) {
    for state in State::ALL.into_iter().filter(|state| state.is_alarm()) {
        alarm(force, state).set(0.0);
    }
}

fn alarm(force: &Force, state: State) -> metrics::Gauge {
    metrics::gauge!("scrutiny_hub_alarm", "force" => force.to_string(), "kind" => state.label())
}

/// Says what is new and what is over: once each, as a log line and as a figure.
pub(crate) fn tell(force: &Force, watch: &mut Watch, now: Instant) {
    let name = force.to_string();
    for change in watch.changes(now) {
        let (state, value) = match &change {
            Change::Raised(state, why) => {
                tracing::error!(alarm = state.label(), "{why}");
                metrics::counter!("scrutiny_hub_alarms_total", "force" => name.clone(), "kind" => state.label())
                    .increment(1);
                (*state, 1.0)
            }
            Change::Lifted(state) => {
                tracing::info!(alarm = state.label(), "over");
                (*state, 0.0)
            }
        };
        alarm(force, state).set(value);
    }
    let (entries, _) = watch.behind(now);
    metrics::gauge!("scrutiny_hub_held_entries", "force" => name.clone()).set(watch.held.0 as f64);
    metrics::gauge!("scrutiny_hub_behind_entries", "force" => name).set(entries as f64);
}

/// Everything that is known of a force now.
pub(crate) fn report(
    given: &Given,
    watch: &Watch,
    known: Option<(&Remembered, bool)>,
    evidence: Option<&Path>,
    now: Instant,
) -> ForceReport {
    let conditions = watch.conditions(now);
    let (state, why) = conditions[0].clone();
    let (behind_entries, lag) = watch.behind(now);
    let checkpoint = known.map(|(known, held)| CheckpointReport {
        size: known.note.size.0,
        root: known.note.root.to_string(),
        seen_at_ms: known.seen_at_ms,
        held,
        consistent: known.consistent,
        consistent_since_ms: known.since_ms,
    });
    let at = |ago: Duration| given.clock.now_ms().saturating_sub(ago.as_millis() as u64);
    ForceReport {
        force: given.force.to_string(),
        state,
        why,
        what_to_do: state.what_to_do().to_owned(),
        all: conditions.iter().map(|(state, _)| *state).filter(|state| *state != State::Ok).collect(),
        origin: None,
        pinned: watch.pinned,
        held: watch.held.0,
        root: watch.root.to_string(),
        head: watch.head.map(|head| head.size.0),
        head_at_ms: watch.head.map(|head| at(now - head.asked)),
        head_problem: watch.head_problem.clone(),
        behind_entries,
        behind_seconds: lag.as_secs(),
        checkpoint,
        heard_at_ms: watch.heard.map(|heard| at(now - heard)),
        evidence: evidence.map(|file| file.display().to_string()),
    }
}
