//! The copy itself: a store, the state that the rules make of it, and the edge of its tree.

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::{self, Frontier, TreeError};
use ledger_core::wire::SealedBatch;
use ledger_rules::{State, evolve_entry};
use ledger_store::{Store, StoreError, TreeOf};

use crate::extend::{Break, Extension, check_note, founded_log};
use crate::known::{self, Known};
use crate::{LogKey, Standing};

/// Entries between two snapshots of the state: replaying this many takes well under a second.
const SNAPSHOT_EVERY: u64 = 65_536;

pub(crate) struct Held {
    store: Box<dyn Store>,
    state: State,
    frontier: Frontier,
    known: Known,
    /// Size of the latest checkpoint kept.
    noted: TreeSize,
    /// Whether a checkpoint under keys that the operator gave was seen over these very entries.
    vouched: bool,
    /// Whether it was said that there is none.
    warned: bool,
    snapshot_at: TreeSize,
}

impl Held {
    pub(crate) fn open(store: Box<dyn Store>, log: LogKey) -> Result<Self, Break> {
        let head = store.head();
        let (state, snapshot_at) = replay(&*store)?;
        let frontier = Frontier::read(head.size, &TreeOf(&*store)).map_err(tree)?;
        let given = match log {
            LogKey::Given(log) => vec![*log],
            LogKey::AnyOf(logs) => logs,
            LogKey::FromFirstEntry => Vec::new(),
        };
        let known = Known::new(given, &state);
        let (noted, vouched, warned) = (TreeSize(0), false, false);
        let mut held = Self { store, state, frontier, known, noted, vouched, warned, snapshot_at };
        if let Some(first) = held.store.entry(EntryIndex(0))? {
            held.meet_first(&parse(EntryIndex(0), &first)?)?;
        }
        if let Some((size, note)) = held.store.latest_checkpoint()? {
            if !held.check(size, &note)? {
                let problem = "the copy was signed by other keys than those that were given".to_owned();
                return Err(Break::Signature { size, problem });
            }
            held.noted = size;
            held.vouched = held.known.vouches(held.known.at(size)?) || held.finds_a_voucher()?;
        }
        Ok(held)
    }

    /// Whether a checkpoint of a time at which the operator's keys signed is kept here.
    fn finds_a_voucher(&self) -> Result<bool, Break> {
        for (from, until) in self.known.vouched_sizes() {
            let covering = self.store.first_checkpoint_covering(EntryIndex(from.0.saturating_sub(1)))?;
            let Some((size, note)) = covering.filter(|(size, _)| *size <= until) else { continue };
            self.check(size, &note)?;
            return Ok(true);
        }
        Ok(false)
    }

    pub(crate) fn standing(&self) -> Standing {
        let head = self.store.head();
        let covered = if self.vouched { self.noted } else { TreeSize(0) };
        Standing { size: head.size, root: head.root, covered }
    }

    pub(crate) fn known(&self) -> &Known {
        &self.known
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
        let registry = known::judge(&entries, &self.state)?;
        let changed = registry.filter(|registry| registry.recorders() != self.state.recorders());
        let known = changed.map(|registry| self.known.after(&registry));
        let end = batch.end();
        let counts = match &batch.checkpoint {
            // Before anything is kept: what the log contradicts shall not get in.
            Some(note) if end == frontier.size() => {
                check_note(note, known.as_ref().unwrap_or(&self.known), end, frontier.root())?
            }
            Some(note) => self.check(end, note)?,
            None => false,
        };
        if !sealed.is_empty() {
            self.store.append(sealed)?;
            entries.iter().for_each(|entry| evolve_entry(&mut self.state, entry));
            self.frontier = frontier;
        }
        if let Some(known) = known {
            self.known = known;
        }
        if let Some(note) = &batch.checkpoint {
            self.note(end, note, counts)?;
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
    fn check(&self, size: TreeSize, note: &Bytes) -> Result<bool, Break> {
        let root = merkle::tree_root(size, &TreeOf(&*self.store)).map_err(tree)?;
        check_note(note, &self.known, size, root)
    }

    /// Keeps a checkpoint that was checked, where it counts.
    fn note(&mut self, size: TreeSize, note: &Bytes, counts: bool) -> Result<(), Break> {
        let vouches = counts && self.known.vouches(self.known.at(size)?);
        self.vouched |= vouches;
        if !self.vouched && !std::mem::replace(&mut self.warned, true) {
            tracing::warn!(%size, "no checkpoint by the keys that were given was seen yet: nothing is covered");
        }
        if counts && size > self.noted {
            self.store.put_checkpoint(size, note.clone())?;
            self.noted = size;
        }
        Ok(())
    }

    /// Entry 0 names the log. Where a key was given, it must be that log's.
    fn meet_first(&self, entry: &Entry) -> Result<(), Break> {
        let broken = |problem: String| Break::Chain { index: EntryIndex(0), problem };
        let founded = founded_log(entry).ok_or_else(|| broken("it founds no ledger".to_owned()))?;
        match self.known.given_origin() {
            Some(given) if given != founded.origin().as_str() => {
                Err(broken(format!("it founds {}, and the key is for {given}", founded.origin())))
            }
            _ => Ok(()),
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
