//! Samples that nobody can cherry-pick: the draw.
//!
//! Whoever draws commits to the *frame* (which records, in which order), to how many are drawn and to the method,
//! before the seed exists; the seed is the root of a later checkpoint. Then the sample is a function of what
//! anybody can look up, and anybody can repeat it. In scope: the frame's digest and the draw. Out of scope: which
//! records a query means, whether the root is the right checkpoint's (the command line, an auditor), and whether
//! this review may use this sample (`ledger-rules`).
//!
//! # Method `srswor-sha256-v1`
//!
//! A simple random sample without replacement. Words of 64 bits come from SHA-256 in counter mode:
//!
//! ```text
//! block(c) = SHA-256( "scrutiny-ledger/srswor-sha256-v1\n" ‖ root ‖ frame digest ‖ u64 c )     c = 0, 1, 2, …
//! ```
//!
//! `root` and `frame digest` are 32 bytes each; numbers are big-endian; each block gives four words, first bytes
//! first. A number below `m` is the next word `w` modulo `m`, unless `w ≥ 2⁶⁴ − (2⁶⁴ mod m)`: such a word is passed
//! over, so that no number is likelier than another. The sample is what a Fisher–Yates shuffle of the positions
//! `0 … N−1` brings to the front: for `i = 0, 1, …, n−1`, the position at place `i` changes places with the one at
//! place `i +` (a number below `N − i`). So a sample of ten begins with the sample of nine from the same seed.
//!
//! With a root of 32 bytes `00`, and the frame `search/a-1` to `search/a-5`, whose digest is
//! `a4dab64c…`, a sample of three is the positions 0, 4 and 1: the first line of `tests/vectors/draws.csv`, which a program
//! of twenty lines in another language wrote from this description.
//!
//! # What it rests on
//!
//! Nobody must be able to choose the root after seeing where it leads. A person who draws cannot: others record
//! entries too, and the recorder puts its own clock into each. Whoever runs the recorder *and* records the entry
//! behind the frame could try many in secret. That is why the first published checkpoint counts and no later one,
//! and why checkpoints go to witnesses.

use std::collections::HashMap;

use ledger_core::hash::Hash;

/// The method's name, as a committed frame gives it.
pub const METHOD: &str = "srswor-sha256-v1";

const TAG: &[u8] = b"scrutiny-ledger/srswor-sha256-v1\n";

/// Records drawn at a time, at most: more than a group reviews in a year, and their streams fit one entry.
pub const MAX_DRAWN: u64 = 1_000;

/// Why nothing can be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// More than there are.
    #[error("{n} cannot be drawn from {frame_size} without drawing one twice")]
    TooMany {
        /// How many were asked for.
        n: u64,
        /// How many there are.
        frame_size: u64,
    },
    /// More than one entry holds.
    #[error("{0} are more than the {MAX_DRAWN} that can be drawn at a time")]
    TooManyAtOnce(u64),
    /// None.
    #[error("a sample has one record at least")]
    None,
}

/// The digest of a frame: SHA-256 over its streams in the order of the log, each ended by a newline.
#[must_use]
pub fn frame_digest<'a>(streams: impl IntoIterator<Item = &'a str>) -> Hash {
    let mut text = Vec::new();
    for stream in streams {
        text.extend_from_slice(stream.as_bytes());
        text.push(b'\n');
    }
    Hash::of(&text)
}

/// Draws `n` of the positions `0..frame_size`, without replacement, in the order of drawing.
///
/// # Errors
/// When there are fewer than `n`, or `n` is out of its bounds.
pub fn draw(root: &Hash, frame_digest: &Hash, frame_size: u64, n: u64) -> Result<Vec<u64>, DrawError> {
    match n {
        0 => return Err(DrawError::None),
        n if n > MAX_DRAWN => return Err(DrawError::TooManyAtOnce(n)),
        n if n > frame_size => return Err(DrawError::TooMany { n, frame_size }),
        _ => {}
    }
    let mut words = Words::new(root, frame_digest);
    // Only the places that were changed: a frame has millions of records, a sample some dozens.
    let mut moved: HashMap<u64, u64> = HashMap::new();
    let drawn = (0..n).map(|place| {
        let other = place + words.below(frame_size - place);
        let at_place = moved.get(&place).copied().unwrap_or(place);
        moved.insert(other, at_place).unwrap_or(other)
    });
    // When `other` is `place` itself, what was there is what is drawn, and what is left there is never asked for.
    Ok(drawn.collect())
}

struct Words {
    seed: Vec<u8>,
    counter: u64,
    block: [u8; 32],
    used: usize,
}

impl Words {
    fn new(root: &Hash, frame_digest: &Hash) -> Self {
        let mut seed = TAG.to_vec();
        seed.extend_from_slice(root.as_bytes());
        seed.extend_from_slice(frame_digest.as_bytes());
        Self { seed, counter: 0, block: [0; 32], used: 32 }
    }

    fn next(&mut self) -> u64 {
        if self.used == 32 {
            let input = [self.seed.as_slice(), &self.counter.to_be_bytes()].concat();
            self.block = *Hash::of(&input).as_bytes();
            (self.counter, self.used) = (self.counter + 1, 0);
        }
        let word = &self.block[self.used..self.used + 8];
        self.used += 8;
        u64::from_be_bytes(word.try_into().expect("eight bytes"))
    }

    /// A number below `m`, each equally likely. `m` is not 0.
    fn below(&mut self, m: u64) -> u64 {
        // 2⁶⁴ mod m words too many at the top end.
        let too_many = (u64::MAX % m + 1) % m;
        loop {
            // At most half of all words are passed over, so this ends.
            let word = self.next();
            if word <= u64::MAX - too_many {
                return word % m;
            }
        }
    }
}
