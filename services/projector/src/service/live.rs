//! All projections as of now.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, RwLock, RwLockReadGuard};

use bytes::Bytes;
use ledger_core::entry::{Entry, EntryError};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, StreamId, TreeSize};
use ledger_core::merkle::Frontier;
use ledger_store::StoreError;
use tokio::sync::watch;

use crate::Standing;
use crate::all::All;

/// Why an entry is not in the views.
#[derive(Debug, thiserror::Error)]
pub enum NotFolded {
    /// It does not read.
    #[error("entry {index} does not read: {problem}")]
    Form {
        /// Which.
        index: EntryIndex,
        /// Why not.
        problem: EntryError,
    },
    /// It does not follow the one before.
    #[error("entry {0} does not follow the entry before it")]
    Chain(EntryIndex),
    /// The source is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Every projection, live. Clones are of the same one.
#[derive(Clone, Default)]
pub struct Live(Arc<Inner>);

struct Inner {
    folded: RwLock<Folded>,
    standing: watch::Sender<Standing>,
    covered: watch::Sender<TreeSize>,
}

#[derive(Default)]
struct Folded {
    all: All,
    frontier: Frontier,
    last: Hash,
    versions: HashMap<StreamId, u64>,
}

impl Default for Inner {
    fn default() -> Self {
        let folded = Folded::default();
        let standing = watch::Sender::new(folded.standing());
        Self { folded: RwLock::new(folded), standing, covered: watch::Sender::new(TreeSize(0)) }
    }
}

impl Live {
    /// Before the first entry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next entries, in order. They are parsed before anybody who reads has to wait.
    ///
    /// # Errors
    /// When one does not read or does not follow; those before it are taken.
    pub fn take(&self, entries: &[Bytes]) -> Result<(), NotFolded> {
        let first = self.standing().tree_size.0;
        let mut parsed = Vec::with_capacity(entries.len());
        let mut problem = None;
        for (index, bytes) in (first..).map(EntryIndex).zip(entries) {
            match Entry::parse(bytes) {
                Ok(entry) => parsed.push((Hash::leaf(bytes), entry)),
                Err(e) => {
                    problem = Some(NotFolded::Form { index, problem: e });
                    break;
                }
            }
        }
        let standing = {
            let mut folded = self.0.folded.write().expect("no projection panics");
            for (leaf, entry) in &parsed {
                if let Err(chain) = folded.apply(*leaf, entry) {
                    problem = Some(chain);
                    break;
                }
            }
            folded.standing()
        };
        self.0.standing.send_replace(standing);
        problem.map_or(Ok(()), Err)
    }

    /// So many of the entries lie under a checkpoint that was checked.
    pub fn cover(&self, covered: TreeSize) {
        self.0.covered.send_replace(covered);
    }

    /// How many of the entries lie under a checkpoint that was checked.
    #[must_use]
    pub fn covered(&self) -> TreeSize {
        *self.0.covered.borrow()
    }

    /// The tree that the views stand on now.
    #[must_use]
    pub fn standing(&self) -> Standing {
        *self.0.standing.borrow()
    }

    /// Tells of every change of the tree.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.0.standing.subscribe()
    }

    /// Looks at the projections and at the tree they stand on, both of one moment.
    pub fn look<R>(&self, look: impl FnOnce(&All, &Standing) -> R) -> R {
        let folded = self.folded();
        look(&folded.all, &folded.standing())
    }

    /// How many entries each of these streams holds, and at which size of the log.
    #[must_use]
    pub fn versions(&self, streams: &[StreamId]) -> (TreeSize, Vec<u64>) {
        let folded = self.folded();
        let version = |stream| folded.versions.get(stream).copied().unwrap_or(0);
        (folded.frontier.size(), streams.iter().map(version).collect())
    }

    fn folded(&self) -> RwLockReadGuard<'_, Folded> {
        self.0.folded.read().expect("no projection panics")
    }
}

impl Folded {
    fn apply(&mut self, leaf: Hash, entry: &Entry) -> Result<(), NotFolded> {
        let next = EntryIndex(self.frontier.size().0);
        if entry.index != next || entry.previous != self.last {
            return Err(NotFolded::Chain(next));
        }
        self.all.apply(entry.index, entry.recorded_at_ms, &entry.statement);
        self.versions.insert(entry.statement.stream.clone(), entry.stream_version);
        self.frontier.push(leaf);
        self.last = leaf;
        Ok(())
    }

    fn standing(&self) -> Standing {
        Standing { tree_size: self.frontier.size(), root: self.frontier.root() }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Live").field(&self.standing()).finish()
    }
}
