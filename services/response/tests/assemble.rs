//! Filled-in forms, and what is wrong with them.

use ledger_core::hash::Hash;
use response::{Assembled, assemble};

const FORM: &str = r#"
response:
  body: cambridgeshire-lpb
  report: dupp-2021
  signed_by: commissioner as LPB of cambridgeshire-lpb
  addressed_to: Home Secretary
  letter_dated: 2021-04-20
  published_on: 2021-04-21
  url: https://example.org/response
  comments: We welcome the report.
force:
  signed_by: chief as CC of cambridgeshire
copies:
  - {to: secretary_of_state, sent_on: 2021-04-21, channel: letter}
obligations:
  - obligation: obligation/cambridgeshire/dupp-2021/1/0
    title: Communication skills
    answer: We fund the course, and look at the reviews twice a year.
  - obligation: obligation/cambridgeshire/dupp-2021/2/0
    blanket: true
  - obligation: obligation/cambridgeshire/dupp-2021/5/0
    answer: " "
    force: {type: action_proposed, text: Monitoring is to begin., actions: [{what: Monitor, due_words: By July 2021}]}
"#;

fn made() -> Assembled {
    assemble(FORM).unwrap_or_else(|e| panic!("{e}"))
}

fn complaint(from: &str, to: &str) -> String {
    assert!(FORM.contains(from), "{from:?} is not in the form");
    assemble(&FORM.replacen(from, to, 1)).expect_err("it is wrong").to_string()
}

#[test]
fn a_form_becomes_the_response_obligation_by_obligation() {
    let made = made();
    let kinds: Vec<&str> = made.drafts.iter().map(|draft| draft.kind.short_name.as_str()).collect();
    assert_eq!(
        kinds,
        ["ForceResponseRecorded", "StatutoryResponsePrepared", "StatutoryResponsePublished", "CopySent"]
    );
    assert_eq!(made.drafts[0].stream.as_str(), "obligation/cambridgeshire/dupp-2021/5/0");
    assert_eq!(made.drafts[1].stream.as_str(), "response/cambridgeshire-lpb/dupp-2021");
    let published = &made.statements[2]["body"];
    assert_eq!(
        published["covers"],
        serde_json::json!([
            {"obligation": "obligation/cambridgeshire/dupp-2021/1/0", "mode": "specific"},
            {"obligation": "obligation/cambridgeshire/dupp-2021/2/0", "mode": "blanket"},
        ])
    );
    assert_eq!(published["published_on"], "2021-04-21");
    assert_eq!(made.unanswered, ["obligation/cambridgeshire/dupp-2021/5/0"]);
    assert_eq!(made.blanket, ["obligation/cambridgeshire/dupp-2021/2/0"]);
}

#[test]
fn the_statements_name_the_letter_that_the_answers_make_up() {
    let made = made();
    let letter = made.letter.expect("the form names no document of its own");
    assert!(letter.contains(
        "1. Communication skills (obligation/cambridgeshire/dupp-2021/1/0)\n   We fund the course"
    ));
    assert!(letter.contains("   Our comments as a whole cover this."));
    assert!(letter.contains("   No answer."));
    let digest = Hash::of(letter.as_bytes()).to_hex();
    for statement in &made.statements[1..3] {
        assert_eq!(statement["documents"][0]["sha256"], digest);
    }
    let own = FORM.replace("  comments:", "  document: {title: The letter, path: letter.pdf}\n  comments:");
    let made = assemble(&own).expect("it reads");
    assert_eq!((made.letter, &made.statements[1]["documents"][0]["path"]), (None, &"letter.pdf".into()));
}

#[test]
fn only_a_publication_is_called_one() {
    let prepared = assemble(&FORM.replace("  published_on: 2021-04-21\n", "")).expect("it reads");
    assert!(prepared.drafts.iter().all(|draft| draft.kind.short_name != "StatutoryResponsePublished"));
    let neither =
        FORM.replace("  published_on: 2021-04-21\n", "").replace("  letter_dated: 2021-04-20\n", "");
    let why = assemble(&neither).expect_err("it says neither").to_string();
    assert!(why.contains("letter_dated or published_on"), "{why}");
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let check = |from: &str, to: &str, words: &str| {
        let got = complaint(from, to);
        assert!(got.contains("line ") && got.contains(words), "{to:?}: {got}");
    };
    check("type: action_proposed", "type: maybe", "maybe");
    check("2021-04-20", "20/04/2021", "letter_dated: ");
    check("commissioner as LPB of", "LPB of", "must read");
    check("    blanket: true", "    blanket: true\n    answer: Ours", "strike one");
    check("force:\n  signed_by: chief as CC of cambridgeshire\n", "", "nobody is named");
    check("to: secretary_of_state", "to: everybody", "everybody");
    check("  report: dupp-2021", "  rapport: dupp-2021", "rapport");
}
