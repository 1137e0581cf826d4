//! What the hub may take for all its forces, derived in one place.
//!
//! For each force, at most:
//!
//! | what | bytes | from |
//! |---|---|---|
//! | messages on their way | 8 × 900 KiB ≈ 7 MiB | [`MESSAGES_WAITING`], and as many being asked for |
//! | the index's cache | 24 MiB | `ledger-store` |
//! | entries that the index has yet to take | 64 MiB | `ledger-store`, while it catches up; some kB otherwise |
//! | the state of the rules | what the ledger holds | `ledger-rules`: some tens of bytes a record |
//! | one question to its recorder, one answer | 2 MiB | one at a time |
//!
//! So 43 forces that live take about 1.3 GiB besides their states, and 43 that catch up all at once 4.1 GiB. Each has
//! four tasks (the watch, the follower and its source, one blocking task at a time) and at most six threads: its index's,
//! and one that waits for its disk. `tests/nation.rs` holds 43 of them to the files and threads.
//!
//! A ledger's folder keeps each of its segments of 64 MiB open: ten million records a year of 1.5 kB are 230 files a
//! year for one force, and 10,000 for 43 of them. So the process asks for as many file handles as the system gives.

use std::path::Path;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Forces that one hub watches: the 43 of England and Wales, the national and the other nations' ones, and room.
pub(crate) const MAX_FORCES: usize = 64;

/// Messages of one force that wait to be taken.
pub(crate) const MESSAGES_WAITING: usize = 4;

/// Bytes of what is read back of an evidence file.
pub(crate) const MAX_EVIDENCE_BYTES: usize = 64 << 10;

/// Bytes of what is remembered of a force: a note with two signatures has 4 kB, its keys as much.
pub(crate) const MAX_REMEMBERED_BYTES: u64 = 64 << 10;

/// Sizes that a recorder named and that are not held yet: what the lag is measured by.
pub(crate) const SIZES_TOLD: usize = 64;

/// File handles of a ledger's folder besides its segments: journals, lock, index, and what is being read.
const HANDLES_EACH: u64 = 16;

/// File handles of the process itself: the bus, probes, logs.
const HANDLES_OWN: u64 = 64;

/// Asks the system for as many file handles as it gives, and says when that is too few for these mirrors to double.
pub(crate) fn raise_file_handles(mirrors: &[std::path::PathBuf]) {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if limit.current != limit.maximum && setrlimit(Resource::Nofile, raised).is_err() {
        tracing::debug!("the limit of open files stays as it is");
    }
    let may = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let needed = file_handles(mirrors.iter().map(|mirror| segments(mirror)));
    if may < needed {
        tracing::warn!(
            may,
            needed,
            "few files may be open for so many mirrors; raise LimitNOFILE or ulimit -n"
        );
    }
}

/// With room for every ledger to double.
fn file_handles(segments: impl Iterator<Item = u64>) -> u64 {
    HANDLES_OWN + segments.map(|segments| HANDLES_EACH + 2 * segments).sum::<u64>()
}

fn segments(mirror: &Path) -> u64 {
    std::fs::read_dir(mirror.join("segments")).map_or(0, |files| files.count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_of_43_forces_needs_more_handles_than_a_shell_gives() {
        assert_eq!(file_handles(std::iter::repeat_n(0, 43)), 64 + 43 * 16);
        assert!(file_handles(std::iter::repeat_n(230, 43)) > 20_000);
    }
}
