//! The seam between a recorder and what its batches have to be in, besides its own disk, before they count.
//!
//! With several recorders there is one order that none of them alone decides: the commit log's. A batch is appended
//! there *first*, behind the fence, and only then to this disk; so a disk never holds what nobody else knows of, and
//! who is fenced out has nothing to take back. A recorder without a commit log is alone on its disk.
//!
//! In scope: what a [`Node`](crate::Node) asks of such a log. Out of scope: what carries it
//! ([`service::StreamLog`](crate::service::StreamLog) is the one on the bus).

use std::pin::Pin;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::wire::SealedBatch;

/// A future in a box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What became of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is in the log, behind everything that was read or appended before. From [`CommitLog::confirm`] and
    /// [`CommitLog::hold`]: nobody has appended anything since.
    Committed,
    /// Somebody else has appended. Nothing of ours is in the log: follow, and decide again.
    Fenced,
    /// The log has lost its end, or tells another history than it told before. Nothing of ours was appended: read it
    /// anew, and give it back what it lost.
    Shortened,
}

/// What comes next in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This batch.
    Batch(SealedBatch),
    /// Nothing, as the log's leader has it. An append now is behind the fence.
    End {
        /// Messages behind the last batch are lost: whether they were batches, nobody knows.
        lost: bool,
    },
    /// The log ends before what was read from it already, or has something else there.
    Shortened,
    /// However often it is read, the log contradicts itself, as this sentence says.
    Torn(String),
}

/// The log cannot be reached now. Nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Away(pub String);

/// Where a batch has to be, besides this disk, before it counts. It remembers one place: behind what was read or
/// appended last. That place is the fence.
pub trait CommitLog: Send {
    /// Appends behind the fence. Does not return while the outcome is unknown; whoever drops the future does not
    /// know it either, and has to begin with [`CommitLog::seek`].
    fn append<'a>(&'a mut self, batch: &'a SealedBatch) -> BoxFuture<'a, Fate>;

    /// Whether nobody has appended since, as the log says. Does not return while that is unknown. What a recorder that is
    /// alone rests a refusal on: whoever answers may have been left behind by the others for some seconds, and tells what
    /// was so.
    fn confirm(&mut self) -> BoxFuture<'_, Fate>;

    /// Whether nobody has appended since: what one of several recorders rests a refusal on. Only an append is let
    /// through by those who decide, so `mark` is appended, a batch that tells nobody anything new; or nothing is, where
    /// an append shortly before says as much.
    fn hold<'a>(&'a mut self, mark: &'a SealedBatch) -> BoxFuture<'a, Fate> {
        self.append(mark)
    }

    /// Goes to the first batch that ends at `size` or beyond; to the last one where none does.
    fn seek(&mut self, size: TreeSize) -> BoxFuture<'_, Result<(), Away>>;

    /// The next batch. After [`CommitLog::seek`] the first is one that a ledger of that size holds already, so that
    /// the two are compared.
    fn next(&mut self) -> BoxFuture<'_, Result<Next, Away>>;

    /// Asks whoever leads for entries that the log has lost, from here on.
    fn ask(&mut self, from: EntryIndex) -> BoxFuture<'_, Result<SealedBatch, Away>>;

    /// Puts sealed content, each piece with its digest, where other recorders find it and where it can be erased: never
    /// into the log itself. A recorder that is alone has nobody to put it there for.
    fn put_addenda<'a>(&'a mut self, addenda: &'a [(Hash, Bytes)]) -> BoxFuture<'a, Result<(), Away>> {
        let _ = addenda;
        Box::pin(std::future::ready(Ok(())))
    }

    /// Sealed content that another recorder has put there, or has. `None`: nobody who can be asked has it.
    fn addendum(&mut self, digest: Hash) -> BoxFuture<'_, Result<Option<Bytes>, Away>> {
        let _ = digest;
        Box::pin(std::future::ready(Ok(None)))
    }
}
