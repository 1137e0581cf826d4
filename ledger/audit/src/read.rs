//! Reading a ledger from its beginning to its end, in pieces of bounded size.

use std::iter::Peekable;

use bytes::Bytes;
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::ids::{EntryIndex, TreeSize};

use crate::finding::{Code, Finding};
use crate::note::{Note, Place};
use crate::source::{Checkpoints, Kept, Source, SourceError};

/// Entries examined together: enough work to share between all cores.
const CHUNK_ENTRIES: usize = 4_096;

/// Bytes of entries examined together. Three chunks are under way at once.
const CHUNK_BYTES: usize = 8 << 20;

/// Entries asked for at once. A source of bundles gives one bundle; a ledger's own folder keeps up to 4,096 entries
/// in a frame, which it unpacks for each question.
pub(crate) const READ_ENTRIES: usize = 1_024;

/// Checkpoints examined together, where no entries come with them.
const CHUNK_NOTES: usize = 1_024;

/// Bundles in a row that may be damaged before the auditor gives up: a source that answers with rubbish for ever
/// must not keep an audit going for ever.
const MAX_LOST_IN_A_ROW: u32 = 4_096;

/// Entries one after the other, or a hole.
pub(crate) enum Piece {
    Entries { from: u64, entries: Vec<Bytes> },
    Lost { from: u64, to: u64 },
}

/// What is examined together.
#[derive(Default)]
pub(crate) struct Chunk {
    pub(crate) pieces: Vec<Piece>,
    /// Checkpoints of sizes up to the end of the pieces.
    pub(crate) notes: Vec<Note>,
    pub(crate) findings: Vec<Finding>,
    /// Why something could not be read.
    pub(crate) obstacles: Vec<String>,
}

/// Reads a source in chunks.
pub(crate) struct Reader<'a> {
    source: &'a dyn Source,
    /// The size that the latest checkpoint states: how far a hole at the end goes.
    size: Option<TreeSize>,
    next: u64,
    lost_in_a_row: u32,
    at_end: bool,
    /// Checkpoints beside those that are kept, ascending.
    extra: Peekable<std::vec::IntoIter<Note>>,
    kept: Peekable<Checkpoints<'a>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: &'a dyn Source, size: Option<TreeSize>, mut extra: Vec<Note>) -> Self {
        extra.sort_by_key(|note| note.size);
        Self {
            source,
            size,
            next: 0,
            lost_in_a_row: 0,
            at_end: false,
            extra: extra.into_iter().peekable(),
            kept: source.checkpoints().peekable(),
        }
    }

    /// Reads entries until the chunk is full or the log ends.
    fn fill(&mut self, chunk: &mut Chunk) {
        let (mut entries, mut bytes) = (0, 0);
        while !self.at_end && entries < CHUNK_ENTRIES && bytes < CHUNK_BYTES {
            // Up to the end of a bundle: one that is read in two goes is taken apart twice.
            let room = READ_ENTRIES - usize::try_from(self.next % 256).expect("a remainder below 256");
            match self.source.entries(EntryIndex(self.next), room) {
                Ok(read) if read.is_empty() => self.at_end = true,
                Ok(read) => {
                    let from = self.next;
                    self.next += read.len() as u64;
                    self.lost_in_a_row = 0;
                    entries += read.len();
                    bytes += read.iter().map(Bytes::len).sum::<usize>();
                    chunk.pieces.push(Piece::Entries { from, entries: read });
                }
                Err(e @ SourceError::Unreachable { .. }) => {
                    chunk.obstacles.push(e.to_string());
                    self.at_end = true;
                }
                Err(e @ SourceError::Damaged { .. }) => self.lose(&e, chunk),
            }
        }
    }

    fn lose(&mut self, error: &SourceError, chunk: &mut Chunk) {
        let from = self.next;
        let boundary = self.source.after_damage(EntryIndex(from)).0.max(from + 1);
        let to = self.size.map_or(boundary, |size| size.0).clamp(from + 1, boundary);
        let sentence = format!("entries {from} to {} are not there: {error}", to - 1);
        chunk.findings.push(Finding::new(Code::Bundle, sentence).at(from));
        chunk.pieces.push(Piece::Lost { from, to });
        self.next = to;
        // A hole that ends before its bundle does is at the end of the log.
        self.at_end |= to < boundary;
        self.lost_in_a_row += 1;
        if self.lost_in_a_row == MAX_LOST_IN_A_ROW {
            chunk
                .obstacles
                .push(format!("{MAX_LOST_IN_A_ROW} bundles in a row are damaged; the audit stopped there"));
            self.at_end = true;
        }
    }

    /// The next checkpoint of at most `size` entries.
    fn note(&mut self, size: u64, chunk: &mut Chunk) -> Option<Note> {
        while let Some(Err(_)) = self.kept.peek() {
            match self.kept.next()?.err()? {
                e @ SourceError::Damaged { .. } => {
                    chunk.findings.push(Finding::new(Code::CheckpointMalformed, e.to_string()));
                }
                e @ SourceError::Unreachable { .. } => chunk.obstacles.push(e.to_string()),
            }
        }
        let kept = self.kept.peek().and_then(|kept| kept.as_ref().ok()).map(|kept| kept.size);
        let extra = self.extra.peek().map(|note| note.size);
        // Kept ones first where the sizes are the same, so that a fork is told as "published, then shown".
        if let Some(kept_size) = kept.filter(|&k| extra.is_none_or(|e| k <= e)) {
            if kept_size.0 > size {
                return None;
            }
            let Kept { size, note } = self.kept.next()?.ok()?;
            return Some(Note { place: Place::Kept, size, bytes: note });
        }
        self.extra.next_if(|note| note.size.0 <= size)
    }
}

impl Iterator for Reader<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let mut chunk = Chunk::default();
        self.fill(&mut chunk);
        // Behind the last entry every checkpoint that is left is due.
        let (size, most) = if self.at_end { (u64::MAX, CHUNK_NOTES) } else { (self.next, usize::MAX) };
        while chunk.notes.len() < most
            && let Some(note) = self.note(size, &mut chunk)
        {
            chunk.notes.push(note);
        }
        let Chunk { pieces, notes, findings, obstacles } = &chunk;
        let is_empty = pieces.is_empty() && notes.is_empty() && findings.is_empty() && obstacles.is_empty();
        (!is_empty).then_some(chunk)
    }
}

/// A checkpoint that is not kept under a size: it stands under the one that it claims.
///
/// # Errors
/// The finding that it is no checkpoint.
pub(crate) fn stray_note(place: Place, bytes: Bytes) -> Result<Note, Box<Finding>> {
    match SignedCheckpoint::parse(&bytes) {
        Ok(checkpoint) => Ok(Note { place, size: checkpoint.claimed_size(), bytes }),
        Err(e) => {
            let what = if place == Place::Served {
                "the latest checkpoint"
            } else {
                "a checkpoint that you brought along"
            };
            Err(Box::new(Finding::new(Code::CheckpointMalformed, format!("{what}: {e}"))))
        }
    }
}
