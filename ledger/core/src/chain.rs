//! The chain inside the log: every entry has the leaf hash of the one before it, and its place in its stream.
//!
//! ```text
//! entry 0            entry 1                  entry 2
//! previous = 0…0     previous = leaf(0)       previous = leaf(1)       …
//! stream a, 1        stream b, 1              stream a, 2              no gaps within a stream
//! ```
//!
//! The Merkle tree is what proves anything to anybody; the chain makes a reader who walks the entries see at
//! which one the record and its own account of itself part. A chain never stands in for a Merkle proof.
//!
//! A broken link is a *finding*: the walk notes it and goes on from the entry as it is, so that one altered
//! entry is reported where it stands and not as a thousand broken links behind it.

use std::collections::HashMap;

use crate::entry::Entry;
use crate::hash::Hash;
use crate::ids::{EntryIndex, StreamId};

/// Where an entry does not follow from those before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainBreak {
    /// The entry says that it stands elsewhere.
    #[error("entry {at} says that it is entry {got}")]
    Index {
        /// Where it stands.
        at: EntryIndex,
        /// What it says.
        got: EntryIndex,
    },
    /// The entry was made to follow another one than it follows.
    #[error("entry {at} follows leaf hash {expected}, and says that it follows {got}")]
    Link {
        /// Where it stands.
        at: EntryIndex,
        /// Leaf hash of the entry before it.
        expected: Hash,
        /// What it says.
        got: Hash,
    },
    /// The stream's versions have a gap, or one comes twice.
    #[error("entry {at} is version {expected} of {stream}, and says that it is version {got}")]
    Version {
        /// Where it stands.
        at: EntryIndex,
        /// Whose version.
        stream: StreamId,
        /// Which version it should be.
        expected: u64,
        /// What it says.
        got: u64,
    },
}

/// A walk along the chain: what the next entry has to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    next: EntryIndex,
    previous: Hash,
    streams: HashMap<StreamId, u64>,
}

impl Chain {
    /// The beginning of a log.
    #[must_use]
    pub fn start() -> Self {
        Self::resume(EntryIndex(0), Hash::ZERO, HashMap::new())
    }

    /// Goes on at entry `next`, behind the entry with leaf hash `previous`, with each stream's last version.
    #[must_use]
    pub fn resume(next: EntryIndex, previous: Hash, streams: HashMap<StreamId, u64>) -> Self {
        Self { next, previous, streams }
    }

    /// Walks over the next entry, whose leaf hash the caller computed from its bytes, and tells what does
    /// not follow. Empty when all does.
    pub fn step(&mut self, leaf: Hash, entry: &Entry) -> Vec<ChainBreak> {
        let at = self.next;
        let mut breaks = Vec::new();
        if entry.index != at {
            breaks.push(ChainBreak::Index { at, got: entry.index });
        }
        if entry.previous != self.previous {
            breaks.push(ChainBreak::Link { at, expected: self.previous, got: entry.previous });
        }
        let stream = &entry.statement.stream;
        let expected = self.streams.get(stream).map_or(1, |version| version.saturating_add(1));
        if entry.stream_version != expected {
            let (stream, got) = (stream.clone(), entry.stream_version);
            breaks.push(ChainBreak::Version { at, stream, expected, got });
        }
        self.streams.insert(stream.clone(), entry.stream_version);
        self.skip(leaf);
        breaks
    }

    /// Walks over bytes that are no entry: their leaf hash still counts for the next link.
    pub fn skip(&mut self, leaf: Hash) {
        self.previous = leaf;
        self.next = EntryIndex(self.next.0 + 1);
    }

    /// Position of the entry to come.
    #[must_use]
    pub fn next(&self) -> EntryIndex {
        self.next
    }

    /// Leaf hash that the entry to come has to follow.
    #[must_use]
    pub fn previous(&self) -> Hash {
        self.previous
    }
}
