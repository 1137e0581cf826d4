//! What an audit hands over.

mod text;

use std::collections::BTreeMap;

use ledger_core::hash::Hash;
use serde::{Serialize, Serializer};

use crate::finding::{Code, Finding, MAX_TOLD, Severity};
use crate::trust::KeyBasis;

/// Number of the report's layout. Fields may be added under the same number; none changes its meaning.
pub const LAYOUT: u32 = 1;

/// Everything an audit has to say. As JSON:
///
/// ```json
/// {
///   "layout": 1,
///   "source": "/srv/export",
///   "verdict": { "state": "clean" },
///   "origin": "scrutiny.example/cambridgeshire",
///   "entries": 47, "root": "base64",
///   "head": { "size": 47, "root": "base64", "log_signature": "given",
///             "cosigned_by": [ { "name": "witness.example/w1", "time": 1700000000 } ], "witnessed": "by-quorum" },
///   "counts": { "entries": 47, "links": 47, … "addenda": { "present": 1, "erased": 1, … } },
///   "finding_counts": { "CHAIN": 1 },
///   "findings": [ { "code": "CHAIN", "severity": "breach", "index": 12, "expected": "…", "found": "…",
///                   "sentence": "…" } ]
/// }
/// ```
///
/// `verdict.state` is `clean`, `findings` or `cannot-decide`; the last has a `reason`. `findings` holds at most
/// [`crate::MAX_TOLD`] of each code, `finding_counts` counts them all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`LAYOUT`].
    pub layout: u32,
    /// What was audited: a path or an address.
    pub source: String,
    /// The outcome.
    pub verdict: Verdict,
    /// The ledger's name, as its checkpoint or entry 0 has it.
    pub origin: Option<String>,
    /// How many places the log has, unreadable ones included.
    pub entries: u64,
    /// Root of the tree over the bytes as they are; none when some could not be read.
    #[serde(serialize_with = "hash")]
    pub root: Option<Hash>,
    /// The largest checkpoint that the log signed.
    pub head: Option<Head>,
    /// Who recorded from where, in order; the founder first.
    pub recorded: Vec<Recorded>,
    /// What was done.
    pub counts: Counts,
    /// How many findings there are of each code.
    pub finding_counts: BTreeMap<Code, u64>,
    /// The findings, in the order of the entries.
    pub findings: Vec<Finding>,
    /// What could not be read, and kept the audit from deciding.
    pub obstacles: Vec<String>,
}

impl Report {
    /// Adds what was found beside the audit itself: by looking into what statements say, which it does not.
    pub fn add(&mut self, found: Vec<Finding>) {
        for finding in found {
            let count = self.finding_counts.entry(finding.code).or_default();
            *count += 1;
            if finding.severity != Severity::Note {
                self.verdict = Verdict::Findings;
            }
            if *count <= MAX_TOLD {
                self.findings.push(finding);
            }
        }
        self.findings.sort_by_key(Finding::place);
    }

    /// Something that should have been looked at could not be. A verdict that something is wrong stands.
    pub fn could_not(&mut self, obstacle: String) {
        if self.verdict == Verdict::Clean {
            self.verdict = Verdict::CannotDecide(obstacle.clone());
        }
        self.obstacles.push(obstacle);
    }
}

/// The outcome of an audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "reason", rename_all = "kebab-case")]
pub enum Verdict {
    /// Every check passed, under a log key that the auditor vouches for.
    Clean,
    /// Something is wrong.
    Findings,
    /// Nothing wrong was found, and something needed for a verdict was missing: what.
    CannotDecide(String),
}

/// A recorder's time, from one takeover to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Number of the epoch; 0 is the founder's.
    pub epoch: u64,
    /// The first entry of it, 0-based: the one by which the recorder took over.
    pub from: u64,
    /// Id of the recorder's key. The founder needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorder: Option<String>,
    /// Names and ids of the log's keys that sign checkpoints of it.
    pub log_keys: String,
}

/// The checkpoint that covers what was audited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// How many entries it covers.
    pub size: u64,
    /// The root it states.
    #[serde(serialize_with = "some_hash")]
    pub root: Hash,
    /// Under whose word the log's signatures were checked.
    pub log_signature: KeyBasis,
    /// Names and ids of the log's keys that signed: `name+id`.
    pub log_keys: Vec<String>,
    /// The witnesses whose cosignatures hold.
    pub cosigned_by: Vec<CosignedBy>,
    /// Whether that is enough.
    pub witnessed: Witnessed,
}

/// A witness that cosigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CosignedBy {
    /// Its key's name.
    pub name: String,
    /// When it says it did, in seconds since the Unix epoch; 0 where it does not say.
    pub time: u64,
}

/// Whether independent witnesses confirmed the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Witnessed {
    /// As many as the auditor's policy asks for.
    ByQuorum,
    /// Fewer than the policy asks for.
    BelowQuorum,
    /// The auditor has no policy that asks for any.
    NotAsked,
}

/// What an audit did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Entries read.
    pub entries: u64,
    /// Links to the previous entry compared.
    pub links: u64,
    /// Tiles of hashes compared with the computed ones, narrower copies included.
    pub tiles: u64,
    /// Checkpoints whose signature holds and whose root was compared.
    pub checkpoints: u64,
    /// Cosignatures by known witnesses that hold.
    pub cosignatures: u64,
    /// Signatures by authors verified.
    pub signatures: u64,
    /// Statements judged again by every rule, in their order.
    pub rules: u64,
    /// Sealed fields.
    pub addenda: AddendaCount,
    /// Bytes of entries.
    pub bytes: u64,
    /// Samples whose draw was repeated. Whoever can read the records' words adds this; see [`Report::add`].
    pub samples: u64,
    /// Imported files that were put together again.
    pub files: u64,
}

/// Sealed fields, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AddendaCount {
    /// There, with the digest that the entry commits to.
    pub present: u64,
    /// Left out of the source on purpose.
    pub withheld: u64,
    /// Gone, as an entry says.
    pub erased: u64,
    /// Gone, and no entry says so.
    pub missing: u64,
    /// There, with other bytes, or unreadable.
    pub wrong: u64,
}

fn hash<S: Serializer>(hash: &Option<Hash>, serializer: S) -> Result<S::Ok, S::Error> {
    hash.map(|hash| hash.to_string()).serialize(serializer)
}

fn some_hash<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(hash)
}
