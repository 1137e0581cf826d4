//! AS-8: only the inspectorate closes an obligation, or two people who attest its letter.

use crate::acceptance::row;
use crate::harness::Scene;

const AFI_2: &str = "obligation/cambridgeshire/peel-2021-22/2/0";
const DOCUMENT: &str = "documents: [{title: Letter of the inspectorate, media_type: application/pdf, \
                        sha256: 2222222222222222222222222222222222222222222222222222222222222222}]";

fn closing(signed_by: &str, more: &str) -> String {
    format!(
        "kind: ObligationClosed\nstream: {AFI_2}\nsigned_by: {signed_by}\n{more}\n\
         body: {{outcome: complete, wording: The terms have been properly addressed}}"
    )
}

fn answering() -> String {
    format!(
        "kind: ForceResponseRecorded\nstream: {AFI_2}\n\
         signed_by: chief-constable-cambridgeshire as CC of cambridgeshire\n\
         body: {{type: action_taken, text: Grounds are audited every month}}"
    )
}

#[test]
fn only_the_inspectorate_closes_and_reopens() {
    let scene = Scene::with_people();
    scene.record_file("05-peel-2021-22.yaml").record_file("06-peel-responses.yaml");

    scene.refuse("INV-02", &closing("governance-officer as G&I of cambridgeshire", DOCUMENT));

    scene.accept(&format!(
        "kind: ForceAssessedComplete\nstream: {AFI_2}\n\
         signed_by: chief-constable-cambridgeshire as CC of cambridgeshire\n\
         body: {{statement: The improvement is sustained}}"
    ));
    let now = || row(&scene.register("2030-01-01"), AFI_2);
    assert_eq!(now()["force_status"], "assessed complete");
    assert_eq!(now()["inspectorate_status"], "awaiting-review", "the force's view changes nothing here");

    let one = "governance-officer as HMI-T of cambridgeshire";
    let two =
        "[governance-officer as HMI-T of cambridgeshire, head-of-partnerships as HMI-T of cambridgeshire]";
    scene.refuse("CHARTER", &closing(one, DOCUMENT));
    scene.refuse("DOCUMENT-MISSING", &closing(two, ""));
    scene.accept(&closing(two, DOCUMENT));
    assert_eq!(now()["inspectorate_status"], "complete");
    assert_eq!(now()["closure"]["authority"], "attested, not inspectorate-signed");

    scene.refuse("INV-03", &answering());

    enrol_an_inspector(&scene);
    scene.accept(&format!(
        "kind: ObligationReopened\nstream: {AFI_2}\nsigned_by: inspector as HMI of hmicfrs\n\
         body: {{reason: The next inspection found the grounds wanting again}}"
    ));
    scene.accept(&answering());
    assert_eq!(now()["inspectorate_status"], "being-progressed");
}

fn enrol_an_inspector(scene: &Scene) {
    scene.json(["key", "new", "inspector"]);
    scene.json([
        "key",
        "enrol",
        "inspector",
        "--as",
        "HMI of hmicfrs",
        "--by",
        "first-registrar as KA of ledger-office",
        "--by",
        "second-registrar as KA of ledger-office",
    ]);
}
