//! Asking services, and asking who is there.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::service::{NATS_SERVICE_ERROR, NATS_SERVICE_ERROR_CODE};
use async_nats::{Request, RequestErrorKind};
use bytes::Bytes;
use futures::StreamExt;
use serde::Deserialize;
use tokio::time::Instant;

use super::{JetStream, from_nats, to_nats};
use crate::bus::error::{BusError, RequestError};
use crate::bus::message::{Headers, Message};
use crate::bus::service::{EndpointSeen, ServiceSeen};

/// The code of a refusal that comes from the broker, not from the service.
const FORBIDDEN: u16 = 403;

impl JetStream {
    pub(in crate::bus) async fn request(
        &self,
        subject: &str,
        headers: Headers,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Message, RequestError> {
        let request = Request::new().payload(payload).headers(to_nats(&headers)).timeout(Some(timeout));
        let answer = self.client.send_request(subject.to_owned(), request);
        let refused = |code, sentence| RequestError::Refused { code, sentence };
        let message = match self.unless_denied(|denied| denied == subject, answer).await {
            Err(denied) => return Err(refused(FORBIDDEN, denied.sentence())),
            Ok(Ok(message)) => from_nats(message),
            Ok(Err(e)) => {
                return Err(match e.kind() {
                    RequestErrorKind::NoResponders => RequestError::NobodyThere(subject.to_owned()),
                    RequestErrorKind::MaxPayloadExceeded => refused(413, e.to_string()),
                    RequestErrorKind::InvalidSubject => refused(400, e.to_string()),
                    RequestErrorKind::TimedOut | RequestErrorKind::Other => {
                        RequestError::TimedOut(subject.to_owned())
                    }
                });
            }
        };
        let Some(sentence) = message.headers.get(NATS_SERVICE_ERROR) else { return Ok(message) };
        let code = message.headers.get(NATS_SERVICE_ERROR_CODE).and_then(|code| code.parse().ok());
        Err(refused(code.unwrap_or(500), sentence.to_owned()))
    }

    pub(in crate::bus) async fn survey(&self, wait: Duration) -> Result<Vec<ServiceSeen>, BusError> {
        if !self.is_connected() {
            return Err(BusError::Unreachable(self.servers.clone()));
        }
        let asked = ["$SRV.PING", "$SRV.STATS"];
        let answers =
            self.unless_denied(|subject| asked.contains(&subject), self.ask_all(&asked, wait)).await??;
        let mut seen: BTreeMap<(String, String), ServiceSeen> = BTreeMap::new();
        for answer in answers.iter().filter_map(|bytes| serde_json::from_slice::<Answer>(bytes).ok()) {
            answer.add_to(&mut seen);
        }
        Ok(seen.into_values().collect())
    }

    /// What anybody answers to these questions within a while.
    async fn ask_all(&self, subjects: &[&str], wait: Duration) -> Result<Vec<Bytes>, BusError> {
        let unreachable = |e: &dyn std::error::Error| BusError::Unreachable(e.to_string());
        let mut inboxes = Vec::with_capacity(subjects.len());
        for subject in subjects {
            // One for each question: where a service may answer a question twice at most, as provisioned, the broker
            // counts by inbox, and of two answers to the same one the second was not let through.
            let inbox = self.client.new_inbox();
            inboxes.push(self.client.subscribe(inbox.clone()).await.map_err(|e| unreachable(&e))?);
            let sent = self.client.publish_with_reply((*subject).to_owned(), inbox, Bytes::new());
            sent.await.map_err(|e| unreachable(&e))?;
        }
        let mut answers = futures::stream::select_all(inboxes);
        let (until, mut found) = (Instant::now() + wait, Vec::new());
        while let Ok(Some(message)) = tokio::time::timeout_at(until, answers.next()).await {
            found.push(message.payload);
        }
        Ok(found)
    }
}

/// PING and STATS answers have these in common.
#[derive(Deserialize)]
struct Answer {
    name: String,
    id: String,
    version: String,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
    #[serde(default)]
    endpoints: Option<Vec<Stats>>,
}

#[derive(Deserialize)]
struct Stats {
    name: String,
    subject: String,
    #[serde(default)]
    num_requests: u64,
    #[serde(default)]
    num_errors: u64,
    #[serde(default)]
    data: serde_json::Value,
}

impl Answer {
    fn add_to(self, seen: &mut BTreeMap<(String, String), ServiceSeen>) {
        let key = (self.name.clone(), self.id.clone());
        let service = seen.entry(key).or_insert_with(|| ServiceSeen {
            name: self.name,
            id: self.id,
            version: self.version,
            endpoints: Vec::new(),
            metadata: BTreeMap::new(),
            figures: serde_json::Value::Null,
        });
        service.metadata.extend(self.metadata.unwrap_or_default());
        for stats in self.endpoints.unwrap_or_default() {
            service.figures = stats.data;
            service.endpoints.push(EndpointSeen {
                name: stats.name,
                subject: stats.subject,
                requests: stats.num_requests,
                errors: stats.num_errors,
            });
        }
    }
}
