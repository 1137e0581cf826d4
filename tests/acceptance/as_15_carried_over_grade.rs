//! AS-15: PEEL 2018 carries two grades over from 2017, is on another scale than 2021/22, and has no publication
//! date: "last updated" starts no clock.

use crate::harness::Scene;

#[test]
fn a_carried_over_grade_says_so_and_scales_are_not_compared() {
    let scene = Scene::with_people();
    scene.record_file("05-peel-2021-22.yaml").record_file("08-peel-2018-legitimacy.yaml");
    let view = scene.register("2022-08-16");
    let judgments = view["judgments"]["judgments"].as_array().expect("a list");
    let of_2018: Vec<_> = judgments.iter().filter(|j| j["scheme"] == 4).collect();
    let carried: Vec<_> = of_2018.iter().filter(|j| j["carried_over_from"] == "2017").collect();
    assert_eq!(carried.len(), 2, "questions 1 and 3: {of_2018:?}");
    assert!(carried.iter().all(|j| j["inspected"] == false && j["grade"] == "good"));
    assert!(of_2018.iter().any(|j| j["inspected"] == true), "question 2 was inspected");

    let counts = view["judgments"]["counts"].as_array().expect("a list");
    let of_2022 = counts.iter().find(|c| c["report"] == "report/peel-2021-22").expect("counted");
    let grades =
        ["good", "adequate", "requires_improvement", "outstanding", "inadequate"].map(|g| &of_2022[g]);
    assert_eq!(grades, [&4, &3, &2, &0, &0].map(|n| n), "{of_2022}");
    assert!(
        view["judgments"]["warnings"].to_string().contains("not comparable"),
        "{}",
        view["judgments"]["warnings"]
    );

    let clocks = view["responses"]["rows"].as_array().expect("a list");
    let with_clock = clocks.iter().filter(|row| !row["clock"].is_null());
    assert!(
        with_clock.clone().all(|row| row["report"] == "report/peel-2021-22"),
        "no clock for 2018: {clocks:?}"
    );
}

#[test]
fn a_carried_over_grade_without_its_cycle_is_refused() {
    let scene = Scene::with_people();
    scene.record_file("08-peel-2018-legitimacy.yaml");
    scene.refuse(
        "INV-13",
        "kind: JudgmentGiven\nstream: judgment/peel-2018-legitimacy/extra\noccurred: unknown\nimported: true\n\
         signed_by: [governance-officer as HMI-T of cambridgeshire, head-of-partnerships as HMI-T of cambridgeshire]\n\
         documents: [{title: The report, media_type: text/plain, \
         sha256: 3333333333333333333333333333333333333333333333333333333333333333}]\n\
         body: {area: Extra, scheme: four, grade: good, inspected: false, judged_body: cambridgeshire}",
    );
}
