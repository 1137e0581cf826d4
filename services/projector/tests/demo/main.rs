//! The projections over the demonstration: the acceptance scenarios' numbers, from the rules to the tables.

#[cfg(test)]
mod ledger;
#[cfg(test)]
mod oversight;

use ledger::Ledger;
use ledger_rules::civil::Day;
use projector::bodies::{Bodies, How};
use projector::judgments::Judgments;
use projector::offices::{Office, Offices, OfficesView};
use projector::register::rag::Rag;
use projector::register::{Register, RegisterView, Row};
use projector::responses::{Tracker, TrackerRow};

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn register(ledger: &Ledger, on: &str) -> RegisterView {
    ledger.fold::<Register>().view(day(on), &ledger.standing())
}

fn tracked(ledger: &Ledger, on: &str, body: &str, report: &str) -> TrackerRow {
    let view = ledger.fold::<Tracker>().view(day(on), &ledger.standing());
    let of = |row: &TrackerRow| row.body == body && row.report == format!("report/{report}");
    view.rows.into_iter().find(of).unwrap_or_else(|| panic!("no row of {body} for {report}"))
}

fn row<'a>(view: &'a RegisterView, obligation: &str) -> &'a Row {
    let stream = format!("obligation/{obligation}");
    view.rows.iter().find(|r| r.obligation == stream).unwrap_or_else(|| panic!("no {stream}"))
}

#[test]
fn as_1_eight_of_eight_and_every_paper_s_number_leads_to_the_finding() {
    let ledger = Ledger::of_the_demonstration();
    let view = register(&ledger, "2021-04-13");
    let totals = view.totals.iter().find(|t| t.report == "report/dupp-2021").unwrap();
    assert_eq!((totals.kinds[0].issued, totals.kinds[0].expected, &totals.warning), (8, Some(8), &None));
    let open: Vec<_> =
        view.totals.iter().filter(|t| t.warning.is_some()).map(|t| t.report.as_str()).collect();
    assert_eq!(open, ["report/legitimacy-2017"], "a report whose totals no source states");
    assert!(!view.complete);
    let fold = ledger.fold::<Register>();
    assert_eq!(fold.resolve("cambridgeshire", "4.7"), ["finding/dupp-2021/7"]);
    assert_eq!(fold.resolve("cumbria", "1"), ["finding/dupp-2021/7"]);
    assert_eq!(fold.resolve("cumbria", "4.7"), Vec::<String>::new());
    let owed = |r: &&Row| r.body == "cambridgeshire" && r.finding.starts_with("finding/dupp-2021/");
    let rows: Vec<_> = view.rows.iter().filter(owed).collect();
    assert_eq!(rows.len(), 10);
    assert_eq!(rows.iter().filter(|r| r.force_status == "not addressed").count(), 2);
    assert_eq!(row(&view, "cambridgeshire/dupp-2021/3/b").labels, ["4.3"]);
}

#[test]
fn as_2_the_words_give_the_dates_and_three_are_red_on_1_august_2021() {
    let ledger = Ledger::of_the_demonstration();
    let view = register(&ledger, "2021-08-01");
    for (finding, due, strict, rule) in [
        ("1", Some("2022-07-31"), Some("2022-06-30"), "\"R3\""),
        ("2", Some("2021-07-31"), Some("2021-06-30"), "\"R3\""),
        ("3", Some("2021-09-30"), Some("2021-08-31"), "\"R3\""),
        ("4", None, None, "\"R6\""),
        ("5", Some("2021-07-31"), Some("2021-06-30"), "\"R3\""),
        ("6", Some("2021-07-31"), Some("2021-06-30"), "\"R3\""),
        ("7", Some("2021-02-26"), None, "\"R4\""),
        ("8", Some("2021-12-31"), Some("2021-11-30"), "\"R3\""),
    ] {
        let stream = format!("finding/dupp-2021/{finding}");
        let found = &view.findings.iter().find(|f| f.finding == stream).unwrap().due;
        assert_eq!((found.due.as_deref(), found.strict.as_deref()), (due, strict), "{stream}");
        assert_eq!(serde_json::to_string(&found.rule).unwrap(), rule, "{stream}");
    }
    let red =
        |r: &&Row| r.body == "cambridgeshire" && r.rag == Rag::Red && r.obligation.contains("dupp-2021");
    let labels: Vec<_> = view.rows.iter().filter(red).flat_map(|r| r.labels.clone()).collect();
    assert_eq!(labels, ["4.2", "4.5", "4.6"]);
    assert_eq!(row(&view, "cambridgeshire/dupp-2021/8/0").rag, Rag::Grey);
}

#[test]
fn as_3_the_board_met_on_day_47_and_noting_changed_no_status() {
    let ledger = Ledger::of_the_demonstration();
    let row = tracked(&ledger, "2021-04-13", "cambridgeshire-lpb", "dupp-2021");
    let clock = row.clock.as_ref().unwrap();
    assert_eq!((clock.last_day.as_str(), clock.plain_56.as_str()), ("2021-04-22", "2021-04-23"));
    assert_eq!((clock.day, clock.days_left), (47, 9));
    let paper = &row.papers[0];
    assert_eq!(
        (paper.ask, paper.decision, paper.day, paper.days_left),
        ("note", Some("noted"), Some(47), Some(9))
    );
    assert_eq!(row.citations[0].as_written, "Section 55(1) of the Police Act 1996");
    assert_eq!(row.citations[0].normalised, "Police Act 1996 s.55(5)");
    assert_eq!(row.verdict.words(), "running");
    let after = tracked(&ledger, "2021-04-23", "cambridgeshire-lpb", "dupp-2021");
    assert!(after.verdict.words().starts_with("breached at the end of 2021-04-22"));
}

#[test]
fn as_4_the_letter_of_2022_decides_nothing_and_a_publication_does() {
    let mut ledger = Ledger::of_the_demonstration();
    let row = tracked(&ledger, "2022-08-20", "cambridgeshire-lpb", "peel-2021-22");
    let clock = row.clock.as_ref().unwrap();
    assert_eq!((clock.last_day.as_str(), clock.plain_56.as_str()), ("2022-08-15", "2022-08-16"));
    assert_eq!(row.letters[0].day, Some(57));
    assert!(row.verdict.words().starts_with("cannot decide"), "{}", row.verdict.words());
    assert_eq!((row.coverage.specific, row.coverage.obligations), (13, 13));
    assert_eq!(row.warnings, ["no copy to the inspectors is on the ledger (s.55(6))"]);
    ledger.draft(
        "- kind: StatutoryResponsePublished\n  stream: response/cambridgeshire-lpb/peel-2021-22\n  \
         signed_by: commissioner-cambridgeshire as LPB of cambridgeshire-lpb\n  occurred: 2022-08-16\n  \
         imported: true\n  body: {published_on: 2022-08-16}\n",
    );
    let late = tracked(&ledger, "2022-08-20", "cambridgeshire-lpb", "peel-2021-22");
    assert_eq!(
        late.verdict.words(),
        "late by 1 day, published 2022-08-16; breached at the end of 2022-08-15"
    );
}

#[test]
fn as_5_cumbria_s_blanket_answer_is_counted_and_its_day_stays_unknown() {
    let ledger = Ledger::of_the_demonstration();
    let row = tracked(&ledger, "2021-05-01", "cumbria-lpb", "dupp-2021");
    let coverage = &row.coverage;
    assert_eq!((coverage.findings_covered, coverage.findings, coverage.findings_specific), (6, 6, 0));
    assert_eq!((coverage.blanket, coverage.obligations), (8, 8));
    assert!(coverage.gap_55_5b);
    assert!(row.verdict.words().starts_with("cannot decide"), "{}", row.verdict.words());
    assert!(row.citations[0].as_written.starts_with("Section 33 of the Police Act 1996"));
    assert_eq!(row.citations[0].normalised, "Police Act 1996 s.55(5), (5A)");
}

#[test]
fn as_6_thirteen_areas_with_their_figures() {
    let ledger = Ledger::of_the_demonstration();
    let view = register(&ledger, "2022-08-20");
    let totals = view.totals.iter().find(|t| t.report == "report/peel-2021-22").unwrap();
    assert_eq!((totals.kinds[0].issued, totals.kinds[0].expected), (13, Some(13)));
    let findings: Vec<_> = view.findings.iter().filter(|f| f.finding.contains("peel-2021-22")).collect();
    let figures = |n: usize| findings[n - 1].figures.iter().map(|f| f.words.as_str()).collect::<Vec<_>>();
    assert_eq!(figures(2), ["94.0 % (percentage only)", "80.6 % (percentage only)"]);
    assert_eq!(findings[1].movements[0].points, "-13.4");
    assert!(findings[1].figures.iter().all(|f| f.wilson_95.is_none() && !f.caveat.is_empty()));
    assert_eq!(figures(5), ["41 of 79 (51.9 %)"]);
    assert_eq!(figures(6), ["40 of 48 (83.3 %)", "27 of 36 (75.0 %)"]);
    assert_eq!(figures(7), ["57 of 81 (70.4 %)", "30 of 33 (90.9 %)"]);
    assert_eq!(figures(8), ["47 of 60 (78.3 %)", "43 of 68 (63.2 %)"]);
    assert_eq!(figures(9), ["15 of 59 without (25.4 %)"]);
    assert_eq!(findings[8].figures[0].percent_done, "74.6");
    assert_eq!((findings[3].repeats.as_str(), findings[11].repeats.as_str()), ("2019", "2019"));
    let neighbourhood = row(&view, "cambridgeshire/peel-2021-22/3/0");
    assert_eq!((neighbourhood.due.due.as_deref(), neighbourhood.due_set_by), (Some("2022-11-30"), "body"));
    assert!(neighbourhood.due.interpreted);
}

#[test]
fn as_8_the_force_s_view_and_the_inspectorate_s_stand_side_by_side() {
    let mut ledger = Ledger::of_the_demonstration();
    let stream = "obligation/cambridgeshire/peel-2021-22/2/0";
    ledger.draft(&format!(
        "- kind: ForceAssessedComplete\n  stream: {stream}\n  \
         signed_by: chief-constable-cambridgeshire as CC of cambridgeshire\n  occurred: 2022-12-01\n  \
         imported: true\n  body: {{statement: Done.}}\n"
    ));
    let view = register(&ledger, "2022-12-02");
    let area = row(&view, "cambridgeshire/peel-2021-22/2/0");
    assert_eq!((area.force_status, area.inspectorate_status), ("assessed complete", "awaiting-review"));
    let before = register(&ledger, "2022-11-30");
    assert_eq!(row(&before, "cambridgeshire/peel-2021-22/2/0").force_status, "responded");
    ledger.draft(&format!(
        "- kind: ObligationClosed\n  stream: {stream}\n  signed_by:\n    \
         - governance-officer as HMI-T of cambridgeshire\n    \
         - head-of-partnerships as HMI-T of cambridgeshire\n  occurred: 2023-01-10\n  imported: true\n  \
         documents:\n    - {{title: A letter, media_type: text/plain, sha256: \
         906f2627db4599e7f30d5b06a9ec3ccb1576eacc74dbea4289c1ae9790537f2c}}\n  \
         body: {{outcome: complete, wording: Properly addressed.}}\n"
    ));
    let view = register(&ledger, "2023-03-01");
    let area = row(&view, "cambridgeshire/peel-2021-22/2/0");
    assert_eq!((area.rag, area.inspectorate_status), (Rag::Blue, "complete"));
    assert_eq!(area.closure.as_ref().unwrap().authority, "attested, not inspectorate-signed");
    assert_eq!(area.days_open, Some(203));
}

#[test]
fn a_reopened_obligation_is_open_again_and_a_new_date_is_the_body_s() {
    let mut ledger = Ledger::of_the_demonstration();
    ledger.hire("inspector", "HMI", "hmicfrs");
    let say = |kind: &str, by: &str, on: &str, body: &str| {
        format!(
            "- kind: {kind}\n  stream: obligation/cambridgeshire/peel-2021-22/3/0\n  signed_by: {by}\n  \
             occurred: {on}\n  imported: true\n  body: {body}\n"
        )
    };
    let hmi = "inspector as HMI of hmicfrs";
    ledger.draft(&say("ObligationClosed", hmi, "2022-12-01", "{outcome: no_further_action}"));
    ledger.draft(&say("ObligationReopened", hmi, "2023-01-01", "{reason: More to do.}"));
    let lead = "head-of-partnerships as LEAD of cambridgeshire";
    let late = "{note: Delayed., new_due_words: by 31 March 2023, delay_reason: COVID-19, declared: amber}";
    ledger.draft(&say("ActionProgressed", lead, "2023-01-15", late));
    let on = |day: &str| row(&register(&ledger, day), "cambridgeshire/peel-2021-22/3/0").clone();
    let closed = on("2022-12-31");
    assert_eq!(closed.closure.unwrap().authority, "signed by the inspectorate");
    assert_eq!(closed.inspectorate_status, "no-further-action-needed");
    let reopened = on("2023-01-01");
    assert_eq!((reopened.inspectorate_status, reopened.closure), ("being-progressed", None));
    assert_eq!((reopened.due.due.as_deref(), reopened.rag), (Some("2022-11-30"), Rag::Red));
    let moved = on("2023-01-15");
    assert_eq!((moved.due.due.as_deref(), moved.due_set_by), (Some("2023-03-31"), "body"));
    assert_eq!(
        (moved.rag_declared, moved.progress.unwrap().delay_reason.as_str()),
        (Some("amber"), "COVID-19")
    );
}

#[test]
fn inv_10_missing_copies_are_a_warning_once_a_week_has_passed() {
    let mut ledger = Ledger::of_the_demonstration();
    ledger.draft(
        "- kind: StatutoryResponsePublished\n  stream: response/cambridgeshire-lpb/dupp-2021\n  \
         signed_by: acting-commissioner-cambridgeshire as acting LPB of cambridgeshire-lpb\n  \
         occurred: 2021-04-20\n  imported: true\n  body: {published_on: 2021-04-20}\n",
    );
    let on = |day: &str| tracked(&ledger, day, "cambridgeshire-lpb", "dupp-2021");
    assert_eq!(on("2021-04-19").verdict.words(), "running");
    assert_eq!(on("2021-04-20").verdict.words(), "in time, published 2021-04-20");
    let uncovered = "8 of 8 obligations are not covered";
    assert_eq!(on("2021-04-27").warnings, [uncovered], "two more were not addressed to the force");
    let copy = |whom: &str| format!("no copy to {whom} is on the ledger (s.55(6))");
    let expected = [copy("the Secretary of State"), copy("the inspectors"), uncovered.to_owned()];
    assert_eq!(on("2021-04-28").warnings, expected);
}

#[test]
fn as_15_carried_over_grades_are_marked_and_scales_are_not_compared() {
    let ledger = Ledger::of_the_demonstration();
    let fold = ledger.fold::<Judgments>();
    let view = fold.view(&ledger.standing());
    let of = |report: &str| view.counts.iter().find(|c| c.report == report).unwrap();
    let (peel18, peel21) = (of("report/peel-2018-legitimacy"), of("report/peel-2021-22"));
    assert_eq!((peel18.areas, peel18.good, peel18.carried_over, peel18.scheme), (4, 4, 2, 4));
    assert_eq!((peel21.areas, peel21.good, peel21.adequate, peel21.requires_improvement), (9, 4, 3, 2));
    let carried: Vec<_> = view.judgments.iter().filter(|j| !j.inspected).collect();
    assert!(carried.iter().all(|j| j.carried_over_from == "2017"));
    let compared = fold.compare("report/peel-2018-legitimacy", "report/peel-2021-22");
    assert!(!compared.comparable && compared.warning.unwrap().starts_with("not comparable"));
    assert_eq!(view.warnings.len(), 1);
    let clock = tracked(&ledger, "2021-01-01", "cambridgeshire-lpb", "peel-2018-legitimacy");
    assert!(clock.clock.is_none() && clock.verdict.words().starts_with("cannot decide"));
}

#[test]
fn inv_34_entries_signed_with_a_compromised_key_are_marked_and_stay() {
    let mut ledger = Ledger::of_the_demonstration();
    let before = register(&ledger, "2022-08-20");
    assert!(before.rows.iter().all(|r| r.suspect_entries.is_empty()));
    let since = row(&before, "cambridgeshire/dupp-2021/5/0").last_entry;
    ledger.draft(&format!(
        "- kind: KeyRevoked\n  stream: {}\n  signed_by:\n    - first-registrar as KA of ledger-office\n    \
         - second-registrar as KA of ledger-office\n  \
         body: {{reason: stolen, compromised: true, compromised_since_index: {since}}}\n",
        Ledger::key_stream("chief-constable-cambridgeshire"),
    ));
    let after = register(&ledger, "2022-08-20");
    assert_eq!(row(&after, "cambridgeshire/dupp-2021/5/0").suspect_entries, [since]);
    assert_eq!(row(&after, "cambridgeshire/dupp-2021/4/0").suspect_entries, Vec::<u64>::new());
    assert_eq!(row(&after, "cambridgeshire/dupp-2021/5/0").force_status, "responded");
    assert_eq!(row(&after, "cumbria/dupp-2021/5/0").suspect_entries, Vec::<u64>::new());
}

fn offices(ledger: &Ledger, on: &str) -> OfficesView {
    ledger.fold::<Offices>().view(day(on), &ledger.standing())
}

/// Records a draft that two registrars sign.
fn registrars(ledger: &mut Ledger, kind: &str, stream: &str, body: &str) {
    ledger.draft(&format!(
        "- kind: {kind}\n  stream: {stream}\n  signed_by:\n    - first-registrar as KA of ledger-office\n    \
         - second-registrar as KA of ledger-office\n  body: {body}\n"
    ));
}

#[test]
fn a_role_counts_from_its_first_day_through_its_last_and_an_acting_holder_says_so() {
    let mut ledger = Ledger::of_the_demonstration();
    let key = Ledger::key_id("acting-commissioner-cambridgeshire");
    registrars(
        &mut ledger,
        "RoleAssigned",
        "role/acting-2020",
        &format!(
            "{{key: \"{key}\", role: LPB, body: cambridgeshire-lpb, valid_from: 2020-11-01, \
             valid_to: 2021-05-12, acting: true}}"
        ),
    );
    let on = |day: &str| offices(&ledger, day).offices.into_iter().find(|o| o.stream == "role/acting-2020");
    assert_eq!(on("2020-10-31"), None, "not yet begun");
    for (day, held) in [("2020-11-01", true), ("2021-05-12", true), ("2021-05-13", false)] {
        let office = on(day).unwrap();
        assert_eq!((office.held, office.acting, &office.ended_by), (held, true, &None), "{day}");
    }
    let words = on("2021-05-12").unwrap().words();
    let expected = format!("acting LPB of cambridgeshire-lpb, held by {key} from 2020-11-01 to 2021-05-12");
    assert_eq!(words, expected);
    assert_eq!(on("2021-05-12").unwrap().entries.len(), 2, "the enrolment and the assignment");
}

#[test]
fn an_office_ends_on_the_day_its_end_or_its_key_s_revocation_was_recorded() {
    let mut ledger = Ledger::of_the_demonstration();
    let of = |ledger: &Ledger, stream: &str, day: &str| -> Option<Office> {
        offices(ledger, day).offices.into_iter().find(|o| o.stream == stream)
    };
    let (ended, revoked) = ("role/commissioner-cambridgeshire-0", "role/chief-constable-cambridgeshire-0");
    assert!(of(&ledger, ended, "2026-11-22").unwrap().held);
    assert!(of(&ledger, revoked, "2026-11-22").unwrap().held);
    assert_eq!(
        of(&ledger, ended, "2026-11-21"),
        None,
        "no first day is given, so it is the day of the entry"
    );
    registrars(&mut ledger, "RoleEnded", ended, "{reason: left}");
    let key = Ledger::key_stream("chief-constable-cambridgeshire");
    registrars(&mut ledger, "KeyRevoked", &key, "{reason: left}");
    for (stream, how) in [(ended, "role ended"), (revoked, "key revoked")] {
        let office = of(&ledger, stream, "2026-11-22").unwrap();
        assert_eq!((office.held, office.ended_by), (false, Some(how)));
        assert_eq!(office.to.as_deref(), Some("2026-11-22"));
        assert_eq!(office.entries.len(), 3, "enrolled, assigned, ended");
    }
    let view = offices(&ledger, "2026-11-22");
    assert_eq!(
        view.idle_keys,
        [Ledger::key_id("commissioner-cambridgeshire")],
        "enrolled, and without office"
    );
    assert_eq!(view.offices.iter().filter(|o| o.role == "ROOT" && o.how == "founded" && o.held).count(), 2);
}

#[test]
fn a_delegation_is_an_office_of_its_own_until_it_is_ended() {
    let mut ledger = Ledger::of_the_demonstration();
    let key = Ledger::key_id("governance-officer");
    let body = format!(
        "{{from_role: CC, body: cambridgeshire, to_key: \"{key}\", \
         kinds: [scrutiny.response.v1.ActionProgressed], valid_from: 2021-01-01ENDED}}"
    );
    let found = |ledger: &Ledger| {
        let view = offices(ledger, "2026-11-22");
        view.offices.into_iter().filter(|o| o.how == "delegated").collect::<Vec<_>>()
    };
    registrars(&mut ledger, "DelegationGranted", "delegation/progress", &body.replace("ENDED", ""));
    let granted = found(&ledger);
    assert_eq!((granted.len(), granted[0].held, granted[0].role.as_str()), (1, true, "CC"));
    assert_eq!(granted[0].kinds, ["scrutiny.response.v1.ActionProgressed"]);
    registrars(
        &mut ledger,
        "DelegationGranted",
        "delegation/progress",
        &body.replace("ENDED", ", ended: true"),
    );
    let ended = found(&ledger);
    assert_eq!((ended.len(), ended[0].held, ended[0].ended_by), (1, false, Some("delegation ended")));
}

#[test]
fn a_report_says_what_it_is_and_its_remarks_carry_their_figures() {
    let ledger = Ledger::of_the_demonstration();
    let view = register(&ledger, "2022-08-20");
    let peel = view.totals.iter().find(|t| t.report == "report/peel-2018-legitimacy").unwrap();
    assert_eq!((peel.inspection, peel.programme.as_str()), ("force", "PEEL 2018/19"));
    assert_eq!((&peel.published_on, peel.last_updated_on.as_deref()), (&None, Some("2020-01-21")));
    let figures: Vec<_> = peel.remarks.iter().filter_map(|r| r.figure.as_ref()).collect();
    let percent: Vec<_> = figures.iter().map(|f| (f.percent.as_str(), f.percentage_only)).collect();
    assert_eq!(percent, [("91.0", false), ("18.0", true), ("16.7", true)]);
    assert_eq!(figures[0].words, "91 of 100 (91.0 %)");
    assert_eq!(
        figures[0].caveat,
        "Grounds as recorded by the searching officer, not the grounds at the time."
    );
    assert_eq!(figures[2].caveat, "40 more staff were recruited that month.");
    let notes = view.to_table().notes;
    let about = "report/peel-2018-legitimacy (force inspection, PEEL 2018/19, last updated 2020-01-21): ";
    assert!(notes.iter().any(|note| note.starts_with(about)), "{notes:?}");
}

#[test]
fn as_22_every_name_as_written_leads_to_its_body_and_mistakes_are_told() {
    let ledger = Ledger::of_the_demonstration();
    let bodies = ledger.fold::<Bodies>();
    for (text, body) in [
        ("Strategic Review Group", "cambs.srm"),
        ("Force Performance Meeting", "cambs.fpb"),
        ("ethics, equality and inclusion group", "cambs.ede"),
        ("Ethics, equality  and inclusion Group", "cambs.ede"),
    ] {
        assert_eq!(bodies.resolve(text)[0].body, body, "{text}");
    }
    let wrong = bodies.resolve("Herefordshire");
    assert!(!wrong.is_empty());
    assert!(wrong.iter().all(|m| m.how == How::Part && m.correction.contains("Hertfordshire")), "{wrong:?}");
    assert_eq!(bodies.resolve("Board of Nowhere"), []);
    let whole: Vec<_> = bodies.resolve("HMICFRS").into_iter().map(|m| m.body).collect();
    assert_eq!(whole, ["hmicfrs"], "not also the meeting with its professional lead");
}

#[test]
fn a_body_that_was_renamed_is_found_by_both_names() {
    let mut ledger = Ledger::of_the_demonstration();
    ledger.draft(
        "- kind: BodyRegistered\n  stream: body/cumbria-lpb\n  signed_by: first-registrar as KA of ledger-office\n  \
         body: {name: Cumbria Mayor, level: local_policing_body}\n",
    );
    let bodies = ledger.fold::<Bodies>();
    for name in ["Cumbria Mayor", "Cumbria Police and Crime Commissioner"] {
        assert_eq!(bodies.resolve(name)[0].body, "cumbria-lpb", "{name}");
    }
}

#[test]
fn a_view_says_where_it_stands_and_comes_out_the_same_twice() {
    let ledger = Ledger::of_the_demonstration();
    let once = serde_json::to_string(&register(&ledger, "2022-08-20")).unwrap();
    assert_eq!(once, serde_json::to_string(&register(&ledger, "2022-08-20")).unwrap());
    let json: serde_json::Value = serde_json::from_str(&once).unwrap();
    assert_eq!(json["projection"], "register");
    assert_eq!(json["definition_version"], 3);
    assert_eq!(json["tree_size"].as_u64(), Some(ledger.standing().tree_size.0));
    for (table, columns) in [
        (register(&ledger, "2022-08-20").to_table(), 12),
        (ledger.fold::<Tracker>().view(day("2022-08-20"), &ledger.standing()).to_table(), 11),
        (ledger.fold::<Bodies>().view(&ledger.standing()).to_table(), 7),
        (ledger.fold::<Judgments>().view(&ledger.standing()).to_table(), 6),
    ] {
        assert_eq!(table.columns.len(), columns);
        assert!(!table.rows.is_empty() && table.rows.iter().all(|r| r.len() == columns), "{}", table.title);
    }
}
