//! What is durable in the segments but not in the index yet, and the queue that leads there.
//!
//! Lookups ask here first and the runs second; an entry leaves here only after the runs have it, so that no
//! moment exists at which neither knows it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{StatementId, StreamId};

use crate::SealedEntry;
use crate::journal::Record;
use crate::runs::{BLOCK_ENTRIES, Key};
use crate::second::{BUNDLE_ENTRIES, Block, JournalKind, Progress, Step};

/// Appends wait while the applier is further behind than this. What waits here is what opening after a crash
/// has to parse again: 65,536 entries take half a second. In memory it is 20 MB of index and the bytes below.
const MAX_BLOCKS_BEHIND: usize = 16;
/// The same in bytes of entries, a segment's worth.
const MAX_BYTES_BEHIND: usize = 64 << 20;
/// A block that does not fill up is written as far as it goes after this long, so that a second copy of
/// every entry exists soon, and a sync is shared by all that came meanwhile.
const LINGER: Duration = Duration::from_millis(50);

/// A stream's key in the index.
pub(crate) fn stream_key(stream: &StreamId) -> Key {
    Hash::of(stream.as_str().as_bytes()).0[..16].try_into().expect("16 of 32 bytes")
}

/// The part of a block that is in. A full one is shared with the applier and does not change any more.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenBlock {
    leaves: Vec<Hash>,
    ids: HashMap<StatementId, u64>,
    streams: HashMap<Key, Vec<(u64, u64)>>,
}

/// Entries on their way into the index.
#[derive(Debug)]
pub(crate) struct Tail {
    /// Number of the first block here.
    first_block: u64,
    blocks: VecDeque<Arc<OpenBlock>>,
    /// Index of the first entry whose bytes are here: the start of a bundle.
    bytes_from: u64,
    bytes: VecDeque<Bytes>,
    bytes_held: usize,
    records: Vec<(JournalKind, Record)>,
    /// Number of the first refusal that is kept.
    pub(crate) refusals_from: u64,
    /// How far the second copy has come.
    copied: u64,
    waiting_since: Option<Instant>,
    /// The applier is to finish what is here and end.
    pub(crate) closing: bool,
    /// The applier has ended in trouble, or a lookup has met some.
    pub(crate) failed: Option<String>,
    /// A lookup has: the index opens, but does not hold what it should.
    pub(crate) distrusted: bool,
}

impl Tail {
    /// Begins where the second copy stands. Entries from `first_block` on must be pushed again.
    pub(crate) fn new(progress: Progress) -> Self {
        Self {
            first_block: progress.blocks,
            blocks: VecDeque::new(),
            bytes_from: progress.entries - progress.entries % BUNDLE_ENTRIES,
            bytes: VecDeque::new(),
            bytes_held: 0,
            records: Vec::new(),
            refusals_from: 0,
            copied: progress.entries,
            waiting_since: None,
            closing: false,
            failed: None,
            distrusted: false,
        }
    }

    /// Index of the first entry that must be pushed.
    pub(crate) fn first(&self) -> u64 {
        self.first_block * BLOCK_ENTRIES
    }

    /// Takes in the next entry.
    pub(crate) fn push(&mut self, entry: &SealedEntry) {
        let index = self.next();
        if index.is_multiple_of(BLOCK_ENTRIES) {
            self.blocks.push_back(Arc::default());
        }
        let block = self.blocks.back_mut().expect("a block begins at each multiple of its size");
        let block = Arc::get_mut(block).expect("only full blocks are shared");
        block.leaves.push(entry.leaf_hash);
        block.ids.insert(entry.statement_id, index);
        block.streams.entry(stream_key(&entry.stream)).or_default().push((entry.stream_version, index));
        if index >= self.bytes_from {
            self.bytes_held += entry.bytes.len();
            self.bytes.push_back(entry.bytes.clone());
        }
        if index >= self.copied {
            self.waiting_since.get_or_insert_with(Instant::now);
        }
    }

    pub(crate) fn push_record(&mut self, kind: JournalKind, record: Record) {
        self.records.push((kind, record));
        self.waiting_since.get_or_insert_with(Instant::now);
    }

    /// Index behind the last entry here.
    pub(crate) fn next(&self) -> u64 {
        let full = self.blocks.len().saturating_sub(1) as u64 * BLOCK_ENTRIES;
        self.first() + full + self.blocks.back().map_or(0, |block| block.leaves.len() as u64)
    }

    /// The applier is too far behind for more to be appended.
    pub(crate) fn is_full(&self) -> bool {
        self.blocks.len() > MAX_BLOCKS_BEHIND || self.bytes_held > MAX_BYTES_BEHIND
    }

    /// How long the applier may still wait for more; `None` when nothing waits.
    pub(crate) fn linger(&self, now: Instant) -> Option<Duration> {
        let since = self.waiting_since?;
        let ready = self.closing || self.first_is_full();
        Some(if ready { Duration::ZERO } else { LINGER.saturating_sub(now - since) })
    }

    fn first_is_full(&self) -> bool {
        self.blocks.front().is_some_and(|block| block.leaves.len() as u64 == BLOCK_ENTRIES)
    }

    /// The next step: the rest of the first block, as far as it goes, and all records.
    pub(crate) fn step(&mut self) -> Step {
        let block = if self.first_is_full() { self.blocks.front().cloned() } else { None };
        let end = self.next().min(self.first() + BLOCK_ENTRIES);
        let count = usize::try_from(end.saturating_sub(self.bytes_from)).expect("at most a block");
        let entries = self.bytes.iter().take(count).cloned().collect();
        let records = std::mem::take(&mut self.records);
        Step { from: self.bytes_from, entries, block, records, refusals_from: self.refusals_from }
    }

    /// Lets go of what the second copy has now.
    pub(crate) fn applied(&mut self, progress: Progress) {
        while self.first_block < progress.blocks {
            self.blocks.pop_front();
            self.first_block += 1;
        }
        self.copied = progress.entries;
        while self.bytes_from + BUNDLE_ENTRIES <= progress.entries {
            for entry in self.bytes.drain(..BUNDLE_ENTRIES as usize) {
                self.bytes_held -= entry.len();
            }
            self.bytes_from += BUNDLE_ENTRIES;
        }
        let all_in = self.copied >= self.next() && self.records.is_empty();
        self.waiting_since = if all_in { None } else { Some(Instant::now()) };
    }

    pub(crate) fn find(&self, id: &StatementId) -> Option<u64> {
        self.blocks.iter().rev().find_map(|block| block.ids.get(id).copied())
    }

    pub(crate) fn stream_version(&self, stream: &Key) -> Option<u64> {
        let last = |block: &Arc<OpenBlock>| block.streams.get(stream)?.last().map(|&(version, _)| version);
        self.blocks.iter().rev().find_map(last)
    }

    pub(crate) fn stream(&self, stream: &Key, from: u64, limit: usize) -> Vec<u64> {
        let places = self.blocks.iter().filter_map(|block| block.streams.get(stream)).flatten();
        places.filter(|&&(version, _)| version >= from).take(limit).map(|&(_, index)| index).collect()
    }

    /// Leaf hashes of a tile, as many as there are, when they are here.
    pub(crate) fn tile(&self, tile: u64) -> Option<Vec<Hash>> {
        let per_block = BLOCK_ENTRIES / crate::tree::TILE_LEAVES;
        let block = (tile / per_block).checked_sub(self.first_block)?;
        let block = self.blocks.get(usize::try_from(block).ok()?)?;
        let nth = usize::try_from(tile % per_block).expect("below 16");
        block.leaves.chunks(crate::tree::TILE_LEAVES as usize).nth(nth).map(<[Hash]>::to_vec)
    }
}

impl OpenBlock {
    /// As the tiles and the runs take it.
    pub(crate) fn to_block(&self) -> Block {
        let id = |(id, index): (&StatementId, &u64)| {
            let mut record = [0; 24];
            record[..16].copy_from_slice(id.as_bytes());
            record[16..].copy_from_slice(&index.to_be_bytes());
            record
        };
        let stream = |(key, places): (&Key, &Vec<(u64, u64)>)| {
            let mut records = Vec::with_capacity(places.len());
            for (version, index) in places {
                let mut record = [0; 32];
                record[..16].copy_from_slice(key);
                record[16..24].copy_from_slice(&version.to_be_bytes());
                record[24..].copy_from_slice(&index.to_be_bytes());
                records.push(record);
            }
            records
        };
        Block {
            leaves: self.leaves.clone(),
            ids: self.ids.iter().map(id).collect(),
            streams: self.streams.iter().flat_map(stream).collect(),
        }
    }
}
