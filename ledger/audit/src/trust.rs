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

/// What the auditor knows beforehand. All of it is optional; without any of it an audit can find faults, and it
/// cannot come out clean, because anybody can make a ledger that agrees with itself.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The log's keys. A checkpoint must be signed by every one of them. Where the log rotated its keys since, these are
    /// the ones that the auditor knows, and the entries say which keys sign at which size.
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
    /// The auditor gave earlier ones, and the entries that lead from those to these were judged.
    Followed,
    /// Entry 0 pins them, or entries that follow from it brought them into force, and the auditor knows entry 0.
    KnownGenesis,
    /// Entry 0 pins them, and nobody vouches for entry 0: the ledger was checked against itself.
    Pinned,
    /// The auditor gave keys of this log, and they signed nothing here from which one could come to these.
    Unreached,
    /// There are none.
    None,
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
    /// The sets of keys given for the log with this origin, if it is known yet which log that is.
    pub(crate) fn given(&self, origin: Option<&str>) -> Vec<LogVerifier> {
        match (&self.log, &self.policy, origin) {
            (Some(log), ..) => vec![log.clone()],
            (None, Some(policy), Some(origin)) => policy.log_sets(origin),
            _ => Vec::new(),
        }
    }
}
