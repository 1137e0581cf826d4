//! Records that must all be seen before anything can be said, in memory that does not grow with the ledger.
//!
//! Up to a limit they stay in memory. Beyond it they go to nameless temporary files, each record to the file that
//! its first 16 bytes (the key) choose, so that records of one key meet again; at the end each file is sorted by
//! itself. Peak memory is the limit, or a 32nd of all records where that is more.

use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, Write as _};

use rayon::slice::ParallelSliceMut as _;

/// Files that records go to: three spills stay far below the 256 open files that some systems allow.
const PARTS: usize = 32;

/// Bytes of records kept in memory before the first goes to a file: a ledger of a million entries stays in memory.
pub(crate) const MEMORY_BYTES: usize = 24 << 20;

/// Records of `N` bytes, at least 16, that sort by their bytes.
pub(crate) struct Spill<const N: usize> {
    memory: Vec<[u8; N]>,
    limit: usize,
    parts: Vec<BufWriter<File>>,
    /// Keyed at random, so that nobody can choose ids that all go to one file.
    chooser: RandomState,
}

impl<const N: usize> Spill<N> {
    pub(crate) fn new(memory_bytes: usize) -> Self {
        Self {
            memory: Vec::new(),
            limit: (memory_bytes / N).max(1),
            parts: Vec::new(),
            chooser: RandomState::new(),
        }
    }

    pub(crate) fn push(&mut self, record: [u8; N]) -> io::Result<()> {
        if self.memory.len() == self.limit {
            self.flush()?;
        }
        self.memory.push(record);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.parts.len() < PARTS {
            self.parts.push(BufWriter::with_capacity(16 << 10, tempfile::tempfile()?));
        }
        for record in self.memory.drain(..) {
            let part = self.chooser.hash_one(&record[..16]) % PARTS as u64;
            self.parts[usize::try_from(part).expect("a remainder below 32")].write_all(&record)?;
        }
        Ok(())
    }

    /// Tells sorted runs of records. All records of one key are in one run.
    pub(crate) fn finish(mut self, mut tell: impl FnMut(&[[u8; N]])) -> io::Result<()> {
        if self.parts.is_empty() {
            self.memory.par_sort_unstable();
            tell(&self.memory);
            return Ok(());
        }
        self.flush()?;
        // Given back before the parts are read, so that the two never stand in memory together.
        self.memory = Vec::new();
        for part in self.parts {
            let mut records = read_back(part)?;
            records.par_sort_unstable();
            tell(&records);
        }
        Ok(())
    }
}

fn read_back<const N: usize>(part: BufWriter<File>) -> io::Result<Vec<[u8; N]>> {
    let mut file = part.into_inner().map_err(io::IntoInnerError::into_error)?;
    let bytes = file.seek(io::SeekFrom::End(0))?;
    file.rewind()?;
    let count = usize::try_from(bytes).unwrap_or(usize::MAX) / N;
    let mut records = vec![[0; N]; count];
    let mut reader = BufReader::with_capacity(1 << 16, file);
    for record in &mut records {
        reader.read_exact(record)?;
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(memory_bytes: usize, count: u64) -> Vec<[u8; 24]> {
        let mut spill = Spill::<24>::new(memory_bytes);
        for i in (0..count).rev() {
            let mut record = [0; 24];
            record[..8].copy_from_slice(&(i / 2).to_be_bytes());
            record[16..].copy_from_slice(&i.to_be_bytes());
            spill.push(record).unwrap();
        }
        let mut all = Vec::new();
        spill
            .finish(|run| {
                assert!(run.is_sorted());
                // Both records of a key stand side by side in the same run.
                assert!(run.chunks(2).all(|pair| pair[0][..16] == pair[1][..16]));
                all.extend_from_slice(run);
            })
            .unwrap();
        all.sort_unstable();
        all
    }

    #[test]
    fn records_come_back_whole_from_memory_and_from_files() {
        let in_memory = collected(1 << 20, 5_000);
        assert_eq!(in_memory.len(), 5_000);
        assert_eq!(collected(24 * 7, 5_000), in_memory);
    }
}
