//! Signed notes: what is read writes back the same bytes, and opens only with the text that was signed.

#![no_main]

use ledger_core::note::{SignedNote, VerifierKey};
use std::sync::LazyLock;

/// Log and witness of the worked example.
static KEYS: LazyLock<[VerifierKey; 2]> = LazyLock::new(|| {
    let log = "ledger.example/test+7a864099+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
    let witness = "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";
    [log, witness].map(|vkey| vkey.parse().expect("a key"))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(note) = SignedNote::parse(data) else { return };
    assert_eq!(note.to_string().as_bytes(), data);
    if let Ok(opened) = note.open(&*KEYS) {
        assert!(opened.text.starts_with("ledger.example/test\n5\n"), "nothing else was ever signed");
    }
});
