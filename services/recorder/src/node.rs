//! One recorder as one object: its store, its state, its place in the commit log, and whether it leads.
//!
//! ```text
//!              ┌──────────── fenced ────────────┐
//!              ▼                                │
//! open ─► following ─ catch_up, take_over ─► leading ─ submit, publish
//!              │                                │
//!              └────────► stopped ◄─────────────┘   two histories, or a disk that nobody can believe
//! ```
//!
//! There is no thread, no timer and no clock in here but [`Config::clock`]: whoever polls its futures decides when
//! anything happens. A future may be dropped at any of its awaits; that is a crash, and the node is to be dropped as
//! well and opened anew on the same disk. What surrounds a node (queue, inbox, heartbeats) is
//! [`Recorder`](crate::Recorder) and [`service`](crate::service).
//!
//! The fences, and what a crash at each means:
//!
//! 1. *before the append to the commit log*: nothing happened. Nobody was told; a retry records the statement.
//! 2. *between the log and this disk*: the entry counts. The next start, or whoever follows, reads it from the log.
//! 3. *between the disk and the answer*: nobody knows. A retry finds the id and gets the receipt.
//! 4. *between the answer and the checkpoint*: the entry is durable and not yet published. Whoever leads next signs a
//!    checkpoint over it.
//! 5. *between an erasure's entry and the erasing*: the entry is durable, the addendum still there. The next start
//!    erases it (see [`Node::open`]).

mod commit;
mod follow;
mod lead;
mod publish;

pub(crate) use self::lead::entries_of;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_core::sshsig::KeyCache;
use ledger_rules::State;
use ledger_store::{Store, StoreError};
use rayon::ThreadPool;

use crate::commit_log::{Away, CommitLog};
use crate::recorder::{Config, OpenError};
use crate::replay::{check_latest_checkpoint, log_at, own_keys_in_force, replay};

/// Entries between two snapshots of the state: replaying this many takes well under a second.
const SNAPSHOT_EVERY: u64 = 65_536;

/// What a node is to the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// It keeps what the commit log has, and records nothing.
    Following,
    /// It records.
    Leading {
        /// In which epoch; 0 for a recorder that is alone.
        epoch: u64,
    },
    /// It has found what cannot be explained, and does nothing any more.
    Stopped(Stop),
}

/// Why a node does nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The commit log and this ledger tell two histories.
    #[error(
        "the sealed stream and this ledger differ: {0}. Nothing is recorded until somebody has found out which \
         one is right: was a backup restored, or does another recorder write to this stream?"
    )]
    Diverged(String),
    /// Nobody knows what the disk holds.
    #[error("the ledger's disk cannot be believed any more: {0}. Run `scrutiny scrub`, then start again")]
    Disk(String),
}

/// Why a node did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It may work later.
    #[error("{0}")]
    NotNow(String),
    /// It will not.
    #[error(transparent)]
    Stopped(#[from] Stop),
}

/// What a node has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Entries made durable.
    pub entries: u64,
    /// Batches they were made durable in.
    pub commits: u64,
    /// Statements refused.
    pub refusals: u64,
}

/// What is known of the commit log.
#[derive(Debug, Default)]
struct Place {
    /// False when it has to be looked for.
    known: bool,
    /// Entries up to the last batch that was read or appended.
    size: TreeSize,
    /// The largest checkpoint that was read or appended.
    noted: TreeSize,
    /// Messages behind that are lost.
    lost: bool,
}

/// One recorder.
pub struct Node {
    store: Box<dyn Store>,
    state: State,
    config: Config,
    log: Option<Box<dyn CommitLog>>,
    place: Place,
    role: Role,
    /// It shares the ledger with no other recorder: one that appends all the same is an alarm.
    alone: bool,
    counters: Counters,
    /// Sealed content that nobody gave when it was asked for.
    lacking: BTreeSet<Hash>,
    /// The last thing that was to be kept could not be: the disk is full, or refuses.
    disk_refuses: bool,
    published: TreeSize,
    snapshot_at: TreeSize,
    keys: KeyCache,
    pool: Option<Arc<ThreadPool>>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let head = self.store.head();
        f.debug_struct("Node").field("role", &self.role).field("head", &head).finish_non_exhaustive()
    }
}

impl Node {
    /// Opens a node on its store: replays what the snapshot does not cover, and compares the head with the latest
    /// checkpoint before anything can be signed. Without a commit log it leads at once; with one it follows.
    ///
    /// # Errors
    /// When the store does not replay or was signed with other keys.
    pub fn open(
        store: Box<dyn Store>,
        config: Config,
        log: Option<Box<dyn CommitLog>>,
    ) -> Result<Self, OpenError> {
        let (state, snapshot_at) = replay(&*store)?;
        let alone = log.is_none();
        if alone {
            own_keys_in_force(&state, &config.signer.verifier()).map_err(OpenError::WrongLogKey)?;
        }
        // Of several recorders, another one may have signed it.
        let signed_by = |size| log_at(&state, size, config.signer.verifier());
        let published = check_latest_checkpoint(&*store, signed_by)?;
        let role = if alone { Role::Leading { epoch: 0 } } else { Role::Following };
        let mut node = Self {
            store,
            state,
            config,
            log,
            place: Place::default(),
            role,
            alone,
            counters: Counters::default(),
            lacking: BTreeSet::new(),
            disk_refuses: false,
            published,
            snapshot_at,
            keys: KeyCache::default(),
            pool: None,
        };
        for digest in node.state.erased() {
            node.store.erase_addendum(&digest)?;
        }
        if node.log.is_none() {
            node.publish_here()?;
        }
        Ok(node)
    }

    /// Lets these threads check signatures. Without, the thread that polls does.
    #[must_use]
    pub fn with_pool(mut self, pool: Arc<ThreadPool>) -> Self {
        self.pool = Some(pool);
        self
    }

    /// What it is to the ledger now.
    #[must_use]
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// What it keeps.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// What the rules make of that.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Entries under the latest checkpoint.
    #[must_use]
    pub fn published(&self) -> TreeSize {
        self.published
    }

    /// What was done since it was opened.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Whether its disk takes nothing now. Another recorder's may.
    #[must_use]
    pub fn disk_refuses(&self) -> bool {
        self.disk_refuses
    }

    /// Sealed content that entries kept since it was opened commit to, and that nobody gave: it is to be asked for again.
    /// What was never handed in is among it, since nobody can tell.
    #[must_use]
    pub fn lacking(&self) -> &BTreeSet<Hash> {
        &self.lacking
    }

    /// Keeps sealed content that was lacking.
    ///
    /// # Errors
    /// When it could not be kept.
    pub fn complete(&mut self, digest: Hash, addendum: Bytes) -> Result<(), StoreError> {
        // It may have been erased while it was asked for.
        if self.lacking.contains(&digest) && !self.state.is_erased(&digest) {
            self.store.put_addendum(digest, addendum)?;
        }
        self.lacking.remove(&digest);
        Ok(())
    }

    /// Saves the state, so that the next start replays less.
    pub fn save_snapshot(&mut self) {
        let size = self.store.head().size;
        match self.store.save_snapshot(size, self.state.to_bytes().into()) {
            Ok(()) => self.snapshot_at = size,
            Err(error) => tracing::warn!(%error, "no snapshot was saved; the next start replays more"),
        }
    }

    fn snapshot_when_due(&mut self) {
        if self.store.head().size.0 - self.snapshot_at.0 >= SNAPSHOT_EVERY {
            self.save_snapshot();
        }
    }

    fn log(&mut self) -> &mut dyn CommitLog {
        &mut **self.log.as_mut().expect("only a node with a commit log comes here")
    }

    fn running(&self) -> Result<(), Trouble> {
        match &self.role {
            Role::Stopped(stop) => Err(Trouble::Stopped(stop.clone())),
            _ => Ok(()),
        }
    }

    fn stop(&mut self, stop: Stop) -> Trouble {
        tracing::error!(%stop, "the recorder does nothing any more");
        self.role = Role::Stopped(stop.clone());
        Trouble::Stopped(stop)
    }

    fn diverged(&mut self, why: String) -> Trouble {
        self.stop(Stop::Diverged(why))
    }

    /// After trouble with the store the state may be ahead of the disk: it is made again from what is there.
    fn failed(&mut self, error: &StoreError) -> Trouble {
        self.place.known = false;
        if let StoreError::Poisoned { .. } = error {
            return self.stop(Stop::Disk(error.to_string()));
        }
        use StoreError::{DiskFull, Io, Suspended};
        self.disk_refuses |= matches!(error, DiskFull { .. } | Suspended { .. } | Io { .. });
        match self.state_from_store() {
            Ok(()) => Trouble::NotNow(error.to_string()),
            Err(stopped) => stopped,
        }
    }

    fn state_from_store(&mut self) -> Result<(), Trouble> {
        match replay(&*self.store) {
            Ok((state, snapshot_at)) => {
                (self.state, self.snapshot_at) = (state, snapshot_at);
                Ok(())
            }
            Err(error) => Err(self.stop(Stop::Disk(error.to_string()))),
        }
    }

    fn erase(&mut self, digests: &[Hash]) {
        for digest in digests {
            self.lacking.remove(digest);
            if let Err(error) = self.store.erase_addendum(digest) {
                tracing::error!(%error, digest = %digest.to_hex(), "an addendum is still to be erased");
            }
        }
    }
}

impl From<Away> for Trouble {
    fn from(away: Away) -> Self {
        Trouble::NotNow(away.to_string())
    }
}
