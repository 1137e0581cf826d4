//! What the store does about damage: to segments, index, journals, snapshot; to one copy and to both.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

#[path = "../src/testing.rs"]
#[allow(dead_code, unreachable_pub, reason = "each user of the shared file needs a part of it")]
mod testing;

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_store::{
    Event, Finding, OpenReport, Options, Reader, SealedEntry, SegmentStore, Store, StoreError, scrub,
};
use tempfile::TempDir;
use testing::{Maker, Random};

fn options() -> Options {
    Options { what: "test".into(), watermark_bytes: 1 << 20 }
}

fn open(dir: &Path) -> (SegmentStore, OpenReport) {
    SegmentStore::open(dir, options()).unwrap()
}

fn note(store: &SegmentStore) -> (TreeSize, Bytes) {
    let head = store.head();
    (head.size, Bytes::from(format!("ledger.example/test\n{}\n{}\n\n— log sig\n", head.size, head.root)))
}

/// A closed ledger of `n` entries with two checkpoints, a refusal, an addendum and a snapshot.
fn ledger(n: usize) -> (TempDir, Vec<SealedEntry>) {
    let dir = tempfile::tempdir().unwrap();
    let all = Maker::new(5, 0, Hash::ZERO).batch(n);
    let (mut store, _) = open(dir.path());
    for (i, batch) in all.chunks(n.div_ceil(20)).enumerate() {
        store.append(batch.to_vec()).unwrap();
        if i % 7 == 3 {
            let (size, note) = note(&store);
            store.put_checkpoint(size, note).unwrap();
        }
    }
    store.put_refusal(Bytes::from_static(b"no role")).unwrap();
    store.put_addendum(Hash::of(b"a name"), Bytes::from_static(b"a name")).unwrap();
    store.save_snapshot(TreeSize(5), Bytes::from_static(b"state")).unwrap();
    (dir, all)
}

fn check_all(store: &SegmentStore, all: &[SealedEntry]) {
    assert_eq!(store.head().size.0, all.len() as u64);
    for (index, entry) in (0..).map(EntryIndex).zip(all) {
        assert_eq!(store.entry(index).unwrap().as_ref(), Some(&entry.bytes), "{index}");
        assert_eq!(store.find(&entry.statement_id).unwrap(), Some(index));
    }
}

fn scrubbed(dir: &Path) -> (Vec<Event>, Vec<Finding>) {
    let report = scrub(dir, &mut |_, _| ()).unwrap();
    (report.events, report.findings)
}

fn flip(path: &Path, at: u64) {
    let mut content = fs::read(path).unwrap();
    content[at as usize] ^= 0x20;
    fs::write(path, content).unwrap();
}

fn segment(dir: &TempDir) -> PathBuf {
    dir.path().join("segments/00000000000000000000.seg")
}

#[test]
fn a_sound_ledger_is_scrubbed_without_a_word() {
    let (dir, all) = ledger(5_000);
    assert_eq!(scrubbed(dir.path()), (vec![], vec![]));
    let (store, report) = open(dir.path());
    assert_eq!((report.healed, report.findings), (vec![], vec![]));
    check_all(&store, &all);
}

#[test]
fn a_flipped_byte_in_a_segment_is_read_from_the_index_and_healed_by_scrub() {
    let (dir, all) = ledger(5_000);
    let (mut store, _) = open(dir.path());
    let content = fs::read(segment(&dir)).unwrap();
    let wanted = &all[2_500].bytes[..];
    let at = content.windows(wanted.len()).position(|window| window == wanted).unwrap();
    flip(&segment(&dir), at as u64 + 100);
    check_all(&store, &all);
    let (index, good) = (EntryIndex(2_500), ledger_store::Copy::Index);
    assert_eq!(store.take_events(), [Event::EntryFromOtherCopy { index, good }]);
    drop(store);
    let (events, findings) = scrubbed(dir.path());
    assert!(matches!(events[..], [Event::SegmentHealed { .. }]), "{events:?}");
    assert_eq!((scrubbed(dir.path()), findings), ((vec![], vec![]), vec![]));
}

#[test]
fn lost_segments_come_back_from_the_index() {
    let (dir, all) = ledger(5_000);
    fs::remove_file(segment(&dir)).unwrap();
    let (store, report) = open(dir.path());
    assert!(matches!(report.healed[..], [Event::SegmentHealed { .. }]), "{:?}", report.healed);
    check_all(&store, &all);
}

#[test]
fn a_lost_index_comes_back_from_the_segments() {
    let (dir, all) = ledger(5_000);
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    let (store, report) = open(dir.path());
    assert_eq!(report.healed, [Event::IndexRebuilt { entries: 5_000 }]);
    check_all(&store, &all);
}

#[test]
fn an_index_of_rubbish_is_set_aside_and_only_the_last_two_are_kept() {
    let (dir, all) = ledger(300);
    for _ in 0..3 {
        fs::write(dir.path().join("index/conf"), "segment_size: rubbish").unwrap();
        let (store, report) = open(dir.path());
        assert!(matches!(report.healed[0], Event::IndexSetAside { .. }), "{:?}", report.healed);
        check_all(&store, &all);
    }
    let names =
        fs::read_dir(dir.path()).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap());
    let mut aside: Vec<String> = names.filter(|name| name.contains("set-aside")).collect();
    aside.sort();
    assert_eq!(aside, ["index.set-aside-1", "index.set-aside-2"]);
}

#[test]
fn an_unfinished_write_is_cut_and_the_log_goes_on() {
    let (dir, mut all) = ledger(300);
    let mut content = fs::read(segment(&dir)).unwrap();
    content.extend_from_within(..700);
    fs::write(segment(&dir), content).unwrap();
    let (mut store, report) = open(dir.path());
    assert!(matches!(report.healed[..], [Event::TailCut { bytes: 700, .. }]), "{:?}", report.healed);
    let head = store.head();
    let more = Maker::new(6, head.size.0, head.last_leaf_hash).batch(10);
    store.append(more.clone()).unwrap();
    all.extend(more);
    check_all(&store, &all);
}

#[test]
fn damage_at_the_very_end_is_healed_and_not_taken_for_an_unfinished_write() {
    let (dir, all) = ledger(300);
    let length = fs::metadata(segment(&dir)).unwrap().len();
    flip(&segment(&dir), length - 2_000);
    let (store, report) = open(dir.path());
    assert!(matches!(report.healed[..], [Event::SegmentHealed { .. }]), "{:?}", report.healed);
    check_all(&store, &all);
}

#[test]
fn damage_to_both_copies_of_an_entry_is_a_finding_and_never_wrong_bytes() {
    let (dir, _) = ledger(300);
    let middle = fs::metadata(segment(&dir)).unwrap().len() / 2;
    flip(&segment(&dir), middle);
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    assert!(matches!(SegmentStore::open(dir.path(), options()), Err(StoreError::Damaged { .. })));
    let (_, findings) = scrubbed(dir.path());
    assert!(matches!(findings[..], [Finding::EntryLost { .. }]), "{findings:?}");
}

#[test]
fn a_ledger_behind_its_checkpoint_refuses_to_open() {
    let (dir, _) = ledger(300);
    let content = fs::read(segment(&dir)).unwrap();
    fs::write(segment(&dir), &content[..content.len() / 3]).unwrap();
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    let refused = SegmentStore::open(dir.path(), options());
    assert!(matches!(refused, Err(StoreError::RolledBack { .. })), "{:?}", refused.map(|_| ()));
    let (_, findings) = scrubbed(dir.path());
    assert!(matches!(findings[..], [Finding::Behind { .. }]), "{findings:?}");
}

#[test]
fn a_rewritten_history_refuses_to_open() {
    let (dir, _) = ledger(300);
    let (other, _) = ledger_from(9, 300);
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    fs::copy(segment(&other), segment(&dir)).unwrap();
    let refused = SegmentStore::open(dir.path(), options());
    assert!(matches!(refused, Err(StoreError::RolledBack { .. })), "{:?}", refused.map(|_| ()));
    let (_, findings) = scrubbed(dir.path());
    assert!(matches!(findings[..], [Finding::RootDiffers { .. }]), "{findings:?}");
}

fn ledger_from(seed: u64, n: usize) -> (TempDir, Vec<SealedEntry>) {
    let dir = tempfile::tempdir().unwrap();
    let all = Maker::new(seed, 0, Hash::ZERO).batch(n);
    open(dir.path()).0.append(all.clone()).unwrap();
    (dir, all)
}

#[test]
fn a_poisoned_ledger_opens_only_after_a_full_check() {
    let (dir, all) = ledger(300);
    fs::write(dir.path().join("poisoned"), "flushing segments: Input/output error").unwrap();
    let refused = SegmentStore::open(dir.path(), options()).map(|_| ());
    assert!(matches!(&refused, Err(StoreError::Poisoned { reason }) if reason.contains("Input/output")));
    assert_eq!(scrubbed(dir.path()), (vec![], vec![]));
    check_all(&open(dir.path()).0, &all);
}

#[test]
fn a_full_disk_is_refused_before_anything_is_promised_while_reading_goes_on() {
    let (dir, mut all) = ledger(300);
    let (mut store, _) =
        SegmentStore::open(dir.path(), Options { watermark_bytes: 1 << 60, ..options() }).unwrap();
    let head = store.head();
    let more = Maker::new(6, head.size.0, head.last_leaf_hash).batch(10);
    assert!(matches!(store.append(more.clone()), Err(StoreError::DiskFull { .. })));
    check_all(&store, &all);
    drop(store);
    open(dir.path()).0.append(more.clone()).unwrap();
    all.extend(more);
    check_all(&open(dir.path()).0, &all);
}

#[test]
fn a_reader_beside_the_writer_sees_whole_batches_and_proves_entries() {
    let (dir, mut all) = ledger(5_000);
    let (mut store, _) = open(dir.path());
    let head = store.head();
    let more = Maker::new(6, head.size.0, head.last_leaf_hash).batch(10);
    let head = store.append(more.clone()).unwrap();
    all.extend(more);
    let half = fs::read(segment(&dir)).unwrap();
    fs::write(segment(&dir), [&half[..], &half[..500]].concat()).unwrap();
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.size(), head.size);
    for (read, entry) in reader.entries(EntryIndex(0)).zip(&all) {
        let (index, leaf, bytes) = read.unwrap();
        assert_eq!((leaf, &bytes), (entry.leaf_hash, &entry.bytes), "{index}");
    }
    assert_eq!(reader.entries(EntryIndex(4_000)).count(), all.len() - 4_000);
    assert_eq!(ledger_core::merkle::tree_root(head.size, &reader).unwrap(), head.root);
    assert_eq!(reader.latest_checkpoint().unwrap(), store.latest_checkpoint().unwrap());
    assert_eq!(reader.refusals(0, 9).unwrap(), [&b"no role"[..]]);
    assert_eq!(reader.snapshot(), store.load_snapshot());
}

/// Every file of a ledger, one random byte flipped in one of them, fifty times; the campaign does thousands.
#[test]
fn any_flipped_byte_is_reported_and_nothing_is_lost() {
    let (dir, all) = ledger(700);
    let mut random = Random(11);
    for round in 0..50 {
        let copy = tempfile::tempdir().unwrap();
        copy_all(dir.path(), copy.path());
        let files = files_of(copy.path());
        let (path, length) = &files[random.below(files.len() as u64) as usize];
        let at = random.below(*length);
        flip(path, at);
        let name = path.strip_prefix(copy.path()).unwrap().display().to_string();
        let (events, findings) = scrubbed(copy.path());
        let harmless = name == "lock" || name.starts_with("index/");
        assert!(harmless || !(events.is_empty() && findings.is_empty()), "{round}: {name} at {at}");
        if name.starts_with("addenda") {
            assert!(matches!(findings[..], [Finding::AddendumDamaged { .. }]), "{findings:?}");
        } else {
            assert_eq!(findings, [], "{round}: {name} at {at}");
        }
        check_all(&open(copy.path()).0, &all);
    }
}

/// Files with content, and how much of it to flip bytes in.
fn files_of(dir: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for item in fs::read_dir(dir).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(files_of(&path));
        } else if fs::metadata(&path).unwrap().len() > 0 {
            let length = fs::metadata(&path).unwrap().len();
            found.push((path, length));
        }
    }
    found.sort();
    found
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let path = item.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_all(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
