//! Public keys that were read before. A ledger has some thousands of signers and millions of signatures,
//! and reading a key decompresses a point of the curve, a fifth of what verifying costs.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::{PublicKey, Signature, SshsigError};
use crate::ids::KeyId;

/// Keys kept at once, some 400 bytes each. A flood of strangers' keys empties the cache and costs no more
/// memory than this.
const MAX_KEYS: usize = 8_192;

/// Public keys by their blob, shared between the threads that verify.
#[derive(Debug, Default)]
pub struct KeyCache {
    keys: RwLock<HashMap<Box<[u8]>, Arc<PublicKey>>>,
}

impl KeyCache {
    /// [`Signature::verify`], reading the key only the first time it is met.
    ///
    /// # Errors
    /// As [`Signature::verify`].
    pub fn verify(
        &self,
        signature: &Signature,
        namespace: &str,
        message: &[u8],
    ) -> Result<KeyId, SshsigError> {
        signature.verify_with(&*self.key(signature)?, namespace, message)
    }

    fn key(&self, signature: &Signature) -> Result<Arc<PublicKey>, SshsigError> {
        let known = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.get(signature.key_blob()) {
            return Ok(Arc::clone(key));
        }
        drop(known);
        let key = Arc::new(signature.public_key()?);
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MAX_KEYS {
            keys.clear();
        }
        keys.insert(signature.key_blob().into(), Arc::clone(&key));
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::sshsig::sign;

    #[test]
    fn a_cached_key_verifies_its_own_signatures_and_no_others() {
        let cache = KeyCache::default();
        let (alice, bob) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
        for key in [&alice, &bob, &alice] {
            let good = Signature::parse(&sign(key, "n", b"m")).expect("our own signature parses");
            assert_eq!(cache.verify(&good, "n", b"m"), good.verify("n", b"m"));
            assert!(cache.verify(&good, "n", b"other").is_err());
        }
    }
}
