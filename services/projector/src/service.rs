//! The projector as a process: every projection, live.
//!
//! ```text
//! sealed stream ─► mirror (verified) ─┐
//!                                      ├─► Live: all projections, the tree they stand on ─► answers
//! the ledger's own folder, read on ───┘
//! ```
//!
//! An entry is in the views a few milliseconds after it is in the source. Every answer says the tree size and root it
//! stands on, and how much of that lies under a checkpoint that was checked. Nothing is saved: a start folds the copy
//! anew, some hundred thousand entries a second.

mod answers;
mod folder;
mod live;
mod role;

use ledger_core::ids::TreeSize;
use mirror::Mirror;

pub use answers::{Ask, Form, MAX_ANSWER_BYTES, VIEWS, answer};
pub use folder::{FollowFolder, follow_folder};
pub use live::{Live, NotFolded};
pub use role::{ROLE, serve};

/// Lets the projections follow a mirror, until the mirror is gone or something does not fold.
///
/// # Errors
/// When an entry of the copy is damaged or does not follow the one before.
pub async fn follow_mirror(live: Live, mirror: Mirror) -> Result<(), NotFolded> {
    let mut standing = mirror.watch();
    loop {
        standing.borrow_and_update();
        while live.standing().tree_size < mirror.standing().size {
            let (live, mirror) = (live.clone(), mirror.clone());
            let step = tokio::task::spawn_blocking(move || {
                let entries = mirror.entries(TreeSize(live.standing().tree_size.0))?;
                live.take(&entries)
            });
            step.await.expect("folding does not panic")?;
        }
        live.cover(mirror.standing().covered);
        if standing.changed().await.is_err() {
            return Ok(());
        }
    }
}
