//! What a lost stream tail excuses, and what it does not.
//!
//! The sealed stream is where an entry begins to count. A broker that loses the end of it (it promised three copies,
//! synced) takes away what counted, and the fence, which knows only numbers, lets somebody write there again.
//!
//! **Excused**, and nothing else is:
//!
//! - An entry is lost, although somebody was told that it is recorded, when the stream lost it *and* whoever appended
//!   at its place did not have it on their disk: a standby that had not read so far took over while the one that knew
//!   was away. The same for a message that was held up on its way since before the loss and then fitted the fence.
//! - Checkpoints over such entries were signed, and the log signs others of the same sizes.
//! - Two histories meet in the stream itself, after it lost things *twice*: its end, so that numbers came again, and then the
//!   message by which an old leader would have seen that its number is another one's. Such a schedule ends there.
//! - A recorder whose disk has such entries stops. It must: two histories are there, and only a person can say which
//!   one is right.
//!
//! - Recorders have different checkpoints where the stream lost the message with one, and nobody who has it gave it back,
//!   or the stream lost something again: their receipts for the entries below differ, and each is a true one.
//!
//! **Not excused**:
//!
//! - Anything that the stream still has, or that lies on the disk of whoever appends next: that one gives it back.
//! - A recorder that has the lost entries and goes on as if nothing were wrong, or drops them to follow the others.
//! - Two places for one statement, a wrong refusal, a gap, a statement that never gets an answer.
//! - A stop of anybody whose disk agrees with the stream.

use std::collections::BTreeMap;

use bytes::Bytes;
use ledger_core::hash::Hash;

/// What a lost tail took and nobody gave back before something else stood there.
pub(crate) struct Branch {
    pub(crate) at: u64,
    pub(crate) entries: Vec<Bytes>,
    pub(crate) notes: BTreeMap<u64, Bytes>,
}

impl Branch {
    pub(crate) fn has(&self, index: u64, bytes: &Bytes) -> bool {
        let at = index.checked_sub(self.at).and_then(|at| usize::try_from(at).ok());
        at.is_some_and(|at| self.entries.get(at) == Some(bytes))
    }

    pub(crate) fn has_leaf(&self, index: u64, leaf: Hash) -> bool {
        let at = index.checked_sub(self.at).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| self.entries.get(at)).is_some_and(|bytes| Hash::leaf(bytes) == leaf)
    }

    pub(crate) fn has_note(&self, size: u64, note: &Bytes) -> bool {
        self.notes.get(&size) == Some(note)
    }
}
