//! Panels, lessons, and what is wrong with data.

use serde_json::{Value, json};

use super::powers::{RECORD, sample, used, with_reviewers};
use super::world::{FORCE, World, person};
use crate::Code;

const PANEL: &str = "cambs.csp";
const SESSION: &str = "panel/cambs.csp/2021-03-25";

fn with_panel() -> World {
    let mut world = with_reviewers();
    world.hire("chair", "CSP", PANEL);
    world.hire("standards", "HPSD", FORCE);
    world.hire("information", "IM", FORCE);
    world
}

fn train(world: &mut World, who: &str, on: &str, independent: bool) -> Result<(), Code> {
    let body = json!({ "trained_on": on, "independent_of_force": independent });
    let stream = format!("panel-member/{PANEL}/{}", person(who));
    let draft = world.say("PanelMemberTrained", &stream, body).by("chair", "CSP", PANEL);
    draft.imported().judged_by(|d| d)
}

fn hold(world: &mut World, more: Value) -> Result<(), Code> {
    let mut body = json!({ "cases": [{ "number": 1 }, { "number": 2 }] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.say("PanelSessionHeld", SESSION, body).by("chair", "CSP", PANEL).imported().judged_by(|d| d)
}

fn rate(world: &mut World, case: u32, members: &[&str]) -> Result<(), Code> {
    let members: Vec<String> = members.iter().map(|who| person(who)).collect();
    let body =
        json!({ "case_number": case, "scale": "cambs.csp 2023", "rating": "Green-1", "members": members });
    world.say("PanelRatingGiven", SESSION, body).by("chair", "CSP", PANEL).imported().judged_by(|d| d)
}

#[test]
fn inv_22_only_members_trained_before_and_independent_rate() {
    let mut world = with_panel();
    train(&mut world, "early", "2021-02-01", true).unwrap();
    train(&mut world, "same day", "2021-03-25", true).unwrap();
    train(&mut world, "employed", "2021-02-01", false).unwrap();
    assert_eq!(train(&mut world, "future", "2021-05-01", true), Err(Code::DateOrder));
    assert_eq!(rate(&mut world, 1, &["early"]), Err(Code::Panel), "no session yet");
    hold(&mut world, json!({})).unwrap();
    assert_eq!(hold(&mut world, json!({})), Err(Code::Panel));
    for who in ["same day", "employed", "untrained"] {
        assert_eq!(rate(&mut world, 1, &["early", who]), Err(Code::Inv22), "{who}");
    }
    assert_eq!(rate(&mut world, 3, &["early"]), Err(Code::Panel), "no such case");
    assert_eq!(rate(&mut world, 1, &["early", "early"]), Err(Code::Panel));
    assert_eq!(rate(&mut world, 1, &["early"]), Ok(()));
    assert_eq!(rate(&mut world, 1, &["early"]), Err(Code::Panel), "once");
    assert_eq!(rate(&mut world, 2, &["early"]), Ok(()));
    train(&mut world, "same day", "2021-03-01", true).unwrap();
    assert_eq!(
        rate(&mut world, 1, &["same day"]),
        Ok(()),
        "an earlier training that was entered later counts"
    );
    let by_name = json!({ "trained_on": "2021-02-01", "independent_of_force": true });
    let named =
        world.say("PanelMemberTrained", "panel-member/cambs.csp/jo", by_name).by("chair", "CSP", PANEL);
    assert_eq!(named.judged_by(|d| d), Err(Code::Pseudonym));
}

#[test]
fn a_panel_s_cases_are_those_that_were_drawn_where_it_says_so() {
    let mut world = with_panel();
    used(&mut world, "officer", RECORD, json!([{ "kind": "baton" }]));
    used(&mut world, "officer", "ffffffffffffffff", json!([{ "kind": "baton" }]));
    let drawn = format!("uof/{RECORD}");
    sample(&mut world, "panel", "panel-1", &[&drawn]);
    sample(&mut world, "irg", "irg-1", &[&drawn]);
    let with = |sample: &str, record: &str| json!({ "sample": sample, "cases": [{ "number": 1, "record": record }] });
    assert_eq!(hold(&mut world, json!({ "cases": [{ "number": 1 }, { "number": 1 }] })), Err(Code::Panel));
    assert_eq!(hold(&mut world, with("sample/irg-1", &drawn)), Err(Code::Inv17));
    assert_eq!(hold(&mut world, with("sample/panel-1", "uof/ffffffffffffffff")), Err(Code::Inv17));
    assert_eq!(hold(&mut world, with("sample/panel-1", &drawn)), Ok(()));
}

#[test]
fn who_speaks_for_a_panel_or_for_the_force_signs_and_replies_follow() {
    let mut world = with_panel();
    hold(&mut world, json!({})).unwrap();
    let mut say = |voice: &str, who: (&str, &str, &str), case: u32| {
        let body = json!({ "voice": voice, "case_number": case, "text": "Words" });
        world.say("PanelFeedbackGiven", SESSION, body).by(who.0, who.1, who.2).judged_by(|d| d)
    };
    let (chair, lead, standards) =
        (("chair", "CSP", PANEL), ("lead", "TL", FORCE), ("standards", "HPSD", FORCE));
    assert_eq!(say("force_reply", lead, 1), Err(Code::Panel), "nothing was said yet");
    assert_eq!(say("panel", lead, 1), Err(Code::Speaker));
    assert_eq!(say("panel", chair, 9), Err(Code::Panel));
    assert_eq!(say("panel", chair, 0), Ok(()), "about the session as a whole");
    assert_eq!(say("force_reply", chair, 1), Err(Code::Speaker));
    assert_eq!(say("force_reply", lead, 1), Ok(()));
    assert_eq!(say("professional_standards_reply", standards, 0), Ok(()));
}

fn lesson(declared: bool) -> Value {
    json!({ "text": "Say why you search.", "audience": "all Supervisors", "source": "review", "no_personal_data": declared })
}

fn issue(world: &mut World, name: &str) {
    let draft = world.say("LearningPointIssued", &format!("learning/{name}"), lesson(true));
    draft.by("lead", "TL", FORCE).by("information", "IM", FORCE).ok();
}

#[test]
fn inv_23_a_lesson_goes_out_after_a_second_person_s_look() {
    let mut world = with_panel();
    let stream = "learning/say-why";
    world.say("LearningPointIssued", stream, lesson(true)).by("lead", "TL", FORCE).refused(Code::Charter);
    let undeclared = world.say("LearningPointIssued", stream, lesson(false)).by("lead", "TL", FORCE);
    undeclared.by("information", "IM", FORCE).refused(Code::Inv23);
    // One person with two keys is one person.
    world.hire_known("second key of lead", "REV", FORCE);
    let same = json!({ "key": super::world::key_id("second key of lead").to_string(), "role": "SUP", "body": FORCE, "pseudonym": person("lead") });
    world
        .say("RoleAssigned", "role/second", same)
        .by("ka one", "KA", "home-office")
        .by("ka two", "KA", "home-office")
        .ok();
    let alone = world.say("LearningPointIssued", stream, lesson(true)).by("lead", "TL", FORCE);
    alone.by("second key of lead", "SUP", FORCE).refused(Code::Inv23);

    let channel = |world: &mut World, issue: &str, channel: &str, points: Value| {
        let body = json!({ "channel": channel, "points": points, "month": "2021-03" });
        let stream = format!("learning-issue/cambridgeshire/{issue}");
        world.say("LearningChannelled", &stream, body).by("lead", "TL", FORCE).judged_by(|d| d)
    };
    assert_eq!(channel(&mut world, "hub-1", "learning_hub", json!([stream])), Err(Code::Inv23));
    issue(&mut world, "say-why");
    assert_eq!(channel(&mut world, "hub-1", "learning_hub", json!([stream])), Ok(()));
    assert_eq!(
        channel(&mut world, "hub-1", "learning_hub", json!([stream])),
        Err(Code::Learning),
        "an issue is out once"
    );
    assert_eq!(
        channel(&mut world, "tips-1", "top_three_tips", json!([stream, stream, stream])),
        Err(Code::Learning)
    );
    issue(&mut world, "two");
    assert_eq!(
        channel(&mut world, "tips-1", "top_three_tips", json!([stream, "learning/two"])),
        Err(Code::Learning)
    );
    issue(&mut world, "three");
    let three = json!([stream, "learning/two", "learning/three"]);
    assert_eq!(channel(&mut world, "tips-1", "top_three_tips", three), Ok(()));
    world
        .say("LearningPointIssued", stream, lesson(true))
        .by("lead", "TL", FORCE)
        .by("information", "IM", FORCE)
        .refused(Code::Learning);
}

#[test]
fn a_body_takes_a_lesson_on_itself() {
    let mut world = with_panel();
    let adopt = |world: &mut World, by: &str| {
        let draft = world.say("LearningAdopted", "learning/say-why", json!({ "by": by }));
        draft.by("head", "LEAD", FORCE).judged_by(|d| d)
    };
    assert_eq!(adopt(&mut world, FORCE), Err(Code::Learning));
    issue(&mut world, "say-why");
    assert_eq!(adopt(&mut world, FORCE), Err(Code::UnknownBody));
    for body in [FORCE, "cambs.olg"] {
        let named = json!({ "name": body, "level": "board" });
        world.say("BodyRegistered", &format!("body/{body}"), named).by("head", "LEAD", FORCE).ok();
    }
    assert_eq!(adopt(&mut world, "cambs.olg"), Err(Code::Learning));
    assert_eq!(adopt(&mut world, FORCE), Ok(()));
}

#[test]
fn an_issue_with_data_is_raised_reviewed_and_resolved() {
    let mut world = with_panel();
    world.hire("analyst", "AN", FORCE);
    let mut say = |step: &str, stated: u64| {
        let sum = json!({ "stated": stated, "computed": 593, "parts": "339 + 254" });
        let body =
            json!({ "step": step, "dataset": "recap", "text": "The parts do not add up.", "sum": sum });
        world
            .say("DataQualityIssueRecorded", "quality/cambridgeshire/recap", body)
            .by("analyst", "AN", FORCE)
            .judged_by(|d| d)
    };
    assert_eq!(say("reviewed", 581), Err(Code::Quality));
    assert_eq!(say("raised", 593), Err(Code::Quality), "it adds up");
    assert_eq!(say("raised", 581), Ok(()));
    assert_eq!(say("raised", 581), Err(Code::Quality));
    assert_eq!(say("reviewed", 581), Ok(()));
    assert_eq!(say("resolved", 581), Ok(()));
    assert_eq!(say("resolved", 581), Err(Code::Quality));
    assert_eq!(say("raised", 581), Ok(()), "it came back");
}

#[test]
fn figures_of_a_period_are_revised_with_a_reason_and_never_overwritten() {
    let mut world = with_panel();
    world.hire("analyst", "AN", FORCE);
    world.hire("meeting chair", "CHAIR", "cambs.srm");
    let (first, second) = ("11".repeat(32), "22".repeat(32));
    let table = |world: &mut World, sha: &str, revises: &str, reason: &str, size: u64| {
        let body = json!({
            "dataset": "searches 1", "period": "2021-02", "tree_size": size, "sha256": sha, "revises": revises,
            "revision_reason": reason,
        });
        let draft =
            world.say("FiguresTabled", "meeting/cambs.srm/2021-04-13", body).by("analyst", "AN", FORCE);
        draft.judged_by(|d| d)
    };
    let review = |world: &mut World, sha: &str| {
        let body = json!({ "figures_sha256": sha, "commentary": "Words" });
        let draft = world.say("DisproportionalityReviewed", "meeting/cambs.srm/2021-04-13", body);
        draft.by("meeting chair", "CHAIR", "cambs.srm").judged_by(|d| d)
    };
    for period in ["Feb 2021", "2021-2", "2021-02-01", "February"] {
        let body = json!({ "dataset": "searches 1", "period": period, "tree_size": 5, "sha256": first });
        let draft =
            world.say("FiguresTabled", "meeting/cambs.srm/2021-04-13", body).by("analyst", "AN", FORCE);
        assert_eq!(draft.judged_by(|d| d), Err(Code::Figures), "{period}: another name for the same month");
    }
    assert_eq!(review(&mut world, &first), Err(Code::Figures));
    assert_eq!(table(&mut world, &first, "", "", 9_000), Err(Code::Figures));
    assert_eq!(table(&mut world, &first, &second, "late forms", 5), Err(Code::Figures));
    assert_eq!(table(&mut world, &first, "", "", 5), Ok(()));
    assert_eq!(table(&mut world, &first, "", "", 5), Ok(()), "shown again");
    assert_eq!(table(&mut world, &second, "", "", 6), Err(Code::Figures), "overwritten");
    assert_eq!(table(&mut world, &second, &first, "", 6), Err(Code::Figures), "without a reason");
    assert_eq!(table(&mut world, &second, &first, "late forms", 6), Ok(()));
    assert_eq!(review(&mut world, &second), Ok(()));
    assert_eq!(review(&mut world, ""), Ok(()), "none were there");
}
