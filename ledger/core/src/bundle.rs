//! Entry bundles: up to 256 entries in one file (C2SP tlog-tiles).
//!
//! ```text
//! bundle = entry … entry          entry = u16 big-endian length ‖ that many bytes
//!
//! entries "entry-0", "entry-1":   00 07 65 6e 74 72 79 2d 30   00 07 65 6e 74 72 79 2d 31
//! ```
//!
//! The leaf hash covers the entry without its length.

use bytes::{Buf as _, Bytes};

use crate::limits::MAX_ENTRY_BYTES;
use crate::tile::TILE_WIDTH;

/// Why bytes are not an entry bundle, or entries do not fit in one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// An entry is longer than its 16-bit length can say.
    #[error("an entry has {MAX_ENTRY_BYTES} bytes at most, this one has {0}")]
    EntryTooLong(usize),
    /// The bytes end inside an entry.
    #[error("the bundle ends inside its entry {0}")]
    Truncated(usize),
    /// Another number of entries than a bundle may hold, or than this one should.
    #[error("the bundle should have {expected} entries, it has {got}")]
    Count {
        /// How many there should be.
        expected: u16,
        /// How many there are; counting stops at one too many.
        got: usize,
    },
}

/// Writes a bundle.
///
/// # Errors
/// When an entry is too long, or there are none or more than 256.
pub fn encode<T: AsRef<[u8]>>(entries: &[T]) -> Result<Vec<u8>, BundleError> {
    if entries.is_empty() || entries.len() > usize::from(TILE_WIDTH) {
        return Err(BundleError::Count { expected: TILE_WIDTH, got: entries.len() });
    }
    let mut bytes = Vec::with_capacity(entries.iter().map(|e| 2 + e.as_ref().len()).sum());
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong(entry.len()))?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Reads a bundle of 1 to 256 entries. The entries share the bundle's memory.
///
/// # Errors
/// When the bytes are no bundle.
pub fn parse(bytes: &Bytes) -> Result<Vec<Bytes>, BundleError> {
    let mut rest = bytes.clone();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        if entries.len() == usize::from(TILE_WIDTH) {
            return Err(BundleError::Count { expected: TILE_WIDTH, got: entries.len() + 1 });
        }
        let length = rest.try_get_u16().map_err(|_| BundleError::Truncated(entries.len()))?;
        if rest.len() < usize::from(length) {
            return Err(BundleError::Truncated(entries.len()));
        }
        entries.push(rest.split_to(usize::from(length)));
    }
    if entries.is_empty() { Err(BundleError::Count { expected: TILE_WIDTH, got: 0 }) } else { Ok(entries) }
}

/// Reads a bundle that must have exactly `width` entries, as its path says.
///
/// # Errors
/// When the bytes are no bundle, or one of another width.
pub fn parse_exact(bytes: &Bytes, width: u16) -> Result<Vec<Bytes>, BundleError> {
    let entries = parse(bytes)?;
    if entries.len() == usize::from(width) {
        Ok(entries)
    } else {
        Err(BundleError::Count { expected: width, got: entries.len() })
    }
}
