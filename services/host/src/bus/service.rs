//! Questions and answers: services that are asked, and looking who is there.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::message::Headers;

/// What a service tells about itself beyond the counters that the bus keeps.
pub type Figures = Arc<dyn Fn() -> serde_json::Value + Send + Sync>;

/// A service as others find it (NATS micro services: PING, INFO, STATS).
#[derive(Clone)]
pub struct ServiceSpec {
    /// Its name, the process's own: `recorder`.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// `svc.<service>.<force>`; each endpoint answers one token below it.
    pub subject: String,
    /// Names of the endpoints.
    pub endpoints: Vec<String>,
    /// Fixed facts that a survey shows.
    pub metadata: BTreeMap<String, String>,
    /// Asked at each survey, shown with the stats.
    pub figures: Option<Figures>,
}

impl fmt::Debug for ServiceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceSpec").field("name", &self.name).field("subject", &self.subject).finish()
    }
}

/// A service that answered a survey.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceSeen {
    /// Its name.
    pub name: String,
    /// This instance of it.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its endpoints, with what each has done since it started.
    pub endpoints: Vec<EndpointSeen>,
    /// Fixed facts.
    pub metadata: BTreeMap<String, String>,
    /// What the service says about itself.
    pub figures: serde_json::Value,
}

/// One endpoint of a service seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointSeen {
    /// Its name.
    pub name: String,
    /// Where it answers.
    pub subject: String,
    /// Requests taken.
    pub requests: u64,
    /// Requests answered with an error.
    pub errors: u64,
}

/// A refusal by a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceError {
    /// As in HTTP.
    pub code: u16,
    /// For a person.
    pub sentence: String,
}

impl ServiceError {
    /// A refusal.
    pub fn new(code: u16, sentence: impl Into<String>) -> ServiceError {
        ServiceError { code, sentence: sentence.into() }
    }
}

pub(super) type Reply = Result<Bytes, ServiceError>;

/// One question to a service.
#[derive(Debug)]
pub struct Request {
    /// The whole subject.
    pub subject: String,
    /// Which of the service's endpoints.
    pub endpoint: String,
    /// Headers that came with it.
    pub headers: Headers,
    /// The bytes.
    pub payload: Bytes,
    reply: oneshot::Sender<Reply>,
}

impl Request {
    pub(super) fn new(
        subject: String,
        endpoint: String,
        headers: Headers,
        payload: Bytes,
    ) -> (Request, oneshot::Receiver<Reply>) {
        let (reply, answer) = oneshot::channel();
        (Request { subject, endpoint, headers, payload, reply }, answer)
    }

    /// Answers. A request that is dropped is answered with code 500, so that nobody waits for nothing.
    pub fn reply(self, answer: Result<impl Into<Bytes>, ServiceError>) {
        // Whoever asked may have stopped waiting.
        let _ = self.reply.send(answer.map(Into::into));
    }
}

/// What a request gets that nobody answered.
pub(super) fn dropped() -> ServiceError {
    ServiceError::new(500, "the service gave no answer")
}

/// What a request gets that finds the queue full.
pub(super) fn busy() -> ServiceError {
    ServiceError::new(503, "the service is busy; ask again in a moment")
}

/// The questions to a service, in the order they came. Dropping it stops serving.
#[derive(Debug)]
pub struct Requests {
    pub(super) queue: mpsc::Receiver<Request>,
}

impl Requests {
    /// The next one. `None` once the bus has drained, or when answering is not permitted.
    pub async fn next(&mut self) -> Option<Request> {
        self.queue.recv().await
    }
}
