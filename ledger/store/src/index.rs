//! sled, guarded. The only file that names it.
//!
//! What we learned of sled 0.34.7 and do about it here:
//!
//! - `flush` ends in `sync_file_range`, which survives no power cut: [`Kv::sync`] calls `fdatasync` on every
//!   file that sled wrote.
//! - Opening a damaged folder usually panics, and reading one may: every call runs inside `catch_unwind`.
//! - Killed while it writes its snapshot it leaves `snap.*.generating`, after which it never opens again:
//!   [`Kv::open`] removes that file first.
//! - Its lock outlives it for a moment (its own threads end later, and a process that is just being started holds what
//!   its parent held): [`Kv::open`] waits for it. Who may open at all is decided by the ledger's own lock.
//! - A tree node larger than a quarter of a segment (131,052 bytes) goes to a blob file of its own. A node
//!   holds at most 16 values and one more before it splits (a merge can bring it to 20), so values of at
//!   most [`MAX_VALUE_BYTES`] keep every node below 20 × (4,096 + 32) = 82,560 bytes.
//! - A batch or a transaction pins the log's buffer until it is sealed; when it then has to read back a node
//!   that the cache has let go, it waits for ever for a flush that the pin holds up. (Found here: 400 values
//!   of 4 KiB in one batch, a cache of 24 MiB.) So there are no batches. Single inserts go to one log in the
//!   order in which they are made, and recovery keeps a prefix of that log; what says "all this counts" is
//!   one small value, written last ([`crate::keys::PROGRESS`]). Writing the same values again does no harm.

use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;

/// The largest value that may be stored: see the module's text.
pub(crate) const MAX_VALUE_BYTES: usize = 4_096;

/// sled keeps at most about this many bytes of nodes in memory. Ours are read rarely and written in order.
const CACHE_BYTES: u64 = 24 << 20;

/// What went wrong inside sled, in words. Whatever it is, the index is out of order from then on.
pub(crate) type Trouble = String;

/// How trouble with a flush of ours begins.
pub(crate) const FLUSH_FAILED: &str = "flushing the index";

/// What sled says when somebody has its files open.
const LOCKED: &str = "could not acquire lock";

/// Longer than any thread of sled's takes to end.
const WAIT_FOR_LOCK: Duration = Duration::from_secs(5);

/// A key, and the value it gets; `None` removes it.
pub(crate) type Write = (Vec<u8>, Option<Vec<u8>>);

/// An ordered map of small values on disk.
pub(crate) struct Kv {
    /// `None` only while it is being dropped.
    db: Option<sled::Db>,
    dir: PathBuf,
    data: File,
}

impl std::fmt::Debug for Kv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kv").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Kv {
    /// Opens or creates the map. The second value names what an interrupted opening had left.
    pub(crate) fn open(dir: &Path) -> Result<(Self, Vec<String>), Trouble> {
        let left = remove_leftovers(dir).map_err(|e| e.to_string())?;
        let config = sled::Config::new()
            .path(dir)
            .cache_capacity(CACHE_BYTES)
            // Nothing is durable before our own sync, so a flush in between is work for nothing.
            .flush_every_ms(None);
        let db = open_when_free(&config)?;
        let data = File::open(dir.join("db")).map_err(|e| e.to_string())?;
        let kv = Self { db: Some(db), dir: dir.to_owned(), data };
        // The folder's own entries are made durable once; sled creates no file in it later but snapshots,
        // which it can do without.
        File::open(dir).and_then(|d| d.sync_all()).map_err(|e| e.to_string())?;
        Ok((kv, left))
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Trouble> {
        let value = guarded(|| self.db().get(key))?;
        Ok(value.map(|value| Bytes::copy_from_slice(&value)))
    }

    /// Keys that begin with `prefix`, in order.
    #[cfg(test)]
    pub(crate) fn keys(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, Trouble> {
        guarded(|| self.db().scan_prefix(prefix).keys().map(|key| key.map(|key| key.to_vec())).collect())
    }

    /// Makes the writes, in the order of their keys, which is what sled likes best. After a crash a part of
    /// them may be there: whatever says that they count must be written after them.
    pub(crate) fn write(&self, mut writes: Vec<Write>) -> Result<(), Trouble> {
        writes.sort_unstable();
        guarded(|| {
            for (key, value) in writes {
                match value {
                    Some(value) => {
                        debug_assert!(value.len() <= MAX_VALUE_BYTES, "{} bytes", value.len());
                        self.db().insert(key, value)?;
                    }
                    None => {
                        self.db().remove(key)?;
                    }
                }
            }
            Ok(())
        })
    }

    /// Makes every write so far durable.
    pub(crate) fn sync(&self) -> Result<(), Trouble> {
        guarded(|| self.db().flush())?;
        self.data.sync_data().map_err(|e| format!("{FLUSH_FAILED}: {e}"))?;
        // There are none while values are small; if sled thinks otherwise, they must not be lost.
        let blobs = self.dir.join("blobs");
        let sync_blobs = || -> std::io::Result<()> {
            let mut any = false;
            for blob in fs::read_dir(&blobs)? {
                File::open(blob?.path())?.sync_data()?;
                any = true;
            }
            if any { File::open(&blobs)?.sync_all() } else { Ok(()) }
        };
        sync_blobs().map_err(|e| format!("{FLUSH_FAILED}: {e}"))
    }

    fn db(&self) -> &sled::Db {
        self.db.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Kv {
    fn drop(&mut self) {
        let db = self.db.take();
        // sled flushes when dropped, and panics if it is in trouble; by then we know of it.
        if catch_unwind(AssertUnwindSafe(|| drop(db))).is_err() {
            tracing::warn!("sled panicked while it was closed");
        }
    }
}

fn open_when_free(config: &sled::Config) -> Result<sled::Db, Trouble> {
    let began = Instant::now();
    loop {
        match guarded(|| config.open()) {
            Err(trouble) if trouble.contains(LOCKED) && began.elapsed() < WAIT_FOR_LOCK => {
                std::thread::sleep(WAIT_FOR_LOCK / 500);
            }
            outcome => return outcome,
        }
    }
}

/// Runs sled and turns its panics into trouble. What it had in hand is not used again afterwards.
fn guarded<T>(work: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, Trouble> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(format!("sled: {error}")),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(format!("sled panicked: {}", text.unwrap_or_else(|| "without a message".into())))
        }
    }
}

fn remove_leftovers(dir: &Path) -> std::io::Result<Vec<String>> {
    let mut removed = Vec::new();
    if dir.exists() {
        for item in fs::read_dir(dir)? {
            let name = item?.file_name().to_string_lossy().into_owned();
            if name.starts_with("snap.") && name.ends_with(".generating") {
                fs::remove_file(dir.join(&name))?;
                removed.push(format!("index/{name}"));
            }
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_at_their_limit_never_become_blob_files() {
        let dir = tempfile::tempdir().unwrap();
        let (kv, _) = Kv::open(dir.path()).unwrap();
        for round in 0..40u32 {
            let write = |n: u32| (n.to_be_bytes().to_vec(), Some(vec![round as u8; MAX_VALUE_BYTES]));
            kv.write((0..400).map(write).collect()).unwrap();
            kv.write(
                (0..400).filter(|n| n % 7 < round % 7).map(|n| (n.to_be_bytes().to_vec(), None)).collect(),
            )
            .unwrap();
        }
        kv.sync().unwrap();
        assert_eq!(fs::read_dir(dir.path().join("blobs")).unwrap().count(), 0);
    }

    #[test]
    fn a_snapshot_that_an_interrupted_opening_left_does_not_stop_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        {
            let (kv, _) = Kv::open(dir.path()).unwrap();
            kv.write(vec![(vec![1], Some(vec![2]))]).unwrap();
            kv.sync().unwrap();
        }
        fs::write(dir.path().join("snap.00000000000F0000.generating"), b"half").unwrap();
        let (kv, left) = Kv::open(dir.path()).unwrap();
        assert_eq!(left, ["index/snap.00000000000F0000.generating"]);
        assert_eq!(kv.get(&[1]).unwrap().unwrap()[..], [2]);
    }

    /// Seen on a busy machine: an index that had just been closed was taken for a damaged one.
    #[test]
    fn an_index_that_is_still_being_closed_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        drop(Kv::open(dir.path()).unwrap());
        let held = File::open(dir.path().join("db")).unwrap();
        held.lock().unwrap();
        let closing = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            drop(held);
        });
        Kv::open(dir.path()).unwrap();
        closing.join().unwrap();
    }

    #[test]
    fn a_folder_of_rubbish_is_trouble_and_no_panic() {
        let dir = tempfile::tempdir().unwrap();
        drop(Kv::open(dir.path()).unwrap());
        fs::write(dir.path().join("conf"), b"\xff\xfe rubbish").unwrap();
        assert!(Kv::open(dir.path()).is_err());
    }
}
