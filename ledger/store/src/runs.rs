//! Sorted runs: how the index finds a statement by its id, and a stream's entries.
//!
//! One key for each entry is what made sled slow and large: 5 µs and 150 bytes each. So records of a fixed
//! width are packed into pages of 3 KiB, sorted, one run for each block of entries; eight runs of one level
//! are merged into one of the next:
//!
//! ```text
//! level 2   ├────────── 262,144 entries ──────────┤
//! level 1                                           ├ 32,768 ┤ ├ 32,768 ┤
//! level 0                                                                 ├ 4,096 ┤ ├ 4,096 ┤
//! ```
//!
//! Which runs are live follows from the number of blocks alone ([`live`]), so a crash in the middle of a
//! merge leaves nothing to repair: its pages are written again. In memory a run costs a filter of one byte a
//! record and the first key of each page, 2.3 bytes an entry for both indexes together.

use bytes::Bytes;

use crate::filter::Filter;
use crate::index::{Kv, Trouble, Write};
use crate::keys::{read_parts, write_parts};

/// Entries in a block, the unit in which entries enter the runs and the tiles.
pub(crate) const BLOCK_ENTRIES: u64 = 4_096;
/// Runs of one level that make one of the next.
const FAN: u64 = 8;
/// The highest level: a run of 262,144 entries, 8 MiB of records, is merged in memory in a tenth of a second,
/// for which the backlog has room. 50,000,000 entries make 200 runs; asking all their filters takes 20 µs.
const TOP: u8 = 2;
const PAGE_BYTES: usize = 3_072;
/// Writes in one commit while a run is being written: 3 MiB.
const WRITES_AT_ONCE: usize = 1_024;

/// The part of a record that is looked for.
pub(crate) type Key = [u8; 16];

/// All runs of one index; records are `W` bytes and open with their key.
#[derive(Debug)]
pub(crate) struct Runs<const W: usize> {
    page_kind: u8,
    run_kind: u8,
    /// Oldest entries first.
    live: Vec<Run>,
}

#[derive(Debug, Clone)]
struct Run {
    level: u8,
    number: u32,
    /// First key of each page.
    fences: Vec<Key>,
    last: Key,
    filter: Filter,
}

/// A run that is written but not live yet.
#[derive(Debug)]
pub(crate) struct NewRun {
    run: Run,
    replaces: usize,
}

/// The runs that are live once `blocks` blocks are in: (level, number), oldest first.
fn live(blocks: u64) -> Vec<(u8, u32)> {
    let mut runs = Vec::new();
    let mut done = 0;
    for level in (0..=TOP).rev() {
        let width = FAN.pow(u32::from(level));
        while done + width <= blocks {
            runs.push((level, u32::try_from(done / width).expect("fewer than 2^32 blocks")));
            done += width;
        }
    }
    runs
}

impl<const W: usize> Runs<W> {
    /// Loads the fences and filters of the live runs.
    pub(crate) fn load(kv: &Kv, page_kind: u8, run_kind: u8, blocks: u64) -> Result<Self, Trouble> {
        let mut runs = Self { page_kind, run_kind, live: Vec::new() };
        for (level, number) in live(blocks) {
            let value = read_parts(kv, &run_key(run_kind, level, number))?;
            let value = value.ok_or_else(|| format!("the index lacks run {level}/{number}"))?;
            runs.live.push(Run::parse(level, number, &value).ok_or("a run of the index does not read")?);
        }
        Ok(runs)
    }

    /// Writes the run that block number `block` brings, merging what it completes. Nothing uses it before
    /// [`Runs::install`], and nothing finds it again before the progress says that the block is in.
    pub(crate) fn write(&self, kv: &Kv, block: u64, records: Vec<[u8; W]>) -> Result<NewRun, Trouble> {
        let mut records = records;
        let (mut level, mut number, mut replaces) = (0, block, 0);
        while level < TOP && (number + 1) % FAN == 0 {
            let from = self.live.len() - replaces - (FAN as usize - 1);
            for run in &self.live[from..self.live.len() - replaces] {
                self.read_all(kv, run, &mut records)?;
            }
            replaces += FAN as usize - 1;
            level += 1;
            number /= FAN;
        }
        // A merge sort finds the sorted runs in it and joins them.
        records.sort();
        let number = u32::try_from(number).expect("fewer than 2^32 blocks");
        let run = Run::over(level, number, &records);
        let mut writes = Vec::new();
        write_parts(&mut writes, &run_key(self.run_kind, level, number), &run.to_bytes());
        for (page, chunk) in (0..).zip(records.chunks(Self::per_page())) {
            writes.push((self.page_key(&run, page), Some(chunk.as_flattened().to_vec())));
            if writes.len() >= WRITES_AT_ONCE {
                kv.write(std::mem::take(&mut writes))?;
            }
        }
        kv.write(writes)?;
        Ok(NewRun { run, replaces })
    }

    /// Makes a written run live. Returns the removal of what it replaces.
    pub(crate) fn install(&mut self, new: NewRun) -> Vec<Write> {
        let replaced = self.live.split_off(self.live.len() - new.replaces);
        self.live.push(new.run);
        let mut writes = Vec::new();
        for run in replaced {
            let parts = (run.to_bytes().len() + 2).div_ceil(crate::index::MAX_VALUE_BYTES);
            let key = run_key(self.run_kind, run.level, run.number);
            writes.extend((0..parts).map(|n| ([&key[..], &(n as u16).to_be_bytes()].concat(), None)));
            writes.extend((0..run.fences.len()).map(|page| (self.page_key(&run, page as u32), None)));
        }
        writes
    }

    /// The newest record with this key: of the highest bytes behind it in the newest run that has one.
    pub(crate) fn last(&self, kv: &Kv, key: &Key) -> Result<Option<[u8; W]>, Trouble> {
        for run in self.live.iter().rev().filter(|run| run.may_hold(key)) {
            let page = run.fences.partition_point(|fence| fence <= key) - 1;
            let records = self.page(kv, run, page)?;
            let end = records.partition_point(|record| record[..16] <= key[..]);
            if let Some(record) = end.checked_sub(1).map(|i| records[i]).filter(|r| r[..16] == key[..]) {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Records with this key, oldest first, that `wanted` takes, at most `limit`.
    pub(crate) fn all(
        &self,
        kv: &Kv,
        key: &Key,
        limit: usize,
        wanted: impl Fn(&[u8; W]) -> bool,
    ) -> Result<Vec<[u8; W]>, Trouble> {
        let mut found = Vec::new();
        for run in self.live.iter().filter(|run| run.may_hold(key)) {
            let first = run.fences.partition_point(|fence| fence < key).saturating_sub(1);
            for page in first..run.fences.partition_point(|fence| fence <= key) {
                let records = self.page(kv, run, page)?;
                let from = records.partition_point(|record| record[..16] < key[..]);
                let same = records[from..].iter().take_while(|record| record[..16] == key[..]);
                found.extend(same.filter(|record| wanted(record)));
                if found.len() >= limit {
                    found.truncate(limit);
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    fn read_all(&self, kv: &Kv, run: &Run, into: &mut Vec<[u8; W]>) -> Result<(), Trouble> {
        for page in 0..run.fences.len() {
            into.extend(self.page(kv, run, page)?);
        }
        Ok(())
    }

    fn page(&self, kv: &Kv, run: &Run, page: usize) -> Result<Vec<[u8; W]>, Trouble> {
        let number = u32::try_from(page).expect("a run has fewer than 2^32 pages");
        let value: Option<Bytes> = kv.get(&self.page_key(run, number))?;
        let (records, rest) = value.as_deref().unwrap_or_default().as_chunks::<W>();
        let good = rest.is_empty() && records.first().is_some_and(|record| record[..16] == run.fences[page]);
        if good { Ok(records.to_vec()) } else { Err("a page of the index is lost or damaged".into()) }
    }

    fn page_key(&self, run: &Run, page: u32) -> Vec<u8> {
        let mut key = run_key(self.page_kind, run.level, run.number);
        key.extend_from_slice(&page.to_be_bytes());
        key
    }

    const fn per_page() -> usize {
        PAGE_BYTES / W
    }
}

fn run_key(kind: u8, level: u8, number: u32) -> Vec<u8> {
    let mut key = Vec::with_capacity(12);
    key.extend_from_slice(&[kind, level]);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

impl Run {
    fn over<const W: usize>(level: u8, number: u32, sorted: &[[u8; W]]) -> Self {
        let key = |record: &[u8; W]| -> Key { record[..16].try_into().expect("16 bytes") };
        let fences = sorted.chunks(Runs::<W>::per_page()).map(|page| key(&page[0])).collect();
        let last = sorted.last().map(key).unwrap_or_default();
        Self { level, number, fences, last, filter: Filter::over(sorted.len(), sorted.iter().map(key)) }
    }

    fn may_hold(&self, key: &Key) -> bool {
        self.fences.first().is_some_and(|first| first <= key)
            && *key <= self.last
            && self.filter.may_hold(key)
    }

    /// last key (16) ‖ page count (4) ‖ first keys ‖ filter
    fn to_bytes(&self) -> Vec<u8> {
        let count = u32::try_from(self.fences.len()).expect("a run has fewer than 2^32 pages");
        [&self.last[..], &count.to_be_bytes(), self.fences.as_flattened(), self.filter.as_bytes()].concat()
    }

    fn parse(level: u8, number: u32, bytes: &[u8]) -> Option<Self> {
        let (last, rest) = bytes.split_first_chunk::<16>()?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        let (fences, filter) = rest.split_at_checked(16 * u32::from_be_bytes(*count) as usize)?;
        let fences = fences.as_chunks::<16>().0.to_vec();
        Some(Self { level, number, fences, last: *last, filter: Filter::parse(filter)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn live_runs_cover_every_block_once() {
        for blocks in 0..600 {
            let covered: u64 = live(blocks).iter().map(|&(level, _)| FAN.pow(level.into())).sum();
            assert_eq!(covered, blocks);
        }
        assert_eq!(live(8 * 8 + 8 + 1), [(2, 0), (1, 8), (0, 72)]);
    }

    #[test]
    fn every_record_is_found_through_all_levels_and_after_loading() {
        let dir = tempfile::tempdir().unwrap();
        let (kv, _) = Kv::open(dir.path()).unwrap();
        let mut runs = Runs::<32>::load(&kv, b's', b'S', 0).unwrap();
        let mut random = Random(3);
        let mut all: Vec<[u8; 32]> = Vec::new();
        let blocks = 2 * 8 * 8 + 8 + 3;
        for block in 0..blocks {
            let records: Vec<[u8; 32]> = (0..20u64)
                .map(|n| {
                    let mut record = [0; 32];
                    record[..8].copy_from_slice(&random.below(700).to_be_bytes());
                    record[16..24].copy_from_slice(&(block * 20 + n).to_be_bytes());
                    record
                })
                .collect();
            all.extend(&records);
            let new = runs.write(&kv, block, records).unwrap();
            let removals = runs.install(new);
            kv.write(removals).unwrap();
        }
        let loaded = Runs::<32>::load(&kv, b's', b'S', blocks).unwrap();
        for runs in [runs, loaded] {
            for number in 0..710u64 {
                let mut key = [0; 16];
                key[..8].copy_from_slice(&number.to_be_bytes());
                let mut expected: Vec<_> = all.iter().filter(|r| r[..16] == key).copied().collect();
                expected.sort();
                assert_eq!(runs.all(&kv, &key, usize::MAX, |_| true).unwrap(), expected);
                assert_eq!(runs.last(&kv, &key).unwrap(), expected.last().copied());
            }
        }
        let pages = kv.keys(b"s").unwrap().len();
        assert!(pages <= 2 * all.len() * 32 / PAGE_BYTES + 8, "{pages} pages are left");
    }
}
