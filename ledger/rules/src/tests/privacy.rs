//! What is held, restricted, redacted and erased; facts by their words, and what no plain text may hold.

use serde_json::{Value, json};

use super::inspection::spotlight;
use super::world::{Draft, FORCE, LPB, World, hex};
use crate::Code;

const SEVEN: &str = "obligation/cambridgeshire/dupp-2021/7/0";

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
    assert_eq!(restrict(&mut world, false), Err(Code::Restriction));
}

#[test]
fn a_hold_grows_by_later_statements_and_ends_as_a_whole() {
    let mut world = spotlight();
    for byte in [7, 8] {
        hold(&mut world, json!({ "digests": [hex(&[byte; 32])], "basis": "A claim" })).ok();
    }
    erase(&mut world, &[7; 32]).refused(Code::Inv33);
    hold(&mut world, json!({ "basis": "The claim is settled", "released": true })).ok();
    for byte in [7, 8] {
        erase(&mut world, &[byte; 32]).ok();
    }
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
