//! Statements: reading ends, and what is read keeps its bounds.

#![no_main]

use bytes::Bytes;
use ledger_core::limits::{MAX_SEALED_FIELDS, MAX_SIGNATURES};
use ledger_core::statement::Statement;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(statement) = Statement::parse(&Bytes::copy_from_slice(data)) {
        assert!((1..=MAX_SIGNATURES).contains(&statement.key_ids().count()));
        assert!(statement.sealed.len() <= MAX_SEALED_FIELDS);
        assert_eq!(statement.stream.to_string().parse(), Ok(statement.stream));
        assert_eq!(statement.ledger.to_string().parse(), Ok(statement.ledger));
    }
});
