//! From an empty folder to a proof in a stranger's hands.

use crate::harness::Scene;

#[test]
fn the_first_ledger_of_a_newcomer() {
    let scene = Scene::empty();
    scene.json(["init", "--origin", "scrutiny.example/cambridgeshire", "--body", "cambridgeshire"]);
    scene.json(["key", "new", "governance-officer"]);
    scene.json(["key", "enrol", "governance-officer", "--as", "G&I of cambridgeshire"]);
    let example = scene.run(["kinds", "BodyRegistered", "--example"]);
    assert_eq!(example.code, 0, "{example:?}");
    let recorded = scene.accept(
        "kind: BodyRegistered\nstream: body/cambridgeshire\n\
         signed_by: governance-officer as G&I of cambridgeshire\n\
         body: {name: Cambridgeshire Constabulary, level: force}",
    );
    let index = recorded[0]["index"].as_u64().expect("an index").to_string();

    scene.json(["prove", &index, "--out", "decision.tlog-proof"]);
    let policy = scene.run(["policy"]);
    std::fs::write(scene.path("policy"), &policy.stdout).expect("written");
    let checked = scene.json(["check", "decision.tlog-proof", "--policy", "policy"]);
    assert_eq!(checked["index"].to_string(), index);

    let undecided = scene.run(["check", "decision.tlog-proof"]);
    assert_eq!(undecided.code, 4, "without trusted keys nobody can decide: {undecided:?}");

    // A policy file names two keys of the log. A proof with the signature of one of them passed once.
    let whole = std::fs::read_to_string(scene.path("decision.tlog-proof")).expect("a proof");
    let signatures: Vec<&str> = whole.lines().filter(|line| line.starts_with('\u{2014}')).collect();
    assert_eq!(signatures.len(), 2, "{whole}");
    for signature in signatures {
        let without = whole.replace(&format!("{signature}\n"), "");
        std::fs::write(scene.path("half-signed.tlog-proof"), without).expect("written");
        let half = scene.run(["check", "half-signed.tlog-proof", "--policy", "policy"]);
        assert_eq!(half.code, 3, "{half:?}");
    }

    let mut proof = std::fs::read(scene.path("decision.tlog-proof")).expect("a proof");
    let middle = proof.len() / 4;
    proof[middle] = if proof[middle] == b'A' { b'B' } else { b'A' };
    std::fs::write(scene.path("decision.tlog-proof"), proof).expect("written");
    let forged = scene.run(["check", "decision.tlog-proof", "--policy", "policy"]);
    assert_eq!(forged.code, 3, "{forged:?}");
}
