//! Listeners and services in one process.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::{broadcast, mpsc};

use super::{Link, State};
use crate::bus::faults::{DeliveryFault, Faults};
use crate::bus::message::{Headers, Message};
use crate::bus::names::fits;
use crate::bus::service::{EndpointSeen, Request, ServiceError, ServiceSeen, ServiceSpec, busy, dropped};
use crate::bus::{BusEvent, WAITING};

/// Somebody who listens.
#[derive(Debug)]
pub(super) struct Ear {
    pattern: String,
    queue: mpsc::Sender<Message>,
    link: Link,
    /// Held back by a fault until the next one.
    held: Option<Message>,
}

impl Ear {
    pub(super) fn new(pattern: &str, link: Link) -> (Ear, mpsc::Receiver<Message>) {
        let (queue, receiver) = mpsc::channel(WAITING);
        (Ear { pattern: pattern.to_owned(), queue, link, held: None }, receiver)
    }

    fn hear(&mut self, message: Message, faults: &Faults, events: &broadcast::Sender<BusEvent>) {
        let hear = |message: Message| {
            let subject = message.subject.clone();
            if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(message) {
                let _ = events.send(BusEvent::SlowConsumer { subject });
            }
        };
        match faults.delivering(&message.subject) {
            Some(DeliveryFault::Drop) => return,
            Some(DeliveryFault::Reorder) if self.held.is_none() => {
                self.held = Some(message);
                return;
            }
            Some(DeliveryFault::Delay(by)) => {
                let queue = self.queue.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(by).await;
                    let _ = queue.try_send(message);
                });
                return;
            }
            Some(DeliveryFault::Duplicate) => {
                hear(message.clone());
                hear(message);
            }
            Some(DeliveryFault::Reorder) | None => hear(message),
        }
        if let Some(held) = self.held.take() {
            let _ = self.queue.try_send(held);
        }
    }
}

/// A service instance.
#[derive(Debug)]
pub(super) struct Served {
    spec: ServiceSpec,
    id: String,
    queue: mpsc::Sender<Request>,
    link: Link,
    counts: Vec<Counts>,
    /// Requests given to it, so that instances take turns.
    turns: u64,
}

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    errors: std::sync::Arc<AtomicU64>,
}

impl Served {
    pub(super) fn new(spec: ServiceSpec, instance: u64, link: Link) -> (Served, mpsc::Receiver<Request>) {
        let (queue, receiver) = mpsc::channel(WAITING);
        let counts = spec.endpoints.iter().map(|_| Counts::default()).collect();
        let id = format!("{}-{instance}", spec.name);
        (Served { spec, id, queue, link, counts, turns: 0 }, receiver)
    }

    pub(super) fn is_there(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Which endpoint answers a subject.
    fn endpoint(&self, subject: &str) -> Option<usize> {
        if self.link.is_cut() {
            return None;
        }
        let name = subject.strip_prefix(self.spec.subject.as_str())?.strip_prefix('.')?;
        self.spec.endpoints.iter().position(|endpoint| endpoint == name)
    }

    pub(super) fn seen(&self) -> ServiceSeen {
        let endpoint = |(name, counts): (&String, &Counts)| EndpointSeen {
            name: name.clone(),
            subject: format!("{}.{name}", self.spec.subject),
            requests: counts.requests.load(Ordering::Relaxed),
            errors: counts.errors.load(Ordering::Relaxed),
        };
        ServiceSeen {
            name: self.spec.name.clone(),
            id: self.id.clone(),
            version: self.spec.version.clone(),
            endpoints: self.spec.endpoints.iter().zip(&self.counts).map(endpoint).collect(),
            metadata: self.spec.metadata.clone(),
            figures: self.spec.figures.as_ref().map_or(serde_json::Value::Null, |figures| figures()),
        }
    }
}

impl State {
    pub(super) fn tell(
        &mut self,
        faults: &Faults,
        events: &broadcast::Sender<BusEvent>,
        subject: &str,
        headers: Headers,
        payload: Bytes,
    ) {
        self.ears.retain(|ear| !ear.queue.is_closed());
        for ear in self.ears.iter_mut().filter(|ear| !ear.link.is_cut() && fits(&ear.pattern, subject)) {
            let message = Message {
                subject: subject.to_owned(),
                headers: headers.clone(),
                payload: payload.clone(),
                sequence: None,
            };
            ear.hear(message, faults, events);
        }
    }

    /// Gives a request to the instance whose turn it is. `None` when nobody serves the subject.
    pub(super) fn ask(
        &mut self,
        subject: &str,
        headers: Headers,
        payload: Bytes,
    ) -> Option<impl Future<Output = Result<Bytes, ServiceError>> + use<>> {
        self.services.retain(Served::is_there);
        let able = self.services.iter_mut().filter(|served| served.endpoint(subject).is_some());
        let served = able.min_by_key(|served| served.turns)?;
        let at = served.endpoint(subject)?;
        served.turns += 1;
        served.counts[at].requests.fetch_add(1, Ordering::Relaxed);
        let errors = served.counts[at].errors.clone();
        let name = served.spec.endpoints[at].clone();
        let (request, answer) = Request::new(subject.to_owned(), name, headers, payload);
        let taken = served.queue.try_send(request).is_ok();
        Some(async move {
            let reply = if taken { answer.await.unwrap_or_else(|_| Err(dropped())) } else { Err(busy()) };
            if reply.is_err() {
                errors.fetch_add(1, Ordering::Relaxed);
            }
            reply
        })
    }
}
