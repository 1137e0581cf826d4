//! A journal: an append-only file of small records, each flushed before it counts. Numbers are big-endian.
//!
//! ```text
//!  0      3    4           8               16     17      24         32
//! ┌────────┬────┬───────────┬───────────────┬──────┬───────┬──────────┬─────────┬─────────────────────┐
//! │ "SLJ"  │ 01 │ n         │ record number │ kind │ zeros │ about    │ n bytes │ SHA-256(all before) │
//! └────────┴────┴───────────┴───────────────┴──────┴───────┴──────────┴─────────┴─────────────────────┘
//! ```
//!
//! Record numbers count up without gaps, from 0 or from what the file's name says. `about` is a number that the kind gives a meaning: for a
//! checkpoint the tree size. The index holds a copy of every record, so a damaged one can be put back.

use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::limits::MAX_NOTE_BYTES;

use crate::Event;
use crate::error::StoreError;
use crate::segments::{AppendError, sync_dir};

const MAGIC: [u8; 4] = *b"SLJ\x01";
const HEADER_BYTES: usize = 32;
const TRAILER_BYTES: usize = 32;

/// A record, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) number: u64,
    pub(crate) kind: u8,
    pub(crate) about: u64,
    pub(crate) payload: Bytes,
}

impl Record {
    /// Reads the record that `bytes` opens with; `None` unless its hash is right.
    pub(crate) fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let header = bytes.get(..HEADER_BYTES)?;
        let word = |at: usize| u64::from_be_bytes(header[at..at + 8].try_into().expect("eight bytes"));
        let n = u32::from_be_bytes(header[4..8].try_into().expect("four bytes")) as usize;
        if header[..4] != MAGIC || n > MAX_NOTE_BYTES {
            return None;
        }
        let end = HEADER_BYTES + n;
        let trailer = bytes.get(end..end + TRAILER_BYTES)?;
        if Hash::of(&bytes[..end]).0 != trailer {
            return None;
        }
        let payload = Bytes::copy_from_slice(&bytes[HEADER_BYTES..end]);
        Some((Self { number: word(8), kind: header[16], about: word(24), payload }, end + TRAILER_BYTES))
    }

    /// Writes the record.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES + self.payload.len() + TRAILER_BYTES);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&u32::try_from(self.payload.len()).expect("bounded").to_be_bytes());
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&[self.kind, 0, 0, 0, 0, 0, 0, 0]);
        out.extend_from_slice(&self.about.to_be_bytes());
        out.extend_from_slice(&self.payload);
        let trailer = Hash::of(&out);
        out.extend_from_slice(&trailer.0);
        out
    }
}

/// Where a record stands; `None` in the list for one that was damaged.
#[derive(Debug, Clone, Copy)]
struct Slot {
    at: u64,
    bytes: usize,
}

/// A journal file.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// Number of the first record.
    first: u64,
    slots: Vec<Option<Slot>>,
    tail: u64,
}

impl Journal {
    /// Opens a journal for appending, creating it if need be, and cuts an unfinished write off its end.
    /// `first` is the number of its first record; `visit` sees every good one. `must_have` is the number behind the
    /// last record that is known to have been durable.
    pub(crate) fn open(
        path: &Path,
        first: u64,
        must_have: u64,
        visit: impl FnMut(&Record),
    ) -> Result<(Self, Vec<Event>), StoreError> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(StoreError::io("opening", path))?;
        sync_dir(path.parent().expect("a journal lies in a ledger folder"))?;
        let (mut journal, length) = Self::load(path, file, first, visit)?;
        let mut events = Vec::new();
        if journal.tail < length {
            if journal.next() < must_have {
                // The end is damaged, not unfinished. What is there is healed from the index.
                journal.reach(must_have);
            } else {
                journal.cut()?;
                let (at, bytes) = (journal.tail, length - journal.tail);
                events.push(Event::TailCut { file: journal.name(), at, bytes });
            }
        } else if journal.next() < must_have {
            journal.reach(must_have);
        }
        Ok((journal, events))
    }

    /// Opens a journal for reading only; a file that is not there is an empty journal.
    pub(crate) fn open_to_read(
        path: &Path,
        first: u64,
        visit: impl FnMut(&Record),
    ) -> Result<Option<Self>, StoreError> {
        match File::open(path) {
            Ok(file) => Ok(Some(Self::load(path, file, first, visit)?.0)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(StoreError::io("opening", path)(e)),
        }
    }

    /// Reads all of it; returns the file's length too, which is beyond the tail when its end is bad.
    fn load(
        path: &Path,
        file: File,
        first: u64,
        mut visit: impl FnMut(&Record),
    ) -> Result<(Self, u64), StoreError> {
        let mut content = Vec::new();
        // By the file and not by its name, which may be gone by now.
        (&file).read_to_end(&mut content).map_err(StoreError::io("reading", path))?;
        let mut journal = Self { path: path.to_owned(), file, first, slots: Vec::new(), tail: 0 };
        let mut at = 0;
        while let Some((skipped, record, bytes)) = next_record(&content[at..], journal.next()) {
            visit(&record);
            at += skipped;
            journal.reach(record.number);
            journal.slots.push(Some(Slot { at: at as u64, bytes }));
            at += bytes;
            journal.tail = at as u64;
        }
        Ok((journal, content.len() as u64))
    }

    /// Number of its first record.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Number behind its last record, damaged ones included.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.slots.len() as u64
    }

    /// Bytes in it.
    pub(crate) fn bytes(&self) -> u64 {
        self.tail
    }

    /// Makes room for records that are not here, up to a number.
    fn reach(&mut self, number: u64) {
        self.slots.resize(usize::try_from(number - self.first).expect("a count of records"), None);
    }

    /// Numbers of damaged records.
    pub(crate) fn damaged(&self) -> impl Iterator<Item = u64> + '_ {
        (self.first..).zip(&self.slots).filter(|(_, slot)| slot.is_none()).map(|(n, _)| n)
    }

    /// A record, checked again; `None` before the first and beyond the end.
    pub(crate) fn read(&self, number: u64) -> Result<Option<Record>, StoreError> {
        let place = number.checked_sub(self.first).and_then(|n| usize::try_from(n).ok());
        let Some(slot) = place.and_then(|n| self.slots.get(n)) else { return Ok(None) };
        let damaged = || StoreError::Damaged { what: format!("{} record {number}", self.name()) };
        let slot = slot.ok_or_else(damaged)?;
        let mut bytes = vec![0; slot.bytes];
        self.file.read_exact_at(&mut bytes, slot.at).map_err(StoreError::io("reading", &self.path))?;
        let record = Record::parse(&bytes).filter(|(record, _)| record.number == number);
        Ok(Some(record.ok_or_else(damaged)?.0))
    }

    /// Appends a record; durable when it returns.
    pub(crate) fn append(&mut self, kind: u8, about: u64, payload: Bytes) -> Result<Record, AppendError> {
        let record = Record { number: self.next(), kind, about, payload };
        let bytes = record.to_bytes();
        if let Err(source) = self.file.write_all_at(&bytes, self.tail) {
            let _ = self.cut();
            return Err(AppendError::Write(StoreError::io("appending to", &self.path)(source)));
        }
        let flushed = self.file.sync_data().map_err(StoreError::io("flushing", &self.path));
        flushed.map_err(AppendError::Flush)?;
        self.slots.push(Some(Slot { at: self.tail, bytes: bytes.len() }));
        self.tail += bytes.len() as u64;
        Ok(record)
    }

    /// Writes the journal anew, with `copy` supplying the records that are damaged here. Returns the numbers
    /// of those that no copy has; they keep their place, so that numbers stay what they were.
    pub(crate) fn heal(&mut self, copy: impl Fn(u64) -> Option<Record>) -> Result<Vec<u64>, StoreError> {
        let mut content = Vec::new();
        let mut lost = Vec::new();
        let mut slots = Vec::with_capacity(self.slots.len());
        for number in self.first..self.next() {
            let own = self.read(number).ok().flatten();
            let Some(record) = own.or_else(|| copy(number)) else {
                lost.push(number);
                slots.push(None);
                continue;
            };
            let bytes = record.to_bytes();
            slots.push(Some(Slot { at: content.len() as u64, bytes: bytes.len() }));
            content.extend_from_slice(&bytes);
        }
        replace_file(&self.path, &content)?;
        let mut options = OpenOptions::new();
        self.file =
            options.read(true).write(true).open(&self.path).map_err(StoreError::io("opening", &self.path))?;
        (self.slots, self.tail) = (slots, content.len() as u64);
        Ok(lost)
    }

    /// The file's name, for a person.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn cut(&self) -> Result<(), StoreError> {
        self.file.set_len(self.tail).map_err(StoreError::io("cutting", &self.path))
    }
}

/// The next good record numbered `expected` or higher: bytes to skip, the record, its length.
fn next_record(content: &[u8], expected: u64) -> Option<(usize, Record, usize)> {
    content.windows(MAGIC.len()).enumerate().find_map(|(at, window)| {
        let (record, bytes) = (window == MAGIC).then(|| Record::parse(&content[at..]))??;
        (record.number >= expected).then_some((at, record, bytes))
    })
}

/// Replaces a file's content as a whole: a crash leaves the old file or the new one.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let new = path.with_extension("new");
    let write = || {
        fs::write(&new, content)?;
        File::open(&new)?.sync_all()?;
        fs::rename(&new, path)
    };
    write().map_err(StoreError::io("replacing", path))?;
    sync_dir(path.parent().expect("a file lies in a folder"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal_of(dir: &Path, texts: &[&str]) -> PathBuf {
        let path = dir.join("test.jnl");
        let (mut journal, _) = Journal::open(&path, 0, 0, |_| ()).expect("opens");
        for text in texts {
            journal.append(1, 9, Bytes::copy_from_slice(text.as_bytes())).expect("appends");
        }
        path
    }

    #[test]
    fn an_unfinished_record_is_cut_and_the_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let path = journal_of(dir.path(), &["one", "two", "three"]);
        let length = fs::metadata(&path).unwrap().len();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 1).unwrap();
        let (mut journal, events) = Journal::open(&path, 0, 0, |_| ()).unwrap();
        assert!(matches!(events[..], [Event::TailCut { .. }]), "{events:?}");
        assert_eq!(journal.next(), 2);
        assert_eq!(journal.append(1, 9, Bytes::from_static(b"again")).unwrap().number, 2);
        assert_eq!(journal.read(1).unwrap().unwrap().payload, "two");
    }

    #[test]
    fn a_damaged_record_is_put_back_from_its_copy_and_keeps_its_number() {
        let dir = tempfile::tempdir().unwrap();
        let path = journal_of(dir.path(), &["one", "two", "three"]);
        let mut content = fs::read(&path).unwrap();
        let middle = content.len() / 2;
        content[middle] ^= 1;
        fs::write(&path, content).unwrap();
        let (mut journal, _) = Journal::open(&path, 0, 0, |_| ()).unwrap();
        assert_eq!(journal.damaged().collect::<Vec<_>>(), [1]);
        assert!(journal.read(1).is_err());
        let copy = Record { number: 1, kind: 1, about: 9, payload: Bytes::from_static(b"two") };
        assert_eq!(journal.heal(|_| Some(copy.clone())).unwrap(), Vec::<u64>::new());
        let (journal, _) = Journal::open(&path, 0, 0, |_| ()).unwrap();
        let payloads: Vec<_> = (0..3).map(|n| journal.read(n).unwrap().unwrap().payload).collect();
        assert_eq!(payloads, ["one", "two", "three"]);
    }
}
