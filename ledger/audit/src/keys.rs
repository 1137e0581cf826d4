//! The log's keys that checkpoints are opened with, and those that the entries say are in force.
//!
//! Which keys sign at which size is known only when the entries before have been walked, and signatures are checked on
//! all cores long before. So a checkpoint is opened with any set of keys that somebody *named*: the auditor, entry 0,
//! or an epoch, allowed or not. The walk then holds the set that signed against the one in force at that size.

use std::sync::{Arc, RwLock};

use ledger_core::checkpoint::{CheckpointError, LogVerifier, SignedCheckpoint};
use ledger_core::entry::Entry;
use ledger_core::note::VerifierKey;
use ledger_core::policy::Policy;
use prost::Message as _;
use scrutiny_proto::registry::v1::RecorderEpochStarted;

use crate::trust::{Founding, Trust};

/// Sets of log keys that are tried. A log that rotated its keys more often than this has checkpoints that nobody opens.
const MAX_SETS: usize = 4_096;

/// The keys to check with.
pub(crate) struct Keys {
    /// What the auditor gave for this log.
    pub(crate) given: Vec<LogVerifier>,
    /// What entry 0 pins.
    pub(crate) pinned: Option<LogVerifier>,
    pub(crate) genesis_is_known: bool,
    pub(crate) witnesses: Vec<VerifierKey>,
    /// Every set that somebody named.
    named: RwLock<Vec<Arc<LogVerifier>>>,
}

impl Keys {
    pub(crate) fn choose(trust: &Trust, founding: Option<&Founding>) -> Self {
        let given = trust.given(founding.map(|f| f.origin.as_str()));
        let pinned = founding.and_then(|f| f.log.clone());
        let elsewhere = |log: &LogVerifier| given.iter().any(|given| given.origin() != log.origin());
        let pinned = pinned.filter(|pinned| !elsewhere(pinned));
        // Some of the pinned keys stand for all of them: entry 0 is in the tree that they sign.
        let own =
            given.iter().filter(|given| !pinned.as_ref().is_some_and(|pinned| given.is_part_of(pinned)));
        let named = own.chain(&pinned).cloned().map(Arc::new).collect();
        let mut witnesses = trust.witnesses.clone();
        for witness in trust.policy.iter().flat_map(Policy::witnesses) {
            if !witnesses.contains(&witness.key) {
                witnesses.push(witness.key.clone());
            }
        }
        Self {
            genesis_is_known: trust.genesis.is_some() && trust.genesis == founding.map(|f| f.leaf),
            given,
            pinned,
            witnesses,
            named: RwLock::new(named),
        }
    }

    /// Takes note of the keys that an epoch names, allowed or not.
    pub(crate) fn learn(&self, entry: &Entry) {
        if entry.statement.kind != "scrutiny.registry.v1.RecorderEpochStarted" {
            return;
        }
        let body = RecorderEpochStarted::decode(entry.statement.body.clone()).unwrap_or_default();
        let known = |sets: &[Arc<LogVerifier>]| sets.iter().any(|set| set.vkeys() == body.log_vkeys);
        if known(&self.named()) {
            return;
        }
        let Ok(keys) = LogVerifier::from_vkeys(&body.log_vkeys) else { return };
        let mut named = self.named.write().expect("nothing panics while it adds a key");
        if named.len() < MAX_SETS {
            named.push(Arc::new(keys));
        }
    }

    /// The widest set of which every key signed; `None` when no keys are known at all.
    ///
    /// # Errors
    /// What is wrong with the signatures of the set that is said to have signed.
    pub(crate) fn open(
        &self,
        checkpoint: &SignedCheckpoint,
    ) -> Result<Option<Arc<LogVerifier>>, CheckpointError> {
        let named = self.named();
        let (mut signed, mut problem) = (None::<Arc<LogVerifier>>, None);
        for keys in named.iter().filter(|keys| keys.is_named_in(checkpoint.note())) {
            match checkpoint.open(keys) {
                Ok(_) if signed.as_ref().is_none_or(|other| other.keys().len() < keys.keys().len()) => {
                    signed = Some(Arc::clone(keys));
                }
                Ok(_) => {}
                Err(error) => problem = problem.or(Some(error)),
            }
        }
        match (signed, problem, named.first()) {
            (Some(keys), ..) => Ok(Some(keys)),
            (None, Some(problem), _) => Err(problem),
            (None, None, Some(first)) => checkpoint.open(first).map(|_| Some(Arc::clone(first))),
            (None, None, None) => Ok(None),
        }
    }

    /// Whether these are keys that the auditor gave, or hold all of them.
    pub(crate) fn are_given(&self, keys: &LogVerifier) -> bool {
        self.given.iter().any(|given| given.is_part_of(keys))
    }

    /// Every set that somebody named.
    pub(crate) fn named(&self) -> Vec<Arc<LogVerifier>> {
        self.named.read().expect("nothing panics while it adds a key").clone()
    }
}
