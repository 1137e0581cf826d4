//! AS-23: the vetting backlog was 18 % in April 2019 and 16.7 % in May, with 40 more staff recruited: a fall of
//! 1.3 points, of a number that nobody states.

use crate::harness::Scene;

fn backlog(month: &str, figure: &str, context: &str) -> String {
    format!(
        "kind: MetricReported\nstream: metric/cambridgeshire/vetting-backlog\noccurred: {month}\nimported: true\n\
         signed_by: vetting-manager as FVM of cambridgeshire\n\
         body: {{measures: staff without a current clearance for their post, figure: {figure}, \
         period_words: {month}, caveat: The denominator is unknown., context: \"{context}\"}}"
    )
}

#[test]
fn a_fall_of_a_percentage_without_its_denominator_says_so() {
    let scene = Scene::with_people();
    // Recorded in the wrong order: a series goes by time.
    scene.accept(&backlog(
        "2019-05",
        "{percentage_only: \"16.7\", polarity: negative}",
        "40 recruits that month",
    ));
    scene.accept(&backlog("2019-04", "{percentage_only: \"18.0\", polarity: negative}", ""));
    let view = scene.json(["figures", "--as-of", "2019-06-01"]);
    let series = &view["series"][0];
    let percent: Vec<_> =
        series["points"].as_array().expect("a list").iter().map(|p| &p["figure"]["percent"]).collect();
    assert_eq!(percent, ["18.0", "16.7"]);
    assert_eq!(series["movements"][0]["points"], "-1.3");
    assert_eq!(series["points"][1]["context"], "40 recruits that month");
    for point in series["points"].as_array().expect("a list") {
        assert_eq!(point["denominator_unknown"], true);
        assert!(point["figure"]["wilson_95"].is_null() && point["figure"]["population"].is_null(), "{point}");
    }
    assert!(series["warnings"][0].as_str().expect("text").starts_with("denominator unknown"), "{series}");

    let april = scene.json(["figures", "--as-of", "2019-04-30"]);
    assert_eq!(april["series"][0]["movements"].as_array().map(Vec::len), Some(0), "May has not come");
    scene.refuse("INV-14", &backlog("2019-05", "{percentage_only: \"16.7\", count: 167}", ""));

    let behind = scene.json(["explain", "metric/cambridgeshire/vetting-backlog"]);
    let fall = behind["grounds"].as_array().expect("a list").last().expect("the movement").clone();
    assert!(fall["says"].as_str().expect("text").contains("-1.3 points"), "{fall}");
    assert_eq!(fall["entries"].as_array().map(Vec::len), Some(2), "a movement rests on both figures: {fall}");
}
