//! The charter: adopting one, and the sets of signatures it asks for.

use scrutiny_proto::vocabulary::Vocabulary;
use serde_json::{Value, json};

use super::world::{FORCE, World, charter_line, key_stream};
use crate::Code;
use crate::roles::ROOT;

const HO: &str = "home-office";

/// The first charter with one kind's sets replaced.
fn with_line(kind: &str, sets: Value) -> Value {
    let full = &Vocabulary::get().kind(kind).unwrap().full_name;
    let lines = Vocabulary::get().first_charter().lines;
    let mut lines: Vec<_> = lines.iter().filter(|l| l.kind != *full).map(charter_line).collect();
    if !sets.is_null() {
        lines.push(json!({ "kind": full, "signers": sets }));
    }
    json!({ "charter": { "lines": lines }, "reason": "a trial" })
}

fn adopt(world: &mut World, body: Value, expected: Option<Code>) {
    let draft = world.say("CharterAdopted", "charter/ledger", body);
    let draft = draft.by("root one", ROOT, HO).by("root two", ROOT, HO);
    match expected {
        Some(code) => drop(draft.refused(code)),
        None => drop(draft.ok()),
    }
}

fn one(role: &str) -> Value {
    json!([{ "require": [{ "role": role }] }])
}

#[test]
fn a_charter_that_nobody_could_replace_is_refused() {
    let mut world = World::founded();
    adopt(&mut world, with_line("CharterAdopted", Value::Null), Some(Code::Lockout));
    adopt(&mut world, with_line("KeyEnrolled", Value::Null), Some(Code::Lockout));
    let three_roots = json!([{ "require": [{ "role": ROOT, "count": 3 }] }]);
    adopt(&mut world, with_line("CharterAdopted", three_roots), Some(Code::Lockout));
}

#[test]
fn a_charter_cannot_say_what_no_charter_may() {
    let mut world = World::founded();
    let one_ht = json!([{ "require": [{ "role": "HMI-T" }], "document": true }]);
    let no_document = json!([{ "require": [{ "role": "HMI-T", "count": 2 }] }]);
    let tied_to_nothing = json!([{ "require": [{ "role": "CC", "body": "force" }] }]);
    let nine = json!([{ "require": [{ "role": "CC", "count": 9 }] }]);
    for (kind, sets) in [
        ("CharterAdopted", one(ROOT)),
        ("KeyEnrolled", one("KA")),
        ("RoleAssigned", one("KA")),
        ("ObligationClosed", one("G&I")),
        ("ObligationReopened", one("CC")),
        ("StatutoryResponsePublished", one("CC")),
        ("ForceResponseRecorded", one("CC")),
        ("ReportPublished", one_ht),
        ("ReportPublished", no_document),
        ("ScrutinyFactRecorded", tied_to_nothing),
        ("ScrutinyFactRecorded", nine),
        ("ScrutinyFactRecorded", json!([])),
        ("ScrutinyFactRecorded", json!([{ "document": true }])),
    ] {
        adopt(&mut world, with_line(kind, sets), Some(Code::CharterMalformed));
    }
    let mut unknown = with_line("CopySent", Value::Null);
    unknown["charter"]["lines"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "kind": "CopySent", "signers": one("CC") }));
    adopt(&mut world, unknown, Some(Code::CharterMalformed));
    let mut twice = with_line("CopySent", one("SEC"));
    let last = twice["charter"]["lines"].as_array().unwrap().last().unwrap().clone();
    twice["charter"]["lines"].as_array_mut().unwrap().push(last);
    adopt(&mut world, twice, Some(Code::CharterMalformed));
}

#[test]
fn a_signature_counts_once_and_more_than_needed_are_welcome() {
    let mut world = World::staffed();
    let own_and_another = json!([{ "require": [{ "role": "CC" }, { "role": "CC", "body": "body" }] }]);
    adopt(&mut world, with_line("ScrutinyFactRecorded", own_and_another), None);
    let mut fact = |signers: &[(&str, &str)]| {
        let body = json!({ "fact": "PolicyAdopted", "text": "Adopted." });
        let draft = world.say("ScrutinyFactRecorded", "fact/cambridgeshire/x", body).any_version();
        signers.iter().fold(draft, |draft, (who, body)| draft.by(who, "CC", body)).judged_by(|d| d)
    };
    assert_eq!(fact(&[("chief", FORCE)]), Err(Code::Charter));
    assert_eq!(fact(&[("cumbria chief", "cumbria")]), Err(Code::Charter));
    assert_eq!(fact(&[("chief", FORCE), ("cumbria chief", "cumbria")]), Ok(()));
    assert_eq!(fact(&[("cumbria chief", "cumbria"), ("chief", FORCE)]), Ok(()));
    world.hire("clerk three", "HMI-T", FORCE);
    let report = json!({ "title": "A report", "publisher": "hmicfrs", "type": "national" });
    let draft = world.say("ReportPublished", "report/x", report).with_document();
    let clerks = ["clerk one", "clerk two", "clerk three"];
    clerks.iter().fold(draft, |draft, who| draft.by(who, "HMI-T", FORCE)).ok();
}

#[test]
fn a_lifeline_counts_keys_in_use_and_one_that_is_lost_already_blocks_nothing() {
    let mut world = World::staffed();
    let four_kas = json!([{ "require": [{ "role": "KA", "count": 4 }] }]);
    adopt(&mut world, with_line("KeyEnrolled", four_kas.clone()), Some(Code::Lockout));
    for who in ["ka three", "ka four"] {
        world.appoint_ka_until(who, "2021-05-31");
    }
    let suspended = json!({ "reason": "lost" });
    let suspend = world.say("KeySuspended", &key_stream("ka four"), suspended);
    suspend.by("ka one", "KA", HO).by("ka two", "KA", HO).ok();
    adopt(&mut world, with_line("KeyEnrolled", four_kas.clone()), Some(Code::Lockout));
    let reinstated = json!({ "reinstated": true, "reason": "found" });
    let reinstate = world.say("KeySuspended", &key_stream("ka four"), reinstated);
    reinstate.by("root one", ROOT, HO).by("root two", ROOT, HO).ok();
    adopt(&mut world, with_line("KeyEnrolled", four_kas), None);

    let revoke = |world: &mut World, who: &str| {
        let draft = world.say("KeyRevoked", &key_stream(who), json!({ "reason": "left" }));
        draft.by("root one", ROOT, HO).by("root two", ROOT, HO).judged_by(|d| d)
    };
    assert_eq!(revoke(&mut world, "ka one"), Err(Code::Lockout));
    assert_eq!(revoke(&mut world, "alice"), Ok(()));
    // In June two of the four are no key administrators any more: nobody can enrol, whoever leaves.
    world.it_is("2021-06-01T12:00:00Z");
    assert_eq!(revoke(&mut world, "ka one"), Ok(()));
    adopt(&mut world, with_line("CopySent", Value::Null), None);
}

#[test]
fn a_new_charter_holds_from_the_next_entry_on() {
    let mut world = World::staffed();
    let fact = |world: &mut World, who: &str, role: &str| {
        let body = json!({ "fact": "PolicyAdopted", "text": "Adopted." });
        let draft = world.say("ScrutinyFactRecorded", "fact/cambridgeshire/x", body);
        draft.any_version().by(who, role, FORCE).judged_by(|d| d)
    };
    assert_eq!(fact(&mut world, "alice", "G&I"), Ok(()));
    assert_eq!(fact(&mut world, "im", "IM"), Err(Code::Charter));
    adopt(&mut world, with_line("ScrutinyFactRecorded", one("IM")), None);
    assert_eq!(fact(&mut world, "alice", "G&I"), Err(Code::Charter));
    assert_eq!(fact(&mut world, "im", "IM"), Ok(()));
    adopt(&mut world, with_line("ScrutinyFactRecorded", Value::Null), None);
    assert_eq!(fact(&mut world, "im", "IM"), Err(Code::Charter));
}

#[test]
fn a_refused_signer_reads_who_may_sign() {
    let mut world = World::staffed();
    let body = json!({ "title": "A report", "publisher": "hmicfrs", "type": "national" });
    let sentence = world
        .say("ReportPublished", "report/x", body.clone())
        .by("alice", "G&I", FORCE)
        .refused(Code::Charter);
    assert_eq!(
        sentence,
        "\"Report published\" is signed by HMI, or by 2 × HMI-T, with a document; got G&I of cambridgeshire"
    );
    let attested = world.say("ReportPublished", "report/x", body.clone());
    attested.by("clerk one", "HMI-T", FORCE).by("clerk two", "HMI-T", FORCE).refused(Code::DocumentMissing);
    let attested = world.say("ReportPublished", "report/x", body);
    attested.by("clerk one", "HMI-T", FORCE).by("clerk two", "HMI-T", FORCE).with_document().ok();
}
