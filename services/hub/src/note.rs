//! A checkpoint whose signatures were checked here, with the keys that it was checked against.

use bytes::Bytes;
use ledger_core::checkpoint::{LogVerifier, SignedCheckpoint};
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;

/// A note that the log signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its size.
    pub size: TreeSize,
    /// Its root.
    pub root: Hash,
    /// The very bytes.
    pub bytes: Bytes,
    /// The log's keys at that size, in vkey form.
    pub keys: Vec<String>,
}

impl Note {
    /// Checks a note against the log's keys.
    ///
    /// # Errors
    /// When it is no checkpoint, or not signed by every one of these keys.
    pub fn open(bytes: Bytes, keys: &[String]) -> Result<Self, String> {
        let log = LogVerifier::from_vkeys(keys).map_err(|e| e.to_string())?;
        let opened = SignedCheckpoint::parse(&bytes).and_then(|note| note.open(&log));
        let checkpoint = opened.map_err(|e| e.to_string())?;
        Ok(Self { size: checkpoint.size, root: checkpoint.root, bytes, keys: log.vkeys() })
    }

    /// Which log it is of.
    #[must_use]
    pub fn origin(&self) -> String {
        let note = SignedCheckpoint::parse(&self.bytes).expect("it was parsed when it was opened");
        note.claimed_origin().to_string()
    }
}
