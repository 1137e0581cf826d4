//! Transparency-log proofs: a receipt that can be checked offline (C2SP tlog-proof), `*.tlog-proof`.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <base64>                                   optional; nothing vouches for it
//! index 3                                          0-based
//! BJ19zbVrz+vTEzBMmDnxlqPUtu873AsIKY+TrIGR8Kg=     the leaf's sibling first …
//! GUu1otW9EOXRqm/V1CmAs1bK8dpiPNmYfEv6L4F3Htc=     … the root's child last
//!
//! <signed checkpoint, byte for byte, with its cosignatures>
//! ```

use std::fmt::Write as _;

use crate::checkpoint::{Checkpoint, CheckpointError, LogVerifier, SignedCheckpoint};
use crate::hash::Hash;
use crate::ids::EntryIndex;
use crate::limits::{MAX_NOTE_BYTES, MAX_PROOF_EXTRA_BYTES, MAX_PROOF_HASHES};
use crate::merkle::{ProofError, verify_inclusion};
use crate::text::{decimal, from_base64, to_base64};

/// First line of every proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Why bytes are not a proof, or one that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// Not UTF-8.
    #[error("a proof is UTF-8 text")]
    Characters,
    /// Another first line.
    #[error("a proof begins with the line \"{HEADER}\"")]
    Header,
    /// Not `extra` and base64, or too much of it.
    #[error("the extra line is not 1 to {MAX_PROOF_EXTRA_BYTES} bytes in base64")]
    Extra,
    /// Not `index` and a decimal number.
    #[error("the index line does not read \"index <decimal>\"")]
    Index,
    /// Not a hash.
    #[error("line {0} of the path is not 32 bytes in base64")]
    Hash(usize),
    /// A longer path than any tree has.
    #[error("a path has {MAX_PROOF_HASHES} hashes at most")]
    TooManyHashes,
    /// No empty line and checkpoint after the path.
    #[error("the proof ends before its checkpoint")]
    Truncated,
    /// Longer than any checkpoint should be.
    #[error("a checkpoint has {MAX_NOTE_BYTES} bytes at most, this one has {0}")]
    CheckpointTooLong(usize),
    /// The checkpoint is none, or not signed as it should be.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The path does not lead from the entry to the checkpoint's root.
    #[error(transparent)]
    Path(#[from] ProofError),
}

/// A proof as received: a stranger, until [`TlogProof::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Opaque data that nothing vouches for.
    pub extra: Option<Vec<u8>>,
    /// The entry's position.
    pub index: EntryIndex,
    /// The path, from the leaf's sibling to the root's child.
    pub path: Vec<Hash>,
    /// The signed checkpoint's bytes.
    pub checkpoint: Vec<u8>,
}

impl TlogProof {
    /// Reads a proof. Nothing is verified, and the checkpoint is not read.
    ///
    /// # Errors
    /// When the bytes do not have the form of a proof.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        let text = std::str::from_utf8(bytes).map_err(|_| TlogProofError::Characters)?;
        let (header, rest) = text.split_once('\n').ok_or(TlogProofError::Header)?;
        if header != HEADER {
            return Err(TlogProofError::Header);
        }
        let (extra, rest) = match rest.strip_prefix("extra ") {
            Some(rest) => {
                let (line, rest) = rest.split_once('\n').ok_or(TlogProofError::Extra)?;
                (Some(read_extra(line)?), rest)
            }
            None => (None, rest),
        };
        let (index, mut rest) = rest.split_once('\n').ok_or(TlogProofError::Index)?;
        let index = index.strip_prefix("index ").and_then(decimal).ok_or(TlogProofError::Index)?;
        let mut path = Vec::new();
        let checkpoint = loop {
            let (line, after) = rest.split_once('\n').ok_or(TlogProofError::Truncated)?;
            rest = after;
            if line.is_empty() {
                break after;
            }
            if path.len() == MAX_PROOF_HASHES {
                return Err(TlogProofError::TooManyHashes);
            }
            path.push(Hash::from_base64(line).ok_or(TlogProofError::Hash(path.len()))?);
        };
        match checkpoint.len() {
            0 => Err(TlogProofError::Truncated),
            length if length > MAX_NOTE_BYTES => Err(TlogProofError::CheckpointTooLong(length)),
            _ => Ok(Self { extra, index: EntryIndex(index), path, checkpoint: checkpoint.into() }),
        }
    }

    /// The proof's bytes: the very ones it was parsed from.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{HEADER}\n");
        let wrote = (|| {
            if let Some(extra) = &self.extra {
                writeln!(text, "extra {}", to_base64(extra))?;
            }
            writeln!(text, "index {}", self.index)?;
            self.path.iter().try_for_each(|hash| writeln!(text, "{hash}"))?;
            writeln!(text)
        })();
        wrote.expect("a String grows as it needs to");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.checkpoint);
        bytes
    }

    /// Checks that the log signed a tree with this entry at this index, and returns that tree.
    ///
    /// That nobody else was shown another tree is not checked: a policy of witnesses does that
    /// ([`crate::policy`]).
    ///
    /// # Errors
    /// When the log did not sign, or the path leads elsewhere.
    pub fn verify(&self, entry: &[u8], log: &LogVerifier) -> Result<Checkpoint, TlogProofError> {
        let checkpoint = self.signed_checkpoint()?.open(log)?;
        self.verify_path(&Hash::leaf(entry), &checkpoint)?;
        Ok(checkpoint)
    }

    /// Reads the checkpoint, still a stranger.
    ///
    /// # Errors
    /// When it is none.
    pub fn signed_checkpoint(&self) -> Result<SignedCheckpoint, TlogProofError> {
        Ok(SignedCheckpoint::parse(&self.checkpoint)?)
    }

    /// Checks the path alone, against a checkpoint that the caller has opened.
    ///
    /// # Errors
    /// When the path leads elsewhere.
    pub fn verify_path(&self, leaf: &Hash, checkpoint: &Checkpoint) -> Result<(), TlogProofError> {
        Ok(verify_inclusion(leaf, self.index, checkpoint.size, &self.path, &checkpoint.root)?)
    }
}

fn read_extra(line: &str) -> Result<Vec<u8>, TlogProofError> {
    from_base64(line)
        .filter(|extra| (1..=MAX_PROOF_EXTRA_BYTES).contains(&extra.len()))
        .ok_or(TlogProofError::Extra)
}
