//! What local policing bodies publish, what meetings note, what is erased.

use serde_json::{Value, json};

use super::inspection::spotlight;
use super::world::{Draft, FORCE, LPB, World, hex};
use crate::Code;
use crate::obligation::Stage;

const STREAM: &str = "response/cambridgeshire-lpb/dupp-2021";
const SEVEN: &str = "obligation/cambridgeshire/dupp-2021/7/0";
const MEETING: &str = "meeting/cambs.bcb/2021-04-13";

fn published(on: &str, covers: &[(&str, &str)]) -> Value {
    let covers: Vec<_> = covers.iter().map(|(o, mode)| json!({ "obligation": o, "mode": mode })).collect();
    json!({ "published_on": on, "covers": covers, "cites_as_written": "s.55(1)", "cites_normalised": "s.55(5)" })
}

fn publish<'w>(world: &'w mut World, stream: &str, body: Value) -> Draft<'w> {
    world.say("StatutoryResponsePublished", stream, body)
}

#[test]
fn inv_08_the_chief_constable_does_not_sign_for_the_local_policing_body() {
    let mut world = spotlight();
    world.hire("other pcc", "LPB", "cumbria-lpb");
    let body = || published("2021-04-12", &[(SEVEN, "specific")]);
    publish(&mut world, STREAM, body()).by("chief", "CC", FORCE).refused(Code::Inv08);
    publish(&mut world, STREAM, body()).by("office", "LPB-O", LPB).refused(Code::Inv08);
    publish(&mut world, STREAM, body()).by("other pcc", "LPB", "cumbria-lpb").refused(Code::Inv08);
    publish(&mut world, STREAM, body()).by("pcc", "LPB", LPB).by("chief", "CC", FORCE).ok();
}

#[test]
fn an_acting_commissioner_signs_as_acting() {
    let mut world = spotlight();
    let mut assigned = json!({ "key": super::world::key_id("office").to_string(), "role": "LPB", "body": LPB, "acting": true });
    assigned["valid_to"] = json!("2021-05-12");
    let draft = world.say("RoleAssigned", "role/acting-pcc", assigned);
    draft.by("ka one", "KA", "home-office").by("ka two", "KA", "home-office").ok();
    publish(&mut world, STREAM, published("2021-04-12", &[])).by("office", "LPB", LPB).refused(Code::Acting);
    publish(&mut world, STREAM, published("2021-04-12", &[])).by("office", "LPB", LPB).acting().ok();
}

#[test]
fn a_published_response_covers_obligations_of_its_report_once_each_and_after_it() {
    let mut world = spotlight();
    for (on, covers, code) in [
        ("2021-04-12", &[("obligation/cambridgeshire/dupp-2021/14/0", "specific")][..], Code::Inv01),
        ("2021-04-12", &[(SEVEN, "specific"), (SEVEN, "blanket")], Code::BodyMalformed),
        ("2021-04-14", &[(SEVEN, "specific")], Code::DateOrder),
        ("2021-02-25", &[(SEVEN, "specific")], Code::DateOrder),
    ] {
        publish(&mut world, STREAM, published(on, covers)).by("pcc", "LPB", LPB).refused(code);
    }
    let elsewhere = "response/cambridgeshire-lpb/peel-2021";
    publish(&mut world, elsewhere, published("2021-04-12", &[]))
        .by("pcc", "LPB", LPB)
        .refused(Code::UnknownReport);
    let report = json!({ "title": "PEEL", "publisher": "hmicfrs", "type": "force" });
    world.say("ReportPublished", "report/peel-2021", report).by("hmi", "HMI", "hmicfrs").ok();
    let other = published("2021-04-12", &[(SEVEN, "specific")]);
    publish(&mut world, elsewhere, other).by("pcc", "LPB", LPB).refused(Code::Inv01);
    // The day may be unknown: no verdict then, and no refusal.
    let undated = json!({ "covers": [{ "obligation": SEVEN, "mode": "blanket" }] });
    publish(&mut world, STREAM, undated).by("pcc", "LPB", LPB).ok();
}

#[test]
fn copies_and_comments_belong_to_a_report_on_the_ledger() {
    let mut world = spotlight();
    let copy = |on: &str| json!({ "to": "secretary-of-state", "sent_on": on });
    let send = |world: &mut World, stream: &str, on: &str| {
        world.say("CopySent", stream, copy(on)).any_version().by("office", "LPB-O", LPB).judged_by(|d| d)
    };
    assert_eq!(send(&mut world, STREAM, "2021-04-13"), Ok(()));
    assert_eq!(send(&mut world, STREAM, "2021-04-14"), Err(Code::DateOrder));
    assert_eq!(send(&mut world, "response/cambridgeshire-lpb/x", "2021-04-13"), Err(Code::UnknownReport));
    let invited = json!({ "by_date": "2021-04-20" });
    world.say("ChiefOfficerCommentsInvited", STREAM, invited).by("pcc", "LPB", LPB).ok();
    world
        .say("ChiefOfficerCommentsSubmitted", STREAM, json!({ "responses": 8 }))
        .by("chief", "CC", FORCE)
        .ok();
    let prepared = json!({ "letter_dated": "2021-04-13", "covers": [{ "obligation": SEVEN }] });
    world
        .say("StatutoryResponsePrepared", STREAM, prepared)
        .by("pcc", "LPB", LPB)
        .refused(Code::BodyMalformed);
}

#[test]
fn inv_39_noting_a_paper_leaves_every_obligation_as_it_was() {
    let mut world = spotlight();
    let paper = json!({ "title": "HMICFRS spotlight", "from_office": "Chief Constable", "ask": "note" });
    let noted = |title: &str| json!({ "title": title, "decision": "noted" });
    let decide = |world: &mut World, title: &str| {
        world.say("PaperDecided", MEETING, noted(title)).by("chair", "CHAIR", "cambs.bcb").judged_by(|d| d)
    };
    assert_eq!(decide(&mut world, "HMICFRS spotlight"), Err(Code::UnknownPaper));
    world.say("PaperTabled", MEETING, paper.clone()).by("chief", "CC", FORCE).ok();
    assert_eq!(decide(&mut world, "Another"), Err(Code::UnknownPaper));
    assert_eq!(decide(&mut world, "HMICFRS spotlight"), Ok(()));
    assert_eq!(world.state.obligation(SEVEN).unwrap().stage, Stage::Created);
    let tomorrow = "meeting/cambs.bcb/2021-04-14";
    world.say("PaperTabled", tomorrow, paper.clone()).by("chief", "CC", FORCE).ok();
    let early = world.say("PaperDecided", tomorrow, noted("HMICFRS spotlight"));
    early.by("chair", "CHAIR", "cambs.bcb").refused(Code::DateOrder);
    world
        .say("PaperTabled", "meeting/cambs.bcb/april", paper)
        .by("chief", "CC", FORCE)
        .refused(Code::StreamMismatch);
    let held = json!({ "body_as_written": "the Board" });
    world
        .say("MeetingHeld", tomorrow, held.clone())
        .by("chair", "CHAIR", "cambs.bcb")
        .refused(Code::DateOrder);
    world.say("MeetingHeld", MEETING, held.clone()).by("chair", "CHAIR", "cambs.bcb").ok();
    world
        .say("MeetingHeld", "meeting/cumbria.pac/2021-04-13", held)
        .by("chair", "CHAIR", "cambs.bcb")
        .refused(Code::Charter);
}

#[test]
fn a_body_is_registered_before_its_aliases_and_may_be_revised() {
    let mut world = World::staffed();
    let alias = json!({ "as_written": "Herefordshire", "source": "web page", "correction": "Hertfordshire is meant" });
    let add = |world: &mut World| {
        let draft = world.say("BodyAliasAdded", "body/bch.jps", alias.clone()).any_version();
        draft.by("alice", "G&I", FORCE).judged_by(|d| d)
    };
    assert_eq!(add(&mut world), Err(Code::UnknownBody));
    let body = |part_of: &str| json!({ "name": "Joint Protective Services", "level": "collaboration", "part_of": part_of });
    let register = |world: &mut World, body: Value| {
        world.say("BodyRegistered", "body/bch.jps", body).by("alice", "G&I", FORCE).judged_by(|d| d)
    };
    assert_eq!(register(&mut world, body("bch.jps")), Err(Code::BodyState));
    let mut backwards = body("bch");
    (backwards["valid_from"], backwards["valid_to"]) = (json!("2021-02-01"), json!("2021-01-31"));
    assert_eq!(register(&mut world, backwards), Err(Code::BodyState));
    assert_eq!(register(&mut world, body("bch")), Ok(()));
    assert_eq!(register(&mut world, body("bch.board")), Ok(()));
    assert_eq!(add(&mut world), Ok(()));
}

#[test]
fn inv_33_nothing_is_erased_before_the_legal_holds_were_checked() {
    let mut world = World::staffed();
    let erase = |world: &mut World, digests: &[&[u8]], checked: bool| {
        let digests: Vec<_> = digests.iter().map(|d| hex(d)).collect();
        let mut body = json!({ "digests": digests, "reason_code": "DATA_SUBJECT_RIGHT" });
        if checked {
            body["legal_hold_checked"] = json!(true);
        }
        let draft = world.say("ErasureExecuted", "privacy/one", body);
        draft.by("im", "IM", FORCE).by("ka one", "KA", "home-office").judged_by(|d| d)
    };
    assert_eq!(erase(&mut world, &[&[1; 32]], false), Err(Code::LegalHold));
    assert_eq!(erase(&mut world, &[], true), Err(Code::Erasure));
    assert_eq!(erase(&mut world, &[&[1; 31]], true), Err(Code::Erasure));
    assert_eq!(erase(&mut world, &[&[1; 32], &[1; 32]], true), Err(Code::Erasure));
    assert_eq!(erase(&mut world, &[&[1; 32], &[2; 32]], true), Ok(()));
    assert_eq!(erase(&mut world, &[&[2; 32]], true), Err(Code::Erasure));
    assert!(world.state.is_erased(&ledger_core::hash::Hash([1; 32])));
    let alone = json!({ "digests": [hex(&[3; 32])], "reason_code": "X", "legal_hold_checked": true });
    world.say("ErasureExecuted", "privacy/one", alone).by("im", "IM", FORCE).refused(Code::Charter);
}
