//! What officers may hand in: signed once, the same in every run.
//!
//! | Numbers | What |
//! |---|---|
//! | 0 to 19 | facts, each on its own |
//! | 20 to 25 | other bytes under the ids of facts 0 to 5 |
//! | 26 to 49 | on four streams, for versions 0 to 2 of each, two officers who had seen the same |
//! | 50 to 53 | what no recorder takes: a stranger's, with a broken signature, of an unknown kind, no statement at all |

use std::sync::OnceLock;

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use ledger_core::checkpoint::LogSigner;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, KeyId};
use ledger_core::merkle::Frontier;
use ledger_core::sshsig::PublicKey;
use ledger_core::statement::Statement;
use ledger_core::wire::{SealedBatch, Submission};
use load::{Load, Signed};
use scrutiny_proto::ledger::v1::statement::Expected;

use crate::schedule::MOST_RECORDERS;

/// How many there are.
pub const COUNT: usize = 54;

const FACTS: u64 = 20;
const OTHERS: u64 = 6;
const STREAMS: u64 = 4;
const VERSIONS: u64 = 3;

/// Statements, and what founds the ledger that they are for.
pub struct Pool {
    /// The founding, every officer and recorder enrolled, as the first recorder sealed it.
    pub founding: SealedBatch,
    /// By their numbers.
    pub statements: Vec<Submission>,
    /// SHA-256 of each statement.
    pub digests: Vec<Hash>,
    /// Each recorder's key.
    pub recorders: Vec<SigningKey>,
    /// Their ids.
    pub recorder_ids: Vec<KeyId>,
}

/// The log's keys, which every recorder has.
#[must_use]
pub fn signer() -> &'static LogSigner {
    static SIGNER: OnceLock<LogSigner> = OnceLock::new();
    SIGNER.get_or_init(|| {
        let origin = load::ORIGIN.parse().expect("it is an origin");
        LogSigner::new(origin, &[1; 32], &[2; 32]).expect("two seeds that differ")
    })
}

impl Pool {
    /// The one pool.
    pub fn get() -> &'static Self {
        static POOL: OnceLock<Pool> = OnceLock::new();
        POOL.get_or_init(Self::make)
    }

    fn make() -> Self {
        let load = Load::new(3, signer().verifier().vkeys());
        let mut founding = load.founding();
        let mut recorders = Vec::new();
        for number in 0..u32::from(MOST_RECORDERS) {
            let (seed, enrolled) = load.recorder(number);
            recorders.push(SigningKey::from_bytes(&seed));
            founding.extend(enrolled);
        }
        let statements = statements(&load);
        assert_eq!(statements.len(), COUNT, "the table above");
        let digests = statements.iter().map(Submission::digest).collect();
        let id = |key: &SigningKey| {
            PublicKey::from_ed25519(key.verifying_key().as_bytes()).expect("a key of a seed").key_id()
        };
        let recorder_ids = recorders.iter().map(id).collect();
        Self { founding: sealed(founding), statements, digests, recorders, recorder_ids }
    }
}

/// The founding as entries, with the checkpoint over them.
fn sealed(founding: Vec<Signed>) -> SealedBatch {
    let (mut entries, mut tree, mut previous) = (Vec::new(), Frontier::new(), Hash::ZERO);
    for (index, Signed { statement, signatures, .. }) in (0..).map(EntryIndex).zip(founding) {
        let parsed = Statement::parse(&statement).expect("the founding is in order");
        // Each of them is the first of its own stream.
        let entry = Entry {
            index,
            previous,
            stream_version: 1,
            recorded_at_ms: load::START_MS,
            statement_bytes: statement,
            statement: parsed,
            signatures,
        };
        let bytes = Bytes::from(entry.seal().expect("it fits an entry"));
        previous = Hash::leaf(&bytes);
        tree.push(previous);
        entries.push(bytes);
    }
    let signed = signer().sign(tree.size(), tree.root()).expect("a tree has a checkpoint");
    let checkpoint = Some(signed.to_bytes().into());
    SealedBatch { first: EntryIndex(0), entries, checkpoint }
}

fn statements(load: &Load) -> Vec<Submission> {
    let mut all: Vec<Signed> = load.facts(0..FACTS);
    all.extend((0..OTHERS).map(|n| load.fact_with(n, |other| other.imported = false)));
    for (n, stream, version) in contested() {
        all.push(load.fact_with(n, |fact| {
            fact.stream = format!("fact/{}/contested-{stream}", load::BODY);
            fact.expected = Some(Expected::ExpectedVersion(version));
        }));
    }
    let mut all: Vec<Submission> = all.into_iter().map(submission).collect();
    all.extend(refused(load));
    all
}

/// Number, stream and version.
fn contested() -> impl Iterator<Item = (u64, u64, u64)> {
    (0..STREAMS * VERSIONS * 2).map(|n| (100 + n, n / (2 * VERSIONS), n / 2 % VERSIONS))
}

fn refused(load: &Load) -> [Submission; 4] {
    let strangers = Load::new(5, Vec::new());
    let mut broken = submission(load.fact(201));
    let mut signature = broken.signatures[0].to_vec();
    *signature.last_mut().expect("a signature has bytes") ^= 1;
    broken.signatures[0] = signature.into();
    let unknown = load.fact_with(202, |fact| fact.kind = "scrutiny.response.v1.NoSuchKind".to_owned());
    let nothing = Submission {
        statement: Bytes::from_static(b"no statement"),
        signatures: Vec::new(),
        addenda: Vec::new(),
    };
    // The fourth of five officers, whom this ledger has never heard of.
    [submission(strangers.fact(203)), broken, submission(unknown), nothing]
}

fn submission(signed: Signed) -> Submission {
    Submission { statement: signed.statement, signatures: signed.signatures, addenda: Vec::new() }
}
