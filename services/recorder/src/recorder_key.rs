//! The key of one of several recorders: it signs the statement by which that recorder takes over, and nothing else.

use std::fmt;

use ed25519_dalek::SigningKey;
use ledger_core::ids::KeyId;
use ledger_core::sshsig::{PublicKey, SshsigError, read_private_key, sign};
use ledger_core::statement::NAMESPACE;

/// A recorder's own key, enrolled in the role REC: a secret of this recorder alone. The log's keys, with which it
/// signs checkpoints, are another matter.
pub struct RecorderKey {
    key: SigningKey,
    id: KeyId,
}

impl RecorderKey {
    /// Reads the text of a private key file as `ssh-keygen -t ed25519` writes it, without a passphrase.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, SshsigError> {
        Self::of(read_private_key(text)?)
    }

    /// The key of a seed.
    ///
    /// # Errors
    /// When no verifier would accept what it signs.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, SshsigError> {
        Self::of(SigningKey::from_bytes(seed))
    }

    fn of(key: SigningKey) -> Result<Self, SshsigError> {
        let id = PublicKey::from_ed25519(key.verifying_key().as_bytes())?.key_id();
        Ok(Self { key, id })
    }

    /// Its id, as the registry knows it.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn sign(&self, statement: &[u8]) -> Vec<u8> {
        sign(&self.key, NAMESPACE, statement)
    }
}

impl fmt::Debug for RecorderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecorderKey({})", self.id)
    }
}
