//! Streams: looking at one, and the start gate.

use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{RawMessageError, RawMessageErrorKind};
use async_nats::jetstream::{Context, ErrorCode};
use async_nats::{Client, Message, RequestErrorKind, StatusCode};
use bytes::Bytes;
use futures::StreamExt;
use serde_json::Value;

use super::{JetStream, copies, headers_from_nats};
use crate::bus::SERVER_SETTINGS;
use crate::bus::error::BusError;
use crate::bus::gate;
use crate::bus::message::Message as Kept;
use crate::bus::stream::{Complaint, Copies, StreamSpec, Tail};

/// What the server answers where a stream is not there.
const STREAM_NOT_FOUND: u64 = 10_059;

/// How long the first server may take to say how it stores, and how long the next one of its cluster.
const FIRST_ANSWER: Duration = Duration::from_secs(2);
const NEXT_ANSWER: Duration = Duration::from_millis(100);

/// Asking the leaders of streams, without the rest of the bus.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    client: Client,
    pub(super) context: Context,
}

impl JetStream {
    pub(super) fn streams(&self) -> Streams {
        Streams { client: self.client.clone(), context: self.context.clone() }
    }

    pub(in crate::bus) async fn tail(&self, stream: &str) -> Result<Tail, BusError> {
        self.unless_denied(is_api, self.streams().tail(stream)).await?
    }

    pub(in crate::bus) async fn extent(&self, stream: &str) -> Result<Tail, BusError> {
        self.unless_denied(is_api, self.streams().extent(stream)).await?
    }

    pub(in crate::bus) async fn message(
        &self,
        stream: &str,
        sequence: u64,
    ) -> Result<Option<Kept>, BusError> {
        self.unless_denied(is_api, self.streams().message(stream, sequence)).await?
    }

    pub(in crate::bus) async fn last_on(
        &self,
        stream: &str,
        subject: &str,
    ) -> Result<Option<Kept>, BusError> {
        self.unless_denied(is_api, self.streams().last_on(stream, subject)).await?
    }

    pub(in crate::bus) async fn copies(&self, stream: &str) -> Result<Copies, BusError> {
        let info = self.unless_denied(is_api, self.streams().info(stream)).await??;
        Ok(copies::read(&info))
    }

    pub(in crate::bus) async fn check(&self, spec: &StreamSpec) -> Result<(), Vec<Complaint>> {
        let streams = self.streams();
        let mut complaints = match self.unless_denied(is_api, streams.info(&spec.name)).await {
            Ok(Ok(info)) => gate::stream(spec, &info["config"]),
            Ok(Err(e)) => vec![Complaint { setting: "stream", sentence: e.to_string() }],
            Err(denied) => vec![Complaint { setting: "stream", sentence: denied.sentence() }],
        };
        complaints.extend(gate::servers(self.server_settings().await));
        if complaints.is_empty() { Ok(()) } else { Err(complaints) }
    }

    /// What each server says about how it keeps what it stores; `Err` with a sentence when none does.
    async fn server_settings(&self) -> Result<Vec<Value>, String> {
        let forbidden = || "this account may not ask the server how it stores".to_owned();
        let asked = self.unless_denied(|subject| subject == SERVER_SETTINGS, self.ask_servers());
        let answers = asked.await.map_err(|_| forbidden())??;
        if answers.iter().any(|message| message.status == Some(StatusCode::NO_RESPONDERS)) {
            return Err(forbidden());
        }
        if answers.is_empty() {
            return Err("the server did not say how it stores".to_owned());
        }
        let read = |message: &Message| serde_json::from_slice(&message.payload);
        answers.iter().map(read).collect::<Result<_, _>>().map_err(|e| format!("the answer is not JSON: {e}"))
    }

    /// Every server of a cluster answers for itself.
    async fn ask_servers(&self) -> Result<Vec<Message>, String> {
        let inbox = self.client.new_inbox();
        let mut answers = self.client.subscribe(inbox.clone()).await.map_err(|e| e.to_string())?;
        let asked = self.client.publish_with_reply(SERVER_SETTINGS, inbox, Bytes::new()).await;
        asked.map_err(|e| e.to_string())?;
        let (mut wait, mut found) = (FIRST_ANSWER, Vec::new());
        while let Ok(Some(message)) = tokio::time::timeout(wait, answers.next()).await {
            found.push(message);
            wait = NEXT_ANSWER;
        }
        Ok(found)
    }
}

impl Streams {
    pub(super) async fn tail(&self, stream: &str) -> Result<Tail, BusError> {
        let tail = self.extent(stream).await?;
        let last = if tail.messages == 0 { None } else { self.message(stream, tail.last_sequence).await? };
        Ok(Tail { last, ..tail })
    }

    async fn extent(&self, stream: &str) -> Result<Tail, BusError> {
        let info = self.info(stream).await?;
        let state = |name: &str| info["state"][name].as_u64().unwrap_or_default();
        let last_sequence = state("last_seq");
        let (messages, deleted) = (state("messages"), state("num_deleted"));
        let first_sequence = if messages == 0 { last_sequence + 1 } else { state("first_seq") };
        Ok(Tail { first_sequence, last_sequence, messages, deleted, last: None })
    }

    pub(super) async fn message(&self, stream: &str, sequence: u64) -> Result<Option<Kept>, BusError> {
        let handle = self.context.get_stream_no_info(stream).await.map_err(|e| unreachable(&e))?;
        kept(stream, handle.get_raw_message(sequence).await)
    }

    /// The first message that is there from a sequence on.
    pub(super) async fn message_from(&self, stream: &str, sequence: u64) -> Result<Option<Kept>, BusError> {
        let handle = self.context.get_stream_no_info(stream).await.map_err(|e| unreachable(&e))?;
        kept(stream, handle.get_first_raw_message_by_subject(">", sequence).await)
    }

    async fn last_on(&self, stream: &str, subject: &str) -> Result<Option<Kept>, BusError> {
        let handle = self.context.get_stream_no_info(stream).await.map_err(|e| unreachable(&e))?;
        kept(stream, handle.get_last_raw_message_by_subject(subject).await)
    }

    pub(super) async fn info(&self, stream: &str) -> Result<Value, BusError> {
        match self.api(&format!("STREAM.INFO.{stream}"), None).await {
            Err(BusError::NoStream(_)) => Err(BusError::NoStream(stream.to_owned())),
            other => other,
        }
    }

    /// One question to JetStream itself.
    pub(super) async fn api(&self, verb: &str, body: Option<&Value>) -> Result<Value, BusError> {
        let payload = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let answer = self.client.request(format!("$JS.API.{verb}"), payload).await;
        let message = answer.map_err(|e| match e.kind() {
            RequestErrorKind::NoResponders => {
                BusError::Unreachable("the server has no JetStream, or it is electing a leader".to_owned())
            }
            _ => BusError::Unreachable(format!("no answer to {verb}: {e}")),
        })?;
        let answer: Value = serde_json::from_slice(&message.payload)
            .map_err(|e| BusError::Unreachable(format!("the answer to {verb} is not JSON: {e}")))?;
        let error = &answer["error"];
        match error["err_code"].as_u64() {
            None => Ok(answer),
            Some(STREAM_NOT_FOUND) => Err(BusError::NoStream(verb.to_owned())),
            Some(_) => {
                let text = error["description"].as_str().unwrap_or("an error without a description");
                Err(BusError::Refused(text.to_owned()))
            }
        }
    }
}

fn unreachable(error: &dyn std::error::Error) -> BusError {
    BusError::Unreachable(error.to_string())
}

fn kept(stream: &str, answer: Result<StreamMessage, RawMessageError>) -> Result<Option<Kept>, BusError> {
    match answer {
        Ok(message) => Ok(Some(Kept {
            subject: message.subject.to_string(),
            headers: headers_from_nats(Some(&message.headers)),
            payload: message.payload,
            sequence: Some(message.sequence),
        })),
        Err(e) => match e.kind() {
            RawMessageErrorKind::NoMessageFound => Ok(None),
            RawMessageErrorKind::JetStream(api) if api.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                Err(BusError::NoStream(stream.to_owned()))
            }
            _ => Err(unreachable(&e)),
        },
    }
}

pub(super) fn is_api(subject: &str) -> bool {
    subject.starts_with("$JS.API.")
}
