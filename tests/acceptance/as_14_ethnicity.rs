//! AS-14: a person who declines to give their ethnicity is described by the officer; the two are two facts, and neither
//! replaces the other.

use crate::acceptance::powers::OFFICER;
use crate::harness::Scene;

fn searched(record: &str, more: &str) -> String {
    format!(
        "kind: StopSearchRecorded\nstream: search/{record}\nsigned_by: officer-one as OFF of cambridgeshire\n\
         occurred: 2024-06-03\nimported: true\nregime: part3\n\
         body: {{officer_pseudonym: {OFFICER}, search_type: Person search, object: Controlled drugs{more}}}"
    )
}

#[test]
fn who_declines_is_described_and_both_views_are_kept() {
    let scene = Scene::with_people();
    let (declined, both, neither) = ("00000000000000a1", "00000000000000a2", "00000000000000a3");
    scene.refuse("INV-18", &searched(declined, ", sde_refused: true"));
    scene.accept(&searched(declined, ", sde_refused: true, ode_code: IC3"));
    scene.accept(&searched(both, ", sde_code: W1, ode_code: IC3"));
    scene.accept(&searched(neither, ""));

    let body = |record: &str| scene.json(["show", &format!("search/{record}")])["statement"]["body"].clone();
    assert_eq!((&body(declined)["sde_refused"], &body(declined)["ode_code"]), (&true.into(), &"IC3".into()));
    assert!(body(declined).get("sde_code").is_none(), "the officer's view is not the person's");
    assert_eq!((&body(both)["sde_code"], &body(both)["ode_code"]), (&"W1".into(), &"IC3".into()));

    // Complete is self-defined, or refused and described by the officer.
    let figures = scene.json(["dataset", "show", "--period", "2024-06"]);
    let measures = figures["measures"].as_array().expect("a list of measures").clone();
    let complete =
        measures.iter().find(|m| m["measure"] == "ethnicity-complete").expect("completeness is measured");
    let all = &complete["cells"][0];
    assert_eq!(
        (&all["numerator"], &all["denominator"], &all["percent"]),
        (&2.into(), &3.into(), &"66.7".into())
    );
}
