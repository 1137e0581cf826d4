//! What tells a mirror's folder from a ledger that lost its addenda: sealed content never travels with the entries.

use std::path::Path;

use crate::error::StoreError;
use crate::segments::sync_dir;

const NAME: &str = "mirror";

const TEXT: &str = "This folder is a mirror of somebody else's ledger: its entries and checkpoints.\n\
                    Sealed content (addenda) stays with whoever recorded it and is never here.\n";

/// Marks a folder as a mirror's. Whoever reads it then takes addenda as withheld, as long as there are none.
///
/// # Errors
/// When it cannot be written.
pub fn mark_as_mirror(ledger: &Path) -> Result<(), StoreError> {
    let path = ledger.join(NAME);
    if !path.exists() {
        std::fs::write(&path, TEXT).map_err(StoreError::io("marking", &path))?;
        sync_dir(ledger)?;
    }
    Ok(())
}

/// Whether the folder is marked and holds no addendum: one that holds any is no mirror, whatever it says.
pub(crate) fn is_mirror(ledger: &Path) -> bool {
    let addenda = std::fs::read_dir(ledger.join("addenda")).is_ok_and(|mut found| found.next().is_some());
    ledger.join(NAME).exists() && !addenda
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_folder_is_a_mirror_only_while_it_holds_no_addendum() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_mirror(dir.path()));
        mark_as_mirror(dir.path()).unwrap();
        assert!(is_mirror(dir.path()));
        std::fs::create_dir_all(dir.path().join("addenda/ab")).unwrap();
        assert!(!is_mirror(dir.path()));
    }
}
