use super::*;
use crate::ids::{EntryIndex, KeyId, TreeSize};
use crate::limits::{MAX_MESSAGE_BYTES, MAX_REFUSAL_BYTES, MAX_SUBMISSIONS};

fn id() -> StatementId {
    "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id")
}

fn refused(sentence: &str) -> Refused {
    Refused { code: "INV-02".to_owned(), sentence: sentence.to_owned(), class: RefusalClass::Conflict }
}

fn submission(n: u8) -> Submission {
    Submission {
        statement: vec![n; 3].into(),
        signatures: vec![vec![n; 2].into()],
        addenda: vec![Bytes::new(), vec![n].into()],
    }
}

/// What every message must do: come back as it was, and refuse bytes that say the same in another way.
fn check<T: PartialEq + std::fmt::Debug>(
    message: &T,
    bytes: &Bytes,
    parse: impl Fn(&Bytes) -> Result<T, WireError>,
) {
    assert_eq!(parse(bytes).as_ref(), Ok(message));
    let with = |more: &[u8]| Bytes::from([&bytes[..], more].concat());
    // Field 15 as a number: unknown to every message here.
    assert!(matches!(parse(&with(&[0x78, 1])), Err(WireError::NotCanonical(_))));
    assert!(matches!(parse(&with(&[0xff])), Err(WireError::Malformed { .. })));
    let long = Bytes::from(vec![0; MAX_MESSAGE_BYTES + 1]);
    assert!(matches!(parse(&long), Err(WireError::TooLong { .. })));
}

#[test]
fn every_message_comes_back_as_it_was_and_is_read_strictly() {
    let digest = Hash::of(b"statement");
    let durable = Durable { index: EntryIndex(7), leaf_hash: Hash::of(b"leaf"), recorded_at_ms: 9 };
    let submissions = Submissions(vec![submission(1), submission(2)]);
    check(&submissions, &submissions.to_bytes(), Submissions::parse);
    for answered in
        [Answered::Accepted, Answered::Refused(refused("why")), Answered::Unavailable("later".to_owned())]
    {
        let verdicts = Verdicts(vec![Verdict { id: None, digest, answered }]);
        check(&verdicts, &verdicts.to_bytes(), Verdicts::parse);
    }
    for outcome in [
        Outcome::Durable(durable),
        Outcome::Published(Published { durable, proof: "c2sp.org/tlog-proof@v1\n".to_owned() }),
        Outcome::Refused(refused("why")),
    ] {
        let receipt = Receipt { id: Some(id()), digest, outcome };
        check(&receipt, &receipt.to_bytes(), Receipt::parse);
        let receipts = Receipts(vec![receipt.clone(), receipt]);
        check(&receipts, &receipts.to_bytes(), Receipts::parse);
    }
    let notice = RefusalNotice {
        id: Some(id()),
        digest,
        key_ids: vec![KeyId([3; 32])],
        refused: refused("why"),
        refused_at_ms: 5,
    };
    let notices = RefusalNotices(vec![notice]);
    check(&notices, &notices.to_bytes(), RefusalNotices::parse);
    let batch = SealedBatch {
        first: EntryIndex(3),
        entries: vec![Bytes::from_static(b"an entry")],
        checkpoint: Some(Bytes::from_static(b"a note")),
    };
    check(&batch, &batch.to_bytes(), SealedBatch::parse);
    assert_eq!(batch.end(), TreeSize(4));
    let none = SealedBatch { entries: Vec::new(), ..batch };
    check(&none, &none.to_bytes(), SealedBatch::parse);
}

#[test]
fn every_question_and_answer_comes_back_as_it_was_and_is_read_strictly() {
    let request = ReceiptRequest { id: id(), digest: Hash::of(b"statement") };
    check(&request, &request.to_bytes(), ReceiptRequest::parse);
    let request = EntriesRequest { from: EntryIndex(3), max: 0 };
    check(&request, &request.to_bytes(), EntriesRequest::parse);
    for origin in [None, Some("scrutiny.example/x".parse().expect("an origin"))] {
        let (root, last_leaf_hash) = (Hash::of(b"root"), Hash::ZERO);
        let head = Head { origin, size: TreeSize(4), root, last_leaf_hash, checkpoint: None };
        check(&head, &head.to_bytes(), Head::parse);
    }
    let request = VersionsRequest(vec!["report/a".parse().expect("a stream")]);
    check(&request, &request.to_bytes(), VersionsRequest::parse);
    let versions = Versions { size: TreeSize(4), versions: vec![0, 300] };
    check(&versions, &versions.to_bytes(), Versions::parse);
}

#[test]
fn a_submission_knows_how_much_room_it_takes() {
    let empty = Submissions::default().to_bytes().len();
    let long = Submission { statement: vec![1; 40_000].into(), ..submission(1) };
    for submission in [submission(1), long] {
        let carried = Submissions(vec![submission.clone()]).to_bytes().len();
        assert_eq!(submission.encoded_len(), carried - empty);
    }
}

#[test]
fn empty_and_overfull_messages_are_refused() {
    assert!(matches!(Submissions::parse(&Bytes::new()), Err(WireError::Field { .. })));
    let many = Submissions(vec![submission(1); MAX_SUBMISSIONS + 1]).to_bytes();
    assert!(matches!(Submissions::parse(&many), Err(WireError::Field { .. })));
    assert!(matches!(Receipt::parse(&Bytes::new()), Err(WireError::Field { .. })));
    let beyond = SealedBatch { first: EntryIndex(u64::MAX), entries: vec![Bytes::new()], checkpoint: None };
    assert!(matches!(SealedBatch::parse(&beyond.to_bytes()), Err(WireError::Field { .. })));
}

#[test]
fn a_sentence_beyond_its_bound_is_cut_between_letters_and_still_read() {
    let digest = Hash::of(b"statement");
    let outcome = Outcome::Refused(refused(&"é".repeat(MAX_REFUSAL_BYTES)));
    let read = Receipt::parse(&Receipt { id: None, digest, outcome }.to_bytes()).expect("it is read");
    let Outcome::Refused(Refused { sentence, .. }) = read.outcome else { panic!("it is refused") };
    assert!(sentence.ends_with("é…") && sentence.len() <= MAX_REFUSAL_BYTES);
}

#[test]
fn a_last_entry_that_was_damaged_on_the_way_is_noticed() {
    let entries = vec![Bytes::from_static(b"one"), Bytes::from_static(b"two")];
    let sent = SealedBatch { first: EntryIndex(3), entries, checkpoint: None }.to_bytes();
    let at = sent.windows(3).position(|w| w == b"two").expect("it is in there");
    let mut damaged = sent.to_vec();
    damaged[at] ^= 1;
    assert!(matches!(SealedBatch::parse(&damaged.into()), Err(WireError::Field { .. })));
}
