//! Stopping: asked for once, seen by everybody, with a deadline.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Whether the process is to stop, and until when it may finish what it has in hand. Clones see the same.
#[derive(Debug, Clone)]
pub struct Stopping {
    asked: watch::Sender<Option<Instant>>,
}

impl Default for Stopping {
    fn default() -> Self {
        Self::new()
    }
}

impl Stopping {
    /// Nobody has asked yet.
    #[must_use]
    pub fn new() -> Self {
        Self { asked: watch::Sender::new(None) }
    }

    /// Asks everybody to stop, and gives them so long. Asking again changes nothing.
    pub fn ask(&self, within: Duration) {
        self.asked.send_if_modified(|deadline| {
            let first = deadline.is_none();
            deadline.get_or_insert_with(|| Instant::now() + within);
            first
        });
    }

    /// Whether somebody has asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked.borrow().is_some()
    }

    /// Until when work in hand may take; `None` while nobody has asked.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        *self.asked.borrow()
    }

    /// Waits until somebody asks.
    pub async fn asked(&self) {
        let mut seen = self.asked.subscribe();
        // The sender is in self, so it cannot be gone.
        let _ = seen.wait_for(Option::is_some).await;
    }
}

/// Waits for SIGTERM or SIGINT (ctrl-c) and returns its name.
///
/// # Errors
/// When the system lets this process watch no signal.
pub(crate) async fn signal() -> std::io::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    Ok(tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
    })
}

/// What a shell says of a process that a second signal ended: 128 + SIGINT.
pub const AT_ONCE: u8 = 130;

/// From the first signal on everybody is asked to stop; returns at the second, which ends the process at once: call
/// [`at_once`]. Nothing that was said to be durable is lost by that: every start recovers as from a crash.
pub async fn on_signals(stopping: Stopping, within: Duration) {
    match signal().await {
        Ok(name) => {
            tracing::info!(signal = name, within_s = within.as_secs(), "stopping; once more to stop at once");
        }
        Err(e) => {
            tracing::error!("signals cannot be watched, so only a kill stops this process: {e}");
            std::future::pending::<()>().await;
        }
    }
    stopping.ask(within);
    match signal().await {
        Ok(name) => tracing::warn!(signal = name, "stopped at once"),
        Err(_) => std::future::pending().await,
    }
}

/// Ends the process.
pub fn at_once() -> ! {
    std::process::exit(i32::from(AT_ONCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn everybody_sees_the_first_deadline() {
        let stopping = Stopping::new();
        let other = stopping.clone();
        let waiting = tokio::spawn(async move { other.asked().await });
        assert!(!stopping.is_asked());
        stopping.ask(Duration::from_secs(3));
        let deadline = stopping.deadline();
        stopping.ask(Duration::from_secs(60));
        waiting.await.unwrap();
        assert_eq!(stopping.deadline(), deadline);
        stopping.asked().await;
    }
}
