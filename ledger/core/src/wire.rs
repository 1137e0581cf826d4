//! What the services say to each other, read once at the door.
//!
//! In scope: messages that carry statements, entries and answers between processes, from bytes to types and
//! back. Out of scope: how they travel, and whether what is inside them is genuine: a statement in a
//! [`Submissions`] and an entry in a [`SealedBatch`] are bytes of strangers until somebody checks them.
//!
//! Reading is as strict as everywhere in the house: bytes that protobuf would accept and write differently are
//! refused. One bad statement does not spoil the message that carries it: the statement's bytes are not looked
//! at here.

mod among;
mod ask;
mod receipt;
mod refusal;
mod sealed;
mod submission;
mod verdict;

use bytes::Bytes;
use prost::Message;

use crate::hash::Hash;
use crate::ids::{IdError, StatementId};

pub use among::{Addenda, AddendaRequest, Leading};
pub use ask::{EntriesRequest, Head, ReceiptRequest, Versions, VersionsRequest};
pub use receipt::{Durable, Outcome, Published, Receipt, Receipts};
pub use refusal::{RefusalClass, RefusalNotice, RefusalNotices, Refused};
pub use sealed::SealedBatch;
pub use submission::{Submission, Submissions};
pub use verdict::{Answered, Verdict, Verdicts};

/// Why bytes are not the message they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Longer than a message may be.
    #[error("a {what} may have {limit} bytes at most, this one has {got}")]
    TooLong {
        /// Which message.
        what: &'static str,
        /// The bound.
        limit: usize,
        /// Its length.
        got: usize,
    },
    /// Not the protobuf message it should be.
    #[error("the bytes are not a {what}: {problem}")]
    Malformed {
        /// Which message.
        what: &'static str,
        /// What the decoder said.
        problem: String,
    },
    /// Reads as one, but not in the one encoding that is accepted.
    #[error("the {0} is not in canonical form: it has unknown, repeated or misplaced fields")]
    NotCanonical(&'static str),
    /// An identifier in it is wrong.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A field is missing or out of its bounds.
    #[error("{field}: {problem}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// Decodes a message of at most `limit` bytes from its one canonical encoding.
fn strict<M: Message + Default>(what: &'static str, limit: usize, bytes: &Bytes) -> Result<M, WireError> {
    if bytes.len() > limit {
        return Err(WireError::TooLong { what, limit, got: bytes.len() });
    }
    let message =
        M::decode(bytes.clone()).map_err(|e| WireError::Malformed { what, problem: e.to_string() })?;
    // Encoding again is a copy of what is inside, which nothing hashes or keeps.
    let same = message.encoded_len() == bytes.len() && message.encode_to_vec() == bytes[..];
    if same { Ok(message) } else { Err(WireError::NotCanonical(what)) }
}

fn encode(message: &impl Message) -> Bytes {
    message.encode_to_vec().into()
}

fn field(field: &'static str, problem: impl Into<String>) -> WireError {
    WireError::Field { field, problem: problem.into() }
}

fn at_most(name: &'static str, got: usize, limit: usize) -> Result<(), WireError> {
    if got > limit { Err(field(name, format!("{limit} at most, got {got}"))) } else { Ok(()) }
}

fn hash(name: &'static str, bytes: &[u8]) -> Result<Hash, WireError> {
    Hash::from_slice(bytes).ok_or_else(|| field(name, format!("must have 32 bytes, got {}", bytes.len())))
}

fn optional_id(bytes: &[u8]) -> Result<Option<StatementId>, WireError> {
    if bytes.is_empty() { Ok(None) } else { Ok(Some(StatementId::from_slice(bytes)?)) }
}

fn bytes_of(hash: &Hash) -> Bytes {
    Bytes::copy_from_slice(hash.as_bytes())
}

fn id_bytes(id: Option<&StatementId>) -> Bytes {
    id.map_or_else(Bytes::new, |id| Bytes::copy_from_slice(id.as_bytes()))
}

#[cfg(test)]
mod tests;
