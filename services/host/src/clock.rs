//! The clock, as a value: made once in `main`, and handed to whoever needs the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time, milliseconds since the Unix epoch.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

/// Sets a clock that [`Clock::by_hand`] made.
#[derive(Debug, Clone)]
pub struct Hand(Arc<AtomicU64>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        }))
    }

    /// A clock that stands until it is set: it may jump, and run backwards, as a machine's clock may.
    #[must_use]
    pub fn by_hand(start_ms: u64) -> (Self, Hand) {
        let hand = Hand(Arc::new(AtomicU64::new(start_ms)));
        let told = hand.clone();
        (Self(Arc::new(move || told.0.load(Ordering::Relaxed))), hand)
    }

    /// Now.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        (self.0)()
    }

    /// The same clock as a plain function, as pure crates take it.
    #[must_use]
    pub fn as_fn(&self) -> Arc<dyn Fn() -> u64 + Send + Sync> {
        Arc::clone(&self.0)
    }
}

impl Hand {
    /// Sets the clock.
    pub fn set(&self, now_ms: u64) {
        self.0.store(now_ms, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.now_ms())
    }
}
