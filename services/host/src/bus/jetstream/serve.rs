//! Serving requests, as NATS micro services do.

use std::sync::Arc;

use async_nats::HeaderMap;
use async_nats::service::endpoint::Endpoint;
use async_nats::service::error::Error as Refusal;
use async_nats::service::{Request as NatsRequest, ServiceExt};
use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::{JetStream, events, headers_from_nats, until_closing};
use crate::bus::WAITING;
use crate::bus::error::BusError;
use crate::bus::service::{Reply, Request, Requests, ServiceError, ServiceSpec, busy, dropped};

impl JetStream {
    pub(in crate::bus) async fn serve(&self, spec: ServiceSpec) -> Result<Requests, BusError> {
        let refused = |e: async_nats::Error| BusError::Refused(e.to_string());
        let figures = spec.figures.clone();
        let service = self
            .client
            .service_builder()
            .description(&spec.description)
            .metadata(spec.metadata.clone().into_iter().collect())
            .stats_handler(move |_, _| figures.as_ref().map_or(serde_json::Value::Null, |figures| figures()))
            .start(&spec.name, &spec.version)
            .await
            .map_err(refused)?;
        let (sender, queue) = mpsc::channel(WAITING);
        let group = service.group(&spec.subject);
        let mut endpoints = JoinSet::new();
        for name in &spec.endpoints {
            let mut denials = self.events.subscribe();
            let subject = format!("{}.{name}", spec.subject);
            let endpoint = group.endpoint_builder().name(name).add(name).await.map_err(refused)?;
            let taking = take(endpoint, name.clone(), sender.clone(), self.closing.subscribe());
            endpoints.spawn(async move {
                tokio::select! {
                    () = taking => {}
                    subject = events::denied(&mut denials, |denied| denied == subject) => {
                        tracing::error!(%subject, "the broker does not permit us to answer there");
                    }
                }
            });
        }
        tokio::spawn(async move {
            while endpoints.join_next().await.is_some() {}
            // It may be gone with the connection.
            let _ = service.stop().await;
        });
        Ok(Requests { queue })
    }
}

/// Puts requests into the service's queue; a full one is answered at once.
async fn take(
    mut endpoint: Endpoint,
    name: String,
    queue: mpsc::Sender<Request>,
    mut closing: watch::Receiver<bool>,
) {
    loop {
        let asked = tokio::select! {
            asked = endpoint.next() => asked,
            () = until_closing(&mut closing) => None,
            () = queue.closed() => None,
        };
        let Some(asked) = asked else { return };
        if !is_inbox(asked.message.reply.as_deref()) {
            tracing::warn!(subject = %asked.message.subject, reply = ?asked.message.reply, "a question whose answer would go elsewhere than to whoever asked; left alone");
            continue;
        }
        let asked = Arc::new(asked);
        let headers = headers_from_nats(asked.message.headers.as_ref());
        let subject = asked.message.subject.to_string();
        let (request, answer) = Request::new(subject, name.clone(), headers, asked.message.payload.clone());
        let taken = queue.try_send(request).is_ok();
        tokio::spawn(async move {
            let reply = if taken { answer.await.unwrap_or_else(|_| Err(dropped())) } else { Err(busy()) };
            respond(&asked, reply).await;
        });
    }
}

/// Whether an answer goes to somebody's inbox. We may publish what whoever asks may not, and the broker lets an answer go
/// wherever the question says: an error has no content, and sent to `$JS.API.STREAM.DELETE.<stream>` it deletes that.
/// A question from another account (the hub's) wants its answer where the broker itself takes it over, at `_R_.<token>`.
fn is_inbox(reply: Option<&str>) -> bool {
    reply.is_some_and(|reply| reply.starts_with("_INBOX") || reply.starts_with("_R_."))
}

async fn respond(asked: &NatsRequest, reply: Reply) {
    let reply = reply.map_err(|e| translate(&e));
    let Err(problem) = asked.respond_with_headers(reply, HeaderMap::new()).await else { return };
    // Whoever asked learns at least that the answer is too large; if the connection is gone, nobody does.
    let sentence = format!("the service's answer cannot be sent: {problem}");
    let refusal = translate(&ServiceError::new(500, sentence));
    let _ = asked.respond_with_headers(Err::<Bytes, _>(refusal), HeaderMap::new()).await;
}

/// A header cannot carry a line's end.
fn translate(error: &ServiceError) -> Refusal {
    let status = error.sentence.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Refusal { status, code: error.code.into() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use brokers::Server;
    use bytes::Bytes;

    use super::*;
    use crate::bus::Connection;
    use crate::bus::names::Force;
    use crate::provision::{self, Existing, Identity, Plan, seed_file};

    const SOON: Duration = Duration::from_secs(5);

    async fn connect(server: &Server, folder: &tempfile::TempDir, identity: Identity) -> JetStream {
        let nkey_file = Some(seed_file(folder.path(), identity));
        let settings = Connection { nkey_file, ..Connection::to(server.url(), identity.name()) };
        let bus = JetStream::connect(&settings).await.unwrap();
        while !bus.is_connected() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bus
    }

    /// An officer's key deleted the inbox: a question that does not read, its answer to
    /// `$JS.API.STREAM.DELETE.INBOX_CAMBRIDGESHIRE`. The recorder answered there with an error, which has no content,
    /// and the broker lets a service answer wherever it is asked to.
    #[tokio::test]
    async fn an_answer_goes_to_an_inbox_or_nowhere() {
        let (force, folder) = (Force::parse("cambridgeshire").unwrap(), tempfile::tempdir().unwrap());
        let plan = Plan::alone(force.clone(), "127.0.0.1:-1", Path::new("{folder}/jetstream"));
        let written = provision::write(&plan, folder.path(), Existing::Keep).unwrap();
        let config = std::fs::read_to_string(written.config()).unwrap();
        let Some(server) = Server::with_config(&config) else { return };
        let provisioner = connect(&server, &folder, Identity::Provisioning).await;
        provisioner.ensure(&force.inbox()).await.unwrap();
        let recorder = connect(&server, &folder, Identity::Recorder).await;
        let spec = ServiceSpec {
            name: "recorder".to_owned(),
            version: "0.1.0".to_owned(),
            description: "a test".to_owned(),
            subject: force.service("recorder"),
            endpoints: vec!["head".to_owned()],
            metadata: [].into(),
            figures: None,
        };
        let mut requests = recorder.serve(spec).await.unwrap();
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                request.reply(Err::<Bytes, _>(ServiceError::new(400, "it does not read")));
            }
        });
        let officer = connect(&server, &folder, Identity::Officer).await;
        let head = force.endpoint("recorder", "head");
        let asked = |n: u64| officer.request(&head, Default::default(), Bytes::from(n.to_string()), SOON);
        while !matches!(asked(0).await, Err(crate::bus::RequestError::Refused { code: 400, .. })) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let delete = format!("$JS.API.STREAM.DELETE.{}", force.inbox().name);
        officer.client.publish_with_reply(head.clone(), delete, Bytes::new()).await.unwrap();
        // Answered after that one.
        let _ = asked(1).await;
        assert_eq!(provisioner.tail(&force.inbox().name).await.unwrap().messages, 0, "the stream is there");
    }
}
