//! Entry bundles: what is read writes back the same bytes.

#![no_main]

use bytes::Bytes;
use ledger_core::bundle::{encode, parse};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(entries) = parse(&Bytes::copy_from_slice(data)) {
        assert_eq!(encode(&entries).expect("it was read"), data);
    }
});
