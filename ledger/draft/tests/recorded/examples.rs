//! The example of every kind, recorded into one ledger under the real rules.

use std::collections::BTreeSet;

use ledger_draft::{Draft, describe, examples, render};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use scrutiny_proto::registry::v1::{LedgerFounded, LogKeyAuthorised, RecorderEpochStarted};
use scrutiny_proto::vocabulary::Vocabulary;

use crate::world::{World, digest_of, key_id};

fn example(short_name: &str) -> Vec<Draft> {
    let kind = Vocabulary::get().kind(short_name).expect(short_name);
    let drafts = Draft::parse_many(kind.example).unwrap_or_else(|e| panic!("{short_name}: {e}"));
    assert!(drafts.iter().all(|d| d.kind.short_name == short_name), "{short_name}");
    drafts
}

#[test]
fn every_kind_has_an_example_and_a_place_in_the_order() {
    let order: BTreeSet<&str> = examples::ORDER.iter().copied().collect();
    assert_eq!(order.len(), examples::ORDER.len());
    for kind in Vocabulary::get().kinds() {
        assert!(order.contains(kind.short_name.as_str()), "{}", kind.short_name);
        assert!(!example(&kind.short_name).is_empty());
    }
    assert_eq!(order.len(), Vocabulary::get().kinds().len());
}

#[test]
fn all_examples_are_recorded_into_one_ledger() {
    let mut world = World::with_people();
    for name in &examples::ORDER[1..] {
        world.record_all(name, &example(name));
    }
    assert!(world.state.is_erased(&digest_of("Trainee reviewer, an example")));
}

#[test]
fn everything_in_an_example_is_shown() {
    let mut world = World::with_people();
    for name in &examples::ORDER[1..] {
        for draft in example(name) {
            let statement = world.record(&draft).unwrap_or_else(|r| panic!("{name}: {r}")).parsed;
            let shown = describe(&statement);
            assert_eq!(shown["body"].get("undecoded"), None, "{name}");
            let body = draft.kind.body_from_json(&shown["body"]).expect(name);
            assert_eq!(body, draft.body, "{name}: what is shown is what is signed");
            assert!(render(&statement).lines().count() > 12, "{name}");
        }
    }
}

#[test]
fn the_founding_names_the_keys_and_the_charter_it_says() {
    let founding = example("LedgerFounded").remove(0);
    let body = LedgerFounded::decode(&founding.body[..]).expect("decodes");
    assert_eq!(body.origin, examples::ORIGIN);
    assert_eq!(body.charter, Some(Vocabulary::get().first_charter()), "the kinds' options have changed");
    let roots: Vec<_> = body.root_keys.iter().map(|b| ledger_core::ids::KeyId::of_blob(b)).collect();
    assert_eq!(roots, [key_id("first-root"), key_id("second-root")]);
    assert_eq!(body.log_vkeys, examples::log_vkeys("first-recorder"));
}

#[test]
fn the_second_recorder_s_examples_name_its_key_and_the_log_keys_that_fit() {
    let of = |name: &str| example(name).remove(0).body;
    let authorised = LogKeyAuthorised::decode(&of("LogKeyAuthorised")[..]).expect("decodes");
    let epoch = RecorderEpochStarted::decode(&of("RecorderEpochStarted")[..]).expect("decodes");
    let key = key_id("standby-recorder").to_string();
    assert_eq!((&authorised.recorder_key, &epoch.recorder_key), (&key, &key));
    assert_eq!(authorised.log_vkeys, examples::log_vkeys("standby-recorder"));
    assert_eq!(epoch.log_vkeys, examples::log_vkeys("first-recorder"), "the first charter hands them over");
}

/// Flips each bit of each body: what the vocabulary accepts must be what prost would write, nothing unknown.
#[test]
fn no_body_is_accepted_that_prost_would_write_differently() {
    let pool = DescriptorPool::decode(scrutiny_proto::DESCRIPTORS).expect("descriptors");
    let mut accepted = 0;
    for draft in examples::ORDER.iter().flat_map(|name| example(name)) {
        let message = pool.get_message_by_name(&draft.kind.full_name).expect("a message");
        for bit in 0..draft.body.len().min(200) * 8 {
            let mut body = draft.body.clone();
            body[bit / 8] ^= 1 << (bit % 8);
            if draft.kind.validate_body(&body).is_err() {
                continue;
            }
            accepted += 1;
            let read = DynamicMessage::decode(message.clone(), &body[..]).expect("decodes");
            assert!(read.unknown_fields().next().is_none(), "{} bit {bit}", draft.kind.short_name);
            assert_eq!(read.encode_to_vec(), body, "{} bit {bit}", draft.kind.short_name);
            let json = draft.kind.body_to_json(&body).expect("JSON");
            assert_eq!(draft.kind.body_from_json(&json), Ok(body), "{} bit {bit}", draft.kind.short_name);
        }
    }
    assert!(accepted > 1000, "flips inside text stay valid, got {accepted}");
}
