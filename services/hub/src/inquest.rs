//! A note is there that covers more than the mirror holds, and the entries do not come. Whether it is of another history
//! is found out by asking whoever answers for the recorder: at which entry do the two part, and does the note cover the
//! entries that it gives from there on?
//!
//! Nothing that is answered is believed: the answer counts only when its leaf hashes, behind the entries held here,
//! make the very root that the log signed.

use std::time::Duration;

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Bus, Headers};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::wire::{EntriesRequest, SealedBatch};
use mirror::Mirror;

use crate::compare::in_their_tree;
use crate::fork::Fork;
use crate::note::Note;

/// Entries behind the place where the histories part that are fetched: some tens of megabytes, of which the hashes stay.
const MOST: u64 = 65_536;

/// How long one answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// What asking came to.
#[derive(Debug)]
pub(crate) enum Inquest {
    /// The log signed two histories.
    Fork(Box<Fork>),
    /// It begins as what the log signed for here, by the word of whoever answers.
    Same,
    /// Nobody answers, or the answers do not make what the log signed.
    Unknown,
}

/// Whether the recorder's history is another one than that of the mirror's own latest note, and the log signed for it:
/// `theirs` covers more than is held.
pub(crate) async fn inquest(
    mirror: &Mirror,
    bus: &Bus,
    force: &Force,
    own: Note,
    theirs: Option<Note>,
) -> Inquest {
    let asking = Asking { mirror, bus, force };
    let parting = match asking.parting(own.size).await {
        None => return Inquest::Unknown,
        Some(parting) if parting == own.size.0 => return Inquest::Same,
        Some(parting) => parting,
    };
    let Some(theirs) = theirs else { return Inquest::Unknown };
    if theirs.size.0 - parting > MOST {
        tracing::warn!(parting, "the histories part too far back to be compared here");
        return Inquest::Unknown;
    }
    let Some(leaves) = asking.leaves(parting, theirs.size).await else { return Inquest::Unknown };
    match in_their_tree(mirror, own, theirs, TreeSize(parting), &leaves) {
        Ok(Some(fork)) => Inquest::Fork(Box::new(fork)),
        _ => Inquest::Unknown,
    }
}

struct Asking<'a> {
    mirror: &'a Mirror,
    bus: &'a Bus,
    force: &'a Force,
}

impl Asking<'_> {
    /// The first of `size` entries that is another one there, or `size`. Each entry carries the hash of the one before,
    /// so that those before an equal one are equal: the last is looked at first, and then halved.
    async fn parting(&self, size: TreeSize) -> Option<u64> {
        let Some(last) = size.0.checked_sub(1) else { return Some(0) };
        if self.is_same(last).await? {
            return Some(size.0);
        }
        let (mut low, mut high) = (0, last);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.is_same(middle).await? { low = middle + 1 } else { high = middle }
        }
        Some(low)
    }

    async fn is_same(&self, index: u64) -> Option<bool> {
        let there = self.entries(index, 1).await?.into_iter().next()?;
        let here = self.mirror.look(|store, _| store.entry(EntryIndex(index))).ok()??;
        Some(here == there)
    }

    async fn leaves(&self, from: u64, until: TreeSize) -> Option<Vec<Hash>> {
        let mut leaves = Vec::new();
        while from + (leaves.len() as u64) < until.0 {
            let entries = self.entries(from + leaves.len() as u64, 0).await?;
            if entries.is_empty() {
                return None;
            }
            leaves.extend(entries.iter().map(|bytes| Hash::leaf(bytes)));
        }
        leaves.truncate(usize::try_from(until.0 - from).ok()?);
        Some(leaves)
    }

    async fn entries(&self, from: u64, max: u32) -> Option<Vec<Bytes>> {
        let subject = self.force.endpoint("recorder", "entries");
        let request = EntriesRequest { from: EntryIndex(from), max }.to_bytes();
        let answer = self.bus.request(&subject, Headers::new(), request, ANSWER_WITHIN).await.ok()?;
        let batch = SealedBatch::parse(&answer.payload).ok()?;
        (batch.first.0 == from).then_some(batch.entries)
    }
}
