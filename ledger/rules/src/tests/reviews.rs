//! Reviews: who may, of what, from what, and in which order.

use serde_json::{Value, json};

use super::powers::{RECORD, force, imported, sample, used, with_reviewers};
use super::world::{FORCE, World, hex, person};
use crate::Code;

fn on(level: &str) -> String {
    format!("review/{level}/uof/{RECORD}")
}

fn done(more: Value) -> Value {
    let mut body = json!({ "outcome": "no_concern", "saw_record": true, "saw_footage": true });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn review(world: &mut World, level: &str, who: (&str, &str), more: Value) -> Result<(), Code> {
    let body = if who.1 == "JPS" { "bch.jps" } else { FORCE };
    world.say("ReviewCompleted", &on(level), done(more)).by(who.0, who.1, body).judged_by(|d| d)
}

fn assign(world: &mut World, level: &str, to: &str) -> Result<(), Code> {
    let body = json!({ "reviewer_pseudonym": person(to) });
    world.say("ReviewAssigned", &on(level), body).by("lead", "TL", FORCE).judged_by(|d| d)
}

/// A drawn Taser by the officer, and a sample of it for the group.
fn drawn_for_the_group() -> World {
    let mut world = with_reviewers();
    used(&mut world, "officer", RECORD, json!([{ "kind": "taser", "taser": "drawn" }]));
    sample(&mut world, "irg", "irg-1", &[&format!("uof/{RECORD}")]);
    world
}

#[test]
fn inv_15_only_the_officer_reviews_their_own_record_and_only_as_themselves() {
    let mut world = drawn_for_the_group();
    assert_eq!(review(&mut world, "self", ("second officer", "OFF"), json!({})), Err(Code::Inv15));
    assert_eq!(review(&mut world, "self", ("sergeant", "SUP"), json!({})), Err(Code::Inv15));
    assert_eq!(review(&mut world, "self", ("officer", "OFF"), json!({})), Ok(()));
    assert_eq!(review(&mut world, "taser_tl", ("officer", "OFF"), json!({})), Err(Code::Inv15));
    let own = json!({ "reviewer_pseudonym": person("officer") });
    let selfish = world.say("ReviewAssigned", &on("self"), own).by("lead", "TL", FORCE);
    assert_eq!(selfish.judged_by(|d| d), Err(Code::ReviewState));
}

#[test]
fn inv_15_a_reviewer_is_judged_by_every_pseudonym_of_the_key_that_signs() {
    let mut world = drawn_for_the_group();
    // The officer is promoted, signs with the same key, and the first role has ended.
    world.bind("officer", "REV", FORCE);
    world
        .say("RoleEnded", "role/officer-off", json!({ "reason": "promoted" }))
        .by("ka one", "KA", "home-office")
        .by("ka two", "KA", "home-office")
        .ok();
    assert_eq!(assign(&mut world, "irg", "officer"), Err(Code::Inv15));
    assert_eq!(assign(&mut world, "irg", "reviewer"), Ok(()));
    let sampled = json!({ "sample": "sample/irg-1" });
    assert_eq!(review(&mut world, "irg", ("officer", "REV"), sampled.clone()), Err(Code::Inv15));
    world.hire("unbound", "REV", FORCE);
    assert_eq!(
        review(&mut world, "irg", ("unbound", "REV"), sampled.clone()),
        Err(Code::Inv15),
        "it could be the officer's"
    );
    assert_eq!(
        review(&mut world, "irg", ("other reviewer", "REV"), sampled.clone()),
        Err(Code::ReviewState),
        "not assigned to them"
    );
    assert_eq!(review(&mut world, "irg", ("reviewer", "REV"), sampled), Ok(()));
}

#[test]
fn inv_15_who_supervised_saw_or_stepped_back_reviews_at_no_level() {
    let mut world = with_reviewers();
    let mut body = force("officer", json!([{ "kind": "taser", "taser": "fired" }]));
    body["involved"] = json!([{ "pseudonym": person("lead"), "how": "supervisor" }, { "pseudonym": person("trainer"), "how": "witness" }]);
    world.say("UseOfForceRecorded", &format!("uof/{RECORD}"), body).by("tuserv", "SVC:tuserv", FORCE).ok();
    assert_eq!(review(&mut world, "taser_tl", ("lead", "TL"), json!({})), Err(Code::Inv15));
    assert_eq!(review(&mut world, "taser_ttt", ("trainer", "TTT"), json!({})), Err(Code::Inv15));

    sample(&mut world, "irg", "irg-1", &[&format!("uof/{RECORD}")]);
    assert_eq!(assign(&mut world, "irg", "reviewer"), Ok(()));
    let recused = json!({ "reason": "other" });
    world.say("ReviewRecused", &on("irg"), recused.clone()).by("reviewer", "REV", FORCE).ok();
    assert_eq!(assign(&mut world, "irg", "reviewer"), Err(Code::Inv15));
    let sampled = json!({ "sample": "sample/irg-1" });
    assert_eq!(
        review(&mut world, "irg", ("other reviewer", "REV"), sampled.clone()),
        Err(Code::ReviewState),
        "assigned to nobody"
    );
    assert_eq!(assign(&mut world, "irg", "other reviewer"), Ok(()));
    assert_eq!(review(&mut world, "irg", ("other reviewer", "REV"), sampled), Ok(()));
    let late = world.say("ReviewRecused", &on("irg"), recused).by("other reviewer", "REV", FORCE);
    assert_eq!(late.judged_by(|d| d), Err(Code::ReviewState));
}

/// A tactical lead who used a Taser would have to have it reviewed by somebody of their own choice.
#[test]
fn inv_15_who_used_the_power_does_not_choose_who_reviews_it() {
    let mut world = with_reviewers();
    let body = force("lead", json!([{ "kind": "taser", "taser": "drawn" }]));
    world.say("UseOfForceRecorded", &format!("uof/{RECORD}"), body).by("tuserv", "SVC:tuserv", FORCE).ok();
    sample(&mut world, "irg", "irg-1", &[&format!("uof/{RECORD}")]);
    assert_eq!(assign(&mut world, "irg", "reviewer"), Err(Code::Inv15));
    let by_another = json!({ "reviewer_pseudonym": person("reviewer") });
    world.say("ReviewAssigned", &on("irg"), by_another).by("superintendent", "SPT", FORCE).ok();
}

#[test]
fn inv_16_the_group_sees_record_and_footage_or_that_there_is_none() {
    let mut world = drawn_for_the_group();
    assign(&mut world, "irg", "reviewer").unwrap();
    let mut without = |record: bool, footage: bool| {
        let seen = json!({ "sample": "sample/irg-1", "saw_record": record, "saw_footage": footage });
        world.say("ReviewCompleted", &on("irg"), done(seen)).by("reviewer", "REV", FORCE).judged_by(|d| d)
    };
    assert_eq!(without(true, false), Err(Code::Inv16));
    assert_eq!(without(false, true), Err(Code::Inv16));
    let missing = json!({ "state": "missing", "missing_reason": "not switched on" });
    world.say("FootageRecorded", &format!("footage/uof/{RECORD}"), missing).by("bwv", "SVC:bwv", FORCE).ok();
    let unseen = json!({ "sample": "sample/irg-1", "saw_footage": false });
    assert_eq!(review(&mut world, "irg", ("reviewer", "REV"), unseen), Ok(()));
}

#[test]
fn inv_17_a_review_names_the_sample_that_drew_its_record_for_its_level() {
    let mut world = drawn_for_the_group();
    sample(&mut world, "supervisor", "sup-1", &[&format!("uof/{RECORD}")]);
    let sup = ("sergeant", "SUP");
    assert_eq!(review(&mut world, "supervisor", sup, json!({})), Err(Code::Inv17));
    assert_eq!(review(&mut world, "supervisor", sup, json!({ "sample": "sample/irg-1" })), Err(Code::Inv17));
    assert_eq!(
        review(&mut world, "supervisor", sup, json!({ "sample": "sample/nowhere" })),
        Err(Code::Inv17)
    );
    assert_eq!(review(&mut world, "supervisor", sup, json!({ "sample": "sample/sup-1" })), Ok(()));
}

#[test]
fn what_was_neither_drawn_nor_must_be_reviewed_is_not() {
    let mut world = with_reviewers();
    used(&mut world, "officer", RECORD, json!([{ "kind": "baton" }]));
    for (level, who) in [
        ("supervisor", ("sergeant", "SUP")),
        ("taser_tl", ("lead", "TL")),
        ("taser_ttt", ("trainer", "TTT")),
        ("jps", ("joint", "JPS")),
        ("superintendent", ("superintendent", "SPT")),
    ] {
        assert_eq!(review(&mut world, level, who, json!({})), Err(Code::NotDrawn), "{level}");
    }
    assert_eq!(assign(&mut world, "irg", "reviewer"), Err(Code::NotDrawn));
    assert_eq!(
        review(&mut world, "panel", ("lead", "TL"), json!({})),
        Err(Code::StreamMismatch),
        "a panel gives ratings"
    );
    let elsewhere = world.say("ReviewCompleted", "review/self/uof/ffffffffffffffff", done(json!({})));
    assert_eq!(elsewhere.by("officer", "OFF", FORCE).judged_by(|d| d), Err(Code::NotDrawn));
    let no_power = world.say("ReviewCompleted", "review/self/stop/ffffffffffffffff", done(json!({})));
    assert_eq!(no_power.by("officer", "OFF", FORCE).judged_by(|d| d), Err(Code::StreamMismatch));
}

#[test]
fn inv_20_and_21_each_taser_has_its_reviewers_and_each_level_its_roles() {
    // What was used, by which unit, and which levels review it without a sample.
    for (taser, unit, due) in [
        ("drawn", "force", &["taser_tl"][..]),
        ("fired", "force", &["taser_tl", "taser_ttt"]),
        ("drawn", "joint", &["jps"]),
        ("fired", "joint", &["taser_ttt", "jps"]),
    ] {
        let mut world = with_reviewers();
        let mut body = force("officer", json!([{ "kind": "taser", "taser": taser }]));
        body["unit"] = json!(unit);
        world
            .say("UseOfForceRecorded", &format!("uof/{RECORD}"), body)
            .by("tuserv", "SVC:tuserv", FORCE)
            .ok();
        for (level, who) in
            [("taser_tl", ("lead", "TL")), ("taser_ttt", ("trainer", "TTT")), ("jps", ("joint", "JPS"))]
        {
            assert_eq!(
                review(&mut world, level, ("superintendent", "SPT"), json!({})),
                Err(Code::ReviewLevel)
            );
            let expected = if due.contains(&level) { Ok(()) } else { Err(Code::NotDrawn) };
            assert_eq!(review(&mut world, level, who, json!({})), expected, "{level} of {taser} by {unit}");
        }
    }
}

#[test]
fn inv_21_a_force_may_count_joint_units_at_the_tactical_lead_s_level_and_stop() {
    let mut world = with_reviewers();
    let mut body = force("officer", json!([{ "kind": "taser", "taser": "drawn" }]));
    body["unit"] = json!("joint");
    world.say("UseOfForceRecorded", &format!("uof/{RECORD}"), body).by("tuserv", "SVC:tuserv", FORCE).ok();
    let adopt = |world: &mut World, level: &str, joint: bool| {
        let body = json!({ "days": 28, "includes_joint_units": joint });
        let stream = format!("review-period/cambridgeshire/{level}");
        world.say("ReviewPeriodAdopted", &stream, body).by("head", "LEAD", FORCE).judged_by(|d| d)
    };
    assert_eq!(adopt(&mut world, "jps", true), Err(Code::ReviewLevel));
    assert_eq!(adopt(&mut world, "sometimes", false), Err(Code::StreamMismatch));
    assert_eq!(adopt(&mut world, "taser_tl", true), Ok(()));
    assert_eq!(adopt(&mut world, "taser_tl", false), Ok(()));
    assert_eq!(review(&mut world, "taser_tl", ("lead", "TL"), json!({})), Err(Code::NotDrawn));
    assert_eq!(adopt(&mut world, "taser_tl", true), Ok(()));
    assert_eq!(review(&mut world, "taser_tl", ("lead", "TL"), json!({})), Ok(()));
}

#[test]
fn a_completed_review_is_corrected_by_a_new_one_that_names_it() {
    let mut world = drawn_for_the_group();
    let first = world.say("ReviewCompleted", &on("taser_tl"), done(json!({}))).by("lead", "TL", FORCE).ok();
    let first = first.replace('-', "");
    assert_eq!(review(&mut world, "taser_tl", ("lead", "TL"), json!({})), Err(Code::ReviewState));
    let nameless = json!({ "corrects": first });
    assert_eq!(review(&mut world, "taser_tl", ("lead", "TL"), nameless), Err(Code::Inv30));
    let other = json!({ "corrects": "00".repeat(16), "correction_reason": "misheard" });
    assert_eq!(review(&mut world, "taser_tl", ("lead", "TL"), other), Err(Code::Inv30));
    let good = json!({ "corrects": first, "correction_reason": "misheard" });
    assert_eq!(review(&mut world, "taser_tl", ("lead", "TL"), good.clone()), Ok(()));
    assert_eq!(
        review(&mut world, "taser_tl", ("lead", "TL"), good.clone()),
        Err(Code::Inv30),
        "it was corrected already"
    );
    assert_eq!(review(&mut world, "self", ("officer", "OFF"), good), Err(Code::Inv30), "nothing to correct");
}

#[test]
fn levels_stand_beside_each_other_and_a_later_one_says_whether_it_agrees() {
    let mut world = drawn_for_the_group();
    assign(&mut world, "irg", "reviewer").unwrap();
    let with = |more: Value| {
        let mut body = json!({ "sample": "sample/irg-1" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let rev = ("reviewer", "REV");
    let early = with(json!({ "prior_review": on("taser_tl"), "concurs": "yes" }));
    assert_eq!(review(&mut world, "irg", rev, early.clone()), Err(Code::ReviewState));
    assert_eq!(review(&mut world, "irg", rev, with(json!({ "concurs": "yes" }))), Err(Code::ReviewState));
    review(&mut world, "taser_tl", ("lead", "TL"), json!({})).unwrap();
    let other = with(json!({ "prior_review": "review/taser_tl/uof/ffffffffffffffff", "concurs": "yes" }));
    assert_eq!(review(&mut world, "irg", rev, other), Err(Code::ReviewState));
    assert_eq!(
        review(&mut world, "irg", rev, with(json!({ "prior_review": on("irg") }))),
        Err(Code::ReviewState)
    );
    assert_eq!(review(&mut world, "irg", rev, early), Ok(()));
}

#[test]
fn feedback_follows_a_review_and_is_acknowledged_by_who_was_told() {
    let mut world = drawn_for_the_group();
    let tell = |world: &mut World, level: &str, who: (&str, &str), more: Value| {
        let mut body = json!({ "to": "officer", "tone": "positive" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.say("FeedbackGiven", &on(level), body).by(who.0, who.1, FORCE).judged_by(|d| d)
    };
    let ack = |world: &mut World, level: &str, who: (&str, &str), recipient: &str| {
        let body = json!({ "recipient": recipient });
        world.say("FeedbackAcknowledged", &on(level), body).by(who.0, who.1, FORCE).judged_by(|d| d)
    };
    let lead = ("lead", "TL");
    assert_eq!(tell(&mut world, "taser_tl", lead, json!({})), Err(Code::ReviewState));
    review(&mut world, "taser_tl", lead, json!({})).unwrap();
    assert_eq!(ack(&mut world, "taser_tl", ("officer", "OFF"), "officer"), Err(Code::ReviewState));
    assert_eq!(tell(&mut world, "taser_tl", lead, json!({})), Ok(()));
    assert_eq!(tell(&mut world, "taser_tl", lead, json!({ "to": "supervisor" })), Ok(()));
    assert_eq!(tell(&mut world, "taser_tl", lead, json!({ "to": "training_unit" })), Ok(()));
    assert_eq!(ack(&mut world, "taser_tl", ("second officer", "OFF"), "officer"), Err(Code::Inv15));
    assert_eq!(ack(&mut world, "taser_tl", ("officer", "OFF"), "officer"), Ok(()));
    assert_eq!(ack(&mut world, "taser_tl", ("officer", "OFF"), "officer"), Err(Code::ReviewState), "once");
    assert_eq!(ack(&mut world, "taser_tl", ("officer", "OFF"), "supervisor"), Err(Code::ReviewLevel));
    assert_eq!(ack(&mut world, "taser_tl", ("sergeant", "SUP"), "supervisor"), Ok(()));
    assert_eq!(ack(&mut world, "taser_tl", ("head", "LEAD"), "training_unit"), Ok(()));
    assert_eq!(tell(&mut world, "taser_tl", lead, json!({})), Ok(()), "told again");
    assert_eq!(ack(&mut world, "taser_tl", ("officer", "OFF"), "officer"), Ok(()));

    let debrief = json!({ "debrief": true });
    assert_eq!(tell(&mut world, "irg", ("reviewer", "REV"), debrief.clone()), Err(Code::ReviewState));
    assert_eq!(
        tell(&mut world, "supervisor", ("sergeant", "SUP"), debrief),
        Ok(()),
        "a routine debrief needs no review"
    );
}

#[test]
fn a_concern_is_taken_further_from_a_completed_review_and_opens_the_superintendent_s() {
    let mut world = drawn_for_the_group();
    let escalate = |world: &mut World, to: &str| {
        world
            .say("ConcernEscalated", &on("taser_tl"), json!({ "to": to }))
            .by("lead", "TL", FORCE)
            .judged_by(|d| d)
    };
    assert_eq!(escalate(&mut world, "superintendent"), Err(Code::ReviewState));
    review(&mut world, "taser_tl", ("lead", "TL"), json!({ "outcome": "concern" })).unwrap();
    assert_eq!(escalate(&mut world, "professional_standards"), Ok(()));
    let spt = ("superintendent", "SPT");
    assert_eq!(review(&mut world, "superintendent", spt, json!({})), Err(Code::NotDrawn));
    assert_eq!(escalate(&mut world, "superintendent"), Ok(()));
    assert_eq!(review(&mut world, "superintendent", spt, json!({})), Ok(()));
    let good = json!({ "text": "Calm throughout" });
    world.say("GoodPracticeRecognised", &on("taser_tl"), good.clone()).by("lead", "TL", FORCE).ok();
    world.say("GoodPracticeRecognised", &on("jps"), good).by("lead", "TL", FORCE).refused(Code::ReviewState);
}

#[test]
fn an_imported_row_is_reviewed_when_it_was_drawn_and_tells_no_officer() {
    let mut world = with_reviewers();
    let name = imported(&mut world);
    let record = format!("search/{name}-2");
    let row = json!({ "source_line": hex(b"a row\r\n") });
    world.say("StopSearchRecorded", &record, row).by("importer", "SVC:import", FORCE).imported().ok();
    let stream = format!("review/rgrg/{record}");
    let to = json!({ "reviewer_pseudonym": person("reviewer") });
    world.say("ReviewAssigned", &stream, to.clone()).by("lead", "TL", FORCE).refused(Code::NotDrawn);
    sample(&mut world, "rgrg", "rgrg-1", &[&record]);
    world.say("ReviewAssigned", &stream, to).by("lead", "TL", FORCE).ok();
    let found = json!({ "outcome": "no_concern", "saw_record": true, "grounds": "reasonable", "sample": "sample/rgrg-1" });
    world.say("ReviewCompleted", &stream, found.clone()).by("reviewer", "REV", FORCE).ok();
    let tell = json!({ "to": "officer", "tone": "positive" });
    world.say("FeedbackGiven", &stream, tell).by("reviewer", "REV", FORCE).refused(Code::ReviewState);
    let own = format!("review/self/{record}");
    world
        .say("ReviewCompleted", &own, json!({ "outcome": "no_concern" }))
        .by("officer", "OFF", FORCE)
        .refused(Code::Inv15);
}

/// Random acts by random people on every level: whatever is accepted, levels leave each other alone, what is completed
/// stays completed, and nobody with a part in the incident signs a review of it.
#[test]
fn levels_never_touch_each_other_and_nobody_reviews_what_they_had_a_part_in() {
    const PEOPLE: [(&str, &str); 8] = [
        ("officer", "OFF"),
        ("officer", "REV"),
        ("sergeant", "SUP"),
        ("reviewer", "REV"),
        ("other reviewer", "REV"),
        ("lead", "TL"),
        ("trainer", "TTT"),
        ("superintendent", "SPT"),
    ];
    let levels = ["self", "supervisor", "irg", "taser_tl", "taser_ttt", "superintendent"];
    let (mut accepted, mut random) = (0, 0x9e37_79b9_7f4a_7c15_u64);
    let mut below = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from((random >> 33) % bound as u64).unwrap()
    };
    for _ in 0..40 {
        let mut world = with_reviewers();
        world.bind("officer", "REV", FORCE);
        used(&mut world, "officer", RECORD, json!([{ "kind": "taser", "taser": "fired" }]));
        for level in ["supervisor", "irg"] {
            sample(&mut world, level, &format!("{level}-1"), &[&format!("uof/{RECORD}")]);
        }
        let mut part = vec![person("officer")];
        for _ in 0..30 {
            let (level, (who, role)) = (levels[below(levels.len())], PEOPLE[below(PEOPLE.len())]);
            let key = crate::powers::RecordKey::of(&format!("uof/{RECORD}"));
            let number = crate::review::level(level).unwrap() as u8;
            let before = world.state.reviews.clone();
            let (kind, body) = match below(5) {
                0 => {
                    ("ReviewAssigned", json!({ "reviewer_pseudonym": person(PEOPLE[below(PEOPLE.len())].0) }))
                }
                1 => ("ReviewRecused", json!({ "reason": "other" })),
                2 => ("FeedbackGiven", json!({ "to": "supervisor", "tone": "mixed" })),
                3 if level != "self" => ("ConcernEscalated", json!({ "to": "superintendent" })),
                _ => {
                    let drawn = matches!(level, "supervisor" | "irg");
                    let named = if drawn { format!("sample/{level}-1") } else { String::new() };
                    ("ReviewCompleted", done(json!({ "sample": named })))
                }
            };
            if world.say(kind, &on(level), body).by(who, role, FORCE).judged_by(|d| d).is_err() {
                continue;
            }
            accepted += 1;
            if kind == "ReviewCompleted" {
                assert_eq!(part.contains(&person(who)), level == "self", "{who} as {role} at {level}");
            }
            if kind == "ReviewRecused" {
                part.push(person(who));
            }
            for (place, review) in before {
                let after = world.state.reviews[&place];
                assert!(place == (key, number) || after == review, "{kind} at {level} changed another level");
                assert!(review.completed.is_none() || after.completed == review.completed);
            }
        }
    }
    assert!(accepted > 150, "got {accepted}");
}
