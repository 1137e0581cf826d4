//! What a desk needs of a replica of the ledger.

use ledger_rules::State;
use ledger_store::Store;
use tokio::sync::watch;

/// A replica: entries that were sealed, verified, and the state that they come to.
pub trait Replica: Send + Sync {
    /// Looks at the entries and the state, both as of the same size.
    fn look(&self, see: &mut dyn FnMut(&dyn Store, &State));

    /// How many entries it holds, as that grows.
    fn size(&self) -> watch::Receiver<u64>;
}
