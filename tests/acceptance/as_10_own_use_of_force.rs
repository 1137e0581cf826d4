//! AS-10: nobody reviews their own use of force, whatever office they hold by then; the officer's own review is theirs
//! alone.

use crate::acceptance::powers::{LEAD, OFFICER, REVIEWER, reviewed, used};
use crate::harness::Scene;

const OWN: &str = "2b7e151628aed2a6";
const SERGEANT: &str = "group-reviewer as REV of cambridgeshire";

fn assigned(to: &str) -> String {
    format!(
        "kind: ReviewAssigned\nstream: review/irg/uof/{OWN}\nsigned_by: {LEAD}\nbody: {{reviewer_pseudonym: {to}}}"
    )
}

#[test]
fn a_sergeant_cannot_review_their_own_use_of_force() {
    let scene = Scene::with_people();
    // The sergeant of the review group used force.
    scene.accept(&used(OWN, REVIEWER, "force", "{kind: handcuffing_non_compliant}", "2023-10-07"));
    assert_eq!(scene.sample("irg-2023-10", "irg", &[], "1"), [format!("uof/{OWN}")]);
    scene.refuse("INV-15", &assigned(REVIEWER));

    // Assigned to the tactical lead instead, who was there and steps back; then to a second reviewer.
    scene.accept(&assigned("19007092e58dca4590dab024337bbaaa"));
    scene.accept(&format!(
        "kind: ReviewRecused\nstream: review/irg/uof/{OWN}\nsigned_by: {LEAD}\nbody: {{reason: witness}}"
    ));
    let more = ", saw_footage: true, sample: sample/irg-2023-10";
    scene.refuse("INV-15", &reviewed("irg", OWN, LEAD, "2023-11-01", more));
    scene.refuse("INV-15", &reviewed("irg", OWN, SERGEANT, "2023-11-01", more));
    second_reviewer(&scene);
    scene.accept(&assigned(SECOND));
    scene.accept(&reviewed("irg", OWN, "second-reviewer as REV of cambridgeshire", "2023-11-01", more));

    let review = scene.json(["reviews", "--record", &format!("uof/{OWN}")])["reviews"][0].clone();
    assert_eq!((&review["state"], &review["outcome"]), (&"completed".into(), &"no concern".into()));
    assert_eq!(review["recusals"][0]["reason"], "saw it");
    assert!(!review.to_string().contains(REVIEWER), "a view names nobody: {review}");
}

/// A key that is made, enrolled and bound to its holder on the command line.
const SECOND: &str = "00112233445566778899aabbccddeeff";

fn second_reviewer(scene: &Scene) {
    scene.json(["key", "new", "second-reviewer"]);
    let answer = scene.run([
        "key",
        "enrol",
        "second-reviewer",
        "--as",
        "REV of cambridgeshire",
        "--pseudonym",
        SECOND,
        "--by",
        "first-registrar as KA of ledger-office",
        "--by",
        "second-registrar as KA of ledger-office",
        "--json",
    ]);
    assert_eq!(answer.code, 0, "{answer:?}");
}

#[test]
fn the_officer_s_own_review_is_theirs_alone() {
    let scene = Scene::with_people();
    let (mine, theirs) = ("2b7e151628aed2a6", "aabbccddeeff0011");
    scene.accept(&used(mine, OFFICER, "force", "{kind: unarmed_skills}", "2023-10-07"));
    scene.accept(&used(theirs, SECOND, "force", "{kind: unarmed_skills}", "2023-10-07"));
    let officer = "officer-one as OFF of cambridgeshire";
    scene.refuse("INV-15", &reviewed("self", theirs, officer, "2023-10-07", ""));
    scene.refuse("INV-15", &reviewed("self", mine, SERGEANT, "2023-10-07", ""));
    scene.accept(&reviewed("self", mine, officer, "2023-10-07", ", saw_footage: true, consistency: 'yes'"));
    let own = scene.level("self", "2023-10", "2023-11-01");
    assert_eq!((&own["mandatory"], &own["mandatory_reviewed"]), (&2.into(), &1.into()), "{own}");
}
