//! An entry: format version 1, byte by byte.
//!
//! ```text
//! ┌────────┬─────────────────────────────┬───────────────────────────┬───┐
//! │ 01     │ EntryContent (protobuf)     │ N × u32 big-endian offset │ N │
//! └────────┴─────────────────────────────┴───────────────────────────┴───┘
//! ╰────────────── content ───────────────╯╰──── addenda index ──────────╯
//! ```
//!
//! The offsets point, in ascending order, at the 32-byte digests of the addenda inside the content
//! (C2SP tlog-addenda). The leaf hash is SHA-256(`00` ‖ entry) over all of it.

use bytes::Bytes;
use prost::Message as _;
use scrutiny_proto::ledger::v1::EntryContent;

use crate::canonical::Walk;
use crate::hash::Hash;
use crate::ids::EntryIndex;
use crate::limits::{MAX_ENTRY_BYTES, MAX_SIGNATURE_BYTES, MAX_SIGNATURES};
use crate::statement::{Statement, StatementError};

/// The format version that every entry opens with.
pub const FORMAT_VERSION: u8 = 1;

/// Why bytes are not an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// No bytes, or more than a bundle can carry.
    #[error("an entry has 2 to {MAX_ENTRY_BYTES} bytes, this one has {0}")]
    Length(usize),
    /// A format version from the future.
    #[error("entry format version {0} is not known here; this is version {FORMAT_VERSION}")]
    Version(u8),
    /// Not the protobuf message it should be.
    #[error("the entry's content does not decode: {0}")]
    Malformed(String),
    /// Decodes, but not from its one canonical encoding.
    #[error("the entry's content is not in canonical form")]
    NotCanonical,
    /// The previous leaf hash is not 32 bytes.
    #[error("the previous leaf hash must have 32 bytes, got {0}")]
    PreviousLeafHash(usize),
    /// Too many or too long signatures.
    #[error("an entry carries 1 to {MAX_SIGNATURES} signatures of at most {MAX_SIGNATURE_BYTES} bytes")]
    Signatures,
    /// The addenda index does not agree with the statement's commitments.
    #[error("the addenda index does not point at the statement's commitments")]
    AddendaIndex,
    /// The statement inside is not one.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

/// An entry, parsed. The bytes it came from stay with whoever read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Position in the log.
    pub index: EntryIndex,
    /// Leaf hash of the entry before; zeros for the first.
    pub previous: Hash,
    /// How many entries the stream holds with this one.
    pub stream_version: u64,
    /// The recorder's clock, milliseconds since the Unix epoch.
    pub recorded_at_ms: u64,
    /// The statement's bytes as signed.
    pub statement_bytes: Bytes,
    /// The statement.
    pub statement: Statement,
    /// Binary SSHSIG blobs in the order of the statement's signers.
    pub signatures: Vec<Bytes>,
}

impl Entry {
    /// Reads an entry and the statement in it.
    ///
    /// # Errors
    /// Anything but the one canonical form of format version 1.
    pub fn parse(bytes: &Bytes) -> Result<Self, EntryError> {
        if bytes.len() < 2 || bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::Length(bytes.len()));
        }
        if bytes[0] != FORMAT_VERSION {
            return Err(EntryError::Version(bytes[0]));
        }
        let count = usize::from(bytes[bytes.len() - 1]);
        let end = (bytes.len() - 1).checked_sub(4 * count).filter(|&end| end >= 1);
        let end = end.ok_or(EntryError::AddendaIndex)?;
        let message =
            EntryContent::decode(bytes.slice(1..end)).map_err(|e| EntryError::Malformed(e.to_string()))?;
        if !is_canonical(&message, &bytes[1..end]) {
            return Err(EntryError::NotCanonical);
        }
        let EntryContent { index, previous_leaf_hash, stream_version, recorded_at_ms, statement, signatures } =
            message;
        let entry = Self {
            index: EntryIndex(index),
            previous: Hash::from_slice(&previous_leaf_hash)
                .ok_or(EntryError::PreviousLeafHash(previous_leaf_hash.len()))?,
            stream_version,
            recorded_at_ms,
            statement: Statement::parse(&statement)?,
            statement_bytes: statement,
            signatures,
        };
        entry.check_signature_bounds()?;
        // The index must point at the commitments and nothing else, as sealing would have it.
        let offsets = entry.digest_offsets(&bytes[..end])?;
        let index = bytes[end..bytes.len() - 1].chunks_exact(4);
        if offsets.len() != count || !offsets.iter().map(|offset| offset.to_be_bytes()).eq(index) {
            return Err(EntryError::NotCanonical);
        }
        Ok(entry)
    }

    /// Writes the entry: content, then the addenda index.
    ///
    /// # Errors
    /// When it would not fit in a bundle or its signatures break their bounds.
    pub fn seal(&self) -> Result<Vec<u8>, EntryError> {
        self.check_signature_bounds()?;
        let content = EntryContent {
            index: self.index.0,
            previous_leaf_hash: Bytes::copy_from_slice(self.previous.as_bytes()),
            stream_version: self.stream_version,
            recorded_at_ms: self.recorded_at_ms,
            statement: self.statement_bytes.clone(),
            signatures: self.signatures.clone(),
        };
        let sealed = &self.statement.sealed;
        let mut bytes = Vec::with_capacity(2 + content.encoded_len() + 4 * sealed.len());
        bytes.push(FORMAT_VERSION);
        content.encode(&mut bytes).expect("a Vec grows as it needs to");
        let offsets = self.digest_offsets(&bytes)?;
        for offset in &offsets {
            bytes.extend_from_slice(&offset.to_be_bytes());
        }
        bytes.push(u8::try_from(offsets.len()).map_err(|_| EntryError::AddendaIndex)?);
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::Length(bytes.len()));
        }
        Ok(bytes)
    }

    fn check_signature_bounds(&self) -> Result<(), EntryError> {
        let count_is_good = (1..=MAX_SIGNATURES).contains(&self.signatures.len());
        let lengths_are_good = self.signatures.iter().all(|s| s.len() <= MAX_SIGNATURE_BYTES);
        if count_is_good && lengths_are_good { Ok(()) } else { Err(EntryError::Signatures) }
    }

    /// Where each sealed field's digest stands in the content, ascending.
    fn digest_offsets(&self, content: &[u8]) -> Result<Vec<u32>, EntryError> {
        let mut offsets = Vec::with_capacity(self.statement.sealed.len());
        let mut from = 0;
        for commitment in &self.statement.sealed {
            let at = content[from..]
                .windows(32)
                .position(|window| window == commitment.digest.as_bytes())
                .ok_or(EntryError::AddendaIndex)?;
            offsets.push(u32::try_from(from + at).map_err(|_| EntryError::AddendaIndex)?);
            from += at + 32;
        }
        Ok(offsets)
    }
}

/// Whether these bytes are what prost would write for the content.
fn is_canonical(content: &EntryContent, bytes: &[u8]) -> bool {
    // Destructured in full, so that a new field stops the compiler here.
    let EntryContent { index, previous_leaf_hash, stream_version, recorded_at_ms, statement, signatures } =
        content;
    Walk::covers(bytes, |walk| {
        walk.number(1, *index)?;
        walk.bytes(2, previous_leaf_hash)?;
        walk.number(3, *stream_version)?;
        walk.number(4, *recorded_at_ms)?;
        walk.bytes(5, statement)?;
        signatures.iter().try_for_each(|signature| walk.item(6, signature))
    })
}
