//! The faults of the store in memory do what their names say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

#[path = "../src/testing.rs"]
#[allow(dead_code, unreachable_pub, reason = "each user of the shared file needs a part of it")]
mod testing;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_store::{Copy, Event, Fault, Finding, MemoryDisk, MemoryStore, SealedEntry, Store, StoreError};
use testing::Maker;

fn with_entries(n: usize) -> (MemoryDisk, MemoryStore, Maker) {
    let disk = MemoryDisk::new();
    let mut store = MemoryStore::open(&disk).unwrap();
    let mut maker = Maker::new(1, 0, Hash::ZERO);
    store.append(maker.batch(n)).unwrap();
    (disk, store, maker)
}

#[test]
fn a_failed_write_keeps_nothing_and_the_next_one_works() {
    let (disk, mut store, mut maker) = with_entries(3);
    disk.inject(Fault::FailWrite);
    let batch = maker.batch(2);
    assert!(matches!(store.append(batch.clone()), Err(StoreError::Suspended { .. })));
    assert_eq!(store.head().size, TreeSize(3));
    assert_eq!(store.append(batch).unwrap().size, TreeSize(5));
}

#[test]
fn after_a_failed_flush_nothing_works_until_a_full_check_and_a_crash_loses_the_batch() {
    for crashes in [false, true] {
        let (disk, mut store, mut maker) = with_entries(3);
        disk.inject(Fault::FailSync);
        assert!(matches!(store.append(maker.batch(2)), Err(StoreError::Poisoned { .. })));
        assert!(matches!(store.append(maker.batch(1)), Err(StoreError::Poisoned { .. })));
        drop(store);
        if crashes {
            disk.crash();
        }
        assert!(matches!(MemoryStore::open(&disk), Err(StoreError::Poisoned { .. })));
        assert_eq!(disk.scrub(), []);
        let size = if crashes { 3 } else { 5 };
        assert_eq!(MemoryStore::open(&disk).unwrap().head().size, TreeSize(size));
    }
}

#[test]
fn a_torn_write_is_cut_on_opening() {
    let (disk, mut store, mut maker) = with_entries(3);
    disk.inject(Fault::TornWrite);
    store.append(maker.batch(2)).unwrap_err();
    disk.crash();
    std::mem::forget(store);
    let mut store = MemoryStore::open(&disk).unwrap();
    assert!(matches!(store.take_events()[..], [Event::TailCut { .. }]));
    assert_eq!(store.head().size, TreeSize(3));
}

#[test]
fn a_flipped_bit_in_one_copy_is_served_from_the_other_and_in_both_is_never_served() {
    let (disk, mut store, _) = with_entries(3);
    let good = store.entry(EntryIndex(1)).unwrap();
    disk.flip_bit(EntryIndex(1), Copy::Segments);
    assert_eq!(store.entry(EntryIndex(1)).unwrap(), good);
    assert_eq!(store.take_events(), [Event::EntryFromOtherCopy { index: EntryIndex(1), good: Copy::Index }]);
    disk.flip_bit(EntryIndex(1), Copy::Index);
    assert!(matches!(store.entry(EntryIndex(1)), Err(StoreError::Damaged { .. })));
    assert_eq!(disk.scrub(), [Finding::EntryLost { index: EntryIndex(1) }]);
}

#[test]
fn a_full_disk_refuses_and_a_freed_one_takes_again() {
    let (disk, mut store, mut maker) = with_entries(3);
    disk.fill(Some((10, 20)));
    let batch = maker.batch(1);
    assert!(matches!(store.append(batch.clone()), Err(StoreError::DiskFull { free: 10, needed: 20 })));
    disk.fill(None);
    store.append(batch).unwrap();
}

#[test]
fn a_restored_backup_refuses_to_open() {
    let (disk, mut store, _) = with_entries(3);
    let note = format!("ledger.example/test\n3\n{}\n\n— log sig\n", store.head().root);
    store.put_checkpoint(TreeSize(3), Bytes::from(note)).unwrap();
    drop(store);
    disk.roll_back_to(TreeSize(2));
    let refused = MemoryStore::open(&disk);
    assert!(matches!(refused, Err(StoreError::RolledBack { size: TreeSize(2), published: TreeSize(3), .. })));
}
