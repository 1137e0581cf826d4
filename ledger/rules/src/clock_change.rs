//! Changes of a running period. Only R13 knows any: s.55(5A) of the Police Act gives no way to extend R1.

use scrutiny_proto::response::v1::{ClockChange, ClockChanged};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::civil::{self, Day};
use crate::clock::StatutoryClock;
use crate::refusal::{Code, Refusal, refuse};
use crate::report;
use crate::state::State;

/// A period that was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedClock {
    /// The last day as it stands; none while it has the last day it began with.
    pub last_day: Option<Day>,
    /// The day since when it is paused.
    pub paused_on: Option<Day>,
}

pub(crate) fn decide(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ClockChanged = case.body()?;
    if case.param("rule") != "r13" {
        return refuse(
            Code::ClockState,
            format!("no law lets {} run longer; r13 alone may be changed", case.param("rule")),
        );
    }
    let Some(made_on) = report::known_report(case)? else {
        return refuse(
            Code::ClockState,
            "when the recommendation was made is unknown, so no period is running",
        );
    };
    let known = case.state.clocks.get(case.stream());
    let last = known.and_then(|c| c.last_day).unwrap_or(StatutoryClock::beginning(made_on).last_day());
    let paused = known.and_then(|c| c.paused_on);
    let on = civil::optional(&body.on);
    case.not_in_future("on", on)?;
    match (body.change(), civil::optional(&body.new_last_day)) {
        (ClockChange::Extended, None) => refuse(Code::ClockState, "an extension names the new last day"),
        (ClockChange::Extended, Some(new)) if new <= last => {
            refuse(Code::ClockState, format!("an extension ends after {last}, got {new}"))
        }
        (ClockChange::Extended, Some(_)) if paused.is_none() && on.is_some_and(|on| on > last) => refuse(
            Code::ClockState,
            format!("an extension is applied for before the end, {last}; got {}", body.on),
        ),
        (ClockChange::Extended, Some(_)) => Ok(()),
        (_, Some(_)) => refuse(Code::ClockState, "only an extension names a new last day"),
        (ClockChange::Paused, None) if paused.is_some() => refuse(Code::ClockState, "it is paused already"),
        (ClockChange::Paused, None) if on.is_some_and(|on| on > last) => {
            refuse(Code::ClockState, format!("it ended on {last}"))
        }
        (ClockChange::Resumed, None) if paused.is_none() => refuse(Code::ClockState, "it is not paused"),
        (ClockChange::Resumed, None) if on < paused => refuse(Code::DateOrder, "it resumes before it paused"),
        _ => Ok(()),
    }
}

pub(crate) fn evolve(state: &mut State, report: &str, stream: &str, body: &ClockChanged) {
    let Some(made_on) = state.reports.get(report).copied().flatten() else { return };
    let clock =
        state.clocks.entry(stream.to_owned()).or_insert(ChangedClock { last_day: None, paused_on: None });
    match body.change() {
        ClockChange::Extended => clock.last_day = civil::optional(&body.new_last_day),
        ClockChange::Paused => clock.paused_on = civil::optional(&body.on),
        ClockChange::Resumed => {
            // The days of the pause do not count.
            let paused = clock.paused_on.take();
            let last = clock.last_day.unwrap_or(StatutoryClock::beginning(made_on).last_day());
            let on = civil::optional(&body.on);
            clock.last_day = paused.zip(on).map(|(from, to)| last.plus(to.since(from))).or(Some(last));
        }
        ClockChange::Unspecified => {}
    }
}
