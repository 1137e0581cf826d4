//! Any log's entry with an addenda index: what is read writes back the same bytes.

#![no_main]

use ledger_core::addendum::{append_index, parse_index};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(read) = parse_index(data) {
        assert_eq!(read.offsets.len(), read.digests.len());
        assert_eq!(append_index(read.content, &read.offsets).expect("it was read"), data);
    }
});
