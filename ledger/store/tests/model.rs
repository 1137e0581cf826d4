//! Both stores against a model that is too simple to be wrong, over random lists of operations, crashes
//! included. A crash of the store with files is a copy of its folder taken while it is open: whatever the
//! applier was doing at that moment is cut off, and some rubbish is put behind the last frame.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

#[path = "../src/testing.rs"]
#[allow(dead_code, unreachable_pub, reason = "each user of the shared file needs a part of it")]
mod testing;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::root_of_leaves;
use ledger_store::{Fault, MemoryDisk, MemoryStore, Options, SealedEntry, SegmentStore, Store, StoreError};
use proptest::prelude::*;
use tempfile::TempDir;
use testing::Maker;

#[derive(Debug, Clone)]
enum Op {
    Append(usize),
    FailedAppend,
    Checkpoint,
    Cosign(u8),
    Refuse(u8),
    PutAddendum(u8),
    EraseAddendum(u8),
    Snapshot(u8),
    Reopen,
    /// With this many bytes of an unfinished write behind the last frame.
    Crash(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => prop_oneof![1..9usize, 30..40usize, 200..300usize, Just(4_096)].prop_map(Op::Append),
        1 => Just(Op::FailedAppend),
        3 => Just(Op::Checkpoint),
        2 => any::<u8>().prop_map(Op::Cosign),
        2 => any::<u8>().prop_map(Op::Refuse),
        1 => (0..4u8).prop_map(Op::PutAddendum),
        1 => (0..4u8).prop_map(Op::EraseAddendum),
        1 => any::<u8>().prop_map(Op::Snapshot),
        2 => Just(Op::Reopen),
        3 => prop_oneof![Just(0), 1..900usize].prop_map(Op::Crash),
    ]
}

#[derive(Default)]
struct Model {
    entries: Vec<SealedEntry>,
    published: BTreeMap<u64, Bytes>,
    served: BTreeMap<u64, Bytes>,
    refusals: Vec<Bytes>,
    addenda: BTreeMap<u8, Bytes>,
    snapshot: Option<(TreeSize, Bytes)>,
}

impl Model {
    fn root(&self) -> Hash {
        root_of_leaves(&self.entries.iter().map(|e| e.leaf_hash).collect::<Vec<_>>())
    }

    fn compare(&self, store: &dyn Store) {
        let head = store.head();
        assert_eq!((head.size.0, head.root), (self.entries.len() as u64, self.root()));
        let step = 1 + self.entries.len() / 60;
        for (index, entry) in (0..).map(EntryIndex).zip(&self.entries).step_by(step) {
            assert_eq!(store.entry(index).unwrap().as_ref(), Some(&entry.bytes));
            assert_eq!(store.find(&entry.statement_id).unwrap(), Some(index));
            let versions = self.entries.iter().filter(|e| e.stream == entry.stream).count() as u64;
            assert_eq!(store.stream_version(&entry.stream).unwrap(), versions);
            assert_eq!(store.stream(&entry.stream, entry.stream_version, 1).unwrap(), [index]);
        }
        let sizes: Vec<u64> =
            store.checkpoint_sizes(TreeSize(0), usize::MAX).iter().map(|size| size.0).collect();
        assert_eq!(sizes, self.published.keys().copied().collect::<Vec<_>>());
        for (&size, note) in &self.published {
            assert_eq!(store.published_checkpoint(TreeSize(size)).unwrap().as_ref(), Some(note));
            assert_eq!(store.checkpoint(TreeSize(size)).unwrap().as_ref(), self.served.get(&size));
        }
        assert_eq!(store.refusals(0, usize::MAX).unwrap(), self.refusals);
        for n in 0..4 {
            assert_eq!(store.addendum(&Hash::of(&[n])).unwrap().as_ref(), self.addenda.get(&n));
        }
        assert_eq!(store.load_snapshot(), self.snapshot);
    }
}

/// Where a store lies, and how it is made to fail.
trait Place {
    fn open(&self) -> Box<dyn Store>;
    /// The process is gone in the middle of what it did; `torn` bytes of a write were on their way.
    fn crash(&mut self, store: Box<dyn Store>, torn: usize);
    /// Lets the next append fail without a trace.
    fn fail_next(&self);
    fn can_fail(&self) -> bool;
}

impl Place for MemoryDisk {
    fn open(&self) -> Box<dyn Store> {
        Box::new(MemoryStore::open(self).unwrap())
    }

    fn crash(&mut self, mut store: Box<dyn Store>, torn: usize) {
        if torn > 0 {
            self.inject(Fault::TornWrite);
            let head = store.head();
            store.append(Maker::new(9, head.size.0, head.last_leaf_hash).batch(2)).unwrap_err();
        }
        std::mem::forget(store);
        MemoryDisk::crash(self);
    }

    fn fail_next(&self) {
        self.inject(Fault::FailWrite);
    }

    fn can_fail(&self) -> bool {
        true
    }
}

struct Folder(TempDir);

impl Place for Folder {
    fn open(&self) -> Box<dyn Store> {
        let options = Options { what: "model".into(), watermark_bytes: 0 };
        Box::new(SegmentStore::open(self.0.path(), options).unwrap().0)
    }

    fn crash(&mut self, store: Box<dyn Store>, torn: usize) {
        let copy = tempfile::tempdir().unwrap();
        copy_all(self.0.path(), copy.path());
        drop(store);
        let segments = copy.path().join("segments");
        let last = fs::read_dir(&segments).unwrap().map(|item| item.unwrap().path()).max();
        if let Some(last) = last {
            let mut content = fs::read(&last).unwrap();
            content.extend_from_within(..torn.min(content.len().saturating_sub(1)));
            fs::write(&last, content).unwrap();
        }
        self.0 = copy;
    }

    fn fail_next(&self) {}

    fn can_fail(&self) -> bool {
        false
    }
}

fn run(place: &mut dyn Place, ops: &[Op]) {
    let mut store = place.open();
    let mut model = Model::default();
    let mut maker = Maker::new(1, 0, Hash::ZERO);
    for op in ops {
        match op {
            Op::Append(n) => {
                let batch = maker.batch(*n);
                model.entries.extend(batch.clone());
                store.append(batch).unwrap();
            }
            Op::FailedAppend if place.can_fail() => {
                place.fail_next();
                let refused = store.append(maker.clone().batch(2));
                assert!(matches!(refused, Err(StoreError::Suspended { .. })));
            }
            Op::FailedAppend => {}
            Op::Checkpoint => checkpoint(&mut *store, &mut model),
            Op::Cosign(n) => cosign(&mut *store, &mut model, *n),
            Op::Refuse(n) => {
                let refusal = Bytes::from(vec![*n; 20]);
                assert_eq!(store.put_refusal(refusal.clone()).unwrap(), model.refusals.len() as u64);
                model.refusals.push(refusal);
            }
            Op::PutAddendum(n) => {
                store.put_addendum(Hash::of(&[*n]), Bytes::from(vec![*n])).unwrap();
                model.addenda.insert(*n, Bytes::from(vec![*n]));
            }
            Op::EraseAddendum(n) => {
                let was_there = model.addenda.remove(n).is_some();
                assert_eq!(store.erase_addendum(&Hash::of(&[*n])).unwrap(), was_there);
            }
            Op::Snapshot(n) => {
                let (size, state) = (store.head().size, Bytes::from(vec![*n; 99]));
                store.save_snapshot(size, state.clone()).unwrap();
                model.snapshot = Some((size, state));
            }
            Op::Reopen => {
                drop(store);
                store = place.open();
            }
            Op::Crash(torn) => {
                place.crash(store, *torn);
                store = place.open();
            }
        }
        model.compare(&*store);
    }
}

fn checkpoint(store: &mut dyn Store, model: &mut Model) {
    let head = store.head();
    let note = Bytes::from(format!("ledger.example/test\n{}\n{}\n\n— log sig\n", head.size, head.root));
    store.put_checkpoint(head.size, note.clone()).unwrap();
    model.published.insert(head.size.0, note.clone());
    model.served.entry(head.size.0).or_insert(note);
}

fn cosign(store: &mut dyn Store, model: &mut Model, n: u8) {
    let Some((&size, note)) = model.published.iter().nth(usize::from(n) % model.published.len().max(1))
    else {
        return;
    };
    let cosigned = Bytes::from([&note[..], format!("— witness {n}\n").as_bytes()].concat());
    store.put_cosigned(TreeSize(size), cosigned.clone()).unwrap();
    model.served.insert(size, cosigned);
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let path = item.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_all(&path, &target);
        } else if path.exists() {
            // The index may remove a file of its own while we copy.
            let _ = fs::copy(&path, &target);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn the_store_with_files_does_what_the_model_does(ops in prop::collection::vec(op(), 1..14)) {
        run(&mut Folder(tempfile::tempdir().unwrap()), &ops);
    }

    #[test]
    fn the_memory_store_does_what_the_model_does(ops in prop::collection::vec(op(), 1..14)) {
        run(&mut MemoryDisk::new(), &ops);
    }
}
