//! Addenda: what may not be public, kept beside the log and bound to it by a hash (C2SP tlog-addenda).
//!
//! ```text
//! addendum   = 32 random bytes ‖ content               digest = SHA-256 of all of it
//! where      = addenda/<hex[0..2]>/<hex[2..4]>/<64 hex digits of the digest>
//! marker     = addenda.v1, an empty file: every entry of this log ends with an index
//!
//! entry      = content, with the digests in it ‖ N × u32 big-endian offset ‖ u8 N
//! ```
//!
//! The random bytes are what makes erasing final: without them nobody can tell, by trying names, what an
//! erased addendum said. The digest stays in its entry, so every proof stays valid.
//!
//! [`parse_index`] reads the index of any log's entry, in any order; [`crate::entry`] is stricter with ours.

use std::fmt;
use std::str::FromStr;

use crate::hash::Hash;
use crate::limits::MAX_ADDENDUM_BYTES;

/// Random bytes at the head of every addendum. The specification asks for 16 at least.
pub const SALT_BYTES: usize = 32;

/// The empty file that says that every entry ends with an addenda index.
pub const MARKER_PATH: &str = "addenda.v1";

/// Bytes of a digest in an entry.
const DIGEST_BYTES: usize = 32;

/// Bytes of an offset in the index.
const OFFSET_BYTES: usize = 4;

/// Why bytes are not an addendum, or an entry has no addenda index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddendumError {
    /// Too few for the random bytes, or too many.
    #[error("an addendum has {SALT_BYTES} to {MAX_ADDENDUM_BYTES} bytes, this one has {0}")]
    Length(usize),
    /// The entry is too short for the index that its last byte announces.
    #[error("an entry of {length} bytes has no room for an index of {count} digests")]
    Index {
        /// Bytes in the entry.
        length: usize,
        /// Digests announced.
        count: usize,
    },
    /// A digest would not lie within the content.
    #[error("a digest at offset {offset} is not within the {content} bytes of content")]
    Offset {
        /// Where it should be.
        offset: u32,
        /// Bytes of content.
        content: usize,
    },
    /// More digests than one byte can count.
    #[error("an index has 255 digests at most, not {0}")]
    Count(usize),
    /// Not the path of an addendum.
    #[error("not the path of an addendum: {0:?}")]
    Path(String),
}

/// An addendum: random bytes and what is sealed. Its content is never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Addendum {
    bytes: Vec<u8>,
}

impl Addendum {
    /// Seals content with 32 bytes from a random source, which must never be used twice.
    ///
    /// # Errors
    /// When the content is too long.
    pub fn seal(salt: [u8; SALT_BYTES], content: &[u8]) -> Result<Self, AddendumError> {
        Self::parse([&salt, content].concat())
    }

    /// Takes the bytes of an addendum. Whether they are the ones an entry commits to, [`Addendum::digest`]
    /// tells.
    ///
    /// # Errors
    /// When they are too few or too many.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, AddendumError> {
        if (SALT_BYTES..=MAX_ADDENDUM_BYTES).contains(&bytes.len()) {
            Ok(Self { bytes })
        } else {
            Err(AddendumError::Length(bytes.len()))
        }
    }

    /// SHA-256 of the addendum: what the entry has.
    #[must_use]
    pub fn digest(&self) -> Hash {
        Hash::of(&self.bytes)
    }

    /// All its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is sealed.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.bytes[SALT_BYTES..]
    }
}

impl fmt::Debug for Addendum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Addendum({}, {} bytes)", self.digest(), self.bytes.len())
    }
}

/// Where an addendum is served, by its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddendumPath(pub Hash);

impl fmt::Display for AddendumPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = self.0.to_hex();
        write!(f, "addenda/{}/{}/{hex}", &hex[..2], &hex[2..4])
    }
}

impl FromStr for AddendumPath {
    type Err = AddendumError;

    fn from_str(text: &str) -> Result<Self, AddendumError> {
        text.rsplit_once('/')
            .and_then(|(_, hex)| Hash::from_hex(hex))
            .map(Self)
            .filter(|path| path.to_string() == text)
            .ok_or_else(|| AddendumError::Path(text.chars().take(100).collect()))
    }
}

/// Puts an index behind content that has a digest at each offset. We write offsets in ascending order; the
/// format does not ask for it.
///
/// # Errors
/// When there are too many, or a digest would not lie within the content.
pub fn append_index(content: &[u8], offsets: &[u32]) -> Result<Vec<u8>, AddendumError> {
    let count = u8::try_from(offsets.len()).map_err(|_| AddendumError::Count(offsets.len()))?;
    let mut entry = content.to_vec();
    for &offset in offsets {
        digest_at(content, offset)?;
        entry.extend_from_slice(&offset.to_be_bytes());
    }
    entry.push(count);
    Ok(entry)
}

/// An entry of any log that has addenda, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed<'a> {
    /// What stands before the index.
    pub content: &'a [u8],
    /// Where the digests are in it, as the index has them: in any order, even overlapping or twice.
    pub offsets: Vec<u32>,
    /// The digests, in the same order.
    pub digests: Vec<Hash>,
}

/// Reads the index at the end of an entry of any log that has addenda.
///
/// # Errors
/// When the entry is too short for its index, or a digest does not lie within the content.
pub fn parse_index(entry: &[u8]) -> Result<Indexed<'_>, AddendumError> {
    let (&count, rest) = entry.split_last().ok_or(AddendumError::Index { length: 0, count: 0 })?;
    let count = usize::from(count);
    let end = rest.len().checked_sub(count * OFFSET_BYTES);
    let end = end.ok_or(AddendumError::Index { length: entry.len(), count })?;
    let (content, index) = rest.split_at(end);
    let (offsets, _) = index.as_chunks::<OFFSET_BYTES>();
    let offsets: Vec<u32> = offsets.iter().map(|offset| u32::from_be_bytes(*offset)).collect();
    let digests = offsets.iter().map(|&offset| digest_at(content, offset)).collect::<Result<_, _>>()?;
    Ok(Indexed { content, offsets, digests })
}

fn digest_at(content: &[u8], offset: u32) -> Result<Hash, AddendumError> {
    usize::try_from(offset)
        .ok()
        .and_then(|start| content.get(start..start.checked_add(DIGEST_BYTES)?))
        .and_then(Hash::from_slice)
        .ok_or(AddendumError::Offset { offset, content: content.len() })
}
