//! The last checkpoint seen of a force, kept beside its mirror, so that a mirror that is made anew is held to it.

use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::bounds::MAX_REMEMBERED_BYTES;
use crate::folder::replace;
use crate::note::Note;

/// What is remembered of a force's checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remembered {
    /// The last one.
    pub(crate) note: Note,
    /// When it was seen, milliseconds since the Unix epoch.
    pub(crate) seen_at_ms: u64,
    /// How many were consistent with the one before, in a row up to this one.
    pub(crate) consistent: u64,
    /// When the first of them was seen.
    pub(crate) since_ms: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    note: String,
    keys: Vec<String>,
    seen_at_ms: u64,
    consistent: u64,
    since_ms: u64,
}

impl Remembered {
    pub(crate) fn first(note: Note, now_ms: u64) -> Self {
        Self { note, seen_at_ms: now_ms, consistent: 0, since_ms: now_ms }
    }

    /// A later one, which was found to be consistent with this one.
    pub(crate) fn then(&self, note: Note, now_ms: u64) -> Self {
        Self { note, seen_at_ms: now_ms, consistent: self.consistent + 1, since_ms: self.since_ms }
    }

    /// Reads it back and checks its signatures again. `None` when nothing was remembered yet.
    ///
    /// # Errors
    /// When the file does not read: then somebody has to look, or what it said would be forgotten in silence.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, String> {
        let wrong =
            |why: String| format!("{}: {why}; when you know why, remove it and start again", path.display());
        match std::fs::metadata(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(wrong(e.to_string())),
            Ok(about) if about.len() > MAX_REMEMBERED_BYTES => {
                return Err(wrong("it is too long".to_owned()));
            }
            Ok(_) => {}
        }
        let text = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
        let file: File = serde_json::from_slice(&text).map_err(|e| wrong(e.to_string()))?;
        let File { note, keys, seen_at_ms, consistent, since_ms } = file;
        let note = Note::open(Bytes::from(note), &keys).map_err(wrong)?;
        Ok(Some(Self { note, seen_at_ms, consistent, since_ms }))
    }

    pub(crate) fn save(&self, path: &Path) -> std::io::Result<()> {
        let file = File {
            note: String::from_utf8_lossy(&self.note.bytes).into_owned(),
            keys: self.note.keys.clone(),
            seen_at_ms: self.seen_at_ms,
            consistent: self.consistent,
            since_ms: self.since_ms,
        };
        replace(path, &serde_json::to_vec_pretty(&file).expect("strings and numbers serialise"))
    }
}

#[cfg(test)]
mod tests {
    use ledger_core::checkpoint::LogSigner;
    use ledger_core::hash::Hash;
    use ledger_core::ids::TreeSize;

    use super::*;

    #[test]
    fn what_is_remembered_is_read_back_and_never_forgotten_in_silence() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("remembered").join("x.json");
        assert_eq!(Remembered::load(&path), Ok(None));
        let signer = LogSigner::new("ledger.example/x".parse().unwrap(), &[1; 32], &[2; 32]).unwrap();
        let bytes: Bytes = signer.sign(TreeSize(3), Hash::of(b"x")).unwrap().to_bytes().into();
        let note = Note::open(bytes, &signer.verifier().vkeys()).unwrap();
        let remembered = Remembered::first(note.clone(), 5).then(note, 9);
        remembered.save(&path).unwrap();
        assert_eq!(Remembered::load(&path), Ok(Some(remembered)));
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("\\n3\\n", "\\n2\\n")).unwrap();
        let refused = Remembered::load(&path).unwrap_err();
        assert!(refused.contains("x.json"), "{refused}");
    }
}
