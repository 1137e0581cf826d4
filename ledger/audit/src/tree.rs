//! The tree, grown from leaf hashes and compared with every tile on the way.
//!
//! Hash `i` of tile `n` on tile level `l` is finished when leaf `(256·n + i + 1)·256^l − 1` is pushed. It goes into
//! a row of at most 256 computed hashes for its level, beside the tile as the source has it; when the row is full,
//! or the log ends, the tile and every narrower copy of it have been compared, and the row starts anew.

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_core::merkle::Frontier;
use ledger_core::tile::{TILE_WIDTH, TilePath};

use crate::finding::{Code, Finding};
use crate::source::{Source, SourceError, Tile};

const HASH_BYTES: usize = 32;

/// Levels of the tree in one level of tiles.
const TILE_HEIGHT: u8 = 8;

/// A tree growing from the left, and what it is compared with.
pub(crate) struct Tree<'a> {
    source: &'a dyn Source,
    /// The size that the latest checkpoint states: it says how wide the last tiles are.
    size: Option<TreeSize>,
    frontier: Frontier,
    rows: Vec<Row>,
    pub(crate) tiles: u64,
    pub(crate) findings: Vec<Finding>,
    pub(crate) obstacles: Vec<String>,
}

/// One tile: what was computed, and what the source has.
#[derive(Default)]
struct Row {
    n: u64,
    computed: Vec<Hash>,
    served: Served,
    /// Position within the tile of the first hash that differs, and how many do.
    wrong: Option<(usize, u64)>,
}

#[derive(Default)]
enum Served {
    #[default]
    NotAsked,
    /// Not there, or of no use; said already where it had to be said.
    Nothing,
    Missing,
    Tile(TilePath, Bytes),
}

impl<'a> Tree<'a> {
    pub(crate) fn new(source: &'a dyn Source, size: Option<TreeSize>) -> Self {
        Self {
            source,
            size,
            frontier: Frontier::new(),
            rows: Vec::new(),
            tiles: 0,
            findings: Vec::new(),
            obstacles: Vec::new(),
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.frontier.size().0
    }

    pub(crate) fn root(&self) -> Hash {
        self.frontier.root()
    }

    pub(crate) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// What the source's tile says the next leaf hash is.
    pub(crate) fn stated_leaf(&mut self) -> Option<Hash> {
        self.row(0);
        self.stated(0)
    }

    /// Appends a leaf hash, and compares every hash that it finishes on the levels above the leaves.
    pub(crate) fn push(&mut self, leaf: Hash) {
        let mut finished = Vec::with_capacity(2);
        self.frontier.push_each(leaf, |(level, _), hash| {
            if level % TILE_HEIGHT == 0 {
                finished.push((usize::from(level / TILE_HEIGHT), hash));
            }
        });
        for (level, hash) in finished {
            self.row(level);
            let differs = self.stated(level).is_some_and(|stated| stated != hash);
            let row = &mut self.rows[level];
            // A leaf that differs from its tile has been told of by whoever pushed it.
            if differs && level > 0 {
                let (_, count) = row.wrong.get_or_insert((row.computed.len(), 0));
                *count += 1;
            }
            row.computed.push(hash);
            if row.computed.len() == usize::from(TILE_WIDTH) {
                self.close(level, false);
                self.rows[level] = Row { n: self.rows[level].n + 1, ..Row::default() };
            }
        }
    }

    /// The log ends here. `cut` is true when more entries should have followed: the last tiles were made for
    /// those.
    pub(crate) fn finish(&mut self, cut: bool) {
        for level in 0..self.rows.len() {
            if !self.rows[level].computed.is_empty() {
                self.close(level, cut);
            }
        }
    }

    /// Makes sure that the row of a level is there, with the source's tile beside it.
    fn row(&mut self, level: usize) {
        while self.rows.len() <= level {
            self.rows.push(Row::default());
        }
        if matches!(self.rows[level].served, Served::NotAsked) {
            self.rows[level].served = self.ask(level, self.rows[level].n);
        }
    }

    fn stated(&self, level: usize) -> Option<Hash> {
        let row = self.rows.get(level)?;
        let Served::Tile(_, bytes) = &row.served else { return None };
        let start = row.computed.len() * HASH_BYTES;
        bytes.get(start..start + HASH_BYTES).and_then(Hash::from_slice)
    }

    /// The tile of the width that the checkpoint implies; where that is gone the full one, or the widest.
    fn ask(&mut self, level: usize, n: u64) -> Served {
        let full = path(level, n, TILE_WIDTH);
        let mut widths: Vec<u16> = self.size.and_then(|size| full.width_in(size)).into_iter().collect();
        if !widths.contains(&TILE_WIDTH) {
            widths.push(TILE_WIDTH);
        }
        let mut served = self.first_of(full, &widths);
        if matches!(served, Served::Missing) {
            let widest = self.partials(full).into_iter().max();
            served = self.first_of(full, widest.as_slice());
        }
        served
    }

    fn first_of(&mut self, full: TilePath, widths: &[u16]) -> Served {
        for &width in widths {
            let path = TilePath { width, ..full };
            match self.read(path) {
                Some(Tile::Present(bytes)) => return Served::Tile(path, bytes),
                Some(Tile::Missing) => {}
                Some(Tile::NotKept) | None => return Served::Nothing,
            }
        }
        Served::Missing
    }

    /// A tile with as many bytes as its path says; `None` when that was told as a finding or an obstacle.
    fn read(&mut self, path: TilePath) -> Option<Tile> {
        let expected = usize::from(path.width) * HASH_BYTES;
        match self.source.tile(&path) {
            Ok(Tile::Present(bytes)) if bytes.len() != expected => {
                let sentence = format!("{path} has {} bytes and should have {expected}", bytes.len());
                let finding = Finding::new(Code::Tile, sentence).about(path);
                self.findings.push(finding.expected(expected, bytes.len()));
                None
            }
            Ok(tile) => Some(tile),
            Err(e) => {
                self.unread(path, e);
                None
            }
        }
    }

    fn partials(&mut self, full: TilePath) -> Vec<u16> {
        self.source.partials(&full).unwrap_or_else(|e| {
            self.unread(full, e);
            Vec::new()
        })
    }

    fn unread(&mut self, path: TilePath, error: SourceError) {
        match error {
            SourceError::Damaged { .. } => {
                self.findings.push(Finding::new(Code::Tile, error.to_string()).about(path));
            }
            SourceError::Unreachable { .. } => self.obstacles.push(error.to_string()),
        }
    }

    /// Everything that a tile holds has been computed.
    fn close(&mut self, level: usize, cut: bool) {
        let row = std::mem::take(&mut self.rows[level]);
        let full = path(level, row.n, TILE_WIDTH);
        let used = match &row.served {
            Served::Tile(path, bytes) => {
                self.tiles += 1;
                self.check_served(&row, *path, bytes);
                Some(path.width)
            }
            Served::Missing => {
                self.check_missing(full, &row, cut);
                None
            }
            Served::NotAsked | Served::Nothing => None,
        };
        for width in self.partials(full) {
            if Some(width) != used && usize::from(width) <= row.computed.len() {
                self.check_copy(TilePath { width, ..full }, &row.computed);
            }
        }
        self.rows[level] = row;
    }

    fn check_served(&mut self, row: &Row, path: TilePath, bytes: &[u8]) {
        if let Some((first, count)) = row.wrong {
            self.findings.push(wrong_tile(path, &row.computed, bytes, first, count));
        }
        let implied = self.size.and_then(|size| path.full().width_in(size)).map_or(0, usize::from);
        let has = usize::from(path.width);
        let needed = row.computed.len().min(implied);
        if has < needed {
            let sentence = format!("{path} is there, and a tile of {needed} hashes should be");
            self.findings.push(Finding::new(Code::TileMissing, sentence).about(path).expected(needed, has));
        }
    }

    fn check_missing(&mut self, full: TilePath, row: &Row, cut: bool) {
        let partial = row.computed.len() < usize::from(TILE_WIDTH);
        let width = match self.size {
            // Entries that no checkpoint covers yet need no tile.
            Some(size) => full.width_in(size),
            None => u16::try_from(row.computed.len()).ok(),
        };
        if let Some(width) = width.filter(|_| !(cut && partial)) {
            let path = TilePath { width, ..full };
            self.findings.push(Finding::new(Code::TileMissing, format!("{path} is missing")).about(path));
        }
    }

    /// A narrower copy of a tile, left from when the tree was smaller.
    fn check_copy(&mut self, path: TilePath, computed: &[Hash]) {
        let Some(Tile::Present(bytes)) = self.read(path) else { return };
        self.tiles += 1;
        let differs = |(i, hash): &(usize, &Hash)| bytes[i * HASH_BYTES..(i + 1) * HASH_BYTES] != hash.0;
        let mut wrong = computed.iter().take(usize::from(path.width)).enumerate().filter(differs);
        if let Some((first, _)) = wrong.next() {
            let count = 1 + wrong.count() as u64;
            self.findings.push(wrong_tile(path, computed, &bytes, first, count));
        }
    }
}

fn path(level: usize, n: u64, width: u16) -> TilePath {
    TilePath::hashes(u8::try_from(level).expect("a tree has eight levels of tiles"), n, width)
}

fn wrong_tile(path: TilePath, computed: &[Hash], bytes: &[u8], first: usize, count: u64) -> Finding {
    let found = Hash::from_slice(&bytes[first * HASH_BYTES..(first + 1) * HASH_BYTES])
        .expect("a tile's length is checked when it is read");
    let more = if count > 1 { format!("; {count} of its hashes differ") } else { String::new() };
    let sentence = format!("{path}: hash {first} is not the one that the entries give{more}");
    Finding::new(Code::Tile, sentence).about(path).expected(computed[first], found)
}
