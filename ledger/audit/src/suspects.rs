//! Entries that were signed with a key that was compromised by then (INV-34).
//!
//! That a key was compromised is learnt later than the entries are walked, so these entries are read a second
//! time, from the first one in doubt on, and only when some key was revoked that way. Nothing is un-signed by it.

use ledger_core::entry::Entry;
use ledger_core::ids::{EntryIndex, KeyId};
use ledger_rules::State;

use crate::finding::{Code, Finding};
use crate::read::READ_ENTRIES;
use crate::source::Source;

/// Tells of every entry in `0..size` that a compromised key signed after it was compromised.
pub(crate) fn find(source: &dyn Source, size: u64, state: &State, mut tell: impl FnMut(Finding)) {
    let compromised: Vec<(KeyId, EntryIndex)> =
        state.keys().filter_map(|(id, key)| Some((*id, key.compromised_since()?))).collect();
    let Some(first) = compromised.iter().map(|(_, since)| since.0).min() else { return };
    let mut next = first;
    while next < size {
        // What cannot be read has been told of on the first walk.
        let entries = source.entries(EntryIndex(next), READ_ENTRIES).unwrap_or_default();
        if entries.is_empty() {
            next = source.after_damage(EntryIndex(next)).0.max(next + 1);
            continue;
        }
        for bytes in entries {
            if let Ok(entry) = Entry::parse(&bytes) {
                check(&entry, EntryIndex(next), &compromised, &mut tell);
            }
            next += 1;
        }
    }
}

fn check(
    entry: &Entry,
    index: EntryIndex,
    compromised: &[(KeyId, EntryIndex)],
    tell: &mut impl FnMut(Finding),
) {
    for signer in &entry.statement.signers {
        let Some((key, since)) =
            compromised.iter().find(|(key, since)| *key == signer.key_id && index >= *since)
        else {
            continue;
        };
        let sentence = format!(
            "entry {index} was signed by {} of {} with a key that is in doubt from entry {since} on",
            signer.role, signer.body
        );
        tell(Finding::note(Code::KeySuspect, sentence).at(index.0).about(key));
    }
}
