//! The mirror beside every checkpoint known of its log: those it holds, the one remembered, the one its recorder tells,
//! and the one that came with a batch that broke.

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_core::merkle;
use ledger_core::wire::SealedBatch;
use ledger_store::{StoreError, TreeOf};
use mirror::{Break, Judgment, Mirror};

use crate::fork::{Fork, Theirs};
use crate::note::Note;

/// What comparing came to.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// The largest checkpoint that the log signed and the mirror agrees with.
    pub(crate) latest: Option<Note>,
    /// Whether the mirror agrees with the one remembered; `None` when it is shorter.
    pub(crate) remembered: Option<bool>,
    /// Two of them cannot both be true.
    pub(crate) fork: Option<Fork>,
    /// One of them is not true of the entries held, and the log has not signed for these.
    pub(crate) suspect: Option<String>,
    /// The recorder's own note, which the log signed over more than is held.
    pub(crate) beyond: Option<Note>,
    /// What is wrong with the recorder's own note, when it is not the log's.
    pub(crate) unsigned: Option<String>,
}

/// Compares everything with everything. Reads the mirror's tree, and waits for its disk.
pub(crate) fn compare(
    mirror: &Mirror,
    remembered: Option<&Note>,
    told: Option<&Bytes>,
) -> Result<Compared, StoreError> {
    let mut found = Compared { latest: own(mirror)?, ..Compared::default() };
    let mut contradicted = None;
    match told.map(|bytes| (bytes, mirror.judge(bytes))) {
        Some((bytes, Ok(Judgment::Agrees(_)))) => found.take_if_later(note_of(mirror, bytes)),
        Some((bytes, Ok(Judgment::Contradicts { .. }))) => contradicted = note_of(mirror, bytes),
        Some((_, Err(Break::Store(error)))) => return Err(error),
        // Its keys may be named by entries that are not held yet.
        Some((_, Err(Break::Signature { size, .. }))) if size > mirror.standing().size => {}
        Some((_, Err(problem))) => found.unsigned = Some(problem.to_string()),
        Some((bytes, Ok(Judgment::Beyond(_)))) => found.beyond = note_of(mirror, bytes),
        None => {}
    }
    if let Some(note) = remembered {
        found.remembered = found.judge(mirror, note)?;
    }
    if let Some(note) = contradicted {
        found.judge(mirror, &note)?;
    }
    if let Some(batch) = mirror.contradiction() {
        found.judge_batch(mirror, &batch)?;
    }
    Ok(found)
}

/// That the larger of two notes, both of them true of the mirror, only adds to the smaller: by a proof as anybody would
/// check it.
pub(crate) fn is_consistent(mirror: &Mirror, before: &Note, after: &Note) -> Result<bool, StoreError> {
    let proof = mirror.look(|store, _| merkle::consistency_proof(before.size, after.size, &TreeOf(store)));
    let proof = proof.map_err(tree)?;
    Ok(merkle::verify_consistency(before.size, &before.root, after.size, &after.root, &proof).is_ok())
}

impl Compared {
    /// Whether the mirror has the root of a note that the log signed; `None` when it is shorter. Where it has not, and
    /// the log signed for what it has, that is a fork.
    fn judge(&mut self, mirror: &Mirror, note: &Note) -> Result<Option<bool>, StoreError> {
        if note.size > mirror.standing().size {
            return Ok(None);
        }
        let held = mirror.look(|store, _| merkle::tree_root(note.size, &TreeOf(store))).map_err(tree)?;
        if held == note.root {
            return Ok(Some(true));
        }
        match self.latest.clone().filter(|own| own.size >= note.size) {
            Some(own) => {
                let fork = mirror.look(|store, _| Fork::in_tree(note.clone(), own, &TreeOf(store)));
                self.forks(fork.map_err(tree)?);
            }
            None => self.suspects(note, held),
        }
        Ok(Some(false))
    }

    /// The same for a note that covers more than the mirror holds and came with the entries that differ.
    fn judge_batch(&mut self, mirror: &Mirror, batch: &SealedBatch) -> Result<(), StoreError> {
        let note = batch.checkpoint.as_ref().and_then(|bytes| note_of(mirror, bytes));
        let Some(note) = note else { return Ok(()) };
        if note.size <= mirror.standing().size {
            return self.judge(mirror, &note).map(drop);
        }
        let Some(own) = self.latest.clone() else { return Ok(()) };
        let leaves: Vec<Hash> = batch.entries.iter().map(|bytes| Hash::leaf(bytes)).collect();
        let from = TreeSize(batch.first.0);
        self.forks(in_their_tree(mirror, own, note, from, &leaves)?);
        Ok(())
    }

    fn forks(&mut self, fork: Option<Fork>) {
        self.fork = self.fork.take().or(fork);
    }

    fn suspects(&mut self, note: &Note, held: Hash) {
        let Note { size, root, .. } = note;
        self.suspect.get_or_insert_with(|| {
            format!(
                "the log signed the root {root} for {size} entries, and those held here make {held}; the log has not \
                 signed for these"
            )
        });
    }

    fn take_if_later(&mut self, note: Option<Note>) {
        let later = note.filter(|note| self.latest.as_ref().is_none_or(|own| own.size < note.size));
        self.latest = later.or(self.latest.take());
    }
}

/// Whether a note of more entries than are held, whose tree goes on from `from` with these leaves, contradicts one of
/// the mirror's own.
pub(crate) fn in_their_tree(
    mirror: &Mirror,
    own: Note,
    theirs: Note,
    from: TreeSize,
    leaves: &[Hash],
) -> Result<Option<Fork>, StoreError> {
    if from.0 + (leaves.len() as u64) < theirs.size.0
        || from > mirror.standing().size
        || own.size > theirs.size
    {
        return Ok(None);
    }
    let fork = mirror.look(|store, _| {
        let here = TreeOf(store);
        Fork::in_tree(own, theirs, &Theirs { here: &here, from, leaves })
    });
    fork.map_err(tree)
}

/// The mirror's own latest checkpoint.
fn own(mirror: &Mirror) -> Result<Option<Note>, StoreError> {
    let latest = mirror.look(|store, _| store.latest_checkpoint())?;
    // One that nobody vouches for yet covers nothing.
    let latest = latest.filter(|(size, _)| *size <= mirror.standing().covered);
    Ok(latest.and_then(|(_, bytes)| note_of(mirror, &bytes)))
}

/// With the keys of the mirror's log; `None` when they are not known or it is not theirs.
pub(crate) fn note_of(mirror: &Mirror, bytes: &Bytes) -> Option<Note> {
    let size = ledger_core::checkpoint::SignedCheckpoint::parse(bytes).ok()?.claimed_size();
    Note::open(bytes.clone(), &mirror.log_at(size)?.vkeys()).ok()
}

fn tree(error: merkle::TreeError<StoreError>) -> StoreError {
    match error {
        merkle::TreeError::Read(error) => error,
        other => StoreError::Damaged { what: format!("the tree ({other})") },
    }
}
