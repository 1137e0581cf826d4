//! The free-space watermark: new work is refused while there is still room to finish what was begun.

use std::fs;
use std::path::Path;

use crate::error::StoreError;

/// Refuses when fewer than `watermark` bytes would stay free after `more` bytes were written.
pub(crate) fn check(ledger: &Path, watermark: u64, more: u64) -> Result<(), StoreError> {
    let needed = watermark + more;
    let free = free(ledger)?;
    if free < needed { Err(StoreError::DiskFull { free, needed }) } else { Ok(()) }
}

/// Bytes that this process may still write.
pub(crate) fn free(ledger: &Path) -> Result<u64, StoreError> {
    let space = rustix::fs::statvfs(ledger);
    let space = space.map_err(|e| StoreError::io("asking for free space on", ledger)(e.into()))?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Bytes that the files in a folder have, those in its folders too.
pub(crate) fn used(dir: &Path) -> u64 {
    let Ok(items) = fs::read_dir(dir) else { return 0 };
    let one = |path: &Path| match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => used(path),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    items.flatten().map(|item| one(&item.path())).sum()
}
