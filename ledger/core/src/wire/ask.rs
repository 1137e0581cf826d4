//! What the recorder and those who follow it are asked, and what they answer.

use bytes::Bytes;
use scrutiny_proto::wire::v1 as wire;

use super::{WireError, at_most, bytes_of, encode, field, hash, strict};
use crate::hash::Hash;
use crate::ids::{EntryIndex, Origin, StatementId, StreamId, TreeSize};
use crate::limits::{MAX_MESSAGE_BYTES, MAX_NOTE_BYTES, MAX_SUBMISSIONS};

/// Bytes in a question: streams are the longest thing asked about.
const MAX_QUESTION_BYTES: usize = 256 << 10;

/// Asks for the receipt of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptRequest {
    /// Which statement.
    pub id: StatementId,
    /// SHA-256 of its bytes: the same id may have been used by somebody else.
    pub digest: Hash,
}

impl ReceiptRequest {
    /// Reads the message.
    ///
    /// # Errors
    /// Says which field is wrong.
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        let wire::ReceiptRequest { statement_id, statement_sha256 } =
            strict("receipt request", MAX_QUESTION_BYTES, bytes)?;
        let digest = hash("statement_sha256", &statement_sha256)?;
        Ok(Self { id: StatementId::from_slice(&statement_id)?, digest })
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::ReceiptRequest {
            statement_id: Bytes::copy_from_slice(self.id.as_bytes()),
            statement_sha256: bytes_of(&self.digest),
        })
    }
}

/// Asks for entries; answered with a [`super::SealedBatch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntriesRequest {
    /// The first one wanted.
    pub from: EntryIndex,
    /// How many at most; 0 for as many as fit.
    pub max: u32,
}

impl EntriesRequest {
    /// Reads the message.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        let wire::EntriesRequest { from, max } = strict("entries request", MAX_QUESTION_BYTES, bytes)?;
        Ok(Self { from: EntryIndex(from), max })
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::EntriesRequest { from: self.from.0, max: self.max })
    }
}

/// Where the log stands, as somebody says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The ledger's name; `None` before it is founded.
    pub origin: Option<Origin>,
    /// Entries in the log.
    pub size: TreeSize,
    /// Root of the tree over them.
    pub root: Hash,
    /// Leaf hash of the last entry.
    pub last_leaf_hash: Hash,
    /// The latest signed note, not checked here.
    pub checkpoint: Option<Bytes>,
}

impl Head {
    /// Reads the message.
    ///
    /// # Errors
    /// Says which field is wrong.
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        let wire::Head { origin, size, root, last_leaf_hash, checkpoint } =
            strict("head", MAX_MESSAGE_BYTES, bytes)?;
        at_most("checkpoint", checkpoint.len(), MAX_NOTE_BYTES)?;
        Ok(Self {
            origin: if origin.is_empty() { None } else { Some(origin.parse()?) },
            size: TreeSize(size),
            root: hash("root", &root)?,
            last_leaf_hash: hash("last_leaf_hash", &last_leaf_hash)?,
            checkpoint: Some(checkpoint).filter(|note| !note.is_empty()),
        })
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::Head {
            origin: self.origin.as_ref().map_or_else(String::new, |origin| origin.as_str().to_owned()),
            size: self.size.0,
            root: bytes_of(&self.root),
            last_leaf_hash: bytes_of(&self.last_leaf_hash),
            checkpoint: self.checkpoint.clone().unwrap_or_default(),
        })
    }
}

/// Asks how many entries streams hold; answered with [`Versions`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionsRequest(pub Vec<StreamId>);

impl VersionsRequest {
    /// Reads the message.
    ///
    /// # Errors
    /// Says which stream is none.
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        let wire::VersionsRequest { streams } = strict("versions request", MAX_QUESTION_BYTES, bytes)?;
        at_most("streams", streams.len(), MAX_SUBMISSIONS)?;
        if streams.is_empty() {
            return Err(field("streams", "there are none"));
        }
        Ok(Self(streams.iter().map(|stream| stream.parse()).collect::<Result<_, _>>()?))
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::VersionsRequest { streams: self.0.iter().map(ToString::to_string).collect() })
    }
}

/// How many entries each stream holds, in the order they were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// Entries in the log when this was said.
    pub size: TreeSize,
    /// 0 for a stream never seen.
    pub versions: Vec<u64>,
}

impl Versions {
    /// Reads the message.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        let wire::Versions { size, versions } = strict("versions message", MAX_QUESTION_BYTES, bytes)?;
        Ok(Self { size: TreeSize(size), versions })
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::Versions { size: self.size.0, versions: self.versions.clone() })
    }
}
