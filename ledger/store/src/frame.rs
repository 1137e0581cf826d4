//! A frame: one batch in a segment file, byte by byte. Numbers are big-endian.
//!
//! ```text
//!  0        3   4         8             16            24           32
//! ┌──────────┬────┬────────┬─────────────┬─────────────┬────────────┐
//! │ "SLF"    │ 01 │ n      │ first index │ frame bytes │ check      │  header, 32 bytes
//! ├──────────┴────┴────────┴─────────────┴─────────────┴────────────┤  check = SHA-256(bytes 0..24)[..8]
//! │ n × u16 length of an entry                                      │
//! ├─────────────────────────────────────────────────────────────────┤
//! │ n × 32 bytes leaf hash                                          │
//! ├─────────────────────────────────────────────────────────────────┤
//! │ n entries, one behind the other                                 │
//! ├─────────────────────────────────────────────────────────────────┤
//! │ 32 bytes SHA-256(header ‖ lengths ‖ leaf hashes)                │  trailer
//! └─────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Every byte is covered once: the entries by their leaf hashes, all else by the trailer. The header has a
//! check of its own so that frames can be hopped over without reading them.

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::limits::{MAX_BATCH_BYTES, MAX_BATCH_ENTRIES};

/// Bytes before the lengths.
pub(crate) const HEADER_BYTES: usize = 32;
/// What every frame of format version 1 opens with.
pub(crate) const MAGIC: [u8; 4] = *b"SLF\x01";
const TRAILER_BYTES: usize = 32;
const LENGTH_BYTES: usize = 2;
const HASH_BYTES: usize = 32;
/// The largest frame: a full batch and what frames it.
pub(crate) const MAX_FRAME_BYTES: usize =
    HEADER_BYTES + MAX_BATCH_ENTRIES * (LENGTH_BYTES + HASH_BYTES) + MAX_BATCH_BYTES + TRAILER_BYTES;

/// A frame's header, whose check was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Index of the first entry in it.
    pub(crate) first: u64,
    /// Entries in it, at least one.
    pub(crate) count: u32,
    /// Bytes of the whole frame.
    pub(crate) bytes: u64,
}

impl Header {
    /// Reads the first [`HEADER_BYTES`]; `None` unless they are a header.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let header: &[u8; HEADER_BYTES] = bytes.get(..HEADER_BYTES)?.try_into().ok()?;
        if header[..4] != MAGIC || header[24..] != Hash::of(&header[..24]).0[..8] {
            return None;
        }
        let word = |at: usize| u64::from_be_bytes(header[at..at + 8].try_into().expect("eight bytes"));
        let count = u32::from_be_bytes(header[4..8].try_into().expect("four bytes"));
        let parsed = Self { first: word(8), count, bytes: word(16) };
        let least = HEADER_BYTES + count as usize * (LENGTH_BYTES + HASH_BYTES) + TRAILER_BYTES;
        let good = (1..=MAX_BATCH_ENTRIES).contains(&(count as usize))
            && (least as u64..=MAX_FRAME_BYTES as u64).contains(&parsed.bytes);
        good.then_some(parsed)
    }

    /// Index behind the last entry.
    pub(crate) fn next(&self) -> u64 {
        self.first + u64::from(self.count)
    }

    /// Where the leaf hash of the `k`th entry stands in the frame.
    pub(crate) fn leaf_at(&self, k: u32) -> u64 {
        (HEADER_BYTES + self.count as usize * LENGTH_BYTES + k as usize * HASH_BYTES) as u64
    }

    /// Bytes from the start of the frame up to its leaf hashes.
    pub(crate) fn lengths_end(&self) -> usize {
        HEADER_BYTES + self.count as usize * LENGTH_BYTES
    }

    /// Where the `k`th entry stands in the frame and how long it is, from the frame's first bytes.
    pub(crate) fn entry_at(&self, front: &[u8], k: u32) -> (u64, usize) {
        let before: usize = (0..k).map(|i| length(front, i)).sum();
        let entries_at = self.lengths_end() + self.count as usize * HASH_BYTES;
        ((entries_at + before) as u64, length(front, k))
    }
}

fn length(front: &[u8], k: u32) -> usize {
    let at = HEADER_BYTES + k as usize * LENGTH_BYTES;
    usize::from(u16::from_be_bytes([front[at], front[at + 1]]))
}

/// Writes entries, each a leaf hash and its bytes, as a frame.
pub(crate) fn encode<'a, I>(first: u64, entries: I, out: &mut Vec<u8>)
where
    I: ExactSizeIterator<Item = (&'a Hash, &'a Bytes)> + Clone,
{
    let count = entries.len();
    let content: usize = entries.clone().map(|(_, bytes)| bytes.len()).sum();
    let bytes = HEADER_BYTES + count * (LENGTH_BYTES + HASH_BYTES) + content + TRAILER_BYTES;
    out.clear();
    out.reserve(bytes);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&u32::try_from(count).expect("a batch is bounded").to_be_bytes());
    out.extend_from_slice(&first.to_be_bytes());
    out.extend_from_slice(&(bytes as u64).to_be_bytes());
    let check = Hash::of(out);
    out.extend_from_slice(&check.0[..8]);
    for (_, entry) in entries.clone() {
        let length = u16::try_from(entry.len()).expect("an entry's length was checked");
        out.extend_from_slice(&length.to_be_bytes());
    }
    for (leaf, _) in entries.clone() {
        out.extend_from_slice(&leaf.0);
    }
    let trailer = Hash::of(out);
    for (_, entry) in entries {
        out.extend_from_slice(entry);
    }
    out.extend_from_slice(&trailer.0);
}

/// A frame's content as found on disk. An entry that does not match its leaf hash is `None`.
#[derive(Debug)]
pub(crate) struct Found {
    /// The trailer is right, so lengths and leaf hashes are what was written.
    pub(crate) framing_is_good: bool,
    /// Leaf hash and bytes of each entry.
    pub(crate) entries: Vec<(Hash, Option<Bytes>)>,
}

impl Found {
    /// Everything matches.
    pub(crate) fn is_whole(&self) -> bool {
        self.framing_is_good && self.entries_match()
    }

    /// Every entry matches its leaf hash, so nothing is missing whatever the trailer says.
    pub(crate) fn entries_match(&self) -> bool {
        self.entries.iter().all(|(_, bytes)| bytes.is_some())
    }
}

/// Reads a whole frame, whose header said `header`.
pub(crate) fn decode(header: &Header, frame: &Bytes) -> Found {
    let entries_at = header.lengths_end() + header.count as usize * HASH_BYTES;
    let end = frame.len() - TRAILER_BYTES;
    let mut found = Found {
        framing_is_good: Hash::of(&frame[..entries_at]).0 == frame[end..],
        entries: Vec::with_capacity(header.count as usize),
    };
    let mut at = entries_at;
    for k in 0..header.count {
        let leaf_at = usize::try_from(header.leaf_at(k)).expect("a frame fits in memory");
        let leaf = Hash::from_slice(&frame[leaf_at..leaf_at + HASH_BYTES]).expect("32 bytes");
        let entry = (at + length(frame, k) <= end).then(|| frame.slice(at..at + length(frame, k)));
        found.entries.push((leaf, entry.filter(|bytes| Hash::leaf(bytes) == leaf)));
        at = (at + length(frame, k)).min(end);
    }
    found.framing_is_good &= at == end;
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SealedEntry;
    use crate::testing::sealed;

    fn parts(batch: &[SealedEntry]) -> impl ExactSizeIterator<Item = (&Hash, &Bytes)> + Clone {
        batch.iter().map(|entry| (&entry.leaf_hash, &entry.bytes))
    }

    #[test]
    fn a_frame_reads_back_and_every_flipped_byte_shows() {
        let batch = sealed(0, 3);
        let mut frame = Vec::new();
        encode(7, parts(&batch), &mut frame);
        let header = Header::parse(&frame).expect("a header");
        assert_eq!((header.first, header.next(), header.bytes), (7, 10, frame.len() as u64));
        let found = decode(&header, &Bytes::from(frame.clone()));
        assert!(found.is_whole());
        for (got, put) in found.entries.iter().zip(&batch) {
            assert_eq!((got.0, got.1.as_ref()), (put.leaf_hash, Some(&put.bytes)));
        }
        for at in 0..frame.len() {
            let mut flipped = frame.clone();
            flipped[at] ^= 0x10;
            let whole = Header::parse(&flipped).is_some_and(|h| decode(&h, &flipped.into()).is_whole());
            assert!(!whole, "byte {at}");
        }
    }

    #[test]
    fn one_entry_is_found_without_reading_the_others() {
        let batch = sealed(0, 5);
        let mut frame = Vec::new();
        encode(0, parts(&batch), &mut frame);
        let header = Header::parse(&frame).expect("a header");
        for (k, entry) in batch.iter().enumerate() {
            let (at, length) = header.entry_at(&frame, k as u32);
            assert_eq!(frame[at as usize..at as usize + length], entry.bytes[..]);
        }
    }
}
