//! A signature: from bytes to a yes or no.

use sha2::{Digest as _, Sha256};

use super::SshsigError;
use super::armor::{armor, dearmor};
use super::key::{KeyKind, PublicKey, parts, printable};
use super::make::{MAGIC, VERSION, check_namespace, signed_data};
use super::wire::Reader;
use crate::ids::KeyId;
use crate::limits::MAX_SIGNATURE_BYTES;

/// The flag that says somebody touched the security key (FIDO2, bit 0).
const USER_PRESENT: u8 = 0x01;
/// The flag that says the security key checked a PIN or a fingerprint (FIDO2, bit 2).
const USER_VERIFIED: u8 = 0x04;

/// How the message is hashed before it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// `sha256`
    Sha256,
    /// `sha512`, which ssh-keygen writes.
    Sha512,
}

impl HashAlgorithm {
    /// The name in the signature.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn from_name(name: &[u8]) -> Result<Self, SshsigError> {
        match name {
            b"sha256" => Ok(Self::Sha256),
            b"sha512" => Ok(Self::Sha512),
            other => Err(SshsigError::HashAlgorithm(printable(other))),
        }
    }
}

/// What a security key adds to a signature, and signs with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// FIDO2 authenticator flags.
    pub flags: u8,
    /// The security key's signature counter.
    pub counter: u32,
}

impl Touch {
    /// True when somebody touched the security key. Required of every signature.
    #[must_use]
    pub fn user_present(self) -> bool {
        self.flags & USER_PRESENT != 0
    }

    /// True when the security key checked a PIN or a fingerprint as well.
    #[must_use]
    pub fn user_verified(self) -> bool {
        self.flags & USER_VERIFIED != 0
    }
}

/// A signature, parsed but not verified: a stranger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    blob: Vec<u8>,
    key_blob: Vec<u8>,
    kind: KeyKind,
    namespace: String,
    hash: HashAlgorithm,
    raw: [u8; 64],
    touch: Option<Touch>,
}

impl Signature {
    /// Reads a binary blob. Strict: one encoding per signature, nothing that the signature does not cover.
    ///
    /// # Errors
    /// For another algorithm (named), another version, a reserved field that is not empty, and anything
    /// that is cut short or too long.
    pub fn parse(blob: &[u8]) -> Result<Self, SshsigError> {
        let mut reader = Reader::new("the SSH signature", blob);
        if reader.take(MAGIC.len()) != Ok(MAGIC) {
            return Err(SshsigError::Magic);
        }
        match reader.u32()? {
            VERSION => {}
            other => return Err(SshsigError::Version(other)),
        }
        let key_blob = reader.string()?;
        let (kind, _) = parts(key_blob)?;
        // Only now, so that a long kind of key is refused by its name.
        if blob.len() > MAX_SIGNATURE_BYTES {
            return Err(SshsigError::TooLong(blob.len()));
        }
        let namespace = reader.string()?;
        check_namespace(namespace)?;
        let namespace =
            String::from_utf8(namespace.to_vec()).map_err(|_| SshsigError::NotText("the namespace"))?;
        // OpenSSH skips what stands here and signs an empty field in its place, so anybody could write into
        // it later. An entry's bytes must not have such a place.
        let reserved = reader.string()?;
        if !reserved.is_empty() {
            return Err(SshsigError::Reserved(reserved.len()));
        }
        let hash = HashAlgorithm::from_name(reader.string()?)?;
        let (raw, touch) = inner(&kind, reader.string()?)?;
        reader.finish()?;
        Ok(Self { blob: blob.to_vec(), key_blob: key_blob.to_vec(), kind, namespace, hash, raw, touch })
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// As [`Signature::parse`], and when the armor is not whole.
    pub fn from_armor(text: &str) -> Result<Self, SshsigError> {
        Self::parse(&dearmor(text)?)
    }

    /// The text form, byte for byte as ssh-keygen writes it.
    #[must_use]
    pub fn to_armor(&self) -> String {
        armor(&self.blob)
    }

    /// The binary form.
    #[must_use]
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// The blob of the key that this signature names: the key of a cache of [`PublicKey`]s.
    #[must_use]
    pub fn key_blob(&self) -> &[u8] {
        &self.key_blob
    }

    /// The id of the key that this signature names.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        KeyId::of_blob(&self.key_blob)
    }

    /// The key that this signature names. Decompresses its point.
    ///
    /// # Errors
    /// When it is no good point of the curve.
    pub fn public_key(&self) -> Result<PublicKey, SshsigError> {
        PublicKey::from_blob(&self.key_blob)
    }

    /// What the signature is for.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// How the message was hashed.
    #[must_use]
    pub fn hash_algorithm(&self) -> HashAlgorithm {
        self.hash
    }

    /// What the security key added; `None` for a key without one.
    #[must_use]
    pub fn touch(&self) -> Option<Touch> {
        self.touch
    }

    /// Verifies the signature under the key that it names itself, and says which that is. Whether the key
    /// may sign is not checked here.
    ///
    /// # Errors
    /// As [`Signature::verify_with`], and when the key is no good point of the curve.
    pub fn verify(&self, namespace: &str, message: &[u8]) -> Result<KeyId, SshsigError> {
        self.verify_with(&self.public_key()?, namespace, message)
    }

    /// Verifies the signature under a key that is at hand already, which spares the decompression.
    ///
    /// # Errors
    /// When it names another key or namespace, nobody touched the security key, or it does not verify.
    pub fn verify_with(
        &self,
        key: &PublicKey,
        namespace: &str,
        message: &[u8],
    ) -> Result<KeyId, SshsigError> {
        if self.namespace != namespace {
            let got = printable(self.namespace.as_bytes());
            return Err(SshsigError::Namespace { expected: namespace.to_owned(), got });
        }
        if self.key_blob != key.blob() {
            return Err(SshsigError::OtherKey { expected: key.key_id(), got: self.key_id() });
        }
        let signed = signed_data(namespace, self.hash, message);
        let signed = match (&self.kind, self.touch) {
            (KeyKind::SkEd25519 { application }, Some(touch)) => {
                if !touch.user_present() {
                    return Err(SshsigError::NobodyPresent { flags: touch.flags });
                }
                security_key_data(application, touch, &signed)
            }
            _ => signed,
        };
        key.verify_raw(&signed, &self.raw)?;
        Ok(key.key_id())
    }
}

/// What a security key really signs (OpenSSH PROTOCOL.u2f):
/// SHA-256(application) ‖ flags ‖ counter ‖ SHA-256(data).
fn security_key_data(application: &str, touch: Touch, data: &[u8]) -> Vec<u8> {
    let mut signed = Vec::with_capacity(32 + 1 + 4 + 32);
    signed.extend_from_slice(&Sha256::digest(application));
    signed.push(touch.flags);
    signed.extend_from_slice(&touch.counter.to_be_bytes());
    signed.extend_from_slice(&Sha256::digest(data));
    signed
}

/// Reads `string algorithm │ string raw[64]`, and for security keys `│ u8 flags │ u32 counter`.
fn inner(kind: &KeyKind, signature: &[u8]) -> Result<([u8; 64], Option<Touch>), SshsigError> {
    let mut reader = Reader::new("the inner signature", signature);
    let algorithm = reader.string()?;
    if algorithm != kind.algorithm().as_bytes() {
        let signature = printable(algorithm);
        return Err(SshsigError::AlgorithmMismatch { key: kind.algorithm(), signature });
    }
    let raw = reader.string()?;
    let raw = raw.try_into().map_err(|_| SshsigError::Length {
        what: "an Ed25519 signature",
        expected: 64,
        got: raw.len(),
    })?;
    let touch = match kind {
        KeyKind::Ed25519 => None,
        KeyKind::SkEd25519 { .. } => Some(Touch { flags: reader.u8()?, counter: reader.u32()? }),
    };
    reader.finish()?;
    Ok((raw, touch))
}
