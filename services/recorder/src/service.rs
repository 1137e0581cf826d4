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

mod addenda;
mod age;
mod answers;
mod endpoints;
mod inbox;
mod leading;
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

use crate::{Config, OpenError, Recorder, RecorderKey, Role, Standing, Stop, Trouble};

pub use role::{ROLE, serve};
pub use stream_log::StreamLog;

/// Bytes of messages taken from the inbox and not acknowledged: two full batches, so that one is checked while the
/// other commits, and a bound on what the process holds in memory.
const WINDOW_BYTES: usize = 2 * ledger_core::limits::MAX_BATCH_BYTES;

/// Messages handed out and not acknowledged.
const MESSAGES_IN_FLIGHT: usize = 1_024;

/// A message that is not acknowledged for so long comes again: many times what the slowest commit takes.
const ACK_WAIT: Duration = Duration::from_secs(30);

/// A disk that has not answered for so long keeps nothing: whoever leads is silent, asks for nothing more to record, and
/// answers nobody. A batch takes some milliseconds, on a slow disk some tens.
const HANGS: Duration = Duration::from_secs(1);

/// Between attempts to begin.
const PAUSE: Duration = Duration::from_millis(250);

/// How long what is in hand may take once the service was asked to stop. A sealed stream that does not answer for so
/// long is not waited for: what becomes of it, the next start finds out.
const FINISH_WITHIN: Duration = Duration::from_secs(5);

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

    fn disk_hangs(&self) -> bool {
        self.recorder.disk_hangs_for() > HANGS
    }

    /// Waits until the disk hangs, or until it does no more.
    async fn until_disk_hangs(&self, hangs: bool) {
        while self.disk_hangs() != hangs {
            tokio::time::sleep(HANGS / 4).await;
        }
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
    run_as(store, config, None, bus, force, health, stop).await
}

/// Runs one of several recorders of a ledger: it follows, and takes over when the one that leads is silent.
///
/// # Errors
/// As [`run`].
pub async fn run_among(
    store: Box<dyn Store>,
    config: Config,
    key: RecorderKey,
    bus: Bus,
    force: Force,
    health: Health,
    stop: impl Future<Output = ()>,
) -> Result<(), ServiceError> {
    run_as(store, config, Some(Arc::new(key)), bus, force, health, stop).await
}

async fn run_as(
    store: Box<dyn Store>,
    config: Config,
    key: Option<Arc<RecorderKey>>,
    bus: Bus,
    force: Force,
    health: Health,
    stop: impl Future<Output = ()>,
) -> Result<(), ServiceError> {
    let told = receipts::Told::read(&*store).map_err(OpenError::from)?;
    let age = age::Age::read(&*store, Arc::clone(&config.clock)).map_err(OpenError::from)?;
    let mut log = StreamLog::new(bus.clone(), force.clone()).with_health(health.clone());
    if key.is_some() {
        log = log.sharing_addenda();
    }
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
    let outcome = work(shared, key, stop).await;
    // Until the last checkpoint is signed, the ledger closed and its lock free.
    let _ = gone.recv().await;
    outcome
}

async fn work(
    shared: Arc<Shared>,
    key: Option<Arc<RecorderKey>>,
    stop: impl Future<Output = ()>,
) -> Result<(), ServiceError> {
    let (tell, stopping) = watch::channel(false);
    let telling = async {
        stop.await;
        tell.send_replace(true);
        tokio::spawn(give_up_later(Arc::downgrade(&shared)));
        std::future::pending().await
    };
    let _telling = Ends(tokio::spawn(tell_what_is_published(Arc::clone(&shared))));
    let working = async {
        match &key {
            None => work_alone(&shared, &stopping).await,
            Some(key) => take_turns(&shared, key, &stopping).await,
        }
    };
    tokio::select! {
        () = telling => unreachable!("it only tells"),
        outcome = working => outcome,
    }
}

/// The only recorder: it leads as soon as the bus lets it, for as long as it runs.
async fn work_alone(shared: &Arc<Shared>, stopping: &watch::Receiver<bool>) -> Result<(), ServiceError> {
    // Nothing is answered or taken before the stream's end is known to be this ledger's.
    tokio::select! {
        () = asked(stopping) => {
            shared.recorder.give_up();
            return Ok(());
        }
        led = begin(shared) => led?,
    }
    lead(shared, &endpoints::ALONE, stopping).await
}

/// One of several: it follows and leads in turn.
async fn take_turns(
    shared: &Arc<Shared>,
    key: &Arc<RecorderKey>,
    stopping: &watch::Receiver<bool>,
) -> Result<(), ServiceError> {
    let _completing = Ends(tokio::spawn(addenda::ask_again(Arc::clone(shared))));
    loop {
        let turn = {
            let _seen = endpoints::serve(shared, &endpoints::STANDBY);
            leading::follow(shared, key, stopping).await?
        };
        if let leading::Turn::Stop = turn {
            shared.recorder.give_up();
            return Ok(());
        }
        let epoch = match shared.recorder.take_over(Arc::clone(key)).await {
            Ok(epoch) => epoch,
            Err(Trouble::NotNow(why)) => {
                tracing::warn!(why, "this recorder did not take over");
                continue;
            }
            Err(Trouble::Stopped(stop)) => return Err(stop.into()),
        };
        metrics::counter!("scrutiny_recorder_takeovers_total").increment(1);
        let beating = Ends(tokio::spawn(leading::beat(Arc::clone(shared), Arc::clone(key), epoch)));
        let erasing = Ends(tokio::spawn(addenda::erase_from_the_stream(Arc::clone(shared))));
        lead(shared, &endpoints::AMONG, stopping).await?;
        drop((beating, erasing));
        if *stopping.borrow() {
            leading::say(shared, key, epoch, true).await;
            return Ok(());
        }
    }
}

/// Leads, as soon as the bus lets it.
async fn begin(shared: &Shared) -> Result<(), ServiceError> {
    loop {
        match shared.recorder.lead_alone().await {
            Ok(()) => return Ok(()),
            Err(Trouble::NotNow(why)) => shared.health.waiting("sealed stream", &why),
            Err(Trouble::Stopped(stop)) => return Err(stop.into()),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Takes, answers and tells, until it is asked to stop or another recorder leads.
async fn lead(
    shared: &Arc<Shared>,
    endpoints: &'static [&'static str],
    stopping: &watch::Receiver<bool>,
) -> Result<(), ServiceError> {
    let serving = endpoints::serve(shared, endpoints);
    let _watching = Ends(tokio::spawn(leading::watch(Arc::clone(shared))));
    let ending = async {
        tokio::select! {
            () = asked(stopping) => {}
            () = leads_no_more(shared) => {}
        }
    };
    tokio::select! {
        stopped = stopped(shared) => return Err(stopped.into()),
        () = inbox::take(shared, ending) => {}
    }
    if *stopping.borrow() {
        if let Err(error) = shared.recorder.publish_now().await {
            tracing::error!(%error, "no last checkpoint could be published; the next start does");
        }
        answers::tell_published(shared).await;
        return Ok(());
    }
    drop(serving);
    ["inbox", "questions", "ledger"].into_iter().for_each(|part| shared.health.without(part));
    Ok(())
}

/// Ends once the service is asked to stop.
async fn asked(stopping: &watch::Receiver<bool>) {
    // Where nobody can ask any more, nobody waits for the answer either.
    let _ = stopping.clone().wait_for(|stopping| *stopping).await;
}

async fn leads_no_more(shared: &Shared) {
    let leads = |standing: &Standing| matches!(standing.role, Role::Leading { .. } | Role::Stopped(_));
    let _ = shared.standing.clone().wait_for(|standing| !leads(standing)).await;
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
        metrics::gauge!("scrutiny_recorder_epoch").set(now.epoch as f64);
        let leads = matches!(now.role, Role::Leading { .. });
        metrics::gauge!("scrutiny_recorder_missing_addenda").set(now.lacking as f64);
        metrics::gauge!("scrutiny_recorder_leads").set(f64::from(u8::from(leads)));
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
