//! One writer: the lock on a ledger folder, and the marker that a failed flush leaves.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::StoreError;
use crate::segments::sync_dir;

/// How often the holder's name is looked for, 10 milliseconds apart.
const NAME_LOOKS: u32 = 20;

/// Held as long as it lives; the operating system lets go of it however the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock and writes down who holds it.
    ///
    /// # Errors
    /// [`StoreError::Locked`] with what the holder wrote.
    pub(crate) fn take(ledger: &Path, what: &str) -> Result<Self, StoreError> {
        let path = ledger.join("lock");
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = file.map_err(StoreError::io("opening", &path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(StoreError::Locked { holder: holder(&mut file) });
            }
            Err(errno) => return Err(StoreError::io("locking", &path)(errno.into())),
        }
        // On a full disk the name stays empty; the lock holds all the same.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "process {} ({what})", std::process::id()));
        Ok(Self { _file: file })
    }
}

/// Who holds the lock. Between taking it and writing its name a process holds it namelessly: that is waited
/// for, and not for long. Even an unreadable name must not hide that the ledger is locked.
fn holder(file: &mut File) -> String {
    for _ in 0..NAME_LOOKS {
        let mut name = String::new();
        let _ = file.rewind().and_then(|()| file.read_to_string(&mut name));
        if !name.trim().is_empty() {
            return name.trim().to_owned();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    "another process that has not said which it is".to_owned()
}

/// Leaves the marker that refuses the next opening.
pub(crate) fn mark_poisoned(ledger: &Path, reason: &str) {
    let path = ledger.join("poisoned");
    // Best effort by nature: the disk has just failed. The process stops either way.
    let _ = fs::write(&path, reason).and_then(|()| File::open(&path)?.sync_all());
    let _ = sync_dir(ledger);
}

/// The reason in the marker, if there is one.
pub(crate) fn poisoned(ledger: &Path) -> Option<String> {
    let path = ledger.join("poisoned");
    path.exists().then(|| fs::read_to_string(&path).unwrap_or_else(|_| "the marker is unreadable".into()))
}

/// Removes the marker after a full check.
pub(crate) fn clear_poisoned(ledger: &Path) -> Result<(), StoreError> {
    let path = ledger.join("poisoned");
    if path.exists() {
        fs::remove_file(&path).map_err(StoreError::io("removing", &path))?;
        sync_dir(ledger)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_told_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let lock = Lock::take(dir.path(), "recorder").unwrap();
        let Err(StoreError::Locked { holder }) = Lock::take(dir.path(), "scrub") else {
            panic!("not locked")
        };
        assert_eq!(holder, format!("process {} (recorder)", std::process::id()));
        // It has the lock and did not get to write its name: once this said "in use by " and no more.
        fs::write(dir.path().join("lock"), "").unwrap();
        let Err(StoreError::Locked { holder }) = Lock::take(dir.path(), "scrub") else {
            panic!("not locked")
        };
        assert_eq!(holder, "another process that has not said which it is");
        drop(lock);
        Lock::take(dir.path(), "scrub").unwrap();
    }
}
