//! AS-19: what is sealed can be erased and the chain still verifies; the erasure repeats nothing of it. What a
//! legal hold covers is restricted instead.

use serde_json::Value;

use crate::harness::Scene;

const WHO: &str = "Alice Example";

fn contact(scene: &Scene, topic: &str) -> String {
    scene.accept(&format!(
        "kind: ScrutinyFactRecorded\nstream: fact/cambridgeshire/{topic}\n\
         signed_by: governance-officer as G&I of cambridgeshire\nregime: uk-gdpr\n\
         body: {{fact: ContactNamed, text: A contact officer, people: {WHO}}}"
    ));
    let shown = scene.json(["show", &format!("fact/cambridgeshire/{topic}")]);
    assert!(shown.to_string().contains(WHO), "whoever keeps it can read it: {shown}");
    let digest = shown["statement"]["sealed"][0]["digest"].as_str();
    digest.unwrap_or_else(|| panic!("a sealed field has a digest: {shown}")).to_owned()
}

fn erasing(digest: &str) -> String {
    format!(
        "kind: ErasureExecuted\nstream: privacy/subject\n\
         signed_by: [information-manager as IM of cambridgeshire, first-registrar as KA of ledger-office]\n\
         body: {{digests: [{digest}], reason_code: DATA_SUBJECT_RIGHT, legal_hold_checked: true}}"
    )
}

fn sealed(scene: &Scene, topic: &str) -> Value {
    scene.json(["show", &format!("fact/cambridgeshire/{topic}")])["sealed"][0].clone()
}

#[test]
fn an_erased_field_says_so_and_the_chain_verifies() {
    let scene = Scene::with_people();
    let digest = contact(&scene, "contact");
    scene.accept(&erasing(&digest));
    let text = sealed(&scene, "contact")["content"].as_str().expect("text").to_owned();
    assert!(text.starts_with("erased, DATA_SUBJECT_RIGHT, 20"), "the reason and the day: {text}");
    let erasure = scene.run(["show", "privacy/subject"]);
    assert!(!erasure.stdout.contains(WHO), "{erasure:?}");
    let report = scene.json(["verify", "ledger"]);
    assert_eq!(report["verdict"]["state"], "clean", "{report}");
}

#[test]
fn a_legal_hold_stops_the_erasure_and_a_restriction_takes_its_place() {
    let scene = Scene::with_people();
    let digest = contact(&scene, "held");
    scene.accept(&format!(
        "kind: LegalHoldPlaced\nstream: hold/inquiry\nsigned_by: information-manager as IM of cambridgeshire\n\
         body: {{digests: [{digest}], basis: Inquiries Act 2005 s.21}}"
    ));
    scene.refuse("INV-33", &erasing(&digest));
    scene.accept(&format!(
        "kind: ProcessingRestricted\nstream: privacy/subject\n\
         signed_by: information-manager as IM of cambridgeshire\nregime: uk-gdpr\n\
         body: {{digests: [{digest}], reason_code: DATA_SUBJECT_RIGHT}}"
    ));
    let text = sealed(&scene, "held")["content"].as_str().expect("text").to_owned();
    assert!(text.starts_with("restricted, DATA_SUBJECT_RIGHT, 20") && !text.contains(WHO), "{text}");
}
