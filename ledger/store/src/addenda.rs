//! Addenda: the sealed fields of entries, one plain file each, named by the SHA-256 of its content.
//!
//! `addenda/ab/cd/<64 hexadecimal digits>`, the path under which C2SP tlog-addenda serves them. There is one
//! copy only, on purpose: erasing must leave nothing behind. They are readable by their owner alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ledger_core::hash::Hash;

use crate::error::{Finding, StoreError};
use crate::segments::sync_dir;

/// The folder of addenda.
#[derive(Debug, Clone)]
pub(crate) struct Addenda {
    dir: PathBuf,
}

impl Addenda {
    pub(crate) fn new(ledger: &Path) -> Self {
        Self { dir: ledger.join("addenda") }
    }

    /// Writes an addendum; durable when it returns. The name appears only once the content is on disk.
    pub(crate) fn put(&self, digest: &Hash, addendum: &[u8]) -> Result<(), StoreError> {
        let path = self.path(digest);
        let got = Hash::of(addendum);
        if got != *digest {
            return Err(StoreError::BadAddendum { expected: *digest, got });
        }
        if fs::read(&path).is_ok_and(|present| present == addendum) {
            return Ok(());
        }
        let folder = path.parent().expect("an addendum lies two folders down");
        let outer = folder.parent().expect("an addendum lies two folders down");
        let new = path.with_extension("new");
        let write = || {
            fs::create_dir_all(folder)?;
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(addendum)?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        write().map_err(StoreError::io("writing", &path))?;
        for made in [folder, outer, self.dir.as_path(), self.dir.parent().unwrap_or(&self.dir)] {
            sync_dir(made)?;
        }
        Ok(())
    }

    /// Reads an addendum and checks it.
    pub(crate) fn get(&self, digest: &Hash) -> Result<Option<Bytes>, StoreError> {
        let path = self.path(digest);
        match fs::read(&path) {
            Ok(bytes) if Hash::of(&bytes) == *digest => Ok(Some(bytes.into())),
            Ok(_) => Err(StoreError::Damaged { what: format!("addendum {}", digest.to_hex()) }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(StoreError::io("reading", &path)(e)),
        }
    }

    /// Removes an addendum, and what a crash while it was written may have left; `false` when there was none.
    pub(crate) fn erase(&self, digest: &Hash) -> Result<bool, StoreError> {
        let path = self.path(digest);
        let mut was_there = false;
        for file in [path.with_extension("new"), path.clone()] {
            match fs::remove_file(&file) {
                Ok(()) => was_there = true,
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(StoreError::io("erasing", &file)(e)),
            }
        }
        if was_there {
            sync_dir(path.parent().expect("an addendum lies two folders down"))?;
        }
        Ok(was_there)
    }

    /// Checks every addendum; returns how many there are.
    pub(crate) fn check(&self, findings: &mut Vec<Finding>) -> Result<u64, StoreError> {
        let mut count = 0;
        for outer in folders(&self.dir)? {
            for inner in folders(&outer)? {
                for path in folders(&inner)? {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    let Some(digest) = Hash::from_hex(&name) else { continue };
                    count += 1;
                    if matches!(self.get(&digest), Err(StoreError::Damaged { .. })) {
                        findings.push(Finding::AddendumDamaged { digest: name });
                    }
                }
            }
        }
        Ok(count)
    }

    fn path(&self, digest: &Hash) -> PathBuf {
        let hex = digest.to_hex();
        self.dir.join(&hex[..2]).join(&hex[2..4]).join(&hex)
    }
}

/// What a folder contains, in order; nothing when it does not exist.
fn folders(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let items = match fs::read_dir(dir) {
        Ok(items) => items,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(vec![]);
        }
        Err(e) => return Err(StoreError::io("listing", dir)(e)),
    };
    let paths: io::Result<Vec<PathBuf>> = items.map(|item| Ok(item?.path())).collect();
    let mut paths = paths.map_err(StoreError::io("listing", dir))?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_erased_addendum_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let addenda = Addenda::new(dir.path());
        let digest = Hash::of(b"a name");
        assert!(addenda.put(&digest, b"another name").is_err());
        addenda.put(&digest, b"a name").unwrap();
        assert_eq!(addenda.get(&digest).unwrap().unwrap(), "a name");
        // A write of the same content that a crash cut off.
        fs::write(addenda.path(&digest).with_extension("new"), b"a na").unwrap();
        assert!(addenda.erase(&digest).unwrap());
        assert!(!addenda.erase(&digest).unwrap());
        assert_eq!(addenda.get(&digest).unwrap(), None);
        let hex = digest.to_hex();
        let left = folders(&dir.path().join("addenda").join(&hex[..2]).join(&hex[2..4])).unwrap();
        assert_eq!(left, Vec::<PathBuf>::new());
    }

    #[test]
    fn an_addendum_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let addenda = Addenda::new(dir.path());
        let digest = Hash::of(b"a name");
        addenda.put(&digest, b"a name").unwrap();
        let mode = fs::metadata(addenda.path(&digest)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_addendum_is_never_served() {
        let dir = tempfile::tempdir().unwrap();
        let addenda = Addenda::new(dir.path());
        let digest = Hash::of(b"a name");
        addenda.put(&digest, b"a name").unwrap();
        fs::write(addenda.path(&digest), b"a game").unwrap();
        assert!(matches!(addenda.get(&digest), Err(StoreError::Damaged { .. })));
        let mut findings = Vec::new();
        assert_eq!(addenda.check(&mut findings).unwrap(), 1);
        assert_eq!(findings, [Finding::AddendumDamaged { digest: digest.to_hex() }]);
    }
}
