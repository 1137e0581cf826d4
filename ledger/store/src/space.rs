//! The free-space watermark: new work is refused while there is still room to finish what was begun.

use std::path::Path;

use crate::error::StoreError;

/// Refuses when fewer than `watermark` bytes would stay free after `more` bytes were written.
pub(crate) fn check(ledger: &Path, watermark: u64, more: u64) -> Result<(), StoreError> {
    let needed = watermark + more;
    let space = rustix::fs::statvfs(ledger)
        .map_err(|e| StoreError::io("asking for free space on", ledger)(e.into()))?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    if free < needed { Err(StoreError::DiskFull { free, needed }) } else { Ok(()) }
}
