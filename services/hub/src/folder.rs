//! Where everything of one force lies, in the hub's folder.
//!
//! ```text
//! <folder>/
//!   mirrors/<force>/              its mirror: a plain ledger folder, which every command reads
//!   remembered/<force>.json       the last checkpoint seen, with the keys it was checked against
//!   evidence/<force>/fork-<n>.txt two notes that cannot both be true; n is the size of the smaller one
//!   policies/<force>.policy       the log's keys, as `scrutiny policy` prints them; put there by the operator
//! ```
//!
//! **Trust.** Whoever can write to `remembered` can make the hub forget what it saw, or cry wolf; whoever can write to
//! `policies` decides which keys are believed; whoever can write to `mirrors` is found out when a mirror is opened or
//! compared. A mirror may be thrown away at any time: the hub makes it again, and compares it with what it remembers.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use host::bus::names::Force;
use ledger_core::ids::TreeSize;

/// The places of one force.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(crate) mirror: PathBuf,
    pub(crate) remembered: PathBuf,
    pub(crate) policy: PathBuf,
    evidence: PathBuf,
}

impl Folder {
    pub(crate) fn of(force: &Force, root: &Path, policies: &Path) -> Self {
        let name = force.as_str();
        Self {
            mirror: root.join("mirrors").join(name),
            remembered: root.join("remembered").join(format!("{name}.json")),
            policy: policies.join(format!("{name}.policy")),
            evidence: root.join("evidence").join(name),
        }
    }

    /// The file for the evidence of a fork at this size.
    pub(crate) fn evidence_of(&self, size: TreeSize) -> PathBuf {
        self.evidence.join(format!("fork-{size}.txt"))
    }

    /// The evidence that was found so far: the file of the smallest size.
    pub(crate) fn evidence(&self) -> Option<PathBuf> {
        let size = |path: &PathBuf| -> Option<u64> {
            path.file_name()?.to_str()?.strip_prefix("fork-")?.strip_suffix(".txt")?.parse().ok()
        };
        let files = fs::read_dir(&self.evidence).ok()?.filter_map(|file| Some(file.ok()?.path()));
        files.filter(|path| size(path).is_some()).min_by_key(size)
    }
}

/// Replaces a file as a whole: after a crash there is the old one or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(folder)?.sync_all()
}
