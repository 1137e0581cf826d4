//! Trust policies: which logs, which witnesses, and how many of them (C2SP tlog-policy).
//!
//! ```text
//! # comments stand alone on a line
//! log <vkey> [<url>]
//! witness <name> <vkey> [<url>]
//! group <name> all|any|<k> <member> …       members are witnesses or groups defined above
//! quorum <name>|none                        exactly once
//! ```
//!
//! Items are separated by spaces and tabs. Names and addresses are bytes without meaning, so a policy need
//! not be UTF-8. A name is a member of one group at most, so that nobody counts twice.
//!
//! [`Policy::open`] is what makes a checkpoint *witnessed*: signed by a log of the policy and cosigned by a
//! quorum. Out of scope: what the entries mean, and how old a cosignature may be (the timestamps are in
//! [`Witnessed`]).

mod text;

use crate::checkpoint::{Checkpoint, CheckpointError, LogVerifier, SignedCheckpoint};
use crate::hash::Hash;
use crate::note::{NoteError, VerifierKey};
use crate::tlog_proof::{TlogProof, TlogProofError};

pub use text::PolicyError;

/// A log that the policy accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLog {
    /// Its key, type 01 or 06; the key's name is the log's origin.
    pub key: VerifierKey,
    /// Where it is, or empty. Bytes without meaning to the policy.
    pub url: Vec<u8>,
}

/// A witness that the policy knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWitness {
    /// Its name in the policy, which is not its key's name.
    pub name: Vec<u8>,
    /// Its key, type 04 or 06.
    pub key: VerifierKey,
    /// Where it is, or empty. Bytes without meaning to the policy.
    pub url: Vec<u8>,
}

/// A number of members, of which some must have cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyGroup {
    /// Its name in the policy.
    pub name: Vec<u8>,
    /// How many members it takes, 1 to all of them.
    pub threshold: usize,
    /// The members, each defined before the group.
    pub members: Vec<Member>,
}

/// A witness or a group, by its position among [`Policy::witnesses`] or [`Policy::groups`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// A witness.
    Witness(usize),
    /// A group.
    Group(usize),
}

/// A policy: the logs, the witnesses, and the quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<PolicyGroup>,
    quorum: Option<Member>,
}

/// A checkpoint that its log signed and a quorum of the policy's witnesses cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Which witnesses cosigned, by position among [`Policy::witnesses`], and when, in seconds since the Unix
    /// epoch.
    pub cosigned: Vec<(usize, u64)>,
}

/// Why a checkpoint is not what the policy asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuorumError {
    /// The policy does not know the log.
    #[error("the policy has no log {0}")]
    UnknownLog(String),
    /// The policy knows the log, and not the keys that signed.
    #[error(
        "cannot decide: signed by keys of {0} that this policy does not name; if the log rotated its keys, get a new \
         policy from its roots"
    )]
    UnknownKeys(String),
    /// The log's or a witness's signature does not hold.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Too few witnesses.
    #[error("the quorum is not met: {cosigned} of the policy's {known} witnesses cosigned")]
    Quorum {
        /// Witnesses that cosigned.
        cosigned: usize,
        /// Witnesses in the policy.
        known: usize,
    },
    /// The proof around the checkpoint does not hold.
    #[error(transparent)]
    Proof(Box<TlogProofError>),
}

impl Policy {
    /// The logs, in the order of the file.
    #[must_use]
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses, in the order of the file.
    #[must_use]
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// The groups, in the order of the file.
    #[must_use]
    pub fn groups(&self) -> &[PolicyGroup] {
        &self.groups
    }

    /// What must have cosigned; `None` when nobody has to.
    #[must_use]
    pub fn quorum(&self) -> Option<Member> {
        self.quorum
    }

    /// Whether the witnesses for which `cosigned` says yes make a quorum.
    pub fn is_quorum(&self, cosigned: impl Fn(usize) -> bool) -> bool {
        // A group's members are all defined before it, so one pass in order settles every group.
        let mut groups: Vec<bool> = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let yes = group.members.iter().filter(|member| holds(**member, &cosigned, &groups)).count();
            groups.push(yes >= group.threshold);
        }
        self.quorum.is_none_or(|quorum| holds(quorum, &cosigned, &groups))
    }

    /// Checks a checkpoint: signed by one of the policy's keys for its log, cosigned by a quorum.
    ///
    /// # Errors
    /// When the log is not in the policy, a signature by a known key does not verify, or the quorum is not
    /// met.
    pub fn open(&self, signed: &SignedCheckpoint) -> Result<Witnessed, QuorumError> {
        let origin = signed.claimed_origin().as_str();
        let mut keys = self.logs.iter().map(|log| &log.key).filter(|key| key.name() == origin).peekable();
        if keys.peek().is_none() {
            return Err(QuorumError::UnknownLog(origin.to_owned()));
        }
        // Any one of the log's keys is enough, but none of those that signed may be wrong.
        match signed.note().open(keys) {
            Ok(_) => self.witnessed(signed, signed.claimed().clone()),
            // In the log's name, by a key that may be its next one or anybody's: no policy can tell.
            Err(NoteError::NotSigned)
                if signed.note().signatures().iter().any(|line| line.name() == origin) =>
            {
                Err(QuorumError::UnknownKeys(origin.to_owned()))
            }
            Err(error) => Err(CheckpointError::Note(error).into()),
        }
    }

    /// As [`Policy::open`], and signed by *every* key of one of the log's sets: this ledger signs with two keys at
    /// once, so that whoever breaks or steals one of them has won nothing.
    ///
    /// # Errors
    /// As [`Policy::open`], or when the set that signed lacks a signature.
    pub fn open_strictly(&self, signed: &SignedCheckpoint) -> Result<Witnessed, QuorumError> {
        let witnessed = self.open(signed)?;
        let mut lacking = QuorumError::UnknownKeys(signed.claimed_origin().to_string());
        for keys in self.log_sets(signed.claimed_origin().as_str()) {
            match signed.open(&keys) {
                Ok(_) => return Ok(witnessed),
                Err(error) if keys.is_named_in(signed.note()) => lacking = error.into(),
                Err(_) => {}
            }
        }
        Err(lacking)
    }

    /// The keys of a log in the sets in which they sign. A log that rotated its keys has several, each on lines of its
    /// own: a set ends where a type of key comes again.
    #[must_use]
    pub fn log_sets(&self, origin: &str) -> Vec<LogVerifier> {
        let mut sets: Vec<Vec<VerifierKey>> = Vec::new();
        for key in self.logs.iter().map(|log| &log.key).filter(|key| key.name() == origin) {
            match sets.last_mut().filter(|set| set.iter().all(|other| other.kind() != key.kind())) {
                Some(set) => set.push(key.clone()),
                None => sets.push(vec![key.clone()]),
            }
        }
        sets.into_iter().filter_map(|keys| LogVerifier::new(keys).ok()).collect()
    }

    /// As [`Policy::open`], for a log that is known from elsewhere; the policy's own logs do not matter.
    ///
    /// # Errors
    /// When the log's signatures do not hold, a known witness's does not, or the quorum is not met.
    pub fn open_as(&self, signed: &SignedCheckpoint, log: &LogVerifier) -> Result<Witnessed, QuorumError> {
        self.witnessed(signed, signed.open(log)?)
    }

    /// Adds the witnesses' word to a checkpoint that the log's signatures have been checked of.
    fn witnessed(&self, signed: &SignedCheckpoint, checkpoint: Checkpoint) -> Result<Witnessed, QuorumError> {
        let cosigned = self.cosigned(signed)?;
        if self.is_quorum(|witness| cosigned.iter().any(|&(by, _)| by == witness)) {
            Ok(Witnessed { checkpoint, cosigned })
        } else {
            Err(QuorumError::Quorum { cosigned: cosigned.len(), known: self.witnesses.len() })
        }
    }

    /// Checks a receipt: the entry is in a tree that the log signed and a quorum cosigned.
    ///
    /// # Errors
    /// As [`Policy::open`], or when the path does not lead from the entry to the root.
    pub fn verify(&self, proof: &TlogProof, entry: &[u8]) -> Result<Witnessed, QuorumError> {
        self.prove(proof, entry, Self::open)
    }

    /// As [`Policy::verify`], by every key of one of the log's sets ([`Policy::open_strictly`]).
    ///
    /// # Errors
    /// As [`Policy::open_strictly`], or when the path does not lead from the entry to the root.
    pub fn verify_strictly(&self, proof: &TlogProof, entry: &[u8]) -> Result<Witnessed, QuorumError> {
        self.prove(proof, entry, Self::open_strictly)
    }

    fn prove(
        &self,
        proof: &TlogProof,
        entry: &[u8],
        open: impl Fn(&Self, &SignedCheckpoint) -> Result<Witnessed, QuorumError>,
    ) -> Result<Witnessed, QuorumError> {
        let in_proof = |error| QuorumError::Proof(Box::new(error));
        let witnessed = open(self, &proof.signed_checkpoint().map_err(in_proof)?)?;
        proof.verify_path(&Hash::leaf(entry), &witnessed.checkpoint).map_err(in_proof)?;
        Ok(witnessed)
    }

    /// Which witnesses cosigned, whether or not that makes a quorum. The log's own signature is not checked.
    ///
    /// # Errors
    /// When a known witness's cosignature does not verify.
    pub fn cosigned(&self, signed: &SignedCheckpoint) -> Result<Vec<(usize, u64)>, QuorumError> {
        let opened = match signed.note().open(self.witnesses.iter().map(|witness| &witness.key)) {
            Ok(opened) => opened,
            Err(NoteError::NotSigned) => return Ok(Vec::new()),
            Err(error) => return Err(CheckpointError::Note(error).into()),
        };
        let position = |key: &VerifierKey| self.witnesses.iter().position(|witness| witness.key == *key);
        Ok(opened.verified.iter().filter_map(|&(key, time)| Some((position(key)?, time?))).collect())
    }
}

fn holds(member: Member, cosigned: &impl Fn(usize) -> bool, groups: &[bool]) -> bool {
    match member {
        Member::Witness(witness) => cosigned(witness),
        Member::Group(group) => groups[group],
    }
}
