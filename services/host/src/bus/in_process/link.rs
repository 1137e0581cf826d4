//! The way of one handle to the bus: it can be cut, and walked step by step.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use super::Shared;
use crate::bus::error::BusError;

/// One handle's way to a bus in this process. Clones are of the same way.
///
/// Every call goes there and comes back, and either may fail when the way is cut: what was under way may have been
/// done. Stepwise, a call waits once before it does anything and once before its answer, so that whoever polls it can
/// let others go first, cut the way, or drop it there.
#[derive(Debug, Clone)]
pub struct Link(Arc<Way>);

#[derive(Debug)]
struct Way {
    cut: AtomicBool,
    stepwise: AtomicBool,
    /// Each stream's last sequence, as the server that this way leads to has it, while it is left behind.
    left_behind: Mutex<Option<BTreeMap<String, u64>>>,
    bus: Weak<Shared>,
}

impl Link {
    pub(super) fn to(bus: &Arc<Shared>) -> Link {
        let (cut, stepwise) = (AtomicBool::new(false), AtomicBool::new(false));
        Link(Arc::new(Way { cut, stepwise, left_behind: Mutex::new(None), bus: Arc::downgrade(bus) }))
    }

    /// Nothing gets through any more: what is published has no answer, what is told is not heard.
    pub fn cut(&self) {
        self.0.cut.store(true, Ordering::Relaxed);
    }

    /// It gets through again.
    pub fn heal(&self) {
        self.0.cut.store(false, Ordering::Relaxed);
        if let Some(bus) = self.0.bus.upgrade() {
            bus.tell_news();
        }
    }

    /// Whether it is cut.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.0.cut.load(Ordering::Relaxed)
    }

    /// The server that this way leads to is cut off from the others and does not know it, as a stream's leader that lost
    /// its quorum for the first seconds: what the streams are, it tells from what it has, and it stores nothing.
    pub fn leave_behind(&self) {
        let ends = self.0.bus.upgrade().map(|bus| bus.state().ends());
        *self.left_behind() = ends;
    }

    /// The server knows again what the others know.
    pub fn bring_back(&self) {
        *self.left_behind() = None;
    }

    /// Where this way sees a stream end; `None` where it sees what is there.
    pub(super) fn sees_until(&self, stream: &str) -> Option<u64> {
        let ends = self.left_behind();
        ends.as_ref().map(|ends| ends.get(stream).copied().unwrap_or(0))
    }

    pub(super) fn is_left_behind(&self) -> bool {
        self.left_behind().is_some()
    }

    fn left_behind(&self) -> std::sync::MutexGuard<'_, Option<BTreeMap<String, u64>>> {
        self.0.left_behind.lock().expect("nothing panics while it holds these")
    }

    /// From now on each call waits on its way there and on its way back.
    pub fn stepwise(&self) {
        self.0.stepwise.store(true, Ordering::Relaxed);
    }

    /// There, or back.
    pub(super) async fn pass(&self) -> Result<(), BusError> {
        if self.0.stepwise.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        if self.is_cut() { Err(BusError::Unreachable("the way is cut".to_owned())) } else { Ok(()) }
    }
}
