//! Private keys in OpenSSH's own file format, without a passphrase. Keys with one stay with ssh-agent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use ssh_key::private::{Ed25519Keypair, Ed25519PrivateKey, KeypairData};
use ssh_key::public::Ed25519PublicKey;
use ssh_key::{LineEnding, PrivateKey};
use zeroize::Zeroizing;

use super::SshsigError;
use super::key::{KeyKind, parts};
use super::wire::Reader;

const AUTH_MAGIC: &[u8] = b"openssh-key-v1\0";

/// Reads the text of a private key file (`-----BEGIN OPENSSH PRIVATE KEY-----`).
///
/// # Errors
/// For a key with a passphrase, a key that is not Ed25519 (named) or sits in a security key, and one whose
/// two halves do not belong together.
pub fn read_private_key(text: &str) -> Result<SigningKey, SshsigError> {
    if let KeyKind::SkEd25519 { .. } = kind(text)? {
        return Err(SshsigError::InSecurityKey);
    }
    let key = PrivateKey::from_openssh(text).map_err(unreadable)?;
    let pair = match key.key_data() {
        KeypairData::Ed25519(pair) => pair,
        KeypairData::Encrypted(_) => return Err(SshsigError::EncryptedPrivateKey),
        _ => return Err(SshsigError::PrivateKey("its two halves are of different kinds".to_owned())),
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

/// Which kind of key a file holds, from its public half, which no passphrase hides. ssh-key, built without
/// the other algorithms, would only say that it does not know them.
///
/// `"openssh-key-v1\0" │ string cipher │ string kdf │ string kdf options │ u32 1 │ string public key │ …`
fn kind(text: &str) -> Result<KeyKind, SshsigError> {
    let foreign = || SshsigError::PrivateKey("it is not in OpenSSH's own format".to_owned());
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    let bytes = Zeroizing::new(STANDARD.decode(&*Zeroizing::new(body)).map_err(|_| foreign())?);
    let mut reader = Reader::new("the private key", bytes.strip_prefix(AUTH_MAGIC).ok_or_else(foreign)?);
    for _cipher_kdf_and_options in 0..3 {
        reader.string()?;
    }
    let _number_of_keys = reader.u32()?;
    Ok(parts(reader.string()?)?.0)
}

fn unreadable(error: ssh_key::Error) -> SshsigError {
    SshsigError::PrivateKey(error.to_string())
}
