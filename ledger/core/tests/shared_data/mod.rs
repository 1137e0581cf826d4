//! Where the test data lies, beside the workspace.

use std::path::PathBuf;

/// A file of the data folder; `None`, said loudly, when this machine does not have it.
pub(crate) fn file(relative: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(relative);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {relative} is not in ../shared/data");
    None
}
