//! The keys of logs and witnesses that are in the world today, as public lists have them.

mod common;

use common::shared;
use ledger_core::note::VerifierKey;
use ledger_core::vkey::{KeyError, KeyKind};

/// Everything in a file that has the shape of a verifier key.
fn vkeys(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().filter(|word| word.split('+').nth(1).is_some_and(|id| id.len() == 8))
}

#[test]
fn keys_of_real_logs_and_witnesses_read_and_those_of_other_types_are_named() {
    let Some(folder) = shared("logs/public-log-keys") else { return };
    let (mut read, mut ecdsa) = (0, 0);
    for file in std::fs::read_dir(folder).expect("a folder of lists") {
        let text = std::fs::read_to_string(file.expect("readable").path()).expect("text");
        for vkey in vkeys(&text) {
            match vkey.parse::<VerifierKey>() {
                Ok(key) => {
                    assert_eq!((key.kind(), key.to_string().as_str()), (KeyKind::Ed25519, vkey));
                    read += 1;
                }
                Err(KeyError::Kind(Some(2))) => ecdsa += 1,
                Err(other) => panic!("{vkey}: {other}"),
            }
        }
    }
    assert_eq!((read, ecdsa), (44, 10));
}
