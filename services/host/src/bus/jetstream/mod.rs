//! The bus over NATS JetStream. Nothing outside this folder knows the client library.
//!
//! Traps of the library and the server that are handled here, all measured on async-nats 0.51 and
//! nats-server 2.15:
//!
//! - a missing permission shows only as an event, while the publish waits for its whole timeout: every call
//!   here ends as soon as the event names its subject ([`JetStream::unless_denied`]);
//! - a publish that timed out may have been stored: it ends as [`PublishError::Unknown`];
//! - a fence that does not hold has two error codes, one of which the library calls "other";
//! - the library's confirmed acknowledgement says "done" when nobody was there: we ask by request instead;
//! - `drain` returns at once: we wait for the closing event;
//! - a link that is half open shows only by ping: every 5 seconds, not every 60.

mod connect;
mod consume;
mod copies;
mod events;
mod follow;
mod making;
mod publish;
mod request;
mod serve;
mod streams;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, HeaderMap, jetstream};
use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::{broadcast, mpsc, watch};

pub(super) use self::consume::{Pull, Receipt};
use super::consume::Listener;
use super::error::BusError;
use super::message::{Headers, Message};
use super::{BusEvent, WAITING};

/// What the client library logs of itself by default: its events come to us anyway, and are said once.
pub(crate) const LOG: &str = "async_nats=warn";

#[derive(Debug)]
pub(super) struct JetStream {
    client: Client,
    context: jetstream::Context,
    events: broadcast::Sender<BusEvent>,
    /// What stood in the way of connecting, the last time it was tried.
    trouble: Arc<Mutex<Option<String>>>,
    servers: String,
    inbox_prefix: String,
    /// Becomes true when the bus drains; tasks of ours end then.
    closing: watch::Sender<bool>,
}

/// The broker does not permit us this subject.
#[derive(Debug, Clone)]
struct Denied(String);

impl JetStream {
    pub(super) async fn tell(&self, subject: &str, headers: Headers, payload: Bytes) -> Result<(), BusError> {
        let sent = self.client.publish_with_headers(subject.to_owned(), to_nats(&headers), payload).await;
        sent.map_err(|e| BusError::Unreachable(e.to_string()))
    }

    pub(super) async fn listen(&self, pattern: &str) -> Result<Listener, BusError> {
        // Before the question, or the answer could come before somebody listens to it.
        let mut denials = self.events.subscribe();
        let mut subscription = self
            .client
            .subscribe(pattern.to_owned())
            .await
            .map_err(|e| BusError::Unreachable(e.to_string()))?;
        let (sender, queue) = mpsc::channel(WAITING);
        let (events, pattern) = (self.events.clone(), pattern.to_owned());
        tokio::spawn(async move {
            loop {
                let message = tokio::select! {
                    message = subscription.next() => message,
                    _ = events::denied(&mut denials, |subject| subject == pattern) => None,
                    () = sender.closed() => None,
                };
                let Some(message) = message else { return };
                let subject = message.subject.to_string();
                if let Err(mpsc::error::TrySendError::Full(_)) = sender.try_send(from_nats(message)) {
                    let _ = events.send(BusEvent::SlowConsumer { subject });
                }
            }
        });
        Ok(Listener { queue })
    }

    pub(super) fn events(&self) -> broadcast::Receiver<BusEvent> {
        self.events.subscribe()
    }

    pub(super) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected && !*self.closing.borrow()
    }

    pub(super) async fn drain(&self, deadline: Duration) -> Result<(), BusError> {
        let mut events = self.events.subscribe();
        if self.closing.send_replace(true) {
            return Ok(());
        }
        // A client that is not connected has nothing to let go, and would wait for the broker for ever.
        if self.client.connection_state() != State::Connected {
            let _ = self.events.send(BusEvent::Closed);
            return Ok(());
        }
        self.client.drain().await.map_err(|e| BusError::Unreachable(e.to_string()))?;
        let closed = async {
            loop {
                match events.recv().await {
                    Ok(BusEvent::Closed) | Err(broadcast::error::RecvError::Closed) => return,
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                }
            }
        };
        let late = || BusError::Unreachable(format!("what was under way was not gone after {deadline:?}"));
        tokio::time::timeout(deadline, closed).await.map_err(|_| late())
    }

    /// The result of a call, or the broker's word that we may not make it, whichever comes first.
    async fn unless_denied<T>(
        &self,
        of: impl Fn(&str) -> bool,
        call: impl Future<Output = T>,
    ) -> Result<T, Denied> {
        let mut denials = self.events.subscribe();
        let ours = |subject: &str| of(subject) || subject.starts_with(&self.inbox_prefix);
        tokio::select! {
            result = call => Ok(result),
            subject = events::denied(&mut denials, ours) => Err(Denied(subject)),
        }
    }
}

/// Ends when the bus drains, or is dropped.
async fn until_closing(closing: &mut watch::Receiver<bool>) {
    let _ = closing.wait_for(|closing| *closing).await;
}

impl From<Denied> for BusError {
    fn from(denied: Denied) -> BusError {
        BusError::Refused(denied.sentence())
    }
}

impl Denied {
    fn sentence(&self) -> String {
        format!("no permission for {}", self.0)
    }
}

fn to_nats(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter() {
        map.insert(name, value);
    }
    map
}

fn headers_from_nats(map: Option<&HeaderMap>) -> Headers {
    let mut headers = Headers::new();
    for (name, values) in map.into_iter().flat_map(HeaderMap::iter) {
        if let Some(value) = values.first() {
            headers.set_raw(name.as_ref(), value.as_str());
        }
    }
    headers
}

fn from_nats(message: async_nats::Message) -> Message {
    Message {
        subject: message.subject.to_string(),
        headers: headers_from_nats(message.headers.as_ref()),
        payload: message.payload,
        sequence: None,
    }
}
