//! What boards decide, pass on, submit and publish; what is held, restricted and redacted; facts by their words.

use serde_json::{Value, json};

use super::inspection::spotlight;
use super::world::{Draft, FORCE, LPB, World, hex};
use crate::Code;
use crate::obligation::Stage;

const SEVEN: &str = "obligation/cambridgeshire/dupp-2021/7/0";
const MEETING: &str = "meeting/cambs.bcb/2021-04-13";

fn with_boards() -> World {
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
    assert_eq!(act(&mut world, json!({ "action": "training", "step": "allocated" })), Err(Code::ActionState));
    assert_eq!(act(&mut world, allocated.clone()), Ok(()));
    assert_eq!(act(&mut world, allocated), Err(Code::ActionState));
    let unreasoned = json!({ "action": "training", "step": "rebaselined", "due_words": "by July 2021" });
    assert_eq!(act(&mut world, unreasoned), Err(Code::ActionState));
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

fn fact<'w>(world: &'w mut World, word: &str, text: &str) -> Draft<'w> {
    let body = json!({ "fact": word, "text": text });
    world.say("ScrutinyFactRecorded", "fact/cambridgeshire/x", body).by("alice", "G&I", FORCE)
}

#[test]
fn a_fact_is_called_by_a_registered_word() {
    let mut world = spotlight();
    let near = fact(&mut world, "TrainingDeliverd", "Done.").refused(Code::UnknownFact);
    assert_eq!(near, "no fact is called \"TrainingDeliverd\"; did you mean TrainingDelivered?");
    let kind = fact(&mut world, "ItemForwarded", "Done.").refused(Code::UnknownFact);
    assert_eq!(kind, "ItemForwarded is a kind of its own, \"Item forwarded\", and not a fact");
    fact(&mut world, "TrainingDelivered", "Done.").ok();
    fact(&mut world, "RiskMeetingHeld", "Held.").refused(Code::Marking);
    fact(&mut world, "RiskMeetingHeld", "Held.").but(|m| m.marking = 2).ok();
}

#[test]
fn inv_31_text_that_is_not_sealed_names_no_number_of_a_person() {
    let mut world = spotlight();
    let sentence = fact(&mut world, "TrainingDelivered", "Led by PC 1234.").refused(Code::Inv31);
    assert_eq!(
        sentence,
        "body.text holds what looks like a collar or warrant number; seal it, or leave it out"
    );
    let answer =
        json!({ "type": "action_taken", "text": "Done.", "actions": [{ "what": "Ring 01480 456111" }] });
    let draft = world.say("ForceResponseRecorded", SEVEN, answer).by("chief", "CC", FORCE);
    assert!(draft.refused(Code::Inv31).starts_with("body.actions.0.what "));
    let titled = fact(&mut world, "DocumentReferenced", "A letter.").with_document();
    let sentence = titled.but(|m| m.documents[0].title = "Letter to a.person@example.org".to_owned());
    assert!(sentence.refused(Code::Inv31).starts_with("documents.0.title "));
    let worded = fact(&mut world, "EventHeld", "An event.");
    let draft = worded.but(|m| m.occurred.as_mut().unwrap().words = "when AB12 CDE was stopped".to_owned());
    assert!(draft.refused(Code::Inv31).starts_with("occurred.words "));
    fact(&mut world, "DocumentReferenced", "Letterhead with a PO Box 123, 16 August 2022.").ok();
}

fn erase<'w>(world: &'w mut World, digest: &[u8; 32]) -> Draft<'w> {
    let body =
        json!({ "digests": [hex(digest)], "reason_code": "DATA_SUBJECT_RIGHT", "legal_hold_checked": true });
    world.say("ErasureExecuted", "privacy/x", body).by("im", "IM", FORCE).by("ka one", "KA", "home-office")
}

fn hold<'w>(world: &'w mut World, body: Value) -> Draft<'w> {
    world.say("LegalHoldPlaced", "hold/inquiry", body).by("office", "LPB-O", LPB)
}

#[test]
fn inv_33_what_is_under_a_legal_hold_is_restricted_and_not_erased() {
    let mut world = spotlight();
    let held = || json!({ "digests": [hex(&[5; 32])], "basis": "Inquiries Act 2005 s.21" });
    hold(&mut world, json!({ "basis": "Inquiries Act 2005 s.21" })).refused(Code::HoldState);
    hold(&mut world, json!({ "basis": "none", "released": true })).refused(Code::HoldState);
    hold(&mut world, held()).ok();
    let sentence = erase(&mut world, &[5; 32]).refused(Code::Inv33);
    assert!(sentence.ends_with("is under legal hold inquiry; restrict its processing instead"), "{sentence}");
    erase(&mut world, &[6; 32]).ok();
    let restrict = |world: &mut World, lifted: bool| {
        let mut body = json!({ "digests": [hex(&[5; 32])], "reason_code": "DATA_SUBJECT_RIGHT" });
        if lifted {
            body["lifted"] = json!(true);
        }
        world.say("ProcessingRestricted", "privacy/y", body).by("im", "IM", FORCE).judged_by(|d| d)
    };
    assert_eq!(restrict(&mut world, true), Err(Code::Restriction));
    assert_eq!(restrict(&mut world, false), Ok(()));
    assert_eq!(restrict(&mut world, false), Err(Code::Restriction));
    hold(&mut world, json!({ "basis": "The inquiry has reported", "released": true })).ok();
    // Kept as evidence still, until somebody decides otherwise.
    erase(&mut world, &[5; 32]).refused(Code::Inv33);
    assert_eq!(restrict(&mut world, true), Ok(()));
    erase(&mut world, &[5; 32]).ok();
    hold(&mut world, held()).refused(Code::HoldState);
}

#[test]
fn inv_33_what_is_sealed_on_a_held_stream_is_held_from_the_start() {
    use scrutiny_proto::ledger::v1::Commitment;
    let mut world = spotlight();
    let seal = |world: &mut World, byte: u8| {
        let commitment = Commitment {
            field: "people".to_owned(),
            digest: bytes::Bytes::copy_from_slice(&[byte; 32]),
            reason_code: "PERSONAL_DATA".to_owned(),
        };
        fact(world, "ContactNamed", "A contact.").but(|m| m.sealed.push(commitment)).ok();
    };
    seal(&mut world, 1);
    hold(&mut world, json!({ "streams": ["fact/cambridgeshire/x"], "basis": "Inquiries Act 2005 s.21" }))
        .ok();
    seal(&mut world, 2);
    erase(&mut world, &[1; 32]).ok();
    erase(&mut world, &[2; 32]).refused(Code::Inv33);
    assert!(world.state.is_held(&ledger_core::hash::Hash([2; 32])));
}

#[test]
fn acts_of_privacy_name_statements_by_id_and_reasons_by_code() {
    let mut world = spotlight();
    let id = world.say("RoleEnded", "role/lead", json!({ "reason": "Left." }));
    let id = id.by("ka one", "KA", "home-office").by("ka two", "KA", "home-office").ok();
    let redaction =
        |target: &str, code: &str| json!({ "target": target, "fields": ["text"], "reason_code": code });
    let redact = |world: &mut World, body: Value| {
        let draft = world.say("RedactionApplied", "privacy/z", body).by("im", "IM", FORCE);
        draft.by("office", "LPB-O", LPB).judged_by(|d| d)
    };
    assert_eq!(redact(&mut world, redaction("that one", "SAFETY")), Err(Code::Privacy));
    assert_eq!(redact(&mut world, redaction(&id, "DISCRETION")), Err(Code::Privacy));
    assert_eq!(redact(&mut world, redaction(&id, "SAFETY")), Ok(()));
    for (result, corrected_by, good) in [
        ("supplemented", "", true),
        ("corrected", id.as_str(), true),
        ("corrected", "", false),
        ("refused", id.as_str(), false),
    ] {
        let mut body = json!({ "target": id, "result": result });
        if !corrected_by.is_empty() {
            body["corrected_by"] = json!(corrected_by);
        }
        let got =
            world.say("RectificationRecorded", "privacy/z", body).by("im", "IM", FORCE).judged_by(|d| d);
        assert_eq!(got, if good { Ok(()) } else { Err(Code::Privacy) }, "{result}");
    }
    let disclosed = json!({ "target": "x", "recipient_office": "Secretary of State", "basis": "s.55(2A)" });
    world.say("DisclosureLogged", "privacy/z", disclosed).by("im", "IM", FORCE).refused(Code::Privacy);
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
    assert_eq!(
        change(&mut world, "r13", body("extended", "2021-05-01", "2021-05-02")),
        Err(Code::ClockState)
    );
    assert_eq!(change(&mut world, "r13", body("extended", "2021-05-01", "2021-05-06")), Ok(()));
}
