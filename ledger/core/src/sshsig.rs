//! SSHSIG: the signatures that `ssh-keygen -Y sign`, ssh-agent and FIDO2 keys make (OpenSSH
//! PROTOCOL.sshsig).
//!
//! ```text
//! "SSHSIG" │ u32 1 │ string public key │ string namespace │ string "" │ string hash │ string signature
//! ```
//!
//! A `string` is a u32 big-endian length and that many bytes. What gets signed is
//! `"SSHSIG" ‖ string namespace ‖ string "" ‖ string hash ‖ string H(message)`.
//!
//! In scope: reading and writing blobs, armor and keys; deciding whether a key signed a message. Out of
//! scope: whether that key *may* sign it (`ledger-rules`).
//!
//! Two kinds of key, both Ed25519: `ssh-ed25519` and `sk-ssh-ed25519@openssh.com`. Everything else is
//! refused by its name. One signature is verified at a time, by `verify_strict`: batch verification accepts
//! a different set, and then two honest auditors could disagree.

mod armor;
mod cache;
mod key;
mod make;
mod private;
mod signature;
pub mod wire;

pub use cache::KeyCache;
pub use key::{KeyKind, PublicKey};
pub use make::{MAX_NAMESPACE_BYTES, envelope, sign, signed_data};
pub use private::{read_private_key, write_private_key};
pub use signature::{HashAlgorithm, Signature, Touch};

use crate::ids::KeyId;
use crate::limits::MAX_SIGNATURE_BYTES;

/// Why a key, a signature or its armor is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SshsigError {
    /// A good key or signature, of a kind that this ledger does not take.
    #[error(
        "{0} is not accepted here: use an ssh-ed25519 key (ssh-keygen -t ed25519) or a FIDO2 one \
         (ssh-keygen -t ed25519-sk)"
    )]
    UnsupportedAlgorithm(String),
    /// Ends before it should, or a length in it points past the end.
    #[error("{0} is cut short")]
    CutShort(&'static str),
    /// Bytes after the last field.
    #[error("{what} has {count} bytes after its end")]
    TrailingBytes {
        /// What was read.
        what: &'static str,
        /// How many bytes are left over.
        count: usize,
    },
    /// A field that must be text is not UTF-8.
    #[error("{0} is not UTF-8 text")]
    NotText(&'static str),
    /// Does not open with `SSHSIG`.
    #[error("this is not an SSH signature: it does not open with SSHSIG")]
    Magic,
    /// A version from the future.
    #[error("SSH signature version {0} is not known here; this is version 1")]
    Version(u32),
    /// Longer than an entry has room for.
    #[error("an SSH signature may have {MAX_SIGNATURE_BYTES} bytes at most, this one has {0}")]
    TooLong(usize),
    /// A hash algorithm that SSHSIG does not know.
    #[error("the hash algorithm must be sha256 or sha512, got {0}")]
    HashAlgorithm(String),
    /// No namespace, or one that is far too long.
    #[error("a namespace has 1 to {MAX_NAMESPACE_BYTES} bytes, this one has {0}")]
    NamespaceLength(usize),
    /// The field that a signature does not cover is in use.
    #[error("the reserved field must be empty, this one has {0} bytes")]
    Reserved(usize),
    /// The inner signature is of another algorithm than the key.
    #[error("the key is {key} but the signature is {signature}")]
    AlgorithmMismatch {
        /// The key's algorithm.
        key: &'static str,
        /// The signature's.
        signature: String,
    },
    /// A public key or a raw signature of the wrong length.
    #[error("{what} must have {expected} bytes, got {got}")]
    Length {
        /// What was measured.
        what: &'static str,
        /// How long it has to be.
        expected: usize,
        /// How long it is.
        got: usize,
    },
    /// The 32 bytes are no point of the curve.
    #[error("the public key is not a point of the curve")]
    NotAPoint,
    /// A key of small order, under which one signature can fit many messages.
    #[error("the public key is weak: it is a point of small order")]
    WeakKey,
    /// Not the one line of a `.pub` file.
    #[error("a public key is one line, \"ssh-ed25519 AAAA... comment\": {0}")]
    PublicKeyLine(&'static str),
    /// Not the text form of a signature.
    #[error("the armored signature is malformed: {0}")]
    Armor(&'static str),
    /// Signed for another purpose.
    #[error("the signature is for namespace {got:?}, not {expected:?}")]
    Namespace {
        /// The namespace asked for.
        expected: String,
        /// The one in the signature.
        got: String,
    },
    /// Made by another key than the one asked about.
    #[error("the signature names key {got}, not {expected}")]
    OtherKey {
        /// The key asked about.
        expected: KeyId,
        /// The key in the signature.
        got: KeyId,
    },
    /// A FIDO2 signature made without a touch.
    #[error("the security key did not see anybody touch it (flags {flags:#04x})")]
    NobodyPresent {
        /// The flags that the security key signed.
        flags: u8,
    },
    /// The mathematics says no.
    #[error("the signature does not verify under key {0}: other bytes were signed, or by another key")]
    DoesNotVerify(KeyId),
    /// A private key file with a passphrase.
    #[error("the private key has a passphrase: use ssh-agent, or sign with ssh-keygen -Y sign")]
    EncryptedPrivateKey,
    /// A file that only points at a key inside a FIDO2 security key.
    #[error("the private key is inside a security key: use ssh-agent, or sign with ssh-keygen -Y sign")]
    InSecurityKey,
    /// Not an unencrypted OpenSSH Ed25519 private key.
    #[error("the private key cannot be read: {0}")]
    PrivateKey(String),
}
