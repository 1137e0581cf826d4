//! The one history, as the sealed stream had it first, seen by somebody whom no fault touches.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use host::bus::Broker;
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{StatementId, TreeSize};
use ledger_core::merkle::Frontier;
use ledger_core::wire::SealedBatch;
use ledger_rules::recorders::EPOCHS_STREAM;

use crate::broken::{Broken, Promise};
use crate::excuse::Branch;
use crate::pool;
use crate::step::Who;

/// A message: the entries up to its end, its bytes, and the size of its checkpoint.
type Stored = (u64, Bytes, Option<u64>);

/// The history, and what the stream still has of it.
pub(crate) struct Truth {
    stream: String,
    entries: Vec<Bytes>,
    /// Id and SHA-256 of each entry's statement.
    statements: Vec<(StatementId, Hash)>,
    leaves: Vec<Hash>,
    tree: Frontier,
    /// By size.
    roots: Vec<Hash>,
    /// Whose epoch it is, by the entry that started it.
    leaders: BTreeMap<u64, Who>,
    notes: BTreeMap<u64, Bytes>,
    /// Every message as it was stored, by its sequence.
    messages: BTreeMap<u64, Stored>,
    next: u64,
    /// Entries up to the last message that the stream still has as it was stored.
    in_stream: u64,
    branches: Vec<Branch>,
    /// Times that the broker lost or damaged something of the stream.
    losses: u32,
    /// The fewest entries that were left in the stream after one of them.
    fewest: u64,
    /// Two histories met in the stream, after it had lost things twice.
    beyond_help: bool,
}

impl Truth {
    pub(crate) fn new(stream: String) -> Self {
        Self {
            stream,
            entries: Vec::new(),
            statements: Vec::new(),
            leaves: Vec::new(),
            tree: Frontier::new(),
            roots: vec![Frontier::new().root()],
            leaders: BTreeMap::new(),
            notes: BTreeMap::new(),
            messages: BTreeMap::new(),
            next: 1,
            in_stream: 0,
            branches: Vec::new(),
            losses: 0,
            fewest: u64::MAX,
            beyond_help: false,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    pub(crate) fn entries(&self) -> &[Bytes] {
        &self.entries
    }

    pub(crate) fn notes(&self) -> &BTreeMap<u64, Bytes> {
        &self.notes
    }

    /// How often a lost tail had to be forgiven.
    pub(crate) fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// Takeovers recorded.
    pub(crate) fn epochs(&self) -> u64 {
        self.leaders.len() as u64
    }

    /// Entries that the stream had at least since it first lost some: a decision may rest on no more than those, where
    /// nobody holds the others.
    pub(crate) fn fewest_in_stream(&self) -> u64 {
        self.fewest
    }

    /// Whether two histories met where nobody could see it, see [`crate::excuse`].
    pub(crate) fn is_beyond_help(&self) -> bool {
        self.beyond_help
    }

    /// Whose epoch it is.
    pub(crate) fn leader(&self) -> Option<Who> {
        self.leaders.last_key_value().map(|(_, who)| *who)
    }

    pub(crate) fn last_sequence(&self) -> u64 {
        self.next - 1
    }

    /// Where the statement with this digest stands.
    pub(crate) fn place_of(&self, digest: &Hash) -> Option<u64> {
        self.statements.iter().position(|(_, held)| held == digest).map(|at| at as u64)
    }

    pub(crate) fn leaf(&self, index: u64) -> Option<Hash> {
        self.leaves.get(usize::try_from(index).ok()?).copied()
    }

    pub(crate) fn has(&self, index: u64, bytes: &Bytes) -> bool {
        usize::try_from(index).is_ok_and(|at| self.entries.get(at) == Some(bytes))
    }

    /// Whether an entry was part of a history that a lost tail took.
    pub(crate) fn had(&self, index: u64, bytes: &Bytes) -> bool {
        self.branches.iter().any(|branch| branch.has(index, bytes))
    }

    pub(crate) fn has_note(&self, size: u64, note: &Bytes) -> bool {
        self.notes.get(&size) == Some(note)
    }

    pub(crate) fn had_note(&self, size: u64, note: &Bytes) -> bool {
        self.branches.iter().any(|branch| branch.has_note(size, note))
    }

    /// What the stream has that it had not before. `by` is who was on turn, and `holds` the entries that lie on that
    /// one's disk; nobody was, when a message came late.
    pub(crate) fn observe(&mut self, broker: &Broker, by: Option<(Who, u64)>) -> Result<(), Broken> {
        let (last, messages) = broker.look(&self.stream, self.next);
        for message in messages {
            let sequence = message.sequence.unwrap_or_default();
            let batch = SealedBatch::parse(&message.payload)
                .or_else(|e| Promise::OneHistory.broken(format!("message {sequence} of the stream: {e}")))?;
            self.take(&batch, by)?;
            let noted = batch.checkpoint.as_ref().map(|_| batch.end().0);
            self.messages.insert(sequence, (batch.end().0, message.payload, noted));
            self.in_stream = self.in_stream.max(batch.end().0);
        }
        self.next = last + 1;
        Ok(())
    }

    fn take(&mut self, batch: &SealedBatch, by: Option<(Who, u64)>) -> Result<(), Broken> {
        if batch.first.0 > self.size() {
            let story = format!("{} appends entry {} behind {}", name(by), batch.first, self.size());
            return Promise::OneHistory.broken(story);
        }
        // A message that was damaged or lost in its place is no gap: nobody can know of it who does not read it again.
        let written = self.messages.values().map(|message| message.0).max().unwrap_or(0);
        if batch.first.0 > written && by.is_some() {
            let story = format!("{} leaves a gap behind entry {written} of the stream", name(by));
            return Promise::OneHistory.broken(story);
        }
        for (index, bytes) in (batch.first.0..).zip(&batch.entries) {
            if self.has(index, bytes) {
                continue;
            }
            if index < self.size() {
                self.begin_branch(index, by)?;
            }
            self.push(bytes, by)?;
        }
        match &batch.checkpoint {
            Some(note) => self.take_note(batch.end().0, note, by),
            None => Ok(()),
        }
    }

    /// Another entry stands where one stood: forgiven only where the stream had lost that one, and whoever wrote the
    /// new one did not have it either.
    fn begin_branch(&mut self, index: u64, by: Option<(Who, u64)>) -> Result<(), Broken> {
        if index < self.in_stream {
            let story = format!("{} appends another entry {index} to a stream that has one", name(by));
            self.beyond_help = self.losses > 1;
            return Promise::OneHistory.broken(story);
        }
        if let Some((who, holds)) = by
            && holds > index
        {
            let story = format!("{who} appends another entry {index} than the one on its own disk");
            return Promise::NothingLost.broken(story);
        }
        let at = usize::try_from(index).expect("below the size");
        let entries = self.entries.split_off(at);
        let notes = self.notes.split_off(&(index + 1));
        self.leaders.split_off(&index);
        self.statements.truncate(at);
        self.leaves.truncate(at);
        self.roots.truncate(at + 1);
        self.tree = Frontier::new();
        self.leaves.iter().for_each(|leaf| self.tree.push(*leaf));
        self.branches.push(Branch { at: index, entries, notes });
        Ok(())
    }

    fn push(&mut self, bytes: &Bytes, by: Option<(Who, u64)>) -> Result<(), Broken> {
        let index = self.size();
        let entry = Entry::parse(bytes)
            .or_else(|e| Promise::OneHistory.broken(format!("{} appends no entry: {e}", name(by))))?;
        let before = self.leaves.last().copied().unwrap_or(Hash::ZERO);
        if entry.index.0 != index || entry.previous != before {
            let story = format!("{} appends an entry {index} that does not follow the one before", name(by));
            self.beyond_help = self.losses > 1;
            return Promise::OneHistory.broken(story);
        }
        let digest = Hash::of(&entry.statement_bytes);
        let id = entry.statement.id;
        if let Some(first) = self.statements.iter().position(|(held, _)| *held == id) {
            let story = format!("{} records {id}, which is entry {first}, again as entry {index}", name(by));
            return Promise::OnePlace.broken(story);
        }
        if entry.statement.stream.as_str() == EPOCHS_STREAM {
            self.leaders.insert(index, recorder_of(&entry));
        }
        if let (Some(leader), Some((who, _))) = (self.leader(), by)
            && leader != who
        {
            let story = format!("{who} appends entry {index} in the epoch of {leader}");
            return Promise::OneHistory.broken(story);
        }
        self.entries.push(bytes.clone());
        self.statements.push((id, digest));
        self.leaves.push(Hash::leaf(bytes));
        self.tree.push(Hash::leaf(bytes));
        self.roots.push(self.tree.root());
        Ok(())
    }

    fn take_note(&mut self, size: u64, note: &Bytes, by: Option<(Who, u64)>) -> Result<(), Broken> {
        if self.has_note(size, note) {
            return Ok(());
        }
        let wrong = |e: &dyn std::fmt::Display| {
            Promise::OneHistory.broken(format!("{}'s checkpoint of {size} entries: {e}", name(by)))
        };
        let signed =
            SignedCheckpoint::parse(note).and_then(|stranger| stranger.open(&pool::signer().verifier()));
        let signed = match signed {
            Ok(signed) => signed,
            Err(e) => return wrong(&e),
        };
        let root = usize::try_from(size).ok().and_then(|at| self.roots.get(at));
        if signed.size != TreeSize(size) || Some(&signed.root) != root {
            return wrong(&"it is of another tree");
        }
        // One that a lost tail took may be above: nobody who signs now needs to have seen it.
        let in_stream = self.messages.values().filter_map(|message| message.2).max();
        if let Some(latest) = in_stream.filter(|latest| *latest >= size) {
            return wrong(&format!("there is one of {latest} entries already"));
        }
        self.notes.insert(size, note.clone());
        Ok(())
    }

    /// After the broker lost or damaged something: what is left.
    pub(crate) fn look_again(&mut self, broker: &Broker) {
        self.losses += 1;
        let (last, messages) = broker.look(&self.stream, 1);
        self.next = last + 1;
        self.messages.split_off(&self.next);
        let good = messages.iter().filter_map(|message| {
            let (end, payload, _) = self.messages.get(&message.sequence?)?;
            (*payload == message.payload).then_some(*end)
        });
        self.in_stream = good.max().unwrap_or(0);
        self.fewest = self.fewest.min(self.in_stream);
    }

    /// Sizes of the checkpoints that every recorder must have: those that the stream still has. Where it lost something
    /// more than once, none: one that was given back and lost again may have been read by some.
    pub(crate) fn notes_for_all(&self, broker: &Broker) -> BTreeSet<u64> {
        if self.losses > 1 {
            return BTreeSet::new();
        }
        let (_, messages) = broker.look(&self.stream, 1);
        let batches = messages.iter().filter_map(|message| SealedBatch::parse(&message.payload).ok());
        let noted = |batch: SealedBatch| {
            let note = batch.checkpoint.as_ref()?;
            self.has_note(batch.end().0, note).then_some(batch.end().0)
        };
        batches.filter_map(noted).collect()
    }

    /// Whether the stream has a message otherwise than it was stored.
    pub(crate) fn is_damaged(&self, broker: &Broker) -> bool {
        let (_, messages) = broker.look(&self.stream, 1);
        let changed = |m: &host::bus::Message| {
            m.sequence
                .and_then(|s| self.messages.get(&s))
                .is_some_and(|(_, payload, _)| *payload != m.payload)
        };
        messages.iter().any(changed)
    }
}

/// Whose key signed the takeover.
fn recorder_of(entry: &Entry) -> Who {
    let key = entry.statement.signers.first().map(|signer| signer.key_id);
    let at = pool::Pool::get().recorder_ids.iter().position(|id| Some(*id) == key);
    Who(u8::try_from(at.expect("only recorders take over")).expect("there are few"))
}

fn name(by: Option<(Who, u64)>) -> String {
    by.map_or_else(|| "what came late".to_owned(), |(who, _)| who.to_string())
}
