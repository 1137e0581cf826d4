//! What a desk needs of a replica of the ledger.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use ledger_core::ids::TreeSize;
use ledger_rules::State;
use ledger_store::Store;
use mirror::Mirror;

/// A replica: entries that were sealed, verified, and the state that they come to.
pub trait Replica: Send + Sync {
    /// Looks at the entries and the state, both as of the same size.
    fn look(&self, see: &mut dyn FnMut(&dyn Store, &State));

    /// Waits until it holds so many entries. False when that took longer than `within`, or it takes no more.
    fn caught_up_to<'a>(
        &'a self,
        size: TreeSize,
        within: Duration,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>>;
}

impl Replica for Mirror {
    fn look(&self, see: &mut dyn FnMut(&dyn Store, &State)) {
        Mirror::look(self, see);
    }

    fn caught_up_to<'a>(
        &'a self,
        size: TreeSize,
        within: Duration,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(Mirror::caught_up_to(self, size, within))
    }
}
