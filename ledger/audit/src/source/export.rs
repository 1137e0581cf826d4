//! An export: a whole ledger as plain files, in the layout of C2SP tlog-tiles and tlog-addenda.
//!
//! ```text
//! checkpoint                    the latest checkpoint, a signed note
//! checkpoints/<size>            every checkpoint ever published, by its size in decimal
//! tile/<L>/<N>[.p/<W>]          tiles of hashes
//! tile/entries/<N>[.p/<W>]      entry bundles
//! addenda/ab/cd/<64 hex>        sealed fields that were neither erased nor withheld
//! addenda.v1                    empty: every entry ends with an addenda index
//! withheld                      empty; there when the addenda were left out on purpose
//! ```
//!
//! A published log that only serves tlog-tiles reads the same way: what it does not have is not missed.

use bytes::Bytes;
use ledger_core::addendum::{AddendumPath, MARKER_PATH};
use ledger_core::bundle;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::limits::{MAX_ADDENDUM_BYTES, MAX_NOTE_BYTES};
use ledger_core::tile::{TILE_WIDTH, TileKind, TilePath};

use super::{AddendaPolicy, Checkpoints, Files, Item, Kept, Presence, Source, SourceError, Tile};

/// Bytes in an entry bundle: 256 entries of 65,535 bytes, each after a length of 2.
const MAX_BUNDLE_BYTES: usize = 256 * 65_537;

/// Bytes in a tile of 256 hashes.
const MAX_TILE_BYTES: usize = 256 * 32;

/// Folders within folders: `tile/entries/` and the seven groups of digits that 2^62 entries need.
const MAX_DEPTH: usize = 12;

const WITHHELD_MARKER: &str = "withheld";

/// A ledger in files.
#[derive(Debug)]
pub struct Export<F> {
    files: F,
    /// Sizes of the checkpoints kept, ascending.
    kept: Vec<TreeSize>,
    /// The last bundle: its full path, and how wide it is. `None` when there are no entries.
    last: Option<TilePath>,
    /// True when the place can list its folders.
    lists: bool,
    /// The checkpoint as it was on opening, where the place cannot list its folders: it said what the last
    /// bundle is called, and a log that grows meanwhile serves another.
    opened_at: Option<Bytes>,
    withheld: bool,
}

impl<F: Files> Export<F> {
    /// Looks at what there is: which checkpoints, how many bundles, and whether the addenda are withheld.
    ///
    /// # Errors
    /// When the place does not answer.
    pub fn open(files: F) -> Result<Self, SourceError> {
        let lists = files.list("")?.is_some();
        let withheld = files.read(WITHHELD_MARKER, MAX_NOTE_BYTES).is_ok_and(|found| found.is_some());
        let mut export = Self { files, kept: Vec::new(), last: None, lists, opened_at: None, withheld };
        if lists {
            export.kept = export.kept_sizes()?;
            export.last = export.last_bundle()?;
        } else {
            export.opened_at = export.read("checkpoint", MAX_NOTE_BYTES)?;
            export.last = export.opened_at.as_deref().and_then(last_bundle_by_checkpoint);
        }
        Ok(export)
    }

    fn kept_sizes(&self) -> Result<Vec<TreeSize>, SourceError> {
        let items = self.files.list("checkpoints")?.unwrap_or_default();
        let mut sizes: Vec<TreeSize> = items.iter().filter_map(|item| size_name(&item.name)).collect();
        sizes.sort_unstable();
        Ok(sizes)
    }

    fn last_bundle(&self) -> Result<Option<TilePath>, SourceError> {
        let mut last: Option<TilePath> = None;
        self.walk("tile/entries", 0, &mut |path| {
            if let Ok(path) = path.parse::<TilePath>() {
                last = last.max(Some(path));
            }
        })?;
        Ok(last)
    }

    /// Tells the path of every file below a folder.
    fn walk(&self, folder: &str, depth: usize, tell: &mut dyn FnMut(&str)) -> Result<(), SourceError> {
        let mut items = self.files.list(folder)?.unwrap_or_default();
        items.sort_by(|a, b| a.name.cmp(&b.name));
        for item in items {
            let path = if folder.is_empty() { item.name } else { format!("{folder}/{}", item.name) };
            if item.is_folder && depth < MAX_DEPTH {
                self.walk(&path, depth + 1, tell)?;
            } else {
                tell(&path);
            }
        }
        Ok(())
    }

    fn read(&self, path: &str, limit: usize) -> Result<Option<Bytes>, SourceError> {
        self.files.read(path, limit)
    }

    /// The widest bundle at this place.
    fn bundle_at(&self, n: u64) -> Result<Vec<Bytes>, SourceError> {
        let full = TilePath::entries(n, TILE_WIDTH);
        if let Some(bytes) = self.read(&full.to_string(), MAX_BUNDLE_BYTES)? {
            return parse_bundle(full, &bytes);
        }
        let widest = match self.last.filter(|last| last.n == n) {
            Some(last) => Some(last.width),
            None => self.partials(&full)?.into_iter().max(),
        };
        let path = TilePath { width: widest.unwrap_or(TILE_WIDTH), ..full };
        match self.read(&path.to_string(), MAX_BUNDLE_BYTES)? {
            Some(bytes) => parse_bundle(path, &bytes),
            None => Err(damaged(path.to_string(), "the bundle is missing")),
        }
    }

    /// What is wrong with a file in its place, if anything is; `None` also for addenda, which are told apart.
    fn problem_with(&self, path: &str, size: TreeSize) -> Option<&'static str> {
        if let Ok(tile) = path.parse::<TilePath>() {
            let width = tile.width_in(size).unwrap_or(0);
            return (tile.width > width).then_some("it lies beyond the end of the tree");
        }
        match path {
            "checkpoint" => None,
            MARKER_PATH | WITHHELD_MARKER => {
                let is_empty = self.read(path, 0).is_ok_and(|found| found.is_some());
                (!is_empty).then_some("this marker must be an empty file")
            }
            _ => match path.strip_prefix("checkpoints/") {
                Some(name) if size_name(name).is_some() => None,
                _ => Some("no ledger has a file of this name"),
            },
        }
    }
}

impl<F: Files> Source for Export<F> {
    fn name(&self) -> String {
        self.files.name()
    }

    fn checkpoint(&self) -> Result<Option<Bytes>, SourceError> {
        match &self.opened_at {
            Some(note) => Ok(Some(note.clone())),
            None => self.read("checkpoint", MAX_NOTE_BYTES),
        }
    }

    fn checkpoints(&self) -> Checkpoints<'_> {
        Box::new(self.kept.iter().map(|&size| {
            let what = format!("checkpoints/{size}");
            match self.read(&what, MAX_NOTE_BYTES)? {
                Some(note) => Ok(Kept { size, note }),
                None => Err(damaged(what, "it is no file")),
            }
        }))
    }

    fn entries(&self, from: EntryIndex, limit: usize) -> Result<Vec<Bytes>, SourceError> {
        let width = u64::from(TILE_WIDTH);
        let (n, skip) = (from.0 / width, usize::try_from(from.0 % width).expect("a remainder below 256"));
        let Some(last) = self.last.filter(|last| n <= last.n) else { return Ok(Vec::new()) };
        let entries = self.bundle_at(n)?;
        if skip >= entries.len() && n < last.n {
            let problem = format!("the bundle has {} entries and is not the last one", entries.len());
            return Err(damaged(TilePath::entries(n, TILE_WIDTH).to_string(), problem));
        }
        Ok(entries.into_iter().skip(skip).take(limit).collect())
    }

    fn tile(&self, path: &TilePath) -> Result<Tile, SourceError> {
        let limit = match path.kind {
            TileKind::Hashes(_) => MAX_TILE_BYTES,
            TileKind::Entries => MAX_BUNDLE_BYTES,
        };
        Ok(self.read(&path.to_string(), limit)?.map_or(Tile::Missing, Tile::Present))
    }

    fn partials(&self, path: &TilePath) -> Result<Vec<u16>, SourceError> {
        if !self.lists {
            return Ok(Vec::new());
        }
        let full = path.full();
        let items = self.files.list(&format!("{full}.p"))?.unwrap_or_default();
        let mut widths: Vec<u16> = items
            .iter()
            .filter_map(|item| format!("{full}.p/{}", item.name).parse::<TilePath>().ok())
            .map(|path| path.width)
            .collect();
        widths.sort_unstable();
        Ok(widths)
    }

    fn addenda_policy(&self) -> AddendaPolicy {
        if self.withheld { AddendaPolicy::Withheld } else { AddendaPolicy::Served }
    }

    fn addendum(&self, digest: &Hash) -> Result<Presence, SourceError> {
        let found = self.read(&AddendumPath(*digest).to_string(), MAX_ADDENDUM_BYTES)?;
        Ok(found.map_or(Presence::Absent, Presence::Present))
    }

    fn inventory(&self, size: TreeSize, tell: &mut dyn FnMut(Item)) -> Result<(), SourceError> {
        let mut marked = false;
        self.walk("", 0, &mut |path| {
            marked |= path == MARKER_PATH;
            if let Ok(AddendumPath(digest)) = path.parse() {
                tell(Item::Addendum(digest));
            } else if let Some(problem) = self.problem_with(path, size) {
                tell(Item::Stray(path.to_owned(), problem));
            }
        })?;
        if self.lists && !marked {
            tell(Item::Stray(MARKER_PATH.to_owned(), "the marker is missing"));
        }
        Ok(())
    }
}

fn parse_bundle(path: TilePath, bytes: &Bytes) -> Result<Vec<Bytes>, SourceError> {
    bundle::parse_exact(bytes, path.width).map_err(|e| damaged(path.to_string(), e.to_string()))
}

fn damaged(what: String, problem: impl Into<String>) -> SourceError {
    SourceError::Damaged { what, problem: problem.into() }
}

/// A checkpoint's file name: its size in decimal, one name for each size.
fn size_name(name: &str) -> Option<TreeSize> {
    let size = name.parse::<u64>().ok()?;
    (size.to_string() == name).then_some(TreeSize(size))
}

/// What the last bundle of a log is called, by the size that its checkpoint claims.
fn last_bundle_by_checkpoint(note: &[u8]) -> Option<TilePath> {
    let size = ledger_core::checkpoint::SignedCheckpoint::parse(note).ok()?.claimed_size();
    let path = TilePath::entries(size.0.checked_sub(1)? / u64::from(TILE_WIDTH), TILE_WIDTH);
    path.width_in(size).map(|width| TilePath { width, ..path })
}
