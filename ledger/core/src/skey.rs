//! Signing keys of notes: a 32-byte seed with a name and a type.
//!
//! ```text
//! PRIVATE+KEY+<key name>+<8 hex digits: key id>+<base64(type ‖ seed)>
//!
//! PRIVATE+KEY+ledger.example/test+7a864099+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
//! ```
//!
//! Type 01 is what Go's `sumdb/note` writes, types 04 and 06 what transparency-dev/formats does. The
//! specification knows no private keys, so this text is only for a key's own keeper.

use std::fmt;

use ed25519_dalek::Signer as _;
use zeroize::Zeroizing;

use crate::mldsa;
use crate::text::{from_base64, to_base64};
use crate::vkey::{KeyError, KeyKind, VerifierKey, parse_id, split_kind};

/// A secret key with its name and type. It is never shown by `Debug`.
#[derive(Clone)]
pub struct SigningKey {
    verifier: VerifierKey,
    secret: Secret,
}

#[derive(Clone)]
enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    MlDsa44(mldsa::SecretKey),
}

impl SigningKey {
    /// The key of a seed.
    ///
    /// # Errors
    /// When the name is none for a key.
    pub fn from_seed(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let (secret, public) = match kind {
            KeyKind::Ed25519 | KeyKind::CosignatureEd25519 => {
                let key = ed25519_dalek::SigningKey::from_bytes(seed);
                let public = key.verifying_key().to_bytes().to_vec();
                (Secret::Ed25519(key), public)
            }
            KeyKind::CosignatureMlDsa44 => {
                let key = mldsa::SecretKey::from_seed(seed);
                let public = key.public_bytes();
                (Secret::MlDsa44(key), public)
            }
        };
        Ok(Self { verifier: VerifierKey::new(name, kind, &public)?, secret })
    }

    /// Reads the text of a private key.
    ///
    /// # Errors
    /// When it is none, or its id is that of another key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let rest = text.strip_prefix("PRIVATE+KEY+").ok_or(KeyError::Shape)?;
        let (name, rest) = rest.split_once('+').ok_or(KeyError::Shape)?;
        let (id, key) = rest.split_once('+').ok_or(KeyError::Shape)?;
        let got = parse_id(id)?;
        let key = Zeroizing::new(from_base64(key).ok_or(KeyError::Shape)?);
        let (kind, seed) = split_kind(&key)?;
        let seed = seed.try_into().map_err(|_| KeyError::PublicKey(seed.len()))?;
        let signer = Self::from_seed(name, kind, seed)?;
        let expected = signer.verifier.id();
        if expected == got { Ok(signer) } else { Err(KeyError::IdMismatch { expected, got }) }
    }

    /// The text of the private key: a secret, wiped from memory when it is dropped.
    #[must_use]
    pub fn to_private_text(&self) -> Zeroizing<String> {
        let seed = Zeroizing::new(match &self.secret {
            Secret::Ed25519(key) => key.to_bytes(),
            Secret::MlDsa44(key) => key.seed(),
        });
        let key = Zeroizing::new([&[self.verifier.kind() as u8], &seed[..]].concat());
        let key = Zeroizing::new(to_base64(&key));
        let (name, id) = (self.verifier.name(), self.verifier.id());
        Zeroizing::new(format!("PRIVATE+KEY+{name}+{id}+{}", *key))
    }

    /// The public side.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs bytes as they are: the callers build the message that the key's type asks for.
    pub(crate) fn sign_raw(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Secret::MlDsa44(key) => key.sign(message),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}+{}, {:?})", self.verifier.name(), self.verifier.id(), self.verifier.kind())
    }
}
