//! AS-21: a panel's session of 25 July 2023. Its ratings are words of its scale; who was not trained does not rate; no
//! session is missed in December, and the annual meeting is in March.

use crate::harness::Scene;

const CHAIR: &str = "panel-chair as CSP of cambs.csp";
const SESSION: &str = "panel/cambs.csp/2023-07-25";
const MEMBERS: [&str; 2] = ["107fe6dc45f02ffe202969b80d36f3e9", "207fe6dc45f02ffe202969b80d36f3e9"];
const UNTRAINED: &str = "307fe6dc45f02ffe202969b80d36f3e9";

fn imported(kind: &str, stream: &str, day: &str, body: &str) -> String {
    format!(
        "kind: {kind}\nstream: {stream}\nsigned_by: {CHAIR}\noccurred: {day}\nimported: true\nbody: {body}"
    )
}

fn rated(case: usize, rating: &str, members: &str) -> String {
    let body =
        format!("{{case_number: {case}, scale: cambs.csp 2023, rating: {rating}, members: [{members}]}}");
    imported("PanelRatingGiven", SESSION, "2023-07-25", &body)
}

fn panel() -> Scene {
    let scene = Scene::with_people();
    for member in MEMBERS {
        let body = "{trained_on: 2023-06-20, training: Viewing footage, independent_of_force: true}";
        scene.accept(&imported(
            "PanelMemberTrained",
            &format!("panel-member/cambs.csp/{member}"),
            "2023-06-20",
            body,
        ));
    }
    let cases: Vec<String> = (1..=5).map(|n| format!("{{number: {n}, period_words: May 2023}}")).collect();
    let body = format!("{{cases: [{}]}}", cases.join(", "));
    scene.accept(&imported("PanelSessionHeld", SESSION, "2023-07-25", &body));
    scene
}

#[test]
fn five_incidents_are_rated_by_trained_members_in_the_words_of_their_scale() {
    let scene = panel();
    let both = MEMBERS.join(", ");
    scene.refuse("INV-22", &rated(1, "Green-1", &format!("{both}, {UNTRAINED}")));
    let after = "{trained_on: 2023-08-01, independent_of_force: true}";
    scene.accept(&imported(
        "PanelMemberTrained",
        &format!("panel-member/cambs.csp/{UNTRAINED}"),
        "2023-08-01",
        after,
    ));
    scene.refuse("INV-22", &rated(1, "Green-1", UNTRAINED));
    // The recap counts the ratings and does not say which incident had which.
    for (case, rating) in (1..).zip(["Green-1", "Green-1", "Green-1", "Green-3", "Amber"]) {
        scene.accept(&rated(case, rating, &both));
    }
    let session = scene.json(["panels", "--as-of", "2023-07-31"])["sessions"][0].clone();
    assert_eq!(session["cases"].as_array().map(Vec::len), Some(5));
    let ratings = &session["ratings"];
    let count = |rating: &str| ratings[format!("cambs.csp 2023: {rating}")].clone();
    assert_eq!(
        (count("Green-1"), count("Green-3"), count("Amber")),
        (3.into(), 1.into(), 1.into()),
        "{ratings}"
    );
    assert_eq!(
        ratings.as_object().map(serde_json::Map::len),
        Some(3),
        "nothing is read into a rating: {ratings}"
    );
    assert_eq!(session["sample"], "", "the recap does not say how they were chosen");
}

#[test]
fn the_panel_and_the_force_are_heard() {
    let scene = panel();
    let reply = format!(
        "kind: PanelFeedbackGiven\nstream: {SESSION}\nsigned_by: tactical-lead as TL of cambridgeshire\n\
         body: {{voice: force_reply, case_number: 5, text: Officers were reminded.}}"
    );
    scene.refuse("PANEL", &reply);
    let said = "{voice: panel, case_number: 5, text: The search was not explained.}";
    scene.accept(&imported("PanelFeedbackGiven", SESSION, "2023-07-25", said));
    let unanswered = || scene.json(["panels"])["sessions"][0]["unanswered"].clone();
    assert_eq!(unanswered(), 1);
    scene.accept(&reply);
    assert_eq!(unanswered(), 0);

    // And whom no panel hears: of a conversation with a community there is a sort of people, and no name.
    let talk = |day: &str| {
        format!(
            "kind: CommunityConversationHeld\nstream: conversation/cambridgeshire/{day}\noccurred: 2023-09-14\nimported: true\n\
             signed_by: head-of-partnerships as LEAD of cambridgeshire\n\
             body: {{audience: a youth group, themes: [being stopped in a car]}}"
        )
    };
    scene.refuse("DATE-ORDER", &talk("2999-01-01"));
    scene.accept(&talk("2023-09-14"));
    assert_eq!(scene.json(["panels"])["conversations"][0]["audience"], "a youth group");
}

#[test]
fn a_panel_that_meets_monthly_misses_nothing_in_december_and_holds_its_annual_meeting_in_march() {
    let scene = panel();
    let standing = |item: &str, body: &str| {
        format!(
            "kind: StandingItemConfigured\nstream: standing/cambs.csp/{item}\noccurred: 2023-07-01\nimported: true\n\
             signed_by: commissioner-office-cambridgeshire as LPB-O of cambridgeshire-lpb\nbody: {body}"
        )
    };
    scene.refuse("CADENCE", &standing("meeting", "{item: meeting, cadence: monthly, except_months: [Dec]}"));
    scene.accept(&standing("meeting", "{item: meeting, cadence: monthly, except_months: [December]}"));
    scene.accept(&standing("agm", "{item: annual general meeting, cadence: annual, in_month: March}"));
    let meet = |day: &str, body: &str| {
        scene.accept(&imported("PanelSessionHeld", &format!("panel/cambs.csp/{day}"), day, body));
    };
    for day in ["2023-08-22", "2023-09-26", "2023-10-24", "2023-11-28"] {
        meet(day, "{}");
    }
    let flow = |day: &str| scene.json(["flow", "--as-of", day]);
    let gaps = |day: &str| flow(day)["cadences"][0]["gaps"].as_array().map(Vec::len);
    assert_eq!(gaps("2024-01-31"), Some(0), "nothing is expected in December: {}", flow("2024-01-31"));
    let february = flow("2024-02-01")["cadences"][0]["gaps"].clone();
    assert_eq!(february[0]["expected_by"], "2024-01-31", "{february}");

    let agm = |day: &str| flow(day)["standing"][0]["occasions"].clone();
    assert_eq!(agm("2024-03-30").as_array().map(Vec::len), Some(0), "March is not over");
    assert_eq!(agm("2024-03-31")[0]["was_there"], false);
    meet("2024-03-26", "{annual_general_meeting: true}");
    let held = agm("2024-03-31")[0].clone();
    assert_eq!((&held["was_there"], &held["from"]), (&true.into(), &"2024-03-01".into()), "{held}");
}
