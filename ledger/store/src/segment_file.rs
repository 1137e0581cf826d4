//! One segment file, read: walking its frames, finding one entry.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use bytes::Bytes;
use ledger_core::hash::Hash;

use crate::error::StoreError;
use crate::frame::{self, Found, HEADER_BYTES, Header, MAGIC};

/// One frame is remembered for at least this many bytes, so that a segment of one-entry frames costs a few
/// thousand marks and finding an entry hops over a few dozen headers at most.
const MARK_EVERY_BYTES: u64 = 32 << 10;

/// A segment file.
#[derive(Debug)]
pub(crate) struct SegmentFile {
    path: PathBuf,
    file: File,
    first: u64,
    marks: Mutex<Marks>,
}

/// (first index, byte) of some frames, in order; complete up to `next` and `end`.
#[derive(Debug, Default)]
struct Marks {
    list: Vec<(u64, u64)>,
    next: u64,
    end: u64,
}

/// How far a file could be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    /// Index behind the last entry of the last good frame.
    pub(crate) next: u64,
    /// Bytes of good frames from the start.
    pub(crate) good: u64,
    /// Beyond the first bad byte there is another frame's header: this is damage, not an unfinished write.
    pub(crate) frames_follow: bool,
}

impl SegmentFile {
    pub(crate) fn new(path: PathBuf, file: File, first: u64) -> Self {
        let marks = Mutex::new(Marks { list: Vec::new(), next: first, end: 0 });
        Self { path, file, first, marks }
    }

    /// Index of its first entry.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn handle(&self) -> &File {
        &self.file
    }

    /// Its path below the ledger folder, for a person.
    pub(crate) fn name(&self) -> String {
        format!("segments/{:020}.seg", self.first)
    }

    pub(crate) fn length(&self) -> Result<u64, StoreError> {
        Ok(self.file.metadata().map_err(StoreError::io("reading", &self.path))?.len())
    }

    /// Cuts the file, and gives back what was claimed beyond.
    pub(crate) fn cut(&self, length: u64) -> Result<(), StoreError> {
        self.file.set_len(length).map_err(StoreError::io("cutting", &self.path))
    }

    /// Remembers a frame that was just appended.
    pub(crate) fn note_frame(&self, header: &Header, at: u64) {
        self.marks().note(header, at);
    }

    /// Hops over the headers to the end of the good frames, without reading what is in them.
    pub(crate) fn walk(&self) -> Result<Walk, StoreError> {
        let length = self.length()?;
        loop {
            let (at, next) = {
                let marks = self.marks();
                (marks.end, marks.next)
            };
            match self.header(at)? {
                Some(header) if header.first == next && at + header.bytes <= length => {
                    self.marks().note(&header, at);
                }
                _ => return Ok(Walk { next, good: at, frames_follow: false }),
            }
        }
    }

    /// Reads and checks every frame from the start.
    pub(crate) fn walk_checking_frames(&self) -> Result<Walk, StoreError> {
        *self.marks() = Marks { list: Vec::new(), next: self.first, end: 0 };
        let (mut at, mut next) = (0, self.first);
        while let Some((header, found)) = self.frame_at(at, next)? {
            // A trailer that was damaged does not matter when every entry matches: scrub mends it.
            if !found.entries_match() {
                break;
            }
            self.marks().note(&header, at);
            at += header.bytes;
            next = header.next();
        }
        let frames_follow = self.find_header(at + 1, next)?.is_some();
        Ok(Walk { next, good: at, frames_follow })
    }

    /// The frame at a byte if it is complete and starts with entry `next`.
    pub(crate) fn frame_at(&self, at: u64, next: u64) -> Result<Option<(Header, Found)>, StoreError> {
        let Some(header) = self.header(at)?.filter(|header| header.first == next) else { return Ok(None) };
        let mut frame = vec![0; usize::try_from(header.bytes).expect("a header bounds its frame")];
        match self.file.read_exact_at(&mut frame, at) {
            Ok(()) => Ok(Some((header, frame::decode(&header, &frame.into())))),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(source) => Err(StoreError::io("reading", &self.path)(source)),
        }
    }

    /// The first header at or beyond a byte, of a frame that starts with entry `next` or a later one.
    pub(crate) fn find_header(&self, from: u64, next: u64) -> Result<Option<(u64, Header)>, StoreError> {
        let length = self.length()?;
        let mut rest =
            vec![0; usize::try_from(length.saturating_sub(from)).expect("a segment fits in memory")];
        self.file.read_exact_at(&mut rest, from).map_err(StoreError::io("reading", &self.path))?;
        let found = rest.windows(HEADER_BYTES).enumerate().find_map(|(k, window)| {
            let header = (window[..4] == MAGIC).then(|| Header::parse(window))??;
            (header.first >= next).then_some((from + k as u64, header))
        });
        Ok(found)
    }

    /// Leaf hash and bytes of an entry as the file has them, unchecked.
    pub(crate) fn read(&self, index: u64) -> Result<Option<(Hash, Bytes)>, StoreError> {
        let Some((at, header)) = self.locate(index)? else { return Ok(None) };
        let k = u32::try_from(index - header.first).expect("the frame holds the index");
        let mut front = vec![0; header.lengths_end()];
        let mut leaf = [0; 32];
        self.read_exact(&mut front, at)?;
        self.read_exact(&mut leaf, at + header.leaf_at(k))?;
        let (entry_at, length) = header.entry_at(&front, k);
        if entry_at + length as u64 > header.bytes {
            return Ok(Some((Hash(leaf), Bytes::new())));
        }
        let mut entry = vec![0; length];
        self.read_exact(&mut entry, at + entry_at)?;
        Ok(Some((Hash(leaf), entry.into())))
    }

    /// Leaf hashes of the entries from `index` up to `until`, or the end of the frame if that is sooner.
    pub(crate) fn leaves(&self, index: u64, until: u64) -> Result<Vec<Hash>, StoreError> {
        let Some((at, header)) = self.locate(index)? else { return Ok(Vec::new()) };
        let k = u32::try_from(index - header.first).expect("the frame holds the index");
        let count = usize::try_from(until.min(header.next()) - index).expect("a frame's worth");
        let mut leaves = vec![0; 32 * count];
        self.read_exact(&mut leaves, at + header.leaf_at(k))?;
        Ok(leaves.as_chunks::<32>().0.iter().map(|leaf| Hash(*leaf)).collect())
    }

    /// The frame that holds an entry.
    pub(crate) fn locate(&self, index: u64) -> Result<Option<(u64, Header)>, StoreError> {
        if index >= self.marks().next {
            self.walk()?;
        }
        let Some((_, mut at)) = self.marks().before(index) else { return Ok(None) };
        while let Some(header) = self.header(at)? {
            if index < header.next() {
                return Ok((header.first <= index).then_some((at, header)));
            }
            at += header.bytes;
        }
        Ok(None)
    }

    fn header(&self, at: u64) -> Result<Option<Header>, StoreError> {
        let mut header = [0; HEADER_BYTES];
        match self.file.read_exact_at(&mut header, at) {
            Ok(()) => Ok(Header::parse(&header)),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(source) => Err(StoreError::io("reading", &self.path)(source)),
        }
    }

    fn read_exact(&self, buffer: &mut [u8], at: u64) -> Result<(), StoreError> {
        self.file.read_exact_at(buffer, at).map_err(StoreError::io("reading", &self.path))
    }

    fn marks(&self) -> std::sync::MutexGuard<'_, Marks> {
        self.marks.lock().expect("nothing panics while it holds the marks")
    }
}

impl Marks {
    fn note(&mut self, header: &Header, at: u64) {
        if self.list.last().is_none_or(|&(_, mark)| at - mark >= MARK_EVERY_BYTES) {
            self.list.push((header.first, at));
        }
        (self.next, self.end) = (header.next(), at + header.bytes);
    }

    /// The last mark at or before an entry that the walk has reached.
    fn before(&self, index: u64) -> Option<(u64, u64)> {
        if index >= self.next {
            return None;
        }
        let after = self.list.partition_point(|&(first, _)| first <= index);
        self.list.get(after.checked_sub(1)?).copied()
    }
}
