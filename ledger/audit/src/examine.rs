//! What can be said of an entry by itself, on all cores: its form, its leaf hash, every signature, every addendum.

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::sshsig::{KeyCache, Signature};
use ledger_core::statement::{NAMESPACE, Statement};
use ledger_core::tile::{TILE_WIDTH, TilePath};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::finding::{Code, Finding};
use crate::keys::Keys;
use crate::note::Opened;
use crate::read::{Chunk, Piece};
use crate::source::{Presence, Source, SourceError, Tile};
use crate::streams::StreamKey;

/// One place in the log after it was looked at.
pub(crate) enum Item {
    /// An entry.
    Entry(Box<Examined>),
    /// Bytes that are no entry.
    Malformed { index: u64, leaf: Hash, bytes: u64 },
    /// Nothing: the places `from..to` cannot be read.
    Lost { from: u64, to: u64 },
}

/// An entry that could be read.
pub(crate) struct Examined {
    /// Its place in the log, not what it says about it.
    pub(crate) index: u64,
    pub(crate) leaf: Hash,
    pub(crate) bytes: u64,
    pub(crate) entry: Entry,
    pub(crate) stream: StreamKey,
    /// True when it carries one good signature by each signer it names.
    pub(crate) signed: bool,
    pub(crate) addenda: Vec<(Hash, Addendum)>,
}

/// What became of an addendum that an entry commits to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addendum {
    Present,
    Absent,
    Wrong,
}

/// A chunk after everything in it was looked at.
pub(crate) struct ExaminedChunk {
    pub(crate) items: Vec<Item>,
    pub(crate) notes: Vec<Opened>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) obstacles: Vec<String>,
}

/// Looks at entries and checkpoints. Shared between threads.
pub(crate) struct Examiner<'a> {
    source: &'a dyn Source,
    keys: &'a Keys,
    /// One for each thread: a shared one would have them all wait for one counter.
    caches: Vec<KeyCache>,
    /// Its own, so that whoever runs several audits on a pool of his own never waits for himself.
    pool: ThreadPool,
}

/// What an examination has to say beside its result.
#[derive(Default)]
struct Remarks {
    findings: Vec<Finding>,
    obstacles: Vec<String>,
}

impl Remarks {
    fn unread(&mut self, error: SourceError, finding: impl FnOnce(String) -> Finding) {
        match error {
            SourceError::Damaged { .. } => self.findings.push(finding(error.to_string())),
            SourceError::Unreachable { .. } => self.obstacles.push(error.to_string()),
        }
    }
}

impl<'a> Examiner<'a> {
    pub(crate) fn new(source: &'a dyn Source, keys: &'a Keys) -> Self {
        let pool = ThreadPoolBuilder::new().build().expect("a process may start a thread for each core");
        let caches = (0..pool.current_num_threads()).map(|_| KeyCache::default()).collect();
        Self { source, keys, caches, pool }
    }

    /// Looks at everything in a chunk, on all cores.
    pub(crate) fn examine(&self, chunk: Chunk) -> ExaminedChunk {
        self.pool.install(|| self.examine_here(chunk))
    }

    fn examine_here(&self, chunk: Chunk) -> ExaminedChunk {
        let Chunk { pieces, notes, findings, obstacles } = chunk;
        let partials: Vec<Remarks> = pieces.par_iter().map(|piece| self.partial_bundles(piece)).collect();
        let places: Vec<(u64, Place)> = pieces.into_iter().flat_map(places).collect();
        let items: Vec<(Item, Remarks)> =
            places.into_par_iter().with_min_len(8).map(|(index, place)| self.item(index, place)).collect();
        // After the entries: an epoch names the keys of the checkpoints behind it.
        let notes: Vec<_> = notes
            .into_par_iter()
            .map(|note| {
                let mut findings = Vec::new();
                (note.open(self.keys, &mut findings), findings)
            })
            .collect();

        let mut examined =
            ExaminedChunk { items: Vec::with_capacity(items.len()), notes: Vec::new(), findings, obstacles };
        for (note, findings) in notes {
            examined.notes.extend(note);
            examined.findings.extend(findings);
        }
        partials.into_iter().for_each(|remarks| examined.take(remarks));
        for (item, remarks) in items {
            examined.items.push(item);
            examined.take(remarks);
        }
        examined
    }

    fn item(&self, index: u64, place: Place) -> (Item, Remarks) {
        let mut remarks = Remarks::default();
        let bytes = match place {
            Place::Lost { to } => return (Item::Lost { from: index, to }, remarks),
            Place::Entry(bytes) => bytes,
        };
        let leaf = Hash::leaf(&bytes);
        let length = bytes.len() as u64;
        let entry = match Entry::parse(&bytes) {
            Ok(entry) => entry,
            Err(e) => {
                let sentence = format!("entry {index} cannot be read: {e}");
                remarks.findings.push(Finding::new(Code::EntryMalformed, sentence).at(index));
                return (Item::Malformed { index, leaf, bytes: length }, remarks);
            }
        };
        self.keys.learn(&entry);
        let bad = self.bad_signatures(index, &entry);
        let signed = bad.is_empty();
        remarks.findings.extend(bad);
        let addenda = self.addenda(index, &entry.statement, &mut remarks);
        let stream = stream_key(&entry.statement);
        (
            Item::Entry(Box::new(Examined { index, leaf, bytes: length, entry, stream, signed, addenda })),
            remarks,
        )
    }

    fn bad_signatures(&self, index: u64, entry: &Entry) -> Vec<Finding> {
        let (signers, signatures) = (&entry.statement.signers, &entry.signatures);
        if signers.len() != signatures.len() {
            let sentence = format!(
                "entry {index} names {} signers and carries {} signatures",
                signers.len(),
                signatures.len()
            );
            let finding = Finding::new(Code::Signature, sentence).at(index);
            return vec![finding.expected(signers.len(), signatures.len())];
        }
        let cache = &self.caches[rayon::current_thread_index().unwrap_or(0)];
        let check = |blob: &Bytes| {
            let signature = Signature::parse(blob)?;
            cache.verify(&signature, NAMESPACE, &entry.statement_bytes)
        };
        let mut bad = Vec::new();
        for (signer, blob) in signers.iter().zip(signatures) {
            let problem = match check(blob) {
                Ok(key) if key == signer.key_id => continue,
                Ok(other) => format!("it was made by key {other}"),
                Err(e) => e.to_string(),
            };
            let who = format!("{} of {}", signer.role, signer.body);
            let sentence = format!("entry {index}: the signature of {who} does not hold: {problem}");
            bad.push(Finding::new(Code::Signature, sentence).at(index).about(signer.key_id));
        }
        bad
    }

    fn addenda(&self, index: u64, statement: &Statement, remarks: &mut Remarks) -> Vec<(Hash, Addendum)> {
        let mut addenda = Vec::with_capacity(statement.sealed.len());
        for commitment in &statement.sealed {
            let digest = commitment.digest;
            let wrong = |problem: String| {
                let sentence =
                    format!("entry {index}: the addendum of field {} is wrong: {problem}", commitment.field);
                Finding::new(Code::AddendumDigest, sentence).at(index).about(digest.to_hex())
            };
            let state = match self.source.addendum(&digest) {
                Ok(Presence::Absent) => Addendum::Absent,
                Ok(Presence::Present(bytes)) => {
                    let found = Hash::of(&bytes);
                    if found != digest {
                        let finding = wrong("its bytes have another digest".to_owned());
                        remarks.findings.push(finding.expected(digest.to_hex(), found.to_hex()));
                    }
                    if found == digest { Addendum::Present } else { Addendum::Wrong }
                }
                Err(e) => {
                    remarks.unread(e, wrong);
                    Addendum::Wrong
                }
            };
            addenda.push((digest, state));
        }
        addenda
    }

    /// Partial bundles that are kept beside the ones that were read must be their beginnings.
    fn partial_bundles(&self, piece: &Piece) -> Remarks {
        let mut remarks = Remarks::default();
        let Piece::Entries { from, entries } = piece else { return remarks };
        let width = usize::from(TILE_WIDTH);
        // A piece that begins within a bundle follows a hole, which was told of.
        if from % u64::from(TILE_WIDTH) == 0 {
            for (n, bundle) in (from / u64::from(TILE_WIDTH)..).zip(entries.chunks(width)) {
                self.partials_of(TilePath::entries(n, TILE_WIDTH), bundle, &mut remarks);
            }
        }
        remarks
    }

    fn partials_of(&self, full: TilePath, entries: &[Bytes], remarks: &mut Remarks) {
        let wrong = |path: TilePath, problem: &str| {
            let finding = Finding::new(Code::Bundle, format!("{path} {problem}"));
            finding.at(full.n * u64::from(TILE_WIDTH)).about(path)
        };
        let widths = self.source.partials(&full).unwrap_or_else(|e| {
            remarks.unread(e, |problem| wrong(full, &problem));
            Vec::new()
        });
        for width in widths.into_iter().filter(|width| usize::from(*width) < entries.len()) {
            let path = TilePath { width, ..full };
            match self.source.tile(&path) {
                Ok(Tile::Present(bytes)) if !is_bundle_of(&bytes, &entries[..usize::from(width)]) => {
                    remarks.findings.push(wrong(path, "does not hold the same entries as the wider bundle"));
                }
                Ok(_) => {}
                Err(e) => remarks.unread(e, |problem| wrong(path, &format!("cannot be read: {problem}"))),
            }
        }
    }
}

impl ExaminedChunk {
    fn take(&mut self, remarks: Remarks) {
        self.findings.extend(remarks.findings);
        self.obstacles.extend(remarks.obstacles);
    }
}

enum Place {
    Entry(Bytes),
    Lost { to: u64 },
}

fn places(piece: Piece) -> Vec<(u64, Place)> {
    match piece {
        Piece::Entries { from, entries } => (from..).zip(entries.into_iter().map(Place::Entry)).collect(),
        Piece::Lost { from, to } => vec![(from, Place::Lost { to })],
    }
}

fn stream_key(statement: &Statement) -> StreamKey {
    let hash = Hash::of(statement.stream.as_str().as_bytes());
    *hash.0.first_chunk().expect("a hash of 32 bytes has 16 to begin with")
}

/// Whether these bytes are the bundle of exactly these entries, without making one.
fn is_bundle_of(bytes: &[u8], entries: &[Bytes]) -> bool {
    let mut rest = bytes;
    for entry in entries {
        let Some((length, after)) = rest.split_first_chunk::<2>() else { return false };
        let Some(after) = after.strip_prefix(&entry[..]) else { return false };
        if usize::from(u16::from_be_bytes(*length)) != entry.len() {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}
