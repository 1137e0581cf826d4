//! Verifier and signing keys: what is read writes back the same text.

#![no_main]

use ledger_core::note::{NoteSignature, VerifierKey};
use ledger_core::skey::SigningKey;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(key) = SigningKey::parse(text) {
        assert_eq!(*key.to_private_text(), *text);
    }
    if let Some(line) = NoteSignature::parse(text) {
        assert_eq!(line.to_string(), text);
    }
    // A key's own text with the input for its name: gets past the id that a fuzzer cannot guess.
    if let Ok(key) = VerifierKey::new(text, ledger_core::vkey::KeyKind::CosignatureMlDsa44, &[7; 1312]) {
        assert_eq!(key.to_string().parse(), Ok(key));
    }
});
