//! The recorder on the bus.
//!
//! ```text
//! INBOX ─► take (bounded by bytes) ─► Recorder ─► appended to SEALED, fenced ─► durable here ─► told ─► acknowledged
//!                                                    ▲              │
//!                                                    └── of several recorders one gets in, the others follow
//! ```
//!
//! An entry is *committed* when it is in the sealed stream and on this disk; nobody is told before both. The stream's
//! append carries the last sequence that this recorder believes in (the fence), so that of two recorders one is
//! refused ([`StreamLog`]). Refusals hang on the fence as well. A crash anywhere before the last arrow only causes a
//! replay, and a replay returns the same receipts.
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
mod stream_log;

use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use host::Health;
use host::bus::Bus;
use host::bus::names::Force;
use ledger_store::Store;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::{Config, OpenError, Recorder, Role, Standing, Stop, Trouble};

pub use role::{ROLE, serve};
pub use stream_log::StreamLog;

/// Bytes of messages taken from the inbox and not acknowledged: two full batches, so that one is checked while the
/// other commits, and a bound on what the process holds in memory.
const WINDOW_BYTES: usize = 2 * ledger_core::limits::MAX_BATCH_BYTES;

/// Messages handed out and not acknowledged.
const MESSAGES_IN_FLIGHT: usize = 1_024;

/// A message that is not acknowledged for so long comes again: many times what the slowest commit takes.
const ACK_WAIT: Duration = Duration::from_secs(30);

/// Between attempts to begin.
const PAUSE: Duration = Duration::from_millis(250);

/// How long what is in hand may take once the service was asked to stop. A sealed stream that does not answer for so
/// long is not waited for: what becomes of it, the next start finds out.
const FINISH_WITHIN: Duration = Duration::from_secs(8);

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
    /// Nobody knows what the disk holds.
    #[error("{0}")]
    Disk(Stop),
}

impl From<Stop> for ServiceError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Diverged(why) => ServiceError::Diverged(why),
            Stop::Disk(_) => ServiceError::Disk(stop),
        }
    }
}

/// What all parts of the service share.
struct Shared {
    recorder: Recorder,
    bus: Bus,
    force: Force,
    health: Health,
    standing: watch::Receiver<Standing>,
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

/// Runs the only recorder of a ledger on the bus until `stop` says so, then finishes what it has in hand.
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
    let log = StreamLog::new(bus.clone(), force.clone()).with_health(health.clone());
    health.waiting("sealed stream", "its end is not known yet");
    let opened =
        tokio::task::spawn_blocking(move || Recorder::open_behind(store, config, Box::new(log))).await;
    let recorder = opened.expect("opening a ledger does not panic")?;
    health.ready("ledger");
    let (alive, mut gone) = mpsc::channel(1);
    let shared = Arc::new(Shared {
        standing: recorder.standing(),
        recorder,
        bus,
        force,
        health,
        age,
        window: Arc::new(Semaphore::new(WINDOW_BYTES)),
        told: Mutex::new(told),
        _alive: alive,
    });
    let outcome = work(shared, stop).await;
    // Until the last checkpoint is signed, the ledger closed and its lock free.
    let _ = gone.recv().await;
    outcome
}

async fn work(shared: Arc<Shared>, stop: impl Future<Output = ()>) -> Result<(), ServiceError> {
    let stop = async {
        stop.await;
        tokio::spawn(give_up_later(Arc::downgrade(&shared)));
    };
    tokio::pin!(stop);
    // Nothing is answered or taken before the stream's end is known to be this ledger's.
    tokio::select! {
        () = &mut stop => shared.recorder.give_up(),
        led = lead(&shared) => {
            led?;
            let working = async {
                let _telling = Ends(tokio::spawn(tell_what_is_published(Arc::clone(&shared))));
                let _serving = endpoints::serve(&shared);
                inbox::take(&shared, stop).await;
            };
            tokio::select! {
                stopped = stopped(&shared) => return Err(stopped.into()),
                () = working => {}
            }
            if let Err(error) = shared.recorder.publish_now().await {
                tracing::error!(%error, "no last checkpoint could be published; the next start does");
            }
            answers::tell_published(&shared).await;
        }
    }
    Ok(())
}

/// Leads, as soon as the bus lets it.
async fn lead(shared: &Shared) -> Result<(), ServiceError> {
    loop {
        match shared.recorder.lead_alone().await {
            Ok(()) => return Ok(()),
            Err(Trouble::NotNow(why)) => shared.health.waiting("sealed stream", &why),
            Err(Trouble::Stopped(stop)) => return Err(stop.into()),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Ends when the recorder has found what cannot be explained.
async fn stopped(shared: &Shared) -> Stop {
    let mut standing = shared.standing.clone();
    loop {
        if let Role::Stopped(stop) = &standing.borrow_and_update().role {
            return stop.clone();
        }
        if standing.changed().await.is_err() {
            return Stop::Disk("the recorder's thread has ended".to_owned());
        }
    }
}

/// Tells proofs whenever a checkpoint covers more.
async fn tell_what_is_published(shared: Arc<Shared>) {
    let mut standing = shared.standing.clone();
    let mut published = standing.borrow_and_update().published;
    while standing.changed().await.is_ok() {
        let now = standing.borrow_and_update().clone();
        metrics::gauge!("scrutiny_recorder_committed_entries").set(now.size.0 as f64);
        if now.published > published {
            published = now.published;
            shared.age.signed_now();
            answers::tell_published(&shared).await;
        }
    }
}

async fn give_up_later(shared: Weak<Shared>) {
    tokio::time::sleep(FINISH_WITHIN).await;
    if let Some(shared) = shared.upgrade() {
        tracing::warn!("the sealed stream does not answer; it is not waited for");
        shared.recorder.give_up();
    }
}

/// A task that ends with whoever holds this.
struct Ends(tokio::task::JoinHandle<()>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
    }
}
