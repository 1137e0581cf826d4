//! How long a step of the node has been going on.
//!
//! What waits for the commit log gives its thread back; what waits for the disk does not. So a step that takes long is a
//! disk that hangs.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Since when a step has been going on. Clones are of the same node.
#[derive(Debug, Clone, Default)]
pub(crate) struct Step(Arc<Mutex<Option<Instant>>>);

impl Step {
    /// The same work, each step of it watched.
    pub(crate) async fn watched<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        std::future::poll_fn(|context| {
            self.set(Some(Instant::now()));
            let polled = work.as_mut().poll(context);
            self.set(None);
            polled
        })
        .await
    }

    /// How long the present step has taken; nothing between two.
    pub(crate) fn takes(&self) -> Duration {
        let began = *self.0.lock().expect(NO_PANIC);
        began.map_or(Duration::ZERO, |began| began.elapsed())
    }

    fn set(&self, began: Option<Instant>) {
        *self.0.lock().expect(NO_PANIC) = began;
    }
}

const NO_PANIC: &str = "nothing panics while it sets a time";
