//! Charter and rules, as a replica sees them now.

use ledger_core::entry::Entry;
use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use ledger_core::wire::Submission;
use ledger_rules::{Code, Context, Refusal, State, decide};
use ledger_store::Store;

/// How far a desk's clock may be from the recorder's. Rules look at the day of recording, and what is refused a
/// minute before midnight may be accepted a minute after it.
const CLOCK_SKEW_MS: u64 = 5 * 60 * 1000;

/// What a replica says of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judged {
    /// Nothing speaks against it here.
    Fine,
    /// It would be refused, if the replica has seen everything.
    Refused(Refusal),
}

/// Judges a statement at the replica's head.
pub(crate) fn judge(
    (store, state): (&dyn Store, &State),
    submission: &Submission,
    statement: &Statement,
    now_ms: u64,
) -> Judged {
    match recorded(store, submission, statement) {
        // The recorder answers with the receipt it gave then.
        Some(true) => return Judged::Fine,
        Some(false) => {
            let sentence = format!("the id {} belongs to another statement", statement.id);
            return Judged::Refused(Refusal { code: Code::IdReused, sentence });
        }
        None => {}
    }
    // A store that cannot be read decides nothing; the recorder does.
    let Ok(stream_version) = store.stream_version(&statement.stream) else { return Judged::Fine };
    if now_ms + CLOCK_SKEW_MS < last_recorded_ms(store) {
        return Judged::Fine;
    }
    let at = |recorded_at_ms| {
        let head = store.head();
        let (index, previous) = (EntryIndex(head.size.0), head.last_leaf_hash);
        decide(state, statement, &Context { index, previous, stream_version, recorded_at_ms })
    };
    let Err(refusal) = at(now_ms) else { return Judged::Fine };
    let near = [now_ms.saturating_sub(CLOCK_SKEW_MS), now_ms + CLOCK_SKEW_MS];
    if near.into_iter().any(|then| at(then).is_ok()) { Judged::Fine } else { Judged::Refused(refusal) }
}

/// Whether the id is on the ledger, and then whether with these bytes. `None`: it is not, or nobody can tell.
fn recorded(store: &dyn Store, submission: &Submission, statement: &Statement) -> Option<bool> {
    let index = store.find(&statement.id).ok()??;
    let entry = Entry::parse(&store.entry(index).ok()??).ok()?;
    Some(entry.statement_bytes == submission.statement)
}

/// The recorder's clock when it sealed the last entry: a desk's clock that lies before it is wrong.
fn last_recorded_ms(store: &dyn Store) -> u64 {
    let last = store.head().size.0.checked_sub(1).map(EntryIndex);
    let bytes = last.and_then(|index| store.entry(index).ok().flatten());
    bytes.and_then(|bytes| Entry::parse(&bytes).ok()).map_or(0, |entry| entry.recorded_at_ms)
}
