//! Signed checkpoints: what is read writes back the same bytes, and opens only for whom it should.

#![no_main]

use ledger_core::checkpoint::{Body, LogVerifier, SignedCheckpoint};
use std::sync::LazyLock;

/// The log of the worked example.
static LOG: LazyLock<LogVerifier> = LazyLock::new(|| {
    let vkey = "ledger.example/test+7a864099+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
    LogVerifier::from_vkeys(&[vkey]).expect("a log's key")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Body::parse(text);
    }
    let Ok(signed) = SignedCheckpoint::parse(data) else { return };
    assert_eq!(signed.to_bytes(), data);
    if let Ok(checkpoint) = signed.open(&LOG) {
        assert_eq!(checkpoint.to_text(), signed.note().unverified_text());
        assert_eq!(checkpoint.root.to_string(), "GqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCw=");
    }
});
