//! Making signatures: the bytes to sign, and the blob around a raw signature.

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256, Sha512};

use super::SshsigError;
use super::key::PublicKey;
use super::signature::HashAlgorithm;
use super::wire::put_string;

pub(super) const MAGIC: &[u8; 6] = b"SSHSIG";
pub(super) const VERSION: u32 = 1;

/// Bytes in a namespace: it leaves a FIDO2 signature room within `MAX_SIGNATURE_BYTES`.
pub const MAX_NAMESPACE_BYTES: usize = 128;

/// Signs a message: a binary blob, the same bytes that `ssh-keygen -Y sign` would make.
///
/// # Panics
/// When the namespace is empty or longer than [`MAX_NAMESPACE_BYTES`], which no verifier would accept.
#[must_use]
pub fn sign(key: &SigningKey, namespace: &str, message: &[u8]) -> Vec<u8> {
    let public = PublicKey::from_ed25519(key.verifying_key().as_bytes())
        .expect("the public key of a clamped scalar is a point of large order");
    let raw = key.sign(&signed_data(namespace, HashAlgorithm::Sha512, message));
    let mut signature = Vec::with_capacity(83);
    put_string(&mut signature, public.kind().algorithm().as_bytes());
    put_string(&mut signature, &raw.to_bytes());
    envelope(&public, namespace, &signature)
}

/// The bytes that a key signs for `message`: what to hand to an ssh-agent.
///
/// # Panics
/// When the namespace is empty or longer than [`MAX_NAMESPACE_BYTES`].
#[must_use]
pub fn signed_data(namespace: &str, hash: HashAlgorithm, message: &[u8]) -> Vec<u8> {
    check_namespace(namespace.as_bytes()).expect("a caller's namespace is a constant of sound length");
    let mut data = Vec::with_capacity(MAGIC.len() + 4 * 4 + namespace.len() + 6 + 64);
    data.extend_from_slice(MAGIC);
    put_string(&mut data, namespace.as_bytes());
    put_string(&mut data, b"");
    put_string(&mut data, hash.name().as_bytes());
    match hash {
        HashAlgorithm::Sha256 => put_string(&mut data, &Sha256::digest(message)),
        HashAlgorithm::Sha512 => put_string(&mut data, &Sha512::digest(message)),
    }
    data
}

/// Wraps an SSH signature over [`signed_data`] with SHA-512, as an ssh-agent answers it, into a blob.
/// Nothing is verified.
#[must_use]
pub fn envelope(key: &PublicKey, namespace: &str, signature: &[u8]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(64 + key.blob().len() + namespace.len() + signature.len());
    blob.extend_from_slice(MAGIC);
    blob.extend_from_slice(&VERSION.to_be_bytes());
    put_string(&mut blob, key.blob());
    put_string(&mut blob, namespace.as_bytes());
    put_string(&mut blob, b"");
    put_string(&mut blob, HashAlgorithm::Sha512.name().as_bytes());
    put_string(&mut blob, signature);
    blob
}

pub(super) fn check_namespace(namespace: &[u8]) -> Result<(), SshsigError> {
    match namespace.len() {
        1..=MAX_NAMESPACE_BYTES => Ok(()),
        other => Err(SshsigError::NamespaceLength(other)),
    }
}
