//! A verified copy of somebody else's ledger, kept current.
//!
//! In scope: taking what a recorder sealed, checking it, keeping it, and saying how far it goes. Out of scope:
//! whether the entries were *allowed* (`ledger-audit` asks the rules again; only who may sign is judged here), what they mean (`projector`), and
//! sealed content, which never travels with the entries.
//!
//! ```text
//! sealed stream ─► follow ─► take: form, chain, stream versions ─► checkpoint: root and signature ─► own copy
//!                    │ lost or damaged on the way                                                      │
//!                    └──► the recorder, asked for entries                       state, entries ◄───────┘
//! ```
//!
//! **Trust.** The stream is not trusted: whoever can write to it can write anything. Every entry must follow the one
//! before (its leaf hash, its stream's version), and every checkpoint must be signed by the log and state the root of
//! the very entries held here. Acts of the registry are judged as they come, so that a log that rotates its keys is
//! followed from the keys that are known to those that two root keys authorised. What lies beyond the last checkpoint is chained and not yet signed for:
//! [`Standing::covered`] says how far the log's word goes. Without a pinned log key the keys are those that entry 0
//! names, and then all that is known is that the copy agrees with itself ([`LogKey::FromFirstEntry`]).
//!
//! What was lost on the way is fetched from the recorder and checked in the same way. What cannot be explained halts
//! the mirror: it keeps what it had, says why, and takes nothing more, so that the evidence stays. A halted copy is
//! thrown away by hand and made again.

mod extend;
mod follow;
mod held;
mod judge;
mod known;
mod sequence;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use ledger_core::checkpoint::LogVerifier;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::policy::Policy;
use ledger_core::wire::SealedBatch;
use ledger_rules::State;
use ledger_store::{Store, StoreError};
use tokio::sync::watch;

pub use extend::Break;
pub use follow::{Following, follow, follow_within};
use held::Held;
pub use judge::Judgment;

/// Which log signs.
#[derive(Debug, Clone)]
pub enum LogKey {
    /// The one whose keys the operator gave. Entry 0 must found that log. Keys that came later are believed because
    /// entries that two root keys signed authorise them, once a checkpoint under the given ones was seen.
    Given(Box<LogVerifier>),
    /// One of several sets that the operator gave, of a log that rotated its keys. Any of them will do: which sign at
    /// which size, the entries say.
    AnyOf(Vec<LogVerifier>),
    /// The one that entry 0 names: the copy is checked against itself, and nobody vouches for entry 0.
    FromFirstEntry,
}

/// A policy file that names no log's keys.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct NoLogKey {
    /// Which file.
    pub path: PathBuf,
    /// Why not.
    pub why: String,
}

impl LogKey {
    /// The log of a policy, as `scrutiny policy` prints one.
    ///
    /// # Errors
    /// When the file cannot be read, is none, or names keys of several logs.
    pub fn from_policy_file(path: &Path) -> Result<Self, NoLogKey> {
        let wrong = |why: String| NoLogKey { path: path.to_owned(), why };
        let text = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
        let policy = Policy::parse(&text).map_err(|e| wrong(e.to_string()))?;
        let Some(first) = policy.logs().first() else { return Err(wrong("it names no log".to_owned())) };
        if let Some(other) = policy.logs().iter().find(|log| log.key.name() != first.key.name()) {
            let (one, other) = (first.key.name(), other.key.name());
            return Err(wrong(format!("it names two logs, {one} and {other}, and a copy is of one")));
        }
        let mut sets = policy.log_sets(first.key.name());
        match (sets.pop(), sets.is_empty()) {
            (None, _) => Err(wrong("its keys are no log's".to_owned())),
            (Some(only), true) => Ok(Self::Given(Box::new(only))),
            (Some(last), false) => {
                sets.push(last);
                Ok(Self::AnyOf(sets))
            }
        }
    }
}

/// Where a mirror stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Entries held.
    pub size: TreeSize,
    /// Root of the tree over them.
    pub root: Hash,
    /// How many of them lie under a checkpoint that the log signed and that was checked here.
    pub covered: TreeSize,
}

/// A mirror. Clones are of the same copy.
#[derive(Clone)]
pub struct Mirror(Arc<Inner>);

struct Inner {
    held: Mutex<Held>,
    standing: watch::Sender<Standing>,
    halted: watch::Sender<Option<String>>,
    contradiction: watch::Sender<Option<SealedBatch>>,
}

/// Entries that [`Mirror::entries`] gives at once: about 4 MiB of usual ones.
pub const ENTRIES_AT_ONCE: usize = 4_096;

impl Mirror {
    /// Takes up a copy: replays it, and checks its latest checkpoint against the log's key. An empty store begins a
    /// copy.
    ///
    /// # Errors
    /// When the copy does not replay, or was not signed by this log.
    pub fn open(store: Box<dyn Store>, log: LogKey) -> Result<Self, Break> {
        let held = Held::open(store, log)?;
        let standing = watch::Sender::new(held.standing());
        let (halted, contradiction) = (watch::Sender::new(None), watch::Sender::new(None));
        Ok(Self(Arc::new(Inner { held: Mutex::new(held), standing, halted, contradiction })))
    }

    /// Takes a batch: what is held already must be the same, what is new must follow. Either the whole batch is kept
    /// or nothing of it.
    ///
    /// # Errors
    /// Says where it breaks. The mirror itself goes on: whether there is an explanation is for the caller to find.
    pub fn take(&self, batch: &SealedBatch) -> Result<Standing, Break> {
        if let Some(reason) = self.halted() {
            return Err(Break::Halted(reason));
        }
        let standing = {
            let mut held = self.held();
            held.take(batch).inspect_err(|_| self.keep_contradiction(&held, batch))?;
            held.standing()
        };
        self.0.standing.send_if_modified(|now| std::mem::replace(now, standing) != standing);
        Ok(standing)
    }

    /// Where it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        *self.0.standing.borrow()
    }

    /// Tells of every change of where it stands.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.0.standing.subscribe()
    }

    /// Waits until so many entries are held. False when that took longer than `within`, or the mirror has halted.
    pub async fn caught_up_to(&self, size: TreeSize, within: Duration) -> bool {
        let (mut standing, mut halted) = (self.watch(), self.0.halted.subscribe());
        let wait = async {
            tokio::select! {
                reached = standing.wait_for(|now| now.size >= size) => reached.is_ok(),
                _ = halted.wait_for(Option::is_some) => false,
            }
        };
        tokio::time::timeout(within, wait).await.unwrap_or(false)
    }

    /// Looks at the copy and at the state that the rules make of it, between two batches.
    pub fn look<R>(&self, look: impl FnOnce(&dyn Store, &State) -> R) -> R {
        let held = self.held();
        look(held.store(), held.state())
    }

    /// The entries from `from` on, in order: at most [`ENTRIES_AT_ONCE`], none at the head. For folds: keep the
    /// position, wait for [`Mirror::watch`], ask again.
    ///
    /// # Errors
    /// When one of them is damaged.
    pub fn entries(&self, from: TreeSize) -> Result<Vec<Bytes>, StoreError> {
        let held = self.held();
        let until = held.standing().size.0.min(from.0 + ENTRIES_AT_ONCE as u64);
        let entry = |index| held.store().entry(EntryIndex(index)).transpose();
        (from.0..until).filter_map(entry).collect()
    }

    /// Stops for good, with the reason. What is held stays as it is.
    pub fn halt(&self, reason: impl fmt::Display) {
        let reason = reason.to_string();
        tracing::error!(%reason, "the mirror has halted");
        self.0.halted.send_if_modified(|halted| halted.is_none() && halted.replace(reason).is_none());
    }

    /// Why it has halted; `None` while all is well.
    #[must_use]
    pub fn halted(&self) -> Option<String> {
        self.0.halted.borrow().clone()
    }

    /// What a checkpoint from elsewhere says of the entries held here.
    ///
    /// # Errors
    /// When the log did not sign it, as far as is known here.
    pub fn judge(&self, note: &[u8]) -> Result<Judgment, Break> {
        self.held().judge(note)
    }

    /// The keys that sign checkpoints of this size; `None` while no entry says which they are.
    #[must_use]
    pub fn log_at(&self, size: TreeSize) -> Option<LogVerifier> {
        self.held().log_at(size)
    }

    /// The first batch that did not fit and whose checkpoint the log signed, over other entries than those held here.
    /// Whether that makes two histories depends on how many of these the log has signed for too.
    #[must_use]
    pub fn contradiction(&self) -> Option<SealedBatch> {
        self.0.contradiction.borrow().clone()
    }

    fn keep_contradiction(&self, held: &Held, batch: &SealedBatch) {
        if self.contradiction().is_none() && held.is_contradicted_by(batch) {
            self.0.contradiction.send_replace(Some(batch.clone()));
        }
    }

    /// Saves the state, so that the next start replays little. For an orderly end.
    pub fn save(&self) {
        self.held().save_snapshot();
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().expect("nothing panics while it holds the copy")
    }
}

impl fmt::Debug for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mirror").field(&self.standing()).finish()
    }
}
