//! Sealed content that may not be shown any more: erased, or restricted while it is needed as evidence.

use std::collections::HashMap;

use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_rules::civil::Day;
use prost::Message as _;
use scrutiny_proto::privacy::v1::{ErasureExecuted, ProcessingRestricted};

use crate::exit::Done;
use crate::reading::Book;

/// Digest of an addendum → why and since when nobody sees it: "erased, DATA_SUBJECT_RIGHT, 2026-11-22 (#41)".
pub(crate) fn withheld(book: &Book) -> Done<HashMap<Hash, String>> {
    let mut found = HashMap::new();
    book.each(|line| {
        let entry = &line.entry;
        match entry.statement.kind.rsplit('.').next() {
            Some("ErasureExecuted") => {
                if let Ok(body) = ErasureExecuted::decode(entry.statement.body.clone()) {
                    mark(&mut found, &body.digests, "erased", &body.reason_code, entry);
                }
            }
            Some("ProcessingRestricted") => {
                if let Ok(body) = ProcessingRestricted::decode(entry.statement.body.clone()) {
                    if body.lifted {
                        found.retain(|digest, _| !body.digests.iter().any(|d| d[..] == digest.0));
                    } else {
                        mark(&mut found, &body.digests, "restricted", &body.reason_code, entry);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(found)
}

fn mark(
    found: &mut HashMap<Hash, String>,
    digests: &[bytes::Bytes],
    what: &str,
    reason: &str,
    entry: &Entry,
) {
    let day = Day::in_london(entry.recorded_at_ms);
    for digest in digests.iter().filter_map(|d| Hash::from_slice(d)) {
        found.insert(digest, format!("{what}, {reason}, {day} (#{})", entry.index));
    }
}
