//! Where the sealed stream ends, and whether it is this ledger's own.

use std::time::Duration;

use bytes::Bytes;
use host::bus::{BusError, Message, Tail};
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle;
use ledger_core::wire::SealedBatch;
use ledger_store::{Store, StoreError, TreeOf};

use super::{ServiceError, Shared};

/// Messages at the stream's very end that are lost or no batches and are stepped over, looking for one that is.
const STEPS_BACK: u64 = 64;

const PAUSE: Duration = Duration::from_millis(250);

/// The stream's end, as its leader has it and this ledger agrees.
#[derive(Debug, Clone)]
pub(super) struct StreamEnd {
    /// The last sequence: what the next append must expect.
    pub(super) sequence: u64,
    /// Entries of the ledger up to there.
    pub(super) size: TreeSize,
    /// The last batch.
    pub(super) last: Bytes,
}

/// Reads the end until it is known, and compares it with the ledger.
pub(super) async fn find_end(shared: &Shared) -> Result<StreamEnd, ServiceError> {
    loop {
        let found = read_end(shared).await;
        let why = match found {
            Ok((sequence, message)) => match compare(shared, sequence, message).await? {
                Ok(end) => return Ok(end),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        shared.health.waiting("sealed stream", &format!("its end is not known: {why}"));
        tokio::time::sleep(PAUSE).await;
    }
}

/// The last sequence, and the last batch that is there.
async fn read_end(shared: &Shared) -> Result<(u64, Option<Message>), BusError> {
    let stream = shared.force.sealed_log().name;
    let Tail { last_sequence, deleted, last, .. } = shared.bus.tail(&stream).await?;
    if deleted > 0 {
        tracing::error!(stream, deleted, "the broker has lost sealed batches; followers ask for them");
    }
    let mut found = last.filter(is_batch);
    for step in 1..=STEPS_BACK.min(last_sequence) {
        if found.is_some() || step == last_sequence {
            break;
        }
        found = shared.bus.message(&stream, last_sequence - step).await?.filter(is_batch);
    }
    Ok((last_sequence, found))
}

/// Whether a message says anything about the log. Anybody who may ask the broker a question can name the sealed stream's
/// subject for the answer, which is then stored there: no reason to stop recording.
fn is_batch(message: &Message) -> bool {
    let is = !message.payload.is_empty() && SealedBatch::parse(&message.payload).is_ok();
    if !is {
        let sequence = message.sequence;
        tracing::error!(sequence, "the sealed stream holds what no recorder sent; stepped over");
    }
    is
}

/// Holds the stream's last message against the ledger. The inner error is trouble with the store, to be tried again.
async fn compare(
    shared: &Shared,
    sequence: u64,
    message: Option<Message>,
) -> Result<Result<StreamEnd, StoreError>, ServiceError> {
    let Some(message) = message else {
        return Ok(Ok(StreamEnd { sequence, size: TreeSize(0), last: Bytes::new() }));
    };
    let diverged = |why: String| Err(ServiceError::Diverged(why));
    let batch = match SealedBatch::parse(&message.payload) {
        Ok(batch) => batch,
        Err(error) => return diverged(format!("its last message is no sealed batch ({error})")),
    };
    let (size, last) = (batch.end(), message.payload);
    match shared.recorder.look(move |store, _| difference(store, &batch)).await {
        Ok(None) => Ok(Ok(StreamEnd { sequence, size, last })),
        Ok(Some(why)) => diverged(why),
        Err(error) => Ok(Err(error)),
    }
}

/// What in the batch is not as in the ledger.
fn difference(store: &dyn Store, batch: &SealedBatch) -> Result<Option<String>, StoreError> {
    let head = store.head().size;
    if batch.end() > head {
        return Ok(Some(format!("it goes up to {} entries, and the ledger has {head}", batch.end())));
    }
    for (index, entry) in (batch.first.0..).map(EntryIndex).zip(&batch.entries) {
        if store.entry(index)?.as_ref() != Some(entry) {
            return Ok(Some(format!("it has another entry {index}")));
        }
    }
    let Some(note) = &batch.checkpoint else { return Ok(None) };
    let root = match merkle::tree_root(batch.end(), &TreeOf(store)) {
        Ok(root) => root,
        Err(error) => return Err(StoreError::Damaged { what: format!("the tree ({error})") }),
    };
    // The root is compared with this ledger's own tree, so that who signed the note does not matter here.
    let same = SignedCheckpoint::parse(note).is_ok_and(|stranger| {
        stranger.claimed_size() == batch.end()
            && stranger.note().unverified_text().lines().nth(2) == Some(root.to_string().as_str())
    });
    Ok((!same).then(|| format!("it has another checkpoint of {} entries", batch.end())))
}
