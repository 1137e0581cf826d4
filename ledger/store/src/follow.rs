//! Reading a ledger folder on, while somebody else writes it: no lock, no index, no write.
//!
//! At the end it costs two system calls to see that nothing is new, so that asking every few milliseconds costs
//! nothing. A batch is given when all of it is there; as with [`crate::Reader`] that may be a moment before it is
//! durable, and what must be durable is below a checkpoint.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;

use crate::error::StoreError;
use crate::segment_file::SegmentFile;
use crate::segments;

/// A ledger folder, read on from one place.
#[derive(Debug)]
pub struct Follow {
    dir: PathBuf,
    file: Option<SegmentFile>,
    /// Byte of the next frame in the file.
    at: u64,
    /// Index of its first entry.
    next: u64,
}

impl Follow {
    /// From the first entry on.
    #[must_use]
    pub fn from_the_first(ledger: &Path) -> Self {
        Self { dir: ledger.join("segments"), file: None, at: 0, next: 0 }
    }

    /// How many entries were given.
    #[must_use]
    pub fn size(&self) -> TreeSize {
        TreeSize(self.next)
    }

    /// The next batch: leaf hash and bytes of each entry, which match. `None` when there is nothing new.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when an entry does not match and others follow it.
    pub fn next_batch(&mut self) -> Result<Option<Vec<(Hash, Bytes)>>, StoreError> {
        if self.file.is_none() {
            self.file = self.open()?;
        }
        let Some(file) = &self.file else { return Ok(None) };
        let Some((header, found)) = file.frame_at(self.at, self.next)? else {
            return self.in_the_next_file();
        };
        if !found.entries_match() {
            // Being written, or damaged: then something follows it.
            let follows = file.find_header(self.at + 1, header.next())?.is_some();
            let what = || format!("an entry of the batch at {} in the segments", header.first);
            return if follows { Err(StoreError::Damaged { what: what() }) } else { Ok(None) };
        }
        self.at += header.bytes;
        self.next = header.next();
        let whole = |(leaf, bytes): (Hash, Option<Bytes>)| Some((leaf, bytes?));
        Ok(Some(found.entries.into_iter().filter_map(whole).collect()))
    }

    /// A segment is finished when there is one that begins where it ends.
    fn in_the_next_file(&mut self) -> Result<Option<Vec<(Hash, Bytes)>>, StoreError> {
        match self.open()? {
            Some(file) if self.at > 0 => {
                self.file = Some(file);
                self.at = 0;
                self.next_batch()
            }
            _ => Ok(None),
        }
    }

    /// The segment that begins with the next entry, if it is there.
    fn open(&self) -> Result<Option<SegmentFile>, StoreError> {
        let path = self.dir.join(segments::file_name(self.next));
        match File::open(&path) {
            Ok(file) => Ok(Some(SegmentFile::new(path, file, self.next))),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::io("opening", &path)(source)),
        }
    }
}
