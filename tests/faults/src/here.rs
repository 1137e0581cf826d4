//! A recorder in this process, for what cannot be done to a process from outside: stepping its clock.

use std::path::Path;
use std::time::Duration;

use host::Board;
use host::bus::Bus;
use ledger_store::{Options, SegmentStore};
use recorder::service::ServiceError;
use recorder::{Clock, Config};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{Outcome, force, signer};

/// A recorder at work here.
#[derive(Debug)]
pub struct RecorderHere {
    task: JoinHandle<Result<(), ServiceError>>,
    stop: oneshot::Sender<()>,
}

impl RecorderHere {
    /// On a ledger's folder, with a clock of one's own.
    ///
    /// # Errors
    /// When the ledger does not open.
    pub fn start(ledger: &Path, bus: Bus, clock: Clock) -> Outcome<RecorderHere> {
        let options = Options { what: "faults".to_owned(), watermark_bytes: 0 };
        let (store, _) = SegmentStore::open(ledger, options).map_err(|e| e.to_string())?;
        let config = Config {
            signer: signer(),
            clock,
            checkpoint_every: Duration::from_millis(50),
            verify_threads: 0,
        };
        let health = Board::default().role("recorder");
        let (stop, stopped) = oneshot::channel();
        let run = recorder::service::run(Box::new(store), config, bus, force(), health, async move {
            drop(stopped.await);
        });
        Ok(RecorderHere { task: tokio::spawn(run), stop })
    }

    /// Asks it to stop, and waits.
    ///
    /// # Errors
    /// When it ends with an error.
    pub async fn stop(self) -> Outcome {
        // It may have ended by itself, and says why below.
        let _ = self.stop.send(());
        self.task.await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())
    }
}
