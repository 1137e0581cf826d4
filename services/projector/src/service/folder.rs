//! The ledger's own folder as the source: for whoever sits beside the recorder, as in `scrutiny up`.
//!
//! The folder is believed as it is (its owner runs this process too); the chain is checked all the same, since a fold
//! over the wrong order would be a wrong answer.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use ledger_store::Follow;

use super::{Live, NotFolded};

/// Between two looks while nothing is new: two system calls each.
const PAUSE: Duration = Duration::from_millis(5);

/// Projections that follow a folder. Dropping it stops following.
#[derive(Debug)]
pub struct FollowFolder {
    stop: Arc<AtomicBool>,
    trouble: Arc<Mutex<Option<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl FollowFolder {
    /// Why it has stopped following; `None` while all is well.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().expect("nothing panics while it holds a sentence").clone()
    }
}

impl Drop for FollowFolder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Lets the projections follow the ledger in a folder, which may not be there yet.
#[must_use]
pub fn follow_folder(live: Live, ledger: &Path) -> FollowFolder {
    let stop = Arc::new(AtomicBool::new(false));
    let trouble = Arc::new(Mutex::new(None));
    let (stopped, told) = (Arc::clone(&stop), Arc::clone(&trouble));
    let mut follow = Follow::from_the_first(ledger);
    let body = move || {
        while !stopped.load(Ordering::Relaxed) {
            match step(&mut follow, &live) {
                Ok(true) => {}
                Ok(false) => std::thread::sleep(PAUSE),
                Err(error) => {
                    tracing::error!(%error, "the projections no longer follow");
                    *told.lock().expect("nothing panics while it holds a sentence") = Some(error.to_string());
                    return;
                }
            }
        }
    };
    let thread = std::thread::Builder::new().name("follow".to_owned()).spawn(body);
    let thread = thread.expect("a process may start a thread");
    FollowFolder { stop, trouble, thread: Some(thread) }
}

/// Takes the next batch. False when there is none.
fn step(follow: &mut Follow, live: &Live) -> Result<bool, NotFolded> {
    let Some(batch) = follow.next_batch()? else { return Ok(false) };
    let entries: Vec<_> = batch.into_iter().map(|(_, bytes)| bytes).collect();
    live.take(&entries).map(|()| true)
}
