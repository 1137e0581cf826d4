//! A recorder as a process: a node, and the little that a loop around it does.
//!
//! It is one future, polled by hand. Each poll takes it to the next wait on its way to the bus, so that anything may
//! happen there to it, to the others and to the bus; dropping it is the process's end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use host::bus::names::Force;
use host::bus::{Bus, Consumer, ConsumerSpec, Delivery, Link};
use ledger_core::hash::Hash;
use ledger_core::wire::{Submission, Submissions};
use recorder::service::StreamLog;
use recorder::{Answer, Config, Durable, Failure, Node, RecorderKey, Role, Stop, Trouble};

use crate::fragile::Fragile;

/// Messages taken at once.
const AT_ONCE: usize = 4;

/// A message that is not acknowledged comes again after so long.
const ACK_WAIT: Duration = Duration::from_secs(30);

/// Before a message that could not be recorded comes again.
const PAUSE: Duration = Duration::from_secs(1);

/// What the world and a process say to each other.
#[derive(Default)]
pub(crate) struct Desk {
    /// Nobody is heard to lead.
    pub(crate) lead: Cell<bool>,
    /// It is time to look how the stream stands.
    pub(crate) watch: Cell<bool>,
    /// A checkpoint is due.
    pub(crate) publish: Cell<bool>,
    /// Entries of the one history when it was last looked at.
    pub(crate) size_now: Cell<u64>,
    /// What was said, in order.
    pub(crate) said: RefCell<Vec<Said>>,
    /// Whether it believes to lead.
    pub(crate) leads: Cell<bool>,
    /// The rules' state as bytes, when the world wants to see it.
    pub(crate) state_wanted: Cell<bool>,
    pub(crate) state: RefCell<Option<(u64, Vec<u8>)>>,
}

/// What a process said to others.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    /// This statement is recorded. Whether anybody heard it is another matter.
    Recorded { digest: Hash, durable: Durable, heard: bool },
    /// It is refused. The history had so many entries when the recorder got it.
    Refused { submission: Submission, code: String, since: u64, heard: bool },
    /// The inbox may forget these.
    Acknowledged { digests: Vec<Hash> },
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It did not start.
    Closed(String),
    /// It found what cannot be explained.
    Stopped(Stop),
}

/// What a process is made of.
pub(crate) struct Parts {
    pub(crate) store: Fragile,
    pub(crate) config: Config,
    pub(crate) key: RecorderKey,
    pub(crate) bus: Bus,
    pub(crate) link: Link,
    pub(crate) force: Force,
    pub(crate) desk: Rc<Desk>,
}

/// The process.
pub(crate) async fn live(parts: Parts) -> Ending {
    let Parts { store, config, key, bus, link, force, desk } = parts;
    let log = StreamLog::new(bus.clone(), force.clone());
    let node = match Node::open(Box::new(store), config, Some(Box::new(log))) {
        Ok(node) => node,
        Err(error) => return Ending::Closed(error.to_string()),
    };
    Process { node, key, bus, link, force, desk, inbox: None }.run().await
}

struct Process {
    node: Node,
    key: RecorderKey,
    bus: Bus,
    link: Link,
    force: Force,
    desk: Rc<Desk>,
    inbox: Option<Consumer>,
}

impl Process {
    async fn run(mut self) -> Ending {
        loop {
            let leads = matches!(self.node.role(), Role::Leading { .. });
            self.desk.leads.set(leads);
            if self.desk.state_wanted.take() {
                let size = self.node.store().head().size.0;
                self.desk.state.replace(Some((size, self.node.state().to_bytes())));
            }
            let done = if leads { self.lead().await } else { self.follow().await };
            if let Err(Trouble::Stopped(stop)) = done {
                self.desk.leads.set(false);
                return Ending::Stopped(stop);
            }
            tokio::task::yield_now().await;
        }
    }

    async fn follow(&mut self) -> Result<(), Trouble> {
        self.inbox = None;
        if self.desk.lead.take() {
            return self.node.take_over(&self.key).await.map(drop);
        }
        self.node.catch_up().await.map(drop)
    }

    async fn lead(&mut self) -> Result<(), Trouble> {
        self.desk.lead.set(false);
        if self.desk.watch.take() {
            match self.node.watch().await {
                Err(trouble @ Trouble::Stopped(_)) => return Err(trouble),
                Ok(()) | Err(Trouble::NotNow(_)) => {}
            }
        }
        if self.desk.publish.take() {
            self.node.publish().await?;
        }
        let deliveries = self.next().await;
        for delivery in deliveries {
            self.settle(&delivery).await?;
        }
        Ok(())
    }

    async fn next(&mut self) -> Vec<Delivery> {
        if self.inbox.is_none() {
            let spec = ConsumerSpec {
                stream: self.force.inbox().name,
                durable: "recorder".to_owned(),
                max_in_flight: 64,
                ack_wait: ACK_WAIT,
            };
            self.inbox = self.bus.consume(spec).await.ok();
        }
        match &mut self.inbox {
            Some(inbox) => inbox.next(AT_ONCE, Duration::ZERO).await.unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// Hands a message's statements in, tells the answers, and acknowledges it when each has one.
    async fn settle(&mut self, delivery: &Delivery) -> Result<(), Trouble> {
        let submissions = Submissions::parse(&delivery.payload).expect("officers send what reads").0;
        let since = self.desk.size_now.get();
        let digests: Vec<Hash> = submissions.iter().map(Submission::digest).collect();
        let answers = self.node.submit(submissions.clone()).await;
        let settled = answers.iter().all(|answer| !matches!(answer, Err(Failure::Unavailable(_))));
        for (submission, answer) in submissions.into_iter().zip(answers) {
            self.tell(submission, answer, since);
        }
        if let Role::Stopped(stop) = self.node.role() {
            return Err(Trouble::Stopped(stop.clone()));
        }
        if !settled {
            delivery.again(PAUSE).await;
        } else if delivery.ack().await.is_ok() {
            self.desk.said.borrow_mut().push(Said::Acknowledged { digests });
        }
        Ok(())
    }

    fn tell(&self, submission: Submission, answer: Answer, since: u64) {
        let heard = !self.link.is_cut();
        let said = match answer {
            Ok(durable) => Said::Recorded { digest: submission.digest(), durable, heard },
            Err(Failure::Refused(refusal)) => {
                Said::Refused { submission, code: refusal.code.to_string(), since, heard }
            }
            Err(Failure::Unavailable(_)) => return,
        };
        self.desk.said.borrow_mut().push(said);
    }
}
