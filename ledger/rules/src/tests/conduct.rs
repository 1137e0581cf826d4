//! Conduct cases: who decides, in which order, and what is late but recorded.

use serde_json::{Value, json};

use super::world::{Draft, FORCE, World};
use crate::conduct::Proceedings;
use crate::{Code, State};

const NAME: &str = "4f1c09ab77d2e350";
const CASE: &str = "psdcase/4f1c09ab77d2e350";

/// Staffed, with professional standards, on Monday 13 June 2022.
fn world() -> World {
    let mut world = World::staffed();
    for (who, role) in [("authority", "AA"), ("psd", "HPSD"), ("investigator", "INV"), ("sergeant", "SUP")] {
        world.hire(who, role, FORCE);
    }
    world.it_is("2022-06-13T09:00:00Z");
    world
}

fn opened(route: &str) -> World {
    let mut world = world();
    say(&mut world, "AllegationReceived", json!({ "route": route })).by("psd", "HPSD", FORCE).ok();
    world
}

fn say<'w>(world: &'w mut World, kind: &str, body: Value) -> Draft<'w> {
    world.say(kind, CASE, body).but(|message| message.marking = 2)
}

fn aa<'w>(world: &'w mut World, kind: &str, body: Value) -> Draft<'w> {
    say(world, kind, body).by("authority", "AA", FORCE)
}

fn severity(regulation: &str, result: &str) -> Value {
    json!({ "regulation": regulation, "result": result, "disinterest_declared": true })
}

fn answer(answer: &str) -> Value {
    let mut body = json!({ "answer": answer, "determined_on": "2022-06-13" });
    if answer != "none" {
        body["forum"] = json!("hearing");
    }
    body
}

fn appoint(world: &mut World) {
    aa(world, "InvestigatorAppointed", json!({ "independence_declared": true })).ok();
}

/// Up to proceedings that have started.
fn proceeding() -> World {
    let mut world = opened("conduct");
    aa(&mut world, "SeverityAssessed", severity("conduct_14", "gross_misconduct")).ok();
    appoint(&mut world);
    aa(&mut world, "CaseToAnswerDetermined", answer("gross_misconduct")).ok();
    let started = json!({ "forum": "hearing", "started_on": "2022-06-13" });
    aa(&mut world, "ProceedingsStarted", started).ok();
    world
}

fn conclude(world: &mut World, outcome: &str) {
    let body = json!({ "finding": "gross_misconduct", "outcome": outcome, "concluded_on": "2022-06-13" });
    aa(world, "ProceedingsConcluded", body).ok();
}

#[test]
fn a_case_is_known_by_random_digits_and_marked_sensitive() {
    let mut world = world();
    let body = json!({ "route": "conduct" });
    for named in ["psdcase/co-123-22", "psdcase/1234", "psdcase/sergeant-example-2022"] {
        let draft = world.say("AllegationReceived", named, body.clone()).but(|m| m.marking = 2);
        draft.by("psd", "HPSD", FORCE).refused(Code::Pseudonym);
    }
    world.say("AllegationReceived", CASE, body.clone()).by("psd", "HPSD", FORCE).refused(Code::Marking);
    say(&mut world, "AllegationReceived", body.clone()).by("psd", "HPSD", FORCE).ok();
    say(&mut world, "AllegationReceived", body).by("psd", "HPSD", FORCE).refused(Code::CaseState);
}

#[test]
fn a_case_is_decided_by_the_body_that_opened_it() {
    let mut world = opened("conduct");
    world.hire("cumbria authority", "AA", "cumbria");
    let body = || json!({ "independence_declared": true });
    let draft = say(&mut world, "InvestigatorAppointed", body());
    draft.by("cumbria authority", "AA", "cumbria").refused(Code::CaseState);
    let elsewhere = world.say("InvestigatorAppointed", "psdcase/00000000000000ff", body());
    elsewhere.but(|m| m.marking = 2).by("authority", "AA", FORCE).refused(Code::CaseState);
    appoint(&mut world);
}

#[test]
fn an_anonymous_report_has_no_source_and_no_moment() {
    use scrutiny_proto::ledger::v1::{Commitment, Precision};
    let mut world = world();
    let anonymous = || json!({ "route": "anonymous" });
    say(&mut world, "AllegationReceived", anonymous()).by("psd", "HPSD", FORCE).refused(Code::CaseState);
    let draft = say(&mut world, "AllegationReceived", anonymous()).occurred(Precision::Day, "2022-06-13");
    let sealed = |m: &mut scrutiny_proto::ledger::v1::Statement| {
        m.sealed.push(Commitment {
            field: "source".to_owned(),
            digest: bytes::Bytes::from_static(&[1; 32]),
            reason_code: "COMPLAINANT_ANONYMITY".to_owned(),
        });
    };
    draft.but(sealed).by("psd", "HPSD", FORCE).refused(Code::CaseState);
    let draft = say(&mut world, "AllegationReceived", anonymous()).occurred(Precision::Day, "2022-06-13");
    draft.by("psd", "HPSD", FORCE).ok();
}

#[test]
fn inv_24_severity_is_for_the_appropriate_authority_and_never_for_a_line_manager() {
    let mut world = opened("conduct");
    let body = || severity("conduct_14", "misconduct");
    say(&mut world, "SeverityAssessed", body()).by("sergeant", "SUP", FORCE).refused(Code::Inv24);
    say(&mut world, "SeverityAssessed", body()).by("investigator", "INV", FORCE).refused(Code::Inv24);
    aa(&mut world, "SeverityAssessed", body()).by("sergeant", "SUP", FORCE).refused(Code::Inv24);
    let undeclared = json!({ "regulation": "conduct_14", "result": "misconduct" });
    aa(&mut world, "SeverityAssessed", undeclared).refused(Code::Inv24);
    let other_law = severity("complaints_16", "misconduct");
    say(&mut world, "SeverityAssessed", other_law).by("investigator", "INV", FORCE).refused(Code::Inv24);
    aa(&mut world, "SeverityAssessed", body()).ok();
}

#[test]
fn inv_24_a_delegate_of_the_appropriate_authority_assesses() {
    let mut world = opened("conduct");
    let kind = "scrutiny.conduct.v1.SeverityAssessed";
    let to_key = super::world::key_id("psd").to_string();
    let granted = json!({ "from_role": "AA", "body": FORCE, "to_key": to_key, "kinds": [kind] });
    world.say("DelegationGranted", "delegation/severity", granted).by("authority", "AA", FORCE).ok();
    let draft = say(&mut world, "SeverityAssessed", severity("conduct_14", "gross_misconduct"));
    draft.by("psd", "HPSD", FORCE).on_behalf_of("AA").ok();
}

#[test]
fn inv_24_in_a_complaint_the_investigator_assesses() {
    for (route, referred) in [("complaint", false), ("conduct", true)] {
        let mut world = opened(route);
        if referred {
            let body = json!({ "step": "determined", "mode": "directed" });
            aa(&mut world, "ReferralRecorded", body).ok();
        }
        aa(&mut world, "SeverityAssessed", severity("conduct_14", "misconduct")).refused(Code::Inv24);
        aa(&mut world, "SeverityAssessed", severity("complaints_16", "misconduct")).refused(Code::Inv24);
        let draft = say(&mut world, "SeverityAssessed", severity("complaints_16", "misconduct"));
        draft.by("investigator", "INV", FORCE).ok();
    }
}

#[test]
fn inv_25_misconduct_is_investigated_before_there_is_a_case_to_answer() {
    for result in ["misconduct", "gross_misconduct"] {
        let mut world = opened("conduct");
        aa(&mut world, "CaseToAnswerDetermined", answer("misconduct")).refused(Code::CaseState);
        aa(&mut world, "SeverityAssessed", severity("conduct_14", result)).ok();
        aa(&mut world, "CaseToAnswerDetermined", answer("misconduct")).refused(Code::Inv25);
        aa(&mut world, "CaseToAnswerDetermined", answer("none")).refused(Code::Inv25);
        appoint(&mut world);
        let mut contradiction = answer("none");
        contradiction["forum"] = json!("meeting");
        aa(&mut world, "CaseToAnswerDetermined", contradiction).refused(Code::CaseState);
        aa(&mut world, "CaseToAnswerDetermined", answer("misconduct")).ok();
    }
    let mut world = opened("conduct");
    aa(&mut world, "SeverityAssessed", severity("conduct_14", "neither")).ok();
    aa(&mut world, "CaseToAnswerDetermined", answer("none")).ok();
}

#[test]
fn inv_26_severity_is_revised_until_proceedings_start() {
    let mut world = opened("conduct");
    aa(&mut world, "SeverityAssessed", severity("conduct_14", "misconduct")).ok();
    aa(&mut world, "SeverityAssessed", severity("conduct_14", "gross_misconduct")).ok();
    assert_eq!(world.state.conduct_case(NAME).unwrap().serious, Some(true));
    let mut world = proceeding();
    aa(&mut world, "SeverityAssessed", severity("conduct_14", "misconduct")).refused(Code::Inv26);
    conclude(&mut world, "dismissed");
    aa(&mut world, "SeverityAssessed", severity("conduct_14", "neither")).refused(Code::Inv26);
}

#[test]
fn inv_27_a_late_referral_is_recorded() {
    let mut world = opened("conduct");
    let made = |clear: &str, on: &str| json!({ "step": "made", "ground": "serious_corruption", "became_clear_on": clear, "referred_on": on });
    // Clear on Friday 10 June: due by the end of Saturday, made on Monday.
    aa(&mut world, "ReferralRecorded", made("2022-06-10", "2022-06-13")).ok();
    for (body, code) in [
        (made("2022-06-13", "2022-06-10"), Code::DateOrder),
        (made("2022-06-10", "2022-06-14"), Code::DateOrder),
        (json!({ "step": "made", "ground": "voluntary" }), Code::Referral),
        (
            json!({ "step": "made", "became_clear_on": "2022-06-10", "referred_on": "2022-06-10" }),
            Code::Referral,
        ),
        (json!({ "step": "declined", "referred_on": "2022-06-10" }), Code::Referral),
        (json!({ "step": "determined" }), Code::Referral),
        (json!({ "step": "considered", "mode": "own" }), Code::Referral),
    ] {
        aa(&mut world, "ReferralRecorded", body).refused(code);
    }
    aa(&mut world, "ReferralRecorded", json!({ "step": "guidance_sought" })).ok();
}

#[test]
fn inv_28_an_investigator_is_declared_independent() {
    let mut world = opened("conduct");
    aa(&mut world, "InvestigatorAppointed", json!({})).refused(Code::Inv28);
    appoint(&mut world);
}

#[test]
fn inv_29_a_barred_list_report_follows_a_dismissal() {
    let report = |list: &str, trigger: &str| json!({ "list": list, "step": "sent", "trigger_on": trigger, "done_on": "2022-06-13" });
    let mut world = proceeding();
    aa(&mut world, "ListReported", report("barred", "2022-06-13")).refused(Code::Inv29);
    // The subject has left: the advisory list asks for no dismissal.
    aa(&mut world, "ListReported", report("advisory", "2022-06-01")).ok();
    conclude(&mut world, "final_written_warning");
    aa(&mut world, "ListReported", report("barred", "2022-06-13")).refused(Code::Inv29);
    for outcome in ["dismissed", "would_have_been_dismissed"] {
        let mut world = proceeding();
        conclude(&mut world, outcome);
        let withdrawn = json!({ "list": "barred", "step": "withdrawn", "done_on": "2022-06-13" });
        aa(&mut world, "ListReported", withdrawn.clone()).refused(Code::CaseState);
        aa(&mut world, "ListReported", report("barred", "2022-06-14")).refused(Code::DateOrder);
        // Eight working days late, and recorded.
        aa(&mut world, "ListReported", report("barred", "2022-05-20")).ok();
        aa(&mut world, "ListReported", withdrawn).ok();
    }
}

#[test]
fn proceedings_start_on_a_case_to_answer_and_end_with_an_outcome_for_what_was_found() {
    let mut world = opened("conduct");
    let started = json!({ "forum": "meeting", "started_on": "2022-06-13" });
    aa(&mut world, "ProceedingsStarted", started.clone()).refused(Code::CaseState);
    aa(&mut world, "AppealRecorded", json!({ "state": "lodged", "on": "2022-06-13" }))
        .refused(Code::CaseState);
    let mut world = proceeding();
    aa(&mut world, "ProceedingsStarted", started).refused(Code::CaseState);
    aa(&mut world, "CaseDisposed", json!({ "disposal": "closed" })).refused(Code::CaseState);
    for (finding, outcome) in [("misconduct", ""), ("not_proven", "dismissed")] {
        let mut body = json!({ "finding": finding, "concluded_on": "2022-06-13" });
        if !outcome.is_empty() {
            body["outcome"] = json!(outcome);
        }
        aa(&mut world, "ProceedingsConcluded", body).refused(Code::CaseState);
    }
    aa(&mut world, "ProceedingsConcluded", json!({ "finding": "not_proven", "concluded_on": "2022-06-13" }))
        .ok();
    assert_eq!(world.state.conduct_case(NAME).unwrap().proceedings, Proceedings::Concluded);
    aa(&mut world, "AppealRecorded", json!({ "state": "lodged", "on": "2022-06-13" })).ok();
}

#[test]
fn a_closed_case_takes_no_more() {
    let mut world = opened("conduct");
    aa(&mut world, "CaseDisposed", json!({ "disposal": "reflective_practice" })).ok();
    aa(&mut world, "CaseDisposed", json!({ "disposal": "closed" })).ok();
    aa(&mut world, "SeverityAssessed", severity("conduct_14", "neither")).refused(Code::CaseState);
    let saved = State::from_bytes(&world.state.to_bytes()).unwrap();
    assert_eq!(saved, world.state);
}

#[test]
fn a_notice_was_given_on_a_day_or_withheld_under_a_code() {
    let mut world = opened("conduct");
    for (body, good) in [
        (json!({ "notice": "investigation", "given_on": "2022-06-13" }), true),
        (json!({ "notice": "investigation", "withheld": true, "withheld_code": "HARM_TEST" }), true),
        (json!({ "notice": "investigation", "withheld": true, "withheld_code": "NO_REASON" }), false),
        (json!({ "notice": "investigation" }), false),
        (json!({ "notice": "progress", "given_on": "2022-06-13", "withheld_code": "HARM_TEST" }), false),
        (json!({ "notice": "timeliness", "withheld": true, "withheld_code": "HARM_TEST" }), false),
    ] {
        let draft = aa(&mut world, "CaseNoticeRecorded", body.clone()).any_version();
        assert_eq!(draft.judged_by(|d| d), if good { Ok(()) } else { Err(Code::CaseState) }, "{body}");
    }
    let access = |role: &str| json!({ "role": role, "basis": "Police Appeals Tribunals Rules 2020" });
    aa(&mut world, "RestrictedAccessGranted", access("IM")).ok();
    aa(&mut world, "RestrictedAccessGranted", access("ANYBODY")).refused(Code::UnknownRole);
}

#[test]
fn what_is_done_in_a_case_is_done_by_the_day_of_recording() {
    let mut world = opened("conduct");
    aa(&mut world, "SeverityAssessed", severity("conduct_14", "misconduct")).ok();
    appoint(&mut world);
    let tomorrow = "2022-06-14";
    let notice = json!({ "notice": "progress", "given_on": tomorrow });
    aa(&mut world, "CaseNoticeRecorded", notice).any_version().refused(Code::DateOrder);
    let report = |on: &str| json!({ "submitted_on": on });
    say(&mut world, "InvestigationReported", report(tomorrow))
        .by("investigator", "INV", FORCE)
        .refused(Code::DateOrder);
    say(&mut world, "InvestigationReported", report("2022-06-13")).by("investigator", "INV", FORCE).ok();
    let late = json!({ "answer": "misconduct", "forum": "meeting", "determined_on": tomorrow });
    aa(&mut world, "CaseToAnswerDetermined", late).refused(Code::DateOrder);
    aa(&mut world, "CaseToAnswerDetermined", answer("none")).ok();
    let started = |on: &str| json!({ "forum": "meeting", "started_on": on });
    aa(&mut world, "ProceedingsStarted", started("2022-06-13")).refused(Code::CaseState);
    aa(&mut world, "CaseToAnswerDetermined", answer("misconduct")).ok();
    aa(&mut world, "ProceedingsStarted", started(tomorrow)).refused(Code::DateOrder);
    aa(&mut world, "ProceedingsStarted", started("2022-06-13")).ok();
    let concluded = json!({ "finding": "not_proven", "concluded_on": tomorrow });
    aa(&mut world, "ProceedingsConcluded", concluded).refused(Code::DateOrder);
    aa(&mut world, "ProceedingsConcluded", json!({ "finding": "not_proven", "concluded_on": "2022-06-13" }))
        .ok();
    aa(&mut world, "AppealRecorded", json!({ "state": "lodged", "on": tomorrow })).refused(Code::DateOrder);
    aa(&mut world, "CaseDisposed", json!({ "disposal": "performance" })).refused(Code::CaseState);
    aa(&mut world, "CaseDisposed", json!({ "disposal": "closed" })).ok();
}

#[test]
fn a_list_report_names_its_trigger_and_is_acknowledged_while_it_stands() {
    let mut world = proceeding();
    let step = |step: &str, list: &str| json!({ "list": list, "step": step, "done_on": "2022-06-13" });
    aa(&mut world, "ListReported", step("sent", "advisory")).refused(Code::CaseState);
    let mut sent = step("sent", "advisory");
    sent["trigger_on"] = json!("2022-06-13");
    aa(&mut world, "ListReported", sent).ok();
    aa(&mut world, "ListReported", step("acknowledged", "barred")).refused(Code::CaseState);
    aa(&mut world, "ListReported", step("acknowledged", "advisory")).ok();
    aa(&mut world, "ListReported", step("withdrawn", "advisory")).ok();
    aa(&mut world, "ListReported", step("acknowledged", "advisory")).refused(Code::CaseState);
    let mut ahead = step("sent", "advisory");
    (ahead["trigger_on"], ahead["done_on"]) = (json!("2022-06-13"), json!("2022-06-14"));
    aa(&mut world, "ListReported", ahead).refused(Code::DateOrder);
}
