//! ML-DSA-44 (FIPS 204), with the empty context and deterministic signing. The only file that names `ml_dsa`.
//!
//! Deterministic, so that signing needs no random source and the same tree always gets the same bytes.

use ml_dsa::signature::{Keypair as _, Signer as _, Verifier as _};
use ml_dsa::{EncodedVerifyingKey, MlDsa44, Seed, Signature, SigningKey, VerifyingKey};

/// A public key, expanded once: that costs more than a verification does.
#[derive(Clone)]
pub(crate) struct PublicKey(VerifyingKey<MlDsa44>);

impl PublicKey {
    /// Reads 1,312 bytes, each of which is some key; `None` for any other length.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let encoded = EncodedVerifyingKey::<MlDsa44>::try_from(bytes).ok()?;
        Some(Self(VerifyingKey::decode(&encoded)))
    }

    /// Whether `signature` is one over `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::<MlDsa44>::try_from(signature).is_ok_and(|sig| self.0.verify(message, &sig).is_ok())
    }
}

/// A secret key, made from a 32-byte seed.
#[derive(Clone)]
pub(crate) struct SecretKey(SigningKey<MlDsa44>);

impl SecretKey {
    /// The key of a seed (FIPS 204 ML-DSA.KeyGen_internal).
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_seed(&Seed::from(*seed)))
    }

    /// The seed.
    pub(crate) fn seed(&self) -> [u8; 32] {
        self.0.to_seed().into()
    }

    /// The 1,312 bytes of the public key.
    pub(crate) fn public_bytes(&self) -> Vec<u8> {
        self.0.verifying_key().encode().to_vec()
    }

    /// Signs, 2,420 bytes.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).encode().to_vec()
    }
}
