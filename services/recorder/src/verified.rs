//! Signatures that this process has verified already.
//!
//! Where a desk and the recorder share a process, the desk has just checked what the recorder is about to check. What
//! is remembered is a digest of the exact bytes (the statement and every signature over it), only after this very
//! process verified each signature strictly, and only until the recorder has asked once. It is memory of one process:
//! nothing that another process says gets in. A recorder on its own finds nothing here and verifies everything.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use ledger_core::hash::Hash;
use ledger_core::wire::Submission;

/// Locks, so that cores do not wait for each other.
const SHARDS: usize = 16;

/// Digests in one shard: 65,536 in all, twice what the way from a desk to the recorder holds, in some 5 MiB.
const IN_ONE: usize = 4_096;

/// What this process has verified.
pub(crate) static VERIFIED: Verified = Verified::new();

pub(crate) struct Verified {
    count: AtomicUsize,
    shards: [Mutex<Shard>; SHARDS],
}

struct Shard {
    known: Option<HashSet<Hash>>,
    /// Oldest first; those that were taken are still in it.
    order: VecDeque<Hash>,
}

impl Verified {
    const fn new() -> Self {
        let shards = [const { Mutex::new(Shard { known: None, order: VecDeque::new() }) }; SHARDS];
        Self { count: AtomicUsize::new(0), shards }
    }

    /// Every signature of this submission was verified here.
    pub(crate) fn remember(&self, submission: &Submission) {
        let digest = digest(submission);
        let mut shard = self.shard(&digest);
        if !shard.known.get_or_insert_default().insert(digest) {
            return;
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        shard.order.push_back(digest);
        while shard.order.len() > IN_ONE {
            let oldest = shard.order.pop_front();
            if oldest.is_some_and(|oldest| shard.known.get_or_insert_default().remove(&oldest)) {
                self.count.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// Whether they were. Asked once, it is forgotten.
    pub(crate) fn take(&self, submission: &Submission) -> bool {
        if self.count.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let digest = digest(submission);
        let known = self.shard(&digest).known.as_mut().is_some_and(|known| known.remove(&digest));
        if known {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        known
    }

    fn shard(&self, digest: &Hash) -> MutexGuard<'_, Shard> {
        let shard = &self.shards[usize::from(digest.0[0]) % SHARDS];
        shard.lock().expect("nothing panics while it holds digests")
    }
}

/// Of the statement and its signatures, each with its length before it.
fn digest(submission: &Submission) -> Hash {
    let parts = std::iter::once(&submission.statement).chain(&submission.signatures);
    let mut bytes = Vec::with_capacity(submission.byte_count() + 64);
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    Hash::of(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission(statement: &str, signatures: &[&str]) -> Submission {
        let bytes = |text: &str| bytes::Bytes::copy_from_slice(text.as_bytes());
        let signatures = signatures.iter().map(|text| bytes(text)).collect();
        Submission { statement: bytes(statement), signatures, addenda: Vec::new() }
    }

    #[test]
    fn only_the_very_same_bytes_are_known_and_only_once() {
        let verified = Verified::new();
        assert!(!verified.take(&submission("a", &["bc"])));
        verified.remember(&submission("a", &["bc"]));
        for other in [submission("ab", &["c"]), submission("a", &["b", "c"]), submission("a", &["bc", ""])] {
            assert!(!verified.take(&other), "{other:?}");
        }
        assert!(verified.take(&submission("a", &["bc"])));
        assert!(!verified.take(&submission("a", &["bc"])));
    }

    #[test]
    fn it_holds_no_more_than_its_bound() {
        let verified = Verified::new();
        let many = SHARDS * IN_ONE * 2;
        (0..many).for_each(|n| verified.remember(&submission(&n.to_string(), &["s"])));
        assert!(verified.count.load(Ordering::Relaxed) <= SHARDS * IN_ONE);
        assert!(verified.take(&submission(&(many - 1).to_string(), &["s"])), "the latest are there");
        assert!(!verified.take(&submission("0", &["s"])), "the oldest are not");
    }
}
