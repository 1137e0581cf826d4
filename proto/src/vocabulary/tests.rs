use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::json;

use super::*;
use crate::inspection::v1::{
    ExpectedCounts, FindingIssued, FindingKind, InspectionType, Limb, ReportPublished,
};
use crate::response::v1::ScrutinyFactRecorded;

fn kind(name: &str) -> &'static Kind {
    Vocabulary::get().kind(name).expect("a kind")
}

fn report() -> ReportPublished {
    ReportPublished {
        title: "A spotlight on stop and search".into(),
        publisher: "hmicfrs".into(),
        r#type: InspectionType::National.into(),
        published_on: "2021-02-26".into(),
        expected: Some(ExpectedCounts { recommendations: 8, ..Default::default() }),
        addressed_to: vec!["cambridgeshire-lpb".into(), "cumbria-lpb".into()],
        ..Default::default()
    }
}

fn check_report(change: impl FnOnce(&mut ReportPublished)) -> Result<(), String> {
    let mut report = report();
    change(&mut report);
    kind("ReportPublished").validate_body(&report.encode_to_vec()).map_err(|e| e.to_string())
}

#[test]
fn every_kind_says_all_it_should_about_itself() {
    for kind in Vocabulary::get().kinds() {
        let name = &kind.full_name;
        assert!(!kind.title.is_empty() && !kind.doc.is_empty() && !kind.signers.is_empty(), "{name}");
        assert!(kind.signers.iter().all(|s| !s.require.is_empty()), "{name}");
        for requirement in kind.signers.iter().flat_map(|s| &s.require) {
            let body = requirement.body.as_deref();
            assert!(body.is_none_or(|b| kind.stream.names().any(|n| n == b)), "{name}: {body:?}");
        }
        check_fields(name, &kind.fields, true);
    }
    assert_eq!(Vocabulary::get().kinds()[0].short_name, "LedgerFounded");
}

fn check_fields(of: &str, fields: &[Field], top: bool) {
    for field in fields {
        let name = format!("{of}.{}", field.name);
        assert!(!field.doc.is_empty(), "{name} has no comment");
        if field.sealed.is_some() {
            assert!(
                top && !field.repeated && !field.required && matches!(field.shape, Shape::Text),
                "{name}"
            );
        }
        check_fields(&name, field.fields(), false);
    }
}

#[test]
fn kinds_are_found_by_full_and_by_short_name() {
    let full = "scrutiny.response.v1.ScrutinyFactRecorded";
    assert_eq!(kind("ScrutinyFactRecorded").full_name, full);
    assert_eq!(kind(full).group, "response");
    assert!(Vocabulary::get().kind("Limb").is_none());
    let near = Vocabulary::get().nearest("reportpublishd").map(|k| k.short_name.as_str());
    assert_eq!(near, Some("ReportPublished"));
}

#[test]
fn the_first_charter_has_one_line_for_each_kind_and_is_a_valid_body() {
    let charter = Vocabulary::get().first_charter();
    assert_eq!(charter.lines.len(), Vocabulary::get().kinds().len());
    let close = charter.lines.iter().find(|l| l.kind.ends_with("ObligationClosed")).expect("a line");
    assert_eq!(close.signers.len(), 2);
    assert_eq!((close.signers[1].require[0].count, close.signers[1].document), (2, true));
    let body = crate::registry::v1::CharterAdopted { charter: Some(charter), reason: "first".into() };
    assert_eq!(kind("CharterAdopted").validate_body(&body.encode_to_vec()), Ok(()));
}

#[test]
fn what_prost_writes_is_valid_and_reads_back_through_json() {
    let finding = FindingIssued {
        kind: FindingKind::Recommendation.into(),
        title: "Body-worn video".into(),
        limbs: vec![
            Limb { key: "a".into(), text: "record".into() },
            Limb { key: "b".into(), ..Default::default() },
        ],
        addressees: vec!["forces".into()],
        due_words: "By September 2021".into(),
        ..Default::default()
    };
    let bytes = finding.encode_to_vec();
    assert_eq!(kind("FindingIssued").validate_body(&bytes), Ok(()));
    let json = kind("FindingIssued").body_to_json(&bytes).expect("decodes");
    assert_eq!(json["kind"], "recommendation");
    assert_eq!(json["limbs"][1], json!({"key": "b"}));
    assert_eq!(json.get("theme"), None);
    assert_eq!(kind("FindingIssued").body_from_json(&json), Ok(bytes));
}

#[test]
fn enum_words_are_short_and_in_any_case() {
    for word in ["recommendation", "Recommendation", "FINDING_KIND_RECOMMENDATION"] {
        assert!(kind("FindingIssued").body_from_json(&json!({"kind": word})).is_ok(), "{word}");
    }
    let spaced = kind("FindingIssued").body_from_json(&json!({"kind": "Area for improvement"}));
    assert_eq!(spaced, Ok(vec![8, 2]));
}

#[test]
fn bytes_are_hexadecimal_or_base64() {
    for text in ["00ff10", "AP8Q"] {
        let body = kind("KeyEnrolled").body_from_json(&json!({"public_key": text})).expect("encodes");
        assert_eq!(body, [10, 3, 0, 0xff, 0x10], "{text}");
    }
}

#[test]
fn a_mistake_is_named_with_its_field_and_what_would_do() {
    let rows = [
        ("FindingIssued", json!({"knd": "afi"}), r#"knd: no such field; did you mean "kind"?"#),
        (
            "FindingIssued",
            json!({"kind": "unspecified"}),
            "kind: must be one of recommendation, area_for_improvement, cause_of_concern, innovative_practice; got \"unspecified\"",
        ),
        ("FindingIssued", json!({"limbs": [{"key": 1}]}), "limbs.0.key: must be text, in quotes; got 1"),
        (
            "FindingIssued",
            json!({"addressees": "forces"}),
            "addressees: must be a list of texts; got \"forces\"",
        ),
        ("FindingIssued", json!({"addressees": [""]}), "addressees.0: must be something; got \"\""),
        (
            "ReportPublished",
            json!({"published_on": "26/2/21"}),
            "published_on: must be date (2021-02-26); got \"26/2/21\"",
        ),
        (
            "ReportPublished",
            json!({"expected": {"recommendations": -1}}),
            "expected.recommendations: must be whole number; got -1",
        ),
        ("ReportPublished", json!([]), "must be fields, each with its name; got a list"),
    ];
    for (name, value, message) in rows {
        let got = kind(name).body_from_json(&value).expect_err(message).to_string();
        assert_eq!(got, message);
    }
}

#[test]
fn a_body_must_have_what_is_required_in_the_right_form() {
    assert_eq!(check_report(|_| {}), Ok(()));
    assert_eq!(check_report(|r| r.title.clear()), Err("title: is required and missing".into()));
    assert_eq!(check_report(|r| r.r#type = 0), Err("type: is required and missing".into()));
    assert!(check_report(|r| r.r#type = 99).is_err_and(|e| e.starts_with("type: must be one of national")));
    assert!(check_report(|r| r.r#type = -1).is_err());
    assert!(check_report(|r| r.published_on = "2021-02-30".into()).is_err());
    assert!(check_report(|r| r.publisher = "HMICFRS".into()).is_err());
    assert!(check_report(|r| r.url = "example.org".into()).is_err());
    assert!(
        check_report(|r| r.addressed_to[1] = "Cumbria PCC".into())
            .is_err_and(|e| e.starts_with("addressed_to"))
    );
}

#[test]
fn a_sealed_field_must_be_empty_in_the_body() {
    let fact = ScrutinyFactRecorded {
        fact: "ContactNamed".into(),
        text: "A contact".into(),
        people: "Somebody".into(),
        ..Default::default()
    };
    let refused = kind("ScrutinyFactRecorded").validate_body(&fact.encode_to_vec());
    assert_eq!(refused, Err(BodyError::Sealed { path: "people".into() }));
}

#[test]
fn only_the_canonical_encoding_is_valid() {
    let good = report().encode_to_vec();
    let kind = kind("ReportPublished");
    let with = |extra: &[u8]| kind.validate_body(&[&good[..], extra].concat());
    assert_eq!(with(&[]), Ok(()));
    for (extra, why) in [
        (&[0x0a, 1, b'x'][..], "a field out of order"),
        (&[0x52, 0], "an empty item"),
        (&[0xf8, 1, 1], "an unknown field"),
        (&[0x55, 0, 0, 0, 0], "a wire type that is not used"),
        (&[0x50, 1], "a number where a text should be"),
        (&[0xd2, 0x80, 0], "a tag that is not in its shortest form"),
        (&[0x52, 9, b'x'], "a length beyond the end"),
        (&[0x52, 1, 0xff], "bytes that are not UTF-8"),
        (&[0x80; 11], "a number without an end"),
    ] {
        assert!(with(extra).is_err(), "{why}");
    }
    for cut in 1..good.len() {
        let cut_body = &good[..cut];
        let canonical = ReportPublished::decode(cut_body).is_ok_and(|r| r.encode_to_vec() == cut_body);
        assert!(canonical || kind.validate_body(cut_body).is_err(), "cut at {cut}");
    }
}

/// Flips every bit of a good body: whatever the validator accepts must be what prost would write.
#[test]
fn nothing_is_accepted_that_prost_would_write_differently() {
    let pool = DescriptorPool::decode(crate::DESCRIPTORS).expect("descriptors");
    let kind = kind("ReportPublished");
    let message = pool.get_message_by_name(&kind.full_name).expect("a message");
    let good = report().encode_to_vec();
    let mut accepted = 0;
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if kind.validate_body(&bytes).is_ok() {
            accepted += 1;
            let read = DynamicMessage::decode(message.clone(), &bytes[..]).expect("decodes");
            assert!(read.unknown_fields().next().is_none());
            assert_eq!(read.encode_to_vec(), bytes, "bit {bit}");
            assert_eq!(kind.body_from_json(&kind.body_to_json(&bytes).expect("json")), Ok(bytes));
        }
    }
    assert!(accepted > 100, "flips inside text stay valid");
}

#[test]
fn a_text_is_found_with_the_path_of_its_field() {
    let kind = kind("ForceResponseRecorded");
    let body = kind.body_from_json(&json!({
        "type": "action_taken",
        "text": "Done.",
        "actions": [{ "what": "one" }, { "what": "two", "owner_role": "LEAD" }],
        "oversight": ["two"],
    }));
    let body = body.expect("a body");
    let find = |word: &str| kind.find_text(&body, |text| (text == word).then_some(())).map(|(path, ())| path);
    assert_eq!(find("Done.").as_deref(), Some("text"));
    assert_eq!(find("two").as_deref(), Some("actions.1.what"));
    assert_eq!(find("LEAD").as_deref(), Some("actions.1.owner_role"));
    assert_eq!(find("three"), None);
}
