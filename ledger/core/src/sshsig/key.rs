//! Public keys, and the one place where an Ed25519 signature by a person is accepted.
//!
//! ```text
//! string "ssh-ed25519"                │ string key[32]
//! string "sk-ssh-ed25519@openssh.com" │ string key[32] │ string application
//! ```

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature as RawSignature, VerifyingKey};

use super::SshsigError;
use super::wire::{Reader, put_string};
use crate::ids::KeyId;

const ED25519: &str = "ssh-ed25519";
const SK_ED25519: &str = "sk-ssh-ed25519@openssh.com";

/// Bytes in the text of a public key: OpenSSH's own longest kinds fit, so that they are refused by name.
const MAX_LINE_BYTES: usize = 8 * 1024;

/// Which of the two kinds a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyKind {
    /// A key in a file or an agent.
    Ed25519,
    /// A key inside a FIDO2 security key.
    SkEd25519 {
        /// What the key was made for; `ssh:` unless its owner chose otherwise.
        application: String,
    },
}

impl KeyKind {
    /// The algorithm's name, as OpenSSH writes it.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519 => ED25519,
            Self::SkEd25519 { .. } => SK_ED25519,
        }
    }
}

/// A public key, its point decompressed once: keep it when many signatures by it are to be verified.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    blob: Vec<u8>,
    kind: KeyKind,
    id: KeyId,
    point: VerifyingKey,
}

impl PublicKey {
    /// Reads the binary form, which SSHSIG blobs carry.
    ///
    /// # Errors
    /// For another algorithm (named), a malformed blob, and a key that is no good point of the curve.
    pub fn from_blob(blob: &[u8]) -> Result<Self, SshsigError> {
        let (kind, raw) = parts(blob)?;
        let point = VerifyingKey::from_bytes(raw).map_err(|_| SshsigError::NotAPoint)?;
        if point.is_weak() {
            return Err(SshsigError::WeakKey);
        }
        Ok(Self { blob: blob.to_vec(), kind, id: KeyId::of_blob(blob), point })
    }

    /// Reads the one line of a `.pub` file; its comment is dropped.
    ///
    /// # Errors
    /// For anything but one line of algorithm, base64 and an optional comment.
    pub fn from_openssh_line(text: &str) -> Result<Self, SshsigError> {
        if text.len() > MAX_LINE_BYTES {
            return Err(SshsigError::PublicKeyLine("it is far too long"));
        }
        let line = text.trim_matches(['\r', '\n', ' ', '\t']);
        if line.contains(['\r', '\n']) {
            return Err(SshsigError::PublicKeyLine("it has more than one line"));
        }
        let mut fields = line.split_ascii_whitespace();
        let (Some(algorithm), Some(blob)) = (fields.next(), fields.next()) else {
            return Err(SshsigError::PublicKeyLine("it has less than two fields"));
        };
        Self::from_fields(algorithm, blob)
    }

    /// Reads the algorithm and the base64 that make up a key in `.pub` and allowed-signers lines.
    pub(crate) fn from_fields(algorithm: &str, blob: &str) -> Result<Self, SshsigError> {
        let blob = STANDARD.decode(blob).map_err(|_| SshsigError::PublicKeyLine("its key is not base64"))?;
        let key = Self::from_blob(&blob)?;
        if key.kind.algorithm() == algorithm {
            Ok(key)
        } else {
            Err(SshsigError::PublicKeyLine("its first word is not the algorithm of its key"))
        }
    }

    /// The key with these 32 bytes, as `ssh-ed25519`.
    ///
    /// # Errors
    /// When they are no good point of the curve.
    pub fn from_ed25519(raw: &[u8; 32]) -> Result<Self, SshsigError> {
        let mut blob = Vec::with_capacity(51);
        put_string(&mut blob, ED25519.as_bytes());
        put_string(&mut blob, raw);
        Self::from_blob(&blob)
    }

    /// SHA-256 of the blob: what `ssh-keygen -l` shows.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.id
    }

    /// The binary form.
    #[must_use]
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// Which kind of key it is.
    #[must_use]
    pub fn kind(&self) -> &KeyKind {
        &self.kind
    }

    /// The line of a `.pub` file, without a line end. Control characters in the comment become spaces.
    #[must_use]
    pub fn to_openssh_line(&self, comment: &str) -> String {
        let comment: String = comment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("{} {} {}", self.kind.algorithm(), STANDARD.encode(&self.blob), comment.trim())
            .trim_end()
            .to_owned()
    }

    /// Verifies one raw Ed25519 signature, accepting exactly what `verify_strict` accepts. SSHSIG
    /// verification and the vector tests both go through here.
    ///
    /// # Errors
    /// When it is not 64 bytes, or does not verify.
    pub fn verify_raw(&self, message: &[u8], signature: &[u8]) -> Result<(), SshsigError> {
        let signature: &[u8; 64] = signature.try_into().map_err(|_| SshsigError::Length {
            what: "an Ed25519 signature",
            expected: 64,
            got: signature.len(),
        })?;
        self.point
            .verify_strict(message, &RawSignature::from_bytes(signature))
            .map_err(|_| SshsigError::DoesNotVerify(self.id))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.kind.algorithm(), self.id)
    }
}

/// Takes a key blob apart without touching the curve: cheap enough for every signature.
pub(super) fn parts(blob: &[u8]) -> Result<(KeyKind, &[u8; 32]), SshsigError> {
    let mut reader = Reader::new("the public key", blob);
    let algorithm = reader.string()?;
    let is_sk = match algorithm {
        name if name == ED25519.as_bytes() => false,
        name if name == SK_ED25519.as_bytes() => true,
        other => return Err(SshsigError::UnsupportedAlgorithm(printable(other))),
    };
    let raw = reader.string()?;
    let raw = raw.try_into().map_err(|_| SshsigError::Length {
        what: "an Ed25519 public key",
        expected: 32,
        got: raw.len(),
    })?;
    let kind = if is_sk {
        let application = String::from_utf8(reader.string()?.to_vec())
            .map_err(|_| SshsigError::NotText("the key's application"))?;
        KeyKind::SkEd25519 { application }
    } else {
        KeyKind::Ed25519
    };
    reader.finish()?;
    Ok((kind, raw))
}

/// A stranger's bytes, fit to stand in an error message.
pub(super) fn printable(bytes: &[u8]) -> String {
    const LONGEST: usize = 64;
    let shown = &bytes[..bytes.len().min(LONGEST)];
    String::from_utf8_lossy(shown).escape_debug().to_string()
}
