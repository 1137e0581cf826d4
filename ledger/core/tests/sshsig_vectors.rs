//! OpenSSH's own signatures (regress/unittests/sshsig/testdata), read and verified.

mod shared_data;

use ledger_core::ids::KeyId;
use ledger_core::sshsig::{KeyKind, PublicKey, Signature, SshsigError, Touch};

fn text(name: &str) -> Option<String> {
    let path = shared_data::file(&format!("vectors/sshsig/openssh-testdata/{name}"))?;
    Some(std::fs::read_to_string(path).expect("the vector is readable text"))
}

/// Every test here needs the data folder; without it they say so and pass.
macro_rules! text_or_skip {
    ($name:expr) => {
        match text($name) {
            Some(text) => text,
            None => return,
        }
    };
}

#[test]
fn openssh_ed25519_signatures_verify_and_keep_their_bytes() {
    let message = text_or_skip!("signed-data");
    let namespace = text_or_skip!("namespace");
    for name in ["ed25519", "ed25519_sk"] {
        let armor = text_or_skip!(&format!("{name}.sig"));
        let key = PublicKey::from_openssh_line(&text_or_skip!(&format!("{name}.pub"))).expect("a good key");
        let signature = Signature::from_armor(&armor).expect("a good signature");
        assert_eq!(signature.namespace(), namespace);
        assert_eq!(signature.key_blob(), key.blob());
        assert_eq!(signature.verify(&namespace, message.as_bytes()), Ok(KeyId::of_blob(key.blob())));
        assert_eq!(signature.verify_with(&key, &namespace, message.as_bytes()), Ok(key.key_id()));
        assert_eq!(signature.to_armor(), armor, "{name}");
        assert_eq!(
            signature.verify(&namespace, b"other bytes"),
            Err(SshsigError::DoesNotVerify(key.key_id()))
        );
    }
}

#[test]
fn the_security_key_vector_carries_its_touch_and_counter() {
    let signature = Signature::from_armor(&text_or_skip!("ed25519_sk.sig")).expect("a good signature");
    assert_eq!(signature.touch(), Some(Touch { flags: 1, counter: 0x1234_5678 }));
    let key = signature.public_key().expect("a good key");
    assert_eq!(*key.kind(), KeyKind::SkEd25519 { application: "ssh:".to_owned() });
}

#[test]
fn other_algorithms_are_refused_by_name() {
    for (file, algorithm) in [
        ("rsa", "ssh-rsa"),
        ("ecdsa", "ecdsa-sha2-nistp256"),
        ("ecdsa_sk", "sk-ecdsa-sha2-nistp256@openssh.com"),
        ("ecdsa_sk_webauthn", "sk-ecdsa-sha2-nistp256@openssh.com"),
        ("mldsa44-ed25519", "ssh-mldsa44-ed25519@openssh.com"),
    ] {
        let refused = SshsigError::UnsupportedAlgorithm(algorithm.to_owned());
        let armor = text_or_skip!(&format!("{file}.sig"));
        assert_eq!(Signature::from_armor(&armor), Err(refused.clone()), "{file}.sig");
        let line = text_or_skip!(&format!("{file}.pub"));
        assert_eq!(PublicKey::from_openssh_line(&line), Err(refused), "{file}.pub");
    }
}

#[test]
fn the_examples_key_lines_are_written_back_as_they_were() {
    for name in ["ed25519", "ed25519_sk"] {
        let line = text_or_skip!(&format!("{name}.pub"));
        let comment = line.trim_end().splitn(3, ' ').nth(2).expect("the vector has a comment");
        let key = PublicKey::from_openssh_line(&line).expect("a good key");
        assert_eq!(key.to_openssh_line(comment), line.trim_end());
    }
}
