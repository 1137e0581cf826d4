//! AS-16: a recommendation of 2017 to all forces was due by July 2018, was met as it stood then, and more is
//! expected since. The force's website was looked at, and showed nothing.

use crate::acceptance::{finding, row};
use crate::harness::Scene;

const FINDING: &str = "finding/legitimacy-2017/1";
const OBLIGATION: &str = "obligation/bedfordshire/legitimacy-2017/1/a";

fn scene() -> Scene {
    let scene = Scene::with_people();
    scene.record_file("08-peel-2018-legitimacy.yaml").record_file("09-legitimacy-2017.yaml");
    scene
}

#[test]
fn met_as_it_stood_and_more_is_expected_since() {
    let scene = scene();
    let view = scene.register("2020-02-01");
    let found = finding(&view, FINDING);
    assert_eq!(found["due"]["words"], "by July 2018");
    assert_eq!(found["due"]["due"], "2018-07-31");
    let remarks = found["remarks"].as_array().expect("a list");
    let kinds: Vec<_> = remarks.iter().map(|remark| remark["kind"].as_str().expect("text")).collect();
    assert_eq!(kinds, ["assessed met", "expectation"], "linked to the finding they are about: {remarks:?}");

    let grounds = scene.json(["explain", "fact/cambridgeshire/publication-of-analysis"]);
    let checked = &grounds["grounds"][0];
    assert!(checked["says"].as_str().expect("text").starts_with("PublicationChecked: "), "{checked}");
    assert!(checked["says"].as_str().expect("text").contains("saw no obvious analysis"), "{checked}");
}

/// The history in the inspectorate's public register, of a force that it does not name. It stands here for
/// Bedfordshire, and says nothing about any real force.
#[test]
fn the_inspectorate_s_status_has_its_own_history() {
    let scene = scene();
    scene.accept(&format!(
        "kind: ObligationCreated\nstream: {OBLIGATION}\noccurred: 2017-12-12\nimported: true\n\
         signed_by: commissioner-office-cumbria as LPB-O of cumbria-lpb\nbody: {{strict_55_5b: true}}"
    ));
    let status = |day: &str| row(&scene.register(day), OBLIGATION)["inspectorate_status"].clone();
    assert_eq!(status("2017-12-12"), "awaiting-review");
    scene.accept(&format!(
        "kind: InspectorateVerificationRecorded\nstream: {OBLIGATION}\noccurred: 2018-02-20\nimported: true\n\
         signed_by: [governance-officer as HMI-T of cambridgeshire, head-of-partnerships as HMI-T of cambridgeshire]\n\
         documents: [{{title: The public register, media_type: text/plain, \
         sha256: 4444444444444444444444444444444444444444444444444444444444444444}}]\n\
         body: {{step: evidence_requested, text: being-progressed}}"
    ));
    assert_eq!(status("2018-02-19"), "awaiting-review", "what came later does not count before");
    assert_eq!(status("2018-02-20"), "being-progressed");
}
