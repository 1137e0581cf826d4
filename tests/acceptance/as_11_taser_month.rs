//! AS-11: a month of Tasers. Every use has the Tactical Lead's review, every fired one the Taser Training Team's too, and
//! joint units their own.

use crate::acceptance::powers::{LEAD, OFFICER, REVIEWER, reviewed, used};
use crate::harness::Scene;

const TRAINER: &str = "taser-trainer as TTT of cambridgeshire";

/// 28 drawn and 2 fired, from the recap of October 2023. It does not say whether the two are among the 28: as a
/// convention of this test they are not.
fn tasers() -> Vec<(String, &'static str)> {
    let how = |i: u32| if i < 28 { "drawn" } else { "fired" };
    (0..30).map(|i| (format!("2023100000000{i:03}"), how(i))).collect()
}

fn month() -> Scene {
    let scene = Scene::with_people();
    let all: Vec<String> = tasers()
        .iter()
        .map(|(record, how)| {
            used(record, OFFICER, "force", &format!("{{kind: taser, taser: {how}}}"), "2023-10-09")
        })
        .collect();
    scene.accept(&all.join("\n---\n"));
    // No source gives a number of days: this one is the test's.
    scene.accept(
        "kind: ReviewPeriodAdopted\nstream: review-period/cambridgeshire/taser_tl\n\
         signed_by: head-of-partnerships as LEAD of cambridgeshire\nbody: {days: 14}",
    );
    scene
}

#[test]
fn every_taser_use_is_reviewed_by_the_tactical_lead() {
    let scene = month();
    let all: Vec<String> = tasers()
        .iter()
        .map(|(record, _)| reviewed("taser_tl", record, LEAD, "2023-10-20", ", saw_footage: true"))
        .collect();
    scene.accept(&all[..29].join("\n---\n"));
    let on = |day: &str| scene.level("taser_tl", "2023-10", day);
    let missing = on("2023-10-24");
    assert_eq!((&missing["mandatory"], &missing["reviewed"]), (&30.into(), &29.into()), "{missing}");
    assert_eq!((&missing["percent"], &missing["overdue"]), (&"96.7".into(), &1.into()), "{missing}");
    assert_eq!(on("2023-10-23")["overdue"], 0, "the 14th day is in time");
    let overdue = scene.json(["reviews", "--overdue", "--as-of", "2023-10-24"]);
    let waiting = &overdue["outstanding"];
    assert_eq!(waiting.as_array().map(Vec::len), Some(1), "{waiting}");
    assert_eq!(waiting[0]["review"], format!("review/taser_tl/uof/{}", tasers()[29].0));
    assert_eq!((&waiting[0]["due_by"], &waiting[0]["days_overdue"]), (&"2023-10-23".into(), &1.into()));

    scene.accept(&all[29]);
    let done = on("2023-10-24");
    assert_eq!((&done["percent"], &done["overdue"]), (&"100.0".into(), &0.into()), "{done}");
}

#[test]
fn the_training_team_has_every_fired_one_and_a_sample_of_the_others() {
    let scene = month();
    let (drawn, fired) = (tasers()[0].0.clone(), [tasers()[28].0.clone(), tasers()[29].0.clone()]);
    scene.refuse("NOT-DRAWN", &reviewed("taser_ttt", &drawn, TRAINER, "2023-10-20", ""));
    for record in &fired {
        scene.accept(&reviewed("taser_ttt", record, TRAINER, "2023-10-20", ""));
    }
    let sampled =
        scene.sample("ttt-2023-10", "taser_ttt", &["--month", "2023-10", "--where", "taser=drawn"], "1");
    let record = sampled[0].trim_start_matches("uof/");
    scene.refuse("INV-17", &reviewed("taser_ttt", record, TRAINER, "2023-10-20", ""));
    scene.accept(&reviewed("taser_ttt", record, TRAINER, "2023-10-20", ", sample: sample/ttt-2023-10"));
    let today = scene.json(["reviews", "--level", "taser_ttt", "--month", "2023-10"])["levels"][0].clone();
    assert_eq!((&today["mandatory"], &today["mandatory_reviewed"]), (&2.into(), &2.into()), "{today}");
    assert_eq!((&today["drawn"], &today["drawn_reviewed"]), (&1.into(), &1.into()), "{today}");
}

#[test]
fn a_joint_unit_s_taser_has_a_review_of_its_own_and_leaves_the_lead_s_count_at_30() {
    let scene = month();
    let joint = "2023100000000999";
    scene.accept(&used(joint, OFFICER, "joint", "{kind: taser, taser: drawn}", "2023-10-09"));
    assert_eq!(scene.level("taser_tl", "2023-10", "2023-10-31")["mandatory"], 30);
    assert_eq!(scene.level("jps", "2023-10", "2023-10-31")["mandatory"], 1);
    scene.refuse("NOT-DRAWN", &reviewed("taser_tl", joint, LEAD, "2023-10-20", ""));
    scene.accept(&reviewed("jps", joint, "joint-reviewer as JPS of bch.jps", "2023-10-20", ""));
    assert_eq!(scene.level("jps", "2023-10", "2023-10-31")["percent"], "100.0");
}

#[test]
fn the_group_does_not_review_force_without_footage_unless_it_is_recorded_as_missing() {
    let scene = month();
    let record = scene.sample("irg-2023-10", "irg", &["--month", "2023-10"], "1")[0].clone();
    let name = record.trim_start_matches("uof/");
    scene.accept(&format!(
        "kind: ReviewAssigned\nstream: review/irg/{record}\nsigned_by: {LEAD}\nbody: {{reviewer_pseudonym: {REVIEWER}}}"
    ));
    let review = reviewed(
        "irg",
        name,
        "group-reviewer as REV of cambridgeshire",
        "2023-11-02",
        ", sample: sample/irg-2023-10",
    );
    scene.refuse("INV-16", &review);
    scene.accept(&format!(
        "kind: FootageRecorded\nstream: footage/{record}\nsigned_by: service-bwv as SVC:bwv of cambridgeshire\n\
         body: {{state: missing, missing_reason: Camera was not switched on}}"
    ));
    scene.accept(&review);
    let shown = scene.json(["reviews", "--record", &record])["reviews"][0].clone();
    assert_eq!(
        (&shown["footage_missing"], &shown["materials"]),
        (&true.into(), &serde_json::json!(["record"]))
    );
}
