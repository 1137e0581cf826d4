//! The second copy: what sled holds, and in which steps it gets there.
//!
//! Entries come in bundles of 32, compressed together, as soon as they are durable in a segment; the last,
//! incomplete bundle is written again as it grows. Tiles and the runs that find entries come in whole blocks
//! of 4,096 entries; until a block is full its part of them lives in memory ([`crate::tail`]) and is made
//! again from the entries on opening. A step writes its values and, last, how far everything has come.

use std::sync::{Arc, RwLock, RwLockReadGuard};

use bytes::Bytes;
use ledger_core::bundle;
use ledger_core::hash::Hash;
use ledger_core::ids::StatementId;
use ledger_core::limits::MAX_ENTRY_BYTES;

use crate::index::{Kv, Trouble, Write};
use crate::journal::Record;
use crate::keys::{self, numbered, read_parts, remove_parts, write_parts};
use crate::runs::{BLOCK_ENTRIES, Key, Runs};
use crate::tail::OpenBlock;
use crate::tree::TILE_LEAVES;

/// Entries compressed together. More compress better and make reading one dearer: 32 take 40 µs to unpack.
pub(crate) const BUNDLE_ENTRIES: u64 = 32;
/// zstd's fastest level: compression is most of what an entry costs the applier.
const ZSTD_LEVEL: i32 = 1;
const FORMAT_VERSION: u8 = 1;
const LARGEST_BUNDLE: usize = BUNDLE_ENTRIES as usize * (MAX_ENTRY_BYTES + 2);

/// A statement id (16) ‖ entry index (8).
pub(crate) type IdRecord = [u8; 24];
/// First 16 bytes of SHA-256(stream) ‖ stream version (8) ‖ entry index (8).
pub(crate) type StreamRecord = [u8; 32];

/// Which journal a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JournalKind {
    Checkpoints,
    Refusals,
}

/// How far the second copy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Progress {
    /// Entries in bundles.
    pub(crate) entries: u64,
    /// Blocks in tiles and runs.
    pub(crate) blocks: u64,
    /// Records of the checkpoint journal.
    pub(crate) checkpoints: u64,
    /// Records of the refusal journal.
    pub(crate) refusals: u64,
}

/// A full block, for the tiles and the runs.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) leaves: Vec<Hash>,
    pub(crate) ids: Vec<IdRecord>,
    pub(crate) streams: Vec<StreamRecord>,
}

/// What one step takes in.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// Bytes of the entries from `from` on, a multiple of [`BUNDLE_ENTRIES`].
    pub(crate) from: u64,
    pub(crate) entries: Vec<Bytes>,
    /// The block that these entries complete.
    pub(crate) block: Option<Arc<OpenBlock>>,
    pub(crate) records: Vec<(JournalKind, Record)>,
    /// Copies of refusals before this one are not needed any more.
    pub(crate) refusals_from: u64,
}

/// The second copy, open.
#[derive(Debug)]
pub(crate) struct Second {
    kv: Kv,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    progress: Progress,
    ids: Runs<24>,
    streams: Runs<32>,
}

impl Second {
    /// Loads what is needed to find things. Nothing is believed yet: the caller compares the tree.
    pub(crate) fn load(kv: Kv) -> Result<Self, Trouble> {
        let progress = match kv.get(&[keys::PROGRESS])? {
            None => Progress::default(),
            Some(value) => Progress::parse(&value).ok_or("the index is of another format version")?,
        };
        let ids = Runs::load(&kv, keys::ID_PAGE, keys::ID_RUN, progress.blocks)?;
        let streams = Runs::load(&kv, keys::STREAM_PAGE, keys::STREAM_RUN, progress.blocks)?;
        Ok(Self { kv, state: RwLock::new(State { progress, ids, streams }) })
    }

    pub(crate) fn progress(&self) -> Progress {
        self.state().progress
    }

    /// Takes in a step; durable when it returns. Only one thread does this.
    pub(crate) fn apply(&self, step: &Step) -> Result<(), Trouble> {
        let mut progress = self.progress();
        let mut writes = Vec::new();
        self.write_bundles(step.from, &step.entries, &mut writes)?;
        progress.entries = progress.entries.max(step.from + step.entries.len() as u64);
        for (kind, record) in &step.records {
            let (key, count) = match kind {
                JournalKind::Checkpoints => (keys::CHECKPOINT, &mut progress.checkpoints),
                JournalKind::Refusals => (keys::REFUSAL, &mut progress.refusals),
            };
            write_parts(&mut writes, &numbered(key, record.number), &record.to_bytes());
            *count = (*count).max(record.number + 1);
        }
        let mut new_runs = None;
        if let Some(block) = &step.block {
            let block = block.to_block();
            write_tiles(progress.blocks, &block.leaves, &mut writes);
            let state = self.state();
            let ids = state.ids.write(&self.kv, progress.blocks, block.ids)?;
            let streams = state.streams.write(&self.kv, progress.blocks, block.streams)?;
            new_runs = Some((ids, streams));
            progress.blocks += 1;
        }
        self.kv.write(writes)?;
        self.kv.write(vec![(vec![keys::PROGRESS], Some(progress.to_bytes()))])?;
        self.kv.sync()?;
        let mut removals = self.refusals_before(step.refusals_from)?;
        removals.extend({
            let mut state = self.state.write().expect("nothing panics while it holds the state");
            state.progress = progress;
            new_runs
                .map(|(ids, streams)| {
                    let mut removals = state.ids.install(ids);
                    removals.extend(state.streams.install(streams));
                    removals
                })
                .unwrap_or_default()
        });
        // A crash before this leaves a few unused keys behind, and nothing else.
        self.kv.write(removals)
    }

    /// What removes the copies of the refusals before a number, from the last one down to the first that is not
    /// there. They are removed in their order, so that what a crash leaves ends at that number as well.
    fn refusals_before(&self, number: u64) -> Result<Vec<Write>, Trouble> {
        let mut removals = Vec::new();
        for number in (0..number).rev() {
            if !remove_parts(&self.kv, &mut removals, &numbered(keys::REFUSAL, number))? {
                break;
            }
        }
        Ok(removals)
    }

    fn write_bundles(&self, from: u64, entries: &[Bytes], writes: &mut Vec<Write>) -> Result<(), Trouble> {
        debug_assert_eq!(from % BUNDLE_ENTRIES, 0);
        let mut zstd = zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(|e| e.to_string())?;
        for (number, entries) in (from / BUNDLE_ENTRIES..).zip(entries.chunks(BUNDLE_ENTRIES as usize)) {
            let plain = bundle::encode(entries).map_err(|e| e.to_string())?;
            let packed = zstd.compress(&plain).map_err(|e| e.to_string())?;
            write_parts(writes, &numbered(keys::BUNDLE, number), &packed);
        }
        Ok(())
    }

    /// Writes bundles again that turned out to be damaged.
    pub(crate) fn rewrite(&self, from: u64, entries: &[Bytes]) -> Result<(), Trouble> {
        let mut writes = Vec::new();
        self.write_bundles(from, entries, &mut writes)?;
        self.kv.write(writes)?;
        self.kv.sync()
    }

    /// Writes the tiles of a block again.
    pub(crate) fn rewrite_tiles(&self, block: u64, leaves: &[Hash]) -> Result<(), Trouble> {
        let mut writes = Vec::new();
        write_tiles(block, leaves, &mut writes);
        self.kv.write(writes)?;
        self.kv.sync()
    }

    /// Writes the copy of a journal's record again.
    pub(crate) fn rewrite_record(&self, kind: JournalKind, record: &Record) -> Result<(), Trouble> {
        let key = numbered(kind.key(), record.number);
        let mut writes = Vec::new();
        write_parts(&mut writes, &key, &record.to_bytes());
        self.kv.write(writes)?;
        self.kv.sync()
    }

    /// The entries of a bundle, as many as it held when it was last written; nobody has checked them.
    pub(crate) fn bundle(&self, number: u64) -> Result<Vec<Bytes>, Trouble> {
        let Some(packed) = read_parts(&self.kv, &numbered(keys::BUNDLE, number))? else { return Ok(vec![]) };
        let plain = zstd::bulk::decompress(&packed, LARGEST_BUNDLE).map_err(|e| format!("a bundle: {e}"))?;
        bundle::parse(&plain.into()).map_err(|e| e.to_string())
    }

    /// An entry's bytes; nobody has checked them.
    pub(crate) fn entry(&self, index: u64) -> Result<Option<Bytes>, Trouble> {
        let place = usize::try_from(index % BUNDLE_ENTRIES).expect("below 32");
        Ok(self.bundle(index / BUNDLE_ENTRIES)?.into_iter().nth(place))
    }

    /// The leaf hashes of a full tile, or nothing.
    pub(crate) fn tile(&self, tile: u64) -> Result<Option<Vec<Hash>>, Trouble> {
        Ok(read_parts(&self.kv, &numbered(keys::TILE, tile))?.map(|bytes| hashes(&bytes)))
    }

    /// Roots of all full tiles that are in.
    pub(crate) fn tile_roots(&self) -> Result<Vec<Hash>, Trouble> {
        let blocks = self.progress().blocks;
        let mut roots = Vec::new();
        for block in 0..blocks {
            let value = read_parts(&self.kv, &numbered(keys::BLOCK_ROOTS, block))?;
            roots.extend(hashes(&value.ok_or("the index lacks the tile roots of a block")?));
        }
        let expected = blocks * BLOCK_ENTRIES / TILE_LEAVES;
        if roots.len() as u64 == expected { Ok(roots) } else { Err("the index lacks tile roots".into()) }
    }

    pub(crate) fn find(&self, id: &StatementId) -> Result<Option<u64>, Trouble> {
        let record = self.state().ids.last(&self.kv, id.as_bytes())?;
        Ok(record.map(|record| number(&record[16..])))
    }

    pub(crate) fn stream_version(&self, stream: &Key) -> Result<u64, Trouble> {
        let record = self.state().streams.last(&self.kv, stream)?;
        Ok(record.map_or(0, |record| number(&record[16..24])))
    }

    pub(crate) fn stream(&self, stream: &Key, from: u64, limit: usize) -> Result<Vec<u64>, Trouble> {
        let wanted = |record: &StreamRecord| number(&record[16..24]) >= from;
        let records = self.state().streams.all(&self.kv, stream, limit, wanted)?;
        Ok(records.iter().map(|record| number(&record[24..])).collect())
    }

    /// The copy of a journal's record; its own hash was right.
    pub(crate) fn record(&self, kind: JournalKind, number: u64) -> Result<Option<Record>, Trouble> {
        let value = read_parts(&self.kv, &numbered(kind.key(), number))?;
        Ok(value.and_then(|bytes| Record::parse(&bytes)).map(|(r, _)| r).filter(|r| r.number == number))
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().expect("nothing panics while it holds the state")
    }
}

impl JournalKind {
    fn key(self) -> u8 {
        match self {
            Self::Checkpoints => keys::CHECKPOINT,
            Self::Refusals => keys::REFUSAL,
        }
    }
}

impl Progress {
    /// format version (1) ‖ entries (8) ‖ blocks (8) ‖ checkpoints (8) ‖ refusals (8)
    fn to_bytes(self) -> Vec<u8> {
        let numbers = [self.entries, self.blocks, self.checkpoints, self.refusals];
        [FORMAT_VERSION].into_iter().chain(numbers.into_iter().flat_map(u64::to_be_bytes)).collect()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[FORMAT_VERSION]).filter(|rest| rest.len() == 32)?;
        let at = |n: usize| number(&rest[8 * n..8 * n + 8]);
        Some(Self { entries: at(0), blocks: at(1), checkpoints: at(2), refusals: at(3) })
    }
}

fn write_tiles(block: u64, leaves: &[Hash], writes: &mut Vec<Write>) {
    let first = block * BLOCK_ENTRIES / TILE_LEAVES;
    let mut roots = Vec::new();
    for (tile, leaves) in (first..).zip(leaves.chunks(TILE_LEAVES as usize)) {
        let bytes: Vec<u8> = leaves.iter().flat_map(|leaf| leaf.0).collect();
        write_parts(writes, &numbered(keys::TILE, tile), &bytes);
        roots.extend_from_slice(&ledger_core::merkle::root_of_leaves(leaves).0);
    }
    write_parts(writes, &numbered(keys::BLOCK_ROOTS, block), &roots);
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks::<32>().0.iter().map(|hash| Hash(*hash)).collect()
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().expect("eight bytes"))
}
