//! Tiles: the tree's hashes and entries as immutable files (C2SP tlog-tiles).
//!
//! ```text
//! tile/<L>/<N>            256 hashes, 8,192 bytes; hash i of tile N on level L is the hash of the complete
//!                         subtree over leaves (N·256 + i)·256^L .. (N·256 + i + 1)·256^L
//! tile/<L>/<N>.p/<W>      the first W of them, 1 to 255: the right edge of a tree
//! tile/entries/<N>        an entry bundle (crate::bundle), .p/<W> as above
//!
//! L   0 to 63                    W   no leading zero
//! N   groups of three digits, all but the last after an "x":  5 → 005   1234067 → x001/x234/067
//!
//! A tree of 70,000 entries: tile/0/000 .. tile/0/272, tile/0/273.p/112,
//!                           tile/1/000, tile/1/001.p/17, tile/2/000.p/1
//! ```
//!
//! In scope: names, which tiles a growing tree needs, and reading hashes out of tiles. Out of scope: who
//! serves and stores them.

mod reader;

pub use reader::{TileError, TileReader};

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use crate::ids::TreeSize;
use crate::merkle::MemoryTree;
use crate::text::decimal;

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Levels of the tree in one tile: 2^8 = 256.
const TILE_HEIGHT: u8 = 8;

/// Bytes in a hash.
const HASH_BYTES: usize = 32;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes on this tile level, 0 to 63.
    Hashes(u8),
    /// Entries.
    Entries,
}

/// The name of a tile or entry bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    /// What it holds.
    pub kind: TileKind,
    /// 0-based position on its level.
    pub n: u64,
    /// Hashes or entries in it, 1 to 256.
    pub width: u16,
}

/// Not the path of a tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile or entry bundle: {0:?}")]
pub struct TilePathError(pub String);

impl TilePath {
    /// The tile of hashes `n` on `level`.
    #[must_use]
    pub fn hashes(level: u8, n: u64, width: u16) -> Self {
        Self { kind: TileKind::Hashes(level), n, width }
    }

    /// The entry bundle `n`.
    #[must_use]
    pub fn entries(n: u64, width: u16) -> Self {
        Self { kind: TileKind::Entries, n, width }
    }

    /// Whether it is on the right edge, to be replaced by a wider one.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.width < TILE_WIDTH
    }

    /// The full tile in the same place.
    #[must_use]
    pub fn full(self) -> Self {
        Self { width: TILE_WIDTH, ..self }
    }

    /// How wide this tile is in a tree of `size` entries; `None` where that tree has none.
    #[must_use]
    pub fn width_in(&self, size: TreeSize) -> Option<u16> {
        let level = match self.kind {
            TileKind::Hashes(level) => u32::from(level),
            TileKind::Entries => 0,
        };
        let on_level = size.0.checked_shr(level * u32::from(TILE_HEIGHT)).unwrap_or(0);
        let from = self.n.checked_mul(u64::from(TILE_WIDTH))?;
        let width = on_level.checked_sub(from)?.min(u64::from(TILE_WIDTH));
        u16::try_from(width).ok().filter(|&width| width > 0)
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => write!(f, "tile/entries/")?,
        }
        let mut divisor = 1;
        while self.n / divisor >= 1000 {
            divisor *= 1000;
        }
        while divisor > 1 {
            write!(f, "x{:03}/", self.n / divisor % 1000)?;
            divisor /= 1000;
        }
        write!(f, "{:03}", self.n % 1000)?;
        if self.is_partial() { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for TilePath {
    type Err = TilePathError;

    fn from_str(text: &str) -> Result<Self, TilePathError> {
        // Writing it again settles every question of leading zeros: a tile has one name.
        read_path(text)
            .filter(|path| path.to_string() == text)
            .ok_or_else(|| TilePathError(text.chars().take(100).collect()))
    }
}

fn read_path(text: &str) -> Option<TilePath> {
    let (kind, rest) = text.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => TileKind::Entries,
        level => TileKind::Hashes(decimal(level).and_then(|l| u8::try_from(l).ok()).filter(|&l| l <= 63)?),
    };
    let (digits, width) = match rest.split_once(".p/") {
        Some((digits, width)) => (digits, decimal(width).filter(|w| (1..=255).contains(w))?),
        None => (rest, u64::from(TILE_WIDTH)),
    };
    let (before, last) = digits.rsplit_once('/').map_or(("", digits), |(before, last)| (before, last));
    let mut n = group(last)?;
    let mut place: u64 = 1;
    for part in before.rsplit('/').filter(|_| !before.is_empty()) {
        place = place.checked_mul(1000)?;
        n = group(part.strip_prefix('x')?)?.checked_mul(place)?.checked_add(n)?;
    }
    Some(TilePath { kind, n, width: u16::try_from(width).ok()? })
}

fn group(text: &str) -> Option<u64> {
    let three_digits = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
    if three_digits { text.parse().ok() } else { None }
}

/// The tiles of hashes to write when a tree grows from `old` to `new` entries: each tile that is new or
/// wider, level by level, in order. Nothing when it does not grow.
#[must_use]
pub fn tiles_for(old: TreeSize, new: TreeSize) -> Vec<TilePath> {
    let mut tiles = Vec::new();
    for level in 0..=7 {
        let shift = level * TILE_HEIGHT;
        grown(TILE_HEIGHT, old.0 >> shift, new.0 >> shift, |n, width| {
            tiles.push(TilePath::hashes(level, n, width));
        });
    }
    tiles
}

/// The entry bundles to write when a tree grows from `old` to `new` entries.
#[must_use]
pub fn bundles_for(old: TreeSize, new: TreeSize) -> Vec<TilePath> {
    let mut bundles = Vec::new();
    grown(TILE_HEIGHT, old.0, new.0, |n, width| bundles.push(TilePath::entries(n, width)));
    bundles
}

/// Tells (n, width) of each tile of 2^`height` that changes when its level grows from `old` to `new`.
fn grown(height: u8, old: u64, new: u64, mut tell: impl FnMut(u64, u16)) {
    let full = 1u64 << height;
    let mut n = old >> height;
    while old < new && n * full < new {
        let width = (new - n * full).min(full);
        tell(n, u16::try_from(width).expect("a tile has 2^height hashes at most, and height is below 16"));
        n += 1;
    }
}

/// A tile's bytes from a tree in memory; `None` where the tree has no such tile, or it is no tile of hashes.
#[must_use]
pub fn tile_bytes(tree: &MemoryTree, path: &TilePath) -> Option<Bytes> {
    let TileKind::Hashes(level) = path.kind else { return None };
    let level = level.checked_mul(TILE_HEIGHT)?;
    let first = path.n.checked_mul(u64::from(TILE_WIDTH))?;
    let mut bytes = Vec::with_capacity(usize::from(path.width) * HASH_BYTES);
    for n in first..first + u64::from(path.width) {
        bytes.extend_from_slice(tree.get((level, n))?.as_bytes());
    }
    Some(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (old, new, tiles): golang/mod sumdb/tlog/tile_test.go, for tiles of 2^10 hashes.
    #[test]
    fn growth_agrees_with_go_for_tiles_of_1024() {
        let rows = [
            (1, 1, 0),
            (100, 101, 1),
            (1023, 1025, 3),
            (1024, 1030, 1),
            (1030, 2000, 1),
            (1030, 10000, 10),
            (49_516_517, 49_516_586, 3),
        ];
        for (old, new, tiles) in rows {
            let mut count = 0;
            for level in 0..6u32 {
                grown(10, old >> (10 * level), new >> (10 * level), |_, _| count += 1);
            }
            assert_eq!(count, tiles, "{old} -> {new}");
        }
    }

    #[test]
    fn a_tree_of_seventy_thousand_has_the_tiles_that_the_specification_lists() {
        let tiles = tiles_for(TreeSize(0), TreeSize(70_000));
        assert_eq!(tiles.len(), 277);
        let on = |level| tiles.iter().filter(move |t| t.kind == TileKind::Hashes(level));
        assert_eq!(on(0).filter(|t| !t.is_partial()).count(), 273);
        assert_eq!(on(0).next_back().map(ToString::to_string).as_deref(), Some("tile/0/273.p/112"));
        let upper: Vec<String> = on(1).chain(on(2)).map(ToString::to_string).collect();
        assert_eq!(upper, ["tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]);
    }

    #[test]
    fn a_tile_has_one_name() {
        for good in
            ["tile/0/005", "tile/3/x123/x456/078.p/2", "tile/entries/x001/x234/067", "tile/63/000.p/255"]
        {
            assert_eq!(good.parse::<TilePath>().expect(good).to_string(), good);
        }
        let bad = [
            "tile/64/000",
            "tile/00/000",
            "tile/0/5",
            "tile/0/x000/005",
            "tile/0/001/005",
            "tile/0/x001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/05",
            "tile/-1/000",
            "tile/data/000",
            "/tile/0/000",
            "tile/0/000/",
            "tile/0/",
            "tile/entries/x018/x446/x744/x073/x709/x551/616",
        ];
        for bad in bad {
            assert!(bad.parse::<TilePath>().is_err(), "{bad}");
        }
        let last = TilePath::entries(u64::MAX, TILE_WIDTH);
        assert_eq!(last.to_string().parse(), Ok(last));
    }
}
