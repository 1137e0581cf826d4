//! Messages between the services, all of them on the same bytes: what is read writes back the same bytes.

#![no_main]

use bytes::Bytes;
use ledger_core::wire::{
    EntriesRequest, Head, Receipt, ReceiptRequest, Receipts, RefusalNotices, SealedBatch, Submissions,
    Verdicts, Versions, VersionsRequest, WireError,
};

fn check<T>(bytes: &Bytes, parse: fn(&Bytes) -> Result<T, WireError>, write: fn(&T) -> Bytes) {
    if let Ok(message) = parse(bytes) {
        assert_eq!(write(&message), bytes);
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    check(&bytes, Submissions::parse, Submissions::to_bytes);
    check(&bytes, Verdicts::parse, Verdicts::to_bytes);
    check(&bytes, Receipt::parse, Receipt::to_bytes);
    check(&bytes, Receipts::parse, Receipts::to_bytes);
    check(&bytes, RefusalNotices::parse, RefusalNotices::to_bytes);
    check(&bytes, SealedBatch::parse, SealedBatch::to_bytes);
    check(&bytes, ReceiptRequest::parse, ReceiptRequest::to_bytes);
    check(&bytes, EntriesRequest::parse, EntriesRequest::to_bytes);
    check(&bytes, Head::parse, Head::to_bytes);
    check(&bytes, VersionsRequest::parse, VersionsRequest::to_bytes);
    check(&bytes, Versions::parse, Versions::to_bytes);
});
