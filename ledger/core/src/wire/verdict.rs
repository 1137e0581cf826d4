//! What a desk answers at once.

use bytes::Bytes;
use scrutiny_proto::wire::v1 as wire;
use wire::verdict::Outcome;

use super::{Refused, WireError, at_most, bytes_of, encode, field, hash, id_bytes, optional_id, strict};
use crate::hash::Hash;
use crate::ids::StatementId;
use crate::limits::{MAX_MESSAGE_BYTES, MAX_SUBMISSIONS};

/// What a desk says of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The statement, where its id could be read.
    pub id: Option<StatementId>,
    /// SHA-256 of the statement bytes.
    pub digest: Hash,
    /// What it says.
    pub answered: Answered,
}

/// A desk's answer. None of them is a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// Stored in the inbox; the recorder decides.
    Accepted,
    /// Refused, and the recorder is told.
    Refused(Refused),
    /// Not now, and why. Send it again.
    Unavailable(String),
}

/// One verdict for each statement, in the order they were submitted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdicts(pub Vec<Verdict>);

impl Verdicts {
    /// Reads the message.
    ///
    /// # Errors
    /// Says which field is wrong, or that the encoding is not the canonical one.
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        let wire::Verdicts { verdicts } = strict("verdicts message", MAX_MESSAGE_BYTES, bytes)?;
        at_most("verdicts", verdicts.len(), MAX_SUBMISSIONS)?;
        verdicts.into_iter().map(Verdict::try_from).collect::<Result<_, _>>().map(Self)
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::Verdicts { verdicts: self.0.iter().cloned().map(Into::into).collect() })
    }
}

impl TryFrom<wire::Verdict> for Verdict {
    type Error = WireError;

    fn try_from(message: wire::Verdict) -> Result<Self, WireError> {
        let wire::Verdict { statement_id, statement_sha256, outcome } = message;
        let answered = match outcome.ok_or_else(|| field("verdict", "it says nothing"))? {
            Outcome::Accepted(wire::Accepted {}) => Answered::Accepted,
            Outcome::Refused(refused) => Answered::Refused(refused.try_into()?),
            Outcome::Unavailable(wire::Unavailable { sentence }) => Answered::Unavailable(sentence),
        };
        let digest = hash("statement_sha256", &statement_sha256)?;
        Ok(Self { id: optional_id(&statement_id)?, digest, answered })
    }
}

impl From<Verdict> for wire::Verdict {
    fn from(Verdict { id, digest, answered }: Verdict) -> Self {
        let outcome = match answered {
            Answered::Accepted => Outcome::Accepted(wire::Accepted {}),
            Answered::Refused(refused) => Outcome::Refused(refused.into()),
            Answered::Unavailable(sentence) => Outcome::Unavailable(wire::Unavailable { sentence }),
        };
        Self {
            statement_id: id_bytes(id.as_ref()),
            statement_sha256: bytes_of(&digest),
            outcome: Some(outcome),
        }
    }
}
