//! How long one body takes to check. `cargo test --release -p scrutiny-proto -- --ignored --nocapture`

use std::hint::black_box;
use std::time::{Duration, Instant};

use prost::Message as _;
use scrutiny_proto::response::v1::ScrutinyFactRecorded;
use scrutiny_proto::vocabulary::Vocabulary;

const ROUNDS: u32 = 200_000;

#[test]
#[ignore = "a measurement: it needs a release build and a quiet machine"]
fn a_fact_of_500_bytes_is_checked_within_a_microsecond() {
    let fact = ScrutinyFactRecorded {
        fact: "TrainingDelivered".into(),
        text: "Communication, conflict management and de-escalation for the front line. ".repeat(5),
        concerns: vec!["obligation/cambridgeshire/dupp-2021/1/0".into(); 2],
        ..Default::default()
    };
    let body = fact.encode_to_vec();
    let kind = Vocabulary::get().kind("ScrutinyFactRecorded").expect("a kind");
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            assert!(kind.validate_body(black_box(&body)).is_ok());
        }
        best = best.min(start.elapsed() / ROUNDS);
    }
    println!("{} bytes checked in {best:?}", body.len());
    assert!(best < Duration::from_micros(1), "{best:?}");
}
