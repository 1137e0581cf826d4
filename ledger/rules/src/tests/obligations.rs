//! What happens to an obligation between its answer and its closure, and to the periods that run.

use serde_json::{Value, json};

use super::governance::with_boards;
use super::inspection::spotlight;
use super::world::{FORCE, World};
use crate::Code;
use crate::obligation::Stage;

const SEVEN: &str = "obligation/cambridgeshire/dupp-2021/7/0";

#[test]
fn an_action_is_allocated_rebaselined_for_a_reason_and_completed() {
    let mut world = spotlight();
    let act = |world: &mut World, body: Value| {
        world.say("ActionRecorded", SEVEN, body).by("lead", "LEAD", FORCE).judged_by(|d| d)
    };
    let completed = json!({ "action": "training", "step": "completed" });
    let allocated =
        json!({ "action": "training", "step": "allocated", "what": "Training", "owner_role": "LEAD" });
    let moved = json!({ "action": "training", "step": "rebaselined", "due_words": "by July 2021", "reason": "Covid-19" });
    assert_eq!(act(&mut world, completed.clone()), Err(Code::ActionState));
    for missing in ["what", "owner_role"] {
        let mut body = allocated.clone();
        body.as_object_mut().unwrap().remove(missing);
        assert_eq!(act(&mut world, body), Err(Code::ActionState), "{missing}");
    }
    assert_eq!(act(&mut world, allocated.clone()), Ok(()));
    assert_eq!(act(&mut world, allocated), Err(Code::ActionState));
    for missing in ["due_words", "reason"] {
        let mut body = moved.clone();
        body.as_object_mut().unwrap().remove(missing);
        assert_eq!(act(&mut world, body), Err(Code::ActionState), "{missing}");
    }
    assert_eq!(act(&mut world, moved.clone()), Ok(()));
    assert_eq!(act(&mut world, completed), Ok(()));
    assert_eq!(act(&mut world, moved), Err(Code::ActionState));
    assert_eq!(world.state.obligation(SEVEN).unwrap().stage, Stage::InProgress);
}

#[test]
fn evidence_goes_to_the_inspectorate_and_may_come_back_as_insufficient() {
    let mut world = spotlight();
    let stage = |world: &World| world.state.obligation(SEVEN).unwrap().stage;
    let evidence = json!({ "evidence": ["Audit"], "submitted_on": "2021-04-13" });
    world.say("EvidenceSubmitted", SEVEN, evidence.clone()).by("alice", "G&I", FORCE).ok();
    assert_eq!(stage(&world), Stage::EvidenceSubmitted);
    let verify = |world: &mut World, step: &str| {
        let body = json!({ "step": step });
        world
            .say("InspectorateVerificationRecorded", SEVEN, body)
            .by("hmi", "HMI", "hmicfrs")
            .judged_by(|d| d)
    };
    for (step, expected) in [
        ("evidence_requested", Stage::EvidenceSubmitted),
        ("evidence_received", Stage::UnderReview),
        ("evidence_insufficient", Stage::InProgress),
        ("verified", Stage::UnderReview),
    ] {
        assert_eq!(verify(&mut world, step), Ok(()));
        assert_eq!(stage(&world), expected, "{step}");
    }
    let body = json!({ "step": "verified" });
    world
        .say("InspectorateVerificationRecorded", SEVEN, body)
        .by("alice", "G&I", FORCE)
        .refused(Code::Charter);
    world.say("ObligationClosed", SEVEN, json!({ "outcome": "complete" })).by("hmi", "HMI", "hmicfrs").ok();
    assert_eq!(verify(&mut world, "verified"), Err(Code::Inv03));
    world.say("EvidenceSubmitted", SEVEN, evidence).by("alice", "G&I", FORCE).refused(Code::Inv03);
}

#[test]
fn oversight_goes_to_bodies_that_exist_and_phases_of_monitoring_alternate() {
    let mut world = with_boards();
    let oversee = |world: &mut World, body: &str| {
        let assigned = json!({ "oversight": [body] });
        world.say("ObligationOversightAssigned", SEVEN, assigned).by("chief", "CC", FORCE).judged_by(|d| d)
    };
    assert_eq!(oversee(&mut world, "cambs.nowhere"), Err(Code::UnknownBody));
    assert_eq!(oversee(&mut world, "cambs.fob"), Ok(()));
    let phase = |world: &mut World, force: &str, phase: &str| {
        let draft =
            world.say("MonitoringPhaseChanged", &format!("monitor/{force}"), json!({ "phase": phase }));
        draft.by("hmi", "HMI", "hmicfrs").judged_by(|d| d)
    };
    assert_eq!(phase(&mut world, "cumbria", "engage"), Err(Code::UnknownBody));
    for (to, expected) in [
        ("scan", Err(Code::MonitoringState)),
        ("engage", Ok(())),
        ("engage", Err(Code::MonitoringState)),
        ("scan", Ok(())),
    ] {
        assert_eq!(phase(&mut world, FORCE, to), expected, "{to}");
    }
}

#[test]
fn only_r13_runs_longer_and_only_on_an_application_before_its_end() {
    let mut world = spotlight();
    // Made on 26 February 2021: day 56 is 22 April.
    let change = |world: &mut World, rule: &str, body: Value| {
        let stream = format!("clock/cambridgeshire/dupp-2021/{rule}");
        world.say("ClockChanged", &stream, body).by("alice", "G&I", FORCE).with_document().judged_by(|d| d)
    };
    let body = |change: &str, on: &str, to: &str| {
        let mut body = json!({ "change": change, "on": on, "reason": "A trial." });
        if !to.is_empty() {
            body["new_last_day"] = json!(to);
        }
        body
    };
    assert_eq!(change(&mut world, "r1", body("extended", "2021-04-13", "2021-05-06")), Err(Code::ClockState));
    assert_eq!(change(&mut world, "r13", body("resumed", "2021-04-13", "")), Err(Code::ClockState));
    assert_eq!(
        change(&mut world, "r13", body("extended", "2021-04-13", "2021-04-22")),
        Err(Code::ClockState)
    );
    world.it_is("2021-05-01T09:00:00Z");
    assert_eq!(
        change(&mut world, "r13", body("extended", "2021-04-23", "2021-05-06")),
        Err(Code::ClockState)
    );
    assert_eq!(change(&mut world, "r13", body("paused", "2021-04-23", "")), Err(Code::ClockState));
    assert_eq!(change(&mut world, "r13", body("paused", "2021-04-20", "")), Ok(()));
    assert_eq!(change(&mut world, "r13", body("paused", "2021-04-21", "")), Err(Code::ClockState));
    assert_eq!(change(&mut world, "r13", body("resumed", "2021-04-19", "")), Err(Code::DateOrder));
    assert_eq!(change(&mut world, "r13", body("resumed", "2021-04-30", "")), Ok(()));
    // Ten days of pause: the end is 2 May now.
    let clock = world.state.changed_clock("clock/cambridgeshire/dupp-2021/r13").unwrap();
    assert_eq!(clock.last_day.map(|day| day.to_string()).as_deref(), Some("2021-05-02"));
    assert_eq!(clock.paused_on, None);
    assert_eq!(
        change(&mut world, "r13", body("extended", "2021-05-01", "2021-05-02")),
        Err(Code::ClockState)
    );
    assert_eq!(change(&mut world, "r13", body("extended", "2021-05-01", "2021-05-06")), Ok(()));
    // Of a report whose day is unknown, no period runs.
    let undated = json!({ "title": "Undated", "publisher": "iopc", "type": "force" });
    world.say("ReportPublished", "report/undated", undated).by("hmi", "HMI", "hmicfrs").ok();
    let draft =
        world.say("ClockChanged", "clock/cambridgeshire/undated/r13", body("paused", "2021-04-20", ""));
    draft.by("alice", "G&I", FORCE).with_document().refused(Code::ClockState);
}
