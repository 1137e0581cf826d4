//! A batch on its way to the disk: what was decided so far and not yet committed.

use std::collections::HashMap;

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{StatementId, StreamId};
use ledger_core::limits::{MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, MAX_SEALED_FIELDS};
use ledger_core::statement::Statement;
use ledger_core::wire::Submission;
use ledger_rules::{Code, Context};
use ledger_store::{Head, SealedEntry};
use tokio::sync::oneshot;

use crate::intake::refusal;
use crate::recorder::{Answer, Durable, Failure};

/// What a batch has decided so far and not yet committed.
pub(crate) struct Staged {
    pub(crate) head: Head,
    pub(crate) entries: Vec<SealedEntry>,
    pub(crate) addenda: Vec<(Hash, Bytes)>,
    pub(crate) erasures: Vec<Hash>,
    pub(crate) streams: HashMap<StreamId, u64>,
    pub(crate) ids: HashMap<StatementId, usize>,
    pub(crate) replies: Vec<(oneshot::Sender<Answer>, Durable)>,
    /// Statements that came again in the batch, and the place of the first among the replies.
    pub(crate) waiting: Vec<(oneshot::Sender<Answer>, usize)>,
    /// Bytes of the entries at most.
    bytes: usize,
}

/// Where a statement stands after it was staged.
pub(crate) enum Placed {
    New(Durable),
    Recorded(Durable),
    Staged(usize),
}

impl Staged {
    pub(crate) fn on(head: Head) -> Self {
        Self {
            head,
            entries: Vec::new(),
            addenda: Vec::new(),
            erasures: Vec::new(),
            streams: HashMap::new(),
            ids: HashMap::new(),
            replies: Vec::new(),
            waiting: Vec::new(),
            bytes: 0,
        }
    }

    /// False when the store might not take the batch with this one in it.
    pub(crate) fn has_room_for(&self, submission: &Submission) -> bool {
        let bytes = self.bytes + entry_bytes_at_most(submission);
        self.entries.is_empty() || (self.entries.len() < MAX_BATCH_ENTRIES && bytes <= MAX_BATCH_BYTES)
    }

    pub(crate) fn push(&mut self, sealed: SealedEntry, submission: &Submission) {
        self.head.size.0 += 1;
        self.head.last_leaf_hash = sealed.leaf_hash;
        self.streams.insert(sealed.stream.clone(), sealed.stream_version);
        self.addenda.extend(submission.addenda.iter().map(|a| (Hash::of(a), a.clone())));
        self.bytes += sealed.bytes.len();
        self.entries.push(sealed);
    }

    /// Gives statements that came again the answer of the first.
    pub(crate) fn answer_repeated_ones(&mut self) {
        for (reply, at) in std::mem::take(&mut self.waiting) {
            let durable = Durable { already: true, ..self.replies[at].1.clone() };
            self.replies.push((reply, durable));
        }
    }
}

/// What sealing adds to a statement, at most: index, previous leaf hash, version, clock, and each with its tag.
const AROUND: usize = 128;

fn entry_bytes_at_most(submission: &Submission) -> usize {
    let signatures: usize = submission.signatures.iter().map(|blob| blob.len() + 4).sum();
    submission.statement.len() + signatures + 4 * MAX_SEALED_FIELDS + AROUND
}

/// Seals a statement into the entry after `previous`. The leaf hash is taken from the bytes that will be
/// stored, so that nothing is ever signed for other bytes than those.
pub(crate) fn seal(
    previous: Hash,
    submission: &Submission,
    statement: &Statement,
    context: &Context,
) -> Result<(SealedEntry, Durable), Failure> {
    let entry = Entry {
        index: context.index,
        previous,
        stream_version: context.stream_version + 1,
        recorded_at_ms: context.recorded_at_ms,
        statement_bytes: submission.statement.clone(),
        statement: statement.clone(),
        signatures: submission.signatures.clone(),
    };
    let bytes: Bytes = entry
        .seal()
        .map_err(|e| Failure::Refused(refusal(Code::Malformed, format!("it does not fit an entry: {e}"))))?
        .into();
    let leaf_hash = Hash::leaf(&bytes);
    let durable = Durable {
        id: statement.id,
        index: context.index,
        leaf_hash,
        recorded_at_ms: context.recorded_at_ms,
        already: false,
    };
    let sealed = SealedEntry {
        bytes,
        leaf_hash,
        statement_id: statement.id,
        stream: statement.stream.clone(),
        stream_version: entry.stream_version,
    };
    Ok((sealed, durable))
}
