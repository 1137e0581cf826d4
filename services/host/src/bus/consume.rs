//! Reading: work that is acknowledged, streams that are followed, subjects that are listened to.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::error::{AckError, BusError, FollowError};
use super::message::{Headers, Message};
use super::{in_process, jetstream};

/// A durable reader of a work queue: what it acknowledged, nobody gets again. A reader that is made anew under the
/// same name takes over: what was out is handed out again at once.
#[derive(Debug, Clone)]
pub struct ConsumerSpec {
    /// The stream.
    pub stream: String,
    /// The reader's name, the process's own.
    pub durable: String,
    /// Messages handed out and not acknowledged; beyond that the stream waits. This is the back-pressure.
    pub max_in_flight: usize,
    /// A message that is not acknowledged for so long is delivered again.
    pub ack_wait: Duration,
}

/// A reader at work.
#[derive(Debug)]
pub struct Consumer(pub(super) ConsumerKind);

#[derive(Debug)]
pub(super) enum ConsumerKind {
    Here(in_process::Queue),
    Nats(Box<jetstream::Pull>),
}

impl Consumer {
    /// Up to `max` messages, as soon as there is one; none when there was none within `wait`.
    ///
    /// # Errors
    /// When the broker is away or no longer knows the reader. Ask again: the reader is made anew.
    pub async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, BusError> {
        match &mut self.0 {
            ConsumerKind::Here(queue) => queue.next(max, wait).await,
            ConsumerKind::Nats(pull) => pull.next(max, wait).await,
        }
    }
}

/// A message that wants an answer. One that is dropped comes again.
#[derive(Debug)]
pub struct Delivery {
    /// Where it was sent.
    pub subject: String,
    /// Unsigned copies.
    pub headers: Headers,
    /// The bytes.
    pub payload: Bytes,
    /// Its place in the stream.
    pub sequence: u64,
    /// How many times it was delivered, this one included, as far as the broker remembers: one that was killed
    /// may count from 1 again.
    pub delivered: u64,
    pub(super) settle: Settle,
}

#[derive(Debug)]
pub(super) enum Settle {
    Here(in_process::Receipt),
    Nats(jetstream::Receipt),
}

impl Delivery {
    /// Done: it shall not come again. Waits until the broker has confirmed that.
    ///
    /// # Errors
    /// When no confirmation came: the message will come again.
    pub async fn ack(&self) -> Result<(), AckError> {
        match &self.settle {
            Settle::Here(receipt) => receipt.ack().await,
            Settle::Nats(receipt) => receipt.ack().await,
        }
    }

    /// Not now: it shall come again after a while.
    pub async fn again(&self, delay: Duration) {
        match &self.settle {
            Settle::Here(receipt) => receipt.again(delay).await,
            Settle::Nats(receipt) => receipt.again(delay).await,
        }
    }

    /// Never again, although it was not done. Only after the refusal has been recorded.
    pub async fn give_up(&self) {
        match &self.settle {
            Settle::Here(receipt) => receipt.give_up().await,
            Settle::Nats(receipt) => receipt.give_up().await,
        }
    }
}

/// Acknowledges several at once: one waiting time instead of one each.
///
/// # Errors
/// The first that was not confirmed. All were tried.
pub async fn ack_all(deliveries: &[Delivery]) -> Result<(), AckError> {
    futures::future::join_all(deliveries.iter().map(Delivery::ack)).await.into_iter().collect()
}

/// A stream from one place on, every message in order, without gaps. It survives the broker's restart.
#[derive(Debug)]
pub struct Follower {
    pub(super) queue: mpsc::Receiver<Result<Message, FollowError>>,
}

impl Follower {
    /// The next message, as soon as there is one. `None` once the bus has drained.
    ///
    /// # Errors
    /// When the stream has lost messages that were to come. That is the follower's end: make a new one.
    pub async fn next(&mut self) -> Option<Result<Message, FollowError>> {
        self.queue.recv().await
    }
}

/// What is told on some subjects while we listen. Dropping it stops listening.
#[derive(Debug)]
pub struct Listener {
    pub(super) queue: mpsc::Receiver<Message>,
}

impl Listener {
    /// The next message. `None` once the bus has drained, or when listening is not permitted.
    pub async fn next(&mut self) -> Option<Message> {
        self.queue.recv().await
    }
}
