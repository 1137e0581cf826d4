//! Statements on their way in.

use bytes::Bytes;
use prost::Message as _;
use scrutiny_proto::wire::v1 as wire;

use super::{WireError, at_most, encode, strict};
use crate::hash::Hash;
use crate::limits::{MAX_MESSAGE_BYTES, MAX_SUBMISSIONS};

/// A statement on its way in: the exact bytes, the signatures, the sealed content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The statement as signed.
    pub statement: Bytes,
    /// Binary SSHSIG blobs in the order of the statement's signers.
    pub signatures: Vec<Bytes>,
    /// Addenda: 32 random bytes, then the content.
    pub addenda: Vec<Bytes>,
}

impl Submission {
    /// SHA-256 of the statement, by which receipts and refusals name it.
    #[must_use]
    pub fn digest(&self) -> Hash {
        Hash::of(&self.statement)
    }

    /// How many bytes it holds in memory: batches are bounded by them.
    #[must_use]
    pub fn byte_count(&self) -> usize {
        let parts = self.signatures.iter().chain(&self.addenda);
        self.statement.len() + parts.map(Bytes::len).sum::<usize>()
    }

    /// Bytes that it adds to a [`Submissions`] message.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let inner = wire::Submission::from(self.clone()).encoded_len();
        1 + prost::length_delimiter_len(inner) + inner
    }
}

/// What one message carries: statements in the order in which they are to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submissions(pub Vec<Submission>);

impl Submissions {
    /// Reads the message. The statements inside are not looked at.
    ///
    /// # Errors
    /// When the message is too long, carries none or too many, or is not in canonical form.
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        let wire::Submissions { submissions } = strict("submissions message", MAX_MESSAGE_BYTES, bytes)?;
        at_most("submissions", submissions.len(), MAX_SUBMISSIONS)?;
        if submissions.is_empty() {
            return Err(super::field("submissions", "there are none"));
        }
        let read = |wire::Submission { statement, signatures, addenda }| Submission {
            statement,
            signatures,
            addenda,
        };
        Ok(Self(submissions.into_iter().map(read).collect()))
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::Submissions { submissions: self.0.iter().cloned().map(Into::into).collect() })
    }
}

impl From<Submission> for wire::Submission {
    fn from(Submission { statement, signatures, addenda }: Submission) -> Self {
        Self { statement, signatures, addenda }
    }
}
