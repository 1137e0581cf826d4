//! Private keys in OpenSSH's own file format, without a passphrase. Keys with one stay with ssh-agent.

use ed25519_dalek::SigningKey;
use ssh_key::private::{Ed25519Keypair, Ed25519PrivateKey, KeypairData};
use ssh_key::public::Ed25519PublicKey;
use ssh_key::{LineEnding, PrivateKey};
use zeroize::Zeroizing;

use super::SshsigError;

/// Reads the text of a private key file (`-----BEGIN OPENSSH PRIVATE KEY-----`).
///
/// # Errors
/// For a key with a passphrase, a key that is not Ed25519, and one whose two halves do not belong together.
pub fn read_private_key(text: &str) -> Result<SigningKey, SshsigError> {
    let key = PrivateKey::from_openssh(text).map_err(unreadable)?;
    if key.is_encrypted() {
        return Err(SshsigError::EncryptedPrivateKey);
    }
    let KeypairData::Ed25519(pair) = key.key_data() else {
        return Err(SshsigError::UnsupportedAlgorithm(format!("a private {} key", key.algorithm())));
    };
    let signing = SigningKey::from_bytes(pair.private.as_ref());
    // Signing with halves that do not match leaks the private one. ssh-key compares the public key's
    // copies with each other, but without its `ed25519` feature not with the seed.
    if signing.verifying_key().as_bytes() != pair.public.as_ref() {
        return Err(SshsigError::PrivateKey("its public half belongs to another key".to_owned()));
    }
    Ok(signing)
}

/// The text of a private key file. Whoever writes it to disk gives it mode 0600, or ssh will not use it.
///
/// # Errors
/// When the comment cannot stand in such a file.
pub fn write_private_key(key: &SigningKey, comment: &str) -> Result<Zeroizing<String>, SshsigError> {
    let pair = Ed25519Keypair {
        public: Ed25519PublicKey(key.verifying_key().to_bytes()),
        private: Ed25519PrivateKey::from_bytes(key.as_bytes()),
    };
    let key = PrivateKey::new(KeypairData::Ed25519(pair), comment).map_err(unreadable)?;
    key.to_openssh(LineEnding::LF).map_err(unreadable)
}

fn unreadable(error: ssh_key::Error) -> SshsigError {
    SshsigError::PrivateKey(error.to_string())
}
