//! Recorders that take over: their keys, their epochs, and the keys of the log.

use ledger_core::checkpoint::{LogSigner, LogVerifier};
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_core::statement::Statement;
use scrutiny_proto::vocabulary::Vocabulary;
use serde_json::{Value, json};

use super::world::{FORCE, ORIGIN, World, charter_line, founding, hex, key_id, key_stream};
use crate::recorders::Takeover;
use crate::roles::{REC, ROOT};
use crate::{Code, Context, decide, evolve};

const HO: &str = "home-office";
const EPOCHS: &str = "recorder/epochs";
const AUTHORITY: &str = "recorder/log-keys";

/// The log keys of a recorder, made from a name.
fn log(name: &str) -> LogVerifier {
    let seed = |what: &str| Hash::of(format!("{name} {what}").as_bytes()).0;
    LogSigner::new(ORIGIN.parse().unwrap(), &seed("ed25519"), &seed("ml-dsa-44")).unwrap().verifier()
}

/// Founded with log keys, with two recorders beside the founder's.
fn two_recorders() -> World {
    let mut founded = founding();
    founded["log_vkeys"] = json!(log("founder").vkeys());
    let mut world = World::founded_as(founded);
    for who in ["north", "south"] {
        world.hire(who, REC, HO);
    }
    world
}

fn epoch(world: &World, who: &str, number: u64, keys: &LogVerifier) -> Value {
    json!({
        "epoch": number, "recorder_key": key_id(who).to_string(), "tail_size": world.next_index(),
        "tail_leaf_hash": hex(world.previous().as_bytes()), "log_vkeys": keys.vkeys(),
    })
}

/// Starts an epoch; gives the refusal's code.
fn start(world: &mut World, who: &str, number: u64, keys: &LogVerifier) -> Result<(), Code> {
    let body = epoch(world, who, number, keys);
    world.say("RecorderEpochStarted", EPOCHS, body).by(who, REC, HO).judged_by(|d| d)
}

fn authorise(world: &mut World, who: &str, vkeys: &Value) -> Result<(), Code> {
    let body = json!({ "recorder_key": key_id(who).to_string(), "log_vkeys": vkeys, "reason": "a standby" });
    let draft = world.say("LogKeyAuthorised", AUTHORITY, body);
    draft.by("root one", ROOT, HO).by("root two", ROOT, HO).judged_by(|d| d)
}

fn rotate_from_now_on(world: &mut World) {
    let lines: Vec<_> = Vocabulary::get().first_charter().lines.iter().map(charter_line).collect();
    let charter = json!({ "lines": lines, "checkpoint_keys": "rotated" });
    let draft =
        world.say("CharterAdopted", "charter/ledger", json!({ "charter": charter, "reason": "keys" }));
    draft.by("root one", ROOT, HO).by("root two", ROOT, HO).ok();
}

#[test]
fn a_recorder_takes_over_by_an_epoch_that_names_what_it_builds_on() {
    let mut world = two_recorders();
    assert_eq!(start(&mut world, "north", 1, &log("founder")), Ok(()));
    assert_eq!(start(&mut world, "south", 2, &log("founder")), Ok(()));
    assert_eq!(start(&mut world, "north", 3, &log("founder")), Ok(()));
    let recorders = world.state.recorders();
    let who: Vec<_> = recorders.epochs().iter().map(|e| (e.number, e.recorder)).collect();
    assert_eq!(who, [(1, key_id("north")), (2, key_id("south")), (3, key_id("north"))]);
    assert_eq!(recorders.log_vkeys_from().count(), 1, "the keys were handed over each time");
}

#[test]
fn an_epoch_that_leaves_one_out_comes_again_or_builds_on_something_else_is_refused() {
    let mut world = two_recorders();
    for number in [2, 7] {
        assert_eq!(start(&mut world, "north", number, &log("founder")), Err(Code::EpochNumber));
    }
    for (field, value, says) in [
        ("tail_size", json!(3), "the epoch builds on 3 entries, and would be entry 9"),
        ("tail_leaf_hash", json!(hex(&[7; 32])), "the epoch names 0707"),
        ("tail_leaf_hash", json!(hex(&[7; 31])), "the epoch names 31 bytes"),
    ] {
        let mut body = epoch(&world, "north", 1, &log("founder"));
        body[field] = value;
        let draft = world.say("RecorderEpochStarted", EPOCHS, body).by("north", REC, HO);
        let sentence = draft.refused(Code::EpochTail);
        assert!(sentence.contains(says), "{sentence}");
    }
    start(&mut world, "north", 1, &log("founder")).unwrap();
    assert_eq!(start(&mut world, "south", 1, &log("founder")), Err(Code::EpochNumber));
}

#[test]
fn only_the_recorder_that_is_named_signs_its_epoch() {
    let mut world = two_recorders();
    world.hire("alice", "G&I", FORCE);
    let body = epoch(&world, "north", 1, &log("founder"));
    let mut refused = |signers: &[(&str, &str, &str)], code: Code| {
        let draft = world.say("RecorderEpochStarted", EPOCHS, body.clone());
        signers.iter().fold(draft, |d, (who, role, at)| d.by(who, role, at)).refused(code)
    };
    refused(&[("south", REC, HO)], Code::EpochSigner);
    refused(&[("north", REC, HO), ("south", REC, HO)], Code::EpochSigner);
    refused(&[("north", REC, HO), ("alice", "G&I", FORCE)], Code::EpochSigner);
    refused(&[("alice", "G&I", FORCE)], Code::Charter);
    refused(&[("root one", ROOT, HO), ("root two", ROOT, HO)], Code::Charter);
    refused(&[("alice", REC, HO)], Code::RoleNotHeld);
}

#[test]
fn a_recorder_s_key_signs_nothing_else_and_holds_nothing_else() {
    let mut world = two_recorders();
    world.hire("alice", "G&I", FORCE);
    let fact = json!({ "fact": "PolicyAdopted", "text": "Adopted." });
    let beside = world.say("ScrutinyFactRecorded", "fact/cambridgeshire/x", fact).any_version();
    let sentence = beside.by("alice", "G&I", FORCE).by("north", REC, HO).refused(Code::RecorderRole);
    assert!(sentence.ends_with("signs nothing but its epochs, this is a \"Fact recorded\""), "{sentence}");

    let mut assign = |who: &str, role: &str, stream: &str| {
        let body = json!({ "key": key_id(who).to_string(), "role": role, "body": HO });
        let draft = world.say("RoleAssigned", stream, body);
        draft.by("ka one", "KA", HO).by("ka two", "KA", HO).judged_by(|d| d)
    };
    assert_eq!(assign("north", "G&I", "role/x"), Err(Code::RecorderRole));
    assert_eq!(assign("north", "SVC:import", "role/x"), Err(Code::RecorderRole));
    assert_eq!(assign("alice", REC, "role/x"), Err(Code::RecorderRole));
    assert_eq!(assign("root one", REC, "role/x"), Err(Code::Inv35));

    let mut delegate = |from: &str, to: &str| {
        let body = json!({
            "from_role": from, "body": FORCE, "to_key": key_id(to).to_string(),
            "kinds": ["scrutiny.response.v1.ScrutinyFactRecorded"],
        });
        let draft = world.say("DelegationGranted", "delegation/x", body);
        draft.by("ka one", "KA", HO).by("ka two", "KA", HO).judged_by(|d| d)
    };
    assert_eq!(delegate("CC", "north"), Err(Code::RecorderRole));
    assert_eq!(delegate(REC, "alice"), Err(Code::Inv35));
}

#[test]
fn no_charter_lets_anybody_else_start_an_epoch_or_authorise_log_keys() {
    let mut world = two_recorders();
    let one = |role: &str, count: u32| json!([{ "require": [{ "role": role, "count": count }] }]);
    for (kind, sets) in [
        ("RecorderEpochStarted", one(ROOT, 2)),
        ("RecorderEpochStarted", one(REC, 2)),
        ("ScrutinyFactRecorded", one(REC, 1)),
        ("LogKeyAuthorised", one(ROOT, 1)),
        ("LogKeyAuthorised", one("KA", 2)),
    ] {
        let full = &Vocabulary::get().kind(kind).unwrap().full_name;
        let lines = Vocabulary::get().first_charter().lines;
        let mut lines: Vec<_> = lines.iter().filter(|l| l.kind != *full).map(charter_line).collect();
        lines.push(json!({ "kind": full, "signers": sets }));
        let body = json!({ "charter": { "lines": lines }, "reason": "a trial" });
        let draft = world.say("CharterAdopted", "charter/ledger", body);
        draft.by("root one", ROOT, HO).by("root two", ROOT, HO).refused(Code::CharterMalformed);
    }
}

#[test]
fn once_there_are_epochs_the_last_recorder_s_key_stays_until_another_is_enrolled() {
    let mut world = two_recorders();
    let revoke = |world: &mut World, who: &str, expected: Result<(), &str>| {
        let draft = world.say("KeyRevoked", &key_stream(who), json!({ "reason": "gone" }));
        let draft = draft.by("ka one", "KA", HO).by("ka two", "KA", HO);
        match expected {
            Ok(()) => drop(draft.ok()),
            Err(says) => {
                let sentence = draft.refused(Code::Lockout);
                assert!(sentence.contains(says), "{sentence}");
            }
        }
    };
    revoke(&mut world, "south", Ok(()));
    assert_eq!(start(&mut world, "north", 1, &log("founder")), Ok(()));
    revoke(&mut world, "north", Err("no recorder could take over any more"));
    world.hire("west", REC, HO);
    revoke(&mut world, "north", Ok(()));
    revoke(&mut world, "west", Err("enrol another recorder first"));

    let lines: Vec<_> = Vocabulary::get().first_charter().lines.iter().map(charter_line).collect();
    let without: Vec<_> =
        lines.iter().filter(|line| !line.to_string().contains("RecorderEpochStarted")).collect();
    assert_eq!(without.len() + 1, lines.len());
    let charter = json!({ "charter": { "lines": without }, "reason": "no more epochs" });
    let draft = world.say("CharterAdopted", "charter/ledger", charter);
    let sentence = draft.by("root one", ROOT, HO).by("root two", ROOT, HO).refused(Code::Lockout);
    assert!(sentence.contains("could take over"), "{sentence}");
}

#[test]
fn before_the_first_epoch_recorders_come_and_go() {
    let mut world = two_recorders();
    for who in ["south", "north"] {
        let draft = world.say("KeyRevoked", &key_stream(who), json!({ "reason": "gone" }));
        draft.by("ka one", "KA", HO).by("ka two", "KA", HO).ok();
    }
}

#[test]
fn handed_over_keys_stay_the_same_in_every_epoch() {
    let mut world = two_recorders();
    authorise(&mut world, "north", &json!(log("north").vkeys())).unwrap();
    let body = epoch(&world, "north", 1, &log("north"));
    let draft = world.say("RecorderEpochStarted", EPOCHS, body).by("north", REC, HO);
    let sentence = draft.refused(Code::LogKeys);
    assert!(sentence.contains("those in force, which are handed over (scrutiny.example/test+"), "{sentence}");
    assert!(sentence.len() < 400, "keys are named by their ids: {sentence}");
    start(&mut world, "north", 1, &log("founder")).unwrap();

    let mut nameless = World::founded();
    nameless.hire("north", REC, HO);
    assert_eq!(start(&mut nameless, "north", 1, &log("founder")), Err(Code::LogKeys));
}

#[test]
fn rotated_keys_are_the_recorder_s_own_and_two_roots_authorised_them_before() {
    let mut world = two_recorders();
    rotate_from_now_on(&mut world);
    assert_eq!(start(&mut world, "north", 1, &log("founder")), Err(Code::LogKeys), "nobody authorised any");
    authorise(&mut world, "north", &json!(log("north").vkeys())).unwrap();
    assert_eq!(start(&mut world, "north", 1, &log("founder")), Err(Code::LogKeys), "no longer handed over");
    assert_eq!(start(&mut world, "south", 1, &log("north")), Err(Code::LogKeys), "those are north's");
    let first = world.next_index();
    start(&mut world, "north", 1, &log("north")).unwrap();
    authorise(&mut world, "south", &json!(log("south").vkeys())).unwrap();
    let second = world.next_index();
    start(&mut world, "south", 2, &log("south")).unwrap();
    let third = world.next_index();
    start(&mut world, "north", 3, &log("north")).unwrap();

    let recorders = world.state.recorders();
    for (size, whose) in [
        (0, "founder"),
        (first, "founder"),
        (first + 1, "north"),
        (second, "north"),
        (second + 1, "south"),
        (third, "south"),
        (third + 1, "north"),
        (u64::MAX, "north"),
    ] {
        assert_eq!(recorders.log_vkeys_at(TreeSize(size)), log(whose).vkeys(), "size {size}");
    }
    let from: Vec<_> = recorders.log_vkeys_from().map(|(size, _)| size.0).collect();
    assert_eq!(from, [0, first + 1, second + 1, third + 1]);
}

#[test]
fn what_was_authorised_is_taken_back_before_it_comes_into_force() {
    let mut world = two_recorders();
    rotate_from_now_on(&mut world);
    assert_eq!(authorise(&mut world, "north", &json!([])), Err(Code::LogKeyAuthority), "there is nothing");
    authorise(&mut world, "north", &json!(log("north").vkeys())).unwrap();
    authorise(&mut world, "north", &json!([])).unwrap();
    assert_eq!(start(&mut world, "north", 1, &log("north")), Err(Code::LogKeys));
    authorise(&mut world, "north", &json!(log("north, anew").vkeys())).unwrap();
    assert_eq!(start(&mut world, "north", 1, &log("north")), Err(Code::LogKeys));
    assert_eq!(start(&mut world, "north", 1, &log("north, anew")), Ok(()));
}

#[test]
fn log_keys_are_this_log_s_one_of_each_type_for_a_recorder_in_use() {
    let mut world = two_recorders();
    world.hire("alice", "G&I", FORCE);
    let good = log("north").vkeys();
    let other = LogSigner::new("other.example/log".parse().unwrap(), &[1; 32], &[2; 32]).unwrap();
    for vkeys in [
        json!([good[0]]),
        json!([good[1], good[0]]),
        json!([good[0], good[0]]),
        json!(["no key", good[1]]),
        json!(other.verifier().vkeys()),
    ] {
        assert_eq!(authorise(&mut world, "north", &vkeys), Err(Code::LogKeyAuthority), "{vkeys}");
    }
    assert_eq!(authorise(&mut world, "alice", &json!(good)), Err(Code::LogKeyAuthority));
    assert_eq!(authorise(&mut world, "nobody", &json!(good)), Err(Code::UnknownKey));
}

#[test]
fn a_recorder_is_told_what_to_sign_or_why_it_cannot_take_over() {
    let mut world = two_recorders();
    let keys = log("founder");
    let takeover = |world: &World, who: &str, log: &LogVerifier| {
        let takeover = Takeover {
            recorder: key_id(who),
            log,
            tail_size: TreeSize(world.next_index()),
            tail_leaf_hash: world.previous(),
            now_ms: world.now_ms(),
            random: [0xff; 10],
        };
        takeover.statement(&world.state)
    };
    let statement = Statement::parse(&takeover(&world, "north", &keys).unwrap()).unwrap();
    let context = Context {
        index: ledger_core::ids::EntryIndex(world.next_index()),
        previous: world.previous(),
        stream_version: 0,
        recorded_at_ms: world.now_ms(),
    };
    assert_eq!(decide(&world.state, &statement, &context), Ok(()));
    let before = world.state.clone();
    evolve(&mut world.state, &statement, &context);
    assert_eq!(world.state.recorders().current(), 1);
    world.state = before;

    let code = |refused: Result<bytes::Bytes, crate::Refusal>| refused.unwrap_err().code;
    assert_eq!(code(takeover(&world, "nobody", &keys)), Code::RoleNotHeld);
    assert_eq!(code(takeover(&world, "north", &log("north"))), Code::LogKeys);
    assert_eq!(code(takeover(&World::empty(), "north", &keys)), Code::Genesis);
}
