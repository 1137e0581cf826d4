//! The applier: one thread that brings what is durable into the index, right behind the appends.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::error::StoreError;
use crate::index::{FLUSH_FAILED, Trouble};
use crate::second::Second;
use crate::tail::Tail;

/// The tail, shared between whoever appends and looks up, and the applier.
#[derive(Debug)]
pub(crate) struct Queue {
    tail: Mutex<Tail>,
    more: Condvar,
    room: Condvar,
}

impl Queue {
    pub(crate) fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().expect("nothing panics while it holds the tail")
    }

    /// Wakes the applier, which may find that there is enough for a step.
    pub(crate) fn wake(&self) {
        self.more.notify_one();
    }

    /// Waits until the applier is near enough behind.
    ///
    /// # Errors
    /// When it has failed.
    pub(crate) fn wait_for_room(&self) -> Result<(), StoreError> {
        let mut tail = self.tail();
        while tail.is_full() && tail.failed.is_none() {
            tail = self.room.wait(tail).expect("nothing panics while it holds the tail");
        }
        match &tail.failed {
            None => Ok(()),
            Some(reason) => Err(StoreError::Index { reason: reason.clone() }),
        }
    }

    /// Waits until everything that is durable is in the index too.
    pub(crate) fn wait_until_caught_up(&self) {
        let mut tail = self.tail();
        while tail.failed.is_none() && tail.linger(Instant::now()).is_some() {
            tail = self.room.wait(tail).expect("nothing panics while it holds the tail");
        }
    }
}

/// The applier's thread and what it works on. Dropping it lets it finish.
#[derive(Debug)]
pub(crate) struct Applier {
    pub(crate) second: Arc<Second>,
    pub(crate) queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl Applier {
    /// Starts the thread.
    pub(crate) fn start(second: Arc<Second>, tail: Tail) -> Result<Self, StoreError> {
        let queue = Arc::new(Queue { tail: Mutex::new(tail), more: Condvar::new(), room: Condvar::new() });
        let (of_thread, queue_of_thread) = (Arc::clone(&second), Arc::clone(&queue));
        let thread = std::thread::Builder::new().name("ledger-applier".into());
        let thread = thread.spawn(move || run(&of_thread, &queue_of_thread));
        let thread = thread.map_err(|e| StoreError::Index { reason: format!("starting its thread: {e}") })?;
        Ok(Self { second, queue, thread: Some(thread) })
    }
}

impl Drop for Applier {
    fn drop(&mut self) {
        self.queue.tail().closing = true;
        self.queue.wake();
        if let Some(thread) = self.thread.take() {
            // It turns every panic of sled into trouble; one of our own was printed already.
            let _ = thread.join();
        }
    }
}

fn run(second: &Second, queue: &Queue) {
    while let Some(mut tail) = wait_for_work(queue) {
        let step = tail.step();
        drop(tail);
        let result = second.apply(&step);
        let mut tail = queue.tail();
        match result {
            Ok(()) => tail.applied(second.progress()),
            Err(trouble) => {
                tracing::error!(%trouble, "the index failed; the segments go on until the next append");
                // After a failed flush nobody knows what the disk holds of it: it is made anew.
                tail.distrusted |= trouble.starts_with(FLUSH_FAILED);
                tail.failed = Some(trouble);
            }
        }
        let failed = tail.failed.is_some();
        drop(tail);
        // The step holds the last share of what it brought in, and lets go of it outside the lock.
        drop(step);
        queue.room.notify_all();
        if failed {
            return;
        }
    }
}

/// The tail once it holds enough for a step; `None` when there will be no more.
fn wait_for_work(queue: &Queue) -> Option<MutexGuard<'_, Tail>> {
    let mut tail = queue.tail();
    loop {
        match tail.linger(Instant::now()) {
            Some(time) if time.is_zero() => return Some(tail),
            Some(time) => {
                let waited = queue.more.wait_timeout(tail, time);
                tail = waited.expect("nothing panics while it holds the tail").0;
            }
            None if tail.closing => return None,
            None => tail = queue.more.wait(tail).expect("nothing panics while it holds the tail"),
        }
    }
}

/// Brings full blocks of a tail into the index without a thread: what opening does before it hands over.
pub(crate) fn apply_now(second: &Second, tail: &mut Tail) -> Result<(), Trouble> {
    second.apply(&tail.step())?;
    tail.applied(second.progress());
    Ok(())
}
