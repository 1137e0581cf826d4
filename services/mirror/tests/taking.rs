//! What a mirror takes and what it does not, batch by batch.

#[allow(dead_code, reason = "each test file needs a part of the scene")]
mod scene;

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::wire::SealedBatch;
use ledger_store::{Options, SegmentStore};
use mirror::{Break, LogKey, Mirror};
use scene::{Scene, empty_mirror, log, signer_from, take_all};

fn flipped(batch: &SealedBatch, at: usize, byte: usize) -> SealedBatch {
    let mut batch = batch.clone();
    let mut entry = batch.entries[at].to_vec();
    entry[byte] ^= 1;
    batch.entries[at] = entry.into();
    batch
}

#[test]
fn a_mirror_comes_to_the_same_root_and_the_same_state_as_the_recorder() {
    let scene = Scene::founded();
    scene.record(1..40);
    let mirror = empty_mirror();
    take_all(&mirror, &scene.batches(7));
    let standing = mirror.standing();
    assert_eq!((standing.size, standing.root), (TreeSize(scene.size()), scene.root()));
    assert_eq!(standing.covered, standing.size, "the last batch carried the checkpoint");
    let state = scene.recorder.read(|_, state| state.to_bytes());
    assert_eq!(mirror.look(|_, mine| mine.to_bytes()), state);
}

#[test]
fn batches_may_come_again_and_overlap_and_change_nothing() {
    let scene = Scene::founded();
    scene.record(1..20);
    let mirror = empty_mirror();
    let batches = scene.batches(5);
    for batch in batches.iter().chain(&batches) {
        mirror.take(batch).expect("the same entries are no news");
    }
    let all = scene.batch(3, scene.size());
    assert_eq!(mirror.take(&all).expect("they overlap").size, TreeSize(scene.size()));
}

#[test]
fn a_batch_that_begins_beyond_the_head_is_a_gap_and_nothing_of_it_is_taken() {
    let scene = Scene::founded();
    scene.record(1..10);
    let batches = scene.batches(4);
    let mirror = empty_mirror();
    mirror.take(&batches[0]).expect("the first");
    let gap = mirror.take(&batches[2]);
    assert!(matches!(gap, Err(Break::Gap { have: TreeSize(4), first: EntryIndex(8) })), "{gap:?}");
    assert_eq!(mirror.standing().size, TreeSize(4));
}

#[test]
fn no_byte_of_an_entry_can_change_unnoticed() {
    let scene = Scene::founded();
    scene.record(1..4);
    scene.recorder.publish().expect("a checkpoint");
    let size = scene.size();
    let batch = scene.batch(0, size);
    for at in 0..batch.entries.len() {
        // The first bytes, the last, and some between.
        let length = batch.entries[at].len();
        for byte in (0..length).step_by(97).chain([1, 2, length - 1]) {
            let mirror = empty_mirror();
            let broken = mirror.take(&flipped(&batch, at, byte));
            assert!(broken.is_err(), "entry {at}, byte {byte}: {broken:?}");
            assert_eq!(mirror.standing().size, TreeSize(0), "nothing of the batch is kept");
        }
    }
}

#[test]
fn what_was_sealed_over_other_entries_is_seen_at_the_next_checkpoint() {
    let scene = Scene::founded();
    scene.record(1..6);
    let size = scene.size();
    let mirror = empty_mirror();
    mirror.take(&scene.batch(0, size - 1)).expect("they follow");
    // Somebody who may write to the stream seals an entry of their own behind a real one.
    let real = scene.batch(size - 1, size);
    let entry = Entry::parse(&real.entries[0]).expect("an entry");
    let forged = Entry { recorded_at_ms: entry.recorded_at_ms + 1, ..entry }.seal().expect("it fits");
    mirror.take(&SealedBatch { entries: vec![forged.into()], ..real.clone() }).expect("nobody can tell yet");
    assert!(mirror.standing().covered < TreeSize(size), "and nobody says that the log vouches for it");
    scene.recorder.publish().expect("a checkpoint");
    let signed = SealedBatch { first: EntryIndex(size), entries: Vec::new(), ..scene.batch(0, size) };
    let broken = mirror.take(&signed);
    assert!(matches!(broken, Err(Break::Root { size: at, .. }) if at.0 == size), "{broken:?}");
    assert!(matches!(mirror.take(&real), Err(Break::Differs(at)) if at.0 == size - 1));
}

#[test]
fn a_forged_checkpoint_is_not_believed() {
    let scene = Scene::founded();
    scene.record(1..6);
    let (size, root) = (scene.size(), scene.root());
    let by_another_key = signer_from(9).sign(TreeSize(size), root).expect("it signs").to_bytes();
    let by_the_log = signer_from(1).sign(TreeSize(size), Hash::of(b"another root")).expect("it signs");
    let mirror = empty_mirror();
    let with = |note: Vec<u8>| SealedBatch { checkpoint: Some(note.into()), ..scene.batch(0, size) };
    assert!(matches!(mirror.take(&with(by_another_key)), Err(Break::Signature { .. })));
    assert!(matches!(mirror.take(&with(by_the_log.to_bytes())), Err(Break::Root { .. })));
    assert!(matches!(mirror.take(&with(b"no note".to_vec())), Err(Break::Signature { .. })));
    assert_eq!(mirror.standing().size, TreeSize(0), "nothing that came with it was kept");
    mirror.take(&scene.batch(0, size)).expect("without it, it follows");
    assert_eq!(mirror.standing().covered, TreeSize(0));
}

#[test]
fn a_ledger_of_another_log_is_not_taken_for_the_one_that_was_named() {
    let scene = Scene::founded();
    let other = ledger_core::checkpoint::LogSigner::new(
        "elsewhere.example/x".parse().expect("an origin"),
        &[3; 32],
        &[4; 32],
    );
    let log = LogKey::Given(Box::new(other.expect("log keys").verifier()));
    let store = ledger_store::MemoryStore::open(&ledger_store::MemoryDisk::new()).expect("opens");
    let mirror = Mirror::open(Box::new(store), log).expect("an empty copy opens");
    let broken = mirror.take(&scene.batch(0, 1));
    assert!(matches!(broken, Err(Break::Chain { index: EntryIndex(0), .. })), "{broken:?}");
}

#[test]
fn a_copy_is_taken_up_again_from_its_own_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let scene = Scene::founded();
    scene.record(1..30);
    let batches = scene.batches(8);
    let open = |log| {
        let (store, _) = SegmentStore::open(folder.path(), Options::default()).expect("the folder opens");
        Mirror::open(Box::new(store), log)
    };
    let mirror = open(LogKey::FromFirstEntry).expect("opens");
    take_all(&mirror, &batches[..2]);
    drop(mirror);
    let mirror = open(LogKey::Given(Box::new(log()))).expect("opens again");
    assert_eq!(mirror.standing().size, TreeSize(16));
    take_all(&mirror, &batches);
    assert_eq!(mirror.standing().root, scene.root());
    mirror.save();
    drop(mirror);
    let wrong = open(LogKey::Given(Box::new(signer_from(9).verifier())));
    assert!(matches!(wrong, Err(Break::Signature { .. })), "the copy is another log's: {wrong:?}");
    let mirror = open(LogKey::FromFirstEntry).expect("opens with what it saved");
    assert_eq!(mirror.standing().covered, TreeSize(scene.size()));
    assert_eq!(mirror.entries(TreeSize(scene.size() - 1)).expect("readable").len(), 1);
    assert_eq!(mirror.entries(TreeSize(scene.size())).expect("readable"), Vec::<Bytes>::new());
}

#[test]
fn a_halted_mirror_takes_nothing_and_says_why() {
    let scene = Scene::founded();
    let mirror = empty_mirror();
    mirror.halt("two histories");
    assert!(matches!(mirror.take(&scene.batch(0, 1)), Err(Break::Halted(why)) if why == "two histories"));
    mirror.halt("something later");
    assert_eq!(mirror.halted().as_deref(), Some("two histories"), "the first reason counts");
}
