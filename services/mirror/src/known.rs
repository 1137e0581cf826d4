//! By which keys the log is known, and who may change them.
//!
//! Everything else is taken on the log's word, once a checkpoint covers it, and judged by an audit. The acts of the
//! registry are not: behind the last checkpoint under the old keys, nothing but the signatures of root keys and of
//! recorders says which keys come next. So those entries are judged here as they come, signatures and rules, and an
//! epoch that may not be is no reason to believe anybody.

use ledger_core::checkpoint::{LogKeys, LogVerifier};
use ledger_core::entry::Entry;
use ledger_core::ids::TreeSize;
use ledger_core::sshsig::{KeyCache, Signature};
use ledger_core::statement::NAMESPACE;
use ledger_rules::{Context, State, decide, evolve_entry};

use crate::extend::Break;

/// The kinds that change who may sign.
const REGISTRY: &str = "scrutiny.registry.";

/// The keys that the operator gave, and those that the entries name.
pub(crate) struct Known {
    /// None where the operator gave none.
    given: Vec<LogVerifier>,
    /// `None` until entry 0 is held.
    named: Option<LogKeys>,
}

impl Known {
    pub(crate) fn new(given: Vec<LogVerifier>, state: &State) -> Self {
        Self { given, named: state.recorders().log_keys() }
    }

    /// The same keys given, with what this state says of those that follow.
    pub(crate) fn after(&self, state: &State) -> Self {
        Self::new(self.given.clone(), state)
    }

    /// The name of the log that the operator gave keys of.
    pub(crate) fn given_origin(&self) -> Option<&str> {
        self.given.first().map(|given| given.origin().as_str())
    }

    /// The keys that sign checkpoints of this size. Where those that were given are none that the entries name, they
    /// are the ones: the operator knows better than a copy.
    pub(crate) fn at(&self, size: TreeSize) -> Result<&LogVerifier, Break> {
        let named = self.named.as_ref().filter(|keys| self.leads_to(keys)).map(|keys| keys.at(size));
        let problem = || "no log key is known: none was given, and entry 0 names none".to_owned();
        named.or(self.given.first()).ok_or_else(|| Break::Signature { size, problem: problem() })
    }

    /// The keys that the entries name for this size, where none of those that the operator gave is among them: they may
    /// be on their way, of a log that rotates its keys, and until then nobody vouches for what the others sign.
    pub(crate) fn unreached(&self, size: TreeSize) -> Option<&LogVerifier> {
        self.named.as_ref().filter(|keys| !self.leads_to(keys)).map(|keys| keys.at(size))
    }

    /// Whether one can come from the keys that were given to these.
    fn leads_to(&self, keys: &LogKeys) -> bool {
        self.given.is_empty() || keys.sets().any(|(_, set)| self.are_given(set))
    }

    /// Whether a checkpoint by these keys is one that the operator's keys signed. Without any, every one is.
    pub(crate) fn vouches(&self, keys: &LogVerifier) -> bool {
        self.given.is_empty() || self.are_given(keys)
    }

    /// The sizes, both ends included, of checkpoints that the operator's keys sign.
    pub(crate) fn vouched_sizes(&self) -> Vec<(TreeSize, TreeSize)> {
        let Some(named) = &self.named else { return Vec::new() };
        let ends = named.sets().skip(1).map(|(from, _)| TreeSize(from.0 - 1));
        let ends = ends.chain(std::iter::once(TreeSize(u64::MAX)));
        let vouched = named.sets().zip(ends).filter(|((_, keys), _)| self.vouches(keys));
        vouched.map(|((from, _), until)| (from, until)).collect()
    }

    fn are_given(&self, keys: &LogVerifier) -> bool {
        self.given.iter().any(|given| given.is_part_of(keys))
    }
}

/// Judges those of these entries that change who may sign, behind a state. Gives the registry after them, where there
/// was any.
pub(crate) fn judge(entries: &[Entry], state: &State) -> Result<Option<State>, Break> {
    let keys = KeyCache::default();
    let mut registry = None;
    for entry in entries.iter().filter(|entry| entry.statement.kind.starts_with(REGISTRY)) {
        let registry = registry.get_or_insert_with(|| state.registry());
        let wrong = |problem: String| Break::Authority { index: entry.index, problem };
        decide(registry, &entry.statement, &Context::of(entry)).map_err(|no| wrong(no.to_string()))?;
        check_signatures(entry, &keys).map_err(wrong)?;
        evolve_entry(registry, entry);
    }
    Ok(registry)
}

/// Whether each signer that the statement names signed it, and nobody else did.
fn check_signatures(entry: &Entry, keys: &KeyCache) -> Result<(), String> {
    let (signers, signatures) = (&entry.statement.signers, &entry.signatures);
    if signers.len() != signatures.len() {
        return Err(format!(
            "{} signers are named, and {} signatures are there",
            signers.len(),
            signatures.len()
        ));
    }
    for (signer, blob) in signers.iter().zip(signatures) {
        let signature = Signature::parse(blob).map_err(|e| e.to_string())?;
        let by = keys.verify(&signature, NAMESPACE, &entry.statement_bytes).map_err(|e| e.to_string())?;
        if by != signer.key_id {
            return Err(format!("the signature of {} is by {by}", signer.key_id));
        }
    }
    Ok(())
}
