//! Segment files: the first copy, and the durability point.
//!
//! A segment is named after the index of its first entry and holds frames ([`crate::frame`]) one behind the
//! other. Only the last one is written to, at its end; a finished one is immutable and is replaced as a
//! whole, by rename, if it must be healed.
//!
//! An append is one write and one `fdatasync`. What a crash leaves:
//!
//! 1. *before the write*: nothing.
//! 2. *within the write, or before `fdatasync` returned*: a tail that is no whole frame. It was never
//!    acknowledged, so opening cuts it. It can also be whole: then it is kept, which promises nothing false.
//! 3. *after `fdatasync`*: a whole frame, always found.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use ledger_core::hash::Hash;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::error::StoreError;
use crate::frame::{self, Header};
use crate::segment_file::SegmentFile;
use crate::{Event, SealedEntry};

/// A segment takes no further frame beyond this: small enough to rewrite when healed, or to copy one by one.
pub(crate) const SEGMENT_BYTES: u64 = 64 << 20;
/// Space is claimed ahead in steps of this, so that a full disk shows before anything is promised.
const PREALLOCATE_BYTES: u64 = 8 << 20;

/// The segment files of a ledger, open for appending.
#[derive(Debug)]
pub(crate) struct Segments {
    dir: PathBuf,
    files: Vec<Arc<SegmentFile>>,
    /// Index behind the last entry.
    next: u64,
    /// Good bytes of the last segment; a failed write is cut back to here.
    tail: u64,
    claimed: u64,
    frame: Vec<u8>,
}

/// Why an append did not happen.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// A write failed. The file was cut back, or will be by the next attempt.
    Write(StoreError),
    /// A flush failed: what is on disk is unknown.
    Flush(StoreError),
}

impl Segments {
    /// Opens the segments, and cuts an unfinished write off the last one. `must_have` is how many entries
    /// are known to have been durable: if the bad tail could hide one of those, it is damage, and stays.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn open(dir: &Path, must_have: u64) -> Result<(Self, Vec<Event>, Damage), StoreError> {
        let mut segments =
            Self { dir: dir.to_owned(), files: list(dir)?, next: 0, tail: 0, claimed: 0, frame: Vec::new() };
        let mut events = Vec::new();
        let mut damage = Damage::default();
        segments.check_joints(&mut damage)?;
        if let Some(last) = segments.files.last().cloned() {
            let walk = last.walk_checking_frames()?;
            segments.next = walk.next;
            segments.tail = walk.good;
            let length = last.length()?;
            if walk.good < length {
                if walk.frames_follow || walk.next < must_have {
                    damage.from.get_or_insert(walk.next);
                } else {
                    last.cut(walk.good)?;
                    let (file, bytes) = (last.name(), length - walk.good);
                    events.push(Event::TailCut { file, at: walk.good, bytes });
                }
            }
        }
        if segments.next < must_have {
            damage.from.get_or_insert(segments.next);
        }
        Ok((segments, events, damage))
    }

    /// Finished segments must join: each ends where the next one's name begins. Only headers are read, and
    /// only each segment's last mark is walked to.
    fn check_joints(&self, damage: &mut Damage) -> Result<(), StoreError> {
        if self.files.first().is_some_and(|file| file.first() != 0) {
            damage.from.get_or_insert(0);
        }
        for pair in self.files.windows(2) {
            let walk = pair[0].walk()?;
            if walk.next != pair[1].first() || walk.good < pair[0].length()? {
                damage.from.get_or_insert(walk.next.min(pair[1].first()));
            }
        }
        Ok(())
    }

    /// Index behind the last entry.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The file that holds an entry.
    pub(crate) fn file_of(&self, index: u64) -> Option<&Arc<SegmentFile>> {
        let after = self.files.partition_point(|file| file.first() <= index);
        self.files.get(after.checked_sub(1)?)
    }

    /// Leaf hash and bytes of an entry as this copy has them, unchecked.
    pub(crate) fn read(&self, index: u64) -> Result<Option<(Hash, Bytes)>, StoreError> {
        match self.file_of(index) {
            Some(file) if index < self.next => file.read(index),
            _ => Ok(None),
        }
    }

    /// Visits every entry from `from` on, in order, each checked against its leaf hash.
    pub(crate) fn each_from(
        &self,
        from: u64,
        visit: &mut dyn FnMut(u64, Hash, Bytes) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut index = from;
        while index < self.next {
            let lost = || StoreError::Damaged { what: format!("entry {index} in the segments") };
            let file = self.file_of(index).ok_or_else(lost)?;
            let (at, header) = file.locate(index)?.ok_or_else(lost)?;
            let (header, found) = file.frame_at(at, header.first)?.ok_or_else(lost)?;
            for (k, (leaf, bytes)) in (header.first..).zip(found.entries) {
                if k >= from {
                    let bytes =
                        bytes.ok_or(StoreError::Damaged { what: format!("entry {k} in the segments") })?;
                    visit(k, leaf, bytes)?;
                }
            }
            index = header.next();
        }
        Ok(())
    }

    /// Appends a batch: claim space, write, flush.
    pub(crate) fn append(&mut self, batch: &[SealedEntry]) -> Result<(), AppendError> {
        let mut frame = std::mem::take(&mut self.frame);
        frame::encode(self.next, batch.iter().map(|e| (&e.leaf_hash, &e.bytes)), &mut frame);
        let result = self.append_frame(&frame);
        self.frame = frame;
        result
    }

    fn append_frame(&mut self, frame: &[u8]) -> Result<(), AppendError> {
        let file = self.room_for(frame.len() as u64).map_err(AppendError::Write)?;
        if let Err(source) = file.handle().write_all_at(frame, self.tail) {
            // Cut back at once if we can; if not, the next append does it before it writes.
            let _ = file.cut(self.tail);
            let error = StoreError::Io { doing: "appending to", path: file.path().to_owned(), source };
            return Err(AppendError::Write(error));
        }
        file.handle()
            .sync_data()
            .map_err(StoreError::io("flushing", file.path()))
            .map_err(AppendError::Flush)?;
        let header = Header::parse(frame).expect("the frame was just encoded");
        file.note_frame(&header, self.tail);
        self.tail += frame.len() as u64;
        self.next = header.next();
        Ok(())
    }

    /// The file to append to, cut to its good length, with space claimed for `bytes` more.
    fn room_for(&mut self, bytes: u64) -> Result<Arc<SegmentFile>, StoreError> {
        if self.files.is_empty() || self.tail >= SEGMENT_BYTES {
            self.start_segment()?;
        }
        let file = Arc::clone(self.files.last().expect("one was just started"));
        if file.length()? != self.tail {
            file.cut(self.tail)?;
            self.claimed = self.tail;
        }
        if self.tail + bytes > self.claimed {
            let claim = bytes.max(PREALLOCATE_BYTES);
            claim_space(&file, self.tail, claim)?;
            self.claimed = self.tail + claim;
        }
        Ok(file)
    }

    fn start_segment(&mut self) -> Result<(), StoreError> {
        self.trim()?;
        let path = self.dir.join(file_name(self.next));
        let mut options = OpenOptions::new();
        // Left by an earlier attempt that failed between here and the first frame, it is empty.
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(StoreError::io("creating", &path))?;
        sync_dir(&self.dir)?;
        self.files.push(Arc::new(SegmentFile::new(path, file, self.next)));
        (self.tail, self.claimed) = (0, 0);
        Ok(())
    }

    /// Gives back space that was claimed and not used.
    pub(crate) fn trim(&self) -> Result<(), StoreError> {
        match self.files.last() {
            Some(file) if self.claimed > self.tail => file.cut(self.tail),
            _ => Ok(()),
        }
    }
}

/// Where the segments stop being readable, if they do.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    /// The first entry that cannot be read in order.
    pub(crate) from: Option<u64>,
}

/// Claims disk space without making the file longer, so that the file's length stays the end of its data.
fn claim_space(file: &SegmentFile, at: u64, bytes: u64) -> Result<(), StoreError> {
    match fallocate(file.handle(), FallocateFlags::KEEP_SIZE, at, bytes) {
        // A file system that cannot claim ahead shows a full disk at the write instead.
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        Err(errno) => Err(StoreError::io("claiming space for", file.path())(errno.into())),
    }
}

/// Opens every segment file in a folder, in order; other files are left alone.
pub(crate) fn list(dir: &Path) -> Result<Vec<Arc<SegmentFile>>, StoreError> {
    let mut files = Vec::new();
    for item in fs::read_dir(dir).map_err(StoreError::io("listing", dir))? {
        let path = item.map_err(StoreError::io("listing", dir))?.path();
        let Some(first) = first_of(&path) else { continue };
        // Read-only media and a reader without write permission can still be read.
        let writable = OpenOptions::new().read(true).write(true).open(&path);
        let file = writable.or_else(|_| File::open(&path)).map_err(StoreError::io("opening", &path))?;
        files.push(Arc::new(SegmentFile::new(path, file, first)));
    }
    files.sort_by_key(|file| file.first());
    Ok(files)
}

/// The name of the segment that begins with this entry.
pub(crate) fn file_name(first: u64) -> String {
    format!("{first:020}.seg")
}

fn first_of(path: &Path) -> Option<u64> {
    let digits = path.file_name()?.to_str()?.strip_suffix(".seg")?;
    (digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Makes names in a folder durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(StoreError::io("flushing", dir))
}
