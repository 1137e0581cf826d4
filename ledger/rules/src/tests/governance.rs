//! What boards decide, pass on, submit, publish and measure.

use serde_json::{Value, json};

use super::inspection::spotlight;
use super::world::{FORCE, World};
use crate::Code;
use crate::obligation::Stage;

const SEVEN: &str = "obligation/cambridgeshire/dupp-2021/7/0";
const MEETING: &str = "meeting/cambs.bcb/2021-04-13";

pub(super) fn with_boards() -> World {
    let mut world = spotlight();
    for body in ["cambs.irg", "cambs.fob"] {
        let registered = json!({ "name": body, "level": "board" });
        world.say("BodyRegistered", &format!("body/{body}"), registered).by("alice", "G&I", FORCE).ok();
    }
    for (who, body) in [("group secretary", "cambs.irg"), ("board secretary", "cambs.fob")] {
        world.hire(who, "SEC", body);
    }
    world
}

#[test]
fn inv_39_noting_is_not_approving() {
    let mut world = spotlight();
    let paper =
        |title: &str, ask: &str| json!({ "title": title, "from_office": "Chief Constable", "ask": ask });
    world.say("PaperTabled", MEETING, paper("Response", "note")).by("chief", "CC", FORCE).ok();
    world.say("PaperTabled", MEETING, paper("Plan", "approve")).by("chief", "CC", FORCE).ok();
    let decide = |world: &mut World, title: &str, decision: &str| {
        let body = json!({ "title": title, "decision": decision });
        world.say("PaperDecided", MEETING, body).by("chair", "CHAIR", "cambs.bcb").judged_by(|d| d)
    };
    let rest = |world: &mut World, paper: &str| {
        let body = json!({ "title": "Go ahead", "text": "The plan goes ahead.", "paper": paper });
        world.say("DecisionTaken", MEETING, body).by("chair", "CHAIR", "cambs.bcb").judged_by(|d| d)
    };
    assert_eq!(decide(&mut world, "Response", "approved"), Err(Code::Inv39));
    assert_eq!(decide(&mut world, "Response", "noted"), Ok(()));
    assert_eq!(rest(&mut world, "Response"), Err(Code::Inv39));
    assert_eq!(rest(&mut world, "Plan"), Err(Code::Inv39));
    assert_eq!(decide(&mut world, "Plan", "deferred"), Ok(()));
    assert_eq!(rest(&mut world, "Plan"), Err(Code::Inv39));
    assert_eq!(decide(&mut world, "Plan", "approved"), Ok(()));
    assert_eq!(rest(&mut world, "Plan"), Ok(()));
    assert_eq!(
        decide(&mut world, "Plan", "noted"),
        Ok(()),
        "a later decision takes the place of the earlier"
    );
    assert_eq!(rest(&mut world, "Plan"), Err(Code::Inv39));
    assert_eq!(decide(&mut world, "Plan", "referred"), Ok(()));
    assert_eq!(rest(&mut world, "Plan"), Ok(()));
    assert_eq!(rest(&mut world, "Another"), Err(Code::UnknownPaper));
    let on_none = json!({ "title": "Look again", "text": "In autumn." });
    world.say("DecisionTaken", MEETING, on_none).by("chair", "CHAIR", "cambs.bcb").ok();
    assert_eq!(
        world.state.obligation(SEVEN).unwrap().stage,
        Stage::Created,
        "no meeting moves an obligation"
    );
}

#[test]
fn inv_40_an_item_is_received_once_by_the_body_it_was_forwarded_to() {
    let mut world = with_boards();
    let stream = "item/cambs.irg/grounds";
    let forward = |to: &str| json!({ "title": "Grounds", "to": to, "direction": "up" });
    let receive = |world: &mut World, at: &str, who: &str, body: &str| {
        world.say("ItemReceived", stream, json!({ "at": at })).by(who, "SEC", body).judged_by(|d| d)
    };
    assert_eq!(receive(&mut world, "cambs.fob", "board secretary", "cambs.fob"), Err(Code::Inv40));
    let forwards = [("cambs.nowhere", Code::UnknownBody), ("cambs.irg", Code::Inv40)];
    for (to, code) in forwards {
        world
            .say("ItemForwarded", stream, forward(to))
            .by("group secretary", "SEC", "cambs.irg")
            .refused(code);
    }
    world.say("ItemForwarded", stream, forward("cambs.fob")).by("alice", "G&I", FORCE).ok();
    world.say("ItemForwarded", stream, forward("cambs.fob")).by("alice", "G&I", FORCE).refused(Code::Inv40);
    assert_eq!(receive(&mut world, "cambs.fob", "group secretary", "cambs.irg"), Err(Code::Inv40));
    assert_eq!(receive(&mut world, "cambs.irg", "group secretary", "cambs.irg"), Err(Code::Inv40));
    assert_eq!(receive(&mut world, "cambs.fob", "board secretary", "cambs.fob"), Ok(()));
    assert_eq!(receive(&mut world, "cambs.fob", "board secretary", "cambs.fob"), Err(Code::Inv40));
}

#[test]
fn inv_36_what_is_sent_is_what_a_chief_officer_approved() {
    let mut world = spotlight();
    let stream = "submission/cambridgeshire/annual-data/2021";
    let stage = |stage: &str, digit: &str, size: u64| {
        let mut body = json!({ "stage": stage, "payload_sha256": digit.repeat(64) });
        if size > 0 {
            body["tree_size"] = json!(size);
        }
        body
    };
    let submit = |world: &mut World, body: Value, who: &str, role: &str| {
        world.say("SubmissionRecorded", stream, body).by(who, role, FORCE).judged_by(|d| d)
    };
    let ahead = world.next_index() + 1;
    for (body, who, role, expected) in [
        (stage("approved", "a", 0), "chief", "CC", Err(Code::SubmissionState)),
        (stage("prepared", "a", 0), "alice", "G&I", Err(Code::Inv36)),
        (stage("prepared", "a", ahead), "alice", "G&I", Err(Code::Inv36)),
        (stage("prepared", "a", 5), "alice", "G&I", Ok(())),
        (stage("sent", "a", 0), "alice", "G&I", Err(Code::SubmissionState)),
        (stage("approved", "a", 0), "alice", "G&I", Err(Code::SubmissionState)),
        (stage("approved", "b", 0), "chief", "CC", Err(Code::Inv36)),
        (stage("approved", "a", 0), "chief", "CC", Ok(())),
        (stage("sent", "b", 0), "alice", "G&I", Err(Code::Inv36)),
        (stage("sent", "a", 0), "alice", "G&I", Ok(())),
        (stage("acknowledged", "a", 0), "alice", "G&I", Ok(())),
        (stage("acknowledged", "a", 0), "alice", "G&I", Err(Code::SubmissionState)),
        // A correction begins anew.
        (stage("prepared", "b", 6), "alice", "G&I", Ok(())),
    ] {
        assert_eq!(submit(&mut world, body.clone(), who, role), expected, "{body} by {who}");
    }
}

#[test]
fn a_publication_is_made_once_replaced_and_withdrawn_and_counts_what_it_withholds() {
    let mut world = spotlight();
    let body = |step: &str, change: fn(&mut Value)| {
        let mut body =
            json!({ "step": step, "url": "https://www.example.org/recap", "content_sha256": "a".repeat(64) });
        change(&mut body);
        body
    };
    for (body, good) in [
        (body("withdrawn", |_| ()), false),
        (body("made", |b| b["withheld"] = json!(2)), false),
        (body("made", |b| b["reason_codes"] = json!(["SMALL_NUMBERS"])), false),
        (body("made", |b| *b = json!({ "step": "made" })), false),
        (body("made", |b| b["tree_size"] = json!(1_000_000)), false),
        (body("made", |_| ()), true),
        (body("made", |_| ()), false),
        (body("replaced", |b| (b["withheld"], b["reason_codes"]) = (json!(2), json!(["FOI_40"]))), true),
        (body("replaced", |b| (b["withheld"], b["reason_codes"]) = (json!(2), json!(["WHIM"]))), false),
        (body("withdrawn", |b| *b = json!({ "step": "withdrawn" })), true),
    ] {
        let draft = world.say("PublicationRecorded", "publication/cambridgeshire/recap", body.clone());
        let got = draft.by("alice", "G&I", FORCE).judged_by(|d| d);
        assert_eq!(got, if good { Ok(()) } else { Err(Code::PublicationState) }, "{body}");
    }
}

#[test]
fn words_are_signed_by_whoever_spoke_and_assurance_covers_what_is_owed() {
    let mut world = spotlight();
    let said =
        |role: &str| json!({ "speaker_role": role, "text": "We will continue to review our practices." });
    let stream = "response/cambridgeshire-lpb/dupp-2021";
    let say = |world: &mut World, role: &str| {
        world.say("StatementMade", stream, said(role)).by("chief", "CC", FORCE).judged_by(|d| d)
    };
    assert_eq!(say(&mut world, "LPB"), Err(Code::Speaker));
    assert_eq!(say(&mut world, "CC"), Ok(()));
    let assure = |world: &mut World, obligation: &str| {
        let body = json!({ "text": "Direct assurance.", "obligations": [obligation] });
        world
            .say("AssuranceGiven", "assurance/cambridgeshire-lpb/dupp-2021", body)
            .by("chief", "CC", FORCE)
            .judged_by(|d| d)
    };
    assert_eq!(assure(&mut world, "obligation/cambridgeshire/dupp-2021/14/0"), Err(Code::Inv01));
    assert_eq!(assure(&mut world, SEVEN), Ok(()));
}

#[test]
fn a_metric_is_a_figure_or_a_number() {
    let mut world = spotlight();
    let backlog = json!({ "percentage_only": "16.7", "polarity": "negative" });
    for (body, good) in [
        (json!({ "measures": "backlog", "figure": backlog }), true),
        (json!({ "measures": "champions", "number": 77 }), true),
        (json!({ "measures": "champions", "number": 77, "figure": backlog }), false),
        (json!({ "measures": "champions" }), false),
        (json!({ "measures": "backlog", "figure": { "percentage_only": "16.7" } }), false),
    ] {
        let draft = world.say("MetricReported", "metric/cambridgeshire/vetting", body.clone());
        let got = draft.any_version().by("lead", "LEAD", FORCE).judged_by(|d| d);
        assert_eq!(got, if good { Ok(()) } else { Err(Code::Inv14) }, "{body}");
    }
}
