//! AS-4: the letter of 16 August 2022 about the report of 21 June 2022. The statutory count ends on 15 August;
//! a letter's date is no publication.

use serde_json::Value;

use crate::acceptance::response;
use crate::harness::Scene;

fn with_letter() -> Scene {
    let scene = Scene::with_people();
    for file in ["05-peel-2021-22.yaml", "06-peel-responses.yaml", "07-letter-august-2022.yaml"] {
        scene.record_file(file);
    }
    scene
}

fn tracked(scene: &Scene, as_of: &str) -> Value {
    response(&scene.register(as_of), "cambridgeshire-lpb", "report/peel-2021-22")
}

fn publish(scene: &Scene, day: &str) {
    scene.accept(&format!(
        "kind: StatutoryResponsePublished\nstream: response/cambridgeshire-lpb/peel-2021-22\n\
         occurred: {day}\nimported: true\nsigned_by: commissioner-cambridgeshire as LPB of cambridgeshire-lpb\n\
         body: {{published_on: {day}}}"
    ));
}

#[test]
fn a_letters_date_gives_no_verdict() {
    let scene = with_letter();
    let row = tracked(&scene, "2022-08-16");
    assert_eq!(row["clock"]["last_day"], "2022-08-15");
    assert_eq!(row["clock"]["plain_56"], "2022-08-16");
    assert_eq!(row["verdict"], "cannot_decide", "no verdict before a publication: {row}");
    assert_eq!(row["letters"][0]["dated"], "2022-08-16");
}

#[test]
fn published_on_16_august_is_late_by_one_day() {
    let scene = with_letter();
    publish(&scene, "2022-08-16");
    let row = tracked(&scene, "2022-08-20");
    assert_eq!(row["verdict"], "late");
    assert_eq!(row["days_late"], 1);
    assert_eq!(row["breached_at_end_of"], "2022-08-15");
    assert_eq!(row["copies"]["secretary_of_state"].as_array().expect("a list").len(), 1);
    assert_eq!(row["copies"]["inspectors"].as_array().expect("a list").len(), 0);
    let warnings = row["warnings"].to_string();
    assert!(warnings.contains("inspectors"), "the copy to the inspectors is missing: {warnings}");
}

#[test]
fn published_on_15_august_is_in_time() {
    let scene = with_letter();
    publish(&scene, "2022-08-15");
    assert_eq!(tracked(&scene, "2022-08-20")["verdict"], "in_time");
}

#[test]
fn the_chief_constable_cannot_publish_for_the_local_policing_body() {
    let scene = with_letter();
    scene.refuse(
        "INV-08",
        "kind: StatutoryResponsePublished\nstream: response/cambridgeshire-lpb/peel-2021-22\n\
         occurred: 2022-08-15\nimported: true\n\
         signed_by: chief-constable-cambridgeshire as CC of cambridgeshire\nbody: {published_on: 2022-08-15}",
    );
}
