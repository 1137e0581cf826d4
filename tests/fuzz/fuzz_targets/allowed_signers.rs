//! Allowed-signers files: whatever is in them, reading ends, and so does asking whom they permit.

#![no_main]

use ledger_core::allowed_signers::parse;
use ledger_core::sshsig::PublicKey;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for signer in parse(text).unwrap_or_default() {
        let _ = signer.permits("head-of-psd@cambs", "statement@scrutiny-ledger", 1_790_000_000);
        let line = signer.key.to_openssh_line("");
        assert_eq!(PublicKey::from_openssh_line(&line).expect("its own line"), signer.key);
    }
});
