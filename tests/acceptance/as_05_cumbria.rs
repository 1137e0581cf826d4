//! AS-5: Cumbria's one answer to all six recommendations, on a day that no source gives.

use crate::acceptance::response;
use crate::harness::Scene;

#[test]
fn a_blanket_answer_counts_as_that_and_an_unknown_day_stays_unknown() {
    let scene = Scene::with_people();
    scene.record_file("02-spotlight-report.yaml").record_file("04-cumbria-response.yaml");
    let row = response(&scene.register("2021-06-01"), "cumbria-lpb", "report/dupp-2021");

    let coverage = &row["coverage"];
    assert_eq!((&coverage["findings"], &coverage["findings_covered"]), (&6.into(), &6.into()), "{coverage}");
    assert_eq!(coverage["findings_specific"], 0, "none has an answer of its own");
    assert_eq!(coverage["gap_55_5b"], true);

    let cited = &row["citations"][0];
    assert!(cited["as_written"].as_str().expect("text").starts_with("Section 33"), "kept verbatim: {cited}");
    assert!(cited["normalised"].as_str().expect("text").contains("55(5)"), "{cited}");

    assert!(row["publications"][0]["published_on"].is_null(), "unknown, not assumed");
    assert_eq!(row["verdict"], "cannot_decide");
}
