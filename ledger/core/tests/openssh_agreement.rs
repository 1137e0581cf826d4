//! Agreement with the `ssh-keygen` on this machine, in both directions: signatures and private key files.

mod openssh;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use ledger_core::allowed_signers::Grant;
use ledger_core::sshsig::{self, PublicKey, Signature, SshsigError, wire};

use openssh::{MESSAGE, MOMENT, NAMESPACE, folder, key_pair, keygen, verify, write_signature};

#[test]
fn ssh_keygen_verifies_what_is_signed_here() {
    let Some(folder) = folder() else { return };
    let (key, public) = key_pair();
    write_signature(folder.path(), &sshsig::sign(&key, NAMESPACE, MESSAGE));
    let grant = Grant {
        principal: "head-of-psd@cambs",
        namespace: NAMESPACE,
        valid_after: Some(MOMENT),
        valid_before: Some(MOMENT),
        key: &public,
    };
    // ssh-keygen wants the end to come after the beginning, so a period has two seconds at least.
    let line = Grant { valid_before: Some(MOMENT + 1), ..grant.clone() }.to_line().expect("plain names");
    let (good, said) = verify(folder.path(), &line, "head-of-psd@cambs", MESSAGE);
    assert!(good, "{said}");
    assert!(!verify(folder.path(), &line, "head-of-psd@cambs", b"another decision\n").0);
    assert!(!verify(folder.path(), &line, "head-of-psd@herts", MESSAGE).0);
    for (valid_after, valid_before, good) in [
        (Some(MOMENT + 1), None, false),
        (Some(MOMENT), None, true),
        (None, Some(MOMENT - 1), false),
        (None, Some(MOMENT), true),
    ] {
        let line = Grant { valid_after, valid_before, ..grant.clone() }.to_line().expect("plain names");
        assert_eq!(verify(folder.path(), &line, "head-of-psd@cambs", MESSAGE).0, good, "{line}");
    }
    let other = Grant { namespace: "file", valid_before: None, ..grant }.to_line().expect("plain names");
    assert!(!verify(folder.path(), &other, "head-of-psd@cambs", MESSAGE).0);
}

#[test]
fn what_ssh_keygen_signs_is_the_same_bytes_as_signed_here() {
    let Some(folder) = folder() else { return };
    let (key, public) = key_pair();
    let file = folder.path().join("key");
    fs::write(&file, sshsig::write_private_key(&key, "an officer").expect("a plain comment").as_str())
        .expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("mode 0600");
    fs::write(folder.path().join("m"), MESSAGE).expect("written");
    let (good, said) = keygen(folder.path(), &["-Y", "sign", "-f", "key", "-n", NAMESPACE, "m"], b"");
    assert!(good, "{said}");
    let armor = fs::read_to_string(folder.path().join("m.sig")).expect("ssh-keygen wrote it");
    let signature = Signature::from_armor(&armor).expect("a good signature");
    assert_eq!(signature.verify(NAMESPACE, MESSAGE), Ok(public.key_id()));
    assert_eq!(signature.blob(), sshsig::sign(&key, NAMESPACE, MESSAGE), "Ed25519 is deterministic");
    assert_eq!(signature.to_armor(), armor);
}

#[test]
fn private_keys_made_by_ssh_keygen_are_read_and_those_with_a_passphrase_refused() {
    let Some(folder) = folder() else { return };
    let make = |name: &str, kind: &str, passphrase: &str| {
        let (good, said) =
            keygen(folder.path(), &["-q", "-t", kind, "-N", passphrase, "-C", "c", "-f", name], b"");
        assert!(good, "{said}");
        fs::read_to_string(folder.path().join(name)).expect("ssh-keygen wrote it")
    };
    let key = sshsig::read_private_key(&make("plain", "ed25519", "")).expect("a good key");
    let line = fs::read_to_string(folder.path().join("plain.pub")).expect("ssh-keygen wrote it");
    let public = PublicKey::from_openssh_line(&line).expect("a good key");
    assert_eq!(PublicKey::from_ed25519(key.verifying_key().as_bytes()), Ok(public));
    let locked = sshsig::read_private_key(&make("locked", "ed25519", "correct horse"));
    assert_eq!(locked, Err(SshsigError::EncryptedPrivateKey));
    for (kind, algorithm) in [("ecdsa", "ecdsa-sha2-nistp256"), ("rsa", "ssh-rsa")] {
        let refused = sshsig::read_private_key(&make(kind, kind, ""));
        assert_eq!(refused, Err(SshsigError::UnsupportedAlgorithm(algorithm.to_owned())));
    }
}

#[test]
fn a_security_keys_handle_and_foreign_formats_are_told_apart() {
    let (key, _) = key_pair();
    let mut sk = Vec::new();
    for field in [&b"sk-ssh-ed25519@openssh.com"[..], key.verifying_key().as_bytes(), b"ssh:"] {
        wire::put_string(&mut sk, field);
    }
    let mut file = b"openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01".to_vec();
    wire::put_string(&mut file, &sk);
    let handle = format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}-----END", base64_lines(&file));
    assert_eq!(sshsig::read_private_key(&handle), Err(SshsigError::InSecurityKey));
    for foreign in ["", "-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n", "hello"] {
        let refused = sshsig::read_private_key(foreign).expect_err("not OpenSSH's format");
        assert_eq!(refused.to_string(), "the private key cannot be read: it is not in OpenSSH's own format");
    }
}

#[test]
fn a_private_key_with_a_foreign_public_half_is_refused() {
    // Signing with such a pair tells whoever holds two of its signatures the private scalar.
    let (key, _) = key_pair();
    let text = sshsig::write_private_key(&key, "").expect("a plain comment");
    assert_eq!(sshsig::read_private_key(&text).expect("good").to_bytes(), key.to_bytes());
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    let mut bytes = base64_decode(&body);
    let public = key.verifying_key().to_bytes();
    let other = SigningKey::from_bytes(&[43; 32]).verifying_key().to_bytes();
    let places: Vec<_> = (0..bytes.len() - 32).filter(|&at| bytes[at..at + 32] == public).collect();
    assert_eq!(places.len(), 3, "OpenSSH writes the public key three times");
    for at in places {
        bytes[at..at + 32].copy_from_slice(&other);
    }
    let begin = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
    let body = base64_lines(&bytes);
    let foreign = format!("{begin}{body}-----END OPENSSH PRIVATE KEY-----\n");
    let refused = SshsigError::PrivateKey("its public half belongs to another key".to_owned());
    assert_eq!(sshsig::read_private_key(&foreign), Err(refused));
}

#[test]
fn openssh_lets_the_reserved_field_be_rewritten_and_this_ledger_does_not() {
    // The reason why a full reserved field is refused here: OpenSSH verifies such a blob all the same, so
    // whoever carries an entry's bytes could have changed them.
    let Some(folder) = folder() else { return };
    let (key, public) = key_pair();
    write_signature(folder.path(), &sshsig::sign(&key, NAMESPACE, MESSAGE));
    let allowed = format!("a@b {}", public.to_openssh_line(""));
    let good = Signature::parse(&sshsig::sign(&key, NAMESPACE, MESSAGE)).expect("good");
    let tail_at = 10 + 4 + public.blob().len() + 4 + NAMESPACE.len();
    let mut blob = good.blob()[..tail_at].to_vec();
    wire::put_string(&mut blob, b"graffiti");
    blob.extend_from_slice(&good.blob()[tail_at + 4..]);
    assert_eq!(Signature::parse(&blob), Err(SshsigError::Reserved(8)));
    let body = base64_lines(&blob);
    let armor = format!("-----BEGIN SSH SIGNATURE-----\n{body}-----END SSH SIGNATURE-----\n");
    fs::write(folder.path().join("m.sig"), armor).expect("written");
    assert!(verify(folder.path(), &allowed, "a@b", MESSAGE).0, "OpenSSH accepts it");
}

fn base64_decode(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("base64")
}

fn base64_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let lines = text.as_bytes().chunks(70);
    lines.map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
}
