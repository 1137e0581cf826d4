//! SSH signatures, armored and bare: one encoding for each.

#![no_main]

use ledger_core::sshsig::{PublicKey, Signature};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(signature) = Signature::parse(data) {
        assert_eq!(signature.blob(), data);
        let again = Signature::from_armor(&signature.to_armor()).expect("its own armor");
        assert_eq!(again.blob(), data);
        let _ = signature.verify("statement@scrutiny-ledger", b"message");
    }
    if let Ok(key) = PublicKey::from_blob(data) {
        assert_eq!(key.blob(), data);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = PublicKey::from_openssh_line(text);
        if let Ok(signature) = Signature::from_armor(text) {
            assert_eq!(Signature::parse(signature.blob()).map(|s| s.to_armor()), Ok(signature.to_armor()));
        }
    }
});
