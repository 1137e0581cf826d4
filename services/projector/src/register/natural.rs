//! Numbers in names, in the order a person counts: 2 before 10.

use std::cmp::Ordering;
use std::fmt;

/// A part of a stream, ordered by number first where it is one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Natural(String);

impl Natural {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Words come after numbers, and a number's spelling decides between 7 and 07.
    fn key(&self) -> (u64, &str) {
        (self.0.parse().unwrap_or(u64::MAX), &self.0)
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Natural {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_comes_before_ten_and_words_after_numbers() {
        let mut names: Vec<_> = ["10", "b", "2", "a", "07", "7"].map(Natural::new).into();
        names.sort();
        let names: Vec<_> = names.iter().map(Natural::as_str).collect();
        assert_eq!(names, ["2", "07", "7", "10", "a", "b"]);
    }
}
