//! Genesis, statements of any kind, keys, roles, delegations.

use ledger_core::ids::EntryIndex;
use scrutiny_proto::ledger::v1::Precision;
use serde_json::{Value, json};

use super::world::{
    Draft, FORCE, World, enrolment, founding, hex, key_id, key_stream, proof, proof_by, public,
};
use crate::roles::{KA, ROOT};
use crate::{Code, State};

const HO: &str = "home-office";

fn roots(draft: Draft<'_>) -> Draft<'_> {
    draft.by("root one", ROOT, HO).by("root two", ROOT, HO)
}

fn kas(draft: Draft<'_>) -> Draft<'_> {
    draft.by("ka one", KA, HO).by("ka two", KA, HO)
}

fn role(who: &str, role: &str, body: &str) -> Value {
    json!({ "key": key_id(who).to_string(), "role": role, "body": body })
}

fn fact(world: &mut World) -> Draft<'_> {
    let body = json!({ "fact": "PolicyAdopted", "text": "Body-worn video is mandatory." });
    world.say("ScrutinyFactRecorded", "fact/cambridgeshire/bwv", body)
}

#[test]
fn a_ledger_is_founded_once_and_first_by_two_of_its_root_keys() {
    let mut world = World::empty();
    fact(&mut world).by("root one", ROOT, HO).refused(Code::Genesis);
    let founded = |world: &mut World, body: Value, one: &str, two: &str, expected: Option<Code>| {
        let draft = world.say("LedgerFounded", "charter/ledger", body).by(one, ROOT, HO).by(two, ROOT, HO);
        match expected {
            Some(code) => drop(draft.refused(code)),
            None => drop(draft.ok()),
        }
    };
    world.say("LedgerFounded", "charter/ledger", founding()).by("root one", ROOT, HO).refused(Code::Genesis);
    founded(&mut world, founding(), "root one", "root one", Some(Code::SignerTwice));
    founded(&mut world, founding(), "root one", "mallory", Some(Code::Genesis));
    let elsewhere = world.say("LedgerFounded", "charter/ledger", founding());
    elsewhere.by("root one", ROOT, HO).by("root two", ROOT, FORCE).refused(Code::Genesis);
    let but = |field: &str, value: Value| {
        let mut body = founding();
        body[field] = value;
        body
    };
    let blob = hex(public("root one").blob());
    for (body, code) in [
        (but("origin", json!("elsewhere.example/x")), Code::WrongLedger),
        (but("root_keys", json!([blob.clone()])), Code::Genesis),
        (but("root_keys", json!([blob.clone(), blob])), Code::Genesis),
        (but("root_keys", json!(["00", "01"])), Code::Genesis),
        (but("charter", json!({ "lines": [] })), Code::Lockout),
    ] {
        founded(&mut world, body, "root one", "root two", Some(code));
    }
    founded(&mut world, founding(), "root one", "root two", None);
    founded(&mut world, founding(), "root one", "root two", Some(Code::Genesis));
}

#[test]
fn a_statement_must_fit_its_ledger_kind_stream_version_and_body() {
    let mut world = World::staffed();
    fact(&mut world).by("alice", "G&I", FORCE).any_version().ok();
    type Change = fn(&mut scrutiny_proto::ledger::v1::Statement);
    let rows: [(Code, Change); 8] = [
        (Code::WrongLedger, |m| m.ledger = "elsewhere.example/x".to_owned()),
        (Code::UnknownKind, |m| m.kind = "ScrutinyFactRecorded".to_owned()),
        (Code::UnknownKind, |m| m.kind = "scrutiny.response.v1.FactRecorded".to_owned()),
        (Code::StreamMismatch, |m| m.stream = "fact/cambridgeshire".to_owned()),
        (Code::StreamMismatch, |m| m.stream = "facts/cambridgeshire/bwv".to_owned()),
        (Code::BodyMalformed, |m| m.body = bytes::Bytes::new()),
        (Code::BodyMalformed, |m| m.body = bytes::Bytes::from_static(b"\xff")),
        // `people`, field 4, with content.
        (Code::SealedField, |m| m.body = [&m.body[..], b"\x22\x03Ann"].concat().into()),
    ];
    for (code, change) in rows {
        fact(&mut world).by("alice", "G&I", FORCE).but(change).refused(code);
    }
    fact(&mut world).by("alice", "G&I", FORCE).seen(0).refused(Code::Version);
    fact(&mut world).by("alice", "G&I", FORCE).seen(1).ok();
    let alias = json!({ "name": "Cambridgeshire", "level": "force" });
    let body =
        world.say("BodyRegistered", "body/cambridgeshire", alias).by("alice", "G&I", FORCE).any_version();
    body.refused(Code::AnyVersion);
}

#[test]
fn only_sealed_fields_are_committed_to_once_each_with_a_known_reason() {
    let mut world = World::staffed();
    let mut check = |commitments: &[(&str, &str)], expected: Option<Code>| {
        let draft = fact(&mut world).any_version().by("alice", "G&I", FORCE).but(|m| {
            m.sealed = commitments.iter().map(|(field, reason)| commitment(field, reason)).collect();
        });
        match expected {
            Some(code) => drop(draft.refused(code)),
            None => drop(draft.ok()),
        }
    };
    check(&[("people", "PERSONAL_DATA")], None);
    check(&[("people", "FOI_40")], None);
    check(&[("people", "BECAUSE")], Some(Code::SealedField));
    check(&[("text", "PERSONAL_DATA")], Some(Code::SealedField));
    check(&[("people", "LPP"), ("people", "LPP")], Some(Code::SealedField));
}

fn commitment(field: &str, reason: &str) -> scrutiny_proto::ledger::v1::Commitment {
    scrutiny_proto::ledger::v1::Commitment {
        field: field.to_owned(),
        digest: bytes::Bytes::from_static(&[9; 32]),
        reason_code: reason.to_owned(),
    }
}

#[test]
fn inv_38_what_is_old_is_imported_and_nothing_is_from_the_future() {
    let mut world = World::staffed();
    world.it_is("2022-08-15T23:30:00Z"); // 00:30 on the 16th in London
    for (imported, precision, value, expected) in [
        (false, Precision::Instant, "2022-08-15T23:30:00Z", None),
        (false, Precision::Instant, "2022-08-14T23:26:00Z", None),
        (false, Precision::Instant, "2022-08-14T23:24:59Z", Some(Code::Inv38)),
        (false, Precision::Instant, "2022-08-15T23:34:00Z", None),
        (false, Precision::Instant, "2022-08-15T23:36:00Z", Some(Code::Occurred)),
        (false, Precision::Day, "2022-08-16", None),
        (false, Precision::Day, "2022-08-15", None),
        (false, Precision::Day, "2022-08-14", Some(Code::Inv38)),
        (false, Precision::Day, "2022-08-17", Some(Code::Occurred)),
        (false, Precision::Month, "2022-08", Some(Code::Inv38)),
        (false, Precision::Unknown, "", Some(Code::Inv38)),
        (true, Precision::Day, "2021-02-26", None),
        (true, Precision::Month, "2022-08", None),
        (true, Precision::Month, "2022-09", Some(Code::Occurred)),
        (true, Precision::Season, "2018-summer", None),
        (true, Precision::Year, "2017", None),
        (true, Precision::Year, "2023", Some(Code::Occurred)),
        (true, Precision::Unknown, "", None),
        (true, Precision::Day, "2022-08-17", Some(Code::Occurred)),
        (true, Precision::Day, "26/02/2021", Some(Code::Occurred)),
    ] {
        let draft = fact(&mut world).any_version().by("alice", "G&I", FORCE).occurred(precision, value);
        let draft = if imported { draft.imported() } else { draft };
        match expected {
            Some(code) => drop(draft.refused(code)),
            None => drop(draft.ok()),
        }
    }
}

#[test]
fn inv_38_a_month_is_no_live_precision_even_on_its_first_day() {
    let mut world = World::staffed();
    world.it_is("2022-08-01T12:00:00Z");
    let draft = fact(&mut world).any_version().by("alice", "G&I", FORCE);
    draft.occurred(Precision::Month, "2022-08").refused(Code::Inv38);
}

#[test]
fn a_key_is_enrolled_once_by_two_with_its_own_proof_on_its_own_stream() {
    let mut world = World::founded();
    let enrol =
        |world: &mut World, stream: &str, body: Value| world.say("KeyEnrolled", stream, body).judged_by(kas);
    let stream = key_stream("bob");
    assert_eq!(enrol(&mut world, &key_stream("eve"), enrolment("bob")), Err(Code::KeyStream));
    for proof in [proof("eve", super::world::ORIGIN), proof("bob", "elsewhere.example/x"), vec![1, 2, 3]] {
        let mut body = enrolment("bob");
        body["proof_of_possession"] = json!(hex(&proof));
        assert_eq!(enrol(&mut world, &stream, body), Err(Code::PossessionNotProved));
    }
    let alone = world.say("KeyEnrolled", &stream, enrolment("bob")).by("ka one", KA, HO);
    alone.refused(Code::Charter);
    // Eve knows Bob's public key and signs the right words with her own.
    let mut stolen = enrolment("bob");
    stolen["proof_of_possession"] = json!(hex(&proof_by("eve", "bob", super::world::ORIGIN)));
    assert_eq!(enrol(&mut world, &stream, stolen), Err(Code::PossessionNotProved));
    assert_eq!(enrol(&mut world, &stream, enrolment("bob")), Ok(()));
    assert_eq!(enrol(&mut world, &stream, enrolment("bob")), Err(Code::KeyKnown));
}

#[test]
fn inv_11_nobody_signs_in_a_role_not_held_there_and_then() {
    let mut world = World::staffed();
    let mut check = |who: &str, role: &str, body: &str, code: Code| {
        fact(&mut world).any_version().by(who, role, body).refused(code)
    };
    check("stranger", "G&I", FORCE, Code::UnknownKey);
    check("alice", "LPB-O", FORCE, Code::RoleNotHeld);
    let sentence = check("alice", "G&I", "cumbria", Code::RoleNotHeld);
    assert!(sentence.ends_with("it holds G&I at cambridgeshire"), "{sentence}");
    fact(&mut world).any_version().by("alice", "G&I", FORCE).acting().refused(Code::Acting);
    fact(&mut world)
        .any_version()
        .by("alice", "G&I", FORCE)
        .by("alice", "G&I", FORCE)
        .refused(Code::SignerTwice);

    // A countersigner is welcome, in a role really held.
    fact(&mut world).any_version().by("alice", "G&I", FORCE).by("chief", "CC", FORCE).ok();
    fact(&mut world)
        .any_version()
        .by("alice", "G&I", FORCE)
        .by("chief", "DCC", FORCE)
        .refused(Code::RoleNotHeld);
}

#[test]
fn a_role_is_held_through_its_last_day_in_london() {
    let mut world = World::staffed();
    kas(world.say("KeyEnrolled", &key_stream("temp"), enrolment("temp"))).ok();
    let mut body = role("temp", "G&I", FORCE);
    (body["valid_from"], body["valid_to"]) = (json!("2022-07-01"), json!("2022-08-15"));
    body["acting"] = json!(true);
    kas(world.say("RoleAssigned", "role/temp", body)).ok();
    for (instant, held) in [
        ("2022-06-30T22:59:59Z", false),
        ("2022-06-30T23:00:00Z", true),
        ("2022-08-15T22:59:59Z", true),
        ("2022-08-15T23:00:00Z", false),
    ] {
        world.it_is(instant);
        let draft = fact(&mut world).any_version().by("temp", "G&I", FORCE).acting();
        if held { drop(draft.ok()) } else { drop(draft.refused(Code::RoleNotHeld)) }
    }
    world.it_is("2022-08-01T12:00:00Z");
    fact(&mut world).any_version().by("temp", "G&I", FORCE).refused(Code::Acting);
    kas(world.say("RoleEnded", "role/temp", json!({ "reason": "left" }))).ok();
    fact(&mut world).any_version().by("temp", "G&I", FORCE).acting().refused(Code::RoleNotHeld);
    kas(world.say("RoleEnded", "role/temp", json!({ "reason": "left" }))).refused(Code::RoleState);
    kas(world.say("RoleAssigned", "role/temp", role("temp", "G&I", FORCE))).refused(Code::RoleState);
}

#[test]
fn inv_35_key_administrators_decide_nothing_and_nobody_promotes_himself() {
    let mut world = World::staffed();
    for (who, code, new_role) in [
        ("ka one", Code::Inv35, "CC"),
        ("alice", Code::RootNeeded, KA),
        ("root one", Code::Inv35, "CC"),
        ("alice", Code::Inv35, ROOT),
        ("alice", Code::UnknownRole, "CHIEF"),
        ("nobody", Code::UnknownKey, "CC"),
    ] {
        kas(world.say("RoleAssigned", "role/x", role(who, new_role, FORCE))).refused(code);
    }
    let one_root = kas(world.say("RoleAssigned", "role/x", role("alice", KA, HO))).by("root one", ROOT, HO);
    one_root.refused(Code::RootNeeded);
    let herself =
        kas(world.say("RoleAssigned", "role/x", role("alice", "LEAD", FORCE))).by("alice", "G&I", FORCE);
    herself.refused(Code::Inv35);
    roots(world.say("RoleAssigned", "role/x", role("alice", KA, HO))).refused(Code::Inv35);
    roots(world.say("RoleAssigned", "role/x", role("root two", KA, HO))).refused(Code::Inv35);
    kas(world.say("RoleAssigned", "role/x", role("alice", "SVC:tuserv", FORCE))).ok();
    // What is over does not count against it any more.
    kas(world.say("KeyEnrolled", &key_stream("temp"), enrolment("temp"))).ok();
    let mut until_may = role("temp", "G&I", FORCE);
    until_may["valid_to"] = json!("2021-05-31");
    kas(world.say("RoleAssigned", "role/temp", until_may)).ok();
    roots(world.say("RoleAssigned", "role/temp-ka", role("temp", KA, HO))).refused(Code::Inv35);
    world.it_is("2021-06-01T12:00:00Z");
    roots(world.say("RoleAssigned", "role/temp-ka", role("temp", KA, HO))).ok();
}

#[test]
fn a_rotated_key_hands_its_roles_over_and_never_signs_again() {
    let mut world = World::staffed();
    let rotation = |who: &str| {
        let body = enrolment(who);
        json!({ "new_public_key": body["public_key"], "proof_of_possession": body["proof_of_possession"] })
    };
    kas(world.say("KeyRotated", &key_stream("alice"), rotation("alice two"))).ok();
    fact(&mut world).any_version().by("alice", "G&I", FORCE).refused(Code::KeyRevoked);
    fact(&mut world).any_version().by("alice two", "G&I", FORCE).ok();
    kas(world.say("KeyRotated", &key_stream("alice"), rotation("alice three"))).refused(Code::KeyState);
    kas(world.say("RoleEnded", "role/alice", json!({ "reason": "left" }))).ok();
    fact(&mut world).any_version().by("alice two", "G&I", FORCE).refused(Code::RoleNotHeld);

    // Two key administrators must not become the roots, nor multiply.
    kas(world.say("KeyRotated", &key_stream("root one"), rotation("mallory"))).refused(Code::RootNeeded);
    kas(world.say("KeyRotated", &key_stream("ka one"), rotation("mallory"))).refused(Code::RootNeeded);
    roots(world.say("KeyRotated", &key_stream("root one"), rotation("root three"))).ok();
    let signed = world.say("RoleAssigned", "role/y", role("ka one", KA, FORCE));
    signed.by("root three", ROOT, HO).by("root two", ROOT, HO).ok();
}

#[test]
fn a_suspended_key_signs_again_once_reinstated() {
    let mut world = World::staffed();
    let suspended = |reinstated: bool| match reinstated {
        true => json!({ "reinstated": true, "reason": "found" }),
        false => json!({ "reason": "lost" }),
    };
    kas(world.say("KeySuspended", &key_stream("alice"), suspended(true))).refused(Code::KeyState);
    kas(world.say("KeySuspended", &key_stream("alice"), suspended(false))).ok();
    fact(&mut world).any_version().by("alice", "G&I", FORCE).refused(Code::KeySuspended);
    kas(world.say("KeySuspended", &key_stream("alice"), suspended(false))).refused(Code::KeyState);
    kas(world.say("KeySuspended", &key_stream("alice"), suspended(true))).ok();
    fact(&mut world).any_version().by("alice", "G&I", FORCE).ok();
    kas(world.say("KeySuspended", &key_stream("root one"), suspended(false))).refused(Code::RootNeeded);
    // Two key administrators may stop a third at once; to let it back in takes the roots.
    kas(world.say("KeySuspended", &key_stream("ka one"), suspended(false))).ok();
    let draft = world.say("KeySuspended", &key_stream("ka one"), suspended(true));
    draft.by("ka two", KA, HO).by("root one", ROOT, HO).refused(Code::Charter);
    world.appoint_ka_until("ka three", "2030-12-31");
    let draft = world.say("KeySuspended", &key_stream("ka one"), suspended(true));
    draft.by("ka two", KA, HO).by("ka three", KA, HO).refused(Code::RootNeeded);
    roots(world.say("KeySuspended", &key_stream("ka one"), suspended(true))).ok();
    roots(world.say("KeySuspended", &key_stream("root one"), suspended(false))).refused(Code::Lockout);
    kas(world.say("KeySuspended", "key/nobody", suspended(false))).refused(Code::UnknownKey);
}

#[test]
fn inv_34_a_compromise_puts_later_entries_in_doubt_and_un_signs_nothing() {
    let mut world = World::staffed();
    fact(&mut world).any_version().by("alice", "G&I", FORCE).ok();
    let in_doubt = world.next_index();
    fact(&mut world).any_version().by("alice", "G&I", FORCE).ok();
    let revoked =
        |since: u64| json!({ "reason": "stolen", "compromised": true, "compromised_since_index": since });
    kas(world.say("KeyRevoked", &key_stream("alice"), revoked(in_doubt + 99))).refused(Code::KeyState);
    let mut not_compromised = revoked(in_doubt);
    not_compromised.as_object_mut().unwrap().remove("compromised");
    kas(world.say("KeyRevoked", &key_stream("alice"), not_compromised)).refused(Code::KeyState);
    kas(world.say("KeyRevoked", &key_stream("alice"), revoked(in_doubt))).ok();
    fact(&mut world).any_version().by("alice", "G&I", FORCE).refused(Code::KeyRevoked);
    let id = key_id("alice");
    assert!(!world.state.suspect(&id, EntryIndex(in_doubt - 1)));
    assert!(world.state.suspect(&id, EntryIndex(in_doubt)));
    assert!(!world.state.suspect(&key_id("chief"), EntryIndex(in_doubt)));
    // Later it turns out that the theft was earlier.
    kas(world.say("KeyRevoked", &key_stream("alice"), revoked(in_doubt))).refused(Code::KeyState);
    kas(world.say("KeyRevoked", &key_stream("alice"), revoked(in_doubt - 1))).ok();
    assert!(world.state.suspect(&id, EntryIndex(in_doubt - 1)));
    kas(world.say("KeyEnrolled", &key_stream("alice"), enrolment("alice"))).refused(Code::KeyKnown);
}

#[test]
fn a_revocation_that_would_lock_everybody_out_is_refused() {
    let mut world = World::founded();
    let revoked = json!({ "reason": "lost" });
    roots(world.say("KeyRevoked", &key_stream("root one"), revoked.clone())).refused(Code::Lockout);
    // Without key administrators the roots can still enrol keys.
    roots(world.say("RoleEnded", "role/ka-one", json!({ "reason": "left" }))).ok();
    roots(world.say("KeyRevoked", &key_stream("ka two"), revoked)).ok();
}

#[test]
fn a_delegate_signs_what_the_role_let_him_sign_and_nothing_else() {
    let mut world = World::staffed();
    let kind = "scrutiny.response.v1.ScrutinyFactRecorded";
    let granted = |kinds: Value| json!({ "from_role": "LEAD", "body": FORCE, "to_key": key_id("office").to_string(), "kinds": kinds });
    let mut charter_lets_lead_delegate = |kinds: Value, code: Option<Code>| {
        let draft = kas(world.say("DelegationGranted", "delegation/one", granted(kinds)));
        match code {
            Some(code) => drop(draft.refused(code)),
            None => drop(draft.ok()),
        }
    };
    charter_lets_lead_delegate(json!([]), Some(Code::DelegationState));
    charter_lets_lead_delegate(json!(["scrutiny.response.v1.Nothing"]), Some(Code::UnknownKind));
    charter_lets_lead_delegate(json!(["scrutiny.registry.v1.RoleAssigned"]), Some(Code::DelegationState));
    charter_lets_lead_delegate(json!([kind]), None);
    charter_lets_lead_delegate(json!([kind]), Some(Code::DelegationState));

    let sign = |world: &mut World, who: &str, role: &str, body: &str| {
        fact(world).any_version().by(who, role, body).on_behalf_of("LEAD").judged_by(|d| d)
    };
    assert_eq!(sign(&mut world, "office", "LPB-O", FORCE), Ok(()));
    assert_eq!(sign(&mut world, "office", "LEAD", FORCE), Ok(()));
    assert_eq!(sign(&mut world, "office", "SEC", FORCE), Err(Code::RoleNotHeld));
    assert_eq!(sign(&mut world, "office", "LPB-O", "cumbria"), Err(Code::NotDelegated));
    assert_eq!(sign(&mut world, "alice", "G&I", FORCE), Err(Code::NotDelegated));

    let mut for_another = granted(json!([]));
    (for_another["ended"], for_another["body"]) = (json!(true), json!("cumbria"));
    kas(world.say("DelegationGranted", "delegation/one", for_another)).refused(Code::DelegationState);
    let mut ended = granted(json!([]));
    ended["ended"] = json!(true);
    kas(world.say("DelegationGranted", "delegation/one", ended.clone())).ok();
    assert_eq!(sign(&mut world, "office", "LPB-O", FORCE), Err(Code::NotDelegated));
    kas(world.say("DelegationGranted", "delegation/one", ended)).refused(Code::DelegationState);
}

#[test]
fn a_delegation_is_in_force_through_its_last_day() {
    let mut world = World::staffed();
    let granted = json!({
        "from_role": "LEAD",
        "body": FORCE,
        "to_key": key_id("office").to_string(),
        "kinds": ["scrutiny.response.v1.ScrutinyFactRecorded"],
        "valid_from": "2021-05-01",
        "valid_to": "2021-05-31",
    });
    kas(world.say("DelegationGranted", "delegation/may", granted)).ok();
    for (instant, expected) in [
        ("2021-04-30T12:00:00Z", Err(Code::NotDelegated)),
        ("2021-05-01T12:00:00Z", Ok(())),
        ("2021-05-31T12:00:00Z", Ok(())),
        ("2021-06-01T12:00:00Z", Err(Code::NotDelegated)),
    ] {
        world.it_is(instant);
        let draft = fact(&mut world).any_version().by("office", "LPB-O", FORCE).on_behalf_of("LEAD");
        assert_eq!(draft.judged_by(|d| d), expected, "{instant}");
    }
}

#[test]
fn a_delegation_is_by_the_role_itself_and_never_to_a_key_administrator() {
    let mut world = World::staffed();
    let kind = "scrutiny.response.v1.ForceAssessedComplete";
    let granted = |from: &str, body: &str, to: &str| json!({ "from_role": from, "body": body, "to_key": key_id(to).to_string(), "kinds": [kind] });
    for (from, body, to, code) in [
        ("CC", "cumbria", "lead", Code::DelegationState),
        ("LPB", FORCE, "lead", Code::DelegationState),
        ("CC", FORCE, "chief", Code::Inv35),
        ("CC", FORCE, "ka one", Code::Inv35),
        ("CC", FORCE, "root one", Code::Inv35),
        ("CC", FORCE, "nobody", Code::UnknownKey),
    ] {
        let draft = world.say("DelegationGranted", "delegation/two", granted(from, body, to));
        draft.by("chief", "CC", FORCE).refused(code);
    }
    let draft = world.say("DelegationGranted", "delegation/two", granted("CC", FORCE, "lead"));
    draft.by("chief", "CC", FORCE).ok();
    assert_eq!(world.state.delegations(&key_id("lead")).len(), 1);
    kas(world.say("RoleEnded", "role/lead", json!({ "reason": "left" }))).ok();
    roots(world.say("RoleAssigned", "role/lead-ka", role("lead", KA, HO))).refused(Code::Inv35);
}

#[test]
fn a_state_reads_back_from_its_bytes_and_damage_is_found() {
    let world = World::staffed();
    let bytes = world.state.to_bytes();
    assert_eq!(State::from_bytes(&bytes).unwrap(), world.state);
    assert_eq!(State::from_bytes(&State::default().to_bytes()).unwrap(), State::default());
    assert!(State::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    assert!(State::from_bytes(&[]).is_err());
    assert!(State::from_bytes(&[99]).is_err());
}
