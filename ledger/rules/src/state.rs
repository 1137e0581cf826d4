//! What the rules remember: the fold of every entry so far.
//!
//! Kept small on purpose. Facts, figures, remarks, aliases and imported rows leave no trace here, so a ledger of
//! millions of them costs no memory; a report, a finding, an obligation, a case and a key each cost a line, a
//! force's own record of a search or a use of force about 60 bytes (see [`crate::powers`]).

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::ids::{EntryIndex, KeyId, Origin};
use serde::{Deserialize, Serialize};

use crate::actions::Actions;
use crate::charter::Charter;
use crate::civil::Day;
use crate::clock_change::ChangedClock;
use crate::conduct::ConductCase;
use crate::delegation::Delegation;
use crate::flow::Recipients;
use crate::hold::Hold;
use crate::keys::Key;
use crate::meetings::Papers;
use crate::obligation::Obligation;
use crate::panel::{Member, Session};
use crate::powers::{PowerRecord, RecordKey};
use crate::pseudonym::Pseudonym;
use crate::recorders::Recorders;
use crate::report::Finding;
use crate::review::Review;
use crate::roles::Held;
use crate::sampling::Sample;
use crate::sources::Source;
use crate::submission::Submission;

/// Layout of a saved state. A state saved under another is thrown away and folded anew.
const SNAPSHOT_VERSION: u8 = 5;

/// Everything the rules need to judge the next statement. The default is the empty ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct State {
    pub(crate) origin: Option<Origin>,
    pub(crate) charter: Charter,
    /// Who recorded from where, and with which keys.
    pub(crate) recorders: Recorders,
    pub(crate) keys: BTreeMap<KeyId, Key>,
    /// Assignment id → the key that holds it now.
    pub(crate) assignments: BTreeMap<String, KeyId>,
    /// Delegation id → the delegate's key.
    pub(crate) delegations: BTreeMap<String, KeyId>,
    /// Report → the day it was published, where the source says.
    pub(crate) reports: BTreeMap<String, Option<Day>>,
    /// `report/finding` → finding.
    pub(crate) findings: BTreeMap<String, Finding>,
    /// Obligation stream → obligation.
    pub(crate) obligations: BTreeMap<String, Obligation>,
    pub(crate) bodies: BTreeSet<String>,
    /// Meeting stream → the papers put before it.
    pub(crate) papers: BTreeMap<String, Papers>,
    pub(crate) erased: BTreeSet<[u8; 32]>,
    pub(crate) restricted: BTreeSet<[u8; 32]>,
    /// Hold → what it covers.
    pub(crate) holds: BTreeMap<String, Hold>,
    /// Pseudonym → conduct case.
    pub(crate) cases: BTreeMap<String, ConductCase>,
    /// Obligation stream → its actions.
    pub(crate) actions: BTreeMap<String, Actions>,
    /// Item stream → the bodies it was forwarded to.
    pub(crate) items: BTreeMap<String, Recipients>,
    /// Submission stream → how far it has come.
    pub(crate) submissions: BTreeMap<String, Submission>,
    /// Streams of publications that are out.
    pub(crate) published: BTreeSet<String>,
    /// Forces in the enhanced phase of monitoring.
    pub(crate) engaged: BTreeSet<String>,
    /// Clock stream → a period that was extended or paused.
    pub(crate) clocks: BTreeMap<String, ChangedClock>,
    /// First digits of a source file's digest → the file.
    pub(crate) sources: BTreeMap<String, Source>,
    /// Records of the force's own, and rows that were drawn.
    pub(crate) powers: BTreeMap<RecordKey, PowerRecord>,
    /// Who else was at the incident, and who has stepped back from its review.
    pub(crate) involved: BTreeMap<RecordKey, Vec<Pseudonym>>,
    /// Sample stream → frame and draw.
    pub(crate) samples: BTreeMap<String, Sample>,
    /// Record and level → review.
    pub(crate) reviews: BTreeMap<(RecordKey, u8), Review>,
    /// Forces whose Tactical Lead reviews Taser uses of joint units too.
    pub(crate) joint_taser: BTreeSet<String>,
    /// Streams of lessons that were issued.
    pub(crate) learning: BTreeSet<String>,
    /// Panel and person → member.
    pub(crate) panel_members: BTreeMap<(String, Pseudonym), Member>,
    /// Session stream → its cases.
    pub(crate) sessions: BTreeMap<String, Session>,
    /// Streams of data quality issues that are open.
    pub(crate) quality: BTreeSet<String>,
    /// Body, dataset, period → digest of the figures tabled last.
    pub(crate) figures: BTreeMap<(String, String, String), [u8; 32]>,
}

/// Why saved bytes are not a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Saved by another version: fold the ledger anew.
    #[error("the saved state has layout {got:?}, this version reads {SNAPSHOT_VERSION}")]
    Version {
        /// The layout found; none when there are no bytes.
        got: Option<u8>,
    },
    /// The bytes are damaged.
    #[error("the saved state does not read: {0}")]
    Damaged(String),
}

impl State {
    /// The bytes of a snapshot: the layout's number, then postcard.
    ///
    /// A snapshot is a cache. Whoever loads one trusts the disk it lies on; an audit never does.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![SNAPSHOT_VERSION]).expect("a Vec grows as it needs to")
    }

    /// Reads a snapshot.
    ///
    /// # Errors
    /// When another version saved it, or it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        match bytes.split_first() {
            Some((&SNAPSHOT_VERSION, rest)) => {
                postcard::from_bytes(rest).map_err(|e| SnapshotError::Damaged(e.to_string()))
            }
            other => Err(SnapshotError::Version { got: other.map(|(v, _)| *v) }),
        }
    }

    /// What is known of the charter, keys, roles, delegations and recorders, alone: all that the registry's own kinds are
    /// judged by, and small.
    #[must_use]
    pub fn registry(&self) -> Self {
        Self {
            origin: self.origin.clone(),
            charter: self.charter.clone(),
            recorders: self.recorders.clone(),
            keys: self.keys.clone(),
            assignments: self.assignments.clone(),
            delegations: self.delegations.clone(),
            ..Self::default()
        }
    }

    /// The ledger's name; none before entry 0.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// The table of who may sign what, as adopted last.
    #[must_use]
    pub fn charter(&self) -> &Charter {
        &self.charter
    }

    /// Who recorded from where, and which keys signed checkpoints.
    #[must_use]
    pub fn recorders(&self) -> &Recorders {
        &self.recorders
    }

    /// Every key ever enrolled, by id.
    pub fn keys(&self) -> impl Iterator<Item = (&KeyId, &Key)> {
        self.keys.iter()
    }

    /// One key.
    #[must_use]
    pub fn key(&self, id: &KeyId) -> Option<&Key> {
        self.keys.get(id)
    }

    /// The roles that a key holds or will hold, ended ones left out.
    #[must_use]
    pub fn roles(&self, id: &KeyId) -> &[Held] {
        self.keys.get(id).map_or(&[], |key| &key.roles)
    }

    /// The delegations to a key that were not ended.
    #[must_use]
    pub fn delegations(&self, id: &KeyId) -> &[Delegation] {
        self.keys.get(id).map_or(&[], |key| &key.delegations)
    }

    /// Whether what this key signed at `index` is in doubt: the key was revoked as compromised, and the
    /// entry lies at or after the first one in doubt (INV-34). Nothing is un-signed by it.
    #[must_use]
    pub fn suspect(&self, id: &KeyId, index: EntryIndex) -> bool {
        self.keys.get(id).and_then(Key::compromised_since).is_some_and(|since| index >= since)
    }

    /// One obligation, by its stream.
    #[must_use]
    pub fn obligation(&self, stream: &str) -> Option<&Obligation> {
        self.obligations.get(stream)
    }

    /// Whether a body is registered.
    #[must_use]
    pub fn has_body(&self, body: &str) -> bool {
        self.bodies.contains(body)
    }

    /// Digests of every addendum that was erased.
    pub fn erased(&self) -> impl Iterator<Item = ledger_core::hash::Hash> + '_ {
        self.erased.iter().map(|digest| ledger_core::hash::Hash(*digest))
    }

    /// One conduct case, by its pseudonym.
    #[must_use]
    pub fn conduct_case(&self, pseudonym: &str) -> Option<&ConductCase> {
        self.cases.get(pseudonym)
    }

    /// One record of a search or use of force, by its stream: the force's own, or a row that was drawn.
    #[must_use]
    pub fn power(&self, stream: &str) -> Option<&PowerRecord> {
        self.powers.get(&RecordKey::of(stream))
    }

    /// One sample, by its stream.
    #[must_use]
    pub fn sample(&self, stream: &str) -> Option<&Sample> {
        self.samples.get(stream)
    }

    /// The first digits of the digest of every source file.
    pub fn source_names(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(String::as_str)
    }

    /// One source file, by the first digits of its digest.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.get(name)
    }

    /// A period that was extended or paused, by its stream: `clock/{body}/{report}/r13`.
    #[must_use]
    pub fn changed_clock(&self, stream: &str) -> Option<&ChangedClock> {
        self.clocks.get(stream)
    }

    /// Whether a legal hold covers the addendum with this digest.
    #[must_use]
    pub fn is_held(&self, digest: &ledger_core::hash::Hash) -> bool {
        self.holds.values().any(|hold| hold.digests.contains(digest.as_bytes()))
    }

    /// Whether the addendum with this digest is kept and not to be used.
    #[must_use]
    pub fn is_restricted(&self, digest: &ledger_core::hash::Hash) -> bool {
        self.restricted.contains(digest.as_bytes())
    }

    /// Whether the addendum with this digest was erased.
    #[must_use]
    pub fn is_erased(&self, digest: &ledger_core::hash::Hash) -> bool {
        self.erased.contains(digest.as_bytes())
    }
}
