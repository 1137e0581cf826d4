//! A machine: a disk, a clock, a way to the bus, and the recorder that runs on it when it is up.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use host::bus::names::Force;
use host::bus::{Broker, Bus, Link};
use ledger_store::{MemoryDisk, MemoryStore};
use recorder::{Config, RecorderKey};

use crate::broken::{Broken, Promise};
use crate::fragile::{Fragile, Fuse, PowerCut};
use crate::pool::{self, Pool};
use crate::process::{Desk, Ending, Parts, live};
use crate::step::Who;

/// The time that passes for everybody, milliseconds since the Unix epoch.
pub(crate) type Now = Arc<AtomicU64>;

pub(crate) struct Machine {
    pub(crate) who: Who,
    pub(crate) disk: MemoryDisk,
    pub(crate) link: Link,
    pub(crate) paused: bool,
    pub(crate) fuse: Fuse,
    bus: Bus,
    force: Force,
    now: Now,
    /// What its clock is off by.
    off_ms: Arc<AtomicI64>,
    process: Option<Running>,
    /// How its last process ended by itself.
    pub(crate) ended: Option<Ending>,
    /// A flush failed since somebody last checked the disk.
    pub(crate) flush_failed: bool,
    /// Entries with one copy damaged.
    pub(crate) flipped: Vec<u64>,
    /// Entries of the disk that were found to be the history's own.
    pub(crate) checked: u64,
    pub(crate) checked_notes: usize,
    /// Its disk has what a lost tail took from everybody else.
    pub(crate) astray: bool,
    /// Processes started so far.
    starts: Cell<u64>,
}

struct Running {
    life: Pin<Box<dyn Future<Output = Ending>>>,
    desk: Rc<Desk>,
}

impl Machine {
    pub(crate) fn new(who: Who, broker: &Broker, force: &Force, now: &Now) -> Self {
        let (bus, link) = broker.handle();
        link.stepwise();
        Self {
            who,
            disk: MemoryDisk::new(),
            link,
            paused: false,
            fuse: Fuse::default(),
            bus,
            force: force.clone(),
            now: now.clone(),
            off_ms: Arc::default(),
            process: None,
            ended: None,
            flush_failed: false,
            flipped: Vec::new(),
            checked: 0,
            checked_notes: 0,
            astray: false,
            starts: Cell::new(0),
        }
    }

    pub(crate) fn desk(&self) -> Option<Rc<Desk>> {
        self.process.as_ref().map(|running| running.desk.clone())
    }

    pub(crate) fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Whether its recorder believes to lead.
    pub(crate) fn leads(&self) -> bool {
        self.process.as_ref().is_some_and(|running| running.desk.leads.get())
    }

    pub(crate) fn set_clock(&self, by_ms: i64) {
        self.off_ms.fetch_add(by_ms, Ordering::Relaxed);
    }

    /// Starts a recorder, unless there is one.
    pub(crate) fn start(&mut self) {
        if self.is_up() {
            return;
        }
        self.ended = None;
        let store = match MemoryStore::open(&self.disk) {
            Ok(store) => Fragile { store, fuse: self.fuse.clone() },
            Err(error) => {
                self.ended = Some(Ending::Closed(error.to_string()));
                return;
            }
        };
        let desk = Rc::new(Desk::default());
        self.starts.set(self.starts.get() + 1);
        let parts = Parts {
            store,
            config: self.config(),
            key: self.key(),
            bus: self.bus.clone(),
            link: self.link.clone(),
            force: self.force.clone(),
            desk: desk.clone(),
        };
        self.process = Some(Running { life: Box::pin(live(parts)), desk });
    }

    fn key(&self) -> RecorderKey {
        let key = &Pool::get().recorders[usize::from(self.who.0)];
        RecorderKey::from_seed(&key.to_bytes()).expect("it was made from a seed")
    }

    fn config(&self) -> Config {
        let (now, off) = (self.now.clone(), self.off_ms.clone());
        Config {
            signer: pool::signer().clone(),
            clock: Arc::new(move || {
                now.load(Ordering::Relaxed).saturating_add_signed(off.load(Ordering::Relaxed))
            }),
            checkpoint_every: Duration::from_secs(1),
            verify_threads: 1,
        }
    }

    /// Cuts the power.
    pub(crate) fn crash(&mut self) {
        self.fuse.put_out();
        self.process = None;
        self.disk.crash();
    }

    /// One turn. Whether there is more to come.
    ///
    /// # Errors
    /// When the recorder panics.
    pub(crate) fn turn(&mut self) -> Result<bool, Broken> {
        if self.paused {
            return Ok(false);
        }
        let Some(running) = &mut self.process else { return Ok(false) };
        let mut context = Context::from_waker(Waker::noop());
        let polled = catch_unwind(AssertUnwindSafe(|| running.life.as_mut().poll(&mut context)));
        match polled {
            Ok(Poll::Pending) => Ok(true),
            Ok(Poll::Ready(ending)) => {
                self.ended = Some(ending);
                self.process = None;
                Ok(false)
            }
            Err(panic) if panic.is::<PowerCut>() => {
                self.crash();
                Ok(false)
            }
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|t| (*t).to_owned()));
                Promise::NoPanic.broken(format!("{} panics: {}", self.who, text.unwrap_or_default()))
            }
        }
    }
}
