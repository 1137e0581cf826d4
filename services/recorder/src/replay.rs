//! Opening: the state at the head, and whether the log keys are those that signed so far.

use ledger_core::checkpoint::{LogVerifier, SignedCheckpoint};
use ledger_core::entry::Entry;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_rules::{State, evolve_entry};
use ledger_store::Store;

use crate::recorder::OpenError;

/// The state at the head: the snapshot, and every entry after it.
pub(crate) fn replay(store: &dyn Store) -> Result<(State, TreeSize), OpenError> {
    let head = store.head().size;
    let snapshot = store.load_snapshot().filter(|(size, _)| *size <= head);
    let (snapshot_at, mut state) = snapshot
        .and_then(|(size, bytes)| Some((size, State::from_bytes(&bytes).ok()?)))
        .unwrap_or((TreeSize(0), State::default()));
    for index in (snapshot_at.0..head.0).map(EntryIndex) {
        replay_one(store, &mut state, index)?;
    }
    Ok((state, snapshot_at))
}

fn replay_one(store: &dyn Store, state: &mut State, index: EntryIndex) -> Result<(), OpenError> {
    let bytes = store.entry(index)?;
    let bytes = bytes.ok_or_else(|| OpenError::Replay { index, problem: "it is missing".to_owned() })?;
    let entry = Entry::parse(&bytes).map_err(|e| OpenError::Replay { index, problem: e.to_string() })?;
    evolve_entry(state, &entry);
    Ok(())
}

/// The size of the latest checkpoint, which must carry this log's own signatures.
pub(crate) fn check_latest_checkpoint(
    store: &dyn Store,
    log: impl FnOnce(TreeSize) -> LogVerifier,
) -> Result<TreeSize, OpenError> {
    let Some((size, note)) = store.latest_checkpoint()? else {
        return Ok(TreeSize(0));
    };
    let wrong = |e: &dyn std::fmt::Display| OpenError::WrongLogKey(e.to_string());
    let stranger = SignedCheckpoint::parse(&note).map_err(|e| wrong(&e))?;
    let checkpoint = stranger.open(&log(size)).map_err(|e| wrong(&e))?;
    Ok(checkpoint.size)
}

/// The keys that sign checkpoints of this size: those in force there, as the entries have it. Where these name none,
/// `own`.
pub(crate) fn log_at(state: &State, size: TreeSize, own: LogVerifier) -> LogVerifier {
    let named = state.recorders().log_vkeys_at(size);
    if named.is_empty() || named == own.vkeys() {
        return own;
    }
    LogVerifier::from_vkeys(named).unwrap_or(own)
}

/// Whether a recorder that starts no epoch may sign checkpoints with its own keys: they must be those in force.
pub(crate) fn own_keys_in_force(state: &State, own: &LogVerifier) -> Result<(), String> {
    let (recorders, own) = (state.recorders(), own.vkeys());
    let named = recorders.log_vkeys();
    if named.is_empty() || named == own {
        return Ok(());
    }
    Err(format!(
        "other log keys are in force since epoch {}; a recorder signs with its own only after it took over in an epoch, \
         which takes a recorder's key",
        recorders.current()
    ))
}
