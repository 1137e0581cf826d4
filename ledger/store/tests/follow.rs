//! Reading a folder on while it is written.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

#[path = "../src/testing.rs"]
#[allow(dead_code, unreachable_pub, reason = "each user of the shared file needs a part of it")]
mod testing;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_store::{Follow, Options, SealedEntry, SegmentStore, Store, StoreError};
use testing::Maker;

fn open(dir: &Path) -> SegmentStore {
    SegmentStore::open(dir, Options { what: "test".into(), watermark_bytes: 1 << 20 }).unwrap().0
}

fn given(follow: &mut Follow) -> Vec<Bytes> {
    let mut all = Vec::new();
    while let Some(batch) = follow.next_batch().unwrap() {
        all.extend(batch.into_iter().map(|(_, bytes)| bytes));
    }
    all
}

fn bytes(entries: &[SealedEntry]) -> Vec<Bytes> {
    entries.iter().map(|entry| entry.bytes.clone()).collect()
}

fn segment(dir: &Path) -> PathBuf {
    fs::read_dir(dir.join("segments")).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn every_batch_is_given_once_and_as_soon_as_it_is_appended() {
    let dir = tempfile::tempdir().unwrap();
    let mut follow = Follow::from_the_first(dir.path());
    assert_eq!(given(&mut follow), Vec::<Bytes>::new(), "there is no ledger yet");
    let mut store = open(dir.path());
    let all = Maker::new(5, 0, Hash::ZERO).batch(40);
    for batch in all.chunks(7) {
        store.append(batch.to_vec()).unwrap();
        assert_eq!(given(&mut follow), bytes(batch));
    }
    drop(store);
    let mut store = open(dir.path());
    let more = Maker::new(6, 40, store.head().last_leaf_hash).batch(3);
    store.append(more.clone()).unwrap();
    assert_eq!(given(&mut follow), bytes(&more), "also behind a restart of the writer");
    assert_eq!(follow.size(), TreeSize(43));
}

#[test]
fn it_goes_on_in_the_next_segment() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut follow = Follow::from_the_first(dir.path());
    let maker = Maker::new(5, 0, Hash::ZERO).batch(1).remove(0);
    let mut count = 0;
    // A segment takes 64 MiB.
    for batch in 0..75_u64 {
        let large = |n: u64| {
            let bytes = Bytes::from([&[1; 60_000][..], &(batch * 20 + n).to_be_bytes()].concat());
            SealedEntry { leaf_hash: Hash::leaf(&bytes), bytes, ..maker.clone() }
        };
        store.append((0..20).map(large).collect()).unwrap();
        count += given(&mut follow).len();
    }
    assert!(fs::read_dir(dir.path().join("segments")).unwrap().count() > 1);
    assert_eq!((count, given(&mut Follow::from_the_first(dir.path())).len()), (1_500, 1_500));
}

#[test]
fn half_a_batch_is_waited_for_and_a_damaged_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let all = Maker::new(5, 0, Hash::ZERO).batch(10);
    store.append(all[..5].to_vec()).unwrap();
    let first_end = fs::read(segment(dir.path())).unwrap().iter().rposition(|b| *b != 0).unwrap() as u64;
    store.append(all[5..].to_vec()).unwrap();
    let file = OpenOptions::new().write(true).open(segment(dir.path())).unwrap();
    let whole = fs::read(segment(dir.path())).unwrap();
    // The writer has come as far as the middle of the second batch.
    let middle = first_end as usize + 2_000;
    file.write_all_at(&vec![0; whole.len() - middle], middle as u64).unwrap();
    let mut follow = Follow::from_the_first(dir.path());
    assert_eq!(given(&mut follow), bytes(&all[..5]));
    file.write_all_at(&whole[middle..], middle as u64).unwrap();
    assert_eq!(given(&mut follow), bytes(&all[5..]));
    // A byte of the first batch's last entry, with a batch behind it.
    let at = first_end - 100;
    file.write_all_at(&[whole[at as usize] ^ 1], at).unwrap();
    let damaged = Follow::from_the_first(dir.path()).next_batch();
    assert!(matches!(damaged, Err(StoreError::Damaged { .. })), "{damaged:?}");
}
