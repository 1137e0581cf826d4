//! The acceptance scenarios as far as they are the rules': exact data, in order, by number.

use scrutiny_proto::ledger::v1::Commitment;
use serde_json::{Value, json};

use super::governance::with_boards;
use super::world::{Draft, FORCE, World, hex};
use crate::Code;
use crate::civil::Day;
use crate::clock::{Options, Reckoned, Rule, Start, Verdict, reckon};

const CASE: &str = "psdcase/9a60f2b1c4d7e835";

fn world(now: &str) -> World {
    let mut world = World::staffed();
    for (who, role) in [("authority", "AA"), ("delegate", "HPSD"), ("sergeant", "SUP"), ("vetting", "FVM")] {
        world.hire(who, role, FORCE);
    }
    world.it_is(now);
    world
}

fn say<'w>(world: &'w mut World, kind: &str, body: Value) -> Draft<'w> {
    world.say(kind, CASE, body).but(|message| message.marking = 2).by("authority", "AA", FORCE)
}

fn clock(rule: Rule, from: &str) -> Reckoned {
    reckon(rule, from.parse::<Start>().unwrap(), &Options::default()).unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn severity(result: &str) -> Value {
    json!({ "regulation": "conduct_14", "result": result, "disinterest_declared": true })
}

#[test]
fn as_17_severity_and_referral() {
    let mut world = world("2022-06-13T09:00:00Z");
    say(&mut world, "AllegationReceived", json!({ "route": "conduct" })).ok();
    let granted = json!({
        "from_role": "AA",
        "body": FORCE,
        "to_key": super::world::key_id("delegate").to_string(),
        "kinds": ["scrutiny.conduct.v1.SeverityAssessed"],
    });
    world.say("DelegationGranted", "delegation/severity", granted).by("authority", "AA", FORCE).ok();
    let assess = |world: &mut World, who: &str, role: &str, for_aa: bool| {
        let draft = world.say("SeverityAssessed", CASE, severity("gross_misconduct"));
        let draft = draft.but(|message| message.marking = 2).by(who, role, FORCE);
        (if for_aa { draft.on_behalf_of("AA") } else { draft }).judged_by(|d| d)
    };
    assert_eq!(assess(&mut world, "sergeant", "SUP", false), Err(Code::Inv24));
    assert_eq!(assess(&mut world, "delegate", "HPSD", true), Ok(()));

    let answer =
        || json!({ "answer": "gross_misconduct", "forum": "hearing", "determined_on": "2022-06-13" });
    say(&mut world, "CaseToAnswerDetermined", answer()).refused(Code::Inv25);
    say(&mut world, "InvestigatorAppointed", json!({ "independence_declared": true })).ok();
    say(&mut world, "CaseToAnswerDetermined", answer()).ok();
    say(&mut world, "ProceedingsStarted", json!({ "forum": "hearing", "started_on": "2022-06-13" })).ok();
    say(&mut world, "SeverityAssessed", severity("misconduct")).refused(Code::Inv26);

    // Serious corruption became clear on Friday at 10:00: due by the end of Saturday, made on Monday.
    let made = json!({
        "step": "made",
        "ground": "serious_corruption",
        "became_clear_on": "2022-06-10",
        "referred_on": "2022-06-13",
    });
    say(&mut world, "ReferralRecorded", made).ok();
    let limit = clock(Rule::R12, "2022-06-10T10:00:00+01:00");
    assert_eq!(limit.last_day, Some(day("2022-06-11")));
    assert_eq!(limit.verdict(day("2022-06-11")), Some(Verdict::InTime));
    assert_eq!(limit.verdict(day("2022-06-13")), Some(Verdict::Late { days: 2 }));
}

#[test]
fn as_18_barred_list() {
    let mut world = world("2023-01-03T09:00:00Z");
    say(&mut world, "AllegationReceived", json!({ "route": "conduct" })).ok();
    say(&mut world, "SeverityAssessed", severity("gross_misconduct")).ok();
    say(&mut world, "InvestigatorAppointed", json!({ "independence_declared": true })).ok();
    let answer = json!({ "answer": "gross_misconduct", "forum": "hearing", "determined_on": "2022-12-01" });
    say(&mut world, "CaseToAnswerDetermined", answer).ok();
    say(&mut world, "ProceedingsStarted", json!({ "forum": "hearing", "started_on": "2022-12-19" })).ok();
    let sent =
        || json!({ "list": "barred", "step": "sent", "trigger_on": "2022-12-22", "done_on": "2023-01-03" });
    say(&mut world, "ListReported", sent()).refused(Code::Inv29);
    let concluded =
        json!({ "finding": "gross_misconduct", "outcome": "dismissed", "concluded_on": "2022-12-22" });
    say(&mut world, "ProceedingsConcluded", concluded).ok();
    say(&mut world, "ListReported", sent()).ok();

    // Dismissed on Thursday: 22, 23, 28, 29, 30 December. Sent on 3 January: late.
    let limit = clock(Rule::R11, "2022-12-22");
    assert_eq!(limit.last_day, Some(day("2022-12-30")));
    assert_eq!(limit.verdict(day("2022-12-30")), Some(Verdict::InTime));
    assert_eq!(limit.verdict(day("2023-01-03")), Some(Verdict::Late { days: 4 }));
}

#[test]
fn as_19_a_hold_stops_an_erasure_and_restriction_takes_its_place() {
    let mut world = world("2022-06-13T09:00:00Z");
    for byte in [1, 2] {
        let commitment = Commitment {
            field: "people".to_owned(),
            digest: bytes::Bytes::copy_from_slice(&[byte; 32]),
            reason_code: "PERSONAL_DATA".to_owned(),
        };
        let body = json!({ "fact": "ContactNamed", "text": "A contact officer." });
        let draft = world.say("ScrutinyFactRecorded", "fact/cambridgeshire/contacts", body);
        draft.but(|message| message.sealed.push(commitment)).by("alice", "G&I", FORCE).ok();
    }
    let hold = json!({ "digests": [hex(&[2; 32])], "basis": "Inquiries Act 2005 s.21" });
    world.say("LegalHoldPlaced", "hold/inquiry", hold).by("im", "IM", FORCE).ok();
    let erase = |world: &mut World, byte: u8| {
        let reason = "DATA_SUBJECT_RIGHT";
        let body =
            json!({ "digests": [hex(&[byte; 32])], "reason_code": reason, "legal_hold_checked": true });
        let draft = world.say("ErasureExecuted", "privacy/subject", body).by("im", "IM", FORCE);
        draft.by("ka one", "KA", "home-office").judged_by(|d| d)
    };
    assert_eq!(erase(&mut world, 1), Ok(()));
    assert_eq!(erase(&mut world, 2), Err(Code::Inv33));
    let restricted = json!({ "digests": [hex(&[2; 32])], "reason_code": "DATA_SUBJECT_RIGHT" });
    world.say("ProcessingRestricted", "privacy/subject", restricted).by("im", "IM", FORCE).ok();
    assert!(world.state.is_erased(&ledger_core::hash::Hash([1; 32])));
    assert!(world.state.is_restricted(&ledger_core::hash::Hash([2; 32])));
}

#[test]
fn as_23_a_vetting_backlog_is_a_percentage_of_an_unknown_number() {
    let mut world = world("2022-06-13T09:00:00Z");
    let backlog = |percentage: &str, period: &str, context: &str| {
        let mut body = json!({
            "measures": "staff without a current clearance for their post",
            "figure": { "percentage_only": percentage, "polarity": "negative" },
            "period_words": period,
            "caveat": "The denominator is unknown.",
        });
        if !context.is_empty() {
            body["context"] = json!(context);
        }
        body
    };
    let report = |world: &mut World, body: Value| {
        let draft = world.say("MetricReported", "metric/cambridgeshire/vetting-backlog", body);
        draft.any_version().by("vetting", "FVM", FORCE).judged_by(|d| d)
    };
    assert_eq!(report(&mut world, backlog("18.0", "April 2019", "")), Ok(()));
    assert_eq!(report(&mut world, backlog("16.7", "May 2019", "40 more staff were recruited")), Ok(()));
    let fall = crate::report::tenths_of_percent("18.0").zip(crate::report::tenths_of_percent("16.7"));
    assert_eq!(fall.map(|(from, to)| from - to), Some(13), "1.3 points");
    let mut invented = backlog("16.7", "May 2019", "");
    invented["figure"]["count"] = json!(167);
    assert_eq!(report(&mut world, invented), Err(Code::Inv14));
}

#[test]
fn as_24_a_forwarded_item_is_undelivered_until_its_receipt() {
    let mut world = with_boards();
    let stream = "item/cambs.irg/grounds";
    let delivered = |world: &World| world.state.items[stream]["cambs.fob"];
    let forwarded = json!({ "title": "Recording of grounds", "to": "cambs.fob", "direction": "up" });
    world.say("ItemForwarded", stream, forwarded).by("group secretary", "SEC", "cambs.irg").ok();
    assert!(!delivered(&world));
    let received = json!({ "at": "cambs.fob" });
    world.say("ItemReceived", stream, received).by("board secretary", "SEC", "cambs.fob").ok();
    assert!(delivered(&world));
}
