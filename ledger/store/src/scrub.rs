//! The full check: both copies entry by entry, every index lookup, every record, every checkpoint's root.
//!
//! What differs is healed from the copy that the tree proves right; the tree itself is proved by the
//! checkpoints. A ledger whose flush failed opens again after this, and only if nothing is left unhealed.

use std::collections::BTreeSet;
use std::path::Path;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};

use crate::addenda::Addenda;
use crate::checkpoint_text::stated;
use crate::error::{Copy, Event, Finding, StoreError};
use crate::heal::heal_segments;
use crate::index::Trouble;
use crate::journal::Record;
use crate::lock::{Lock, clear_poisoned};
use crate::open::{open_index, sealed, set_aside};
use crate::second::{BUNDLE_ENTRIES, JournalKind, Second};
use crate::segment_store::{Options, SegmentStore, out_of_order};
use crate::tail::stream_key;
use crate::tree::TILE_LEAVES;
use crate::{Store as _, snapshot};

/// What a full check found. The ledger is whole when `findings` is empty.
#[derive(Debug, Clone)]
pub struct ScrubReport {
    /// Entries that both copies were compared for.
    pub entries: TreeSize,
    /// Checkpoints whose root was computed again.
    pub checkpoints: u64,
    /// Addenda that were read.
    pub addenda: u64,
    /// What was healed.
    pub events: Vec<Event>,
    /// What could not be.
    pub findings: Vec<Finding>,
}

/// Checks a ledger that nobody has open, and heals what can be healed. `progress` is told now and then how
/// many entries of how many are done.
///
/// # Errors
/// [`StoreError::Locked`], and whatever the disk refuses. Damage is not an error but a finding.
pub fn scrub(dir: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<ScrubReport, StoreError> {
    let lock = Lock::take(dir, "scrub")?;
    let mut report =
        ScrubReport { entries: TreeSize(0), checkpoints: 0, addenda: 0, events: vec![], findings: vec![] };
    heal(dir, &BTreeSet::new(), &mut report)?;
    match SegmentStore::open_locked(dir, Options { what: "scrub".into(), ..Options::default() }, lock) {
        Ok((store, opened)) => {
            report.findings.extend(opened.findings);
            match check(store, &mut report, progress) {
                Err(StoreError::Damaged { what }) => report.findings.push(Finding::Unreadable { what }),
                result => result?,
            }
        }
        Err(StoreError::RolledBack { size, root, published, published_root }) => {
            report.findings.push(if size < published {
                Finding::Behind { got: size, published }
            } else {
                Finding::RootDiffers { size: published, signed: published_root, got: root }
            });
        }
        Err(StoreError::Damaged { what }) if report.findings.is_empty() => {
            report.findings.push(Finding::Unreadable { what });
        }
        Err(StoreError::Damaged { .. }) => {}
        Err(error) => return Err(error),
    }
    if report.findings.is_empty() {
        clear_poisoned(dir)?;
    }
    Ok(report)
}

/// Erases addenda that entries say are erased and that are here all the same: after a restored backup, or a copy by
/// hand. Which they are is for the rules to say. Returns those that were here.
///
/// # Errors
/// [`StoreError::Locked`], and whatever the disk refuses.
pub fn erase_left(dir: &Path, erased: impl IntoIterator<Item = Hash>) -> Result<Vec<Hash>, StoreError> {
    let _lock = Lock::take(dir, "scrub")?;
    let addenda = Addenda::new(dir);
    let here = |digest: Hash| addenda.erase(&digest).map(|was_here| was_here.then_some(digest));
    erased.into_iter().filter_map(|digest| here(digest).transpose()).collect()
}

/// Reads every segment in full and heals what is damaged, or `distrusted`, from the index.
fn heal(dir: &Path, distrusted: &BTreeSet<u64>, report: &mut ScrubReport) -> Result<(), StoreError> {
    let segments = dir.join("segments");
    if !segments.exists() {
        return Ok(());
    }
    let second = open_index(dir, &mut report.events)?;
    let healing = heal_segments(&segments, &second, second.progress().entries, distrusted)?;
    report.events.extend(healing.events);
    report.findings.extend(healing.findings);
    Ok(())
}

fn check(
    mut store: SegmentStore,
    report: &mut ScrubReport,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), StoreError> {
    store.wait_until_caught_up();
    report.entries = store.head().size;
    check_checkpoints(&store, report)?;
    let differences = compare(&store, progress)?;
    let healed = match &differences.lookups_fail {
        None => heal_index(&store, &differences, report),
        Some(reason) => Err(StoreError::Index { reason: reason.clone() }),
    };
    match healed {
        Err(StoreError::Index { reason }) => rebuild(&mut store, reason, report)?,
        result => result?,
    }
    let covered = store.checkpoints.latest().map_or(0, |(size, _)| size.0);
    let unproved = differences.in_segments.iter().filter(|&&index| index >= covered);
    report.findings.extend(unproved.map(|&index| Finding::CopiesDiffer { index: EntryIndex(index) }));
    report.addenda = store.addenda.check(&mut report.findings)?;
    if let Err(reason) = snapshot::load(&store.dir.join("snapshot")) {
        report.events.push(Event::SnapshotIgnored { reason });
    }
    report.events.extend(store.take_events());
    let dir = store.dir.clone();
    drop(store);
    let distrusted: BTreeSet<u64> = differences.in_segments.range(..covered).copied().collect();
    if !distrusted.is_empty() {
        heal(&dir, &distrusted, report)?;
    }
    Ok(())
}

/// Where the copies do not agree with the tree.
#[derive(Debug, Default)]
struct Differences {
    /// Entries whose segment copy is whole in itself, but is not the tree's.
    in_segments: BTreeSet<u64>,
    /// Bundles to be written again, with what belongs in them.
    bundles: Vec<(u64, Vec<Bytes>)>,
    /// Blocks whose tiles are to be written again.
    blocks: BTreeSet<u64>,
    /// Ids or streams are not found as they should be, or sled is in trouble: the whole index goes.
    lookups_fail: Option<String>,
}

fn compare(store: &SegmentStore, progress: &mut dyn FnMut(u64, u64)) -> Result<Differences, StoreError> {
    let mut differences = Differences::default();
    let applier = store.applier.as_ref().expect("opening attaches the index");
    let second = &*applier.second;
    let size = store.head().size.0;
    let mut bundle = Vec::new();
    let mut tile = Vec::new();
    store.segments.each_from(0, &mut |index, leaf, bytes| {
        if index.is_multiple_of(TILE_LEAVES) {
            progress(index, size);
            tile = store.tile(index / TILE_LEAVES)?;
            check_tile(second, index / TILE_LEAVES, &tile, &mut differences);
        }
        if tile.get(usize::try_from(index % TILE_LEAVES).expect("below 256")) != Some(&leaf) {
            differences.in_segments.insert(index);
        }
        check_lookups(store, second, index, leaf, &bytes, &mut differences)?;
        bundle.push(bytes);
        if bundle.len() as u64 == BUNDLE_ENTRIES || index + 1 == size {
            let whole = std::mem::take(&mut bundle);
            check_bundle(second, index / BUNDLE_ENTRIES, whole, &tile, &mut differences);
        }
        Ok(())
    })?;
    progress(size, size);
    Ok(differences)
}

fn check_tile(second: &Second, tile: u64, leaves: &[Hash], differences: &mut Differences) {
    let block = tile / (crate::runs::BLOCK_ENTRIES / TILE_LEAVES);
    if block < second.progress().blocks {
        match second.tile(tile) {
            Ok(Some(indexed)) if indexed == leaves => {}
            Ok(_) => drop(differences.blocks.insert(block)),
            Err(trouble) => differences.trouble(trouble),
        }
    }
}

/// A bundle that is not what the segments have, while the segments have what the tree says.
fn check_bundle(
    second: &Second,
    number: u64,
    entries: Vec<Bytes>,
    tile: &[Hash],
    differences: &mut Differences,
) {
    match second.bundle(number) {
        Ok(indexed) if indexed == entries => return,
        Ok(_) => {}
        // Bytes that do not unpack are as damaged as bytes that unpack to something else.
        Err(trouble) if trouble.starts_with("sled") => return differences.trouble(trouble),
        Err(_) => {}
    }
    let first = usize::try_from(number * BUNDLE_ENTRIES % TILE_LEAVES).expect("below 256");
    let is_good = |(k, entry): (usize, &Bytes)| tile.get(first + k) == Some(&Hash::leaf(entry));
    if entries.iter().enumerate().all(is_good) {
        differences.bundles.push((number, entries));
    }
}

fn check_lookups(
    store: &SegmentStore,
    second: &Second,
    index: u64,
    leaf: Hash,
    bytes: &Bytes,
    differences: &mut Differences,
) -> Result<(), StoreError> {
    if differences.in_segments.contains(&index) || differences.lookups_fail.is_some() {
        return Ok(());
    }
    let entry = sealed(index, leaf, bytes.clone())?;
    let place = EntryIndex(index);
    let found = store.find(&entry.statement_id);
    let in_stream = store.stream(&entry.stream, entry.stream_version, 1);
    match (found, in_stream, second.stream_version(&stream_key(&entry.stream))) {
        (Ok(Some(found)), Ok(places), Ok(_)) if found == place && places == [place] => {}
        (Err(error), ..) | (_, Err(error), _) => differences.trouble(error.to_string()),
        (.., Err(trouble)) => differences.trouble(trouble),
        _ => differences.trouble(format!("entry {index} is not found by its id or in its stream")),
    }
    Ok(())
}

impl Differences {
    fn trouble(&mut self, trouble: Trouble) {
        self.lookups_fail.get_or_insert(trouble);
    }
}

fn rebuild(store: &mut SegmentStore, reason: String, report: &mut ScrubReport) -> Result<(), StoreError> {
    store.applier = None;
    set_aside(&store.dir, reason, &mut report.events)?;
    store.attach_index()?;
    store.wait_until_caught_up();
    Ok(())
}

fn heal_index(
    store: &SegmentStore,
    differences: &Differences,
    report: &mut ScrubReport,
) -> Result<(), StoreError> {
    let second = &*store.applier.as_ref().expect("opening attaches the index").second;
    for (number, entries) in &differences.bundles {
        let from = number * BUNDLE_ENTRIES;
        second.rewrite(from, entries).map_err(out_of_order)?;
        report.events.push(Event::CopyHealed { from: EntryIndex(from), bad: Copy::Index });
    }
    for &block in &differences.blocks {
        let first = block * crate::runs::BLOCK_ENTRIES / TILE_LEAVES;
        let tiles = first..first + crate::runs::BLOCK_ENTRIES / TILE_LEAVES;
        let leaves: Vec<Vec<Hash>> = tiles.map(|tile| store.tile(tile)).collect::<Result<_, _>>()?;
        second.rewrite_tiles(block, &leaves.concat()).map_err(out_of_order)?;
        report.events.push(Event::CopyHealed { from: EntryIndex(first * TILE_LEAVES), bad: Copy::Index });
    }
    let checkpoints = &store.checkpoint_journal;
    for number in 0..checkpoints.next() {
        let record = checkpoints.read(number);
        heal_record(second, JournalKind::Checkpoints, "checkpoints.jnl", record, report)?;
    }
    for number in store.refusals.first()..store.refusals.next() {
        let record = store.refusals.read(number);
        heal_record(second, JournalKind::Refusals, "refusals.jnl", record, report)?;
    }
    Ok(())
}

/// Puts the index's copy of a good record right.
fn heal_record(
    second: &Second,
    kind: JournalKind,
    file: &str,
    record: Result<Option<Record>, StoreError>,
    report: &mut ScrubReport,
) -> Result<(), StoreError> {
    let Ok(Some(record)) = record else { return Ok(()) };
    if second.record(kind, record.number).map_err(out_of_order)?.as_ref() != Some(&record) {
        second.rewrite_record(kind, &record).map_err(out_of_order)?;
        report.events.push(Event::JournalHealed { file: file.to_owned(), record: record.number });
    }
    Ok(())
}

fn check_checkpoints(store: &SegmentStore, report: &mut ScrubReport) -> Result<(), StoreError> {
    for size in store.checkpoint_sizes(TreeSize(0), usize::MAX) {
        report.checkpoints += 1;
        let note = store.published_checkpoint(size)?.unwrap_or_default();
        let Some((_, _, signed)) = stated(&note) else { continue };
        let got = store.tree.root_at(size, &|tile| store.tile(tile))?;
        if got != signed {
            report.findings.push(Finding::RootDiffers { size, signed, got });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Kv;
    use crate::keys;
    use crate::runs::BLOCK_ENTRIES;
    use crate::testing::Maker;
    use crate::{SealedEntry, frame};
    use tempfile::TempDir;

    const ENTRIES: usize = BLOCK_ENTRIES as usize + 900;

    fn options() -> Options {
        Options { what: "test".into(), watermark_bytes: 0 }
    }

    /// A closed ledger in one frame per thousand entries, with a checkpoint over the first `covered` of them.
    fn ledger(covered: usize) -> (TempDir, Vec<SealedEntry>) {
        let dir = tempfile::tempdir().unwrap();
        let all = Maker::new(1, 0, Hash::ZERO).batch(ENTRIES);
        let (mut store, _) = SegmentStore::open(dir.path(), options()).unwrap();
        for part in [&all[..covered], &all[covered..]] {
            for batch in part.chunks(1_000) {
                store.append(batch.to_vec()).unwrap();
            }
            let head = store.head();
            if head.size.0 == covered as u64 {
                let note = format!("ledger.example/test\n{}\n{}\n\n— log sig\n", head.size, head.root);
                store.put_checkpoint(head.size, Bytes::from(note)).unwrap();
            }
        }
        (dir, all)
    }

    fn tamper(dir: &TempDir, writes: Vec<crate::index::Write>) {
        let (kv, _) = Kv::open(&dir.path().join("index")).unwrap();
        kv.write(writes).unwrap();
        kv.sync().unwrap();
    }

    fn run(dir: &TempDir) -> (Vec<Event>, Vec<Finding>) {
        let report = scrub(dir.path(), &mut |_, _| ()).unwrap();
        (report.events, report.findings)
    }

    #[test]
    fn a_bundle_and_a_tile_that_differ_are_written_again() {
        let (dir, all) = ledger(ENTRIES);
        let mut writes = Vec::new();
        keys::write_parts(&mut writes, &keys::numbered(keys::BUNDLE, 3), b"no zstd frame");
        keys::write_parts(&mut writes, &keys::numbered(keys::TILE, 2), &[7; 8_192]);
        tamper(&dir, writes);
        let (store, _) = SegmentStore::open(dir.path(), options()).unwrap();
        for (index, entry) in (0..).zip(&all).step_by(40) {
            assert_eq!(store.entry(EntryIndex(index)).unwrap().as_ref(), Some(&entry.bytes));
            assert_eq!(store.read_hashes(&[(0, index)]).unwrap(), [entry.leaf_hash]);
        }
        drop(store);
        let healed = |from| Event::CopyHealed { from: EntryIndex(from), bad: Copy::Index };
        assert_eq!(run(&dir), (vec![healed(96), healed(0)], vec![]));
        assert_eq!(run(&dir), (vec![], vec![]));
    }

    #[test]
    fn the_last_leaf_hash_is_never_taken_from_a_damaged_tile() {
        let (dir, all) = ledger(ENTRIES);
        let mut writes = Vec::new();
        let last_tile = BLOCK_ENTRIES / TILE_LEAVES - 1;
        keys::write_parts(&mut writes, &keys::numbered(keys::TILE, last_tile), &[7; 8_192]);
        tamper(&dir, writes);
        let (store, report) = SegmentStore::open(dir.path(), options()).unwrap();
        assert!(matches!(report.healed[..], [Event::IndexSetAside { .. }, Event::IndexRebuilt { .. }]));
        assert_eq!(store.head().last_leaf_hash, all[ENTRIES - 1].leaf_hash);
    }

    #[test]
    fn an_index_that_lost_a_page_says_so_and_the_next_append_makes_a_new_one() {
        let (dir, all) = ledger(ENTRIES);
        let (kv, _) = Kv::open(&dir.path().join("index")).unwrap();
        let pages = kv.keys(&[keys::ID_PAGE]).unwrap();
        drop(kv);
        tamper(&dir, pages.into_iter().take(1).map(|key| (key, None)).collect());
        let (mut store, report) = SegmentStore::open(dir.path(), options()).unwrap();
        assert_eq!(report.healed, []);
        let first = all[0].statement_id;
        assert!(matches!(store.find(&first), Err(StoreError::Index { .. })));
        let head = store.head();
        store.append(Maker::new(2, head.size.0, head.last_leaf_hash).batch(1)).unwrap();
        assert_eq!(store.find(&first).unwrap(), Some(EntryIndex(0)));
        let events = store.take_events();
        assert!(
            matches!(events[..], [Event::IndexSetAside { .. }, Event::IndexRebuilt { .. }]),
            "{events:?}"
        );
    }

    #[test]
    fn scrub_finds_a_lost_page_and_rebuilds_the_index() {
        let (dir, _) = ledger(ENTRIES);
        let (kv, _) = Kv::open(&dir.path().join("index")).unwrap();
        let pages = kv.keys(&[keys::STREAM_PAGE]).unwrap();
        drop(kv);
        tamper(&dir, pages.into_iter().skip(3).take(1).map(|key| (key, None)).collect());
        let (events, findings) = run(&dir);
        assert!(
            matches!(events[..], [Event::IndexSetAside { .. }, Event::IndexRebuilt { .. }]),
            "{events:?}"
        );
        assert_eq!((findings, run(&dir)), (vec![], (vec![], vec![])));
    }

    /// Replaces entry `index` in the segment by another one, whole in itself: right leaf hash, right trailer.
    fn forge(dir: &TempDir, all: &[SealedEntry], index: usize) {
        let mut forged = all.to_vec();
        let other = Maker::new(77, index as u64, forged[index - 1].leaf_hash).entry();
        (forged[index].bytes, forged[index].leaf_hash) = (other.bytes, other.leaf_hash);
        let (mut content, mut frame, mut next) = (Vec::new(), Vec::new(), 0);
        for batch in forged.chunks(1_000) {
            frame::encode(next, batch.iter().map(|e| (&e.leaf_hash, &e.bytes)), &mut frame);
            content.extend_from_slice(&frame);
            next += batch.len() as u64;
        }
        std::fs::write(dir.path().join("segments/00000000000000000000.seg"), content).unwrap();
    }

    #[test]
    fn a_forged_entry_below_the_checkpoint_is_healed_from_the_index() {
        let (dir, all) = ledger(ENTRIES);
        forge(&dir, &all, 200);
        let (mut store, _) = SegmentStore::open(dir.path(), options()).unwrap();
        assert_eq!(store.entry(EntryIndex(200)).unwrap().as_ref(), Some(&all[200].bytes));
        let (index, good) = (EntryIndex(200), Copy::Index);
        assert_eq!(store.take_events(), [Event::EntryFromOtherCopy { index, good }]);
        drop(store);
        let (events, findings) = run(&dir);
        assert!(matches!(events[..], [Event::SegmentHealed { .. }]), "{events:?}");
        assert_eq!((findings, run(&dir)), (vec![], (vec![], vec![])));
        let (store, _) = SegmentStore::open(dir.path(), options()).unwrap();
        assert_eq!(store.entry(EntryIndex(200)).unwrap().as_ref(), Some(&all[200].bytes));
    }

    #[test]
    fn a_forged_entry_that_no_checkpoint_covers_is_a_finding() {
        let (dir, all) = ledger(100);
        forge(&dir, &all, 200);
        let (_, findings) = run(&dir);
        assert_eq!(findings, [Finding::CopiesDiffer { index: EntryIndex(200) }]);
    }
}
