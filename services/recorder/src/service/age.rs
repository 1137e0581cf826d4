//! How old the last checkpoint is: what an operator looks at first.

use std::sync::atomic::{AtomicU64, Ordering};

use ledger_core::entry::Entry;
use ledger_store::{Store, StoreError};

use crate::Clock;

/// When the last checkpoint was signed; 0 while there is none.
pub(super) struct Age {
    clock: Clock,
    signed_at_ms: AtomicU64,
}

impl Age {
    /// A checkpoint says no time. One of an earlier run was signed after the last entry that it covers was
    /// recorded, so until the next one it is taken to be as old as that entry.
    pub(super) fn read(store: &dyn Store, clock: Clock) -> Result<Self, StoreError> {
        let covered = store.latest_checkpoint()?.map_or(0, |(size, _)| size.0);
        let last = covered.checked_sub(1).map(|last| store.entry(ledger_core::ids::EntryIndex(last)));
        let entry = last.transpose()?.flatten().and_then(|bytes| Entry::parse(&bytes).ok());
        Ok(Self { clock, signed_at_ms: AtomicU64::new(entry.map_or(0, |entry| entry.recorded_at_ms)) })
    }

    pub(super) fn signed_now(&self) {
        self.signed_at_ms.store((self.clock)(), Ordering::Relaxed);
    }

    /// Milliseconds; none before the first checkpoint.
    pub(super) fn ms(&self) -> Option<u64> {
        let signed = self.signed_at_ms.load(Ordering::Relaxed);
        (signed > 0).then(|| (self.clock)().saturating_sub(signed))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ledger_store::{MemoryDisk, MemoryStore};

    use super::*;

    #[test]
    fn before_the_first_checkpoint_there_is_no_age_and_a_clock_that_steps_back_makes_none_negative() {
        let store = MemoryStore::open(&MemoryDisk::new()).unwrap();
        let now = Arc::new(AtomicU64::new(1_000));
        let told = Arc::clone(&now);
        let age = Age::read(&store, Arc::new(move || told.load(Ordering::Relaxed))).unwrap();
        assert_eq!(age.ms(), None);
        age.signed_now();
        now.store(1_250, Ordering::Relaxed);
        assert_eq!(age.ms(), Some(250));
        now.store(10, Ordering::Relaxed);
        assert_eq!(age.ms(), Some(0));
    }
}
