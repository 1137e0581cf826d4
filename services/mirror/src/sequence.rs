//! Where in the sealed stream to go on. Nothing is remembered for it: the batches say what they hold.

use host::bus::{Bus, BusError};
use ledger_core::ids::TreeSize;
use ledger_core::wire::SealedBatch;

/// The sequence of the first message that may hold something beyond `size`, found by halving. A message that is
/// lost or does not read counts as an old one; the mirror notices by itself if it was not.
pub(crate) async fn sequence_beyond(bus: &Bus, stream: &str, size: TreeSize) -> Result<u64, BusError> {
    let last = bus.tail(stream).await?.last_sequence;
    // Everything before `low` ends at or below `size`; `high` is where something beyond it would be at the latest.
    let (mut low, mut high) = (1, last + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let message = bus.message(stream, middle).await?;
        let end = message.and_then(|m| SealedBatch::parse(&m.payload).ok()).map(|batch| batch.end());
        if end.is_some_and(|end| end > size) { high = middle } else { low = middle + 1 }
    }
    Ok(low)
}
