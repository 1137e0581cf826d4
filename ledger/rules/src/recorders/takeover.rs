//! What a recorder signs when it takes over.

use bytes::Bytes;
use ledger_core::checkpoint::LogVerifier;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, KeyId, TreeSize};
use ledger_core::statement::Statement;
use prost::Message as _;
use scrutiny_proto::ledger::v1 as wire;
use scrutiny_proto::registry::v1::RecorderEpochStarted;

use super::EPOCHS_STREAM;
use crate::case::Context;
use crate::civil::Day;
use crate::refusal::{Code, Refusal, refuse};
use crate::roles::REC;
use crate::rules::decide;
use crate::state::State;

/// A recorder about to take over, and the ledger that it builds on.
#[derive(Debug, Clone, Copy)]
pub struct Takeover<'a> {
    /// The recorder's key, in role REC.
    pub recorder: KeyId,
    /// The log keys that it will sign checkpoints with.
    pub log: &'a LogVerifier,
    /// How many entries it builds on.
    pub tail_size: TreeSize,
    /// Leaf hash of the last of them.
    pub tail_leaf_hash: Hash,
    /// The recorder's clock, milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// Ten random bytes, for the statement's id.
    pub random: [u8; 10],
}

impl Takeover<'_> {
    /// The statement that starts the next epoch, for the recorder's key to sign in the namespace of statements.
    ///
    /// # Errors
    /// When the rules would refuse it: the key is not enrolled or not in role REC, the charter does not know epochs, or
    /// these are not the log keys that it demands. Then this recorder cannot take over, and the sentence says why.
    pub fn statement(&self, state: &State) -> Result<Bytes, Refusal> {
        let message = self.message(state)?.encode_to_vec().into();
        let statement = Statement::parse(&message)
            .map_err(|e| Refusal { code: Code::Malformed, sentence: e.to_string() })?;
        let context = Context {
            index: EntryIndex(self.tail_size.0),
            previous: self.tail_leaf_hash,
            stream_version: state.recorders.current(),
            recorded_at_ms: self.now_ms,
        };
        decide(state, &statement, &context)?;
        Ok(message)
    }

    fn message(&self, state: &State) -> Result<wire::Statement, Refusal> {
        let Some(origin) = state.origin() else {
            return refuse(Code::Genesis, "the ledger is not founded yet, so nobody can take it over");
        };
        let body = RecorderEpochStarted {
            epoch: state.recorders.current() + 1,
            recorder_key: self.recorder.to_string(),
            tail_size: self.tail_size.0,
            tail_leaf_hash: Bytes::copy_from_slice(self.tail_leaf_hash.as_bytes()),
            log_vkeys: self.log.vkeys(),
        };
        let now = i64::try_from(self.now_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let Some(now) = now else {
            return refuse(Code::Occurred, format!("the clock says {} ms, which is no time", self.now_ms));
        };
        Ok(wire::Statement {
            ledger: origin.as_str().to_owned(),
            id: Bytes::copy_from_slice(&self.id()),
            kind: "scrutiny.registry.v1.RecorderEpochStarted".to_owned(),
            stream: EPOCHS_STREAM.to_owned(),
            expected: Some(wire::statement::Expected::ExpectedVersion(state.recorders.current())),
            occurred: Some(wire::Occurred {
                precision: wire::Precision::Instant.into(),
                value: now.to_string(),
                words: String::new(),
            }),
            signers: vec![self.signer(state)?],
            marking: wire::Marking::Official.into(),
            regime: wire::Regime::None.into(),
            body: body.encode_to_vec().into(),
            ..wire::Statement::default()
        })
    }

    /// The capacity in which the key is a recorder's today.
    fn signer(&self, state: &State) -> Result<wire::Signer, Refusal> {
        let today = Day::in_london(self.now_ms);
        let roles = state.roles(&self.recorder).iter();
        let Some(held) = roles.into_iter().find(|held| held.role == REC && held.covers(today)) else {
            return refuse(
                Code::RoleNotHeld,
                format!(
                    "key {} is not enrolled in the role {REC}, so its recorder cannot take over",
                    self.recorder
                ),
            );
        };
        Ok(wire::Signer {
            key_id: Bytes::copy_from_slice(&self.recorder.0),
            role: REC.to_owned(),
            body: held.body.clone(),
            acting: held.acting,
            on_behalf_of: String::new(),
        })
    }

    /// A UUID of version 7: 48 bits of the clock, then chance.
    fn id(&self) -> [u8; 16] {
        let mut id = [0; 16];
        id[..6].copy_from_slice(&self.now_ms.to_be_bytes()[2..]);
        id[6..].copy_from_slice(&self.random);
        id[6] = 0x70 | (id[6] & 0x0f);
        id[8] = 0x80 | (id[8] & 0x3f);
        id
    }
}
