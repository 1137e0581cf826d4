//! Whatever the bytes say, the rules answer and the state survives.

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use prost::Message as _;
use scrutiny_proto::ledger::v1 as wire;
use scrutiny_proto::ledger::v1::statement::Expected;
use scrutiny_proto::vocabulary::Vocabulary;

use super::inspection::spotlight;
use super::world::{ORIGIN, key_id};
use crate::{Context, State, decide, evolve};

/// Bytes that look random and are the same on every run.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let block = |i: u64| Hash::of(&[seed.to_be_bytes(), i.to_be_bytes()].concat()).0;
    (0..).flat_map(block).take(length).collect()
}

fn statement(kind: &str, stream: &str, body: Vec<u8>, signer: (&str, &str, &str)) -> Statement {
    let message = wire::Statement {
        ledger: ORIGIN.to_owned(),
        id: Bytes::from_static(&[0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 9]),
        kind: kind.to_owned(),
        stream: stream.to_owned(),
        expected: Some(Expected::ExpectedVersion(0)),
        occurred: Some(wire::Occurred { precision: wire::Precision::Unknown.into(), ..Default::default() }),
        signers: vec![wire::Signer {
            key_id: Bytes::copy_from_slice(&key_id(signer.0).0),
            role: signer.1.to_owned(),
            body: signer.2.to_owned(),
            ..Default::default()
        }],
        marking: wire::Marking::Official.into(),
        regime: wire::Regime::None.into(),
        body: body.into(),
        imported: true,
        ..Default::default()
    };
    Statement::parse(&message.encode_to_vec().into()).unwrap()
}

#[test]
fn noise_in_a_body_is_judged_and_folded_without_a_panic() {
    let world = spotlight();
    let context = Context {
        index: EntryIndex(99),
        previous: Hash::ZERO,
        stream_version: 0,
        recorded_at_ms: 1_700_000_000_000,
    };
    for kind in Vocabulary::get().kinds() {
        for seed in 0..60_u64 {
            let body = noise(seed, usize::try_from(seed).unwrap() % 40);
            let stream = format!("{}/x/y/z/0", kind.stream.as_str().split('/').next().unwrap());
            for stream in [kind.stream.as_str().replace(['{', '}'], ""), stream] {
                let statement = statement(&kind.full_name, &stream, body.clone(), ("hmi", "HMI", "hmicfrs"));
                let _ = decide(&world.state, &statement, &context);
                let _ = decide(&State::default(), &statement, &context);
                // A recorder never folds what was refused; an auditor who goes on after a finding does.
                let mut state = world.state.clone();
                evolve(&mut state, &statement, &context);
                if state != world.state {
                    assert_eq!(State::from_bytes(&state.to_bytes()).as_ref(), Ok(&state));
                }
            }
        }
    }
}

#[test]
fn a_clock_beyond_the_calendar_is_survived() {
    let world = spotlight();
    let context =
        Context { index: EntryIndex(99), previous: Hash::ZERO, stream_version: 0, recorded_at_ms: u64::MAX };
    let statement =
        statement("scrutiny.inspection.v1.ReportPublished", "report/x", vec![], ("hmi", "HMI", "hmicfrs"));
    assert!(decide(&world.state, &statement, &context).is_err());
}
