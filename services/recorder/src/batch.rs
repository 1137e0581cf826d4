//! A batch on its way to the disk: what was decided so far and not yet committed.

use std::collections::HashMap;

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{StatementId, StreamId};
use ledger_core::limits::{MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, MAX_SEALED_FIELDS};
use ledger_core::statement::Statement;
use ledger_core::wire::Submission;
use ledger_rules::{Code, Context, Refusal};
use ledger_store::{Head, SealedEntry};
use scrutiny_proto::ledger::v1::RefusalRecord;

use crate::intake::refusal;
use crate::recorder::{Answer, Durable, Failure};

/// What a batch has decided so far and not yet committed.
pub(crate) struct Staged {
    pub(crate) head: Head,
    pub(crate) entries: Vec<SealedEntry>,
    /// Sealed content, with the entry of this batch that commits to it.
    pub(crate) addenda: Vec<(usize, Hash, Bytes)>,
    pub(crate) erasures: Vec<Hash>,
    /// Sealed content that entries recorded elsewhere commit to.
    pub(crate) wanted: Vec<Hash>,
    pub(crate) streams: HashMap<StreamId, u64>,
    pub(crate) ids: HashMap<StatementId, usize>,
    /// What each entry's sender is told once it is committed.
    pub(crate) durables: Vec<Durable>,
    /// One for each submission, in order.
    pub(crate) places: Vec<Placed>,
    pub(crate) refusals: Vec<RefusalRecord>,
    /// Bytes of the entries at most.
    bytes: usize,
}

/// Where a submission stands after it was staged.
pub(crate) enum Placed {
    /// A new entry of the batch.
    New(usize),
    /// The same as one before it in the batch.
    Again(usize),
    /// Recorded before.
    Recorded(Durable),
    /// Refused, which counts only where the state that it was judged by was the latest.
    Refused(Refusal),
    /// Not now.
    Unavailable(String),
}

impl Staged {
    pub(crate) fn on(head: Head) -> Self {
        Self {
            head,
            entries: Vec::new(),
            addenda: Vec::new(),
            erasures: Vec::new(),
            wanted: Vec::new(),
            streams: HashMap::new(),
            ids: HashMap::new(),
            durables: Vec::new(),
            places: Vec::new(),
            refusals: Vec::new(),
            bytes: 0,
        }
    }

    /// False when the store might not take the batch with this one in it.
    pub(crate) fn has_room_for(&self, submission: &Submission) -> bool {
        let bytes = self.bytes + entry_bytes_at_most(submission);
        self.places.is_empty() || (self.places.len() < MAX_BATCH_ENTRIES && bytes <= MAX_BATCH_BYTES)
    }

    /// One more entry.
    pub(crate) fn push(&mut self, sealed: SealedEntry) {
        self.head.size.0 += 1;
        self.head.last_leaf_hash = sealed.leaf_hash;
        self.streams.insert(sealed.stream.clone(), sealed.stream_version);
        self.ids.insert(sealed.statement_id, self.entries.len());
        self.bytes += sealed.bytes.len();
        self.entries.push(sealed);
    }

    /// The answers once all of it is committed.
    pub(crate) fn answers(self) -> Vec<Answer> {
        let Self { places, durables, .. } = self;
        let answer = |placed| match placed {
            Placed::New(at) => Ok(durables[at].clone()),
            Placed::Again(at) => Ok(Durable { already: true, ..durables[at].clone() }),
            Placed::Recorded(durable) => Ok(durable),
            Placed::Refused(refusal) => Err(Failure::Refused(refusal)),
            Placed::Unavailable(why) => Err(Failure::Unavailable(why)),
        };
        places.into_iter().map(answer).collect()
    }

    /// The answers when none of it counts. What was recorded before is so all the same.
    pub(crate) fn given_up(self, why: &str) -> Vec<Answer> {
        let answer = |placed| match placed {
            Placed::Recorded(durable) => Ok(durable),
            _ => Err(Failure::Unavailable(why.to_owned())),
        };
        self.places.into_iter().map(answer).collect()
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
) -> Result<(SealedEntry, Durable), Refusal> {
    let entry = Entry {
        index: context.index,
        previous,
        stream_version: context.stream_version + 1,
        recorded_at_ms: context.recorded_at_ms,
        statement_bytes: submission.statement.clone(),
        statement: statement.clone(),
        signatures: submission.signatures.clone(),
    };
    let bytes: Bytes =
        entry.seal().map_err(|e| refusal(Code::Malformed, format!("it does not fit an entry: {e}")))?.into();
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
