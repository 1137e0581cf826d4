//! The recorder on the bus.
//!
//! ```text
//! INBOX ─► take (bounded by bytes) ─► Recorder ─► durable here ─► appended to SEALED, fenced ─► told ─► acknowledged
//!                                        │                            ▲
//!                                        └── every batch, checkpoint ─┘   what a crash left out is appended at the start
//! ```
//!
//! An entry is *committed* when it is on this disk and in the sealed stream; nobody is told before both. The stream's
//! append carries the last sequence that this recorder believes in (the fence), so that of two recorders one is
//! refused. After any other outcome than a plain yes, the stream's end is read from its leader and compared with the
//! ledger: never is anything built on an end that is not known.
//!
//! A crash anywhere before the last arrow only causes a replay, and a replay returns the same receipts.
//!
//! | the message is | it ends as |
//! |---|---|
//! | statements | each recorded or refused, told, acknowledged |
//! | a desk's refusals | kept in the refusal journal, acknowledged |
//! | nothing that reads | a recorded refusal under the digest of its bytes, then given up |
//! | statements, and the store cannot now | not acknowledged; it comes again |

mod age;
mod answers;
mod endpoints;
mod inbox;
mod receipts;
mod role;
mod sealed;
mod stream_end;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use host::Health;
use host::bus::Bus;
use host::bus::names::Force;
use ledger_core::ids::TreeSize;
use ledger_store::Store;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::{Config, OpenError, Recorder, Sealed};

pub use role::{ROLE, serve};

/// Bytes of messages taken from the inbox and not acknowledged: two full batches, so that one is checked while the
/// other commits, and a bound on what the process holds in memory.
const WINDOW_BYTES: usize = 2 * ledger_core::limits::MAX_BATCH_BYTES;

/// Messages handed out and not acknowledged.
const MESSAGES_IN_FLIGHT: usize = 1_024;

/// A message that is not acknowledged for so long comes again: many times what the slowest commit takes.
const ACK_WAIT: Duration = Duration::from_secs(30);

/// Batches and checkpoints on their way to the sealed stream: more than there can be, since what was taken and not told
/// is bounded by [`WINDOW_BYTES`] and [`MESSAGES_IN_FLIGHT`]. What did not fit would be read from the store.
const SEALED_WAITING: usize = 4_096;

/// Why the service ends by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The ledger does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The sealed stream and the ledger tell two histories. Somebody has to look.
    #[error(
        "the sealed stream and this ledger differ: {0}. Nothing is recorded until somebody has found out which \
         one is right: was a backup restored, or does another recorder write to this stream?"
    )]
    Diverged(String),
}

/// What all parts of the service share.
struct Shared {
    recorder: Recorder,
    bus: Bus,
    force: Force,
    health: Health,
    /// Entries that are committed: here and in the stream.
    committed: watch::Receiver<TreeSize>,
    /// Entries under the last checkpoint that is in the stream.
    published: watch::Sender<TreeSize>,
    /// How old the last of them is.
    age: age::Age,
    /// Bytes that may still be taken from the inbox.
    window: Arc<Semaphore>,
    told: Mutex<receipts::Told>,
    /// Closed when all of this is gone, the recorder first.
    _alive: mpsc::Sender<()>,
}

impl Shared {
    fn told(&self) -> MutexGuard<'_, receipts::Told> {
        self.told.lock().expect("nothing panics while it holds what was told")
    }
}

/// Runs a recorder on the bus until `stop` says so, then finishes what it has in hand.
///
/// # Errors
/// When the ledger does not open, or the sealed stream diverges from it.
pub async fn run(
    store: Box<dyn Store>,
    config: Config,
    bus: Bus,
    force: Force,
    health: Health,
    stop: impl Future<Output = ()>,
) -> Result<(), ServiceError> {
    let told = receipts::Told::read(&*store).map_err(OpenError::from)?;
    let age = age::Age::read(&*store, Arc::clone(&config.clock)).map_err(OpenError::from)?;
    let (tell, sealed) = mpsc::channel(SEALED_WAITING);
    let opened = tokio::task::spawn_blocking(move || Recorder::open_telling(store, config, tell)).await;
    let recorder = opened.expect("opening a ledger does not panic")?;
    health.ready("ledger");
    let (commit, committed) = watch::channel(TreeSize(0));
    let (alive, mut gone) = mpsc::channel(1);
    let shared = Arc::new(Shared {
        recorder,
        bus,
        force,
        health,
        committed,
        published: watch::Sender::new(TreeSize(0)),
        age,
        window: Arc::new(Semaphore::new(WINDOW_BYTES)),
        told: Mutex::new(told),
        _alive: alive,
    });
    let outcome = work(shared, sealed, commit, stop).await;
    // Until the last checkpoint is signed, the ledger closed and its lock free.
    let _ = gone.recv().await;
    outcome
}

async fn work(
    shared: Arc<Shared>,
    sealed: mpsc::Receiver<Sealed>,
    commit: watch::Sender<TreeSize>,
    stop: impl Future<Output = ()>,
) -> Result<(), ServiceError> {
    let (finish, finishing) = watch::channel(false);
    let appender = sealed::Appender::new(Arc::clone(&shared), sealed, commit, finishing);
    let mut appending = tokio::spawn(appender.run());
    let working = async {
        // Nothing is answered or taken before the stream's end is known to be this ledger's.
        let mut begun = shared.committed.clone();
        let _ = begun.changed().await;
        let _serving = endpoints::serve(&shared);
        inbox::take(&shared, stop).await;
    };
    tokio::select! {
        ended = &mut appending => return ended.expect("appending does not panic"),
        () = working => {}
    }
    if let Err(error) = shared.recorder.publish_now().await {
        tracing::error!(%error, "no last checkpoint could be published; the next start does");
    }
    finish.send_replace(true);
    appending.await.expect("appending does not panic")
}
