//! What is passed on: one queue, one sender, many statements in one message.
//!
//! A broker that flushes every message to disk takes about a thousand a second, one at a time or not. So nothing is
//! sent alone that has company: what waits goes into one message, while that one is stored the next gathers.

mod message;

use std::sync::Arc;
use std::time::Duration;

use host::bus::names::Force;
use host::bus::{Bus, PublishError};
use ledger_core::wire::{RefusalNotice, Submission};
use scrutiny_proto::vocabulary::Kind;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use crate::Service;
use message::{Parcel, pack};

/// KiB that may wait. Seventy of the largest messages, or some hundred thousand statements.
const ROOM_KIB: usize = 64 << 10;

/// Items that may wait.
const ITEMS: usize = 4_096;

/// Waiting between two tries: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// Why something was not passed on, for whoever handed it in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsent {
    /// Not now. It may or may not have been stored: sent again, it is recorded once.
    #[error("{0}")]
    Later(String),
    /// The bus does not let this desk.
    #[error("the bus refuses what this desk sends, which its operator must mend: {0}")]
    Refused(String),
}

/// Something on its way, and who waits for it.
pub(crate) struct Item {
    what: What,
    traceparent: Option<String>,
    reply: oneshot::Sender<Result<(), Unsent>>,
    /// Room in the queue, given back when it is gone.
    _room: Option<OwnedSemaphorePermit>,
}

pub(crate) enum What {
    /// A statement, and what it is called when it travels alone; nothing, where its kind has no name of ours.
    Statement(Submission, Option<Name>),
    Notice(RefusalNotice),
    /// Answered when everything before it is gone.
    Mark,
}

/// What a message with one statement says outside of its bytes.
pub(crate) struct Name {
    pub(crate) id: String,
    pub(crate) kind: &'static Kind,
    pub(crate) stream: String,
}

impl What {
    fn bytes(&self) -> usize {
        match self {
            Self::Statement(submission, _) => submission.encoded_len(),
            Self::Notice(notice) => notice.refused.sentence.len() + 512,
            Self::Mark => 0,
        }
    }
}

/// The way out. Clones share it.
#[derive(Clone)]
pub(crate) struct Outgoing {
    queue: mpsc::Sender<Item>,
    room: Arc<Semaphore>,
}

/// The answer that comes when something is gone.
pub(crate) type Ticket = oneshot::Receiver<Result<(), Unsent>>;

impl Outgoing {
    /// Starts the sender. It gives up on a message after `patience`, and whoever waits is told so.
    pub(crate) fn start(bus: Bus, force: Force, service: Service, patience: Duration) -> Self {
        let (queue, items) = mpsc::channel(ITEMS);
        tokio::spawn(Sender { bus, force, service, patience }.run(items));
        Self { queue, room: Arc::new(Semaphore::new(ROOM_KIB)) }
    }

    /// Queues something; waits for room.
    pub(crate) async fn send(&self, what: What, traceparent: Option<String>) -> Ticket {
        let kib = u32::try_from(what.bytes().div_ceil(1024)).unwrap_or(u32::MAX).min(ROOM_KIB as u32);
        let room = self.room.clone().acquire_many_owned(kib).await.ok();
        let (reply, ticket) = oneshot::channel();
        // A queue without a sender drops the item, and the ticket says so.
        let _ = self.queue.send(Item { what, traceparent, reply, _room: room }).await;
        ticket
    }

    /// Waits until everything that was queued before is gone; none when the sender is.
    pub(crate) async fn passed_on(&self) -> Option<()> {
        self.send(What::Mark, None).await.await.ok()?.ok()
    }
}

/// What became of a ticket.
pub(crate) async fn outcome(ticket: Ticket) -> Result<(), Unsent> {
    ticket.await.unwrap_or_else(|_| Err(Unsent::Later("the desk is stopping".to_owned())))
}

struct Sender {
    bus: Bus,
    force: Force,
    service: Service,
    patience: Duration,
}

impl Sender {
    async fn run(self, mut items: mpsc::Receiver<Item>) {
        let mut held = None;
        loop {
            let first = match held.take() {
                Some(item) => item,
                None => match items.recv().await {
                    Some(item) => item,
                    None => return,
                },
            };
            if matches!(first.what, What::Mark) {
                let _ = first.reply.send(Ok(()));
                continue;
            }
            let (parcel, next) = pack(first, &mut items, &self.force, self.service);
            held = next;
            let sent = self.deliver(&parcel).await;
            for reply in parcel.replies {
                let _ = reply.send(sent.clone());
            }
        }
    }

    /// Publishes one message, again and again with the same id while nobody knows whether it is stored.
    async fn deliver(&self, parcel: &Parcel) -> Result<(), Unsent> {
        let until = Instant::now() + self.patience;
        let mut pause = FIRST_PAUSE;
        let mut other_id = 0;
        loop {
            let why = match self.bus.publish(parcel.outgoing(other_id)).await {
                Ok(stored) if stored.duplicate && self.is_other(&stored, parcel).await => {
                    tracing::error!(id = %parcel.id(other_id), "somebody used this message's id for other bytes");
                    other_id += 1;
                    "the inbox holds another message under this one's id".to_owned()
                }
                Ok(_) => return Ok(()),
                Err(PublishError::Refused(why)) => {
                    tracing::error!(why, subject = parcel.subject, "the bus refused a message");
                    return Err(Unsent::Refused(why));
                }
                Err(PublishError::Unknown(why) | PublishError::Full(why)) => why,
                Err(fenced @ PublishError::Fenced { .. }) => fenced.to_string(),
            };
            if Instant::now() + pause > until {
                tracing::warn!(
                    why,
                    subject = parcel.subject,
                    "a message was given up; its senders send it again"
                );
                return Err(Unsent::Later(format!("the inbox cannot be reached now ({why}); send it again")));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Whether a duplicate is one by its id alone: whoever may write to the inbox can use an id first.
    async fn is_other(&self, stored: &host::bus::Stored, parcel: &Parcel) -> bool {
        let there = self.bus.message(&stored.stream, stored.sequence).await;
        there.is_ok_and(|message| message.is_some_and(|m| m.payload != parcel.payload))
    }
}
