//! Reports, findings, judgments, and the obligations that follow from them.

use serde_json::{Value, json};

use super::world::{Draft, FORCE, World};
use crate::Code;
use crate::obligation::Stage;

const SEVEN: &str = "obligation/cambridgeshire/dupp-2021/7/0";

fn by_hmi(draft: Draft<'_>) -> Draft<'_> {
    draft.by("hmi", "HMI", "hmicfrs")
}

fn by_two_clerks(draft: Draft<'_>) -> Draft<'_> {
    draft.by("clerk one", "HMI-T", FORCE).by("clerk two", "HMI-T", FORCE).with_document()
}

fn report(published_on: &str) -> Value {
    let mut body = json!({
        "title": "Disproportionate use of police powers",
        "publisher": "hmicfrs",
        "type": "national",
        "expected": { "recommendations": 8 },
    });
    if !published_on.is_empty() {
        body["published_on"] = json!(published_on);
    }
    body
}

fn finding(limbs: &[&str]) -> Value {
    let limbs: Vec<_> = limbs.iter().map(|key| json!({ "key": key, "text": "A part." })).collect();
    json!({ "kind": "recommendation", "title": "Ethnicity", "addressees": ["forces"], "limbs": limbs })
}

/// The spotlight report, its findings 3 (limbs a, b, c) and 7 (one), and the force's obligation for 7.
pub(super) fn spotlight() -> World {
    let mut world = World::staffed();
    by_hmi(world.say("ReportPublished", "report/dupp-2021", report("2021-02-26"))).ok();
    by_hmi(world.say("FindingIssued", "finding/dupp-2021/3", finding(&["a", "b", "c"]))).ok();
    by_hmi(world.say("FindingIssued", "finding/dupp-2021/7", finding(&[]))).ok();
    let body = json!({ "name": "Cambridgeshire Constabulary", "level": "force" });
    world.say("BodyRegistered", "body/cambridgeshire", body).by("alice", "G&I", FORCE).ok();
    world.say("ObligationCreated", SEVEN, json!({})).by("alice", "G&I", FORCE).ok();
    world
}

fn answer(kind: &str) -> Value {
    json!({ "type": kind, "text": "The procedure requires a record of self-defined ethnicity." })
}

fn respond<'w>(world: &'w mut World, stream: &str, body: Value) -> Draft<'w> {
    world.say("ForceResponseRecorded", stream, body).by("chief", "CC", FORCE)
}

fn stage(world: &World) -> Stage {
    world.state.obligation(SEVEN).unwrap().stage
}

#[test]
fn a_finding_needs_its_report_and_a_report_is_not_from_the_future() {
    let mut world = World::staffed();
    by_hmi(world.say("FindingIssued", "finding/dupp-2021/7", finding(&[]))).refused(Code::UnknownReport);
    by_hmi(world.say("ReportPublished", "report/dupp-2021", report("2021-04-14"))).refused(Code::DateOrder);
    let mut page = report("");
    page["last_updated_on"] = json!("2021-04-14");
    by_hmi(world.say("ReportPublished", "report/dupp-2021", page)).refused(Code::DateOrder);
    by_hmi(world.say("ReportPublished", "report/dupp-2021", report("2021-04-13"))).ok();
    let alias = json!({ "source": "Board paper", "used_by": FORCE, "label": "4.7" });
    let add = |world: &mut World| {
        let draft = world.say("FindingAliasAdded", "finding/dupp-2021/7", alias.clone());
        draft.any_version().by("alice", "G&I", FORCE).judged_by(|d| d)
    };
    assert_eq!(add(&mut world), Err(Code::UnknownFinding));
    by_hmi(world.say("FindingIssued", "finding/dupp-2021/7", finding(&[]))).ok();
    assert_eq!(add(&mut world), Ok(()));
}

#[test]
fn limbs_have_keys_of_their_own_and_those_that_are_owed_stay() {
    let mut world = spotlight();
    for bad in [&["a", "a"][..], &["0"], &["A"], &["a b"]] {
        let draft = by_hmi(world.say("FindingIssued", "finding/dupp-2021/4", finding(bad)));
        draft.refused(Code::Limb);
    }
    let body = json!({ "name": "Cambridgeshire Constabulary", "level": "force" });
    world.say("BodyRegistered", "body/cambridgeshire", body).by("ka one", "KA", "home-office").ok();
    world
        .say("ObligationCreated", "obligation/cambridgeshire/dupp-2021/3/b", json!({}))
        .by("alice", "G&I", FORCE)
        .ok();
    by_hmi(world.say("FindingIssued", "finding/dupp-2021/3", finding(&["a", "c"]))).refused(Code::Limb);
    by_hmi(world.say("FindingIssued", "finding/dupp-2021/3", finding(&["b", "d"]))).ok();
}

#[test]
fn inv_01_a_response_names_an_existing_obligation_of_an_existing_finding() {
    let mut world = spotlight();
    let create = |world: &mut World, stream: &str| {
        world.say("ObligationCreated", stream, json!({})).by("alice", "G&I", FORCE).judged_by(|d| d)
    };
    for (stream, expected) in [
        ("obligation/cambridgeshire/dupp-2021/14/0", Err(Code::UnknownFinding)),
        ("obligation/cambridgeshire/peel-2021/7/0", Err(Code::UnknownFinding)),
        ("obligation/cambridgeshire/dupp-2021/7/a", Err(Code::Limb)),
        ("obligation/cambridgeshire/dupp-2021/3/0", Err(Code::Limb)),
        ("obligation/cumbria/dupp-2021/7/0", Err(Code::UnknownBody)),
        (SEVEN, Err(Code::ObligationExists)),
        ("obligation/cambridgeshire/dupp-2021/3/a", Ok(())),
    ] {
        assert_eq!(create(&mut world, stream), expected, "{stream}");
    }
    respond(&mut world, "obligation/cambridgeshire/dupp-2021/14/0", answer("action-taken"))
        .refused(Code::Inv01);
    respond(&mut world, SEVEN, answer("action-taken")).ok();
    assert_eq!(stage(&world), Stage::Responded);
}

#[test]
fn inv_02_only_the_inspectorate_or_two_attesting_people_close() {
    let mut world = spotlight();
    let complete = json!({ "outcome": "complete", "wording": "Filed." });
    let close = |world: &mut World, sign: fn(Draft<'_>) -> Draft<'_>| {
        sign(world.say("ObligationClosed", SEVEN, complete.clone())).judged_by(|d| d)
    };
    assert_eq!(close(&mut world, |d| d.by("alice", "G&I", FORCE)), Err(Code::Inv02));
    assert_eq!(close(&mut world, |d| d.by("chief", "CC", FORCE)), Err(Code::Inv02));
    assert_eq!(close(&mut world, |d| d.by("alice", "HMI", FORCE)), Err(Code::RoleNotHeld));
    assert_eq!(close(&mut world, |d| d.by("clerk one", "HMI-T", FORCE).with_document()), Err(Code::Charter));
    assert_eq!(
        close(&mut world, |d| d.by("clerk one", "HMI-T", FORCE).by("clerk two", "HMI-T", FORCE)),
        Err(Code::DocumentMissing)
    );
    assert_eq!(
        close(&mut world, |d| d.by("clerk one", "HMI-T", FORCE).by("alice", "G&I", FORCE).with_document()),
        Err(Code::Charter)
    );
    assert_eq!(close(&mut world, by_two_clerks), Ok(()));
    assert_eq!(stage(&world), Stage::Closed);
    let reopened = json!({ "reason": "More to do." });
    world.say("ObligationReopened", SEVEN, reopened).by("chief", "CC", FORCE).refused(Code::Inv02);
}

#[test]
fn inv_03_a_closed_obligation_takes_no_answer_until_reopened() {
    let mut world = spotlight();
    let reopened = || json!({ "reason": "More to do." });
    by_hmi(world.say("ObligationReopened", SEVEN, reopened())).refused(Code::ObligationState);
    by_hmi(world.say("ObligationClosed", SEVEN, json!({ "outcome": "no-further-action" }))).ok();
    by_hmi(world.say("ObligationClosed", SEVEN, json!({ "outcome": "complete" })))
        .refused(Code::ObligationState);
    respond(&mut world, SEVEN, answer("action-taken")).refused(Code::Inv03);
    let progress = json!({ "note": "Under way.", "declared": "amber" });
    world.say("ActionProgressed", SEVEN, progress).by("lead", "LEAD", FORCE).refused(Code::Inv03);
    let done = json!({ "statement": "Done." });
    world.say("ForceAssessedComplete", SEVEN, done).by("chief", "CC", FORCE).refused(Code::Inv03);
    by_hmi(world.say("ObligationReopened", SEVEN, reopened())).ok();
    respond(&mut world, SEVEN, answer("action-taken")).ok();
}

#[test]
fn inv_04_a_force_assesses_itself_and_closes_nothing() {
    let mut world = spotlight();
    let done = json!({ "statement": "Done." });
    world.say("ForceAssessedComplete", SEVEN, done.clone()).by("chief", "CC", FORCE).ok();
    assert_eq!(stage(&world), Stage::AssessedComplete);
    by_hmi(world.say("ObligationClosed", SEVEN, json!({ "outcome": "complete" }))).ok();
}

#[test]
fn a_force_answers_for_itself_only() {
    let mut world = spotlight();
    let draft = world.say("ForceResponseRecorded", SEVEN, answer("action-taken"));
    draft.by("cumbria chief", "CC", "cumbria").refused(Code::Charter);
    let done = json!({ "statement": "Done." });
    world
        .say("ForceAssessedComplete", SEVEN, done)
        .by("cumbria chief", "CC", "cumbria")
        .refused(Code::Charter);
}

#[test]
fn what_is_not_addressed_moves_on_by_a_correction_only() {
    let mut world = spotlight();
    let first = respond(&mut world, SEVEN, answer("not-addressed")).ok();
    assert_eq!(stage(&world), Stage::NotAddressed);
    respond(&mut world, SEVEN, answer("action-taken")).refused(Code::NotAddressed);
    let progress = json!({ "note": "Under way." });
    world.say("ActionProgressed", SEVEN, progress).by("lead", "LEAD", FORCE).refused(Code::NotAddressed);
    let mut corrected = answer("action-taken");
    (corrected["supersedes"], corrected["correction_reason"]) =
        (json!(first), json!("It is for forces after all."));
    respond(&mut world, SEVEN, corrected).ok();
    assert_eq!(stage(&world), Stage::Responded);
}

#[test]
fn inv_30_a_correction_names_an_answer_of_this_obligation_and_says_why() {
    let mut world = spotlight();
    let first = respond(&mut world, SEVEN, answer("action-proposed")).ok();
    let corrected = |supersedes: Option<&str>, reason: Option<&str>| {
        let mut body = answer("action-taken");
        if let Some(id) = supersedes {
            body["supersedes"] = json!(id);
        }
        if let Some(reason) = reason {
            body["correction_reason"] = json!(reason);
        }
        body
    };
    for body in [
        corrected(Some(&first), None),
        corrected(None, Some("a slip")),
        corrected(Some("the first one"), Some("a slip")),
        corrected(Some("01890a5d-ac96-774b-bcce-b302099a8057"), Some("a slip")),
    ] {
        respond(&mut world, SEVEN, body).refused(Code::Inv30);
    }
    respond(&mut world, SEVEN, corrected(Some(&first), Some("a slip"))).ok();
    assert_eq!(world.state.obligation(SEVEN).unwrap().answers.len(), 2);
}

#[test]
fn a_better_answer_to_what_is_under_way_does_not_set_it_back() {
    let mut world = spotlight();
    let first = respond(&mut world, SEVEN, answer("action-proposed")).ok();
    let progress = json!({ "note": "Under way." });
    world.say("ActionProgressed", SEVEN, progress).by("lead", "LEAD", FORCE).ok();
    let mut corrected = answer("action-taken");
    (corrected["supersedes"], corrected["correction_reason"]) = (json!(first), json!("a slip"));
    respond(&mut world, SEVEN, corrected).ok();
    assert_eq!(stage(&world), Stage::InProgress);
}

#[test]
fn inv_12_a_superseded_obligation_names_its_successor_and_no_other_does() {
    let mut world = spotlight();
    let successor = "obligation/cambridgeshire/dupp-2021/3/a";
    let close = |world: &mut World, outcome: &str, successor: &str| {
        let mut body = json!({ "outcome": outcome });
        if !successor.is_empty() {
            body["successor"] = json!(successor);
        }
        by_hmi(world.say("ObligationClosed", SEVEN, body)).judged_by(|d| d)
    };
    assert_eq!(close(&mut world, "superseded", ""), Err(Code::Inv12));
    assert_eq!(close(&mut world, "superseded", successor), Err(Code::Inv12));
    assert_eq!(close(&mut world, "superseded", SEVEN), Err(Code::Inv12));
    assert_eq!(close(&mut world, "complete", successor), Err(Code::Inv12));
    world.say("ObligationCreated", successor, json!({})).by("alice", "G&I", FORCE).ok();
    assert_eq!(close(&mut world, "superseded", successor), Ok(()));
}

#[test]
fn inv_13_a_carried_over_grade_names_its_cycle() {
    let mut world = spotlight();
    for (inspected, from, scheme, grade, expected) in [
        (false, "2017", "four", "good", Ok(())),
        (true, "", "four", "good", Ok(())),
        (true, "", "five", "adequate", Ok(())),
        (true, "2017", "four", "good", Err(Code::Inv13)),
        (false, "", "four", "good", Err(Code::Inv13)),
        (true, "", "four", "adequate", Err(Code::Grade)),
    ] {
        let mut body =
            json!({ "area": "Question 1", "scheme": scheme, "grade": grade, "judged_body": FORCE });
        if inspected {
            body["inspected"] = json!(true);
        }
        if !from.is_empty() {
            body["carried_over_from"] = json!(from);
        }
        let draft = by_hmi(world.say("JudgmentGiven", "judgment/dupp-2021/q1", body));
        assert_eq!(draft.judged_by(|d| d), expected, "{inspected} {from:?} {scheme} {grade}");
    }
    let body =
        json!({ "area": "Q", "scheme": "four", "grade": "good", "judged_body": FORCE, "inspected": true });
    by_hmi(world.say("JudgmentGiven", "judgment/nothing/q1", body)).refused(Code::UnknownReport);
}

#[test]
fn inv_14_a_figure_on_the_ledger_has_its_population() {
    let mut world = spotlight();
    let audit = |world: &mut World, figure: Value| {
        let body = json!({ "measures": "attended in time", "figure": figure });
        let draft = world.say("InspectorateAuditReported", "finding/dupp-2021/7", body).any_version();
        by_hmi(draft).judged_by(|d| d)
    };
    assert_eq!(audit(&mut world, json!({ "count": 41, "population": 79, "polarity": "positive" })), Ok(()));
    assert_eq!(audit(&mut world, json!({ "count": 41, "polarity": "positive" })), Err(Code::Inv14));
}

#[test]
fn a_remark_concerns_a_finding_that_exists() {
    let mut world = spotlight();
    let remark = |world: &mut World, finding: &str| {
        let mut body = json!({ "kind": "expectation", "text": "Monitor find rates." });
        if !finding.is_empty() {
            body["finding"] = json!(finding);
        }
        by_hmi(world.say("InspectorateRemarkRecorded", "report/dupp-2021", body).any_version())
            .judged_by(|d| d)
    };
    assert_eq!(remark(&mut world, ""), Ok(()));
    assert_eq!(remark(&mut world, "finding/dupp-2021/7"), Ok(()));
    assert_eq!(remark(&mut world, "finding/dupp-2021/9"), Err(Code::UnknownFinding));
    assert_eq!(remark(&mut world, "report/dupp-2021"), Err(Code::UnknownFinding));
}

#[test]
fn inv_14_holds_for_the_figure_of_a_remark_too() {
    let mut world = spotlight();
    let mut remark = |figure: Value| {
        let body = json!({ "kind": "key_finding", "text": "Recorded grounds.", "figure": figure });
        let draft = world.say("InspectorateRemarkRecorded", "report/dupp-2021", body).any_version();
        by_hmi(draft).judged_by(|d| d)
    };
    assert_eq!(remark(json!({ "count": 91, "population": 100, "polarity": "positive" })), Ok(()));
    assert_eq!(remark(json!({ "count": 91, "polarity": "positive" })), Err(Code::Inv14));
}

#[test]
fn a_stale_view_of_an_obligation_is_a_conflict() {
    let mut world = spotlight();
    respond(&mut world, SEVEN, answer("action-proposed")).ok();
    let sentence = respond(&mut world, SEVEN, answer("action-taken")).seen(1).refused(Code::Version);
    assert_eq!(sentence, format!("the signers had seen 1 entries of {SEVEN}, it holds 2 now"));
}
