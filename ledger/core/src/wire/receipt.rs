//! The recorder's word on one statement.

use bytes::Bytes;
use scrutiny_proto::wire::v1 as wire;

use super::{Refused, WireError, at_most, bytes_of, encode, field, hash, id_bytes, optional_id, strict};
use crate::hash::Hash;
use crate::ids::{EntryIndex, StatementId};
use crate::limits::{MAX_MESSAGE_BYTES, MAX_NOTE_BYTES, MAX_SUBMISSIONS};

/// The recorder's word on one statement, as told and as given on request.
///
/// A durable one is a function of what is stored, a published one of the first checkpoint that covers the entry: so
/// both are the same for ever. Who sent it is not proved by it; the proof in a published one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The statement, where its id could be read.
    pub id: Option<StatementId>,
    /// SHA-256 of the statement bytes.
    pub digest: Hash,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is an entry, on disk.
    Durable(Durable),
    /// A checkpoint covers its entry.
    Published(Published),
    /// It is not recorded, and the refusal is kept.
    Refused(Refused),
}

/// A place in the log that a power cut cannot take away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Durable {
    /// Its place in the log.
    pub index: EntryIndex,
    /// Leaf hash of its entry.
    pub leaf_hash: Hash,
    /// When it was sealed, milliseconds since the Unix epoch.
    pub recorded_at_ms: u64,
}

/// A place under a signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The place.
    pub durable: Durable,
    /// A tlog-proof, not checked yet: [`crate::tlog_proof::TlogProof::parse`] reads it.
    pub proof: String,
}

/// Every receipt of one message of the inbox, in its order: for those who send many.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipts(pub Vec<Receipt>);

impl Receipts {
    /// Reads the message.
    ///
    /// # Errors
    /// As [`Receipt::parse`].
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        let wire::Receipts { receipts } = strict("receipts message", MAX_MESSAGE_BYTES, bytes)?;
        at_most("receipts", receipts.len(), MAX_SUBMISSIONS)?;
        receipts.into_iter().map(Receipt::try_from).collect::<Result<_, _>>().map(Self)
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::Receipts { receipts: self.0.iter().cloned().map(Into::into).collect() })
    }
}

impl Receipt {
    /// Reads the message.
    ///
    /// # Errors
    /// Says which field is wrong, or that the encoding is not the canonical one.
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        strict::<wire::Receipt>("receipt", MAX_MESSAGE_BYTES, bytes)?.try_into()
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::Receipt::from(self.clone()))
    }
}

impl TryFrom<wire::Receipt> for Receipt {
    type Error = WireError;

    fn try_from(message: wire::Receipt) -> Result<Self, WireError> {
        let wire::Receipt { statement_id, statement_sha256, outcome } = message;
        let outcome = match outcome.ok_or_else(|| field("receipt", "it says nothing"))? {
            wire::receipt::Outcome::Durable(durable) => Outcome::Durable(durable.try_into()?),
            wire::receipt::Outcome::Published(wire::Published { durable, proof }) => {
                at_most("published.proof", proof.len(), MAX_NOTE_BYTES)?;
                let durable = durable.ok_or_else(|| field("published.durable", "is missing"))?.try_into()?;
                Outcome::Published(Published { durable, proof })
            }
            wire::receipt::Outcome::Refused(refused) => Outcome::Refused(refused.try_into()?),
        };
        let digest = hash("statement_sha256", &statement_sha256)?;
        Ok(Self { id: optional_id(&statement_id)?, digest, outcome })
    }
}

impl From<Receipt> for wire::Receipt {
    fn from(Receipt { id, digest, outcome }: Receipt) -> Self {
        let outcome = match outcome {
            Outcome::Durable(durable) => wire::receipt::Outcome::Durable(durable.into()),
            Outcome::Published(Published { durable, proof }) => {
                wire::receipt::Outcome::Published(wire::Published { durable: Some(durable.into()), proof })
            }
            Outcome::Refused(refused) => wire::receipt::Outcome::Refused(refused.into()),
        };
        Self {
            statement_id: id_bytes(id.as_ref()),
            statement_sha256: bytes_of(&digest),
            outcome: Some(outcome),
        }
    }
}

impl TryFrom<wire::Durable> for Durable {
    type Error = WireError;

    fn try_from(message: wire::Durable) -> Result<Self, WireError> {
        let wire::Durable { index, leaf_hash, recorded_at_ms } = message;
        Ok(Self { index: EntryIndex(index), leaf_hash: hash("leaf_hash", &leaf_hash)?, recorded_at_ms })
    }
}

impl From<Durable> for wire::Durable {
    fn from(Durable { index, leaf_hash, recorded_at_ms }: Durable) -> Self {
        Self { index: index.0, leaf_hash: bytes_of(&leaf_hash), recorded_at_ms }
    }
}
