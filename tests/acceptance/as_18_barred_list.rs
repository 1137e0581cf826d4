//! AS-18: a dismissal on Thursday 22 December 2022 is reported to the barred list by Friday the 30th. Sent on
//! 3 January it is late. Outside the department there is a count, and nothing else.

use crate::acceptance::conduct::{AUTHORITY, CASE, case, say};
use crate::harness::Scene;

#[test]
fn five_working_days_over_christmas_and_a_count_for_everybody_else() {
    let limit = Scene::empty().json(["clock", "R11", "--from", "2022-12-22"]);
    assert_eq!(limit["last_day"], "2022-12-30", "22, 23, 28, 29 and 30 December: {limit}");

    let scene = Scene::with_people();
    for (kind, day, body) in [
        ("AllegationReceived", "2022-06-10", "{route: conduct, subject: A sealed name}"),
        (
            "SeverityAssessed",
            "2022-06-14",
            "{regulation: conduct_14, result: gross_misconduct, disinterest_declared: true}",
        ),
        ("InvestigatorAppointed", "2022-06-15", "{independence_declared: true}"),
        (
            "CaseToAnswerDetermined",
            "2022-10-14",
            "{answer: gross_misconduct, forum: hearing, determined_on: 2022-10-14}",
        ),
        ("ProceedingsStarted", "2022-12-19", "{forum: hearing, started_on: 2022-12-19}"),
    ] {
        scene.accept(&say(kind, day, AUTHORITY, body));
    }
    let sent =
        "{list: barred, step: sent, trigger_on: 2022-12-22, done_on: 2023-01-03, person: A sealed name}";
    scene.refuse("INV-29", &say("ListReported", "2023-01-03", AUTHORITY, sent));
    scene.accept(&say(
        "ProceedingsConcluded",
        "2022-12-22",
        AUTHORITY,
        "{finding: gross_misconduct, outcome: dismissed, concluded_on: 2022-12-22}",
    ));
    let clock = |day: &str| {
        let row = case(&scene, day);
        let clocks = row["clocks"].as_array().expect("a list").clone();
        clocks.into_iter().find(|clock| clock["rule"] == "R11").unwrap_or_else(|| panic!("a clock: {row}"))
    };
    assert_eq!(
        (clock("2022-12-30")["state"].clone(), clock("2022-12-30")["days_left"].clone()),
        ("running".into(), 0.into())
    );
    assert_eq!(clock("2022-12-31")["state"], "overdue");
    scene.accept(&say("ListReported", "2023-01-03", AUTHORITY, sent));
    let late = clock("2023-01-03");
    assert_eq!((&late["last_day"], &late["done_on"]), (&"2022-12-30".into(), &"2023-01-03".into()));
    assert_eq!((&late["state"], &late["days"]), (&"late".into(), &4.into()));

    let counts = scene.json(["conduct", "--as-of", "2023-01-03"]);
    let lists = &counts["bodies"][0]["clocks"]["report to the barred list"];
    assert_eq!((&lists["begun"], &lists["late"]), (&1.into(), &1.into()));
    let seen = counts.to_string();
    assert!(!seen.contains(CASE) && !seen.contains("sealed name") && !seen.contains("2022-12-22"), "{seen}");
}
