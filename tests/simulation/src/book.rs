//! What was said to whom, held against the one history.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_core::sshsig::KeyCache;
use ledger_core::statement::Statement;
use ledger_core::wire::Submission;
use ledger_rules::{Context, State, decide, evolve_entry};
use recorder::Durable;

use crate::broken::{Broken, Promise};
use crate::step::Who;
use crate::truth::Truth;

/// Everything that was decided, and what of it anybody heard.
#[derive(Default)]
pub(crate) struct Book {
    recorded: BTreeMap<Hash, Durable>,
    refused: BTreeSet<Hash>,
    heard: BTreeSet<Hash>,
    pub(crate) acknowledgements: u64,
    pub(crate) refusals: u64,
    /// Acknowledged, and taken by a lost tail.
    pub(crate) forgiven: u64,
    checked_branches: usize,
}

impl Book {
    pub(crate) fn has_answer(&self, digest: &Hash) -> bool {
        self.heard.contains(digest)
    }

    /// Somebody heard the answer to this.
    pub(crate) fn heard(&mut self, digest: Hash) {
        self.heard.insert(digest);
    }

    /// A recorder says that a statement is recorded. It must be in the history and on that recorder's own disk, and
    /// where everybody else was told that it is.
    pub(crate) fn recorded(
        &mut self,
        who: Who,
        digest: Hash,
        durable: Durable,
        on_disk: Option<&Bytes>,
        truth: &Truth,
    ) -> Result<(), Broken> {
        self.acknowledgements += 1;
        let index = durable.index.0;
        if on_disk.map(|bytes| Hash::leaf(bytes)) != Some(durable.leaf_hash) {
            let story = format!("{who} acknowledges entry {index}, which is not on its disk");
            return Promise::NothingLost.broken(story);
        }
        if on_disk.is_some_and(|bytes| truth.had(index, bytes) && !truth.has(index, bytes)) {
            // Its disk is a history that a lost tail took, and it has not noticed yet.
            return Ok(());
        }
        if truth.place_of(&digest) != Some(index) || truth.leaf(index) != Some(durable.leaf_hash) {
            let story = format!("{who} acknowledges entry {index}, which no stream ever had");
            return Promise::NothingLost.broken(story);
        }
        if let Some(before) = self.recorded.get(&digest)
            && (before.index, before.leaf_hash, before.recorded_at_ms)
                != (durable.index, durable.leaf_hash, durable.recorded_at_ms)
        {
            let story = format!("{who} says entry {index}, and it was entry {} before", before.index);
            return Promise::OnePlace.broken(story);
        }
        self.recorded.insert(digest, durable);
        Ok(())
    }

    /// A recorder refuses. At some moment between getting the statement and saying so, the history must have been one
    /// that refuses it.
    pub(crate) fn refused(
        &mut self,
        who: Who,
        submission: &Submission,
        code: &str,
        since: u64,
        truth: &Truth,
    ) -> Result<(), Broken> {
        self.refusals += 1;
        self.refused.insert(submission.digest());
        let since = since.min(truth.fewest_in_stream());
        if is_refused_between(submission, code, since, truth) || !truth.branches().is_empty() {
            return Ok(());
        }
        let story = format!(
            "{who} refuses {} with {code}, and no history from {since} to {} entries does",
            submission.digest().to_hex(),
            truth.size()
        );
        Promise::RightRefusals.broken(story)
    }

    /// The inbox was told to forget these: each must have its answer in the history, or have been refused.
    pub(crate) fn acknowledged(&self, who: Who, digests: &[Hash], truth: &Truth) -> Result<(), Broken> {
        for digest in digests {
            let known = truth.place_of(digest).is_some() || self.refused.contains(digest);
            // What a cut way kept from being heard was decided all the same.
            if !known && truth.branches().is_empty() {
                let story = format!("{who} lets the inbox forget {}, which has no answer", digest.to_hex());
                return Promise::NothingLost.broken(story);
            }
        }
        Ok(())
    }

    /// After the history branched: everything that was acknowledged is there, but for what the lost tail took.
    pub(crate) fn check(&mut self, truth: &Truth) -> Result<(), Broken> {
        if self.checked_branches == truth.branches().len() {
            return Ok(());
        }
        self.checked_branches = truth.branches().len();
        let (mut lost, mut forgiven) = (Vec::new(), Vec::new());
        for (digest, durable) in &self.recorded {
            if truth.leaf(durable.index.0) == Some(durable.leaf_hash) {
                continue;
            }
            let taken =
                truth.branches().iter().any(|branch| branch.has_leaf(durable.index.0, durable.leaf_hash));
            if taken { forgiven.push(*digest) } else { lost.push(durable.index) }
        }
        self.forgiven += forgiven.len() as u64;
        for digest in forgiven {
            self.recorded.remove(&digest);
            self.heard.remove(&digest);
        }
        match lost.first() {
            Some(index) => Promise::NothingLost.broken(format!("entry {index} was acknowledged and is gone")),
            None => Ok(()),
        }
    }
}

fn is_refused_between(submission: &Submission, code: &str, since: u64, truth: &Truth) -> bool {
    let statement = match recorder::verify_submission(submission, &KeyCache::default()) {
        Ok(statement) => statement,
        Err(refusal) => return refusal.code.to_string() == code,
    };
    let mut state = State::default();
    let mut versions = BTreeMap::new();
    let mut reused = false;
    for size in 0..=truth.size() {
        if size >= since {
            let version = versions.get(&statement.stream).copied().unwrap_or(0);
            let judged = || judge(&state, &statement, size, version, truth);
            let says = if reused { Some("ID-REUSED".to_owned()) } else { judged() };
            if says.as_deref() == Some(code) {
                return true;
            }
        }
        let Some(bytes) = usize::try_from(size).ok().and_then(|at| truth.entries().get(at)) else { break };
        let entry = Entry::parse(bytes).expect("the history holds entries");
        evolve_entry(&mut state, &entry);
        versions.insert(entry.statement.stream.clone(), entry.stream_version);
        reused |= entry.statement.id == statement.id && entry.statement_bytes != submission.statement;
    }
    false
}

fn judge(
    state: &State,
    statement: &Statement,
    size: u64,
    stream_version: u64,
    truth: &Truth,
) -> Option<String> {
    let previous = size.checked_sub(1).and_then(|last| truth.leaf(last)).unwrap_or(Hash::ZERO);
    let recorded_at_ms = load::START_MS;
    let context = Context { index: EntryIndex(size), previous, stream_version, recorded_at_ms };
    decide(state, statement, &context).err().map(|refusal| refusal.code.to_string())
}
