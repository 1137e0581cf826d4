//! Reading a work queue, and the ways to settle a delivery.

use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::consumer::pull::{self, Stream};
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer};
use async_nats::jetstream::stream::ConsumerErrorKind;
use async_nats::jetstream::{Context, ErrorCode, Message};
use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use tokio::time::Instant;

use super::{JetStream, headers_from_nats};
use crate::bus::consume::{ConsumerSpec, Delivery, Settle};
use crate::bus::error::{AckError, BusError};

/// The server says so often that it is still there; the library counts on twice that.
const HEARTBEAT: Duration = Duration::from_millis(700);

/// One pull asks for messages for so long. Less than the silence after which another reader takes over: what a reader
/// that sleeps has asked for would still be handed to it, and a reset of the queue does not take that back.
const PULL: Duration = Duration::from_millis(1_500);

/// A reader of a work queue. It keeps up to `max_in_flight` messages ready, so that the next batch is there
/// when the last one is done.
pub(in crate::bus) struct Pull {
    client: Client,
    context: Context,
    spec: ConsumerSpec,
    stream: Option<Stream>,
}

impl std::fmt::Debug for Pull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pull").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl JetStream {
    pub(in crate::bus) async fn consume(&self, spec: ConsumerSpec) -> Result<Pull, BusError> {
        let (client, context) = (self.client.clone(), self.context.clone());
        let mut pull = Pull { client, context, spec, stream: None };
        let ours = |subject: &str| subject.starts_with("$JS.API.CONSUMER");
        self.unless_denied(ours, pull.open()).await??;
        Ok(pull)
    }
}

impl Pull {
    pub(in crate::bus) async fn next(
        &mut self,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, BusError> {
        let deadline = Instant::now() + wait;
        let Ok(opened) = tokio::time::timeout_at(deadline, self.open()).await else { return Ok(Vec::new()) };
        opened?;
        let mut found = Vec::new();
        let stream = self.stream.as_mut().expect("open() has just made it");
        let mut item = match tokio::time::timeout_at(deadline, stream.next()).await {
            Err(_) => return Ok(found),
            Ok(item) => item,
        };
        loop {
            match item {
                Some(Ok(message)) => found.extend(delivery(&self.client, message)),
                Some(Err(e)) => return self.lost(found, &e.to_string()),
                None => return self.lost(found, "the broker ended the delivery"),
            }
            if found.len() >= max {
                return Ok(found);
            }
            // What has arrived already belongs to this batch; nothing is waited for.
            item = match self.stream.as_mut().and_then(|stream| stream.next().now_or_never()) {
                Some(item) => item,
                None => return Ok(found),
            };
        }
    }

    /// What is in hand is handed out first; the error will show again at the next call if it lasts.
    fn lost(&mut self, found: Vec<Delivery>, why: &str) -> Result<Vec<Delivery>, BusError> {
        self.stream = None;
        if found.is_empty() { Err(BusError::Unreachable(why.to_owned())) } else { Ok(found) }
    }

    /// Makes the reader on the server, or finds it there, and starts its delivery.
    async fn open(&mut self) -> Result<(), BusError> {
        if self.stream.is_some() {
            return Ok(());
        }
        let config = pull::Config {
            durable_name: Some(self.spec.durable.clone()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.spec.ack_wait,
            max_ack_pending: self.spec.max_in_flight.try_into().unwrap_or(i64::MAX),
            ..pull::Config::default()
        };
        let made = self.context.create_consumer_on_stream(config, &self.spec.stream).await;
        let mut consumer: PullConsumer = made.map_err(|e| match e.kind() {
            ConsumerErrorKind::JetStream(api) if api.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                BusError::NoStream(self.spec.stream.clone())
            }
            ConsumerErrorKind::JetStream(api) => BusError::Refused(api.to_string()),
            _ => BusError::Unreachable(e.to_string()),
        })?;
        // What a reader before this one had out, and took to its grave, is handed out at once: nobody else reads
        // this queue. Without it, and on older servers, it comes again after `ack_wait`.
        if let Err(e) = consumer.reset(None).await {
            tracing::debug!(%e, "what is out comes again only after its time");
        }
        let pulling = consumer
            .stream()
            .max_messages_per_batch(self.spec.max_in_flight)
            .heartbeat(HEARTBEAT)
            .expires(PULL)
            .messages()
            .await;
        self.stream = Some(pulling.map_err(|e| BusError::Unreachable(e.to_string()))?);
        Ok(())
    }
}

/// A message without a way to acknowledge it is none of the stream's.
fn delivery(client: &Client, message: Message) -> Option<Delivery> {
    let (sequence, delivered) = message
        .info()
        .map(|info| (info.stream_sequence, u64::try_from(info.delivered).unwrap_or(1)))
        .inspect_err(|e| tracing::warn!(%e, subject = %message.subject, "a message that is no delivery"))
        .ok()?;
    let message = message.message;
    let receipt = Receipt { client: client.clone(), reply: message.reply?.to_string() };
    Some(Delivery {
        subject: message.subject.to_string(),
        headers: headers_from_nats(message.headers.as_ref()),
        payload: message.payload,
        sequence,
        delivered,
        settle: Settle::Nats(receipt),
    })
}

/// The way back for one delivery.
#[derive(Debug)]
pub(in crate::bus) struct Receipt {
    client: Client,
    reply: String,
}

impl Receipt {
    pub(in crate::bus) async fn ack(&self) -> Result<(), AckError> {
        self.ask("+ACK".to_owned()).await
    }

    /// Not confirmed: if it is lost, the message comes again after `ack_wait`.
    pub(in crate::bus) async fn again(&self, delay: Duration) {
        let nanoseconds = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        let text = format!("-NAK {{\"delay\": {nanoseconds}}}");
        let _ = self.client.publish(self.reply.clone(), Bytes::from(text)).await;
    }

    /// If it is lost, the message comes again, and whoever gave it up does so again.
    pub(in crate::bus) async fn give_up(&self) {
        let _ = self.ask("+TERM".to_owned()).await;
    }

    /// A request, so that a reader that no longer exists is noticed: there, "nobody answers" is an error.
    async fn ask(&self, text: String) -> Result<(), AckError> {
        let answer = self.client.request(self.reply.clone(), Bytes::from(text)).await;
        answer.map(|_| ()).map_err(|e| AckError(e.to_string()))
    }
}
