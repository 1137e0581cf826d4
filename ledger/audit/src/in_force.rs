//! Whether the keys that signed a checkpoint were the log's at its size.

use std::sync::Arc;

use ledger_core::checkpoint::LogVerifier;
use ledger_core::ids::TreeSize;
use ledger_core::note::NoteError;
use ledger_rules::recorders::Recorders;

use crate::finding::{Code, Finding, Severity};
use crate::keys::Keys;
use crate::note::Opened;
use crate::trust::KeyBasis;

/// What the walk makes of the keys under checkpoints. Some of it can be said only when every epoch is known.
#[derive(Default)]
pub(crate) struct InForce {
    /// Checkpoints by keys that the auditor gave and that no entry named so far.
    unnamed: Vec<Deferred>,
    /// Checkpoints by the log's keys, which are not among those that the auditor gave.
    not_given: Vec<Deferred>,
    /// A checkpoint by given keys, in force at its size, has the root of the entries.
    vouched: bool,
}

struct Deferred {
    size: TreeSize,
    what: String,
}

impl InForce {
    /// Judges the keys under a checkpoint of as many entries as have been walked.
    ///
    /// # Errors
    /// The finding that they were not in force. Such a checkpoint says nothing about the tree.
    pub(crate) fn judge(
        &mut self,
        opened: &Opened,
        recorders: &Recorders,
        keys: &Keys,
    ) -> Result<(), Box<Finding>> {
        let Some(by) = &opened.by else { return Ok(()) };
        let expected = recorders.log_vkeys_at(opened.size);
        let (given, deferred) = (keys.are_given(by), || Deferred { size: opened.size, what: opened.what() });
        if expected.is_empty() || by.vkeys() == expected {
            if !given && !keys.given.is_empty() {
                self.not_given.push(deferred());
            }
            return Ok(());
        }
        if given && !is_known(by, recorders) {
            self.unnamed.push(deferred());
            return Ok(());
        }
        Err(Box::new(not_in_force(opened.size, &opened.what(), by, expected)))
    }

    /// The root of a checkpoint by these keys is that of the entries.
    pub(crate) fn agrees(&mut self, opened: &Opened, recorders: &Recorders, keys: &Keys) {
        let Some(by) = &opened.by else { return };
        self.vouched |= keys.are_given(by) && by.vkeys() == recorders.log_vkeys_at(opened.size);
    }

    /// What can be said now that every epoch is known, and whether the auditor's keys are this log's at all.
    pub(crate) fn conclude(&mut self, recorders: &Recorders, keys: &Keys) -> (Vec<Finding>, bool) {
        let Some(pinned) = &keys.pinned else { return (Vec::new(), true) };
        let is_ours = |given: &LogVerifier| is_known(given, recorders) || given.is_part_of(pinned);
        if keys.given.is_empty() || keys.given.iter().any(is_ours) {
            let early = self.unnamed.drain(..).map(|Deferred { size, what }| {
                let sentence = format!("{what}: it is signed by log keys that came into force only later");
                Finding::new(Code::KeysNotInForce, sentence).about(format!("size {size}"))
            });
            return (early.collect(), true);
        }
        let sentence = "entry 0 pins other log keys than the ones you gave; yours were used";
        let texts = keys.given.iter().map(ids).collect::<Vec<_>>().join(", ");
        let mut findings = vec![Finding::note(Code::LogKey, sentence).at(0).expected(texts, ids(pinned))];
        findings.extend(self.not_given.drain(..).map(|Deferred { size, what }| {
            Finding::new(Code::CheckpointSignature, format!("{what}: {}", NoteError::NotSigned))
                .about(format!("size {size}"))
        }));
        (findings, false)
    }

    /// Under whose word the head's signatures were checked.
    pub(crate) fn basis(&self, by: Option<&Arc<LogVerifier>>, keys: &Keys) -> KeyBasis {
        match by {
            None => KeyBasis::None,
            Some(by) if keys.are_given(by) => KeyBasis::Given,
            Some(_) if self.vouched => KeyBasis::Followed,
            Some(_) if keys.genesis_is_known => KeyBasis::KnownGenesis,
            Some(_) if keys.given.is_empty() => KeyBasis::Pinned,
            Some(_) => KeyBasis::Unreached,
        }
    }
}

/// Whether some epoch, or entry 0, brought a set with all of these keys into force.
fn is_known(keys: &LogVerifier, recorders: &Recorders) -> bool {
    let vkeys = keys.vkeys();
    recorders.log_vkeys_from().any(|(_, set)| vkeys.iter().all(|key| set.contains(key)))
}

fn not_in_force(size: TreeSize, what: &str, by: &LogVerifier, expected: &[String]) -> Finding {
    let finding = match LogVerifier::from_vkeys(expected) {
        Ok(expected) if by.is_part_of(&expected) => {
            let sentence = format!("{what}: only some of the log keys in force at that size signed it");
            Finding::new(Code::CheckpointSignature, sentence).expected(ids(&expected), ids(by))
        }
        Ok(expected) => {
            let sentence = format!("{what}: it is signed by log keys that were not in force at that size");
            Finding::new(Code::KeysNotInForce, sentence).expected(ids(&expected), ids(by))
        }
        Err(e) => {
            let sentence = format!("{what}: no keys can be in force at that size: {e}");
            Finding::new(Code::KeysNotInForce, sentence)
        }
    };
    finding.about(format!("size {size}"))
}

/// As a consequence of something that could not be taken into account, where there is such a thing.
pub(crate) fn weighed(mut finding: Finding, gap: Option<u64>) -> Finding {
    if let Some(gap) = gap {
        finding.severity = Severity::Consequence;
        finding.sentence.push_str(&format!(" (this may follow from entry {gap}, which does not count)"));
    }
    finding
}

/// Log keys by name and id.
pub(crate) fn ids(log: &LogVerifier) -> String {
    let ids: Vec<_> = log.keys().iter().map(|key| format!("{}+{}", key.name(), key.id())).collect();
    ids.join(", ")
}
