//! The walk: every entry in order, each judged against everything before it.
//!
//! An entry's *leaf hash* is told by up to three witnesses: its own bytes, the tile, and the link of the entry
//! behind it. Where they agree all is well. Where its bytes are outvoted, the finding stands at that entry and the
//! walk goes on with the hash that the others tell, so that one altered entry is reported where it stands and not
//! once more for every tile, link and checkpoint above it. A walk that ever did so has a finding to show for it.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;

use ledger_core::checkpoint::LogVerifier;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::Frontier;
use ledger_rules::{Context, State, decide, evolve};
use prost::Message as _;
use scrutiny_proto::privacy::v1::ErasureExecuted;

use crate::addenda::Addenda;
use crate::examine::{Examined, ExaminedChunk, Item};
use crate::finding::{Code, Finding, Findings, Severity};
use crate::in_force::{InForce, weighed};
use crate::keys::Keys;
use crate::note::{Opened, Place};
use crate::report::Counts;
use crate::source::Source;
use crate::streams::Streams;
use crate::tree::Tree;
use crate::uniqueness::Ids;

/// Cosigners whom nobody vouches for that are named; more are only counted.
const MAX_STRANGERS: usize = 100;

/// A walk under way.
pub(crate) struct Walk<'a> {
    pub(crate) findings: Findings,
    pub(crate) obstacles: Vec<String>,
    pub(crate) counts: Counts,
    pub(crate) state: State,
    keys: &'a Keys,
    pub(crate) in_force: InForce,
    pub(crate) tree: Tree<'a>,
    pub(crate) ids: Ids,
    pub(crate) streams: Streams,
    pub(crate) addenda: Addenda,
    /// The largest checkpoint that the log signed.
    pub(crate) head: Option<Opened>,
    pub(crate) served: Option<TreeSize>,
    /// The tree over the bytes as they are, once it is another than the one walked.
    as_found: Option<Frontier>,
    /// The entry that was read last: what follows it may still say something about it.
    pending: Option<Pending>,
    /// Leaf hash that the next entry must link to; `None` when nobody knows it.
    previous: Option<Hash>,
    /// The first entry that the rules could not take into account.
    gap: Option<u64>,
    /// Set when the tree cannot be grown any further.
    pub(crate) tree_lost_at: Option<u64>,
    notes: VecDeque<Opened>,
    last_root: Option<(TreeSize, Hash)>,
    wrong_roots: Option<(Finding, u64)>,
    strangers: BTreeMap<String, (TreeSize, u64)>,
}

struct Pending {
    index: u64,
    leaf: Option<Hash>,
    /// True when it is an entry with all its signatures.
    sound: bool,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(source: &'a dyn Source, size: Option<TreeSize>, keys: &'a Keys) -> Self {
        Self {
            keys,
            in_force: InForce::default(),
            findings: Findings::default(),
            obstacles: Vec::new(),
            counts: Counts::default(),
            state: State::default(),
            tree: Tree::new(source, size),
            ids: Ids::default(),
            streams: Streams::default(),
            addenda: Addenda::default(),
            head: None,
            served: None,
            as_found: None,
            pending: None,
            previous: Some(Hash::ZERO),
            gap: None,
            tree_lost_at: None,
            notes: VecDeque::new(),
            last_root: None,
            wrong_roots: None,
            strangers: BTreeMap::new(),
        }
    }

    /// Walks over a chunk.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub(crate) fn chunk(&mut self, chunk: ExaminedChunk) -> io::Result<()> {
        let ExaminedChunk { items, notes, findings, obstacles } = chunk;
        self.findings.extend(findings);
        self.obstacles.extend(obstacles);
        self.notes.extend(notes);
        // A checkpoint of no entries is due before the first one.
        self.check_roots();
        for item in items {
            match item {
                Item::Entry(examined) => self.entry(&examined)?,
                Item::Malformed { index, leaf, bytes } => {
                    self.counts.entries += 1;
                    self.counts.bytes += bytes;
                    self.unknown(index, Some(leaf));
                }
                Item::Lost { from, to } => (from..to).for_each(|index| self.unknown(index, None)),
            }
        }
        Ok(())
    }

    /// The log ends here.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub(crate) fn end(&mut self) {
        self.settle(None);
        self.check_roots();
        let ahead: Vec<Opened> = self.notes.drain(..).collect();
        self.check_ahead(&ahead);
        self.tree.finish(!ahead.is_empty() || !self.obstacles.is_empty());
        for opened in ahead {
            self.remember(opened);
        }
        self.flush_wrong_roots();
        let (findings, ours) = self.in_force.conclude(self.state.recorders(), self.keys);
        self.findings.extend(findings);
        let given = |by: &Arc<LogVerifier>| self.keys.are_given(by);
        self.head = self.head.take().filter(|head| ours || head.by.as_ref().is_some_and(given));
        self.findings.extend(std::mem::take(&mut self.tree.findings));
        self.obstacles.append(&mut self.tree.obstacles);
        self.counts.tiles = self.tree.tiles;
        self.tell_strangers();
        self.check_served();
    }

    /// Root of the tree over the bytes as they are.
    pub(crate) fn root(&self) -> Option<Hash> {
        let found = self.as_found.as_ref().map_or_else(|| self.tree.root(), Frontier::root);
        self.tree_lost_at.is_none().then_some(found)
    }

    /// True when the rules could not take every entry into account.
    pub(crate) fn has_gap(&self) -> bool {
        self.gap.is_some()
    }

    fn entry(&mut self, examined: &Examined) -> io::Result<()> {
        let &Examined { index, leaf, bytes, ref entry, stream, signed, ref addenda } = examined;
        self.counts.entries += 1;
        self.counts.bytes += bytes;
        self.counts.signatures += entry.signatures.len() as u64;
        self.settle(Some(entry.previous));
        self.check_place(index, entry);
        self.pending = Some(Pending { index, leaf: Some(leaf), sound: signed });
        self.ids.add(&entry.statement.id, index)?;
        let finding = self.streams.add(stream, index, entry.stream_version)?;
        self.findings.extend(finding);
        for (digest, state) in addenda {
            self.addenda.committed(digest, *state, index)?;
        }
        self.rules(index, entry, signed)
    }

    /// A place whose entry cannot be read.
    fn unknown(&mut self, index: u64, leaf: Option<Hash>) {
        self.settle(None);
        self.pending = Some(Pending { index, leaf, sound: false });
        self.streams.lose(index, index + 1);
        self.gap.get_or_insert(index);
    }

    fn check_place(&mut self, index: u64, entry: &Entry) {
        if entry.index.0 != index {
            let sentence = format!("the entry at place {index} was recorded as entry {}", entry.index);
            self.findings.add(Finding::new(Code::Index, sentence).at(index).expected(index, entry.index));
        }
        let Some(previous) = self.previous else { return };
        self.counts.links += 1;
        if entry.previous != previous {
            let sentence = match index {
                0 => "entry 0 links to an entry before it".to_owned(),
                _ => format!("entry {index} was not recorded after the entry that stands before it"),
            };
            self.findings
                .add(Finding::new(Code::Chain, sentence).at(index).expected(previous, entry.previous));
        }
    }

    /// Judges the statement as the recorder had to, at this position and under everything accepted before it. One
    /// that is refused, or not signed as it says, changes nothing for those that follow.
    fn rules(&mut self, index: u64, entry: &Entry, signed: bool) -> io::Result<()> {
        let statement = &entry.statement;
        let context = Context {
            index: EntryIndex(index),
            // Where nobody knows it, the entry's own link is all there is.
            previous: self.previous.unwrap_or(entry.previous),
            stream_version: entry.stream_version.saturating_sub(1),
            recorded_at_ms: entry.recorded_at_ms,
        };
        self.counts.rules += 1;
        let verdict = decide(&self.state, statement, &context);
        if let (Ok(()), true) = (&verdict, signed) {
            evolve(&mut self.state, statement, &context);
            return self.erasures(index, entry);
        }
        if let Err(refusal) = verdict {
            let mut finding =
                Finding::new(Code::Rule, format!("entry {index}: {}", refusal.sentence)).at(index);
            if let Some(gap) = self.gap {
                finding.severity = Severity::Consequence;
                finding
                    .sentence
                    .push_str(&format!(" (this may follow from entry {gap}, which does not count)"));
            }
            finding.rule = Some(refusal.code.to_string());
            finding.about = Some(statement.stream.to_string());
            self.findings.add(finding);
        }
        self.gap.get_or_insert(index);
        Ok(())
    }

    fn erasures(&mut self, index: u64, entry: &Entry) -> io::Result<()> {
        if entry.statement.kind != "scrutiny.privacy.v1.ErasureExecuted" {
            return Ok(());
        }
        let body = ErasureExecuted::decode(entry.statement.body.clone()).unwrap_or_default();
        for digest in body.digests.iter().filter_map(|digest| Hash::from_slice(digest)) {
            self.addenda.erased(&digest, index)?;
        }
        Ok(())
    }

    /// Decides which leaf hash the entry before stands for, now that the link behind it is known.
    fn settle(&mut self, link: Option<Hash>) {
        let Some(Pending { index, leaf, sound }) = self.pending.take() else { return };
        if self.tree_lost_at.is_some() {
            self.previous = leaf.or(link);
            return;
        }
        let tile = self.tree.stated_leaf();
        let settled = match (leaf, tile) {
            (Some(leaf), Some(tile)) if leaf != tile => {
                self.findings.add(leaf_finding(index, leaf, tile, link));
                let leaf_is_right = link == Some(leaf) || (link.is_none() && sound);
                Some(if leaf_is_right { leaf } else { tile })
            }
            // Unsound and without a tile: the link behind it says what was recorded there.
            (Some(leaf), None) if !sound => Some(link.unwrap_or(leaf)),
            (Some(leaf), _) => Some(leaf),
            (None, Some(tile)) => Some(tile),
            (None, None) => link,
        };
        self.previous = settled;
        match settled {
            Some(settled) => self.grow(settled, leaf),
            None => self.tree_lost_at = Some(index),
        }
        self.check_roots();
    }

    fn grow(&mut self, settled: Hash, leaf: Option<Hash>) {
        if self.as_found.is_none() && leaf.is_some_and(|leaf| leaf != settled) {
            self.as_found = Some(self.tree.frontier().clone());
        }
        if let Some(as_found) = &mut self.as_found {
            as_found.push(leaf.unwrap_or(settled));
        }
        self.tree.push(settled);
    }

    /// Compares the tree with every checkpoint of its present size.
    fn check_roots(&mut self) {
        while self.notes.front().is_some_and(|opened| opened.size.0 <= self.tree.size()) {
            let Some(opened) = self.notes.pop_front() else { return };
            if opened.size.0 == self.tree.size() {
                if let Err(finding) = self.in_force.judge(&opened, self.state.recorders(), self.keys) {
                    self.findings.add(weighed(*finding, self.gap));
                    continue;
                }
                self.check_root(&opened);
            } else {
                // Its tree is gone by: only a source that does not keep its order has this.
                let sentence =
                    format!("the checkpoint of {} entries came too late to be compared", opened.size);
                self.findings.add(Finding::new(Code::CheckpointMalformed, sentence));
            }
            self.remember(opened);
        }
    }

    fn check_root(&mut self, opened: &Opened) {
        let (size, computed) = (opened.size, self.tree.root());
        self.counts.checkpoints += 1;
        if opened.root == computed {
            self.in_force.agrees(opened, self.state.recorders(), self.keys);
            self.flush_wrong_roots();
            return;
        }
        match &mut self.wrong_roots {
            Some((_, more)) => *more += 1,
            None => {
                let sentence = format!(
                    "the first {size} entries do not give the root hash that the {} of that size states",
                    if opened.place == Place::Remembered {
                        "checkpoint you brought along"
                    } else {
                        "checkpoint"
                    }
                );
                let finding = Finding::new(Code::Root, sentence).about(format!("size {size}"));
                self.wrong_roots = Some((finding.expected(opened.root, computed), 0));
            }
        }
    }

    /// Wrong roots in a row have one cause: they are told as one finding.
    fn flush_wrong_roots(&mut self) {
        let Some((mut finding, more)) = self.wrong_roots.take() else { return };
        if more > 0 {
            finding.sentence.push_str(&format!("; nor do {more} checkpoints after it"));
        }
        self.findings.add(finding);
    }

    /// Keeps of a checkpoint what later ones are compared with.
    fn remember(&mut self, opened: Opened) {
        self.counts.cosignatures += opened.cosigners.len() as u64;
        for stranger in &opened.unknown {
            if let Some((_, count)) = self.strangers.get_mut(stranger) {
                *count += 1;
            } else if self.strangers.len() < MAX_STRANGERS {
                self.strangers.insert(stranger.clone(), (opened.size, 1));
            }
        }
        if opened.place == Place::Served {
            self.served = Some(opened.size);
        }
        if let Some((size, root)) = self.last_root
            && size == opened.size
            && root != opened.root
        {
            let sentence = format!("the log signed two different trees of {size} entries");
            let finding = Finding::new(Code::CheckpointFork, sentence).about(format!("size {size}"));
            self.findings.add(finding.expected(root, opened.root));
        }
        self.last_root = Some((opened.size, opened.root));
        // The one served wins over a copy kept under the same size: it has the most cosignatures.
        let is_head = self.head.as_ref().is_none_or(|head| head.size <= opened.size);
        if is_head && opened.place != Place::Remembered {
            self.head = Some(opened);
        }
    }

    /// Checkpoints of more entries than there are.
    fn check_ahead(&mut self, ahead: &[Opened]) {
        let size = self.tree.size();
        let Some(largest) = ahead.last().filter(|_| self.obstacles.is_empty() && self.tree_lost_at.is_none())
        else {
            return;
        };
        let missing = largest.size.0 - size;
        let more =
            if ahead.len() > 1 { format!(", as {} checkpoints say", ahead.len()) } else { String::new() };
        let sentence = format!(
            "the log signed for {} entries and there are {size}: {missing} were removed from the end{more}",
            largest.size
        );
        self.findings
            .add(Finding::new(Code::CheckpointAhead, sentence).at(size).expected(largest.size, size));
    }

    fn check_served(&mut self) {
        let Some(head) = &self.head else { return };
        match self.served {
            Some(served) if served < head.size => {
                let sentence = format!(
                    "the checkpoint served as the latest has {served} entries, and one of {} is kept",
                    head.size
                );
                self.findings.add(Finding::new(Code::CheckpointBehind, sentence).expected(head.size, served));
            }
            _ => {}
        }
        let covered = head.size.0;
        if covered < self.tree.size() {
            let count = self.tree.size() - covered;
            let sentence = format!("the last {count} entries are not covered by a signed checkpoint yet");
            self.findings.add(Finding::note(Code::Uncovered, sentence).at(covered));
        }
    }

    fn tell_strangers(&mut self) {
        for (who, (size, count)) in std::mem::take(&mut self.strangers) {
            let sentence = format!(
                "{count} checkpoints from size {size} on carry a signature of {who}, whom you did not name; it was not \
                 checked"
            );
            self.findings.add(Finding::note(Code::CosignerUnknown, sentence).about(who));
        }
    }
}

fn leaf_finding(index: u64, leaf: Hash, tile: Hash, link: Option<Hash>) -> Finding {
    let sentence = match link {
        Some(link) if link == tile => format!(
            "entry {index} was changed after it was recorded: its tile and the entry behind it agree on another leaf hash"
        ),
        Some(link) if link == leaf => {
            format!(
                "the tile has a wrong leaf hash for entry {index}; the entry behind it agrees with the entry"
            )
        }
        _ => format!("entry {index} and its tile do not agree on its leaf hash"),
    };
    Finding::new(Code::LeafTile, sentence).at(index).expected(tile, leaf)
}
