//! What a checkpoint note states, read without opening its signatures.
//!
//! The store keeps checkpoints for whoever can verify them; all it needs to know itself is which tree a note
//! speaks of. Verifying is the recorder's and the auditor's work (`ledger_core::checkpoint`).

use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;

/// The signed text of a note, its size and its root; `None` when it is no checkpoint (C2SP tlog-checkpoint).
pub(crate) fn stated(note: &[u8]) -> Option<(&str, TreeSize, Hash)> {
    let note = std::str::from_utf8(note).ok()?;
    let text = &note[..note.rfind("\n\n")? + 1];
    let mut lines = text.lines();
    let _origin = lines.next().filter(|origin| !origin.is_empty())?;
    let size = lines.next()?;
    if size.len() > 1 && size.starts_with('0') || !size.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let root = Hash::from_base64(lines.next()?)?;
    Some((text, TreeSize(size.parse().ok()?), root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_and_root_are_read_and_anything_else_is_no_checkpoint() {
        let note = "ledger.example/test\n5\nGqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCw=\n\n— ledger.example/test eoZA\n";
        let (text, size, root) = stated(note.as_bytes()).unwrap();
        assert_eq!((size.0, root.to_string().as_str()), (5, "GqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCw="));
        assert!(note.starts_with(text) && text.ends_with("=\n"));
        for bad in ["", "x\n05\nGqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCw=\n\n", "x\n5\nGqa=\n\n", "x\n\n"]
        {
            assert_eq!(stated(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
