//! Which checkpoints there are, and the checks before one is kept. Where their bytes lie is the caller's.

use std::collections::BTreeMap;

use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};

use crate::checkpoint_text::stated;
use crate::error::StoreError;

/// Sizes of all checkpoints, with where each note is to be found (`At`: a record number, or the note).
#[derive(Debug, Clone)]
pub(crate) struct Checkpoints<At> {
    by_size: BTreeMap<u64, Kept<At>>,
}

#[derive(Debug, Clone)]
struct Kept<At> {
    published: At,
    /// Served instead of the published note once there is one.
    cosigned: Option<At>,
}

/// What to do with a note that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is new: keep it.
    Keep,
    /// The very same note is there.
    AlreadyKept,
}

impl<At> Checkpoints<At> {
    pub(crate) fn new() -> Self {
        Self { by_size: BTreeMap::new() }
    }

    pub(crate) fn publish(&mut self, size: TreeSize, at: At) {
        self.by_size.entry(size.0).or_insert(Kept { published: at, cosigned: None });
    }

    pub(crate) fn cosign(&mut self, size: TreeSize, at: At) {
        if let Some(kept) = self.by_size.get_mut(&size.0) {
            kept.cosigned = Some(at);
        }
    }

    pub(crate) fn published(&self, size: TreeSize) -> Option<&At> {
        self.by_size.get(&size.0).map(|kept| &kept.published)
    }

    pub(crate) fn served(&self, size: TreeSize) -> Option<&At> {
        self.by_size.get(&size.0).map(Kept::served)
    }

    pub(crate) fn latest(&self) -> Option<(TreeSize, &At)> {
        self.by_size.last_key_value().map(|(&size, kept)| (TreeSize(size), kept.served()))
    }

    pub(crate) fn covering(&self, index: EntryIndex) -> Option<(TreeSize, &At)> {
        let from = index.0.checked_add(1)?;
        self.by_size.range(from..).next().map(|(&size, kept)| (TreeSize(size), kept.served()))
    }

    pub(crate) fn sizes(&self, from: TreeSize, limit: usize) -> Vec<TreeSize> {
        self.by_size.range(from.0..).take(limit).map(|(&size, _)| TreeSize(size)).collect()
    }
}

impl<At> Kept<At> {
    fn served(&self) -> &At {
        self.cosigned.as_ref().unwrap_or(&self.published)
    }
}

/// May this note be published? `present` is what is kept under its size, `root` the tree's at that size.
pub(crate) fn check_published(
    size: TreeSize,
    note: &[u8],
    root: Hash,
    present: Option<&[u8]>,
) -> Result<Verdict, StoreError> {
    let bad = |problem| StoreError::BadCheckpoint { size, problem };
    let (_, stated_size, stated_root) = stated(note).ok_or_else(|| bad("it is not a checkpoint note"))?;
    if stated_size != size {
        return Err(bad("its text states another size"));
    }
    if stated_root != root {
        return Err(bad("its text states another root than this tree has"));
    }
    match present {
        None => Ok(Verdict::Keep),
        Some(present) if present == note => Ok(Verdict::AlreadyKept),
        Some(_) => Err(bad("another note of this size was published")),
    }
}

/// May this note be served in place of the published one? Only signature lines may differ.
pub(crate) fn check_cosigned(
    size: TreeSize,
    note: &[u8],
    published: Option<&[u8]>,
    served: Option<&[u8]>,
) -> Result<Verdict, StoreError> {
    let bad = |problem| StoreError::BadCheckpoint { size, problem };
    let (text, ..) = stated(note).ok_or_else(|| bad("it is not a checkpoint note"))?;
    let published = published.ok_or_else(|| bad("no checkpoint of this size was published"))?;
    if stated(published).map(|(text, ..)| text) != Some(text) {
        return Err(bad("its text is not that of the published one"));
    }
    Ok(if served == Some(note) { Verdict::AlreadyKept } else { Verdict::Keep })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosigned_note_is_served_and_the_published_one_stays() {
        let mut checkpoints = Checkpoints::new();
        checkpoints.publish(TreeSize(3), "published");
        checkpoints.publish(TreeSize(7), "later");
        checkpoints.cosign(TreeSize(3), "cosigned");
        assert_eq!(checkpoints.served(TreeSize(3)), Some(&"cosigned"));
        assert_eq!(checkpoints.published(TreeSize(3)), Some(&"published"));
        assert_eq!(checkpoints.covering(EntryIndex(2)), Some((TreeSize(3), &"cosigned")));
        assert_eq!(checkpoints.covering(EntryIndex(3)), Some((TreeSize(7), &"later")));
        assert_eq!(checkpoints.covering(EntryIndex(7)), None);
        assert_eq!(checkpoints.sizes(TreeSize(4), 9), [TreeSize(7)]);
    }
}
