//! AS-9: an answer to an area for improvement that the report does not have.

use crate::harness::Scene;

#[test]
fn an_answer_names_an_obligation_that_exists() {
    let scene = Scene::with_people();
    scene.record_file("05-peel-2021-22.yaml").record_file("06-peel-responses.yaml");
    scene.refuse(
        "INV-01",
        "kind: ForceResponseRecorded\n\
         stream: obligation/cambridgeshire/peel-2021-22/14/0\n\
         signed_by: chief-constable-cambridgeshire as CC of cambridgeshire\n\
         body: {type: action_proposed, text: A fourteenth area}",
    );
}
