//! The bus: one small seam, two implementations, one contract.
//!
//! [`Bus::in_process`] serves the embedded default, tests and simulations (faults can be injected);
//! [`Bus::connect`] speaks to a NATS server with JetStream. `tests/contract.rs` holds both to the same
//! contract:
//!
//! - what is *published* to a stream is delivered at least once, in order for each subject at first delivery,
//!   and again until it is acknowledged; a stream takes one message of each id within its window;
//! - a publisher learns that a message is stored, or surely is not, or that nobody knows
//!   ([`PublishError::Unknown`]);
//! - with [`Outgoing::expect_last`] a message is stored only where its sender believed the stream to end;
//! - what is *told* arrives at most once;
//! - every queue is bounded, and a full one is felt by whoever fills it.
//!
//! In scope: carrying. Out of scope: remembering. Nothing that a bus says (a sequence, an acknowledgement, a
//! health check) is evidence of anything: one flipped bit on a broker's disk made it lose thousands of
//! acknowledged messages and call itself healthy. The ledger remembers, and publishers send again until they
//! have verified a receipt.

mod connection;
mod consume;
mod door;
mod error;
mod faults;
mod gate;
mod in_process;
mod jetstream;
mod message;
pub mod names;
mod service;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::broadcast;

pub use connection::Connection;
use consume::ConsumerKind;
pub use consume::{Consumer, ConsumerSpec, Delivery, Follower, Listener, ack_all};
pub use door::Door;
pub use error::{AckError, BusError, FollowError, PublishError, RequestError};
pub use faults::{DeliveryFault, Faults, PublishFault, Rates};
use in_process::InProcess;
pub use in_process::{Broker, Link};
use jetstream::JetStream;
pub(crate) use jetstream::LOG;
pub use message::{
    CloudEvent, EXPECTED_LAST_ID, Headers, MESSAGE_ID, Message, Outgoing, Stored, TRACEPARENT,
};
pub use service::{EndpointSeen, Figures, Request, Requests, ServiceError, ServiceSeen, ServiceSpec};
pub use stream::{Complaint, Copies, Copy, Keeps, Outlet, Source, SourceSeen, StreamSpec, Tail};

/// Messages that a [`Listener`], a [`Follower`] or a service may have waiting. A follower's messages are
/// sealed batches of at most 900 KiB, so that 64 of them stay below 64 MiB.
pub const WAITING: usize = 64;

/// How a server is asked how it keeps what it stores. An account has to import this from the system's.
pub const SERVER_SETTINGS: &str = "$SYS.REQ.SERVER.PING.JSZ";

/// Events that a reader of [`Bus::events`] may be behind.
const EVENTS: usize = 256;

/// What happens to the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusEvent {
    /// The broker is there, for the first time or again.
    Connected,
    /// The broker is gone; the bus tries to reach it for ever.
    Disconnected,
    /// The broker does not permit us this subject.
    Denied {
        /// Which.
        subject: String,
    },
    /// A listener was too slow: messages that were told are lost.
    SlowConsumer {
        /// On which subject.
        subject: String,
    },
    /// The broker is about to stop and asks us to go elsewhere.
    LameDuck,
    /// The bus has drained.
    Closed,
    /// Anything else the broker or the client has to say.
    Trouble(String),
}

/// A connection to the bus. Clones share it.
#[derive(Debug, Clone)]
pub struct Bus(Arc<Carrier>);

#[derive(Debug)]
enum Carrier {
    Door(door::Client),
    Here(InProcess),
    Nats(Box<JetStream>),
}

impl Bus {
    /// A bus inside this process.
    pub fn in_process() -> Bus {
        Bus::in_process_with_faults().0
    }

    /// A bus inside this process, and the handle by which a test makes faults.
    pub fn in_process_with_faults() -> (Bus, Faults) {
        let faults = Faults::default();
        (Bus(Arc::new(Carrier::Here(InProcess::new(faults.clone())))), faults)
    }

    /// What a test does to the broker that a bus in this process stands for; `None` for any other bus.
    pub fn broker(&self) -> Option<Broker> {
        match &*self.0 {
            Carrier::Here(bus) => Some(bus.broker()),
            Carrier::Door(_) | Carrier::Nats(_) => None,
        }
    }

    /// A bus over NATS JetStream. Returns at once: a broker that is down is tried for ever.
    ///
    /// # Errors
    /// When the settings are wrong: no address, a file that cannot be read.
    pub async fn connect(settings: &Connection) -> Result<Bus, BusError> {
        Ok(Bus(Arc::new(Carrier::Nats(Box::new(JetStream::connect(settings).await?)))))
    }

    /// The bus inside the `scrutiny up` that opened this [`Door`], for whoever hands statements in, asks and looks.
    pub fn through_door(path: &std::path::Path) -> Bus {
        Bus(Arc::new(Carrier::Door(door::Client::new(path))))
    }

    /// Waits until the broker is there.
    ///
    /// # Errors
    /// When it is not within `within`, with what stood in the way.
    pub async fn connected(&self, within: Duration) -> Result<(), BusError> {
        match &*self.0 {
            Carrier::Door(bus) => bus.connected().await,
            Carrier::Here(bus) => bus.connected(),
            Carrier::Nats(bus) => bus.connected(within).await,
        }
    }

    /// Gives a stream one more message.
    ///
    /// # Errors
    /// See [`PublishError`]: stored or not is known for all but [`PublishError::Unknown`].
    pub async fn publish(&self, message: Outgoing) -> Result<Stored, PublishError> {
        match &*self.0 {
            Carrier::Door(_) => {
                door::Client::services_only().map_err(|e: BusError| PublishError::Refused(e.to_string()))
            }
            Carrier::Here(bus) => bus.publish(message).await,
            Carrier::Nats(bus) => bus.publish(message).await,
        }
    }

    /// Tells whoever listens now. At most once; nobody may be listening.
    ///
    /// # Errors
    /// When the connection has been drained.
    pub async fn tell(&self, subject: &str, headers: Headers, payload: Bytes) -> Result<(), BusError> {
        match &*self.0 {
            Carrier::Door(bus) => bus.tell(subject, &headers, &payload).await,
            Carrier::Here(bus) => bus.tell(subject, headers, payload).await,
            Carrier::Nats(bus) => bus.tell(subject, headers, payload).await,
        }
    }

    /// Listens to what is told on subjects of this pattern.
    ///
    /// # Errors
    /// When the connection has been drained.
    pub async fn listen(&self, pattern: &str) -> Result<Listener, BusError> {
        match &*self.0 {
            Carrier::Door(bus) => bus.listen(pattern).await,
            Carrier::Here(bus) => bus.listen(pattern),
            Carrier::Nats(bus) => bus.listen(pattern).await,
        }
    }

    /// Asks a service.
    ///
    /// # Errors
    /// When nobody serves the subject, when no answer comes in time, or when the answer is a refusal.
    pub async fn request(
        &self,
        subject: &str,
        headers: Headers,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Message, RequestError> {
        match &*self.0 {
            Carrier::Door(bus) => bus.request(subject, &headers, &payload, timeout).await,
            Carrier::Here(bus) => bus.request(subject, headers, payload, timeout).await,
            Carrier::Nats(bus) => bus.request(subject, headers, payload, timeout).await,
        }
    }

    /// Serves requests. Several instances of a service share its requests.
    ///
    /// # Errors
    /// When the connection has been drained, or the description is not as NATS wants it.
    pub async fn serve(&self, spec: ServiceSpec) -> Result<Requests, BusError> {
        match &*self.0 {
            Carrier::Door(_) => door::Client::services_only(),
            Carrier::Here(bus) => bus.serve(spec),
            Carrier::Nats(bus) => bus.serve(spec).await,
        }
    }

    /// Asks every service to say who it is and how it does; those who answer within `wait` are listed by name.
    ///
    /// # Errors
    /// When the broker is away.
    pub async fn survey(&self, wait: Duration) -> Result<Vec<ServiceSeen>, BusError> {
        match &*self.0 {
            Carrier::Door(bus) => bus.survey(wait).await,
            Carrier::Here(bus) => bus.survey(),
            Carrier::Nats(bus) => bus.survey(wait).await,
        }
    }

    /// Reads a work queue.
    ///
    /// # Errors
    /// When there is no such stream.
    pub async fn consume(&self, spec: ConsumerSpec) -> Result<Consumer, BusError> {
        match &*self.0 {
            Carrier::Door(_) => door::Client::services_only(),
            Carrier::Here(bus) => Ok(Consumer(ConsumerKind::Here(bus.consume(spec).await?))),
            Carrier::Nats(bus) => Ok(Consumer(ConsumerKind::Nats(Box::new(bus.consume(spec).await?)))),
        }
    }

    /// Follows a stream from one sequence on (1 is the first ever).
    ///
    /// # Errors
    /// When there is no such stream.
    pub async fn follow(&self, stream: &str, from_sequence: u64) -> Result<Follower, BusError> {
        self.follow_within(stream, from_sequence, WAITING).await
    }

    /// The same with so many messages waiting at most: for whoever follows many streams.
    ///
    /// # Errors
    /// When there is no such stream.
    pub async fn follow_within(
        &self,
        stream: &str,
        from_sequence: u64,
        waiting: usize,
    ) -> Result<Follower, BusError> {
        match &*self.0 {
            Carrier::Door(_) => door::Client::services_only(),
            Carrier::Here(bus) => bus.follow(stream, from_sequence, waiting).await,
            Carrier::Nats(bus) => bus.follow(stream, from_sequence, waiting).await,
        }
    }

    /// Where a stream ends, as its leader says.
    ///
    /// # Errors
    /// When there is no such stream, or the broker is away.
    pub async fn tail(&self, stream: &str) -> Result<Tail, BusError> {
        match &*self.0 {
            Carrier::Door(bus) => bus.tail(stream).await,
            Carrier::Here(bus) => bus.tail(stream).await,
            Carrier::Nats(bus) => bus.tail(stream).await,
        }
    }

    /// As [`Bus::tail`], without the last message: for whoever may know how much is there and not what.
    ///
    /// # Errors
    /// As [`Bus::tail`].
    pub async fn extent(&self, stream: &str) -> Result<Tail, BusError> {
        match &*self.0 {
            Carrier::Door(bus) => bus.tail(stream).await,
            Carrier::Here(bus) => bus.tail(stream).await.map(|tail| Tail { last: None, ..tail }),
            Carrier::Nats(bus) => bus.extent(stream).await,
        }
    }

    /// One message of a stream, as its leader has it; `None` when it is not there.
    ///
    /// # Errors
    /// When there is no such stream, or the broker is away.
    pub async fn message(&self, stream: &str, sequence: u64) -> Result<Option<Message>, BusError> {
        match &*self.0 {
            Carrier::Door(_) => door::Client::services_only(),
            Carrier::Here(bus) => bus.message(stream, sequence).await,
            Carrier::Nats(bus) => bus.message(stream, sequence).await,
        }
    }

    /// The last message of a stream on one subject, as its leader has it; `None` when there is none.
    ///
    /// # Errors
    /// When there is no such stream, or the broker is away.
    pub async fn last_on(&self, stream: &str, subject: &str) -> Result<Option<Message>, BusError> {
        match &*self.0 {
            Carrier::Door(_) => door::Client::services_only(),
            Carrier::Here(bus) => bus.last_on(stream, subject).await,
            Carrier::Nats(bus) => bus.last_on(stream, subject).await,
        }
    }

    /// Takes one message out of a stream that keeps [`Keeps::AtMost`], and overwrites what it held. A message that is
    /// not there is erased already.
    ///
    /// # Errors
    /// When there is no such stream, it is another kind of stream, or the broker is away.
    pub async fn erase(&self, stream: &str, sequence: u64) -> Result<(), BusError> {
        match &*self.0 {
            Carrier::Door(_) => door::Client::services_only(),
            Carrier::Here(bus) => bus.erase(stream, sequence).await,
            Carrier::Nats(bus) => bus.erase(stream, sequence).await,
        }
    }

    /// Who keeps a stream, and how far each of them is.
    ///
    /// # Errors
    /// When there is no such stream, or the broker is away.
    pub async fn copies(&self, stream: &str) -> Result<Copies, BusError> {
        match &*self.0 {
            Carrier::Door(_) => door::Client::services_only(),
            Carrier::Here(bus) => bus.tail(stream).await.map(|_| Copies::default()),
            Carrier::Nats(bus) => bus.copies(stream).await,
        }
    }

    /// Makes a stream as described, or sees that it is so. On a broker only the provisioning identity may.
    ///
    /// # Errors
    /// When there is one that differs, or the broker refuses.
    pub async fn ensure(&self, spec: &StreamSpec) -> Result<(), BusError> {
        match &*self.0 {
            Carrier::Door(_) => door::Client::services_only(),
            Carrier::Here(bus) => bus.ensure(spec),
            Carrier::Nats(bus) => bus.ensure(spec).await,
        }
    }

    /// Makes a way out of a stream, or sees that it is there. On a broker only the provisioning identity may.
    ///
    /// # Errors
    /// When there is no such stream, or the broker refuses. In process always: nobody else could take from it.
    pub async fn ensure_outlet(&self, outlet: &Outlet) -> Result<(), BusError> {
        match &*self.0 {
            Carrier::Door(_) => door::Client::services_only(),
            Carrier::Here(_) => Err(BusError::Refused(in_process::NO_ELSEWHERE.to_owned())),
            Carrier::Nats(bus) => bus.ensure_outlet(outlet).await,
        }
    }

    /// The start gate: whether the stream, and the server below it, are such that we may rely on them.
    ///
    /// # Errors
    /// Every reason why not, as a sentence for the operator.
    pub async fn check(&self, spec: &StreamSpec) -> Result<(), Vec<Complaint>> {
        match &*self.0 {
            Carrier::Door(_) => Ok(()),
            Carrier::Here(bus) => bus.check(spec),
            Carrier::Nats(bus) => bus.check(spec).await,
        }
    }

    /// Whether every copy of the stream is there and has what the leader has. Not part of [`Bus::check`]: a cluster that
    /// has lost one of three servers goes on, and nobody should refuse to start for it.
    ///
    /// # Errors
    /// Every reason why not, as a sentence for the operator.
    pub async fn check_copies(&self, spec: &StreamSpec) -> Result<(), Vec<Complaint>> {
        let complaints = match self.copies(&spec.name).await {
            Ok(copies) if matches!(&*self.0, Carrier::Nats(_)) => gate::copies(spec, &copies),
            Ok(_) => Vec::new(),
            Err(e) => vec![Complaint { setting: "stream", sentence: e.to_string() }],
        };
        if complaints.is_empty() { Ok(()) } else { Err(complaints) }
    }

    /// What happens to the connection, from now on.
    pub fn events(&self) -> broadcast::Receiver<BusEvent> {
        match &*self.0 {
            Carrier::Door(bus) => bus.events(),
            Carrier::Here(bus) => bus.events(),
            Carrier::Nats(bus) => bus.events(),
        }
    }

    /// True while the broker can be reached.
    pub fn is_connected(&self) -> bool {
        match &*self.0 {
            Carrier::Door(bus) => bus.is_open(),
            Carrier::Here(bus) => bus.is_open(),
            Carrier::Nats(bus) => bus.is_connected(),
        }
    }

    /// Stops listening, serving and following, lets go what is under way, and waits until it is gone.
    ///
    /// # Errors
    /// When that took longer than `deadline`.
    pub async fn drain(&self, deadline: Duration) -> Result<(), BusError> {
        match &*self.0 {
            Carrier::Door(_) => Ok(()),
            Carrier::Here(bus) => {
                bus.drain();
                Ok(())
            }
            Carrier::Nats(bus) => bus.drain(deadline).await,
        }
    }
}
