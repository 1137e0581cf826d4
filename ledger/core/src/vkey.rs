//! Verifier keys: who must have signed, as one line of text (C2SP signed-note).
//!
//! ```text
//! <key name>+<8 hex digits: key id>+<base64(type ‖ public key)>
//!
//! key id   the first 4 bytes of SHA-256(key name ‖ 0A ‖ type ‖ public key)
//! type     01  Ed25519 over the note's text                          public key  32 bytes
//!          04  Ed25519 cosignature of a checkpoint, with its time                32 bytes
//!          06  ML-DSA-44 cosignature of a checkpoint, with its time           1,312 bytes
//!
//! ledger.example/test+7a864099+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4
//! ```
//!
//! Out of scope: types 02 (ECDSA) and 05 (RFC 6962 tree heads), which no ledger of ours uses.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::cosignature;
use crate::limits::MAX_KEY_NAME_BYTES;
use crate::mldsa;
use crate::text::{from_base64, to_base64};

/// How a key signs notes; the number is the type byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyKind {
    /// Ed25519 over the note's text.
    Ed25519 = 0x01,
    /// Ed25519 cosignature of a checkpoint.
    CosignatureEd25519 = 0x04,
    /// ML-DSA-44 cosignature of a checkpoint; also a log's own second signature.
    CosignatureMlDsa44 = 0x06,
}

impl KeyKind {
    fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x01 => Some(Self::Ed25519),
            0x04 => Some(Self::CosignatureEd25519),
            0x06 => Some(Self::CosignatureMlDsa44),
            _ => None,
        }
    }
}

/// The 4 bytes that, with the name, say which key made a signature. A hint, not a commitment: anyone can
/// make a key with a given id, and then it fails to verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteKeyId(pub [u8; 4]);

impl NoteKeyId {
    /// The id of a key.
    #[must_use]
    pub fn of(name: &str, kind: KeyKind, public_key: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(name)
            .chain_update([b'\n', kind as u8])
            .chain_update(public_key)
            .finalize()
            .into();
        let [a, b, c, d, ..] = digest;
        Self([a, b, c, d])
    }
}

impl fmt::Display for NoteKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Why a text or some bytes are not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not three parts joined by `+`.
    #[error("a verifier key reads <name>+<8 hex digits>+<base64>")]
    Shape,
    /// Not a name for a key.
    #[error(
        "a key name has 1 to {MAX_KEY_NAME_BYTES} bytes, and no spaces, control characters or '+'; got {0:?}"
    )]
    Name(String),
    /// Not eight lower-case hexadecimal digits.
    #[error("a key id has 8 lower-case hexadecimal digits, got {0:?}")]
    Id(String),
    /// The id is that of another key.
    #[error("the key id should be {expected}, got {got}")]
    IdMismatch {
        /// Computed from name and key.
        expected: NoteKeyId,
        /// As written.
        got: NoteKeyId,
    },
    /// A type that is not read here.
    #[error("key type {0:?} is not one of 01, 04, 06")]
    Kind(Option<u8>),
    /// Not the public key of its type.
    #[error("not a public key of its type ({0} bytes), or one that signs anything")]
    PublicKey(usize),
}

/// A public key with its name, type and id.
#[derive(Clone)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    id: NoteKeyId,
    bytes: Vec<u8>,
    key: PublicKey,
}

#[derive(Clone)]
enum PublicKey {
    Ed25519(ed25519_dalek::VerifyingKey),
    MlDsa44(mldsa::PublicKey),
}

/// When a cosignature says it was made, in seconds since the Unix epoch; `None` for a plain signature.
pub type Timestamp = Option<u64>;

impl VerifierKey {
    /// Makes a verifier key of a public key: 32 bytes for Ed25519, 1,312 for ML-DSA-44.
    ///
    /// # Errors
    /// When the name or the public key is not one. An Ed25519 key of small order, which would let anyone
    /// sign, is refused.
    pub fn new(name: &str, kind: KeyKind, public_key: &[u8]) -> Result<Self, KeyError> {
        check_name(name)?;
        let bad_key = || KeyError::PublicKey(public_key.len());
        let key = match kind {
            KeyKind::Ed25519 | KeyKind::CosignatureEd25519 => {
                let bytes = public_key.try_into().map_err(|_| bad_key())?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| bad_key())?;
                PublicKey::Ed25519(Some(key).filter(|key| !key.is_weak()).ok_or_else(bad_key)?)
            }
            KeyKind::CosignatureMlDsa44 => {
                let key = mldsa::PublicKey::from_slice(public_key).ok_or_else(bad_key)?;
                PublicKey::MlDsa44(key)
            }
        };
        let id = NoteKeyId::of(name, kind, public_key);
        Ok(Self { name: name.to_owned(), kind, id, bytes: public_key.to_vec(), key })
    }

    /// The key's name; a log's is its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it signs.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> NoteKeyId {
        self.id
    }

    /// The public key's bytes, without the type.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether `signature` (what follows the key id in a signature line) is this key's over a note's text,
    /// and when it was made. `None` when it is not.
    #[must_use]
    pub fn verify(&self, text: &str, signature: &[u8]) -> Option<Timestamp> {
        if self.kind == KeyKind::Ed25519 {
            return self.verifies(text.as_bytes(), signature).then_some(None);
        }
        let (timestamp, signature) = signature.split_first_chunk::<8>()?;
        let timestamp = u64::from_be_bytes(*timestamp);
        let message = match self.kind {
            KeyKind::CosignatureMlDsa44 => {
                cosignature::mldsa44_checkpoint_message(&self.name, timestamp, text)
            }
            _ => cosignature::ed25519_message(timestamp, text),
        };
        self.verifies(&message.ok()?, signature).then_some(Some(timestamp))
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.key {
            PublicKey::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            PublicKey::MlDsa44(key) => key.verifies(message, signature),
        }
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, rest) = text.split_once('+').ok_or(KeyError::Shape)?;
        let (id, key) = rest.split_once('+').ok_or(KeyError::Shape)?;
        let got = parse_id(id)?;
        let key = from_base64(key).ok_or(KeyError::Shape)?;
        let (kind, public_key) = split_kind(&key)?;
        let verifier = Self::new(name, kind, public_key)?;
        if verifier.id != got {
            return Err(KeyError::IdMismatch { expected: verifier.id, got });
        }
        Ok(verifier)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.kind as u8];
        key.extend_from_slice(&self.bytes);
        write!(f, "{}+{}+{}", self.name, self.id, to_base64(&key))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({}+{}, {:?})", self.name, self.id, self.kind)
    }
}

impl PartialEq for VerifierKey {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.kind, &self.bytes) == (&other.name, other.kind, &other.bytes)
    }
}

impl Eq for VerifierKey {}

/// Splits key material into its type and the key.
pub(crate) fn split_kind(bytes: &[u8]) -> Result<(KeyKind, &[u8]), KeyError> {
    let kind = bytes.first().copied();
    match kind.and_then(KeyKind::from_byte) {
        Some(kind) => Ok((kind, &bytes[1..])),
        None => Err(KeyError::Kind(kind)),
    }
}

/// Reads eight lower-case hexadecimal digits.
pub(crate) fn parse_id(text: &str) -> Result<NoteKeyId, KeyError> {
    let lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let bytes = if lower { hex::decode(text).ok() } else { None };
    let id = bytes.and_then(|bytes| bytes.try_into().ok());
    id.map(NoteKeyId).ok_or_else(|| KeyError::Id(text.chars().take(16).collect()))
}

/// Checks a key name that we configure. Names of strangers in notes may be longer.
pub(crate) fn check_name(name: &str) -> Result<(), KeyError> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.len() > MAX_KEY_NAME_BYTES || name.contains(bad) {
        return Err(KeyError::Name(name.chars().take(100).collect()));
    }
    Ok(())
}
