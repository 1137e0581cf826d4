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
