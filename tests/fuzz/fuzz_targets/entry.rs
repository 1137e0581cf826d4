//! Entries: what is read seals to the same bytes.

#![no_main]

use bytes::Bytes;
use ledger_core::addendum::parse_index;
use ledger_core::entry::Entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(entry) = Entry::parse(&Bytes::copy_from_slice(data)) {
        assert_eq!(entry.seal().expect("it was read"), data);
        let digests: Vec<_> = entry.statement.sealed.iter().map(|sealed| sealed.digest).collect();
        assert_eq!(parse_index(data).expect("every entry has an index").digests, digests);
    }
});
