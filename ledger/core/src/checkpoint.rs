//! Checkpoints: what a log promises its tree to be (C2SP tlog-checkpoint), as signed notes.
//!
//! ```text
//! ledger.example/test                                  origin, which is also the log key's name
//! 5                                                    tree size
//! GqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCw=         root hash
//!
//! — ledger.example/test <base64(id ‖ Ed25519)>         type 01, over the text
//! — ledger.example/test <base64(id ‖ 0 ‖ ML-DSA-44)>   type 06, over cosigned_message, time 0
//! — witness.example/w1 …                               cosignatures
//! ```
//!
//! Our own checkpoints have no extension lines: witnesses refuse them and ML-DSA signatures do not cover
//! them. [`Body`] reads what any log may write, [`Checkpoint`] what ours does.
//!
//! [`SignedCheckpoint::parse`] yields a stranger; only [`SignedCheckpoint::open`] yields a [`Checkpoint`].
//! An opened checkpoint is the log's word, nothing more: whether others saw the same one is for
//! [`crate::policy`] to say.

mod log_key;
mod log_keys;

pub use log_key::{LogSigner, LogVerifier};
pub use log_keys::LogKeys;

use crate::hash::Hash;
use crate::ids::{IdError, Origin, TreeSize};
use crate::limits::MAX_TREE_SIZE;
use crate::merkle::empty_root;
use crate::note::{NoteError, NoteSignature, SignedNote};
use crate::text::decimal;
use crate::vkey::{KeyError, KeyKind, NoteKeyId};

/// Why bytes are not a checkpoint, or not one that its log signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note, or its signatures do not hold.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Fewer than three lines, or an empty line.
    #[error("a checkpoint has an origin, a size and a root hash, each on a line")]
    Shape,
    /// Not a decimal number below 2^62.
    #[error("not a tree size: {0:?}")]
    Size(String),
    /// Not 32 bytes in base64.
    #[error("not a root hash: {0:?}")]
    Root(String),
    /// A tree without entries has one root.
    #[error("{0} is not the root of an empty tree")]
    EmptyRoot(Hash),
    /// Lines after the third.
    #[error("the checkpoint has extension lines")]
    Extension,
    /// The origin is no web address without scheme.
    #[error(transparent)]
    Origin(#[from] IdError),
    /// A checkpoint of another log.
    #[error("this is a checkpoint of {got}, not of {expected}")]
    OtherLog {
        /// The log that the verifier is for.
        expected: Origin,
        /// The log that the checkpoint is for.
        got: Origin,
    },
    /// A log key whose signature must be there and is not.
    #[error("the log's {kind:?} signature by key {id} is missing")]
    Unsigned {
        /// The key's type.
        kind: KeyKind,
        /// The key's id.
        id: NoteKeyId,
    },
    /// Signed by keys of the log that were not in force at that size.
    #[error(
        "the checkpoint of {size} entries is signed by log keys that came into force at size {from}, and are not in \
         force at its own"
    )]
    NotInForce {
        /// The size it claims.
        size: TreeSize,
        /// The size from which on those keys sign.
        from: TreeSize,
    },
    /// Keys that cannot be a log's.
    #[error("a log has keys of type 01 and 06 under its own name, at most one of each: {0}")]
    LogKeys(String),
    /// A key is none.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The lines of a checkpoint text, as any log may write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body<'a> {
    /// First line, not empty.
    pub origin: &'a str,
    /// How many entries.
    pub size: TreeSize,
    /// Root of the tree.
    pub root: Hash,
    /// Any further lines, each with its newline.
    pub extension: &'a str,
}

impl<'a> Body<'a> {
    /// Reads a checkpoint text.
    ///
    /// # Errors
    /// When a line is missing or not what it should be.
    pub fn parse(text: &'a str) -> Result<Self, CheckpointError> {
        let shape = CheckpointError::Shape;
        let (origin, rest) = text.split_once('\n').ok_or(shape.clone())?;
        let (size, rest) = rest.split_once('\n').ok_or(shape.clone())?;
        let (root, extension) = rest.split_once('\n').ok_or(shape.clone())?;
        let extension_is_good = extension.is_empty()
            || extension
                .strip_suffix('\n')
                .is_some_and(|lines| lines.split('\n').all(|line| !line.is_empty()));
        if origin.is_empty() || !extension_is_good {
            return Err(shape);
        }
        let short = |text: &str| text.chars().take(100).collect::<String>();
        let size = decimal(size)
            .filter(|&s| s <= MAX_TREE_SIZE)
            .ok_or_else(|| CheckpointError::Size(short(size)))?;
        let root = Hash::from_base64(root).ok_or_else(|| CheckpointError::Root(short(root)))?;
        if size == 0 && root != empty_root() {
            return Err(CheckpointError::EmptyRoot(root));
        }
        Ok(Self { origin, size: TreeSize(size), root, extension })
    }
}

/// What a log promises: this tree, and none that disagrees with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// How many entries.
    pub size: TreeSize,
    /// Root of the tree.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed: three lines.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    fn from_text(text: &str) -> Result<Self, CheckpointError> {
        let Body { origin, size, root, extension } = Body::parse(text)?;
        if !extension.is_empty() {
            return Err(CheckpointError::Extension);
        }
        Ok(Self { origin: origin.parse()?, size, root })
    }
}

/// A checkpoint as received: a stranger. Who signed it is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    note: SignedNote,
    claimed: Checkpoint,
}

impl SignedCheckpoint {
    /// Reads a signed checkpoint. Nothing is verified.
    ///
    /// # Errors
    /// When it is no note, or its text no checkpoint of a ledger.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(bytes)?;
        let claimed = Checkpoint::from_text(note.unverified_text())?;
        Ok(Self { note, claimed })
    }

    /// Checks the log's signatures: one by *every* key of `log`, so that nobody can strip one of them.
    ///
    /// # Errors
    /// When the checkpoint is of another log, or a signature is missing or does not verify.
    pub fn open(&self, log: &LogVerifier) -> Result<Checkpoint, CheckpointError> {
        if self.claimed.origin != *log.origin() {
            let (expected, got) = (log.origin().clone(), self.claimed.origin.clone());
            return Err(CheckpointError::OtherLog { expected, got });
        }
        let opened = self.note.open(log.keys())?;
        for key in log.keys() {
            if !opened.verified.iter().any(|(by, _)| *by == key) {
                return Err(CheckpointError::Unsigned { kind: key.kind(), id: key.id() });
            }
        }
        Ok(self.claimed.clone())
    }

    /// Which log it claims to be of: for finding that log's keys.
    #[must_use]
    pub fn claimed_origin(&self) -> &Origin {
        &self.claimed.origin
    }

    /// The size it claims.
    #[must_use]
    pub fn claimed_size(&self) -> TreeSize {
        self.claimed.size
    }

    /// The root it claims, by nobody's word: compare it with the entries, or open the checkpoint first.
    #[must_use]
    pub fn claimed_root(&self) -> Hash {
        self.claimed.root
    }

    /// The note, for checking cosignatures.
    #[must_use]
    pub fn note(&self) -> &SignedNote {
        &self.note
    }

    /// Adds a cosignature line; one that is there already is not added again.
    ///
    /// # Errors
    /// When the note would have too many signatures.
    pub fn add(&mut self, cosignature: NoteSignature) -> Result<(), CheckpointError> {
        Ok(self.note.add(cosignature)?)
    }

    /// The note's bytes: the very ones it was parsed from, and what was added.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.note.to_string().into_bytes()
    }

    /// What it claims, for modules that check the signatures by other rules.
    pub(crate) fn claimed(&self) -> &Checkpoint {
        &self.claimed
    }
}
