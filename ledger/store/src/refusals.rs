//! The refusals that are kept: journals one behind the other, and together no longer than a bound.
//!
//! ```text
//! refusals.jnl                    from refusal 0 on
//! refusals-<20 digits>.jnl        from that refusal on
//! refusals-dropped.jnl            what was dropped; not there before anything was
//! ```
//!
//! A stranger can be refused as often as they like. So the oldest file is dropped when one too many is full, and
//! first of all a record says so: `about` is the number of its first refusal, and the payload the number behind its
//! last (8 bytes, big-endian) ‖ SHA-256 of the file (32 bytes). A copy that somebody made before can be told by it. Numbers
//! go on counting, so that a refusal's number never changes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ledger_core::hash::Hash;

use crate::Event;
use crate::error::StoreError;
use crate::journal::{Journal, Record};
use crate::segments::{AppendError, sync_dir};

/// The one kind of record in a journal of refusals, and in the one of what was dropped.
pub(crate) const REFUSED: u8 = 1;
const DROPPED: u8 = 1;

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes in a file before the next one begins.
    pub(crate) file_bytes: u64,
    /// Files at most.
    pub(crate) files: usize,
}

impl Default for Bounds {
    /// 16 MiB is what is read into memory at once. Eight of them hold half a million refusals of the usual 270
    /// bytes: more than a force records in a year, of which few are refused. With the index's copy they take 256 MiB.
    fn default() -> Self {
        Self { file_bytes: 16 << 20, files: 8 }
    }
}

/// Refusals that are not kept any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// Number of the first of them, 0-based.
    pub first: u64,
    /// Number behind the last of them.
    pub next: u64,
    /// SHA-256 of the file that held them.
    pub sha256: Hash,
}

/// The refusals of a ledger.
#[derive(Debug)]
pub struct Refusals {
    dir: PathBuf,
    bounds: Bounds,
    /// Oldest first; one at least, and the last one grows.
    files: Vec<Journal>,
    dropped: Option<Journal>,
}

impl Refusals {
    /// Opens what is there for appending. `must_have` is the number behind the last that is known to have been durable.
    pub(crate) fn open(dir: &Path, must_have: u64) -> Result<(Self, Vec<Event>), StoreError> {
        let mut events = Vec::new();
        let list = dropped_path(dir);
        let dropped = if list.exists() {
            let (journal, found) = Journal::open(&list, 0, 0, |_| ())?;
            events.extend(found);
            Some(journal)
        } else {
            None
        };
        let first = dropped.as_ref().map_or(0, first_kept);
        let mut starts = starts(dir)?;
        // The record stands, so a crash kept the file from going.
        for left in starts.extract_if(.., |start| *start < first) {
            remove(&path(dir, left))?;
        }
        if starts.first() != Some(&first) {
            starts.insert(0, first);
        }
        let mut files = Vec::new();
        for (at, &start) in starts.iter().enumerate() {
            let must_have = starts.get(at + 1).copied().unwrap_or(must_have);
            let (journal, found) = Journal::open(&path(dir, start), start, must_have, |_| ())?;
            events.extend(found);
            files.push(journal);
        }
        Ok((Self { dir: dir.to_owned(), bounds: Bounds::default(), files, dropped }, events))
    }

    /// Opens what is there for reading only, beside a writer or without one.
    pub(crate) fn open_to_read(dir: &Path) -> Result<Self, StoreError> {
        // The files first: what a record says was dropped meanwhile is then merely here still.
        let mut files = Vec::new();
        for start in starts(dir)? {
            files.extend(Journal::open_to_read(&path(dir, start), start, |_| ())?);
        }
        let dropped = Journal::open_to_read(&dropped_path(dir), 0, |_| ())?;
        Ok(Self { dir: dir.to_owned(), bounds: Bounds::default(), files, dropped })
    }

    /// Number of the first refusal that is kept, 0-based: so many were dropped.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.files.first().map_or(0, Journal::first)
    }

    /// Number behind the last refusal: so many there ever were.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.files.last().map_or(0, Journal::next)
    }

    /// What was dropped, oldest first.
    ///
    /// # Errors
    /// When a record of it is damaged.
    pub fn dropped(&self) -> Result<Vec<Dropped>, StoreError> {
        let Some(list) = &self.dropped else { return Ok(Vec::new()) };
        let records = (0..list.next()).filter_map(|number| list.read(number).transpose());
        records.filter_map(|record| record.map(|record| Dropped::of(&record)).transpose()).collect()
    }

    /// One refusal; `None` when it was dropped, or there are not so many.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn get(&self, number: u64) -> Result<Option<Bytes>, StoreError> {
        Ok(self.read(number)?.map(|record| record.payload))
    }

    pub(crate) fn read(&self, number: u64) -> Result<Option<Record>, StoreError> {
        let behind = self.files.partition_point(|file| file.first() <= number);
        let file = behind.checked_sub(1).and_then(|at| self.files.get(at));
        file.map_or(Ok(None), |file| file.read(number))
    }

    /// Appends a refusal; durable when it returns.
    pub(crate) fn append(&mut self, payload: Bytes) -> Result<Record, AppendError> {
        if self.live().bytes() >= self.bounds.file_bytes {
            let next = self.next();
            let (journal, _) =
                Journal::open(&path(&self.dir, next), next, 0, |_| ()).map_err(AppendError::Write)?;
            self.files.push(journal);
        }
        while self.files.len() > self.bounds.files {
            self.drop_oldest()?;
        }
        self.live().append(REFUSED, 0, payload)
    }

    /// Says what goes, and lets it go. A crash in between is put right when the ledger is opened.
    fn drop_oldest(&mut self) -> Result<(), AppendError> {
        let oldest = &self.files[0];
        let path = path(&self.dir, oldest.first());
        let content =
            fs::read(&path).map_err(StoreError::io("reading", &path)).map_err(AppendError::Write)?;
        let gone = Dropped { first: oldest.first(), next: oldest.next(), sha256: Hash::of(&content) };
        let list = match &mut self.dropped {
            Some(list) => list,
            none => {
                let (list, _) =
                    Journal::open(&dropped_path(&self.dir), 0, 0, |_| ()).map_err(AppendError::Write)?;
                none.insert(list)
            }
        };
        list.append(DROPPED, gone.first, gone.to_payload())?;
        tracing::warn!(first = gone.first, next = gone.next, sha256 = %gone.sha256.to_hex(), "refusals were dropped");
        remove(&path).map_err(AppendError::Write)?;
        self.files.remove(0);
        Ok(())
    }

    fn live(&mut self) -> &mut Journal {
        self.files.last_mut().expect("opening for appending makes one")
    }

    /// Every file in need of healing, with the first record that is.
    pub(crate) fn damaged(&mut self) -> impl Iterator<Item = (&mut Journal, u64)> {
        self.files.iter_mut().filter_map(|file| {
            let first = file.damaged().next()?;
            Some((file, first))
        })
    }
}

impl Dropped {
    fn to_payload(self) -> Bytes {
        [&self.next.to_be_bytes()[..], &self.sha256.0].concat().into()
    }

    /// What a record says; nothing for one that another version of this program wrote.
    fn of(record: &Record) -> Option<Self> {
        let (next, hash) = record.payload.split_first_chunk::<8>()?;
        let sha256 = Hash::from_slice(hash)?;
        Some(Self { first: record.about, next: u64::from_be_bytes(*next), sha256 })
    }
}

/// The number behind the last refusal that was dropped.
fn first_kept(dropped: &Journal) -> u64 {
    let good = (0..dropped.next()).rev().filter_map(|number| dropped.read(number).ok().flatten());
    good.filter_map(|record| Dropped::of(&record)).map(|gone| gone.next).next().unwrap_or(0)
}

fn path(dir: &Path, start: u64) -> PathBuf {
    // The first file has the name that it had when it was the only one.
    if start == 0 { dir.join("refusals.jnl") } else { dir.join(format!("refusals-{start:020}.jnl")) }
}

fn dropped_path(dir: &Path) -> PathBuf {
    dir.join("refusals-dropped.jnl")
}

/// First numbers of the files that are there, in order.
fn starts(dir: &Path) -> Result<Vec<u64>, StoreError> {
    let start = |name: &str| match name.strip_prefix("refusals")?.strip_suffix(".jnl")? {
        "" => Some(0),
        rest => rest.strip_prefix('-').filter(|digits| digits.len() == 20)?.parse().ok().filter(|n| *n > 0),
    };
    let mut found = Vec::new();
    for item in fs::read_dir(dir).map_err(StoreError::io("listing", dir))? {
        let item = item.map_err(StoreError::io("listing", dir))?;
        found.extend(item.file_name().to_str().and_then(start));
    }
    found.sort_unstable();
    Ok(found)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(StoreError::io("removing", path)(e)),
        _ => sync_dir(path.parent().expect("a file lies in a folder")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::keys::{REFUSAL, numbered, read_parts};
    use crate::{Options, Reader, SegmentStore, Store as _, scrub};

    const SMALL: Bounds = Bounds { file_bytes: 500, files: 3 };

    fn open(dir: &Path) -> SegmentStore {
        let (mut store, report) =
            SegmentStore::open(dir, Options { what: "test".into(), watermark_bytes: 0 }).unwrap();
        assert!(report.findings.is_empty() && report.healed.is_empty(), "{report:?}");
        store.refusals.bounds = SMALL;
        store
    }

    fn refusal(n: u64) -> Bytes {
        format!("refusal {n}, for one reason or another").into()
    }

    fn names(dir: &Path) -> Vec<String> {
        let items = fs::read_dir(dir).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = items.filter(|name| name.starts_with("refusals")).collect();
        names.sort();
        names
    }

    /// Every refusal from the first kept one on is there, in both copies, and none before it.
    fn check(store: &SegmentStore, said: u64) {
        store.wait_until_caught_up();
        let first = store.refusals.first();
        let second = &store.applier.as_ref().unwrap().second;
        assert_eq!(store.refusal_count(), said);
        let kept: Vec<Bytes> = (first..said).map(refusal).collect();
        assert_eq!(store.refusals(0, usize::MAX).unwrap(), kept);
        for number in 0..said {
            let copy = second.record(crate::second::JournalKind::Refusals, number).unwrap();
            assert_eq!(
                copy.map(|record| record.payload),
                (number >= first).then(|| refusal(number)),
                "{number}"
            );
        }
    }

    #[test]
    fn the_oldest_file_is_dropped_at_the_bound_and_what_went_can_be_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        store.append(crate::testing::sealed(0, 1)).unwrap();
        let mut first_file = Vec::new();
        let mut said = 0;
        while store.refusals.dropped().unwrap().len() < 4 {
            if said % 7 == 0 {
                drop(store);
                store = open(dir.path());
            }
            first_file = fs::read(dir.path().join("refusals.jnl")).unwrap_or(first_file);
            assert_eq!(store.put_refusal(refusal(said)).unwrap(), said);
            said += 1;
            let disk: u64 =
                names(dir.path()).iter().map(|name| fs::metadata(dir.path().join(name)).unwrap().len()).sum();
            assert!(disk < 4 * (SMALL.file_bytes + 150), "{disk} bytes");
        }
        check(&store, said);
        let dropped = store.refusals.dropped().unwrap();
        assert_eq!(dropped[0].sha256, Hash::of(&first_file), "a copy of the file can be told by it");
        assert!(dropped.windows(2).all(|pair| pair[0].next == pair[1].first), "{dropped:?}");
        assert_eq!((dropped[0].first, dropped[3].next), (0, store.refusals.first()));
        assert_eq!(names(dir.path()).len(), 4, "three files, and the list of what was dropped");
        drop(store);
        let reader = Reader::open(dir.path()).unwrap().kept_refusals().unwrap();
        assert_eq!(
            (reader.first(), reader.next(), reader.dropped().unwrap()),
            (dropped[3].next, said, dropped)
        );
        let report = scrub(dir.path(), &mut |_, _| ()).unwrap();
        assert!(report.findings.is_empty() && report.events.is_empty(), "{report:?}");
    }

    #[test]
    fn what_a_crash_left_of_a_file_that_was_dropped_goes_when_the_ledger_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut said = 0;
        let mut before = Vec::new();
        while store.refusals.first() == 0 {
            before = fs::read(dir.path().join("refusals.jnl")).unwrap();
            store.put_refusal(refusal(said)).unwrap();
            said += 1;
        }
        drop(store);
        // The record stands, and the file was not removed yet.
        fs::write(dir.path().join("refusals.jnl"), before).unwrap();
        check(&open(dir.path()), said);
        assert!(!dir.path().join("refusals.jnl").exists());
        // The next file was begun, and nothing written to it.
        let begun = path(dir.path(), said);
        File::create(&begun).unwrap();
        let mut store = open(dir.path());
        check(&store, said);
        store.put_refusal(refusal(said)).unwrap();
        check(&store, said + 1);
        assert_eq!(starts(dir.path()).unwrap().len(), SMALL.files);
    }

    /// The last copy of what is kept: a file that is gone, or damaged, comes back from the index.
    #[test]
    fn a_file_that_is_lost_or_damaged_is_made_again_from_the_index() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut said = 0;
        while store.refusals.dropped().unwrap().is_empty() {
            store.put_refusal(refusal(said)).unwrap();
            said += 1;
        }
        check(&store, said);
        drop(store);
        let files = starts(dir.path()).unwrap();
        for start in files {
            let file = path(dir.path(), start);
            let content = fs::read(&file).unwrap();
            for damage in [None, Some(content.len() / 2), Some(content.len() - 3)] {
                match damage {
                    None => fs::remove_file(&file).unwrap(),
                    Some(at) => {
                        fs::write(&file, [&content[..at], b"?", &content[at + 1..]].concat()).unwrap()
                    }
                }
                let options = Options { what: "test".into(), watermark_bytes: 0 };
                let (store, report) = SegmentStore::open(dir.path(), options).unwrap();
                assert!(report.findings.is_empty() && !report.healed.is_empty(), "{damage:?}: {report:?}");
                check(&store, said);
            }
        }
    }

    #[test]
    fn copies_in_the_index_go_in_parts_too() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        // Longer than one value of the index.
        for _ in 0..5 {
            store.put_refusal(vec![b'x'; 9_000].into()).unwrap();
        }
        store.wait_until_caught_up();
        assert_eq!(store.refusals.first(), 2);
        drop(store);
        let (kv, _) = crate::index::Kv::open(&dir.path().join("index")).unwrap();
        assert_eq!(kv.keys(&[REFUSAL]).unwrap().len(), 3 * 3, "three refusals of three parts");
        assert_eq!(read_parts(&kv, &numbered(REFUSAL, 1)).unwrap(), None);
    }
}
