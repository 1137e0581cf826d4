//! An export: a ledger as plain files that strangers' tools read (C2SP tlog-tiles and tlog-addenda).
//!
//! ```text
//! checkpoint                    the latest one
//! checkpoints/<size>            every checkpoint that was published, with the cosignatures it gathered
//! tile/<level>/<n>[.p/<width>]  hashes, 256 to a full tile
//! tile/entries/<n>[.p/<width>]  the entries, each behind its length in two bytes, big-endian
//! addenda.v1                    empty: every entry ends with an addenda index
//! addenda/ab/cd/<64 hex>        sealed content, when asked for; readable by its owner alone
//! withheld                      empty: the sealed content was left out on purpose
//! ```
//!
//! Only what a checkpoint covers is exported, and `checkpoint` is written last: whoever copies the folder
//! while it is written gets a whole older ledger or a whole newer one.
//!
//! Bringing an export up to date takes away what it may not hold any more: sealed content that was erased
//! since, and all of it when it is not asked for this time.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ledger_core::addendum::{AddendumPath, MARKER_PATH};
use ledger_core::bundle;
use ledger_core::entry::{Entry, EntryError};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::Frontier;
use ledger_core::tile::{TilePath, bundles_for};

use crate::{Reader, StoreError};

/// Entries or hashes in a full tile.
const TILE: usize = 256;

/// Levels of tiles in the largest tree there can be.
const LEVELS: usize = 8;

/// Who may read what is public, and who what is sealed: everybody, and the owner.
const PUBLIC: u32 = 0o644;
const SEALED: u32 = 0o600;

/// Why no export was written, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing is under a checkpoint yet.
    #[error("no checkpoint was published yet, so there is nothing that a stranger could verify")]
    NoCheckpoint,
    /// The ledger ends before its latest checkpoint does.
    #[error("entry {0} is missing")]
    Missing(EntryIndex),
    /// What stands at an index is no entry.
    #[error("entry {index}: {error}")]
    NotAnEntry {
        /// Which.
        index: EntryIndex,
        /// Why not.
        error: EntryError,
    },
    /// A full tile of an earlier export says something else: it is of another ledger, or was changed.
    #[error("{}: is there already and differs; export into an empty folder", .0.display())]
    Differs(PathBuf),
    /// A file cannot be written.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

/// What an export wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// Entries in the export.
    pub size: TreeSize,
    /// Root of their tree, as the checkpoint has it.
    pub root: Hash,
    /// Addenda copied.
    pub addenda: u64,
}

/// Writes an export, or brings an earlier one of the same ledger up to date. Files that are right already
/// are left alone; a full tile that is there and differs is an error, since full tiles never change.
///
/// # Errors
/// When the ledger cannot be read, no checkpoint was published yet, or the folder cannot be written.
pub fn export(
    reader: &Reader,
    to: &Path,
    with_addenda: bool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Exported, ExportError> {
    let (size, note) = reader.latest_checkpoint()?.ok_or(ExportError::NoCheckpoint)?;
    let out = Folder { root: to.to_owned() };
    let mut tiles = TileWriter { out: &out, levels: Default::default(), done: [0; LEVELS] };
    let mut frontier = Frontier::new();
    let mut addenda = 0;
    let may_hold_addenda = with_addenda || to.join("addenda").exists();
    let mut from = reader.entries(EntryIndex(0));
    for path in bundles_for(TreeSize(0), size) {
        let mut entries = Vec::with_capacity(usize::from(path.width));
        for _ in 0..path.width {
            let next = from.next().ok_or(ExportError::Missing(EntryIndex(frontier.size().0)))?;
            let (index, leaf, entry) = next?;
            if may_hold_addenda {
                addenda += out.addenda_of(reader, index, &entry, with_addenda)?;
            }
            tiles.push(&mut frontier, leaf)?;
            entries.push(entry);
        }
        let bytes = bundle::encode(&entries).expect("every entry of a ledger fits in a bundle");
        out.tile(&path, &bytes)?;
        progress(frontier.size().0, size.0);
    }
    tiles.finish()?;
    for kept in reader.checkpoint_sizes(TreeSize(0), usize::MAX) {
        if let Some(note) = reader.checkpoint(kept)? {
            out.file(&format!("checkpoints/{kept}"), &note)?;
        }
    }
    out.mark(MARKER_PATH, true)?;
    out.mark("withheld", !with_addenda)?;
    out.file("checkpoint", &note)?;
    Ok(Exported { size, root: frontier.root(), addenda })
}

/// Collects the hashes of each tile level and writes every tile once.
struct TileWriter<'a> {
    out: &'a Folder,
    levels: [Vec<u8>; LEVELS],
    done: [u64; LEVELS],
}

impl TileWriter<'_> {
    fn push(&mut self, frontier: &mut Frontier, leaf: Hash) -> Result<(), ExportError> {
        let mut full = Vec::new();
        frontier.push_each(leaf, |(level, _), hash| {
            if level % 8 == 0 {
                let row = &mut self.levels[usize::from(level / 8)];
                row.extend_from_slice(hash.as_bytes());
                if row.len() == TILE * 32 {
                    full.push(usize::from(level / 8));
                }
            }
        });
        for level in full {
            self.write(level)?;
            self.done[level] += 1;
            self.levels[level].clear();
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), ExportError> {
        for level in 0..LEVELS {
            if !self.levels[level].is_empty() {
                self.write(level)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, level: usize) -> Result<(), ExportError> {
        let row = &self.levels[level];
        let width = u16::try_from(row.len() / 32).expect("a tile has 256 hashes at most");
        let number = u8::try_from(level).expect("there are eight levels");
        self.out.tile(&TilePath::hashes(number, self.done[level], width), row)
    }
}

/// The export's folder.
struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Writes a tile. Older partial ones of the same place go away: they say less than this one.
    fn tile(&self, path: &TilePath, bytes: &[u8]) -> Result<(), ExportError> {
        let full = self.root.join(path.full().to_string());
        if path.is_partial() {
            let file = self.root.join(path.to_string());
            let folder = file.parent().expect("a partial tile is in a folder of its own").to_owned();
            if fs::read(&file).is_ok_and(|there| there == bytes) {
                return Ok(());
            }
            remove_dir(&folder)?;
            return self.file(&path.to_string(), bytes);
        }
        remove_dir(&full.with_extension("p"))?;
        match fs::read(&full) {
            Ok(there) if there == bytes => Ok(()),
            Ok(_) => Err(ExportError::Differs(full)),
            Err(_) => self.file(&path.to_string(), bytes),
        }
    }

    /// Copies the addenda that an entry commits to, or takes away what an earlier export left of them:
    /// those that were erased since, or all of them when none are `wanted`.
    fn addenda_of(
        &self,
        reader: &Reader,
        index: EntryIndex,
        entry: &Bytes,
        wanted: bool,
    ) -> Result<u64, ExportError> {
        let mut copied = 0;
        let entry = Entry::parse(entry).map_err(|error| ExportError::NotAnEntry { index, error })?;
        for commitment in &entry.statement.sealed {
            let name = AddendumPath(commitment.digest).to_string();
            let kept = if wanted { reader.addendum(&commitment.digest)? } else { None };
            match kept {
                Some(bytes) => {
                    self.write(&name, &bytes, SEALED)?;
                    copied += 1;
                }
                None => self.mark(&name, false)?,
            }
        }
        Ok(copied)
    }

    fn mark(&self, name: &str, there: bool) -> Result<(), ExportError> {
        if there {
            return self.file(name, b"");
        }
        match fs::remove_file(self.root.join(name)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(failed(&self.root.join(name), e)),
            _ => Ok(()),
        }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        self.write(name, bytes, PUBLIC)
    }

    /// Writes a file whole: beside its place first, then into it.
    fn write(&self, name: &str, bytes: &[u8], mode: u32) -> Result<(), ExportError> {
        let path = self.root.join(name);
        let fail = |e| failed(&path, e);
        let folder = path.parent().expect("every file of an export is in its folder");
        fs::create_dir_all(folder).map_err(fail)?;
        let mut aside = path.clone().into_os_string();
        aside.push(".new");
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(mode).open(&aside).map_err(fail)?;
        file.write_all(bytes).map_err(fail)?;
        fs::rename(&aside, &path).map_err(fail)
    }
}

fn remove_dir(folder: &Path) -> Result<(), ExportError> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(failed(folder, e)),
        _ => Ok(()),
    }
}

fn failed(path: &Path, error: io::Error) -> ExportError {
    ExportError::Io { path: path.to_owned(), error }
}
