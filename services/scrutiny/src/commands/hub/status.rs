//! `scrutiny hub status`: how each force's ledger is, as the hub has it.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use host::bus::Bus;
use hub::{ForceReport, Report, State};
use serde_json::json;

use super::{ask, place};
use crate::cli::{Common, HubStatus};
use crate::exit::{Done, Stop};
use crate::output::{Output, count, table};
use crate::reach;

/// Before looking again, with `--wait`.
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) fn run(args: &HubStatus, at: &Common, out: Output) -> Done {
    let place = place(&args.services)?;
    let started = Instant::now();
    let report = reach::wait_for(async {
        let bus = reach::reach(&args.services, &at.ledger).await?;
        loop {
            let report = look(&bus, &place).await;
            let well = matches!(&report, Ok(report) if report.worst() < State::Waiting);
            if well || started.elapsed().as_secs() >= args.wait {
                return report;
            }
            tokio::time::sleep(PAUSE).await;
        }
    })?;
    out.result("hub status", &text(&report), || json!(report));
    outcome(&report)
}

async fn look(bus: &Bus, place: &str) -> Done<Report> {
    let answer = ask(bus, place, "status", Bytes::new()).await?;
    serde_json::from_slice(&answer).map_err(|e| Stop::Io(format!("the hub's answer does not read: {e}")))
}

fn outcome(report: &Report) -> Done {
    let forces = |n: usize| count(n as u64, "force", "forces");
    let of = |is: fn(State) -> bool| report.forces.iter().filter(|force| is(force.state)).count();
    let (failed, alarmed) = (of(State::fails_verification), of(State::is_alarm));
    if failed > 0 {
        let sentence = format!("do not rely on {}: what its log signed does not hold", forces(failed));
        return Err(Stop::VerificationFailed(sentence));
    }
    if alarmed > 0 {
        let sentence = format!("{} cannot be judged: silent, or entries are missing", forces(alarmed));
        return Err(Stop::CannotDecide(sentence));
    }
    Ok(())
}

fn text(report: &Report) -> String {
    let rows = report.forces.iter().map(|force| row(force, report.at_ms));
    let header = ["FORCE", "STATE", "HELD", "FORCE SAYS", "BEHIND", "LAST CHECKPOINT", "CONSISTENT", "HEARD"];
    let mut text = format!("{}\n\n{}\n", table(header, rows), summary(report));
    for force in &report.forces {
        // Writing to a String cannot fail.
        if force.state != State::Ok && force.state != State::Waiting {
            let _ = write!(text, "\n{}: {}: {}\n", force.force, force.state.word(), force.why);
        }
        if !force.what_to_do.is_empty() {
            let _ = writeln!(text, "  what to do: {}", force.what_to_do);
        }
        if let Some(file) = &force.evidence {
            let _ = writeln!(
                text,
                "  evidence: {file} at the hub; `scrutiny hub evidence {}` prints it",
                force.force
            );
        }
    }
    text
}

fn row(force: &ForceReport, now_ms: u64) -> [String; 8] {
    let none = || "-".to_owned();
    let checkpoint = force.checkpoint.as_ref();
    let behind = match (force.behind_entries, force.behind_seconds) {
        (0, _) => none(),
        (n, 0) => n.to_string(),
        (n, s) => format!("{n}, {}", ago(s * 1000)),
    };
    [
        force.force.clone(),
        force.state.word().to_owned(),
        force.held.to_string(),
        force.head.map_or_else(none, |head| head.to_string()),
        behind,
        checkpoint
            .map_or_else(none, |c| format!("{}, {} ago", c.size, ago(now_ms.saturating_sub(c.seen_at_ms)))),
        checkpoint.map_or_else(none, |c| match (c.held, c.consistent) {
            (false, _) => "not held now".to_owned(),
            (true, 0) => "the first seen".to_owned(),
            (true, n) => format!("{n} in a row"),
        }),
        force.heard_at_ms.map_or_else(none, |at| format!("{} ago", ago(now_ms.saturating_sub(at)))),
    ]
}

/// "Of 43 forces 41 are ok, 1 is behind and 1 is in two histories."
fn summary(report: &Report) -> String {
    let parts: Vec<String> = State::ALL
        .into_iter()
        .filter_map(|state| match report.count(state) {
            0 => None,
            1 => Some(format!("1 is {}", state.word())),
            n => Some(format!("{n} are {}", state.word())),
        })
        .collect();
    let parts = match parts.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => parts.concat(),
    };
    format!("Of {} {parts}.", count(report.forces.len() as u64, "force", "forces"))
}

fn ago(ms: u64) -> String {
    match ms / 1000 {
        s @ 0..120 => format!("{s} s"),
        s @ 120..7200 => format!("{} min", s / 60),
        s @ 7200..172_800 => format!("{} h", s / 3600),
        s => format!("{} days", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn force(name: &str, state: State) -> ForceReport {
        let why = "the reason".to_owned();
        ForceReport {
            force: name.to_owned(),
            state,
            why,
            what_to_do: state.what_to_do().to_owned(),
            all: vec![state],
            origin: None,
            pinned: true,
            held: 7,
            root: String::new(),
            head: Some(9),
            head_at_ms: Some(1_000),
            head_problem: None,
            behind_entries: 2,
            behind_seconds: 40,
            checkpoint: None,
            heard_at_ms: Some(1_000),
            evidence: None,
        }
    }

    fn report(states: &[State]) -> Report {
        let forces = states.iter().enumerate().map(|(n, state)| force(&format!("f{n}"), *state)).collect();
        Report { at_ms: 5_000, silence_seconds: 60, forces }
    }

    #[test]
    fn the_exit_code_tells_what_is_false_from_what_is_not_known() {
        for (states, code) in [
            (vec![], 0),
            (vec![State::Ok, State::NotPinned, State::Behind, State::Waiting], 0),
            (vec![State::Ok, State::Silent], 4),
            (vec![State::Gap], 4),
            (vec![State::Silent, State::RolledBack], 3),
            (vec![State::Fork], 3),
            (vec![State::Halted], 3),
        ] {
            let got = outcome(&report(&states)).err().map_or(0, |stop| stop.number());
            assert_eq!(got, code, "{states:?}");
        }
    }

    #[test]
    fn a_sentence_sums_up_and_each_alarm_says_what_to_do() {
        let all = report(&[State::Ok, State::Ok, State::Silent, State::Fork]);
        assert_eq!(summary(&all), "Of 4 forces 2 are ok, 1 is silent and 1 is FORK.");
        assert_eq!(summary(&report(&[State::Ok])), "Of 1 force 1 is ok.");
        let text = text(&all);
        assert_eq!(text.matches("what to do:").count(), 2, "{text}");
        assert!(text.contains("2, 40 s"), "{text}");
    }

    #[test]
    fn how_long_ago_is_said_in_the_unit_a_person_would_use() {
        for (ms, said) in
            [(0, "0 s"), (119_999, "119 s"), (120_000, "2 min"), (7_200_000, "2 h"), (172_800_000, "2 days")]
        {
            assert_eq!(ago(ms), said);
        }
    }
}
