//! The chain inside the log: a break is found where it is, and once.

use std::collections::HashMap;

use bytes::Bytes;
use ledger_core::chain::{Chain, ChainBreak};
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, KeyId, StreamId};
use ledger_core::statement::{Expected, Marking, Occurred, Precision, Regime, Signer, Statement};

fn statement(stream: &str) -> Statement {
    let signer = Signer {
        key_id: KeyId([1; 32]),
        role: "inspector".into(),
        body: "inspectorate".into(),
        acting: false,
        on_behalf_of: String::new(),
    };
    Statement {
        ledger: "ledger.example/test".parse().expect("an origin"),
        id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("a version 7 UUID"),
        kind: "scrutiny.test.v1.Happened".into(),
        stream: stream.parse().expect("a stream"),
        expected: Expected::Any,
        occurred: Occurred { precision: Precision::Unknown, value: String::new(), words: String::new() },
        signers: vec![signer],
        marking: Marking::Official,
        regime: Regime::UkGdpr,
        body: Bytes::new(),
        sealed: Vec::new(),
        documents: Vec::new(),
        causation: None,
        correlation: None,
        imported: false,
    }
}

fn leaf(index: u64) -> Hash {
    Hash::leaf(format!("entry {index}").as_bytes())
}

/// Six entries in two streams that follow one another.
fn entries() -> Vec<Entry> {
    let streams = ["report/a", "report/b", "report/a", "report/a", "report/b", "report/a"];
    let versions = [1, 1, 2, 3, 2, 4];
    (0..)
        .zip(streams.into_iter().zip(versions))
        .map(|(index, (stream, stream_version))| Entry {
            index: EntryIndex(index),
            previous: if index == 0 { Hash::ZERO } else { leaf(index - 1) },
            stream_version,
            recorded_at_ms: 0,
            statement_bytes: Bytes::new(),
            statement: statement(stream),
            signatures: Vec::new(),
        })
        .collect()
}

fn walk(entries: &[Entry]) -> Vec<ChainBreak> {
    let mut chain = Chain::start();
    (0..).zip(entries).flat_map(|(index, entry)| chain.step(leaf(index), entry)).collect()
}

#[test]
fn entries_that_follow_one_another_have_no_break() {
    assert_eq!(walk(&entries()), []);
}

#[test]
fn an_entry_that_follows_another_one_is_found_and_no_other_is_blamed() {
    let mut entries = entries();
    entries[3].previous = leaf(1);
    let at = EntryIndex(3);
    assert_eq!(walk(&entries), [ChainBreak::Link { at, expected: leaf(2), got: leaf(1) }]);
}

#[test]
fn a_first_entry_that_follows_something_is_found() {
    let mut entries = entries();
    entries[0].previous = leaf(9);
    let at = EntryIndex(0);
    assert_eq!(walk(&entries), [ChainBreak::Link { at, expected: Hash::ZERO, got: leaf(9) }]);
}

#[test]
fn swapped_entries_are_found_at_both_places() {
    let mut entries = entries();
    entries.swap(2, 4);
    let found = walk(&entries);
    for at in [2, 4].map(EntryIndex) {
        assert!(found.iter().any(|b| matches!(b, ChainBreak::Index { at: a, .. } if *a == at)), "{found:?}");
        assert!(found.iter().any(|b| matches!(b, ChainBreak::Link { at: a, .. } if *a == at)), "{found:?}");
    }
}

#[test]
fn a_gap_in_a_stream_is_found_at_its_edge_and_not_behind_it() {
    let mut entries = entries();
    entries[2].stream_version = 3;
    entries[3].stream_version = 4;
    entries[5].stream_version = 5;
    let stream: StreamId = "report/a".parse().expect("a stream");
    assert_eq!(walk(&entries), [ChainBreak::Version { at: EntryIndex(2), stream, expected: 2, got: 3 }]);
}

#[test]
fn a_walk_goes_on_where_another_one_ended() {
    let entries = entries();
    let streams = HashMap::from([
        ("report/a".parse().expect("a stream"), 2),
        ("report/b".parse().expect("a stream"), 1),
    ]);
    let mut chain = Chain::resume(EntryIndex(3), leaf(2), streams);
    for (index, entry) in (3..).zip(&entries[3..]) {
        assert_eq!(chain.step(leaf(index), entry), []);
    }
    assert_eq!((chain.next(), chain.previous()), (EntryIndex(6), leaf(5)));
}

#[test]
fn bytes_that_are_no_entry_still_count_for_the_next_link() {
    let entries = entries();
    let mut chain = Chain::start();
    chain.skip(leaf(0));
    assert_eq!(chain.step(leaf(1), &entries[1]), []);
}
