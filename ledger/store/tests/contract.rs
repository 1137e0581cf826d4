//! One contract, held by every store: what the recorder relies on, and nothing about how it is done.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

#[path = "../src/testing.rs"]
#[allow(dead_code, unreachable_pub, reason = "each user of the shared file needs a part of it")]
mod testing;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, StreamId, TreeSize};
use ledger_core::merkle;
use ledger_store::{MemoryDisk, MemoryStore, Options, SealedEntry, SegmentStore, Store, StoreError};
use testing::Maker;

/// A place where a store can be opened again and again.
trait Place {
    fn open(&self) -> Result<Box<dyn Store>, StoreError>;
}

impl Place for MemoryDisk {
    fn open(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(MemoryStore::open(self)?))
    }
}

#[test]
fn the_memory_store_keeps_the_contract() {
    contract(&MemoryDisk::new());
}

impl Place for tempfile::TempDir {
    fn open(&self) -> Result<Box<dyn Store>, StoreError> {
        let (store, report) = SegmentStore::open(self.path(), Options::default())?;
        assert_eq!(report.healed, []);
        Ok(Box::new(store))
    }
}

#[test]
fn the_store_with_files_keeps_the_contract() {
    contract(&tempfile::tempdir().unwrap());
}

fn contract(place: &dyn Place) {
    an_empty_store_says_so(place);
    let all = appended_entries_are_found_in_every_way(place);
    a_second_opening_is_refused_while_the_first_lives(place);
    bad_batches_leave_no_trace(place, &all);
    checkpoints_are_kept_and_served(place, &all);
    refusals_addenda_and_the_snapshot_are_kept(place);
}

fn an_empty_store_says_so(place: &dyn Place) {
    let store = place.open().unwrap();
    let head = store.head();
    assert_eq!((head.size, head.root, head.last_leaf_hash), (TreeSize(0), merkle::empty_root(), Hash::ZERO));
    assert_eq!(store.entry(EntryIndex(0)).unwrap(), None);
    assert_eq!(store.latest_checkpoint().unwrap(), None);
    assert_eq!(store.load_snapshot(), None);
}

fn appended_entries_are_found_in_every_way(place: &dyn Place) -> Vec<SealedEntry> {
    let mut maker = Maker::new(1, 0, Hash::ZERO);
    let mut all = Vec::new();
    for batch_size in [1, 300, 7, 4_096, 1_000] {
        let mut store = place.open().unwrap();
        assert_eq!(store.head().size.0, all.len() as u64);
        for _ in 0..2 {
            let batch = maker.batch(batch_size);
            all.extend(batch.clone());
            let head = store.append(batch).unwrap();
            assert_eq!(head, store.head());
        }
        check_everything(&*store, &all);
    }
    check_everything(&*place.open().unwrap(), &all);
    all
}

fn check_everything(store: &dyn Store, all: &[SealedEntry]) {
    let leaves: Vec<Hash> = all.iter().map(|e| e.leaf_hash).collect();
    let head = store.head();
    assert_eq!(head.size.0, all.len() as u64);
    assert_eq!(head.root, merkle::root_of_leaves(&leaves));
    assert_eq!(head.last_leaf_hash, leaves.last().copied().unwrap_or(Hash::ZERO));
    for (index, entry) in (0..).zip(all).step_by(1 + all.len() / 500) {
        assert_eq!(store.entry(EntryIndex(index)).unwrap().as_ref(), Some(&entry.bytes), "{index}");
        assert_eq!(store.find(&entry.statement_id).unwrap(), Some(EntryIndex(index)));
    }
    assert_eq!(store.entry(EntryIndex(all.len() as u64)).unwrap(), None);
    for level in 0..13 {
        for n in [0, (all.len() as u64 >> level).saturating_sub(1)] {
            let range = (n << level) as usize..((n + 1) << level) as usize;
            let expected = leaves.get(range).map(merkle::root_of_leaves);
            assert_eq!(store.read_hashes(&[(level, n)]).ok().map(|h| h[0]), expected, "({level}, {n})");
        }
    }
    check_streams(store, all);
}

fn check_streams(store: &dyn Store, all: &[SealedEntry]) {
    for entry in all.iter().step_by(1 + all.len() / 100) {
        let of_stream = (0..).zip(all).filter(|(_, e)| e.stream == entry.stream);
        let places: Vec<EntryIndex> = of_stream.map(|(index, _)| EntryIndex(index)).collect();
        assert_eq!(store.stream_version(&entry.stream).unwrap(), places.len() as u64);
        assert_eq!(store.stream(&entry.stream, 1, usize::MAX).unwrap(), places);
        assert_eq!(store.stream(&entry.stream, 2, 1).unwrap(), places[1..places.len().min(2)]);
    }
    let unknown: StreamId = "obligation/never/seen".parse().unwrap();
    assert_eq!(store.stream_version(&unknown).unwrap(), 0);
    assert_eq!(store.stream(&unknown, 0, 9).unwrap(), []);
    let stranger = Maker::new(99, 1 << 40, Hash::ZERO).entry();
    assert_eq!(store.find(&stranger.statement_id).unwrap(), None);
}

fn a_second_opening_is_refused_while_the_first_lives(place: &dyn Place) {
    let first = place.open().unwrap();
    assert!(matches!(place.open(), Err(StoreError::Locked { .. })));
    drop(first);
    place.open().unwrap();
}

fn bad_batches_leave_no_trace(place: &dyn Place, all: &[SealedEntry]) {
    let mut store = place.open().unwrap();
    let head = store.head();
    let mut maker = Maker::new(2, head.size.0, head.last_leaf_hash);
    assert!(matches!(store.append(vec![]), Err(StoreError::BadBatch { .. })));
    assert!(matches!(
        store.append(maker.clone().batch(4_097)),
        Err(StoreError::BadBatch { entries: 4_097, .. })
    ));
    let mut batch = maker.batch(3);
    batch[1].leaf_hash = Hash::ZERO;
    let index = EntryIndex(head.size.0 + 1);
    let error = store.append(batch).unwrap_err();
    assert!(matches!(error, StoreError::BadEntry { index: at, .. } if at == index), "{error}");
    assert_eq!(store.head(), head);
    check_everything(&*store, all);
}

fn note(size: u64, root: Hash, signatures: &str) -> Bytes {
    Bytes::from(format!("ledger.example/test\n{size}\n{root}\n\n{signatures}"))
}

fn checkpoints_are_kept_and_served(place: &dyn Place, all: &[SealedEntry]) {
    let root_at = |size: usize| {
        let leaves: Vec<Hash> = all[..size].iter().map(|e| e.leaf_hash).collect();
        merkle::root_of_leaves(&leaves)
    };
    let (first, later) = (note(300, root_at(300), "— log one\n"), note(5_000, root_at(5_000), "— log two\n"));
    let cosigned = note(300, root_at(300), "— log one\n— witness three\n");
    {
        let mut store = place.open().unwrap();
        store.put_checkpoint(TreeSize(300), first.clone()).unwrap();
        store.put_checkpoint(TreeSize(300), first.clone()).unwrap();
        store.put_checkpoint(TreeSize(5_000), later.clone()).unwrap();
        store.put_cosigned(TreeSize(300), cosigned.clone()).unwrap();
        let bad = [
            (300, note(300, root_at(300), "— log other\n")),
            (301, note(301, Hash::ZERO, "— log one\n")),
            (301, first.clone()),
            (1 << 30, note(1 << 30, Hash::ZERO, "— log one\n")),
            (301, Bytes::from_static(b"rubbish")),
        ];
        for (size, note) in bad {
            let result = store.put_checkpoint(TreeSize(size), note);
            assert!(matches!(result, Err(StoreError::BadCheckpoint { .. })), "{result:?}");
        }
        assert!(store.put_cosigned(TreeSize(301), cosigned.clone()).is_err());
        assert!(store.put_cosigned(TreeSize(300), later.clone()).is_err());
    }
    let store = place.open().unwrap();
    assert_eq!(store.checkpoint(TreeSize(300)).unwrap(), Some(cosigned.clone()));
    assert_eq!(store.published_checkpoint(TreeSize(300)).unwrap(), Some(first));
    assert_eq!(store.checkpoint(TreeSize(301)).unwrap(), None);
    assert_eq!(store.latest_checkpoint().unwrap(), Some((TreeSize(5_000), later)));
    let covering =
        |index| store.first_checkpoint_covering(EntryIndex(index)).unwrap().map(|(size, _)| size.0);
    assert_eq!(
        [covering(0), covering(299), covering(300), covering(5_000)],
        [Some(300), Some(300), Some(5_000), None]
    );
    assert_eq!(store.checkpoint_sizes(TreeSize(0), 9), [TreeSize(300), TreeSize(5_000)]);
}

fn refusals_addenda_and_the_snapshot_are_kept(place: &dyn Place) {
    let digest = Hash::of(b"a name and 32 random bytes");
    {
        let mut store = place.open().unwrap();
        assert_eq!(store.put_refusal(Bytes::from_static(b"no role")).unwrap(), 0);
        assert_eq!(store.put_refusal(Bytes::from_static(b"no key")).unwrap(), 1);
        assert!(store.put_addendum(digest, Bytes::from_static(b"another")).is_err());
        store.put_addendum(digest, Bytes::from_static(b"a name and 32 random bytes")).unwrap();
        store.save_snapshot(TreeSize(7), Bytes::from_static(b"old")).unwrap();
        store.save_snapshot(TreeSize(9), Bytes::from_static(b"state")).unwrap();
    }
    let mut store = place.open().unwrap();
    assert_eq!(store.refusals(0, 9).unwrap(), [&b"no role"[..], b"no key"]);
    assert_eq!(store.refusals(1, 9).unwrap(), [&b"no key"[..]]);
    assert_eq!(store.refusals(0, 1).unwrap(), [&b"no role"[..]]);
    assert_eq!(store.addendum(&digest).unwrap().unwrap(), "a name and 32 random bytes");
    assert!(store.erase_addendum(&digest).unwrap());
    assert!(!store.erase_addendum(&digest).unwrap());
    assert_eq!(store.load_snapshot(), Some((TreeSize(9), Bytes::from_static(b"state"))));
    drop(store);
    assert_eq!(place.open().unwrap().addendum(&digest).unwrap(), None);
}
