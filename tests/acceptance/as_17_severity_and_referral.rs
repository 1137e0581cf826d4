//! AS-17: the appropriate authority or its delegate assesses severity, and nobody else; an investigator comes
//! before a case to answer; nothing is revised once proceedings have started; a late referral is shown as late.

use crate::acceptance::conduct::{AUTHORITY, CASE, case, say};
use crate::harness::Scene;

const GROSS: &str = "{regulation: conduct_14, result: gross_misconduct, disinterest_declared: true}";
const ANSWER: &str = "{answer: gross_misconduct, forum: hearing, determined_on: 2022-06-20}";

#[test]
fn severity_is_for_the_authority_and_stands_once_proceedings_start() {
    let scene = Scene::with_people();
    scene.accept(&say("AllegationReceived", "2022-06-10", AUTHORITY, "{route: conduct}"));
    let manager = "head-of-partnerships as LEAD of cambridgeshire";
    scene.refuse("INV-24", &say("SeverityAssessed", "2022-06-14", manager, GROSS));

    scene.accept(&delegated(&scene));
    let delegate = "head-of-professional-standards as HPSD of cambridgeshire on behalf of AA";
    scene.accept(&say("SeverityAssessed", "2022-06-14", delegate, GROSS));

    scene.refuse("INV-25", &say("CaseToAnswerDetermined", "2022-06-20", AUTHORITY, ANSWER));
    scene.accept(&say("InvestigatorAppointed", "2022-06-15", AUTHORITY, "{independence_declared: true}"));
    scene.accept(&say("CaseToAnswerDetermined", "2022-06-20", AUTHORITY, ANSWER));
    scene.accept(&say(
        "ProceedingsStarted",
        "2022-07-01",
        AUTHORITY,
        "{forum: hearing, started_on: 2022-07-01}",
    ));
    scene.refuse("INV-26", &say("SeverityAssessed", "2022-07-02", AUTHORITY, GROSS));
    let row = case(&scene, "2022-07-03");
    assert_eq!(
        (&row["severity"], &row["stage"]),
        (&"gross misconduct".into(), &"proceedings started".into())
    );
    assert_eq!(row["days_to_severity"], 4);
}

#[test]
fn a_referral_after_the_next_day_is_accepted_and_late() {
    let scene = Scene::with_people();
    scene.accept(&say("AllegationReceived", "2022-06-10", AUTHORITY, "{route: conduct}"));
    // Serious corruption, clear on Friday at 10:00.
    let limit = scene.json(["clock", "R12", "--from", "2022-06-10T10:00:00+01:00"]);
    assert_eq!(limit["last_day"], "2022-06-11", "{limit}");
    scene.accept(&say(
        "ReferralRecorded",
        "2022-06-10",
        AUTHORITY,
        "{step: considered, ground: serious_corruption, became_clear_on: 2022-06-10}",
    ));
    let clock = |day: &str| case(&scene, day)["clocks"][0].clone();
    assert_eq!(
        (clock("2022-06-11")["rule"].clone(), clock("2022-06-11")["state"].clone()),
        ("R12".into(), "running".into())
    );
    assert_eq!(clock("2022-06-12")["state"], "overdue", "from midnight after Saturday on");

    // Made on Monday.
    scene.accept(&say(
        "ReferralRecorded",
        "2022-06-13",
        AUTHORITY,
        "{step: made, ground: serious_corruption, became_clear_on: 2022-06-10, referred_on: 2022-06-13}",
    ));
    let late = clock("2022-06-13");
    assert_eq!((&late["last_day"], &late["done_on"]), (&"2022-06-11".into(), &"2022-06-13".into()));
    assert_eq!((&late["state"], &late["days"]), (&"late".into(), &2.into()));
    let counts = scene.json(["conduct", "--as-of", "2022-06-13"]);
    let referrals = &counts["bodies"][0]["clocks"]["referral to the Independent Office"];
    assert_eq!((&referrals["begun"], &referrals["late"]), (&1.into(), &1.into()));
    assert!(!counts.to_string().contains(CASE), "counts name no case: {counts}");
}

fn delegated(scene: &Scene) -> String {
    let keys = scene.json(["key", "list"]);
    let all = keys.as_array().expect("a list of keys");
    let holds = |key: &&serde_json::Value| key["roles"].to_string().contains("HPSD");
    let key = all.iter().find(holds).unwrap_or_else(|| panic!("somebody is HPSD: {keys}"));
    let id = key["key"].as_str().unwrap_or_else(|| panic!("a key has an id: {key}"));
    format!(
        "kind: DelegationGranted\nstream: delegation/severity\nsigned_by: {AUTHORITY}\n\
         body: {{from_role: AA, body: cambridgeshire, to_key: \"{id}\", kinds: [scrutiny.conduct.v1.SeverityAssessed]}}"
    )
}
