//! What several recorders of one ledger say to each other.

use bytes::Bytes;
use scrutiny_proto::wire::v1 as wire;

use super::{WireError, at_most, bytes_of, encode, field, hash, strict};
use crate::hash::Hash;
use crate::ids::{KeyId, TreeSize};
use crate::limits::{MAX_ADDENDUM_BYTES, MAX_MESSAGE_BYTES, MAX_SUBMISSIONS};

/// Bytes in what a recorder says of itself.
const MAX_LEADING_BYTES: usize = 256;

/// Bytes in a question for addenda: 34 for each digest.
const MAX_QUESTION_BYTES: usize = MAX_SUBMISSIONS * 34;

/// A recorder says that it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leading {
    /// The epoch that it started.
    pub epoch: u64,
    /// Its key.
    pub recorder: KeyId,
    /// Entries in the log.
    pub size: TreeSize,
    /// It is about to stop.
    pub leaving: bool,
}

impl Leading {
    /// Reads the message.
    ///
    /// # Errors
    /// Says which field is wrong.
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        let wire::Leading { epoch, recorder_key, size, leaving } =
            strict("word of who leads", MAX_LEADING_BYTES, bytes)?;
        let recorder =
            KeyId::from_slice(&recorder_key).ok_or_else(|| field("recorder_key", "must have 32 bytes"))?;
        Ok(Self { epoch, recorder, size: TreeSize(size), leaving })
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::Leading {
            epoch: self.epoch,
            recorder_key: Bytes::copy_from_slice(&self.recorder.0),
            size: self.size.0,
            leaving: self.leaving,
        })
    }
}

/// Asks for sealed content by its digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddendaRequest(pub Vec<Hash>);

impl AddendaRequest {
    /// Reads the message.
    ///
    /// # Errors
    /// Says which field is wrong.
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        let wire::AddendaRequest { digests } = strict("addenda request", MAX_QUESTION_BYTES, bytes)?;
        at_most("digests", digests.len(), MAX_SUBMISSIONS)?;
        Ok(Self(digests.iter().map(|digest| hash("digests", digest)).collect::<Result<_, _>>()?))
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::AddendaRequest { digests: self.0.iter().map(bytes_of).collect() })
    }
}

/// Sealed content, byte for byte. Whoever takes it hashes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addenda(pub Vec<Bytes>);

impl Addenda {
    /// Reads the message.
    ///
    /// # Errors
    /// Says which field is wrong.
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        let wire::Addenda { addenda } = strict("message of addenda", MAX_MESSAGE_BYTES, bytes)?;
        addenda.iter().try_for_each(|addendum| at_most("addenda", addendum.len(), MAX_ADDENDUM_BYTES))?;
        Ok(Self(addenda))
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::Addenda { addenda: self.0.clone() })
    }
}
