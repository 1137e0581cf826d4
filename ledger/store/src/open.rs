//! Opening a ledger: the same steps after a clean end, a crash, a power cut and damage.
//!
//! 1. Take the lock; refuse what a failed flush has poisoned.
//! 2. Open the index, guarded. Trouble: set it aside, go on with an empty one.
//! 3. Open the journals, then the segments. An unfinished write at an end is cut. What is damaged is healed
//!    from the index: it is known how many entries and records there must be, from the other copy and from
//!    the latest checkpoint, so damage at the end is not mistaken for an unfinished write.
//! 4. Replay into the index what it lacks; all, if it is empty.
//! 5. Compare the tree with the latest checkpoint. If they differ, the index may be to blame: once more
//!    from 4 with an empty one. If they still differ, refuse: nothing may be signed on top of this.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::root_of_leaves;

use crate::addenda::Addenda;
use crate::applier::{Applier, apply_now};
use crate::checkpoint_text::stated;
use crate::checkpoints::Checkpoints;
use crate::error::{Event, Finding, StoreError};
use crate::heal::heal_segments;
use crate::index::{Kv, Trouble};
use crate::journal::{Journal, Record};
use crate::lock::{Lock, poisoned};
use crate::refusals::Refusals;
use crate::second::{JournalKind, Second};
use crate::segment_store::{COSIGNED, Options, PUBLISHED, SegmentStore, out_of_order};
use crate::segments::{Segments, sync_dir};
use crate::tail::Tail;
use crate::tree::Tree;
use crate::{Head, SealedEntry, Store as _, space};

/// How many indexes that were set aside are kept.
const SET_ASIDE_KEPT: usize = 2;
/// Room that a new index needs beyond the size of the old one.
const SPARE_BYTES: u64 = 16 << 20;

/// What opening found and did.
#[derive(Debug, Clone)]
pub struct OpenReport {
    /// Where the log stands.
    pub head: Head,
    /// What was put right.
    pub healed: Vec<Event>,
    /// What could not be put right and does not keep the ledger from opening: records that are lost.
    pub findings: Vec<Finding>,
    /// Entries that were replayed into the index, or into memory on their way there.
    pub replayed: u64,
}

impl SegmentStore {
    /// Opens the ledger in a folder, creating it if need be.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::Poisoned`], [`StoreError::RolledBack`],
    /// [`StoreError::Damaged`] when no copy of something is left, and whatever the disk refuses.
    pub fn open(dir: &Path, options: Options) -> Result<(Self, OpenReport), StoreError> {
        fs::create_dir_all(dir).map_err(StoreError::io("creating", dir))?;
        let lock = Lock::take(dir, &options.what)?;
        if let Some(reason) = poisoned(dir) {
            return Err(StoreError::Poisoned { reason });
        }
        Self::open_locked(dir, options, lock)
    }

    /// Opens the ledger whose lock is held, poisoned or not.
    pub(crate) fn open_locked(
        dir: &Path,
        options: Options,
        lock: Lock,
    ) -> Result<(Self, OpenReport), StoreError> {
        for folder in ["segments", "addenda"] {
            let path = dir.join(folder);
            fs::create_dir_all(&path).map_err(StoreError::io("creating", &path))?;
        }
        sync_dir(dir)?;
        let (mut events, mut findings) = (Vec::new(), Vec::new());
        let second = open_index(dir, &mut events)?;
        let (checkpoint_journal, checkpoints) = open_checkpoints(dir, &second, &mut events, &mut findings)?;
        let refusals = open_refusals(dir, &second, &mut events, &mut findings)?;
        let published = checkpoints.latest().map_or(0, |(size, _)| size.0);
        let segments = open_segments(dir, &second, published, &mut events)?;
        let mut store = Self {
            dir: dir.to_owned(),
            options,
            segments,
            checkpoint_journal,
            refusals,
            checkpoints,
            addenda: Addenda::new(dir),
            tree: Tree::new(),
            applier: None,
            poisoned: None,
            last_tile: Mutex::new(None),
            events: Mutex::new(events),
            _lock: lock,
        };
        let replayed = store.attach(second)?;
        let healed = store.events.lock().expect("nothing panics while it holds the events").clone();
        let report = OpenReport { head: store.head(), healed, findings, replayed };
        Ok((store, report))
    }

    /// Brings an index that failed while the ledger was open back, or makes a new one.
    pub(crate) fn attach_index(&mut self) -> Result<(), StoreError> {
        let mut events = Vec::new();
        let second = open_index(&self.dir, &mut events)?;
        events.into_iter().for_each(|event| self.note(event));
        self.attach(second)?;
        Ok(())
    }

    /// Replays what the index lacks, checks the tree, and starts the applier.
    fn attach(&mut self, second: Second) -> Result<u64, StoreError> {
        let fresh = second.progress().entries == 0;
        let refused = match self.try_attach(second) {
            Ok(replayed) => {
                if fresh && replayed > 0 {
                    self.note(Event::IndexRebuilt { entries: replayed });
                }
                return Ok(replayed);
            }
            // The index cannot be to blame: it had nothing, or entries are missing in the segments too.
            Err(error) if fresh => return Err(error),
            Err(error @ StoreError::RolledBack { size, published, .. }) if size < published => {
                return Err(error);
            }
            Err(refused @ (StoreError::Index { .. } | StoreError::RolledBack { .. })) => refused,
            Err(error) => return Err(error),
        };
        self.applier = None;
        let mut events = Vec::new();
        set_aside(&self.dir, refused.to_string(), &mut events)?;
        let second = open_index(&self.dir, &mut events)?;
        events.into_iter().for_each(|event| self.note(event));
        let replayed = self.try_attach(second)?;
        self.note(Event::IndexRebuilt { entries: replayed });
        Ok(replayed)
    }

    fn try_attach(&mut self, second: Second) -> Result<u64, StoreError> {
        let (tree, tail, replayed) = self.replay(&second)?;
        self.tree = tree;
        self.applier = Some(Applier::start(Arc::new(second), tail)?);
        self.refuse_rollback()?;
        Ok(replayed)
    }

    /// The tree, and the tail of what the index does not hold yet.
    fn replay(&self, second: &Second) -> Result<(Tree, Tail, u64), StoreError> {
        let progress = second.progress();
        let mut tail = Tail::new(progress);
        let from = tail.first();
        if from.max(progress.entries) > self.segments.next() {
            return Err(out_of_order("it holds more entries than the segments".into()));
        }
        let mut tree = Tree::new();
        if progress.blocks > 0 {
            let roots = second.tile_roots().map_err(out_of_order)?;
            let last = last_leaf(second, &roots).map_err(out_of_order)?;
            tree = Tree::from_tile_roots(roots, last);
        }
        self.segments.each_from(from, &mut |index, leaf, bytes| {
            let entry = sealed(index, leaf, bytes)?;
            tree.push(entry.leaf_hash);
            tail.push(&entry);
            if tail.is_full() { apply_now(second, &mut tail).map_err(out_of_order) } else { Ok(()) }
        })?;
        for number in progress.checkpoints..self.checkpoint_journal.next() {
            if let Ok(Some(record)) = self.checkpoint_journal.read(number) {
                tail.push_record(JournalKind::Checkpoints, record);
            }
        }
        for number in progress.refusals.max(self.refusals.first())..self.refusals.next() {
            if let Ok(Some(record)) = self.refusals.read(number) {
                tail.push_record(JournalKind::Refusals, record);
            }
        }
        tail.refusals_from = self.refusals.first();
        Ok((tree, tail, self.segments.next() - from))
    }

    fn refuse_rollback(&self) -> Result<(), StoreError> {
        let Some((published, note)) = self.latest_checkpoint()? else { return Ok(()) };
        let Some((_, _, published_root)) = stated(&note) else { return Ok(()) };
        let size = self.tree.size();
        let root = self.tree.root_at(published.min(size), &|tile| self.tile(tile))?;
        if size < published || root != published_root {
            return Err(StoreError::RolledBack { size, root, published, published_root });
        }
        Ok(())
    }
}

/// The last leaf hash under these tile roots, checked: the next entry will be chained to it.
fn last_leaf(second: &Second, roots: &[Hash]) -> Result<Hash, Trouble> {
    let tile = second.tile(roots.len() as u64 - 1)?.unwrap_or_default();
    let good = roots.last().is_some_and(|root| *root == root_of_leaves(&tile));
    tile.last().copied().filter(|_| good).ok_or_else(|| "its last tile does not hash to its root".into())
}

/// What the index needs to know of an entry. Only replay reads entries; the store knows nothing else of them.
pub(crate) fn sealed(index: u64, leaf_hash: Hash, bytes: Bytes) -> Result<SealedEntry, StoreError> {
    let damaged = |problem: String| StoreError::Damaged { what: format!("entry {index} ({problem})") };
    let entry = Entry::parse(&bytes).map_err(|e| damaged(e.to_string()))?;
    if entry.index != EntryIndex(index) {
        return Err(damaged(format!("it says that it is entry {}", entry.index)));
    }
    let (statement_id, stream) = (entry.statement.id, entry.statement.stream);
    Ok(SealedEntry { bytes, leaf_hash, statement_id, stream, stream_version: entry.stream_version })
}

/// Opens the index; one that cannot be used is set aside, and an empty one takes its place.
pub(crate) fn open_index(dir: &Path, events: &mut Vec<Event>) -> Result<Second, StoreError> {
    let trouble = match try_open_index(dir, events) {
        Ok(second) => return Ok(second),
        Err(trouble) => trouble,
    };
    // sled does not open on a full disk. That is no reason to throw it away.
    space::check(dir, 1 << 20, 0)?;
    set_aside(dir, trouble, events)?;
    try_open_index(dir, events).map_err(out_of_order)
}

fn try_open_index(dir: &Path, events: &mut Vec<Event>) -> Result<Second, Trouble> {
    let (kv, left) = Kv::open(&dir.join("index"))?;
    events.extend(left.into_iter().map(|name| Event::LeftoverRemoved { name }));
    Second::load(kv)
}

/// Moves the index out of the way, and removes all but the latest few that were moved before. Where there
/// is no room for a new one beside it, it is removed as well: it can be made again, it is kept to be looked at.
pub(crate) fn set_aside(dir: &Path, reason: String, events: &mut Vec<Event>) -> Result<(), StoreError> {
    let number = |path: &PathBuf| -> Option<u32> {
        path.file_name()?.to_str()?.strip_prefix("index.set-aside-")?.parse().ok()
    };
    let items = fs::read_dir(dir).map_err(StoreError::io("listing", dir))?;
    let paths = items.filter_map(|item| Some(item.ok()?.path()));
    let mut present: Vec<u32> = paths.filter_map(|path| number(&path)).collect();
    present.sort_unstable();
    let next = present.last().map_or(0, |last| last + 1);
    let path_of = |n: u32| dir.join(format!("index.set-aside-{n}"));
    let index = dir.join("index");
    let needed = space::used(&index) + SPARE_BYTES;
    fs::rename(&index, path_of(next)).map_err(StoreError::io("setting aside", &path_of(next)))?;
    present.push(next);
    while present.len() > SET_ASIDE_KEPT || (!present.is_empty() && space::free(dir)? < needed) {
        let oldest = path_of(present.remove(0));
        fs::remove_dir_all(&oldest).map_err(StoreError::io("removing", &oldest))?;
    }
    sync_dir(dir)?;
    let kept = present.contains(&next).then(|| format!("index.set-aside-{next}"));
    events.push(Event::IndexSetAside { kept, reason });
    Ok(())
}

fn open_checkpoints(
    dir: &Path,
    second: &Second,
    events: &mut Vec<Event>,
    findings: &mut Vec<Finding>,
) -> Result<(Journal, Checkpoints<u64>), StoreError> {
    let must_have = second.progress().checkpoints;
    let (mut journal, found) = Journal::open(&dir.join("checkpoints.jnl"), 0, must_have, |_| ())?;
    events.extend(found);
    let damaged = journal.damaged().next();
    if let Some(record) = damaged {
        let copy = |number| second.record(JournalKind::Checkpoints, number).ok().flatten();
        heal_journal(&mut journal, record, copy, events, findings)?;
    }
    let mut known = Checkpoints::new();
    for number in 0..journal.next() {
        if let Ok(Some(record)) = journal.read(number) {
            note_checkpoint(&mut known, &record);
        }
    }
    Ok((journal, known))
}

fn open_refusals(
    dir: &Path,
    second: &Second,
    events: &mut Vec<Event>,
    findings: &mut Vec<Finding>,
) -> Result<Refusals, StoreError> {
    let (mut refusals, found) = Refusals::open(dir, second.progress().refusals)?;
    events.extend(found);
    for (journal, record) in refusals.damaged() {
        let copy = |number| second.record(JournalKind::Refusals, number).ok().flatten();
        heal_journal(journal, record, copy, events, findings)?;
    }
    Ok(refusals)
}

fn heal_journal(
    journal: &mut Journal,
    record: u64,
    copy: impl Fn(u64) -> Option<Record>,
    events: &mut Vec<Event>,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let lost = journal.heal(copy)?;
    events.push(Event::JournalHealed { file: journal.name(), record });
    findings.extend(lost.into_iter().map(|record| Finding::RecordLost { file: journal.name(), record }));
    Ok(())
}

/// Notes where a checkpoint's record is to be found.
pub(crate) fn note_checkpoint(known: &mut Checkpoints<u64>, record: &Record) {
    match record.kind {
        PUBLISHED => known.publish(TreeSize(record.about), record.number),
        COSIGNED => known.cosign(TreeSize(record.about), record.number),
        _ => {}
    }
}

fn open_segments(
    dir: &Path,
    second: &Second,
    published: u64,
    events: &mut Vec<Event>,
) -> Result<Segments, StoreError> {
    let path = dir.join("segments");
    let in_index = second.progress().entries;
    let must_have = in_index.max(published);
    let (segments, found, damage) = Segments::open(&path, must_have)?;
    events.extend(found);
    if damage.from.is_none() {
        return Ok(segments);
    }
    drop(segments);
    let healing = heal_segments(&path, second, in_index, &BTreeSet::new())?;
    events.extend(healing.events);
    if let Some(finding) = healing.findings.first() {
        return Err(StoreError::Damaged { what: finding.to_string() });
    }
    // What is still missing now was published, but neither copy has it: the rollback check says so.
    let (segments, found, _) = Segments::open(&path, must_have)?;
    events.extend(found);
    Ok(segments)
}
