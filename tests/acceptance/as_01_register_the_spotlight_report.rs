//! AS-1: the spotlight report of 26 February 2021 is registered, with the numbers that two forces gave its
//! recommendations.

use crate::acceptance::{finding, rows};
use crate::harness::Scene;

#[test]
fn eight_recommendations_reconcile_and_go_by_other_numbers_elsewhere() {
    let scene = Scene::with_people();
    scene.record_file("02-spotlight-report.yaml").record_file("03-cambridgeshire-april-2021.yaml");
    let view = scene.register("2021-04-13");

    let totals = &view["register"]["totals"][0];
    assert_eq!(totals["report"], "report/dupp-2021");
    assert_eq!((&totals["kinds"][0]["expected"], &totals["kinds"][0]["issued"]), (&8.into(), &8.into()));
    assert!(totals["warning"].is_null(), "8 of 8: {totals}");

    let seventh = finding(&view, "finding/dupp-2021/7");
    let called = |body: &str| {
        let aliases = seventh["aliases"].as_array().expect("a list");
        aliases.iter().find(|a| a["used_by"] == body).map(|a| a["label"].clone())
    };
    assert_eq!(called("cambridgeshire"), Some("4.7".into()));
    assert_eq!(called("cumbria-lpb"), Some("1".into()));

    let owed = rows(&view, &[("body", "cambridgeshire")]);
    let not_addressed = rows(&view, &[("body", "cambridgeshire"), ("response_type", "not addressed")]);
    assert_eq!((owed.len(), not_addressed.len()), (10, 2), "eight obligations, and two for others");
    let limbs = rows(&view, &[("body", "cambridgeshire"), ("finding", "finding/dupp-2021/3")]);
    assert_eq!(limbs.len(), 3, "the third recommendation is owed in three limbs");
}

#[test]
fn a_register_that_lacks_a_finding_says_so() {
    let scene = Scene::with_people();
    let all = std::fs::read_to_string(crate::harness::root().join("demo/02-spotlight-report.yaml"))
        .expect("a file");
    // Only the report itself: the first item of the list.
    let report = all.split("\n- kind: FindingIssued").next().expect("the report comes first");
    scene.accept(report);
    let view = scene.register("2021-04-13");
    assert_eq!(view["register"]["complete"], false);
    assert!(view["register"]["totals"][0]["warning"].is_string(), "{view}");
}
