//! Whether every stream's entries are numbered 1, 2, 3 … without gaps, over the whole ledger.
//!
//! What is kept is one *run* for each stream: the versions seen in a row and where. When there are too many
//! streams for memory, all runs go to a spill and counting starts anew; at the end the runs of each stream are
//! put side by side and must join.

use std::collections::HashMap;
use std::io;

use crate::finding::{Code, Finding};
use crate::spill::{MEMORY_BYTES, Spill};

/// A stream's name as it is kept here: the first half of SHA-256 of the stream id. Finding two streams with one
/// name takes 2^64 hashes.
pub(crate) type StreamKey = [u8; 16];

/// Streams whose runs are kept in memory, some 100 bytes each.
const MEMORY_STREAMS: usize = 200_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    first: (u64, u64),
    last: (u64, u64),
}

/// The streams of a ledger. A position is (index, version).
pub(crate) struct Streams {
    runs: HashMap<StreamKey, Run>,
    most: usize,
    /// `stream[16] ‖ first index ‖ first version ‖ last index ‖ last version`, each u64 big-endian.
    spill: Spill<48>,
    /// Ranges of entries that could not be read, ascending: what a gap may be put down to.
    lost: Vec<(u64, u64)>,
}

impl Default for Streams {
    fn default() -> Self {
        Self::new(MEMORY_STREAMS, MEMORY_BYTES / 2)
    }
}

impl Streams {
    fn new(most: usize, memory_bytes: usize) -> Self {
        Self { runs: HashMap::new(), most, spill: Spill::new(memory_bytes), lost: Vec::new() }
    }

    /// Entries `from..to` could not be read; nobody knows which streams they were in.
    pub(crate) fn lose(&mut self, from: u64, to: u64) {
        match self.lost.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => self.lost.push((from, to)),
        }
    }

    /// Takes an entry's claim to be version `version` of its stream.
    pub(crate) fn add(&mut self, stream: StreamKey, index: u64, version: u64) -> io::Result<Option<Finding>> {
        let here = (index, version);
        if let Some(run) = self.runs.get_mut(&stream) {
            let before = std::mem::replace(&mut run.last, here);
            return Ok(gap(&self.lost, before, here));
        }
        if self.runs.len() == self.most {
            self.flush()?;
        }
        self.runs.insert(stream, Run { first: here, last: here });
        Ok(None)
    }

    fn flush(&mut self) -> io::Result<()> {
        for (stream, run) in self.runs.drain() {
            let mut record = [0; 48];
            record[..16].copy_from_slice(&stream);
            let numbers = [run.first.0, run.first.1, run.last.0, run.last.1];
            for (place, number) in record[16..].chunks_exact_mut(8).zip(numbers) {
                place.copy_from_slice(&number.to_be_bytes());
            }
            self.spill.push(record)?;
        }
        Ok(())
    }

    /// Tells of every run that does not join the one before it, or does not begin at 1.
    pub(crate) fn finish(mut self, mut tell: impl FnMut(Finding)) -> io::Result<()> {
        self.flush()?;
        let lost = self.lost;
        self.spill.finish(|records| {
            let mut before: (&[u8], (u64, u64)) = (&[], (0, 0));
            for record in records {
                let (stream, run) = parts(record);
                let start = if before.0 == stream { before.1 } else { (0, 0) };
                if let Some(finding) = gap(&lost, start, run.first) {
                    tell(finding);
                }
                before = (stream, run.last);
            }
        })
    }
}

fn parts(record: &[u8; 48]) -> (&[u8], Run) {
    let (stream, numbers) = record.split_at(16);
    let number = |i: usize| {
        u64::from_be_bytes(numbers[8 * i..8 * i + 8].try_into().expect("a slice of 8 bytes is 8 bytes"))
    };
    (stream, Run { first: (number(0), number(1)), last: (number(2), number(3)) })
}

/// What is wrong with a stream going from one position to the next. Versions that are left out are no finding of
/// their own when that many entries in between could not be read.
fn gap(lost: &[(u64, u64)], before: (u64, u64), here: (u64, u64)) -> Option<Finding> {
    let expected = before.1.saturating_add(1);
    let (index, version) = here;
    if version == expected {
        return None;
    }
    let missing = version.saturating_sub(expected);
    if missing > 0 && missing <= lost_between(lost, before.0, index) {
        return None;
    }
    let sentence =
        format!("entry {index} says it is number {version} of its stream, and number {expected} is due");
    Some(Finding::new(Code::StreamVersion, sentence).at(index).expected(expected, version))
}

fn lost_between(lost: &[(u64, u64)], from: u64, to: u64) -> u64 {
    let first = lost.partition_point(|range| range.1 <= from);
    lost[first..]
        .iter()
        .take_while(|range| range.0 < to)
        .map(|range| range.1.min(to) - range.0.max(from))
        .fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (stream, version) by index; the indices with findings.
    fn check(most: usize, lost: &[(u64, u64)], claims: &[(u8, u64)]) -> Vec<u64> {
        let mut streams = Streams::new(most, 48 * 4);
        let mut found = Vec::new();
        for (index, (stream, version)) in claims.iter().enumerate() {
            let index = index as u64;
            if let Some((from, to)) = lost.iter().find(|range| range.0 == index) {
                streams.lose(*from, *to);
            }
            if !lost.iter().any(|(from, to)| (*from..*to).contains(&index)) {
                found.extend(streams.add([*stream; 16], index, *version).unwrap());
            }
        }
        streams.finish(|f| found.push(f)).unwrap();
        let mut indices: Vec<u64> = found.iter().map(|f| f.index.unwrap().0).collect();
        indices.sort_unstable();
        indices
    }

    /// The same answers whether every stream fits in memory or only one does.
    fn check_both(lost: &[(u64, u64)], claims: &[(u8, u64)], expected: &[u64]) {
        assert_eq!(check(100, lost, claims), expected, "in memory: {claims:?}");
        assert_eq!(check(1, lost, claims), expected, "spilled: {claims:?}");
    }

    #[test]
    fn versions_count_from_one_without_gaps() {
        check_both(&[], &[(1, 1), (2, 1), (1, 2), (2, 2), (3, 1), (1, 3)], &[]);
        check_both(&[], &[(1, 2), (2, 1)], &[0]);
        check_both(&[], &[(1, 1), (2, 1), (1, 3), (1, 4), (2, 2)], &[2]);
        check_both(&[], &[(1, 1), (2, 1), (1, 1), (1, 2)], &[2]);
        check_both(&[], &[(1, 1), (2, 0)], &[1]);
    }

    #[test]
    fn a_gap_is_put_down_to_entries_that_could_not_be_read_in_between() {
        check_both(&[(1, 2)], &[(1, 1), (1, 2), (1, 3)], &[]);
        check_both(&[(0, 1)], &[(1, 1), (1, 2), (1, 3)], &[]);
        // One entry is lost and two versions are missing.
        check_both(&[(1, 2)], &[(1, 1), (1, 2), (1, 4)], &[2]);
        check_both(&[(2, 3)], &[(1, 1), (1, 3), (2, 1)], &[1]);
    }
}
