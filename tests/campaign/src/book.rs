//! Everything that is known of a ledger: what it held when it was last read, and what anybody was told.
//!
//! A ledger may only grow. So the book never forgets: an entry, a checkpoint, a receipt or a refusal that was
//! there once must be there for ever, the very same.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use bytes::Bytes;
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, StatementId, StreamId, TreeSize};
use ledger_core::merkle::Frontier;
use ledger_store::Reader;
use prost::Message as _;
use scrutiny_proto::ledger::v1::RefusalRecord;

use crate::answers::Line;
use crate::scene::signer;

/// What is known of one ledger.
#[derive(Default)]
pub(crate) struct Book {
    /// Every entry: its statement and its leaf hash.
    pub(crate) entries: Vec<(StatementId, Hash)>,
    /// Where each statement stands, by its id as text.
    pub(crate) places: HashMap<String, u64>,
    /// Entries in each stream.
    pub(crate) streams: HashMap<StreamId, u64>,
    /// Root of the tree over all entries.
    pub(crate) root: Hash,
    /// The log's notes by size, as they were served.
    pub(crate) checkpoints: BTreeMap<u64, Bytes>,
    /// Receipts that were given out.
    pub(crate) receipts: BTreeMap<u64, Vec<u8>>,
    refusals: HashSet<Hash>,
    refusals_read: u64,
}

impl Book {
    /// Reads the whole ledger, without the index and without a lock, and takes in what is new.
    ///
    /// # Errors
    /// When something that was there is gone or changed, a statement stands twice, an index is left out, or a
    /// checkpoint is not one of this tree.
    pub(crate) fn read(&mut self, dir: &Path) -> Result<(), String> {
        let reader = Reader::open(dir).map_err(|e| format!("reading: {e}"))?;
        let sizes = reader.checkpoint_sizes(TreeSize(0), usize::MAX);
        let wanted: HashSet<u64> = sizes.iter().map(|size| size.0).collect();
        let mut roots = HashMap::new();
        let mut frontier = Frontier::new();
        for item in reader.entries(EntryIndex(0)) {
            let (index, leaf, bytes) = item.map_err(|e| format!("reading: {e}"))?;
            if index.0 != frontier.size().0 {
                return Err(format!("entry {index} follows {} entries", frontier.size()));
            }
            self.take_in(index, leaf, &bytes)?;
            frontier.push(leaf);
            if wanted.contains(&frontier.size().0) {
                roots.insert(frontier.size().0, frontier.root());
            }
        }
        if frontier.size().0 < self.entries.len() as u64 {
            return Err(format!("{} entries are left of {}", frontier.size(), self.entries.len()));
        }
        self.root = frontier.root();
        self.take_in_checkpoints(&reader, &sizes, &roots)?;
        self.take_in_refusals(&reader)
    }

    fn take_in(&mut self, index: EntryIndex, leaf: Hash, bytes: &Bytes) -> Result<(), String> {
        if let Some((_, was)) = self.entries.get(usize::try_from(index.0).expect("a count fits")) {
            return if *was == leaf { Ok(()) } else { Err(format!("entry {index} was another one before")) };
        }
        if Hash::leaf(bytes) != leaf {
            return Err(format!("entry {index} is served with the leaf hash of another"));
        }
        let entry = Entry::parse(bytes).map_err(|e| format!("entry {index}: {e}"))?;
        if entry.index != index {
            return Err(format!("entry {index} says that it is entry {}", entry.index));
        }
        let seen = self.streams.entry(entry.statement.stream).or_default();
        *seen += 1;
        if *seen != entry.stream_version {
            return Err(format!(
                "entry {index} is number {seen} of its stream, not {}",
                entry.stream_version
            ));
        }
        if let Some(first) = self.places.insert(entry.statement.id.to_string(), index.0) {
            return Err(format!("entries {first} and {index} are the same statement"));
        }
        self.entries.push((entry.statement.id, leaf));
        Ok(())
    }

    fn take_in_checkpoints(
        &mut self,
        reader: &Reader,
        sizes: &[TreeSize],
        roots: &HashMap<u64, Hash>,
    ) -> Result<(), String> {
        for &size in sizes {
            let bad = |why: String| format!("the checkpoint of {size} entries: {why}");
            let note = reader.checkpoint(size).map_err(|e| bad(e.to_string()))?;
            let note = note.ok_or_else(|| bad("is gone".to_owned()))?;
            let signed = SignedCheckpoint::parse(&note).map_err(|e| bad(e.to_string()))?;
            let checkpoint = signed.open(&signer().verifier()).map_err(|e| bad(e.to_string()))?;
            if checkpoint.size != size || roots.get(&size.0) != Some(&checkpoint.root) {
                return Err(bad("is not one of this tree".to_owned()));
            }
            if self.checkpoints.get(&size.0).is_some_and(|was| *was != note) {
                return Err(bad("was another one before".to_owned()));
            }
            self.checkpoints.insert(size.0, note);
        }
        if self.checkpoints.len() == sizes.len() {
            Ok(())
        } else {
            Err(format!("{} checkpoints are left of {}", sizes.len(), self.checkpoints.len()))
        }
    }

    fn take_in_refusals(&mut self, reader: &Reader) -> Result<(), String> {
        let more = reader.refusals(self.refusals_read, usize::MAX).map_err(|e| format!("refusals: {e}"))?;
        for bytes in more {
            let record = RefusalRecord::decode(bytes).map_err(|e| format!("a refusal: {e}"))?;
            let digest = Hash::from_slice(&record.statement_sha256).ok_or("a refusal names no statement")?;
            self.refusals.insert(digest);
            self.refusals_read += 1;
        }
        Ok(())
    }

    /// Holds what a worker was told against what is there.
    ///
    /// # Errors
    /// Says which promise was broken.
    pub(crate) fn hold_to(&self, lines: &[Line]) -> Result<(), String> {
        for line in lines {
            match line {
                Line::Ack { index, leaf, id } => self.hold_to_place(*index, *leaf, id)?,
                Line::Refused(digest) if !self.refusals.contains(digest) => {
                    return Err(format!("the refusal of {} is gone", digest.to_hex()));
                }
                Line::Seen { size, root } => {
                    let note = self.checkpoints.get(&size.0);
                    let note =
                        note.ok_or_else(|| format!("the checkpoint of {size} that was seen is gone"))?;
                    let now = SignedCheckpoint::parse(note).ok();
                    let now = now.and_then(|signed| signed.open(&signer().verifier()).ok());
                    if now.map(|checkpoint| checkpoint.root) != Some(*root) {
                        return Err(format!("the checkpoint of {size} that was seen had another root"));
                    }
                }
                Line::Read(Err(why)) => return Err(format!("an entry could not be read: {why}")),
                _ => {}
            }
        }
        Ok(())
    }

    /// An acknowledged statement stands where it was said to, with the leaf hash it was said to have.
    pub(crate) fn hold_to_place(&self, index: EntryIndex, leaf: Hash, id: &str) -> Result<(), String> {
        let there = self.places.get(id).map(|&at| (at, self.entries[usize::try_from(at).expect("fits")].1));
        match there {
            Some((at, hash)) if (at, hash) == (index.0, leaf) => Ok(()),
            Some((at, _)) => {
                Err(format!("statement {id} was acknowledged as entry {index} and stands at {at}"))
            }
            None => Err(format!("statement {id} was acknowledged as entry {index} and is gone")),
        }
    }
}
