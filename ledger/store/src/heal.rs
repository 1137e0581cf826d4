//! Writing a damaged segment anew, from its good parts and from the index.
//!
//! An entry's place is filled by whichever copy matches a leaf hash that is known to be right: that of the
//! tile where the index has one, else that of a frame whose trailer holds. The new file replaces the old one
//! by rename, so a crash in between leaves the damaged one, to be healed again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_core::limits::{MAX_BATCH_BYTES, MAX_ENTRY_BYTES};

use crate::error::{Event, Finding, StoreError};
use crate::frame;
use crate::journal::replace_file;
use crate::second::{BUNDLE_ENTRIES, Second};
use crate::segment_file::SegmentFile;
use crate::segments;
use crate::tree::TILE_LEAVES;

/// Entries in a frame that healing writes; the largest entries still make a legal frame of them.
const FRAME_ENTRIES: usize = MAX_BATCH_BYTES / (MAX_ENTRY_BYTES + 1);

/// What healing did.
#[derive(Debug, Default)]
pub(crate) struct Healing {
    pub(crate) events: Vec<Event>,
    pub(crate) findings: Vec<Finding>,
}

/// Heals every segment that cannot be read whole, up to entry `end`, or holds an entry that is `distrusted`
/// although it is whole in itself. The other segments are left alone.
pub(crate) fn heal_segments(
    dir: &Path,
    second: &Second,
    end: u64,
    distrusted: &BTreeSet<u64>,
) -> Result<Healing, StoreError> {
    let files = segments::list(dir)?;
    let mut healing = Healing::default();
    // Where each file's part of the log begins: at its name, but the first one's at the log's beginning.
    let mut firsts: Vec<u64> = files.iter().map(|file| file.first()).collect();
    if firsts.first() != Some(&0) {
        firsts.insert(0, 0);
    }
    for (i, &first) in firsts.iter().enumerate() {
        let until = firsts.get(i + 1).copied();
        let file = files.iter().find(|file| file.first() == first);
        let mut good = match file {
            Some(file) => good_entries(file)?,
            None => Good::default(),
        };
        good.entries.retain(|index, _| !distrusted.contains(index));
        heal_one(dir, first, (until, end), good, second, &mut healing)?;
    }
    Ok(healing)
}

/// Heals the segment of entries `first..until`; the last one has no `until` and must reach `end` at least.
fn heal_one(
    dir: &Path,
    first: u64,
    (until, end): (Option<u64>, u64),
    good: Good,
    second: &Second,
    healing: &mut Healing,
) -> Result<(), StoreError> {
    let reach = good.entries.last_key_value().map_or(first, |(index, _)| index + 1);
    let until = until.unwrap_or(end.max(reach));
    let complete = good.entries.len() as u64 == until - first && reach == until;
    if good.is_whole && complete {
        return Ok(());
    }
    let mut from = None;
    let mut all = Vec::new();
    let mut bundles = Bundles::new(second);
    for index in first..until {
        let own = good.entries.get(&index).cloned();
        if own.is_none() {
            from.get_or_insert(EntryIndex(index));
        }
        match own.or_else(|| bundles.entry(index, good.leaves.get(&index))) {
            Some(entry) => all.push(entry),
            None => {
                healing.findings.push(Finding::EntryLost { index: EntryIndex(index) });
                return Ok(());
            }
        }
    }
    let path = dir.join(format!("{first:020}.seg"));
    replace_file(&path, &frames(first, &all))?;
    let file = format!("segments/{first:020}.seg");
    healing.events.push(Event::SegmentHealed { file, from: from.unwrap_or(EntryIndex(first)) });
    Ok(())
}

/// What a segment still has.
#[derive(Debug, Default)]
struct Good {
    /// Entries that match their leaf hash.
    entries: BTreeMap<u64, (Hash, Bytes)>,
    /// Leaf hashes whose frame's trailer is right, of entries that do not match.
    leaves: BTreeMap<u64, Hash>,
    /// Every byte is as it was written.
    is_whole: bool,
}

fn good_entries(file: &SegmentFile) -> Result<Good, StoreError> {
    // What counts is what the disk holds, not what memory remembers of a write that may have failed.
    let _ = rustix::fs::fadvise(file.handle(), 0, None, rustix::fs::Advice::DontNeed);
    let mut good = Good { is_whole: true, ..Good::default() };
    let (mut at, mut next) = (0, file.first());
    let length = file.length()?;
    while let Some((found_at, header)) = file.find_header(at, next)? {
        good.is_whole &= found_at == at && header.first == next;
        let Some((header, found)) = file.frame_at(found_at, header.first)? else {
            // A header whose frame is not complete: look for another one behind it.
            good.is_whole = false;
            at = found_at + 1;
            continue;
        };
        good.is_whole &= found.is_whole();
        let framing_is_good = found.framing_is_good;
        for (index, (leaf, bytes)) in (header.first..).zip(found.entries) {
            match bytes {
                Some(bytes) => drop(good.entries.insert(index, (leaf, bytes))),
                None if framing_is_good => drop(good.leaves.insert(index, leaf)),
                None => {}
            }
        }
        (at, next) = (found_at + header.bytes, header.next());
    }
    good.is_whole &= at == length;
    Ok(good)
}

/// Entries from the index, a bundle and a tile at a time.
struct Bundles<'a> {
    second: &'a Second,
    bundle: Option<(u64, Vec<Bytes>)>,
    tile: Option<(u64, Vec<Hash>)>,
}

impl<'a> Bundles<'a> {
    fn new(second: &'a Second) -> Self {
        Self { second, bundle: None, tile: None }
    }

    /// The index's entry, if it matches the leaf hash that is known; without one known, as it is: the
    /// caller compares the whole tree with the checkpoint in the end.
    fn entry(&mut self, index: u64, known: Option<&Hash>) -> Option<(Hash, Bytes)> {
        let number = index / BUNDLE_ENTRIES;
        if self.bundle.as_ref().is_none_or(|(n, _)| *n != number) {
            self.bundle = Some((number, self.second.bundle(number).unwrap_or_default()));
        }
        let place = usize::try_from(index % BUNDLE_ENTRIES).expect("below 32");
        let bytes = self.bundle.as_ref()?.1.get(place)?.clone();
        let leaf = Hash::leaf(&bytes);
        let expected = known.copied().or_else(|| self.tile_leaf(index)).unwrap_or(leaf);
        (leaf == expected).then_some((leaf, bytes))
    }

    fn tile_leaf(&mut self, index: u64) -> Option<Hash> {
        let number = index / TILE_LEAVES;
        if self.tile.as_ref().is_none_or(|(n, _)| *n != number) {
            self.tile = Some((number, self.second.tile(number).ok().flatten().unwrap_or_default()));
        }
        let place = usize::try_from(index % TILE_LEAVES).expect("below 256");
        self.tile.as_ref()?.1.get(place).copied()
    }
}

fn frames(first: u64, entries: &[(Hash, Bytes)]) -> Vec<u8> {
    let mut content = Vec::new();
    let mut frame = Vec::new();
    let mut next = first;
    for chunk in entries.chunks(FRAME_ENTRIES) {
        frame::encode(next, chunk.iter().map(|(leaf, bytes)| (leaf, bytes)), &mut frame);
        content.extend_from_slice(&frame);
        next += chunk.len() as u64;
    }
    content
}
