//! Checkpoints: reading them, and checking who signed.

use std::sync::Arc;

use bytes::Bytes;
use ledger_core::checkpoint::{CheckpointError, LogVerifier, SignedCheckpoint};
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_core::note::{NoteError, SignedNote, VerifierKey};

use crate::finding::{Code, Finding};
use crate::keys::Keys;

/// Where a checkpoint was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Served as the latest.
    Served,
    /// Kept by the source.
    Kept,
    /// Brought along by the auditor.
    Remembered,
}

/// A checkpoint on its way to be opened.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub(crate) place: Place,
    /// The size under which it is kept, or that it claims itself.
    pub(crate) size: TreeSize,
    pub(crate) bytes: Bytes,
}

/// What one witness said of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cosigner {
    pub(crate) key: VerifierKey,
    /// Seconds since the Unix epoch.
    pub(crate) time: u64,
}

/// A checkpoint after its signatures were checked.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) place: Place,
    pub(crate) size: TreeSize,
    pub(crate) root: Hash,
    /// The log's keys that signed; `None` when no keys of the log are known.
    pub(crate) by: Option<Arc<LogVerifier>>,
    pub(crate) cosigners: Vec<Cosigner>,
    /// Signature lines by keys that nobody gave us: `name+id`.
    pub(crate) unknown: Vec<String>,
}

/// What a reader calls a checkpoint.
fn what(place: Place, size: TreeSize) -> String {
    match place {
        Place::Served => "the latest checkpoint".to_owned(),
        Place::Kept => format!("the checkpoint kept for size {size}"),
        Place::Remembered => format!("the checkpoint of size {size} that you brought along"),
    }
}

impl Opened {
    pub(crate) fn what(&self) -> String {
        what(self.place, self.size)
    }
}

impl Note {
    fn what(&self) -> String {
        what(self.place, self.size)
    }

    /// Checks a checkpoint's signatures. One that the log did not sign says nothing about the tree, so it yields
    /// only findings.
    pub(crate) fn open(self, keys: &Keys, findings: &mut Vec<Finding>) -> Option<Opened> {
        let finding = |code, problem: String| {
            Finding::new(code, format!("{}: {problem}", self.what())).about(self.about())
        };
        let checkpoint = match SignedCheckpoint::parse(&self.bytes) {
            Ok(checkpoint) => checkpoint,
            Err(e) => {
                findings.push(finding(Code::CheckpointMalformed, e.to_string()));
                return None;
            }
        };
        let size = checkpoint.claimed_size();
        if size != self.size {
            let problem = format!("it states {size} entries");
            findings.push(finding(Code::CheckpointMalformed, problem).expected(self.size, size));
            return None;
        }
        let by = match keys.open(&checkpoint) {
            Ok(by) => by,
            Err(e) => {
                let other = matches!(e, CheckpointError::OtherLog { .. });
                let code = if other { Code::Origin } else { Code::CheckpointSignature };
                findings.push(finding(code, e.to_string()));
                return None;
            }
        };
        let root = root_of(&checkpoint)?;
        let (cosigners, bad) = cosigners(checkpoint.note(), &keys.witnesses);
        findings.extend(bad.into_iter().map(|problem| finding(Code::Cosignature, problem)));
        let unknown = unknown(checkpoint.note(), keys);
        Some(Opened { place: self.place, size, root, by, cosigners, unknown })
    }

    fn about(&self) -> String {
        match self.place {
            Place::Served => "checkpoint".to_owned(),
            Place::Kept => format!("checkpoints/{}", self.size),
            Place::Remembered => format!("size {}", self.size),
        }
    }
}

/// The root that a checkpoint states, whoever signed it.
fn root_of(checkpoint: &SignedCheckpoint) -> Option<Hash> {
    let text = checkpoint.note().unverified_text();
    ledger_core::checkpoint::Body::parse(text).ok().map(|body| body.root)
}

/// The witnesses that signed, and what is wrong with the signatures of those that did not.
fn cosigners(note: &SignedNote, witnesses: &[VerifierKey]) -> (Vec<Cosigner>, Vec<String>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for witness in witnesses {
        // One at a time: a bad signature by one witness must not hide a good one by another.
        match note.open(std::slice::from_ref(witness)) {
            Ok(opened) => {
                let time = opened.verified.first().and_then(|(_, time)| *time).unwrap_or(0);
                good.push(Cosigner { key: witness.clone(), time });
            }
            Err(NoteError::NotSigned) => {}
            Err(e) => bad.push(e.to_string()),
        }
    }
    (good, bad)
}

fn unknown(note: &SignedNote, keys: &Keys) -> Vec<String> {
    let named = keys.named();
    let log = named.iter().flat_map(|log| log.keys());
    let known: Vec<&VerifierKey> = log.chain(&keys.witnesses).collect();
    note.signatures()
        .iter()
        .filter(|line| !known.iter().any(|key| key.id() == line.id() && key.name() == line.name()))
        .map(|line| format!("{}+{}", line.name(), line.id()))
        .collect()
}
