//! How long the rules take over the most frequent kind: `cargo run --release -p ledger-rules --example fact_cost`.

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_core::sshsig::{self, PublicKey};
use ledger_core::statement::Statement;
use ledger_rules::{Context, State, decide, evolve, keys};
use prost::Message as _;
use scrutiny_proto::ledger::v1 as wire;
use scrutiny_proto::ledger::v1::statement::Expected;
use scrutiny_proto::registry::v1::{KeyEnrolled, LedgerFounded, RoleAssigned};
use scrutiny_proto::response::v1::ScrutinyFactRecorded;
use scrutiny_proto::vocabulary::Vocabulary;

const ORIGIN: &str = "scrutiny.example/bench";
const NOW_MS: u64 = 1_618_311_600_000;
const ROUNDS: u32 = 1_000_000;

fn main() {
    let mut state = State::default();
    let roots = [("one", "ROOT"), ("two", "ROOT")];
    let founded = LedgerFounded {
        origin: ORIGIN.to_owned(),
        root_keys: roots.iter().map(|(who, _)| public(who).blob().to_vec().into()).collect(),
        charter: Some(Vocabulary::get().first_charter()),
        log_vkeys: Vec::new(),
        body: "home-office".to_owned(),
    };
    record(&mut state, "scrutiny.registry.v1.LedgerFounded", "charter/ledger", &founded, &roots);
    for i in 0..200 {
        let who = format!("officer {i}");
        let message = keys::enrolment_message(ORIGIN, &public(&who).key_id());
        let enrolled = KeyEnrolled {
            public_key: public(&who).blob().to_vec().into(),
            proof_of_possession: sshsig::sign(&secret(&who), keys::ENROLMENT_NAMESPACE, &message).into(),
            holder: String::new(),
        };
        let stream = format!("key/{}", public(&who).key_id().to_hex());
        record(&mut state, "scrutiny.registry.v1.KeyEnrolled", &stream, &enrolled, &roots);
        let assigned = RoleAssigned {
            key: public(&who).key_id().to_string(),
            role: "G&I".to_owned(),
            body: "home-office".to_owned(),
            ..RoleAssigned::default()
        };
        record(&mut state, "scrutiny.registry.v1.RoleAssigned", &format!("role/{i}"), &assigned, &roots);
    }
    let fact = ScrutinyFactRecorded {
        fact: "TrainingDelivered".to_owned(),
        text: "Continuous professional development for all frontline officers, from June 2021.".to_owned(),
        concerns: vec!["obligation/cambridgeshire/dupp-2021/1/0".to_owned()],
        people: String::new(),
        detail: String::new(),
    };
    let kind = "scrutiny.response.v1.ScrutinyFactRecorded";
    let statement = statement(kind, "fact/cambridgeshire/training", &fact, &[("officer 77", "G&I")]);
    let context =
        Context { index: EntryIndex(500), previous: Hash::ZERO, stream_version: 0, recorded_at_ms: NOW_MS };
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        decide(&state, black_box(&statement), &context).expect("the fact is in order");
        evolve(&mut state, black_box(&statement), &context);
    }
    println!("{:.0} ns per fact, decide and evolve", begun.elapsed().as_nanos() as f64 / f64::from(ROUNDS));
    println!("state: {} bytes", state.to_bytes().len());
}

fn secret(who: &str) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&Hash::of(who.as_bytes()).0)
}

fn public(who: &str) -> PublicKey {
    PublicKey::from_ed25519(secret(who).verifying_key().as_bytes()).expect("a derived key is sound")
}

fn record(state: &mut State, kind: &str, stream: &str, body: &impl prost::Message, by: &[(&str, &str)]) {
    let statement = statement(kind, stream, body, by);
    let context =
        Context { index: EntryIndex(0), previous: Hash::ZERO, stream_version: 0, recorded_at_ms: NOW_MS };
    decide(state, &statement, &context).expect("the set-up is in order");
    evolve(state, &statement, &context);
}

fn statement(kind: &str, stream: &str, body: &impl prost::Message, by: &[(&str, &str)]) -> Statement {
    let signer = |(who, role): &(&str, &str)| wire::Signer {
        key_id: Bytes::copy_from_slice(&public(who).key_id().0),
        role: (*role).to_owned(),
        body: "home-office".to_owned(),
        ..wire::Signer::default()
    };
    let message = wire::Statement {
        ledger: ORIGIN.to_owned(),
        id: Bytes::from_static(&[0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1]),
        kind: kind.to_owned(),
        stream: stream.to_owned(),
        expected: Some(Expected::ExpectedVersion(0)),
        occurred: Some(wire::Occurred {
            precision: wire::Precision::Instant.into(),
            value: "2021-04-13T11:00:00Z".to_owned(),
            words: String::new(),
        }),
        signers: by.iter().map(signer).collect(),
        marking: wire::Marking::Official.into(),
        regime: wire::Regime::None.into(),
        body: body.encode_to_vec().into(),
        ..wire::Statement::default()
    };
    Statement::parse(&message.encode_to_vec().into()).expect("the statement is canonical")
}
