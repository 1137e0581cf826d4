//! What a member of the public asks: who looked into it, who vouches for it, and who said what.

use std::fs;

use crate::harness::Scene;

#[test]
fn acts_of_oversight_are_shown_once_recorded_and_from_their_day_on() {
    let scene = Scene::with_people();
    scene.record_file("02-spotlight-report.yaml");
    let none = scene.run(["oversight"]);
    assert!(none.code == 0 && none.stdout.contains("No act of oversight is recorded."), "{none:?}");

    let recorded = scene.accept(
        "- {kind: ItemScrutinised, stream: scrutiny/cambs.bcb/dupp-2021, occurred: 2021-04-13, imported: true,\n   \
         signed_by: board-secretary as SEC of cambs.bcb,\n   \
         body: {text: The Board considered the answers., meeting: meeting/cambs.bcb/2021-04-13, concerns: [report/dupp-2021]}}\n\
         - {kind: AssuranceGiven, stream: assurance/cumbria-lpb/dupp-2021, occurred: unknown, imported: true,\n   \
         signed_by: professional-lead-cumbria as PROF of cumbria,\n   \
         body: {text: Direct assurance against progress., level_words: substantial}}\n\
         - {kind: StatementMade, stream: response/cumbria-lpb/dupp-2021, occurred: 2021-06-01, imported: true,\n   \
         signed_by: chief-constable-cumbria as CC of cumbria,\n   \
         body: {speaker_role: CC, text: The force will continue to review its practices.}}",
    );
    let seen = |day: &str| {
        let view = scene.json(["oversight", "--as-of", day]);
        view["acts"].as_array().expect("a list").clone()
    };
    let kinds = |day: &str| seen(day).iter().map(|act| act["kind"].clone()).collect::<Vec<_>>();
    assert_eq!(kinds("2021-04-12"), ["AssuranceGiven"], "what has no day counts on every day");
    assert_eq!(kinds("2021-04-13"), ["ItemScrutinised", "AssuranceGiven"]);
    let all = seen("2021-06-01");
    assert_eq!(all.len(), 3);
    assert_eq!((&all[0]["signed_by"], &all[0]["body"]), (&"SEC of cambs.bcb".into(), &"cambs.bcb".into()));
    assert_eq!(all[0]["meeting"], "meeting/cambs.bcb/2021-04-13");
    assert_eq!(all[1]["what"], "Direct assurance against progress. (substantial)");
    assert_eq!(all[2]["entries"][0], recorded[2]["index"], "each leads to its entry");

    let csv = scene.run(["oversight", "--body", "cumbria-lpb", "--as-of", "2021-06-01", "--csv", "acts.csv"]);
    assert_eq!(csv.code, 0, "{csv:?}");
    let table = fs::read_to_string(scene.path("acts.csv")).expect("a table");
    assert_eq!(table.lines().count(), 3, "heads, and the two of Cumbria: {table}");
    assert!(table.contains("CC: The force will continue to review its practices."), "{table}");

    let before = recorded[1]["index"].to_string();
    let then = scene.json(["oversight", "--as-of", "2021-06-01", "--at", &before]);
    assert_eq!(then["acts"].as_array().map(Vec::len), Some(1), "as the ledger was then: {then}");

    let why = scene.json(["explain", "scrutiny/cambs.bcb/dupp-2021", "--as-of", "2021-06-01"]);
    assert_eq!(why["grounds"][0]["projection"], "oversight", "{why}");
    assert_eq!(why["grounds"][0]["entries"][0]["index"], recorded[0]["index"]);
}
