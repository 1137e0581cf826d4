//! The snapshot: derived state that saves a replay. Safe to lose, so damage to it is only reported.
//!
//! ```text
//!  0      3    4        12        20
//! ┌────────┬────┬────────┬─────────┬─────────┬─────────────────────┐
//! │ "SLN"  │ 01 │ size   │ n       │ n bytes │ SHA-256(all before) │   numbers big-endian
//! └────────┴────┴────────┴─────────┴─────────┴─────────────────────┘
//! ```

use std::fs;
use std::io;
use std::path::Path;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;

use crate::error::StoreError;
use crate::journal::replace_file;

const MAGIC: [u8; 4] = *b"SLN\x01";
const HEADER_BYTES: usize = 20;
const TRAILER_BYTES: usize = 32;

/// Writes the snapshot; what was there before stays until the new one is whole.
pub(crate) fn save(path: &Path, size: TreeSize, state: &[u8]) -> Result<(), StoreError> {
    let mut out = Vec::with_capacity(HEADER_BYTES + state.len() + TRAILER_BYTES);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&size.0.to_be_bytes());
    out.extend_from_slice(&(state.len() as u64).to_be_bytes());
    out.extend_from_slice(state);
    let trailer = Hash::of(&out);
    out.extend_from_slice(&trailer.0);
    replace_file(path, &out)
}

/// Reads the snapshot; `Ok(None)` when there is none.
///
/// # Errors
/// Says what is wrong with one that cannot be used.
pub(crate) fn load(path: &Path) -> Result<Option<(TreeSize, Bytes)>, String> {
    let content = match fs::read(path) {
        Ok(content) => Bytes::from(content),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e.to_string()),
    };
    let end = content.len().checked_sub(TRAILER_BYTES).filter(|&end| end >= HEADER_BYTES);
    let end = end.ok_or("it is too short")?;
    if content[..4] != MAGIC {
        return Err("it is of another format".into());
    }
    if Hash::of(&content[..end]).0 != content[end..] {
        return Err("its hash does not match".into());
    }
    let word = |at: usize| u64::from_be_bytes(content[at..at + 8].try_into().expect("eight bytes"));
    if word(12) != (end - HEADER_BYTES) as u64 {
        return Err("its length does not match".into());
    }
    Ok(Some((TreeSize(word(4)), content.slice(HEADER_BYTES..end))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_with_any_byte_flipped_is_not_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("snapshot");
        assert_eq!(load(&path), Ok(None));
        save(&path, TreeSize(7), b"state").unwrap();
        assert_eq!(load(&path), Ok(Some((TreeSize(7), Bytes::from_static(b"state")))));
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 4;
            fs::write(&path, bad).unwrap();
            assert!(load(&path).is_err(), "byte {at}");
        }
    }
}
