//! Real entries for tests and benchmarks: canonical statements of about 700 bytes, sealed into entries of
//! about 1,000, with signatures that have the size and the entropy of real ones. Nobody can verify them.

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::statement::Statement;
use prost::Message as _;
use scrutiny_proto::ledger::v1 as wire;

use super::SealedEntry;

/// A fast generator with a seed, so that every run makes the same entries.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    /// The next number (SplitMix64).
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }

    /// Random bytes.
    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n.div_ceil(8)).flat_map(|_| self.number().to_le_bytes()).take(n).collect()
    }
}

/// Makes entries that follow on one another. How far each stream has come is kept here.
#[derive(Debug, Clone)]
pub struct Maker {
    random: Random,
    next: u64,
    previous: Hash,
    versions: std::collections::HashMap<u64, u64>,
    /// A new entry opens a stream in one of this many cases; otherwise it continues a recent one.
    pub new_stream_in: u64,
    streams: u64,
    /// Part of every stream's name: entries made from another index on belong to other streams.
    start: u64,
}

impl Maker {
    /// Starts at an index, behind an entry with this leaf hash.
    pub fn new(seed: u64, next: u64, previous: Hash) -> Self {
        let random = Random(seed);
        Self {
            random,
            next,
            previous,
            versions: Default::default(),
            new_stream_in: 4,
            streams: 0,
            start: next,
        }
    }

    /// Index of the next entry.
    pub fn entry_index(&self) -> u64 {
        self.next
    }

    /// The next `n` entries.
    pub fn batch(&mut self, n: usize) -> Vec<SealedEntry> {
        (0..n).map(|_| self.entry()).collect()
    }

    /// The next entry.
    pub fn entry(&mut self) -> SealedEntry {
        let number = if self.streams == 0 || self.random.below(self.new_stream_in) == 0 {
            self.streams += 1;
            self.streams - 1
        } else {
            self.streams - 1 - self.random.below(self.streams.min(50_000))
        };
        let version = self.versions.entry(number).or_default();
        *version += 1;
        let stream_version = *version;
        let statement_bytes = self.statement(number, stream_version);
        let entry = Entry {
            index: ledger_core::ids::EntryIndex(self.next),
            previous: self.previous,
            stream_version,
            recorded_at_ms: 1_790_000_000_000 + self.next,
            statement: Statement::parse(&statement_bytes).expect("the statement is canonical"),
            statement_bytes,
            signatures: vec![self.signature()],
        };
        let bytes = Bytes::from(entry.seal().expect("the entry is small"));
        let leaf_hash = Hash::leaf(&bytes);
        self.next += 1;
        self.previous = leaf_hash;
        let (statement_id, stream) = (entry.statement.id, entry.statement.stream);
        SealedEntry { bytes, leaf_hash, statement_id, stream, stream_version }
    }

    fn statement(&mut self, stream: u64, version: u64) -> Bytes {
        let mut body = vec![10, 26];
        body.extend_from_slice(
            format!("finding-{stream:08}-limb-{version:04}", version = version % 9999).as_bytes(),
        );
        body.extend_from_slice(&self.random.bytes(24));
        body.extend_from_slice(WORDS[(stream % 4) as usize].as_bytes());
        let id = uuid::Builder::from_unix_timestamp_millis(
            1_790_000_000_000 + self.next,
            &self.random.bytes(10).try_into().expect("ten bytes"),
        );
        wire::Statement {
            ledger: "scrutiny.example/cambridgeshire".into(),
            id: Bytes::copy_from_slice(id.into_uuid().as_bytes()),
            kind: "scrutiny.response.v1.ActionReported".into(),
            stream: format!("obligation/rec-{}-{stream:07}/cambridgeshire/{}", self.start, stream % 3),
            expected: Some(wire::statement::Expected::ExpectedVersion(version - 1)),
            occurred: Some(wire::Occurred {
                precision: wire::Precision::Day.into(),
                value: format!("2026-{:02}-{:02}", 1 + self.next % 12, 1 + self.next % 28),
                words: String::new(),
            }),
            signers: vec![wire::Signer {
                key_id: Hash::of(&(self.next % 300).to_be_bytes()).0.to_vec().into(),
                role: "force-liaison-officer".into(),
                body: "cambridgeshire-constabulary".into(),
                acting: false,
                on_behalf_of: String::new(),
            }],
            marking: wire::Marking::Official.into(),
            regime: wire::Regime::None.into(),
            body: body.into(),
            sealed: vec![],
            documents: vec![wire::Document {
                sha256: self.random.bytes(32).into(),
                media_type: "application/pdf".into(),
                title: "Action plan and evidence of completion".into(),
            }],
            causation_id: Bytes::new(),
            correlation_id: Bytes::new(),
            imported: false,
        }
        .encode_to_vec()
        .into()
    }

    /// As an SSHSIG blob: its fixed parts, a key out of a few hundred, 64 random bytes.
    fn signature(&mut self) -> Bytes {
        let mut blob = b"SSHSIG\0\0\0\x01\0\0\0\x33\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
        blob.extend_from_slice(&Hash::of(&(self.next % 300).to_le_bytes()).0);
        blob.extend_from_slice(b"\0\0\0\x19statement@scrutiny-ledger\0\0\0\0\0\0\0\x06sha512\0\0\0\x53\0\0\0\x0bssh-ed25519\0\0\0\x40");
        blob.extend_from_slice(&self.random.bytes(64));
        blob.into()
    }
}

const WORDS: [&str; 4] = [
    "The force has revised its stop and search policy, published the revised policy on its website, briefed \
     all supervisors on it, and will report the number of body-worn video reviews to the scrutiny panel.",
    "By the end of the quarter, first-line supervisors will dip-sample at least five records each month and \
     record what they found; the results go to the strategic board and to the independent panel members.",
    "Training on reasonable grounds was given to every response team, attendance was recorded, and those who \
     missed a session have been booked on the next one; a follow-up survey is planned for the new year.",
    "The local policing body accepts the recommendation in part. It does not accept the second limb, because \
     the data that it asks for are already published by the Home Office, and says so in its public comments.",
];

/// `n` entries from an empty log on.
#[cfg(test)]
pub(crate) fn sealed(seed: u64, n: usize) -> Vec<SealedEntry> {
    Maker::new(seed, 0, Hash::ZERO).batch(n)
}
