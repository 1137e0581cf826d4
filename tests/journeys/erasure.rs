//! A name is erased: from the ledger, from the exports, and out of nobody's proofs.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::harness::Scene;

#[test]
fn an_erased_name_is_gone_from_the_ledger_and_from_an_earlier_export() {
    // Bringing an export up to date once left in it what had been erased since, and, when sealed content was
    // not asked for any more, all of that too, beside a marker that said it was withheld.
    let scene = Scene::with_people();
    let vkey = scene.json(["export", "ledger", "export", "--with-addenda"])["vkeys"][0].clone();
    let vkey = vkey.as_str().expect("a vkey");
    let enrolment = scene.json(["show", "3"]);
    let digest = enrolment["statement"]["sealed"][0]["digest"].as_str().expect("a sealed holder").to_owned();
    let other = scene.json(["show", "5"])["statement"]["sealed"][0]["digest"].clone();
    let at = |place: &str, digest: &str| -> PathBuf {
        scene.path(place).join("addenda").join(&digest[..2]).join(&digest[2..4]).join(digest)
    };
    for place in ["ledger", "export"] {
        let file = std::fs::metadata(at(place, &digest)).expect("the name is there");
        assert_eq!(file.permissions().mode() & 0o777, 0o600, "{place}: sealed content is its owner's alone");
    }

    scene.accept(&format!(
        "kind: ErasureExecuted\nstream: privacy/first\n\
         signed_by: [information-manager as IM of cambridgeshire, first-registrar as KA of ledger-office]\n\
         body: {{digests: [{digest}], reason_code: DATA_SUBJECT_RIGHT, legal_hold_checked: true}}"
    ));
    assert!(!at("ledger", &digest).exists());

    // A restored backup brings it back.
    std::fs::copy(at("export", &digest), at("ledger", &digest)).expect("a copy was kept");
    let scrubbed = scene.run(["scrub"]);
    assert!(
        scrubbed.code == 0 && scrubbed.stdout.contains(&format!("erased now: addendum {digest}")),
        "{scrubbed:?}"
    );
    assert!(!at("ledger", &digest).exists());
    assert_eq!(
        scene.json(["scrub"])["erased"].as_array().map(Vec::len),
        Some(0),
        "and there is no more to erase"
    );
    let report = scene.run(["verify", "ledger"]);
    assert!(report.stdout.contains("1 removed as an entry says, 0 missing"), "{report:?}");

    scene.json(["export", "ledger", "export", "--with-addenda"]);
    assert!(!at("export", &digest).exists(), "what was erased leaves the export too");
    let other = other.as_str().expect("another sealed holder");
    assert!(at("export", other).exists());
    let verified = scene.run(["verify", "export", "--vkey", vkey]);
    assert_eq!(verified.code, 0, "{verified:?}");

    scene.json(["export", "ledger", "export"]);
    assert!(!at("export", other).exists(), "what is withheld is not there");
    let verified = scene.run(["verify", "export", "--vkey", vkey]);
    assert_eq!(verified.code, 0, "{verified:?}");
}
