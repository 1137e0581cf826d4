//! Acts of oversight, recorded under the rules.

use projector::oversight::{Act, Oversight, OversightView};

use super::day;
use super::ledger::Ledger;

const DIGEST: &str = "9fcb7edbc4ee8fb6ebcbb48751e9b8eff37421be763d771dc8c11de335cca436";

fn view(ledger: &Ledger, on: &str) -> OversightView {
    ledger.fold::<Oversight>().view(day(on), &ledger.standing())
}

fn of_stream(ledger: &Ledger, stream: &str) -> Vec<Act> {
    view(ledger, "2026-11-22").acts.into_iter().filter(|act| act.stream == stream).collect()
}

#[test]
fn what_was_looked_into_is_shown_with_who_did() {
    let mut ledger = Ledger::of_the_demonstration();
    ledger.hire("chief-officer", "CO", "cambridgeshire");
    ledger.draft(
        "- {kind: ItemScrutinised, stream: scrutiny/cambridgeshire/plans, occurred: 2021-05-10, imported: true,\n   \
         signed_by: chief-officer as CO of cambridgeshire,\n   \
         body: {text: Chief officers looked at the plans., concerns: [report/dupp-2021]}}\n\
         - {kind: ItemScrutinised, stream: scrutiny/cumbria-lpb/force, occurred: unknown, imported: true,\n   \
         signed_by: commissioner-cumbria as LPB of cumbria-lpb, body: {text: Asked in the conference.}}",
    );
    let [plans] = &of_stream(&ledger, "scrutiny/cambridgeshire/plans")[..] else { panic!("one act") };
    assert_eq!(
        (plans.what.as_str(), plans.body.as_str()),
        ("Chief officers looked at the plans.", "cambridgeshire")
    );
    assert_eq!((plans.signed_by.as_str(), plans.attested), ("CO of cambridgeshire", false));
    assert_eq!(plans.concerns, ["report/dupp-2021"]);
    let [asked] = &of_stream(&ledger, "scrutiny/cumbria-lpb/force")[..] else { panic!("one act") };
    assert_eq!(
        (asked.signed_by.as_str(), asked.when.to_string()),
        ("LPB of cumbria-lpb", "unknown".to_owned())
    );

    let before: Vec<_> = view(&ledger, "2021-05-09").acts.into_iter().map(|act| act.stream).collect();
    assert!(!before.contains(&plans.stream), "it had not happened yet");
    assert!(before.contains(&asked.stream), "what has no day is never left out");
}

#[test]
fn what_an_office_holder_said_is_shown_under_who_said_it() {
    let mut ledger = Ledger::of_the_demonstration();
    ledger.draft(
        "{kind: StatementMade, stream: response/cumbria-lpb/dupp-2021, occurred: unknown, imported: true,\n \
         signed_by: chief-constable-cumbria as CC of cumbria,\n \
         body: {speaker_role: CC, text: The force will continue to review its practices.}}",
    );
    let [said] = &of_stream(&ledger, "response/cumbria-lpb/dupp-2021")[..] else { panic!("one act") };
    assert_eq!(said.what, "CC: The force will continue to review its practices.");
    assert_eq!((said.speaker_role.as_str(), said.signed_by.as_str()), ("CC", "CC of cumbria"));
    assert_eq!(said.concerns, ["report/dupp-2021"], "the report that is answered");
}

#[test]
fn what_was_submitted_and_published_is_shown_with_its_digest() {
    let mut ledger = Ledger::of_the_demonstration();
    let stream = "submission/cambridgeshire/annual-data/2022";
    let officer = "governance-officer as G&I of cambridgeshire";
    for (stage, by, more) in [
        ("prepared", officer, ", template_version: '1', tree_size: 12, to: home-office"),
        ("approved", "chief-constable-cambridgeshire as CC of cambridgeshire", ""),
    ] {
        ledger.draft(&format!(
            "{{kind: SubmissionRecorded, stream: {stream}, signed_by: {by},\n \
             body: {{stage: {stage}, payload_sha256: {DIGEST}{more}}}}}"
        ));
    }
    ledger.draft(&format!(
        "{{kind: PublicationRecorded, stream: publication/cambridgeshire/recap, signed_by: {officer},\n \
         body: {{step: made, url: 'https://www.example.org/recap', content_sha256: {DIGEST}, withheld: 2,\n \
         reason_codes: [SMALL_NUMBERS]}}}}"
    ));
    let acts = of_stream(&ledger, stream);
    let said: Vec<_> = acts.iter().map(|act| (act.what.as_str(), act.signed_by.as_str())).collect();
    let prepared = "prepared for home-office by template 1, from a tree of size 12";
    assert_eq!(said, [(prepared, "G&I of cambridgeshire"), ("approved", "CC of cambridgeshire")]);
    assert!(acts.iter().all(|act| act.sha256 == DIGEST));
    let [made] = &of_stream(&ledger, "publication/cambridgeshire/recap")[..] else { panic!("one act") };
    assert_eq!(made.what, "made at https://www.example.org/recap; 2 withheld (SMALL_NUMBERS)");
    assert_eq!(made.sha256, DIGEST);
}

#[test]
fn a_force_monitored_more_closely_is_shown_with_the_reason_and_marked_as_attested() {
    let mut ledger = Ledger::of_the_demonstration();
    ledger.draft(&format!(
        "{{kind: MonitoringPhaseChanged, stream: monitor/cambridgeshire,\n \
         signed_by: [governance-officer as HMI-T of cambridgeshire, head-of-partnerships as HMI-T of cambridgeshire],\n \
         documents: [{{title: A letter, media_type: text/plain, sha256: {DIGEST}}}],\n \
         body: {{phase: engage, reason: An example}}}}"
    ));
    let [engaged] = &of_stream(&ledger, "monitor/cambridgeshire")[..] else { panic!("one act") };
    assert_eq!((engaged.what.as_str(), engaged.attested), ("engage (An example)", true));
    let table = view(&ledger, "2026-11-22").to_table();
    assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
    assert!(table.to_csv().contains("MonitoringPhaseChanged,monitor/cambridgeshire,engage (An example)"));
}
