//! Whether entries follow what is held: each check alone, without changing anything.

use std::collections::{HashMap, HashSet};

use crate::known::Known;
use bytes::Bytes;
use ledger_core::checkpoint::{CheckpointError, LogVerifier, SignedCheckpoint};
use ledger_core::entry::{Entry, EntryError};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, StatementId, StreamId, TreeSize};
use ledger_core::merkle::Frontier;
use ledger_store::{Head, SealedEntry, Store, StoreError};
use prost::Message as _;
use scrutiny_proto::registry::v1::LedgerFounded;

/// Where a batch does not fit what is held.
#[derive(Debug, thiserror::Error)]
pub enum Break {
    /// Entries are missing before it.
    #[error("{have} entries are held and the batch begins at entry {first}")]
    Gap {
        /// Entries held.
        have: TreeSize,
        /// The batch's first.
        first: EntryIndex,
    },
    /// It has another entry where one is held already.
    #[error("entry {0} is another one than the one held: there are two histories")]
    Differs(EntryIndex),
    /// The bytes are no entry.
    #[error("entry {index} does not read: {problem}")]
    Form {
        /// Where it would stand.
        index: EntryIndex,
        /// Why not.
        problem: EntryError,
    },
    /// An entry does not follow the one before it.
    #[error("entry {index} breaks the chain: {problem}")]
    Chain {
        /// Where it would stand.
        index: EntryIndex,
        /// In what.
        problem: String,
    },
    /// An entry that changes who may sign, and that nobody was allowed to write.
    #[error("entry {index} changes who may sign, and may not: {problem}")]
    Authority {
        /// Where it would stand.
        index: EntryIndex,
        /// Why not.
        problem: String,
    },
    /// A checkpoint that is not this log's.
    #[error("the checkpoint of {size} entries is not signed by the log: {problem}")]
    Signature {
        /// The size it claims.
        size: TreeSize,
        /// Why not.
        problem: String,
    },
    /// A checkpoint that the log signed over other entries.
    #[error("the log signed the root {signed} for {size} entries, and those held here make {got}")]
    Root {
        /// Its size.
        size: TreeSize,
        /// The root in the checkpoint.
        signed: Hash,
        /// The root of the entries.
        got: Hash,
    },
    /// The copy itself is out of order.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It has halted before.
    #[error("the mirror has halted: {0}")]
    Halted(String),
}

/// Entries that follow what is held, on their way into it.
pub(crate) struct Extension<'a> {
    store: &'a dyn Store,
    head: Head,
    pub(crate) frontier: Frontier,
    pub(crate) entries: Vec<Entry>,
    pub(crate) sealed: Vec<SealedEntry>,
    streams: HashMap<StreamId, u64>,
    ids: HashSet<StatementId>,
}

impl<'a> Extension<'a> {
    pub(crate) fn of(store: &'a dyn Store, frontier: Frontier) -> Self {
        let head = store.head();
        let (entries, sealed) = (Vec::new(), Vec::new());
        Self { store, head, frontier, entries, sealed, streams: HashMap::new(), ids: HashSet::new() }
    }

    /// The next entry: its form, its place, the entry before it, its stream's version, its id.
    pub(crate) fn push(&mut self, bytes: &Bytes) -> Result<(), Break> {
        let index = EntryIndex(self.head.size.0);
        let entry = Entry::parse(bytes).map_err(|problem| Break::Form { index, problem })?;
        let broken = |problem: String| Break::Chain { index, problem };
        if entry.index != index {
            return Err(broken(format!("it calls itself entry {}", entry.index)));
        }
        if entry.previous != self.head.last_leaf_hash {
            let held = self.head.last_leaf_hash;
            return Err(broken(format!(
                "it follows {}, and the entry held before it is {held}",
                entry.previous
            )));
        }
        let stream = &entry.statement.stream;
        let version = match self.streams.get(stream) {
            Some(version) => *version,
            None => self.store.stream_version(stream)?,
        };
        if entry.stream_version != version + 1 {
            let got = entry.stream_version;
            return Err(broken(format!("it is number {got} of {stream}, which holds {version}")));
        }
        let id = entry.statement.id;
        if self.store.find(&id)?.is_some() || !self.ids.insert(id) {
            return Err(broken(format!("the statement {id} is recorded a second time")));
        }
        self.streams.insert(stream.clone(), entry.stream_version);
        let leaf_hash = Hash::leaf(bytes);
        self.frontier.push(leaf_hash);
        self.head.size.0 += 1;
        self.head.last_leaf_hash = leaf_hash;
        self.sealed.push(SealedEntry {
            bytes: bytes.clone(),
            leaf_hash,
            statement_id: id,
            stream: stream.clone(),
            stream_version: entry.stream_version,
        });
        self.entries.push(entry);
        Ok(())
    }
}

/// Whether the log signed this note, with the keys in force at this size, over a tree of this size and root.
///
/// False when the entries name the keys that signed, and not (yet) those that the operator gave: then it says nothing.
pub(crate) fn check_note(note: &[u8], known: &Known, size: TreeSize, root: Hash) -> Result<bool, Break> {
    let problem = |e: CheckpointError| Break::Signature { size, problem: e.to_string() };
    let stranger = SignedCheckpoint::parse(note).map_err(problem)?;
    let opened = stranger.open(known.at(size)?);
    let (signed, counts) = match (opened, known.unreached(size).map(|named| stranger.open(named))) {
        (Ok(signed), _) => (signed, true),
        (Err(_), Some(Ok(signed))) => (signed, false),
        (Err(error), _) => return Err(problem(error)),
    };
    if signed.size != size {
        let problem = format!("it covers {} entries", signed.size);
        return Err(Break::Signature { size, problem });
    }
    if signed.root == root { Ok(counts) } else { Err(Break::Root { size, signed: signed.root, got: root }) }
}

/// The log that entry 0 founds; `None` when it founds none.
pub(crate) fn founded_log(entry: &Entry) -> Option<LogVerifier> {
    if entry.statement.kind != "scrutiny.registry.v1.LedgerFounded" {
        return None;
    }
    let body = LedgerFounded::decode(entry.statement.body.clone()).ok()?;
    let log = LogVerifier::from_vkeys(&body.log_vkeys).ok()?;
    (log.origin().as_str() == body.origin).then_some(log)
}
