//! What the auditor knows beforehand, and from somewhere else than the ledger under audit.

use bytes::Bytes;
use ledger_core::checkpoint::LogVerifier;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::note::VerifierKey;
use ledger_core::policy::Policy;
use ledger_core::statement::Statement;
use prost::Message as _;
use scrutiny_proto::registry::v1::LedgerFounded;
use serde::Serialize;

use crate::finding::{Code, Finding};

/// What the auditor knows beforehand. All of it is optional; without any of it an audit can find faults, and it
/// cannot come out clean, because anybody can make a ledger that agrees with itself.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The log's keys. A checkpoint must be signed by every one of them.
    pub log: Option<LogVerifier>,
    /// Which logs and which witnesses to believe, and how many witnesses it takes. Stands in for `log` where that
    /// is not given.
    pub policy: Option<Policy>,
    /// Further witnesses whose cosignatures are checked.
    pub witnesses: Vec<VerifierKey>,
    /// Leaf hash of entry 0. It stands for all that entry 0 pins: the root keys, the first charter, the log's keys.
    pub genesis: Option<Hash>,
    /// Checkpoints of this log that the auditor got earlier or elsewhere: they must be of the same history.
    pub remembered: Vec<Bytes>,
}

/// Where the keys came from that the log's signatures were checked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyBasis {
    /// The auditor gave them.
    Given,
    /// Entry 0 pins them, and the auditor knows entry 0.
    KnownGenesis,
    /// Entry 0 pins them, and nobody vouches for entry 0: the ledger was checked against itself.
    Pinned,
    /// There are none.
    None,
}

/// The keys to check with.
pub(crate) struct Keys {
    pub(crate) log: Option<LogVerifier>,
    pub(crate) basis: KeyBasis,
    pub(crate) witnesses: Vec<VerifierKey>,
}

/// What entry 0 says about the ledger.
pub(crate) struct Founding {
    pub(crate) leaf: Hash,
    pub(crate) origin: String,
    pub(crate) log: Option<LogVerifier>,
}

impl Founding {
    /// Reads entry 0; `None` when it is not an entry that founds a ledger, which the rules will say.
    pub(crate) fn read(entry: &Bytes) -> Option<Self> {
        let Statement { kind, body, .. } = Entry::parse(entry).ok()?.statement;
        if kind != "scrutiny.registry.v1.LedgerFounded" {
            return None;
        }
        let LedgerFounded { origin, log_vkeys, .. } = LedgerFounded::decode(body).ok()?;
        Some(Self { leaf: Hash::leaf(entry), origin, log: LogVerifier::from_vkeys(&log_vkeys).ok() })
    }
}

impl Trust {
    /// The keys given for the log with this origin, if it is known yet which log that is.
    fn given(&self, origin: Option<&str>) -> Option<LogVerifier> {
        if self.log.is_some() {
            return self.log.clone();
        }
        let logs = self.policy.as_ref()?.logs().iter();
        let keys = logs.map(|log| &log.key).filter(|key| Some(key.name()) == origin);
        LogVerifier::new(keys.cloned().collect()).ok()
    }
}

impl Keys {
    pub(crate) fn choose(trust: &Trust, founding: Option<&Founding>, findings: &mut Vec<Finding>) -> Self {
        let pinned = founding.and_then(|f| f.log.clone());
        let genesis_is_known = trust.genesis.is_some() && trust.genesis == founding.map(|f| f.leaf);
        let (log, basis) = match (trust.given(founding.map(|f| f.origin.as_str())), pinned) {
            (Some(given), Some(pinned)) => (Some(widest(given, pinned, findings)), KeyBasis::Given),
            (Some(given), None) => (Some(given), KeyBasis::Given),
            (None, Some(pinned)) if genesis_is_known => (Some(pinned), KeyBasis::KnownGenesis),
            (None, Some(pinned)) => (Some(pinned), KeyBasis::Pinned),
            (None, None) => (None, KeyBasis::None),
        };
        let mut witnesses = trust.witnesses.clone();
        for witness in trust.policy.iter().flat_map(Policy::witnesses) {
            if !witnesses.contains(&witness.key) {
                witnesses.push(witness.key.clone());
            }
        }
        Self { log, basis, witnesses }
    }
}

/// The pinned keys where the given ones are among them: entry 0 is in the tree that the given key signs, so the
/// other key is vouched for, and its signatures are checked too. Otherwise the given ones alone.
fn widest(given: LogVerifier, pinned: LogVerifier, findings: &mut Vec<Finding>) -> LogVerifier {
    if given.keys().iter().all(|key| pinned.keys().contains(key)) {
        return pinned;
    }
    if given.origin() == pinned.origin() {
        let sentence = "entry 0 pins other log keys than the ones you gave; yours were used";
        let texts =
            |log: &LogVerifier| log.keys().iter().map(|k| format!("{}+{}", k.name(), k.id())).collect();
        let (expected, found): (Vec<String>, Vec<String>) = (texts(&given), texts(&pinned));
        findings.push(
            Finding::note(Code::LogKey, sentence).at(0).expected(expected.join(", "), found.join(", ")),
        );
    }
    given
}
