//! Cosignatures: "I have seen this checkpoint, and it grew from the ones I saw before" (C2SP
//! tlog-cosignature v1.1.0-rc.1).
//!
//! ```text
//! signature, after the key id:   timestamp u64 big-endian ‖ signature
//!
//! 04  Ed25519, 64 bytes, over    "cosignature/v1\n"
//!                                "time <timestamp>\n"
//!                                <the whole checkpoint text>
//!
//! 06  ML-DSA-44, 2,420 bytes, over
//!     offset  0   "subtree/v1\n" 00                12 bytes
//!            12   length u8 ‖ cosigner name
//!             …   timestamp                        u64 big-endian
//!             …   length u8 ‖ log origin
//!             …   start                            u64 big-endian, 0 for a checkpoint
//!             …   end                              u64 big-endian, the tree's size
//!             …   root hash                        32 bytes
//! ```
//!
//! The timestamp is in seconds since the Unix epoch, below 2^63. Zero in an ML-DSA cosignature says nothing
//! about time; logs sign their own checkpoints like that, so that signing the same tree again gives the
//! same bytes. A witness's timestamp is never zero.

use crate::checkpoint::{Body, Checkpoint, CheckpointError};
use crate::hash::Hash;
use crate::limits::MAX_ORIGIN_BYTES;
use crate::note::NoteSignature;
use crate::skey::SigningKey;
use crate::vkey::KeyKind;

/// Why a cosignature cannot be made or does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// The key signs plain notes.
    #[error("a key of type 01 does not cosign")]
    Kind,
    /// Zero, or 2^63 and later.
    #[error("a timestamp of {0} is not allowed here")]
    Timestamp(u64),
    /// A name has no place in the signed message.
    #[error("a cosigner's name and an origin have 1 to {MAX_ORIGIN_BYTES} bytes, this one has {0}")]
    Name(usize),
    /// The signed message has no place for extension lines.
    #[error("an ML-DSA cosignature does not cover extension lines")]
    Extension,
    /// Not a range of leaves, or one with a time that does not begin at 0.
    #[error("no cosignature covers leaves {start}..{end} at time {timestamp}")]
    Range {
        /// First leaf.
        start: u64,
        /// One after the last leaf.
        end: u64,
        /// Time claimed.
        timestamp: u64,
    },
    /// Not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] Box<CheckpointError>),
}

/// Cosigns a checkpoint that the caller has found consistent with all before it. `timestamp` is in seconds
/// since the Unix epoch.
///
/// # Errors
/// When the key's type does not cosign, or the timestamp is zero or too large.
pub fn cosign(
    key: &SigningKey,
    checkpoint: &Checkpoint,
    timestamp: u64,
) -> Result<NoteSignature, CosignatureError> {
    if timestamp == 0 {
        return Err(CosignatureError::Timestamp(0));
    }
    sign(key, checkpoint, timestamp)
}

/// As [`cosign`], with a timestamp that may be zero: for logs that sign their own checkpoints.
pub(crate) fn sign(
    key: &SigningKey,
    checkpoint: &Checkpoint,
    timestamp: u64,
) -> Result<NoteSignature, CosignatureError> {
    let text = checkpoint.to_text();
    let message = match key.verifier().kind() {
        KeyKind::Ed25519 => return Err(CosignatureError::Kind),
        KeyKind::CosignatureEd25519 => ed25519_message(timestamp, &text)?,
        KeyKind::CosignatureMlDsa44 => mldsa44_checkpoint_message(key.verifier().name(), timestamp, &text)?,
    };
    let mut signature = timestamp.to_be_bytes().to_vec();
    signature.extend_from_slice(&key.sign_raw(&message));
    Ok(NoteSignature::by(key.verifier(), signature))
}

/// What an Ed25519 cosignature covers.
///
/// # Errors
/// When the text is no checkpoint, or the timestamp is too large.
pub fn ed25519_message(timestamp: u64, checkpoint_text: &str) -> Result<Vec<u8>, CosignatureError> {
    check_timestamp(timestamp)?;
    Body::parse(checkpoint_text).map_err(Box::new)?;
    Ok(format!("cosignature/v1\ntime {timestamp}\n{checkpoint_text}").into_bytes())
}

/// What an ML-DSA-44 cosignature of a checkpoint covers.
///
/// # Errors
/// When the text is no checkpoint or has extension lines, or a part does not fit.
pub fn mldsa44_checkpoint_message(
    cosigner: &str,
    timestamp: u64,
    checkpoint_text: &str,
) -> Result<Vec<u8>, CosignatureError> {
    let body = Body::parse(checkpoint_text).map_err(Box::new)?;
    if !body.extension.is_empty() {
        return Err(CosignatureError::Extension);
    }
    mldsa44_message(cosigner, timestamp, body.origin, 0..body.size.0, &body.root)
}

/// What an ML-DSA-44 cosignature of a subtree covers (`cosigned_message`).
///
/// # Errors
/// When a part does not fit, or a range that does not begin at 0 comes with a time.
pub fn mldsa44_message(
    cosigner: &str,
    timestamp: u64,
    origin: &str,
    leaves: std::ops::Range<u64>,
    hash: &Hash,
) -> Result<Vec<u8>, CosignatureError> {
    check_timestamp(timestamp)?;
    let std::ops::Range { start, end } = leaves;
    if start > end || (start != 0 && timestamp != 0) {
        return Err(CosignatureError::Range { start, end, timestamp });
    }
    let mut message = b"subtree/v1\n\0".to_vec();
    push_name(&mut message, cosigner)?;
    message.extend_from_slice(&timestamp.to_be_bytes());
    push_name(&mut message, origin)?;
    message.extend_from_slice(&start.to_be_bytes());
    message.extend_from_slice(&end.to_be_bytes());
    message.extend_from_slice(hash.as_bytes());
    Ok(message)
}

fn push_name(message: &mut Vec<u8>, name: &str) -> Result<(), CosignatureError> {
    let length = u8::try_from(name.len()).ok().filter(|&length| length > 0);
    message.push(length.ok_or(CosignatureError::Name(name.len()))?);
    message.extend_from_slice(name.as_bytes());
    Ok(())
}

fn check_timestamp(timestamp: u64) -> Result<(), CosignatureError> {
    if i64::try_from(timestamp).is_ok() { Ok(()) } else { Err(CosignatureError::Timestamp(timestamp)) }
}
