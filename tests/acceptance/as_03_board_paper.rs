//! AS-3: the board paper of 13 April 2021 is tabled and noted, which changes no obligation.

use crate::acceptance::{response, row};
use crate::harness::Scene;

const OBLIGATION: &str = "obligation/cambridgeshire/dupp-2021/7/0";

#[test]
fn noting_a_paper_changes_no_obligation() {
    let scene = Scene::with_people();
    scene.record_file("02-spotlight-report.yaml").record_file("03-cambridgeshire-april-2021.yaml");
    let view = scene.register("2021-04-13");

    let tracked = response(&view, "cambridgeshire-lpb", "report/dupp-2021");
    assert_eq!(tracked["clock"]["last_day"], "2021-04-22");
    assert_eq!((&tracked["clock"]["day"], &tracked["clock"]["days_left"]), (&47.into(), &9.into()));

    let paper = &tracked["papers"][0];
    assert_eq!(paper["meeting"], "cambs.bcb");
    assert_eq!(paper["on"], "2021-04-13");
    assert_eq!((&paper["ask"], &paper["decision"]), (&"note".into(), &"noted".into()));
    let cited = &tracked["citations"][0];
    assert!(cited["as_written"].as_str().expect("text").contains("55(1)"), "kept as written: {cited}");
    assert!(cited["normalised"].as_str().expect("text").contains("55(5)"), "{cited}");

    let before = row(&view, OBLIGATION);
    scene.accept(
        "- kind: PaperTabled\n  stream: meeting/cambs.bcb/2021-04-13\n  occurred: 2021-04-13\n  imported: true\n  \
         signed_by: governance-officer as G&I of cambridgeshire\n  \
         body: {title: A second paper, from_office: Chief Constable, ask: note, about: report/dupp-2021}\n\
         - kind: PaperDecided\n  stream: meeting/cambs.bcb/2021-04-13\n  occurred: 2021-04-13\n  imported: true\n  \
         signed_by: board-chair as CHAIR of cambs.bcb\n  body: {title: A second paper, decision: noted}",
    );
    let after = row(&scene.register("2021-04-13"), OBLIGATION);
    assert_eq!(after, before, "noting is not approving, and not progress");
}
