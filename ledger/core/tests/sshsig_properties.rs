//! SSHSIG from inside: what is made verifies, and whatever is changed in it does not.

use ed25519_dalek::{Signer as _, SigningKey};
use ledger_core::sshsig::{self, PublicKey, Signature, SshsigError, Touch, envelope, signed_data, wire};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

const NAMESPACE: &str = "statement@scrutiny-ledger";
const SK: &[u8] = b"sk-ssh-ed25519@openssh.com";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::from_ed25519(key.verifying_key().as_bytes()).expect("a good key")
}

/// A FIDO2 security key in software: PROTOCOL.u2f, with the flags and the counter as told.
fn sk_sign(key: &SigningKey, application: &[u8], touch: Touch, message: &[u8]) -> (PublicKey, Vec<u8>) {
    let mut blob = Vec::new();
    wire::put_string(&mut blob, SK);
    wire::put_string(&mut blob, key.verifying_key().as_bytes());
    wire::put_string(&mut blob, application);
    let public = PublicKey::from_blob(&blob).expect("a good key");
    let mut signed = Sha256::digest(application).to_vec();
    signed.push(touch.flags);
    signed.extend_from_slice(&touch.counter.to_be_bytes());
    let data = signed_data(NAMESPACE, sshsig::HashAlgorithm::Sha512, message);
    signed.extend_from_slice(&Sha256::digest(data));
    let mut inner = Vec::new();
    wire::put_string(&mut inner, SK);
    wire::put_string(&mut inner, &key.sign(&signed).to_bytes());
    inner.push(touch.flags);
    inner.extend_from_slice(&touch.counter.to_be_bytes());
    let blob = envelope(&public, NAMESPACE, &inner);
    (public, blob)
}

/// The fields of a blob, to be put together again otherwise.
fn blob_of(key_blob: &[u8], namespace: &[u8], reserved: &[u8], hash: &[u8], inner: &[u8]) -> Vec<u8> {
    let mut blob = b"SSHSIG\0\0\0\x01".to_vec();
    for field in [key_blob, namespace, reserved, hash, inner] {
        wire::put_string(&mut blob, field);
    }
    blob
}

fn inner(algorithm: &[u8], raw: &[u8]) -> Vec<u8> {
    let mut inner = Vec::new();
    wire::put_string(&mut inner, algorithm);
    wire::put_string(&mut inner, raw);
    inner
}

#[test]
fn a_signature_is_refused_for_another_namespace_message_or_key() {
    let blob = sshsig::sign(&key(1), NAMESPACE, b"decision");
    let signature = Signature::parse(&blob).expect("good");
    let id = public(&key(1)).key_id();
    assert_eq!(signature.verify(NAMESPACE, b"decision"), Ok(id));
    assert_eq!(signature.verify(NAMESPACE, b"decisioN"), Err(SshsigError::DoesNotVerify(id)));
    assert_eq!(
        signature.verify("file", b"decision"),
        Err(SshsigError::Namespace { expected: "file".to_owned(), got: NAMESPACE.to_owned() })
    );
    let other = public(&key(2));
    assert_eq!(
        signature.verify_with(&other, NAMESPACE, b"decision"),
        Err(SshsigError::OtherKey { expected: other.key_id(), got: id })
    );
}

#[test]
fn a_security_key_signature_needs_a_touch_and_covers_flags_and_counter() {
    let touched = Touch { flags: 0x01, counter: 7 };
    let (public, blob) = sk_sign(&key(3), b"ssh:", touched, b"decision");
    let signature = Signature::parse(&blob).expect("good");
    assert_eq!(signature.touch(), Some(touched));
    assert_eq!(signature.verify(NAMESPACE, b"decision"), Ok(public.key_id()));

    // Signed by the security key all right, but on its own: a machine asked while nobody was there.
    let (_, blob) = sk_sign(&key(3), b"ssh:", Touch { flags: 0x04, counter: 8 }, b"decision");
    let signature = Signature::parse(&blob).expect("good");
    assert_eq!(signature.verify(NAMESPACE, b"decision"), Err(SshsigError::NobodyPresent { flags: 0x04 }));

    let (public, blob) =
        sk_sign(&key(3), b"ssh:scrutiny", Touch { flags: 0x05, counter: u32::MAX }, b"decision");
    let signature = Signature::parse(&blob).expect("good");
    assert!(signature.touch().expect("a security key's").user_verified());
    assert_eq!(signature.verify(NAMESPACE, b"decision"), Ok(public.key_id()));
    for from_end in 1..=5 {
        let mut blob = blob.clone();
        let at = blob.len() - from_end;
        blob[at] ^= 0x80;
        let signature = Signature::parse(&blob).expect("still well-formed");
        assert_eq!(
            signature.verify(NAMESPACE, b"decision"),
            Err(SshsigError::DoesNotVerify(public.key_id()))
        );
    }
}

#[test]
fn malformed_blobs_are_refused_with_their_reason() {
    let good = sshsig::sign(&key(1), NAMESPACE, b"m");
    let k = public(&key(1)).blob().to_vec();
    let i = inner(b"ssh-ed25519", &[7; 64]);
    let n = NAMESPACE.as_bytes();
    let check = |blob: Vec<u8>, error: SshsigError| assert_eq!(Signature::parse(&blob), Err(error));

    check(b"SSHSIH\0\0\0\x01".to_vec(), SshsigError::Magic);
    check(Vec::new(), SshsigError::Magic);
    check([b"SSHSIG\0\0\0\x02", &good[10..]].concat(), SshsigError::Version(2));
    check([b"SSHSIG\0\0\0\x00", &good[10..]].concat(), SshsigError::Version(0));
    check([&good[..], b"\0"].concat(), SshsigError::TrailingBytes { what: "the SSH signature", count: 1 });
    check(blob_of(&k, b"", b"", b"sha512", &i), SshsigError::NamespaceLength(0));
    check(blob_of(&k, &[b'n'; 129], b"", b"sha512", &i), SshsigError::NamespaceLength(129));
    check(blob_of(&k, b"\xff", b"", b"sha512", &i), SshsigError::NotText("the namespace"));
    check(blob_of(&k, n, b"xyz", b"sha512", &i), SshsigError::Reserved(3));
    check(blob_of(&k, n, b"", b"sha1", &i), SshsigError::HashAlgorithm("sha1".to_owned()));
    check(blob_of(&k, n, b"", b"SHA512", &i), SshsigError::HashAlgorithm("SHA512".to_owned()));
    let long = [&good[..], &[0; 640]].concat();
    check(long.clone(), SshsigError::TooLong(long.len()));
    check(
        blob_of(&[&k[..], b"!"].concat(), n, b"", b"sha512", &i),
        SshsigError::TrailingBytes { what: "the public key", count: 1 },
    );
    check(
        blob_of(&inner(b"ssh-ed25519", &[9; 31]), n, b"", b"sha512", &i),
        SshsigError::Length { what: "an Ed25519 public key", expected: 32, got: 31 },
    );
    check(
        blob_of(&k, n, b"", b"sha512", &inner(b"ssh-ed25519", &[7; 65])),
        SshsigError::Length { what: "an Ed25519 signature", expected: 64, got: 65 },
    );
    check(
        blob_of(&k, n, b"", b"sha512", &inner(b"rsa-sha2-512", &[7; 64])),
        SshsigError::AlgorithmMismatch { key: "ssh-ed25519", signature: "rsa-sha2-512".to_owned() },
    );
    check(
        blob_of(&k, n, b"", b"sha512", &[&i[..], b"\x01"].concat()),
        SshsigError::TrailingBytes { what: "the inner signature", count: 1 },
    );
}

#[test]
fn a_signature_under_a_certificate_or_a_hostile_name_is_refused_by_name() {
    for (name, shown) in [
        (&b"ssh-ed25519-cert-v01@openssh.com"[..], "ssh-ed25519-cert-v01@openssh.com"),
        (b"\x1b[2Jssh", "\\u{1b}[2Jssh"),
    ] {
        let blob = blob_of(&inner(name, &[9; 32]), b"n", b"", b"sha512", b"");
        assert_eq!(Signature::parse(&blob), Err(SshsigError::UnsupportedAlgorithm(shown.to_owned())));
    }
}

#[test]
fn armor_is_read_strictly() {
    // A namespace of this length makes the base64 end in padding.
    let signature = Signature::parse(&sshsig::sign(&key(1), "files", b"m")).expect("good");
    let armor = signature.to_armor();
    assert_eq!(Signature::from_armor(&armor).as_ref(), Ok(&signature));
    assert_eq!(Signature::from_armor(&armor.replace('\n', "\r\n")).as_ref(), Ok(&signature));
    assert_eq!(Signature::from_armor(armor.trim_end()).as_ref(), Ok(&signature));
    let body_start = armor.find('\n').expect("it has lines") + 1;
    let broken = [
        String::new(),
        format!("\n{armor}"),
        format!("hello\n{armor}"),
        format!("{armor}hello"),
        format!("{armor}\n"),
        armor.replace("BEGIN", "begin"),
        armor.replace("-----END SSH SIGNATURE-----\n", ""),
        armor.replace("END SSH", "END PGP"),
        armor.replacen('\n', "\n\n", 2),
        armor.replacen('\n', "\nComment: hi\n", 1),
        armor.replace('=', ""),
        format!("{}*{}", &armor[..body_start], &armor[body_start + 1..]),
        "x".repeat(20_000),
    ];
    for text in broken {
        assert!(matches!(Signature::from_armor(&text), Err(SshsigError::Armor(_))), "{text}");
    }
}

#[test]
fn public_key_lines_are_read_strictly() {
    let key = public(&key(1));
    let line = key.to_openssh_line("an officer\n");
    assert!(line.ends_with(" an officer"));
    assert_eq!(PublicKey::from_openssh_line(&format!("{line}\r\n")).as_ref(), Ok(&key));
    assert_eq!(PublicKey::from_openssh_line(&key.to_openssh_line("")).as_ref(), Ok(&key));
    let blob = line.split(' ').nth(1).expect("a second field");
    for bad in [
        "",
        "ssh-ed25519",
        &format!("{line}\n{line}"),
        &format!("sk-ssh-ed25519@openssh.com {blob}"),
        &format!("ssh-ed25519 {}", &blob[1..]),
        &format!("ssh-ed25519 {blob}{}", "A".repeat(9000)),
        &format!("namespaces=\"x\" {line}"),
    ] {
        assert!(matches!(PublicKey::from_openssh_line(bad), Err(SshsigError::PublicKeyLine(_))), "{bad}");
    }
}

proptest! {
    #[test]
    fn roundtrip_of_a_signature(seed: [u8; 32], message: Vec<u8>, namespace in "[a-z@.-]{1,40}") {
        let key = SigningKey::from_bytes(&seed);
        let blob = sshsig::sign(&key, &namespace, &message);
        let signature = Signature::parse(&blob).expect("what is made here is read here");
        prop_assert_eq!(signature.verify(&namespace, &message), Ok(public(&key).key_id()));
        prop_assert_eq!(signature.blob(), &blob[..]);
        let armored = Signature::from_armor(&signature.to_armor());
        prop_assert_eq!(armored.as_ref(), Ok(&signature));
    }

    #[test]
    fn no_flipped_bit_survives(seed: [u8; 32], sk: bool, at: prop::sample::Index, bit in 0..8_u8) {
        let key = SigningKey::from_bytes(&seed);
        let (public, mut blob) = if sk {
            sk_sign(&key, b"ssh:", Touch { flags: 1, counter: 1 }, b"decision")
        } else {
            (public(&key), sshsig::sign(&key, NAMESPACE, b"decision"))
        };
        let at = at.index(blob.len());
        blob[at] ^= 1 << bit;
        let verified = Signature::parse(&blob).and_then(|s| s.verify_with(&public, NAMESPACE, b"decision"));
        prop_assert!(verified.is_err(), "byte {at} bit {bit}");
        let verified = Signature::parse(&blob).and_then(|s| s.verify(NAMESPACE, b"decision"));
        prop_assert!(verified.is_err(), "byte {at} bit {bit}");
    }

    #[test]
    fn no_prefix_is_a_signature(cut in 0..195_usize) {
        let blob = sshsig::sign(&key(5), NAMESPACE, b"decision");
        prop_assert_eq!(blob.len(), 195);
        prop_assert!(Signature::parse(&blob[..cut]).is_err());
    }

    #[test]
    fn strange_bytes_never_panic(bytes: Vec<u8>, text: String) {
        let _ = Signature::parse(&bytes);
        let _ = Signature::parse(&[b"SSHSIG\0\0\0\x01", &bytes[..]].concat());
        let _ = Signature::from_armor(&text);
        let _ = PublicKey::from_blob(&bytes);
        let _ = PublicKey::from_openssh_line(&text);
        let _ = ledger_core::allowed_signers::parse(&text);
    }
}
