//! From what somebody typed to what is signed, and back to words.

use std::cell::Cell;

use ledger_core::hash::Hash;
use ledger_core::ids::{KeyId, Origin, StreamId};
use ledger_core::statement::{Expected, Precision};
use ledger_draft::{Draft, DraftError, PrepareContext, PrepareError, Prepared, describe, render};

const CONTACT: &str = "
kind: ScrutinyFactRecorded
stream: fact/cambridgeshire/contact
signed_by: officer as G&I of cambridgeshire
occurred: 2021-04-13
imported: true
documents:
  - {title: Board paper, path: paper.txt}
body:
  fact: ContactNamed
  text: The paper names two contact officers.
  people: Head of Partnerships; Governance Officer
";

fn prepare(draft: &Draft) -> Result<Prepared, PrepareError> {
    let origin: Origin = "scrutiny.example/test".parse().expect("an origin");
    let counter = Cell::new(0u8);
    let mut random = |bytes: &mut [u8]| {
        counter.set(counter.get() + 1);
        bytes.fill(counter.get());
    };
    draft.prepare(&mut PrepareContext {
        origin: &origin,
        key: &|name| (name == "officer" || name == "second").then(|| KeyId::of_blob(name.as_bytes())),
        version: &|_: &StreamId| 3,
        now_ms: 1_618_306_200_000,
        random: &mut random,
        read: &|path| if path == "paper.txt" { Ok(b"paper".to_vec()) } else { Err("not there".into()) },
    })
}

fn one(text: &str) -> Draft {
    let mut drafts = Draft::parse_many(text).expect(text);
    assert_eq!(drafts.len(), 1);
    drafts.remove(0)
}

fn refused(text: &str) -> String {
    Draft::parse_many(text).expect_err(text).to_string()
}

#[test]
fn a_sealed_field_leaves_the_body_for_an_addendum() {
    let draft = one(CONTACT);
    assert!(!format!("{draft:?}").contains("Head of"), "a log must not show it");
    let prepared = prepare(&draft).expect("prepares");
    let statement = &prepared.parsed;
    assert!(!prepared.statement.windows(8).any(|w| w == b"Officer;" || w == b"Head of "));
    assert_eq!(prepared.addenda.len(), 1);
    assert_eq!(prepared.addenda[0].as_bytes()[..32], [1; 32]);
    assert_eq!(prepared.addenda[0].content(), b"Head of Partnerships; Governance Officer");
    assert_eq!(statement.sealed[0].digest, prepared.addenda[0].digest());
    assert_eq!(
        (statement.sealed[0].field.as_str(), statement.sealed[0].reason_code.as_str()),
        ("people", "PERSONAL_DATA")
    );
    assert_eq!(statement.documents[0].sha256, Hash::of(b"paper"));
    assert_eq!(statement.documents[0].media_type, "text/plain");
}

#[test]
fn what_commutes_expects_any_version_and_the_rest_the_present_one() {
    assert_eq!(prepare(&one(CONTACT)).expect("prepares").parsed.expected, Expected::Any);
    let reason = "
kind: ObligationReopened
stream: obligation/cambridgeshire/peel-2021-22/2/0
signed_by: officer as HMI of hmicfrs
body: {reason: New evidence}";
    let prepared = prepare(&one(reason)).expect("prepares").parsed;
    assert_eq!(prepared.expected, Expected::Version(3));
    assert_eq!(prepared.occurred.precision, Precision::Instant);
    assert_eq!(prepared.occurred.value, "2021-04-13T09:30:00Z");
    assert_eq!(
        prepare(&one(&format!("{reason}\nexpected: 0"))).expect("prepares").parsed.expected,
        Expected::Version(0)
    );
    assert!(
        refused(&format!("{reason}\nexpected: any")).contains("the order of a ObligationReopened matters")
    );
}

#[test]
fn one_draft_a_list_and_several_documents_read_alike() {
    let indented = CONTACT.trim().replace('\n', "\n  ");
    for text in [
        format!("{CONTACT}---{CONTACT}"),
        format!("- {indented}\n- {indented}\n"),
        format!("- {indented}\n---{CONTACT}"),
    ] {
        assert_eq!(Draft::parse_many(&text).expect(&text).len(), 2);
    }
    let json = r#"{"kind": "RoleEnded", "stream": "role/x", "signed_by": ["officer as KA of b", "second as KA of b"],
                   "body": {"reason": "left"}}"#;
    assert_eq!(one(json).signed_by.len(), 2);
    assert_eq!(Draft::parse_many("# nothing\n").err(), Some(DraftError::Empty));
}

#[test]
fn errors_name_the_line_and_the_field() {
    let second = format!("{}\n---\n{}", CONTACT.trim(), CONTACT.trim().replace("fact: ", "fct: "));
    assert_eq!(refused(&second), "draft on line 13: body.fct: no such field; did you mean \"fact\"?");
    let rows = [
        ("kind: ScrutinyFactRecorded", "kind: ScrutinyFactRecordd", "did you mean ScrutinyFactRecorded?"),
        ("fact/cambridgeshire/contact", "facts/contact", "belongs to fact/{body}/{topic}; got facts/contact"),
        ("officer as G&I of", "officer, G&I of", "signed_by: must read"),
        ("2021-04-13", "13/4/2021", "occurred: must be a day (2021-02-26)"),
        ("path: paper.txt", "sha256: abc", "sha256 must be 64 hexadecimal digits"),
        ("people: Head", "people: [Head]\n  concerns: [Head", "line 13"),
        ("imported: true", "imported: yes", "at line 6"),
        ("imported: true", "importd: true", "at line 6"),
        ("imported: true", "marking: secret", "marking: must be official or official-sensitive"),
        ("imported: true", "regime: gdpr", "regime: must be none, part3 or uk-gdpr"),
        ("imported: true", "id: 7", "id: a statement id must be a version 7 UUID"),
        ("  text: The paper names two contact officers.\n", "", "body.text: is required and missing"),
    ];
    for (good, bad, message) in rows {
        let got = refused(&CONTACT.replacen(good, bad, 1));
        assert!(got.contains(message), "{bad}: {got}");
    }
}

#[test]
fn what_cannot_be_found_is_said() {
    let unknown = one(&CONTACT.replace("officer as", "nobody as"));
    assert_eq!(prepare(&unknown).err(), Some(PrepareError::UnknownKey("nobody".into())));
    let by_id = one(&CONTACT.replace("officer as", &format!("{} as", KeyId::of_blob(b"officer"))));
    assert!(prepare(&by_id).is_ok());
    let missing = one(&CONTACT.replace("paper.txt", "other.pdf"));
    let problem = PrepareError::Document { path: "other.pdf".into(), problem: "not there".into() };
    assert_eq!(prepare(&missing).err(), Some(problem));
}

#[test]
fn everything_that_is_signed_is_shown() {
    let statement = prepare(&one(CONTACT)).expect("prepares").parsed;
    let json = describe(&statement);
    assert_eq!(json["body"]["fact"], "ContactNamed");
    assert_eq!(json["sealed"][0]["field"], "people");
    assert_eq!(json["expected"], "any");
    let text = render(&statement);
    for line in [
        "stream: fact/cambridgeshire/contact",
        "occurred: 2021-04-13",
        "imported: true",
        "marking: official",
        "  text: The paper names two contact officers.",
        "    title: Board paper",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
    }
    assert!(text.contains(&format!("- {} as G&I of cambridgeshire", KeyId::of_blob(b"officer"))));
}

#[test]
fn a_text_cannot_pretend_to_be_another_line() {
    let draft =
        one(&CONTACT
            .replace("The paper names two contact officers.", r#""a\nmarking: official\e[2K\u202eb""#));
    let text = render(&prepare(&draft).expect("prepares").parsed);
    assert_eq!(text.lines().filter(|l| l.starts_with("marking")).count(), 1);
    assert!(text.contains(r"a\nmarking: official\u{1b}[2K\u{202e}b"), "{text}");
}
