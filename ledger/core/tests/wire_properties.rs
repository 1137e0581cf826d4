//! Messages between the services under damage: whatever is done to one, it is refused, or read and written back as
//! the same bytes; and nothing panics. `tests/fuzz` looks for more of the same.

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, KeyId, StatementId, TreeSize};
use ledger_core::limits::MAX_REFUSAL_BYTES;
use ledger_core::wire::{
    Answered, Durable, EntriesRequest, Head, Outcome, Published, Receipt, ReceiptRequest, Receipts,
    RefusalClass, RefusalNotice, RefusalNotices, Refused, SealedBatch, Submission, Submissions, Verdict,
    Verdicts, Versions, VersionsRequest, WireError,
};
use proptest::prelude::*;

fn check<T>(bytes: &Bytes, parse: fn(&Bytes) -> Result<T, WireError>, write: fn(&T) -> Bytes) -> usize {
    let Ok(message) = parse(bytes) else { return 0 };
    assert_eq!(&write(&message), bytes);
    1
}

/// As how many messages the bytes read; each writes them back.
fn read_as_every_message(bytes: &Bytes) -> usize {
    check(bytes, Submissions::parse, Submissions::to_bytes)
        + check(bytes, Verdicts::parse, Verdicts::to_bytes)
        + check(bytes, Receipt::parse, Receipt::to_bytes)
        + check(bytes, Receipts::parse, Receipts::to_bytes)
        + check(bytes, RefusalNotices::parse, RefusalNotices::to_bytes)
        + check(bytes, SealedBatch::parse, SealedBatch::to_bytes)
        + check(bytes, ReceiptRequest::parse, ReceiptRequest::to_bytes)
        + check(bytes, EntriesRequest::parse, EntriesRequest::to_bytes)
        + check(bytes, Head::parse, Head::to_bytes)
        + check(bytes, VersionsRequest::parse, VersionsRequest::to_bytes)
        + check(bytes, Versions::parse, Versions::to_bytes)
}

fn refused(code: &str, sentence: &str) -> Refused {
    Refused { code: code.to_owned(), sentence: sentence.to_owned(), class: RefusalClass::Conflict }
}

/// One of each, with every field in use.
fn messages() -> Vec<Bytes> {
    let asked: StatementId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id");
    let id = Some(asked);
    let digest = Hash::of(b"statement");
    let durable = Durable { index: EntryIndex(7), leaf_hash: Hash::of(b"leaf"), recorded_at_ms: 1 << 40 };
    let published = Published { durable, proof: "c2sp.org/tlog-proof@v1\n".to_owned() };
    let receipts: Vec<_> =
        [Outcome::Durable(durable), Outcome::Published(published), Outcome::Refused(refused("INV-02", "no"))]
            .map(|outcome| Receipt { id, digest, outcome })
            .into();
    let answers =
        [Answered::Accepted, Answered::Refused(refused("FORM", "")), Answered::Unavailable("later".into())];
    let notice = RefusalNotice {
        id,
        digest,
        key_ids: vec![KeyId([3; 32]); 2],
        refused: refused("INV-01", "why"),
        refused_at_ms: 5,
    };
    let submission = Submission {
        statement: Bytes::from_static(b"a statement"),
        signatures: vec![Bytes::from_static(b"a signature"), Bytes::new()],
        addenda: vec![Bytes::from_static(b"an addendum")],
    };
    let batch = SealedBatch {
        first: EntryIndex(300),
        entries: vec![Bytes::from_static(b"one"), Bytes::from_static(b"two")],
        checkpoint: Some(Bytes::from_static(b"a note")),
    };
    let head = Head {
        origin: Some("scrutiny.example/kent".parse().expect("an origin")),
        size: TreeSize(4),
        root: Hash::of(b"root"),
        last_leaf_hash: Hash::of(b"leaf"),
        checkpoint: batch.checkpoint.clone(),
    };
    let streams = ["report/a", "finding/dupp-2021/7"].map(|stream| stream.parse().expect("a stream"));
    vec![
        receipts[0].to_bytes(),
        receipts[1].to_bytes(),
        receipts[2].to_bytes(),
        Receipts(receipts).to_bytes(),
        Verdicts(answers.map(|answered| Verdict { id, digest, answered }).into()).to_bytes(),
        RefusalNotices(vec![notice]).to_bytes(),
        Submissions(vec![submission.clone(), submission]).to_bytes(),
        batch.to_bytes(),
        head.to_bytes(),
        ReceiptRequest { id: asked, digest }.to_bytes(),
        EntriesRequest { from: EntryIndex(3), max: 200 }.to_bytes(),
        VersionsRequest(streams.into()).to_bytes(),
        Versions { size: TreeSize(4), versions: vec![0, 300, u64::MAX] }.to_bytes(),
    ]
}

#[test]
fn every_message_is_read_as_itself() {
    for bytes in messages() {
        assert!(read_as_every_message(&bytes) > 0, "{bytes:?}");
    }
}

/// A sentence that was as long as it may be beside its code was read, and written back shorter.
#[test]
fn a_refusal_of_the_greatest_length_is_written_back_as_it_was() {
    for code in ["X", "INV-02", "A-LONGER-CODE-THAN-ANY-THAT-THE-RULES-HAVE-TODAY-BUT-ONE-THAT-IS-READ"] {
        let sentence = "x".repeat(MAX_REFUSAL_BYTES - code.len());
        let outcome = Outcome::Refused(refused(code, &sentence));
        let receipt = Receipt { id: None, digest: Hash::ZERO, outcome };
        assert_eq!(Receipt::parse(&receipt.to_bytes()), Ok(receipt));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    #[test]
    fn a_damaged_message_is_refused_or_written_back_as_it_was(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), 0usize..4, prop::collection::vec(any::<u8>(), 0..4)),
            1..4,
        ),
    ) {
        let mut bytes = which.get(&messages()).to_vec();
        for (at, cut, put) in changes {
            let at = at.index(bytes.len() + 1);
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, put);
        }
        read_as_every_message(&bytes.into());
    }

    #[test]
    fn any_bytes_are_refused_or_written_back_as_they_were(bytes in prop::collection::vec(any::<u8>(), 0..48)) {
        read_as_every_message(&bytes.into());
    }
}
