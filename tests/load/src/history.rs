//! Random histories of every kind that a projection reads, unsigned: for folds, which take what they are given.
//!
//! The places are few, so that things meet: answers find their obligations, receipts their items. Not every
//! statement would be accepted by the rules; a fold must survive all of them. The same seed makes the same bytes.

mod conduct;
mod governance;
mod registry;
mod response;
mod review;
mod setting;

use bytes::Bytes;
use ledger_core::ids::StatementId;
use prost::Message;
use scrutiny_proto::ledger::v1 as wire;
use scrutiny_proto::ledger::v1::statement::Expected;

use crate::{ORIGIN, START_MS};

/// How large the country is.
#[derive(Debug, Clone, Copy)]
pub struct Country {
    /// Forces, each with a local policing body.
    pub forces: u64,
    /// Reports.
    pub reports: u64,
    /// Findings of each report; every force owes an answer to each.
    pub findings: u64,
}

/// Makes statements.
#[derive(Debug)]
pub struct History {
    country: Country,
    state: u64,
    made: u64,
}
impl History {
    /// A history of a country, by a seed.
    #[must_use]
    pub fn new(country: Country, seed: u64) -> Self {
        Self { country, state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, made: 0 }
    }

    /// The next statement: any kind, anywhere.
    #[must_use]
    pub fn any(&mut self) -> Bytes {
        match self.below(20) {
            0 => self.setting(),
            1..=8 => self.about_an_obligation(),
            9..=11 => self.about_a_response(),
            12 | 13 => self.about_a_meeting(),
            14 | 15 => self.about_a_case(),
            16 | 17 => self.metric(),
            _ => self.fact(),
        }
    }

    fn day(&mut self) -> String {
        format!("{}-{:02}-{:02}", 2019 + self.below(4), 1 + self.below(12), 1 + self.below(28))
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % bound.max(1)
    }

    fn statement(&mut self, group: &str, kind: &str, stream: &str, body: &impl Message) -> Bytes {
        let n = self.made;
        self.made += 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&n.to_be_bytes());
        let uuid = uuid::Builder::from_unix_timestamp_millis(START_MS + n / 64, &random).into_uuid();
        let id = StatementId::from_uuid(uuid).expect("a UUID made as version 7 is one");
        let unknown = self.below(10) == 0;
        let occurred = wire::Occurred {
            precision: if unknown { wire::Precision::Unknown } else { wire::Precision::Day }.into(),
            value: if unknown { String::new() } else { self.day() },
            words: String::new(),
        };
        let mut key = [0; 32];
        key[31] = u8::try_from(self.below(4)).expect("below 4");
        let signer = wire::Signer {
            key_id: Bytes::copy_from_slice(&key),
            role: "G&I".to_owned(),
            body: "force-0".to_owned(),
            ..Default::default()
        };
        let message = wire::Statement {
            ledger: ORIGIN.to_owned(),
            id: Bytes::copy_from_slice(id.as_bytes()),
            kind: format!("scrutiny.{group}.v1.{kind}"),
            stream: stream.to_owned(),
            expected: Some(Expected::AnyVersion(true)),
            occurred: Some(occurred),
            signers: vec![signer],
            marking: wire::Marking::Official.into(),
            regime: wire::Regime::None.into(),
            body: body.encode_to_vec().into(),
            imported: true,
            ..Default::default()
        };
        message.encode_to_vec().into()
    }
}
