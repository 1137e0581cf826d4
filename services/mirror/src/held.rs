//! The copy itself: a store, the state that the rules make of it, and the edge of its tree.

use bytes::Bytes;
use ledger_core::checkpoint::LogVerifier;
use ledger_core::entry::Entry;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::{self, Frontier, TreeError};
use ledger_core::wire::SealedBatch;
use ledger_rules::{State, evolve_entry};
use ledger_store::{Store, StoreError, TreeOf};

use crate::extend::{Break, Extension, check_note, founded_log};
use crate::{LogKey, Standing};

/// Entries between two snapshots of the state: replaying this many takes well under a second.
const SNAPSHOT_EVERY: u64 = 65_536;

pub(crate) struct Held {
    store: Box<dyn Store>,
    state: State,
    frontier: Frontier,
    /// `None` until it is known, from entry 0.
    log: Option<LogVerifier>,
    covered: TreeSize,
    snapshot_at: TreeSize,
}

impl Held {
    pub(crate) fn open(store: Box<dyn Store>, log: LogKey) -> Result<Self, Break> {
        let head = store.head();
        let (state, snapshot_at) = replay(&*store)?;
        let frontier = Frontier::read(head.size, &TreeOf(&*store)).map_err(tree)?;
        let log = match log {
            LogKey::Given(log) => Some(*log),
            LogKey::FromFirstEntry => None,
        };
        let mut held = Self { store, state, frontier, log, covered: TreeSize(0), snapshot_at };
        if let Some(first) = held.store.entry(EntryIndex(0))? {
            held.meet_first(&parse(EntryIndex(0), &first)?)?;
        }
        if let Some((size, note)) = held.store.latest_checkpoint()? {
            held.check(size, &note)?;
            held.covered = size;
        }
        Ok(held)
    }

    pub(crate) fn standing(&self) -> Standing {
        let head = self.store.head();
        Standing { size: head.size, root: head.root, covered: self.covered }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Checks the whole batch, then keeps it.
    pub(crate) fn take(&mut self, batch: &SealedBatch) -> Result<(), Break> {
        let have = self.store.head().size;
        if batch.first.0 > have.0 {
            return Err(Break::Gap { have, first: batch.first });
        }
        let known = usize::try_from(have.0 - batch.first.0).unwrap_or(usize::MAX).min(batch.entries.len());
        let (known, new) = batch.entries.split_at(known);
        self.compare(batch.first, known)?;
        let mut extension = Extension::of(&*self.store, self.frontier.clone());
        new.iter().try_for_each(|bytes| extension.push(bytes))?;
        let Extension { frontier, entries, sealed, .. } = extension;
        if let Some(first) = entries.first().filter(|entry| entry.index == EntryIndex(0)) {
            self.meet_first(first)?;
        }
        let end = batch.end();
        if let Some(note) = &batch.checkpoint {
            // Before anything is kept: what the log contradicts shall not get in.
            if end == frontier.size() {
                check_note(note, self.log(end)?, end, frontier.root())?;
            } else {
                self.check(end, note)?;
            }
        }
        if !sealed.is_empty() {
            self.store.append(sealed)?;
            entries.iter().for_each(|entry| evolve_entry(&mut self.state, entry));
            self.frontier = frontier;
        }
        if let Some(note) = batch.checkpoint.clone().filter(|_| end > self.covered) {
            self.store.put_checkpoint(end, note)?;
            self.covered = end;
        }
        if self.store.head().size.0 - self.snapshot_at.0 >= SNAPSHOT_EVERY {
            self.save_snapshot();
        }
        Ok(())
    }

    /// What is held already must be the very same bytes.
    fn compare(&self, first: EntryIndex, entries: &[Bytes]) -> Result<(), Break> {
        for (index, bytes) in (first.0..).map(EntryIndex).zip(entries) {
            if self.store.entry(index)?.as_ref() != Some(bytes) {
                return Err(Break::Differs(index));
            }
        }
        Ok(())
    }

    /// A checkpoint over what is held.
    fn check(&self, size: TreeSize, note: &Bytes) -> Result<(), Break> {
        let root = merkle::tree_root(size, &TreeOf(&*self.store)).map_err(tree)?;
        check_note(note, self.log(size)?, size, root)
    }

    pub(crate) fn log(&self, size: TreeSize) -> Result<&LogVerifier, Break> {
        let problem = || "no log key is known: none was given, and entry 0 names none".to_owned();
        self.log.as_ref().ok_or_else(|| Break::Signature { size, problem: problem() })
    }

    /// Entry 0 names the log. Where a key was given, it must be that log's.
    fn meet_first(&mut self, entry: &Entry) -> Result<(), Break> {
        let broken = |problem: String| Break::Chain { index: EntryIndex(0), problem };
        let founded = founded_log(entry).ok_or_else(|| broken("it founds no ledger".to_owned()))?;
        match &self.log {
            Some(given) if given.origin() != founded.origin() => {
                let problem =
                    format!("it founds {}, and the key is for {}", founded.origin(), given.origin());
                Err(broken(problem))
            }
            Some(_) => Ok(()),
            None => {
                self.log = Some(founded);
                Ok(())
            }
        }
    }

    pub(crate) fn save_snapshot(&mut self) {
        let size = self.store.head().size;
        match self.store.save_snapshot(size, self.state.to_bytes().into()) {
            Ok(()) => self.snapshot_at = size,
            Err(error) => tracing::warn!(%error, "no snapshot was saved; the next start replays more"),
        }
    }
}

/// The state at the head: the snapshot, and every entry after it.
fn replay(store: &dyn Store) -> Result<(State, TreeSize), Break> {
    let head = store.head().size;
    let snapshot = store.load_snapshot().filter(|(size, _)| *size <= head);
    let (snapshot_at, mut state) = snapshot
        .and_then(|(size, bytes)| Some((size, State::from_bytes(&bytes).ok()?)))
        .unwrap_or((TreeSize(0), State::default()));
    for index in (snapshot_at.0..head.0).map(EntryIndex) {
        let bytes = store.entry(index)?;
        let bytes = bytes.ok_or_else(|| StoreError::Damaged { what: format!("entry {index}") })?;
        evolve_entry(&mut state, &parse(index, &bytes)?);
    }
    Ok((state, snapshot_at))
}

fn parse(index: EntryIndex, bytes: &Bytes) -> Result<Entry, Break> {
    Entry::parse(bytes).map_err(|problem| Break::Form { index, problem })
}

pub(crate) fn tree(error: TreeError<StoreError>) -> Break {
    match error {
        TreeError::Read(error) => Break::Store(error),
        other => Break::Store(StoreError::Damaged { what: format!("the tree ({other})") }),
    }
}
