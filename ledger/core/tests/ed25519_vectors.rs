//! Ed25519 through the one function that accepts a person's signature: RFC 8032's long list, Wycheproof,
//! and the cases of "Taming the many EdDSAs" on which verifiers differ.

mod shared_data;

use ed25519_dalek::{Signer as _, SigningKey};
use ledger_core::sshsig::{PublicKey, SshsigError};
use serde_json::Value;

fn verify(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), SshsigError> {
    let key = key.try_into().expect("every key in the vectors has 32 bytes");
    PublicKey::from_ed25519(key)?.verify_raw(message, signature)
}

fn read(name: &str) -> Option<String> {
    let path = shared_data::file(&format!("vectors/ed25519/{name}"))?;
    Some(std::fs::read_to_string(path).expect("the vector is readable text"))
}

fn hex_at(value: &Value, field: &str) -> Vec<u8> {
    hex::decode(value[field].as_str().expect("a text")).expect("hexadecimal")
}

#[test]
fn every_rfc_8032_signature_is_made_and_verified() {
    let Some(text) = read("rfc8032_sign.input") else { return };
    let mut checked = 0;
    for line in text.lines() {
        let fields: Vec<_> = line.split(':').map(|f| hex::decode(f).expect("hexadecimal")).collect();
        let (secret, public, message, signed) = (&fields[0], &fields[1], &fields[2], &fields[3]);
        let signature = &signed[..64];
        let key = SigningKey::from_bytes(secret[..32].try_into().expect("32 bytes"));
        assert_eq!(key.verifying_key().as_bytes()[..], public[..]);
        assert_eq!(key.sign(message).to_bytes()[..], *signature);
        assert_eq!(verify(public, message, signature), Ok(()));
        let mut flipped = signature.to_vec();
        flipped[checked % 64] ^= 1 << (checked % 8);
        assert!(verify(public, message, &flipped).is_err(), "line {checked}");
        checked += 1;
    }
    assert_eq!(checked, 1024, "the list is whole");
}

#[test]
fn wycheproof_is_followed_exactly() {
    let Some(text) = read("wycheproof_ed25519_test.json") else { return };
    let file: Value = serde_json::from_str(&text).expect("JSON");
    let mut checked = 0;
    for group in file["testGroups"].as_array().expect("groups") {
        let key = hex_at(&group["publicKey"], "pk");
        for test in group["tests"].as_array().expect("tests") {
            let accepted = verify(&key, &hex_at(test, "msg"), &hex_at(test, "sig")).is_ok();
            assert_eq!(accepted, test["result"] == "valid", "tcId {} {}", test["tcId"], test["comment"]);
            checked += 1;
        }
    }
    assert_eq!(Value::from(checked), file["numberOfTests"]);
}

#[test]
fn disputed_signatures_are_judged_as_dalek_strict_judges_them() {
    let (Some(cases), Some(table)) = (read("speccheck_cases.json"), read("speccheck_results.md")) else {
        return;
    };
    let row = table.lines().find(|line| line.starts_with("|Dalek strict")).expect("the row is there");
    let expected: Vec<bool> =
        row.trim_matches('|').split('|').skip(1).map(|cell| cell.trim() == "V").collect();
    let cases: Vec<Value> = serde_json::from_str(&cases).expect("JSON");
    let got: Vec<bool> = cases
        .iter()
        .map(|c| verify(&hex_at(c, "pub_key"), &hex_at(c, "message"), &hex_at(c, "signature")).is_ok())
        .collect();
    assert_eq!(got, expected);
    assert_eq!(got.len(), 12, "the list is whole");
}

#[test]
fn a_key_of_small_order_is_no_key() {
    // The neutral element, and a point of order 8 from the speccheck cases.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert_eq!(PublicKey::from_ed25519(&neutral), Err(SshsigError::WeakKey));
    let order_8 = hex::decode("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa");
    let order_8: [u8; 32] = order_8.expect("hex").try_into().expect("32 bytes");
    assert_eq!(PublicKey::from_ed25519(&order_8), Err(SshsigError::WeakKey));
}
