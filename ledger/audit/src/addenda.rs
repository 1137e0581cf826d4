//! Sealed fields: which are there, which were erased by an entry, and which are missing.
//!
//! An addendum may be erased by an entry long after the one that commits to it, so nothing can be said of it
//! before the log ends.

use std::io;

use ledger_core::hash::Hash;

use crate::examine::Addendum;
use crate::finding::{Code, Finding, Severity};
use crate::report::AddendaCount;
use crate::source::AddendaPolicy;
use crate::spill::{MEMORY_BYTES, Spill};

/// What is recorded of a digest. The order is that of the records of one digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
enum Mark {
    /// An entry commits to it, and it is there.
    Present,
    /// An entry commits to it, and it is not there.
    Absent,
    /// An entry commits to it, and other bytes are there.
    Wrong,
    /// An entry says that it was erased.
    Erased,
    /// The source has it, whether an entry commits to it or not.
    Kept,
}

const MARKS: [Mark; 5] = [Mark::Present, Mark::Absent, Mark::Wrong, Mark::Erased, Mark::Kept];

/// Everything recorded of addenda: `digest[32] ‖ mark ‖ index u64 big-endian`.
pub(crate) struct Addenda(Spill<41>);

/// What was recorded of one digest.
#[derive(Default)]
struct Story {
    commitments: Vec<(Mark, u64)>,
    erased_at: Option<u64>,
    kept: bool,
}

impl Default for Addenda {
    fn default() -> Self {
        Self(Spill::new(MEMORY_BYTES))
    }
}

impl Addenda {
    pub(crate) fn committed(&mut self, digest: &Hash, state: Addendum, index: u64) -> io::Result<()> {
        let mark = match state {
            Addendum::Present => Mark::Present,
            Addendum::Absent => Mark::Absent,
            Addendum::Wrong => Mark::Wrong,
        };
        self.add(digest, mark, index)
    }

    pub(crate) fn erased(&mut self, digest: &Hash, index: u64) -> io::Result<()> {
        self.add(digest, Mark::Erased, index)
    }

    pub(crate) fn kept(&mut self, digest: &Hash) -> io::Result<()> {
        self.add(digest, Mark::Kept, 0)
    }

    fn add(&mut self, digest: &Hash, mark: Mark, index: u64) -> io::Result<()> {
        let mut record = [0; 41];
        record[..32].copy_from_slice(digest.as_bytes());
        record[32] = mark as u8;
        record[33..].copy_from_slice(&index.to_be_bytes());
        self.0.push(record)
    }

    /// Judges every digest. `unread` is true when some entries could not be read: then nobody knows what those
    /// commit to or erase.
    pub(crate) fn finish(
        self,
        policy: AddendaPolicy,
        unread: bool,
        mut tell: impl FnMut(Finding),
    ) -> io::Result<AddendaCount> {
        let mut count = AddendaCount::default();
        self.0.finish(|records| {
            for of_one in records.chunk_by(|a, b| a[..32] == b[..32]) {
                let digest = Hash::from_slice(&of_one[0][..32]).expect("32 bytes are a hash");
                Story::of(of_one).judge(&digest, policy, &mut count, &mut |finding| {
                    let severity = if unread { Severity::Consequence } else { finding.severity };
                    tell(Finding { severity: severity.max(finding.severity), ..finding });
                });
            }
        })?;
        Ok(count)
    }
}

impl Story {
    fn of(records: &[[u8; 41]]) -> Self {
        let mut story = Self::default();
        for record in records {
            let index = u64::from_be_bytes(record[33..].try_into().expect("41 bytes less 33 are 8"));
            match MARKS[usize::from(record[32])] {
                Mark::Erased => story.erased_at = Some(story.erased_at.unwrap_or(index)),
                Mark::Kept => story.kept = true,
                mark => story.commitments.push((mark, index)),
            }
        }
        story
    }

    fn judge(
        &self,
        digest: &Hash,
        policy: AddendaPolicy,
        count: &mut AddendaCount,
        tell: &mut impl FnMut(Finding),
    ) {
        let hex = digest.to_hex();
        for &(mark, index) in &self.commitments {
            match (mark, self.erased_at) {
                (Mark::Present, Some(at)) => {
                    count.present += 1;
                    let sentence = format!(
                        "the addendum {hex} of entry {index} is still there; entry {at} says that it was erased"
                    );
                    tell(Finding::new(Code::AddendumErased, sentence).at(index).about(&hex));
                }
                (Mark::Present, None) => count.present += 1,
                (Mark::Absent, Some(_)) => count.erased += 1,
                (Mark::Absent, None) if policy == AddendaPolicy::Withheld => count.withheld += 1,
                (Mark::Absent, None) => {
                    count.missing += 1;
                    let sentence = format!(
                        "the addendum {hex} of entry {index} is not there, and no entry says that it was erased"
                    );
                    tell(Finding::new(Code::AddendumMissing, sentence).at(index).about(&hex));
                }
                // Told of where it was read.
                _ => count.wrong += 1,
            }
        }
        if !self.commitments.is_empty() {
            return;
        }
        if let Some(at) = self.erased_at {
            let sentence =
                format!("entry {at} says that the addendum {hex} was erased; no entry commits to it");
            tell(Finding::new(Code::ErasureUnknown, sentence).at(at).about(&hex));
        }
        if self.kept {
            let sentence = format!("the addendum {hex} is there, and no entry commits to it");
            tell(Finding::note(Code::AddendumStray, sentence).about(&hex));
        }
    }
}
